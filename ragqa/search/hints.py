"""What a question says of its papers, sections, tables and pages, held against what was found. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ragqa.document import BlockKind, SectionKind
from ragqa.search.candidates import Candidate, by_score
from ragqa.search.query import Analysis
from ragqa.section_kinds import section_kind
from ragqa.store.catalogue import StoredChunk
from ragqa.types import Paper
from ragqa.works import folded

HINT = 0.3
"""What fitting a hint adds to a score, as a part of the best one: about forty places of a fused ranking."""

NAMED_AT_MOST = 5
"""A name that more papers share names none of them."""

PASSING = 0.5
"""Of a hint that fits in passing: a table that is mentioned, a title that a name stands inside of."""

SHORTEST_TITLE = 16
OVERVIEW = (SectionKind.ABSTRACT, SectionKind.INTRODUCTION)
LABELLED = {"table": r"tab(?:le|\.)", "figure": r"fig(?:ure|\.)", "algorithm": r"algorithm"}


def named_papers(analysis: Analysis, papers: Sequence[Paper]) -> dict[str, float]:
    """Which of the papers a question names, and how plainly: 1, or less for a name inside a title."""
    found: dict[str, float] = {}
    for name in analysis.names:
        called = {paper.id: plainness for paper in papers if (plainness := _plainness(name, paper))}
        if len(called) <= NAMED_AT_MOST:
            found = {paper_id: max(called.get(paper_id, 0), found.get(paper_id, 0)) for paper_id in called | found}
    for family, year in analysis.works:
        written = [paper.id for paper in papers if _is_by(paper, family) and year in (0, paper.year)]
        if len(written) <= NAMED_AT_MOST:
            found |= dict.fromkeys(written, 1.0)
    return found


def _plainness(name: str, paper: Paper) -> float:
    wanted = name.casefold()
    if wanted in (paper.file_name.casefold(), paper.doi.casefold(), re.sub(r"v\d+$", "", paper.arxiv_id.casefold())):
        return 1.0
    # Small letters tell short names from words: PAL and pal.
    ignoring = re.IGNORECASE if len(name) > 3 else re.NOFLAG
    match = re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", paper.title, ignoring)
    if match is None:
        return 0.0
    return 1.0 if match.start() == 0 or " " in name else PASSING


def _is_by(paper: Paper, family: str) -> bool:
    return any(author.casefold().endswith(family.casefold()) for author in paper.authors)


def hinted(
    candidates: Sequence[Candidate], question: str, analysis: Analysis, named: Mapping[str, float]
) -> list[Candidate]:
    """Candidates that fit what the question says come up; none goes, for what was understood may be wrong."""
    best = max((candidate.score for candidate in candidates), default=0.0)
    said = folded(question)
    titles = {candidate.chunk.title for candidate in candidates}
    told = {title for title in titles if len(folded(title)) >= SHORTEST_TITLE and folded(title) in said}
    return by_score(
        replace(one, score=one.score + HINT * best * (fit(one.chunk, analysis) + _naming(one.chunk, named, told)))
        for one in candidates
    )


def _naming(chunk: StoredChunk, named: Mapping[str, float], told: set[str]) -> float:
    return max(named.get(chunk.paper_id, 0.0), float(chunk.title in told))


def fit(chunk: StoredChunk, analysis: Analysis) -> float:
    """How many hints a chunk fits; in passing counts less."""
    headings = chunk.section.lower()
    return sum(
        (
            float(section_kind(chunk.section) in analysis.sections or _is_under(headings, analysis.headings)),
            max((_shows(chunk, kind, number) for kind, number in analysis.labels), default=0.0),
            float(chunk.page in analysis.pages),
        )
    )


def _is_under(headings: str, wanted: Iterable[str]) -> bool:
    return any(re.search(rf"(?<![\w.]){re.escape(words)}(?![\w]|\.\d)", headings) for words in wanted)


def _shows(chunk: StoredChunk, kind: str, number: str) -> float:
    label = re.compile(rf"(?<!\w){LABELLED[kind]} ?{re.escape(number)}(?![\w]|\.\d)", re.IGNORECASE)
    match = label.search(chunk.text)
    if match is None:
        return 0.0
    is_shown = chunk.kind in (BlockKind.CAPTION, BlockKind.TABLE, BlockKind.FIGURE) and match.start() == 0
    return 1.0 if is_shown else PASSING


def overview_first(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Abstract and introduction come up: they say what a paper is about."""
    best = max((candidate.score for candidate in candidates), default=0.0)
    return by_score(
        replace(one, score=one.score + HINT * best) if _is_overview(one.chunk) else one for one in candidates
    )


def _is_overview(chunk: StoredChunk) -> bool:
    return chunk.kind in (BlockKind.ABSTRACT, BlockKind.TITLE) or section_kind(chunk.section) in OVERVIEW
