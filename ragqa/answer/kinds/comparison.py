"""Several papers side by side: each is asked each aspect by itself, and every cell is cited."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from statistics import mean

from ragqa.answer.asking import Asking, in_paper
from ragqa.answer.confidence import confidence
from ragqa.answer.draft import Draft, refusal
from ragqa.answer.evidence import sentences_of
from ragqa.answer.kinds.aspects import BODY, Aspect
from ragqa.answer.kinds.compared import asked_aspects, compared, compares_all
from ragqa.answer.kinds.telling import tells
from ragqa.answer.questions.named import works
from ragqa.answer.questions.question_kind import names_many
from ragqa.answer.spans import read
from ragqa.details import Cell, ComparedPaper, Comparison, Details
from ragqa.document import BlockKind, SectionKind
from ragqa.section_kinds import section_kind
from ragqa.types import Filter, Hit, Paper

LEAST_COMPARED, MOST_PAPERS = 2, 8
MOST_ASPECTS = 4
READ_FOR_A_CELL = 5  # passages
SCANNED_FOR_A_CELL = 12  # passages whose sentences are only held against a cue
ABSTRACT_CHARS = 600
FOR_CUE, FOR_ABSTRACT = 0.3, 0.1  # gained by the plainest words, and where authors say what counts
HALF_SURE = 0.3  # the score at which a sentence that has the words is as likely to answer as not
LOGITS_FOR_CUE = 4.0  # gained by a span whose sentence has the words
LEAST_FOR_A_CELL = 0.3  # a cell is asked for by a name alone, so its question has few words to be found
_LETTERED = re.compile(r"[A-Z] [^\W\d_]")
_PROSE = (BlockKind.PARAGRAPH, BlockKind.ABSTRACT)


@dataclass(frozen=True, slots=True)
class _Quote:
    """A sentence that may fill a cell, and how sure it is that it answers."""

    hit: Hit
    text: str
    sure: float


def answer_with_comparison(asking: Asking) -> Draft:
    """A row for each paper that is named, or for each in scope; a refusal if no cell could be filled.

    As sure as its cells are, one with another; a cell that stays empty is not sure at all.
    """
    papers, note = compared_papers(asking.question, asking.evidence, asking.scope())
    aspects = asked_aspects(asking.question, papers)
    left_out, aspects = list(aspects)[MOST_ASPECTS:], dict(list(aspects.items())[:MOST_ASPECTS])
    rows = [_row(paper, list(aspects.values()), asking) for paper in papers]
    if not any(cell.citation is not None for row, _ in rows for cell in row.cells):
        return refusal(0.0)
    comparison = Comparison(aspects=tuple(aspects), papers=tuple(row for row, _ in rows))
    sure = round(mean(sure for _, sure in rows), 3)
    if left_out:
        note = f"{note} Compared by {MOST_ASPECTS} aspects; left out: {', '.join(left_out)}.".strip()
    return Draft(as_text(comparison), sure, kind="comparison", details=Details(comparison=comparison), note=note)


def compared_papers(question: str, evidence: Sequence[Hit], scope: Sequence[Paper]) -> tuple[list[Paper], str]:
    """The papers that are named, or all if fewer than two are, those first that the question's words found.

    At most MOST_PAPERS. A note tells which were left out, and what is named and is no paper here.
    """
    asked = compared(question, scope)
    note = " ".join(f"There is no paper “{name}” among those searched." for name in asked.absent)
    named = works(asked.papers)
    if len(named) >= LEAST_COMPARED or (named and asked.absent):
        papers = named
    else:
        order = list(dict.fromkeys(hit.paper_id for hit in evidence))
        papers = sorted(works(scope), key=lambda paper: order.index(paper.id) if paper.id in order else len(order))
    if len(papers) <= MOST_PAPERS:
        return papers, note
    cut = f"Compared {MOST_PAPERS} of {len(papers)} papers: name papers or a collection to choose others."
    return papers[:MOST_PAPERS], f"{note} {cut}".strip()


def can_compare(question: str, says_so: bool, scope: Sequence[Paper]) -> bool:
    """True if there is more than one thing to set side by side; ``says_so`` if the question begins with "compare"."""
    asked = compared(question, scope)
    if len(asked.papers) >= LEAST_COMPARED or not says_so:
        return len(asked.papers) >= LEAST_COMPARED
    few = compares_all(question) and len(scope) <= MOST_PAPERS
    return bool(asked.absent) or ((names_many(question) or few) and len(scope) >= LEAST_COMPARED)


def as_text(comparison: Comparison) -> str:
    """The table as lines of text, with marks: what is shown where there are no tables."""
    lines = []
    for paper in comparison.papers:
        lines.append(f"{paper.title or paper.file_name}")
        for aspect, cell in zip(comparison.aspects, paper.cells, strict=True):
            said = f"{cell.text} [{cell.citation}]" if cell.citation is not None else "not found"
            lines.append(f"- {aspect}: {said}")
    return "\n".join(lines)


def _row(paper: Paper, aspects: Sequence[Aspect], asking: Asking) -> tuple[ComparedPaper, float]:
    """The cells of one paper, in other words if it has them, and how sure they are, one with another."""
    cells: list[Cell] = []
    sure = 0.0
    for aspect in aspects:
        quote = _quote(paper, aspect, {cell.text for cell in cells}, asking)
        citation = asking.citer.cite(quote.hit, quote.text, quote.sure) if quote else None
        cells.append(Cell(text=citation.quote, citation=citation.number) if citation else Cell())
        sure += quote.sure if quote and citation else 0.0
    row = ComparedPaper(paper_id=paper.id, file_name=paper.file_name, title=paper.title, cells=tuple(cells))
    return row, sure / len(aspects)


def _quote(paper: Paper, aspect: Aspect, said: Collection[str], asking: Asking) -> _Quote | None:
    """The sentence that answers best, of the first places that have one that answers at all.

    One that fills another cell of the row stands here too if it alone says so plainly.
    """
    repeated = None
    for quote in _quotes(paper, aspect, asking):
        if quote.text in said:
            repeated = repeated or (quote if aspect.cue(quote.text) == 1 else None)
        elif aspect.is_named or tells(quote.text):
            return quote
    return repeated


def _quotes(paper: Paper, aspect: Aspect, asking: Asking) -> Iterator[_Quote]:
    """Place by place; what no author says in so many words is asked of the reader after all."""
    places = list(_places(paper, aspect))
    if aspect.is_told:
        for place in places:
            yield from _told(paper, aspect, place, asking)
    for place in places:
        yield from _asked(aspect, place, asking)


def _told(paper: Paper, aspect: Aspect, place: Filter, asking: Asking) -> list[_Quote]:
    """What the authors say in so many words: the plainest words first, and the closest to what the paper is about."""
    hits = _found(f"{paper.title} {aspect.question}".strip(), place, SCANNED_FOR_A_CELL, asking)
    told = [s for s in sentences_of(hits) if aspect.cue(s.text)]
    about = f"{paper.title}. {asking.shelf.details(paper.id).abstract[:ABSTRACT_CHARS]}"
    scores = asking.scorer.scores(about, told) if told else []
    ranked = [
        (max(0.0, score) + FOR_CUE * aspect.cue(s.text) + FOR_ABSTRACT * _is_abstract(s.hit), s)
        for score, s in zip(scores, told, strict=True)
    ]
    ranked.sort(key=lambda pair: -pair[0])
    return [_Quote(s.hit, s.text, round(score / (score + HALF_SURE), 3)) for score, s in ranked]


def _asked(aspect: Aspect, place: Filter, asking: Asking) -> list[_Quote]:
    """What may answer, best first: these passages were not re-ranked, so the reader knows better than their order."""
    question = aspect.question
    evidence = _found(question, place, READ_FOR_A_CELL, asking)
    if asking.reader is not None:
        found = read(question, evidence, asking.reader) if evidence else []
        found.sort(key=lambda f: f.belief + LOGITS_FOR_CUE * aspect.cue(f.sentence), reverse=True)
        quotes = [_Quote(f.hit, f.sentence, confidence(question, [f.hit], [f])) for f in found]
        return [quote for quote in quotes if quote.sure >= LEAST_FOR_A_CELL]
    sentences = sentences_of(evidence)
    scores = asking.scorer.scores(question, sentences) if sentences else []
    quotes = [_Quote(s.hit, s.text, score) for s, score in zip(sentences, scores, strict=True)]
    return sorted(quotes, key=lambda quote: -quote.sure)


def _found(question: str, place: Filter, most: int, asking: Asking) -> list[Hit]:
    """What is found there; not the appendix if that is left out, whatever its headings sound like."""
    hits = asking.find(question, place, most)
    return [hit for hit in hits if not _is_lettered(hit, asking)] if place.sections else hits


def _is_lettered(hit: Hit, asking: Asking) -> bool:
    """Stands under "C Human performance" in a paper that has a section B as well: an appendix by its letter."""
    if not _LETTERED.match(hit.section):
        return False
    outline = asking.shelf.details(hit.paper_id).outline
    return any(place.heading.startswith("B ") for place in outline)


def _is_abstract(hit: Hit) -> bool:
    return hit.kind is BlockKind.ABSTRACT or section_kind(hit.section) is SectionKind.ABSTRACT


def _places(paper: Paper, aspect: Aspect) -> Iterator[Filter]:
    """Where to look, one after the other: running text of the aspect's sections first."""
    prose = None if aspect.is_number else _PROSE
    for sections in dict.fromkeys((aspect.sections, BODY)):
        yield Filter(paper_ids=(paper.id,), sections=sections, kinds=prose)
    if aspect.is_named:
        yield in_paper(paper.id)
