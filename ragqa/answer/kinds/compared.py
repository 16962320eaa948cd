"""What a question compares: papers that it names, names that no paper has, and by what. By its words alone. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ragqa.answer.kinds.aspects import APPROACH, DATA, OTHERS_DATA, PROBLEM, RESULT, Aspect
from ragqa.answer.questions.named import MASK, masked, meant_in, named_papers
from ragqa.answer.questions.question_kind import names_many, plain
from ragqa.document import SectionKind
from ragqa.types import Paper

_FRONT = (SectionKind.ABSTRACT, SectionKind.INTRODUCTION)
_ENDS = (SectionKind.ABSTRACT, SectionKind.RESULTS, SectionKind.CONCLUSION)
USUAL_ASPECTS = {
    "Problem": Aspect("What research problem does the paper address?", _FRONT, PROBLEM, never=(APPROACH[0], RESULT[0])),
    "Approach": Aspect("What approach or method does the paper propose?", (*_FRONT, SectionKind.METHODS), APPROACH),
    "Data": Aspect(
        "What data was used: which datasets, corpora, benchmarks or samples?",
        (*_FRONT, SectionKind.METHODS, SectionKind.RESULTS),
        DATA,
        never=(OTHERS_DATA,),
    ),
    "Main result": Aspect("What are the main results of the paper?", _ENDS, RESULT, never=(APPROACH[0],)),
}
"""What is compared if the question names nothing."""
LONGEST_ASPECT = 6  # words
LONGEST_NAME = 8  # words

_FRILLS = re.compile(
    r",?\s+(?:please|(?:in|as) (?:a|one) table|in (?:more |some )?(?:detail|depth)|in (?:general|short|brief)|"
    r"side by side|(?:to|with) (?:each other|one another)|for me)\b",
    re.I,
)
_COMPARE = r"(?:compare|contrast|(?:(?:make|give|show)(?: me)? )?(?:an? )?(?:comparison|table)(?: of| between)?)"
_ASPECTS = rf"(?:the |their |its )?(?P<aspects>[^?.{MASK}]+)[?.]*$"
_BY = (
    r"(?:by|in terms of|with (?:respect|regard) to|regarding|concerning|according to|as regards|"
    r"when it comes to|based on)"
)
_NAMED_BEHIND = re.compile(rf"\b{_BY} {_ASPECTS}", re.I)
_BEHIND_COLON = re.compile(rf"^{_COMPARE}\b[^:]*:\s*{_ASPECTS}", re.I)
_DIFFER_IN = re.compile(rf"\bdiffer(?:s|ences?)?\b[^:]*?\s(?:in|on|for) {_ASPECTS}", re.I)
_OWNED = re.compile(rf"{MASK}['’]s?\s+(?P<aspects>[^?.{MASK}]+)[?.]*$", re.I)
_NAMED_BEFORE = re.compile(
    rf"^(?:{_COMPARE}|what (?:is|are) the differences? in|(?:what|which)(?! (?:is|are|was|were)\b))\s+(?:the )?"
    rf"(?P<aspects>[^{MASK}]+?)\s+(?:of|in|used (?:in|by)|between|across|among|do(?:es)?|did|reported (?:in|by))\b",
    re.I,
)
_THAT_DIFFERS = re.compile(
    rf"^how do(?:es)? (?:the )?(?:{MASK}['’]s )?(?P<aspects>[^{MASK}]+?) (?:differ|compare|vary)\b", re.I
)
# "Compare BERT and ELMo on training data", but not "Compare the papers on sentiment" or "… in terms of accuracy".
_BEHIND_NAMES = re.compile(rf"^{_COMPARE}\b.*?\s(?P<how>on|in(?! terms of\b)|for) {_ASPECTS}", re.I)
_AND = re.compile(r"\s*(?:,|;|\band\b|&)\s*(?:the |their |its )?", re.I)
_PAPERS = re.compile(
    r"\b(?:papers?|articles?|stud(?:y|ies)|these|those|them|they|each other|all|both|two|it|everything)\b", re.I
)
# "Compare both", "Compare these two papers by sample size", but not "Compare both treatments".
_ALL_OF_THEM = re.compile(
    rf"^{_COMPARE}\s+(?:them(?: all| both)?|everything|(?:all|both) of (?:them|these|those)|"
    r"(?:(?:these|those|both|all)(?: the| these| those)?(?: two| three| four| five)?|the (?:two|three|four|five))"
    r"(?: (?:papers|articles|studies|works|publications|preprints|manuscripts))?)"
    rf"(?=\s*[?.!,:]|\s*$|\s+(?:{_BY}|on|in|for|with)\b)",
    re.I,
)

_THINGS = re.compile(rf"^{_COMPARE}\s+(?P<things>.+)$", re.I)
_THINGS_OF = re.compile(r"^(?:the )?[a-z][^A-Z]*?\s(?:of|used (?:in|by)|between|among)\s+(?P<things>.+)$")
_BETWEEN_THINGS = re.compile(r"\s*(?:,|;|&|\b(?:and|with|to|versus|against|or)\b|\bvs\b\.?)\s*", re.I)
_THINGS_END = re.compile(rf"\s*:|\s(?:{_BY}|on|in|for)\s|['’]s?\s|[?.]*$", re.I)
_AROUND = re.compile(r"^(?:(?:both|the)\s+)?|\s+papers?$", re.I)
_IS_NAME = re.compile(r"^(?:\w*[A-Z0-9][\w.+-]*(?: |$))+$")


@dataclass(frozen=True, slots=True)
class Compared:
    """Papers in the order in which they are named, and names of things set beside them that no paper here has."""

    papers: tuple[Paper, ...]
    absent: tuple[str, ...]


def compared(question: str, papers: Sequence[Paper]) -> Compared:
    """What the question sets side by side, by name or as "the marmot paper"."""
    asked = plain(question)
    named = named_papers(asked, papers)
    meant = meant_in(masked(asked, named), papers)
    both = list({paper.id: paper for paper in (*named, *meant)}.values())
    return Compared(tuple(both), _absent(_bare(asked, both)) if both else ())


def compares_all(question: str) -> bool:
    """ "Compare them", "compare both": whatever there is to compare, if that is not too much."""
    return bool(_ALL_OF_THEM.search(_FRILLS.sub("", plain(question))))


def asked_aspects(question: str, papers: Sequence[Paper]) -> dict[str, Aspect]:
    """Aspects by name; the usual ones if none is named."""
    bare = _bare(plain(question), papers)
    for pattern in (_NAMED_BEHIND, _BEHIND_COLON, _DIFFER_IN, _OWNED, _NAMED_BEFORE, _THAT_DIFFERS):
        aspects = _aspects(pattern.search(bare))
        if aspects:
            break
    else:
        aspects = []
    behind = _BEHIND_NAMES.search(bare) if not names_many(bare) or compares_all(bare) else None
    narrower = _aspects(behind)
    if behind and len(narrower) == 1 and len(aspects) == 1 and not aspects[0].endswith(narrower[0]):
        aspects = [f"{aspects[0]} {behind['how']} {narrower[0]}"]
    named = {name[0].upper() + name[1:]: Aspect(_question(name)) for name in aspects or narrower}
    return named or dict(USUAL_ASPECTS)


def _bare(asked: str, papers: Sequence[Paper]) -> str:
    """The question with a mark for each paper, and without courtesies at its end."""
    return _FRILLS.sub("", masked(asked, papers))


def _aspects(found: re.Match[str] | None) -> list[str]:
    """The parts of the phrase, if they are aspects and not the papers themselves."""
    parts = [part.strip() for part in _AND.split(found["aspects"]) if part.strip()] if found else []
    about_papers = any(_PAPERS.search(part) for part in parts)
    too_long = any(len(part.split()) > LONGEST_ASPECT for part in parts)
    return [] if about_papers or too_long else list(dict.fromkeys(parts))


def _question(aspect: str) -> str:
    verb = "are" if aspect.split()[-1].lower().endswith("s") and not aspect.endswith("ss") else "is"
    return f"What {verb} the {aspect}?"


def _absent(bare: str) -> tuple[str, ...]:
    """Names beside a paper's; none if what is set side by side is more than names."""
    found = _THINGS.search(bare)
    if found is None:
        return ()
    inner = _THINGS_OF.search(found["things"])
    things = inner["things"] if inner else found["things"]
    ends = _THINGS_END.search(things)
    things = things[: ends.start()] if ends else things
    parts = [_AROUND.sub("", part).strip(" \"“”'’") for part in _BETWEEN_THINGS.split(things)]
    names = [part for part in parts if part and part != MASK]
    is_clean = MASK in parts and all(_IS_NAME.match(name) and len(name.split()) <= LONGEST_NAME for name in names)
    return tuple(dict.fromkeys(names)) if is_clean else ()
