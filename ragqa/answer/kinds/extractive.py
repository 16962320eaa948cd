"""Answers with words of the papers, word for word: spans by the reader, sentences without one. No language model."""

import re
from collections.abc import Sequence

from ragqa.answer.asking import Asking
from ragqa.answer.citations import Citer, marked
from ragqa.answer.confidence import LEAST_CONFIDENCE, confidence
from ragqa.answer.draft import Draft, refusal
from ragqa.answer.evidence import Sentence, sentences_of
from ragqa.answer.kinds.fitting import fitting, repeats
from ragqa.answer.kinds.tables import FoundCell, cell_at
from ragqa.answer.questions.question_kind import wants_sentence, wants_words
from ragqa.answer.scorer import SentenceScorer
from ragqa.answer.spans import Found, evidence_of, read, trimmed
from ragqa.details import Details, ShortAnswer
from ragqa.document import BlockKind
from ragqa.types import AnswerKind, Citation, Hit

MOST_SENTENCES = 3
CLOSE_TO_BEST = 0.12
RANK_WEIGHT = 0.06  # per place in the evidence: the retriever's order knows what one sentence does not show

MOST_ITEMS = 8
# Chosen on the dev questions that ask for a list, by the words in common with the answer: more is mostly noise.
CLOSE_SPAN = 1.0  # logits below the best span, within which another belongs to a list
LATER = 2.0  # logits that a span must be better for each place that its passage comes behind the best one's
_AND = re.compile(r"(?:,?\s+(?:and|or|as well as)\s+|[,;]\s+)(?![^(]*\))")
_ASIDE = re.compile(r"\s*\([^()]*\b(?:19|20)\d\d[a-z]?[^()]*\)?")  # a citation such as "(Smith et al., 2019)"
_OPEN = re.compile(r"\s*\([^()]*$")
# A list has things in it: "and by the baseline" and "which require that" are the rest of a sentence.
_NO_ITEM = re.compile(
    r"^(?:by|with|without|of|in|on|at|for|from|to|into|as|than|that|which|who|where|when|while|if|is|are|was|were|be|has|"
    r"have|had|does|do|did|can|may|will|show|shows|i\.e|e\.g|then|so|but|not)\b|\b(?:that|which|who|were|was|are|is)\b",
    re.I,
)


def answer_with_span(asking: Asking) -> Draft:
    """The reader's best span with its sentence, or the sentence where a few words would not answer."""
    found, sure = _read(asking)
    if not found or sure < LEAST_CONFIDENCE:
        return refusal(sure) if asking.reader else _with_sentences(asking)
    if _needs_sentence(found[0], asking.question):
        return _explained(found[0], sure, asking)
    short = _short(found[0], asking)
    return _said([short], sure, asking) if short else refusal(sure)


def _needs_sentence(best: Found, question: str) -> bool:
    """True if the words alone would not answer: why and how, words of the question, words that the reader doubts."""
    if wants_sentence(question) or repeats(question, best.text):
        return True
    return not (best.is_sure or wants_words(question))


def answer_with_list(asking: Asking) -> Draft:
    """Several spans: the items of an enumeration, or spans nearly as good as the best."""
    found, sure = _read(asking)
    if not found or sure < LEAST_CONFIDENCE:
        return refusal(sure) if asking.reader else _with_sentences(asking)
    items = [item for f in nearly_as_good(found) for item in _items(f, asking)]
    new = [item for item in items if not repeats(asking.question, item.text)] or items
    different = list({item.text.casefold(): item for item in reversed(new)}.values())[::-1][:MOST_ITEMS]
    return _said(different, sure, asking) if different else refusal(sure)


def answer_extractively(question: str, evidence: Sequence[Hit], scorer: SentenceScorer, citer: Citer) -> Draft:
    """The best sentence, and up to two more that are nearly as good; a refusal if none is good enough."""
    scored = _scored(question, evidence, scorer)
    sure = confidence(question, evidence, ()) if scored else 0.0
    if sure < LEAST_CONFIDENCE:
        return refusal(sure)
    parts = []
    for sentence, score in _chosen(scored):
        citation = citer.cite(sentence.hit, sentence.text, score)
        if citation is not None:
            parts.append(marked(citation.quote, [citation]))
    return Draft(" ".join(parts), sure) if parts else refusal(sure)


def nearly_as_good(found: Sequence[Found]) -> list[Found]:
    """The best span, and those nearly as good."""
    best = found[0]
    return [f for f in found if f is best or f.logit > max(0.0, _needed(best, f.rank))]


def enumerated(text: str) -> list[str]:
    """The items of an enumeration without the citations behind them; [] if it is none."""
    plain = _OPEN.sub("", _ASIDE.sub("", text))
    parts = [name for part in _AND.split(plain) if (name := trimmed(part))]
    return [] if any(_NO_ITEM.search(part) for part in parts) else parts


def _needed(best: Found, rank: int) -> float:
    """The logit from which a span of the passage of that rank is nearly as good."""
    return best.logit - CLOSE_SPAN + LATER * max(0, rank - best.rank)


def _with_sentences(asking: Asking) -> Draft:
    return answer_extractively(asking.question, asking.evidence, asking.scorer, asking.citer)


def _read(asking: Asking) -> tuple[list[Found], float]:
    """Spans that may answer, best first, and how sure one may be that one of them answers."""
    if asking.reader is None or not asking.evidence:
        return [], 0.0
    found = read(asking.question, asking.evidence, asking.reader)
    return fitting(asking.question, found), confidence(asking.question, asking.evidence, found)


def _explained(best: Found, sure: float, asking: Asking) -> Draft:
    """The sentence that the answer stands in and, if it is another, the one that bears it out; of a table, the cell."""
    short = _short(best, asking)
    if short is None:
        return refusal(sure)
    if short.row:  # which says little without what heads its columns
        return _said([short], sure, asking)
    evidence = evidence_of(best)
    overlaps = evidence in best.sentence or best.sentence in evidence
    if not overlaps:
        asking.citer.cite(best.hit, evidence, sure)
    text = " ".join(marked(cited.quote, [cited]) for cited in asking.citer.citations)
    return Draft(text, sure, kind="span", details=Details(short=(short,)))


def _said(items: Sequence[ShortAnswer], sure: float, asking: Asking) -> Draft:
    """The short answers, each with its mark; where they stand is for the citations to say."""
    text = ", ".join(f"{_headed(item)} [{item.citation}]" for item in items)
    is_cell = any(item.row or item.column for item in items)
    kind: AnswerKind = "list" if len(items) > 1 else ("cell" if is_cell else "span")
    return Draft(text, sure, kind=kind, details=Details(short=tuple(items)))


def _headed(item: ShortAnswer) -> str:
    heads = ", ".join(filter(None, (item.row, item.column)))
    return f"{item.text} ({heads})" if heads else item.text


def _short(found: Found, asking: Asking) -> ShortAnswer | None:
    """The span, or the cell that it stands in, cited by its sentence or its row; None if that is not on the page."""
    cell = _cell(found, asking)
    if cell is not None:
        return _cell_answer(found, cell, asking)
    citation = asking.citer.cite(found.hit, found.sentence, found.score)
    return _shown(found, citation, asking) if citation else None


def _shown(found: Found, citation: Citation, asking: Asking) -> ShortAnswer:
    place = asking.citer.place(found.hit, found.start, found.end)
    return ShortAnswer(
        text=found.text,
        citation=citation.number,
        probability=found.probability,
        rects=asking.citer.rects(found.hit, place),
    )


def _cell(found: Found, asking: Asking) -> FoundCell | None:
    if found.hit.kind is not BlockKind.TABLE:
        return None
    place = asking.citer.place(found.hit, found.start, found.end)
    page = asking.citer.page(found.hit)
    return cell_at(place, page, asking.shelf.tables(found.hit.paper_id), asking.question) if place else None


def _cell_answer(found: Found, cell: FoundCell, asking: Asking) -> ShortAnswer | None:
    page = asking.citer.page(found.hit)
    line = " ".join(word.text for word in page.words[slice(*cell.line)])
    citation = asking.citer.cite(found.hit, line, found.score)
    if citation is None:
        return None
    return ShortAnswer(
        text=cell.text,
        citation=citation.number,
        probability=found.probability,
        rects=asking.citer.rects(found.hit, cell.place),
        row=cell.row,
        column=cell.column,
    )


def _items(found: Found, asking: Asking) -> list[ShortAnswer]:
    """The parts of an enumeration, each drawn by itself; else the span as it is."""
    parts = enumerated(found.text)
    whole = _short(found, asking)
    if whole is None or whole.row or len(parts) < 2:
        return [whole] if whole else []
    items, at = [], found.hit.text.find(found.text, max(0, found.start - 1))
    for part in parts:
        start = found.hit.text.find(part, at)
        place = asking.citer.place(found.hit, start, start + len(part)) if start >= 0 else None
        items.append(whole.model_copy(update={"text": part, "rects": asking.citer.rects(found.hit, place)}))
        at = start + len(part)
    return items


def _scored(question: str, evidence: Sequence[Hit], scorer: SentenceScorer) -> list[tuple[Sentence, float]]:
    """All sentences, those first that score high and stand in one of the first hits."""
    sentences = sentences_of(evidence)
    pairs = zip(sentences, scorer.scores(question, sentences), strict=True)
    return sorted(pairs, key=lambda pair: -_ranked(pair))


def _chosen(scored: Sequence[tuple[Sentence, float]]) -> list[tuple[Sentence, float]]:
    """Best first; the same words from two chunks once."""
    least = _ranked(scored[0]) - CLOSE_TO_BEST
    chosen: dict[str, tuple[Sentence, float]] = {}
    for pair in scored:
        if len(chosen) == MOST_SENTENCES or _ranked(pair) < least:
            break
        chosen.setdefault(pair[0].text, pair)
    return list(chosen.values())


def _ranked(pair: tuple[Sentence, float]) -> float:
    sentence, score = pair
    return score - RANK_WEIGHT * (sentence.number - 1)
