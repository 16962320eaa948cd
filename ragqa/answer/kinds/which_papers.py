"""Which of the papers are on something: their titles, each with the sentence that comes closest to the question."""

from collections.abc import Sequence

from ragqa.answer.asking import Asking
from ragqa.answer.confidence import LEAST_CONFIDENCE, confidence
from ragqa.answer.draft import Draft, refusal
from ragqa.answer.evidence import sentences_of
from ragqa.answer.spans import Found, read
from ragqa.types import Hit

LESS_LIKELY = 3.0  # logits by which a paper may be less likely to answer than the likeliest one


def answer_with_papers(asking: Asking) -> Draft:
    """The likeliest papers first; a refusal if none is likely or no sentence of theirs stands on its page."""
    found = read(asking.question, asking.evidence, asking.reader) if asking.reader and asking.evidence else []
    sure = confidence(asking.question, asking.evidence, found)
    items = [item for best in _likely(found) if (item := _titled(best, asking))] if sure >= LEAST_CONFIDENCE else []
    return Draft("\n".join(items), sure, kind="list") if items else refusal(sure)


def _likely(found: Sequence[Found]) -> list[Found]:
    """The best span of each paper that is likely to answer."""
    by_paper: dict[str, Found] = {}
    for each in sorted(found, key=lambda f: -f.reading.answerable):
        by_paper.setdefault(each.hit.paper_id, each)
    best = list(by_paper.values())
    return [f for f in best if f.reading.answerable > max(0.0, best[0].reading.answerable - LESS_LIKELY)]


def _titled(best: Found, asking: Asking) -> str:
    citation = asking.citer.cite(best.hit, _reason(best.hit, asking), best.probability)
    return f"- {best.hit.title or best.hit.file_name} [{citation.number}]" if citation else ""


def _reason(hit: Hit, asking: Asking) -> str:
    """The sentence that is closest to the question: the span alone may stand in one that says nothing of it."""
    sentences = sentences_of([hit])
    scores = asking.scorer.scores(asking.question, sentences)
    return sentences[max(range(len(sentences)), key=lambda at: scores[at])].text
