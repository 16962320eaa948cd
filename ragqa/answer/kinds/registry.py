"""Every kind of answer that needs no language model, and how each is made."""

from collections.abc import Callable

from ragqa.answer.asking import Asking
from ragqa.answer.draft import Draft
from ragqa.answer.kinds.authors import answer_with_authors, asks_for_authors
from ragqa.answer.kinds.choices import answer_with_choice
from ragqa.answer.kinds.comparison import answer_with_comparison, can_compare
from ragqa.answer.kinds.extractive import answer_with_list, answer_with_span
from ragqa.answer.kinds.summary import answer_with_summary
from ragqa.answer.kinds.which_papers import answer_with_papers
from ragqa.answer.kinds.yes_no import answer_with_verdict
from ragqa.answer.questions.named import MASK, masked, named_papers
from ragqa.answer.questions.question_kind import asks_for_papers, kind_of, may_compare, to_summarize
from ragqa.types import AnswerKind, Paper

Answering = Callable[[Asking], Draft]

KINDS: dict[AnswerKind, Answering] = {
    "span": answer_with_span,
    "list": answer_with_list,
    "yes_no": answer_with_verdict,
    "choice": answer_with_choice,
    "comparison": answer_with_comparison,
    "summary": answer_with_summary,
}


def wanted_kind(question: str, choices: tuple[str, ...], scope: Callable[[], list[Paper]]) -> AnswerKind:
    """What the question wants; a comparison only of papers here, of which one may be named beside what is none."""
    if choices:
        return "choice"
    kind = kind_of(question)
    if kind == "span" and _is_one_paper(to_summarize(question), scope):
        return "summary"
    if kind == "comparison" or (kind == "span" and may_compare(question)):
        return "comparison" if _has_what_to_compare(question, kind, scope()) else "span"
    return kind


def answer(kind: AnswerKind, asking: Asking) -> Draft:
    """The answer in the papers' own words."""
    if kind in ("span", "list") and asks_for_authors(asking.question) and (authors := answer_with_authors(asking)):
        return authors
    if kind == "list" and asks_for_papers(asking.question) and asking.reader and len(asking.scope()) > 1:
        return answer_with_papers(asking)
    return KINDS[kind](asking)


def _is_one_paper(phrase: str | None, scope: Callable[[], list[Paper]]) -> bool:
    """True if the phrase is the name of a paper here, in whatever letters: "summarize attention is all you need"."""
    if not phrase:
        return False
    return masked(phrase, named_papers(phrase, scope())).strip(" .?!") == MASK


def _has_what_to_compare(question: str, kind: AnswerKind, scope: list[Paper]) -> bool:
    return can_compare(question, kind == "comparison", scope)
