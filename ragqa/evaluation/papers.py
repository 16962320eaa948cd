"""``ragqa eval papers``: from PDFs to pages, answers, citations and refusals, all papers in one library."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from ragqa.evaluation.formats import PaperQuestion
from ragqa.evaluation.measures import contains, exact_match, token_f1
from ragqa.evaluation.report import Judged, SetReport
from ragqa.types import (
    LEAST_CHOICES,
    Answer,
    AnswerDone,
    AnswerEvent,
    AnswerMode,
    AskRequest,
    Citation,
    Filter,
    Hit,
    SearchRequest,
    SearchResult,
)

CUTOFFS = (1, 5, 10)

PaperIds = Mapping[str, str]
"""Path of a PDF, as ``docs`` names it, to the id of its paper."""


class Answering(Protocol):
    """What is evaluated: a Library can do it."""

    def search(self, request: SearchRequest) -> SearchResult:
        """Hits, best first."""
        ...

    def ask(self, request: AskRequest) -> Iterable[AnswerEvent]:
        """Events up to the answer."""
        ...


def evaluate_papers(
    library: Answering,
    questions: Sequence[PaperQuestion],
    paper_ids: PaperIds,
    given: frozenset[str],
    mode: AnswerMode,
    on_question: Callable[[int], None],
) -> list[SetReport]:
    """A report per set. Questions of the sets in ``given`` are asked of their own papers alone, the others of all."""
    found: dict[str, list[Judged]] = {}
    for question in questions:
        gold = frozenset(paper_ids[doc] for doc in question.docs)
        only = Filter(paper_ids=tuple(sorted(gold))) if question.set in given else Filter()
        result = library.search(SearchRequest(question=question.question, k=max(CUTOFFS), filter=only))
        choices = question.choices if len(question.choices) >= LEAST_CHOICES else None
        request = AskRequest(question=question.question, mode=mode, filter=only, choices=choices)
        answer = _answered(library, request)
        found.setdefault(question.set, []).append(_judged(question, gold, result, answer, only == Filter()))
        on_question(1)
    return [
        SetReport(name, tuple(judged), {"setting": "given" if name in given else "open"})
        for name, judged in found.items()
    ]


def _answered(library: Answering, request: AskRequest) -> Answer:
    return next(event.answer for event in library.ask(request) if isinstance(event, AnswerDone))


def _judged(
    question: PaperQuestion, gold: frozenset[str], result: SearchResult, answer: Answer, is_open: bool
) -> Judged:
    values: dict[str, float] = {}
    if is_open and question.answerable:
        values["paper@1"] = float(bool(result.hits) and result.hits[0].paper_id in gold)
    if question.answerable and question.evidence_pages:
        for k in CUTOFFS:
            values[f"page@{k}"] = float(any(_on_gold_page(hit, question, gold) for hit in result.hits[:k]))
        values["page RR@10"] = _reciprocal_rank(_on_gold_page(hit, question, gold) for hit in result.hits)
    values["answered"] = float(not answer.abstained)
    if question.answerable and question.answers:
        said = "" if answer.abstained else _plain(answer)
        values |= {"EM": exact_match(said, question.answers), "F1": token_f1(said, question.answers)}
    elif not question.answerable:
        values["F1"] = float(answer.abstained)
    if question.choices and not answer.abstained:
        values["right choice"] = exact_match(_plain(answer), question.answers)
    if question.answerable and not answer.abstained:
        values |= _citation_values(question, gold, answer)
    times = {f"search: {stage}": time for stage, time in result.timings_ms.items()} | {
        f"ask: {stage}": time for stage, time in answer.timings_ms.items()
    }
    return Judged(question.qid, values, times, answer.confidence, question.answerable)


def _citation_values(question: PaperQuestion, gold: frozenset[str], answer: Answer) -> dict[str, float]:
    """The cited page is that of the first citation. A citation is right if its quote lies in gold evidence.

    Recall counts the gold passages that were cited.
    """
    values: dict[str, float] = {}
    if question.evidence_pages and answer.citations:
        on_page = [_on_gold_page(citation, question, gold) for citation in answer.citations]
        values |= {"cited page": float(on_page[0]), "any cited page": float(any(on_page))}
    if question.evidence:
        right = [contains(citation.quote, question.evidence) for citation in answer.citations]
        values["citation precision"] = sum(right) / len(right) if right else 0.0
        quotes = [citation.quote for citation in answer.citations]
        cited = [contains(passage, quotes) for passage in question.evidence]
        values["citation recall"] = sum(cited) / len(cited)
    return values


def _on_gold_page(place: Hit | Citation, question: PaperQuestion, gold: frozenset[str]) -> bool:
    return place.paper_id in gold and place.page in question.evidence_pages


def _reciprocal_rank(right: Iterable[bool]) -> float:
    """0 if none is right."""
    return next((1 / rank for rank, is_right in enumerate(right, start=1) if is_right), 0.0)


def _plain(answer: Answer) -> str:
    """The answer's text without its citation marks."""
    text = answer.answer
    for citation in answer.citations:
        text = text.replace(f"[{citation.number}]", "")
    return " ".join(text.split())
