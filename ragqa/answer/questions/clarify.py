"""Asks back where a question can mean several papers, or nothing: a wrong guess would look like an answer. Pure."""

import re
from collections import Counter
from collections.abc import Callable, Sequence

from ragqa.answer.draft import Draft
from ragqa.answer.questions.courtesies import is_courtesy
from ragqa.answer.questions.named import meant_papers, named_papers
from ragqa.answer.words import content_words
from ragqa.details import Details, NearestPage
from ragqa.types import AnswerKind, Hit, Paper

MOST_CANDIDATES = 5
AMBIGUOUS = 2  # papers
AT_YOUR_SERVICE = "Glad to help. What would you like to know from your papers?"
DECISIVE = 0.5  # share of the evidence from one paper, from which the search has understood which paper is meant

# What stands for a paper that was named before, or for the only one there is.
_THIS_PAPER = re.compile(
    r"\b(?:this|that|the) (?:paper|article|study|manuscript|preprint|publication)\b(?! by| of| on)", re.I
)
_THEIR = re.compile(
    r"^(?:what|which|how|why|when|where|who|do|does|did|is|are|was|were|can|could)\b.*\b(?:they|their|it|"
    r"the authors?)\b",
    re.I,
)
_NAME = re.compile(r"(?<!^)\b(?=\w*[A-Z0-9])\w[\w-]+")
_OF_A_PAPER = re.compile(r"\b(?:paper|article|study|manuscript|preprint|publication)\b", re.I)
_SAYS_NOTHING = re.compile(
    r"^(?:result|method|paper|study|author|article|finding|conclusion|main|explain|detail|data$|summar|describ|tell|know|"
    r"say|said|about|thing|something|anything|answer|question|please)"
)
LONGEST_EMPTY = 8  # words


def clarification(
    question: str, kind: AnswerKind, evidence: Sequence[Hit], is_follow_up: bool, scope: Callable[[], list[Paper]]
) -> Draft | None:
    """A question back, or None if it can be answered as it is. ``scope`` lists the papers that may answer."""
    if kind != "choice" and is_courtesy(question):
        return which_paper(AT_YOUR_SERVICE, [])
    if kind in ("summary", "comparison", "choice") or is_follow_up:
        return None
    is_empty, points = _is_empty(question), _points(question)
    if not (is_empty or points or _OF_A_PAPER.search(question)):
        return None
    papers = scope()
    if len(papers) < AMBIGUOUS or named_papers(question, papers):
        return None
    meant = meant_papers(question, papers)
    if len(meant) >= AMBIGUOUS:
        return which_paper("More than one paper fits. Which one do you mean?", meant)
    if is_empty:
        return which_paper("What would you like to know, and about which paper?", _best(evidence, papers))
    if points and not meant and not _decisive(evidence):
        return which_paper("Which paper do you mean?", _best(evidence, papers))
    return None


def which_paper(asked: str, papers: Sequence[Paper]) -> Draft:
    """The question back, naming the papers that may be meant."""
    shown = papers[:MOST_CANDIDATES]
    names = "; ".join(f"“{paper.title or paper.file_name}”" for paper in shown)
    more = f" or one of {len(papers) - len(shown)} others" if len(papers) > len(shown) else ""
    candidates = tuple(
        NearestPage(paper_id=paper.id, file_name=paper.file_name, title=paper.title, page=1) for paper in shown
    )
    text = f"{asked} For instance {names}{more}." if names else asked
    return Draft(text, 0.0, kind="clarification", details=Details(candidates=candidates))


def _points(question: str) -> bool:
    """It speaks of a paper as if it had been named, and says nothing that only one paper would say."""
    if _THIS_PAPER.search(question):
        return True
    return bool(_THEIR.search(question)) and not _NAME.search(question)


def _is_empty(question: str) -> bool:
    """No word says what is wanted."""
    said = [word for word in content_words(question) if not _SAYS_NOTHING.match(word)]
    return not said and len(question.split()) <= LONGEST_EMPTY


def _decisive(evidence: Sequence[Hit]) -> bool:
    """Most of what was found is from one paper."""
    papers = Counter(hit.paper_id for hit in evidence)
    return bool(papers) and max(papers.values()) > DECISIVE * len(evidence)


def _best(evidence: Sequence[Hit], papers: Sequence[Paper]) -> list[Paper]:
    """The papers of the evidence, best first, then the others."""
    order = list(dict.fromkeys(hit.paper_id for hit in evidence))
    return sorted(papers, key=lambda paper: order.index(paper.id) if paper.id in order else len(order))
