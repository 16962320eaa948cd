"""Words of a follow-up that point at papers of the conversation: "the second one", "the same paper". Pure."""

import re
from collections.abc import Sequence

from ragqa.conversation import CitedPaper, Turn

LONGEST_TITLE = 120  # characters of a title that a question can carry

_NOUN = r"(?:papers?|articles?|stud(?:y|ies)|works?|publications?|preprints?|manuscripts?|ones?)"
_ORDINALS = {"first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3, "fifth": 4}
# "In the second experiment" counts something else: only a noun for a paper, or the end of the words, may follow.
_COUNTED = re.compile(
    rf"\bthe ({'|'.join(_ORDINALS)}|last|former|latter|other)(?: {_NOUN}(?! (?:of|in|by)\b)|(?=\s*[?.,]|\s*$))",
    re.I,
)
_NEAR = re.compile(r"\b(?:same|this|that|these|those)\b", re.I)
_SAME = re.compile(
    r"\b(?:the same|this|that|these|those|the|their|said) (?:papers?|articles?|stud(?:y|ies)|publications?|preprints?"
    r"|manuscripts?|works?)\b(?! (?:of|on|by|about|that|which)\b)"
    r"|\b(?:the|these|those|its|this paper's) (?:same )?authors\b(?! (?:of|in)\b)",
    re.I,
)

_NUMBERS = {"both": 2, "two": 2, "three": 3, "four": 4, "five": 5}
_SEVERAL = (
    rf"(?:(?:these|those|both)(?: (?:{'|'.join(_NUMBERS)}))?(?: {_NOUN})?|the (?:{'|'.join(_NUMBERS)})(?: {_NOUN})?|"
    r"them(?: all| both)?|(?:all|both) of (?:them|these|those))"
)
# "Compare them"; what else a "them" stands for is not to be told here.
_ALL = re.compile(
    rf"^(?P<verb>(?:please |can you |could you )*(?:compare|contrast|summari[sz]e) |)(?P<all>{_SEVERAL})"
    r"(?=\s*[?.,:]|\s*$|\s(?:by|in|on|with|regarding)\b)",
    re.I,
)


def point_at_cited(question: str, turns: Sequence[Turn], loosely: bool = True) -> str:
    """The question with the paper that it points at named by title; as it was if it points at none.

    "The paper" points ``loosely``: in a question that names things of its own it may be another one.
    """
    papers = last_cited(turns)
    if not papers:
        return question
    together = _ALL.search(question)
    if together and (all_of_them := _together(together, papers, turns[-1].asked_back)):
        return f"{together['verb']}{all_of_them}{question[together.end() :]}"
    counted = _COUNTED.search(question)
    if counted and (chosen := _counted(counted, papers)):
        return _replaced(question, counted, quoted(chosen))
    same = _SAME.search(question)
    if same and (len(papers) == 1 or "same" in same[0].lower()) and (loosely or _NEAR.search(same[0])):
        name = quoted(papers[0])
        return _replaced(question, same, f"the authors of {name}" if "author" in same[0].lower() else name)
    return question


def last_cited(turns: Sequence[Turn]) -> tuple[CitedPaper, ...]:
    """The papers of the last answer that cites any."""
    return next((turn.cited for turn in reversed(turns) if turn.cited), ())


def only_cited(turns: Sequence[Turn]) -> CitedPaper | None:
    """The paper that the talk is about: the one that the last citing answer cites, if it is one alone."""
    papers = last_cited(turns)
    return papers[0] if len(papers) == 1 else None


def quoted(paper: CitedPaper) -> str:
    """Its title in quotation marks, by which a search knows it for a name."""
    plain = re.sub(r"[“”\"]", "'", paper.title)
    return f"“{plain[:LONGEST_TITLE]}”"


def _counted(found: re.Match[str], papers: Sequence[CitedPaper]) -> CitedPaper | None:
    which = found[1].lower()
    if which in _ORDINALS:
        return papers[_ORDINALS[which]] if _ORDINALS[which] < len(papers) > 1 else None
    if which in ("former", "latter", "other"):
        return papers[0 if which == "former" else 1] if len(papers) == 2 else None
    return papers[-1] if len(papers) > 1 else None


def _together(found: re.Match[str], papers: Sequence[CitedPaper], may_answer: bool) -> str:
    """The titles of all, if there are several, and as many as are counted; alone only where it answers us."""
    said = found["all"].lower().split()
    is_answer = may_answer and not found.string[found.end() :].strip(" ?.")
    counted = next((number for word, number in _NUMBERS.items() if word in said), len(papers))
    if len(papers) < 2 or len(papers) != counted or not (found["verb"] or is_answer):
        return ""
    *others, last = map(quoted, papers)
    return f"{', '.join(others)} and {last}"


def _replaced(question: str, found: re.Match[str], words: str) -> str:
    return question[: found.start()] + words + question[found.end() :]


def within(turns: Sequence[Turn], paper_ids: Sequence[str] | None) -> Sequence[Turn]:
    """The talk as far as it bears on the papers that are asked now; nothing of it if it was about others."""
    papers = last_cited(turns)
    if paper_ids is None or not papers:
        return turns
    if not any(paper.paper_id in paper_ids for paper in papers):
        return ()
    return [
        turn.model_copy(update={"cited": tuple(paper for paper in turn.cited if paper.paper_id in paper_ids)})
        for turn in turns
    ]
