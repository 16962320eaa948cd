"""A paper in a few of its own sentences: for each part of it those closest to title and abstract, cited."""

from collections.abc import Sequence

from ragqa.answer.asking import Asking, in_paper
from ragqa.answer.citations import marked
from ragqa.answer.clarify import which_paper
from ragqa.answer.draft import Draft, refusal
from ragqa.answer.evidence import Sentence, sentences_of
from ragqa.answer.named import named_papers
from ragqa.answer.words import content_words
from ragqa.details import Details, SummaryPart
from ragqa.document import BlockKind, SectionKind
from ragqa.types import Hit, Paper

PARTS: tuple[tuple[str, tuple[SectionKind, ...], str], ...] = (
    ("In short", (SectionKind.ABSTRACT,), "We propose, study and show"),
    (
        "Background",
        (SectionKind.INTRODUCTION, SectionKind.BACKGROUND),
        "The aim, problem and contribution of this paper",
    ),
    ("Methods", (SectionKind.METHODS,), "The method, model and data that were used"),
    ("Results", (SectionKind.RESULTS,), "The main results and findings"),
    ("Conclusion", (SectionKind.CONCLUSION, SectionKind.DISCUSSION), "We conclude, and its limitations are"),
)
"""Heading, the sections that it is taken from, and what its sentences are about."""

SENTENCES_A_PART = 2
HITS_A_PART = 12
SHORTEST, LONGEST = 8, 70  # words of a sentence that can stand by itself
ABSTRACT_CHARS = 600
ALIKE = 0.6  # share of content words in common, above which two sentences say the same
EARLIER = 0.02  # gained by a sentence of a better hit
_PROSE = frozenset({BlockKind.PARAGRAPH, BlockKind.ABSTRACT})


def answer_with_summary(asking: Asking) -> Draft:
    """The paper that the question names, or the only one in scope; asks which if that is not clear."""
    scope = asking.scope()
    named = named_papers(asking.question, scope) or scope
    if len(named) > 1:
        return which_paper("Which paper should I summarize?", named)
    parts = _parts(named[0], asking) if named else []
    if not parts:
        return refusal(0.0)
    text = "\n".join(f"{part.heading}: {part.text}" for part in parts)
    return Draft(text, 1.0, kind="summary", details=Details(summary=tuple(parts)))


def _parts(paper: Paper, asking: Asking) -> list[SummaryPart]:
    about = f"{paper.title}. {asking.shelf.details(paper.id).abstract[:ABSTRACT_CHARS]}"
    said: list[Sentence] = []
    parts = []
    for heading, sections, cue in PARTS:
        hits = asking.find(f"{paper.title} {cue}", in_paper(paper.id, sections), HITS_A_PART)
        chosen = _central([hit for hit in hits if hit.kind in _PROSE], f"{cue}: {about}", said, asking)
        part = _part(heading, chosen, asking)
        if part is not None:
            parts.append(part)
            said += chosen
    return parts


def _central(hits: Sequence[Hit], about: str, said: Sequence[Sentence], asking: Asking) -> list[Sentence]:
    """The sentences closest to what the paper is about, none like another, in the order of the paper."""
    sentences = [s for s in sentences_of(hits) if SHORTEST <= len(s.text.split()) <= LONGEST and _whole(s.text)]
    scores = asking.scorer.scores(about, sentences)
    ranked = sorted(zip(sentences, scores, strict=True), key=lambda pair: EARLIER * pair[0].number - pair[1])
    chosen: list[Sentence] = []
    for sentence, _ in ranked:
        if len(chosen) == SENTENCES_A_PART:
            break
        if not any(_alike(sentence.text, other.text) for other in (*said, *chosen)):
            chosen.append(sentence)
    return sorted(chosen, key=lambda sentence: (sentence.hit.page, sentence.number))


def _part(heading: str, sentences: Sequence[Sentence], asking: Asking) -> SummaryPart | None:
    cited = [citation for s in sentences if (citation := asking.citer.cite(s.hit, s.text, 1.0))]
    if not cited:
        return None
    text = " ".join(marked(citation.quote, [citation]) for citation in cited)
    return SummaryPart(heading=heading, text=text, citations=tuple(citation.number for citation in cited))


def _whole(text: str) -> bool:
    """A sentence that begins and ends as one: chunks and pages cut some."""
    return text[:1].isupper() and text.rstrip('"”’)]0123456789,').endswith((".", "!", "?"))


def _alike(a: str, b: str) -> bool:
    first, second = content_words(a), content_words(b)
    return len(first & second) > ALIKE * max(1, min(len(first), len(second)))
