"""What a yes/no question claims, and which sentences say anything of that. Pure; word lists and order, no grammar.

A sentence may have most of a question's words and not speak of its claim: "we evaluate the calibration of X" is not for
"is X well calibrated?".
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ragqa.answer.kinds.forms import beginning, beginnings, is_turned, said, shared
from ragqa.answer.kinds.tones import FINDING, NULL, SAME, p_values

LEAST_OF_USED = 0.5  # share of the words for what is used that a sentence must have
REACH = 8  # words behind "than" that are what it compares with

_AUXILIARY = r"(?:is|are|was|were|do|does|did|can|could|should|has|have|had|will|would|may|might)"
_ASKED_PART = re.compile(rf"(?:^|[:.?]\s+|--\s*)(?={_AUXILIARY}\b)", re.I)
_NEEDS = re.compile(r"\b(?:require|need)s?\b", re.I)
_COPULA = re.compile(r"(?:is|are|was|were)\b", re.I)
_THAN = re.compile(r"\b(?:(?<!rather )than|compared (?:to|with)|relative to|unlike)\b", re.I)
_USES = re.compile(
    r"\b(?:us(?:e[sd]?|ing)|employ(?:s|ed)?|contain(?:s|ed)?|include[sd]?|appl(?:y|ies|ied)|adopt(?:s|ed)?|"
    r"incorporate[sd]?|(?:rely|relies) on)\s+(.+)",
    re.I,
)
_PHRASE_END = re.compile(
    r"\b(?:for|in|on|at|to|from|by|with|as|of|if|and|or|during|when|than|after|before|over|among|between|following|"
    r"without)\b|[?,;:.]",
    re.I,
)
_PREDICATE = re.compile(r"(?<![\w-])([a-z]{2,}(?:ed|[aiu]ble|ful|less))\b(?!-)")

_AIM = re.compile(
    r"^(?:[\w\s]{0,25},\s)?(?:here )?(?:we|to|this (?:study|paper|work|trial)) (?:\w+ly )?(?:aim(?:s|ed)? to )?"
    r"(?:evaluat|examin|investigat|assess|test|analy[sz]|explor|stud(?:y|ied)|determin|compar|measur)\w*\b",
    re.I,
)

_OF_SIZE = (
    r"larger|bigger|smaller|fewer",
    r"large(?:st)?|small(?:est)?|more|less|greater|higher|lower|size[sd]?|twice|half|times|same|equal\w*|similar\w*|"
    r"exceed\w*|reduc\w*|increas\w*|grow\w*",
)
_OF_NEED = (
    r"requir\w*|need\w*|necess\w*|mandator\w*|essential",
    r"unnecess\w*|indispensab\w*|depend\w*|must|should|suffic\w*|enough|optional\w*|without|redundant|justif\w*|"
    r"warrant\w*|obviat\w*|reli(?:es|ed)|rely\w*",
)
_EFFECT = (
    r"differ\w*|better|worse|superior\w*|inferior\w*|advantag\w*|affect\w*|effect\w*|efficac\w*|influenc\w*|impact\w*|"
    r"improv\w*|increas\w*|reduc\w*|decreas\w*|prevent\w*|protect\w*|benefi\w*|matters?|higher|lower|greater|"
    r"(?:out|under)perform\w*|exceed\w*|surpass\w*|beats?|harm\w*|hurts?|help(?:s|ed|ful)?|longer|shorter|enhanc\w*|faster|slower|"
    r"impair\w*|degrad\w*|more|less"
)
_EFFECT_TOLD = (
    r"best|worst|worsen\w*|chang\w*|var(?:y|ies)|slow\w*|speed\w*|deteriorat\w*|ris(?:e|es|en|ing)|rose|rais\w*|"
    r"gr[oe]w\w*|declin\w*|drop\w*|falls?|fell|fallen|gain\w*|loss|losses|lost|sav\w+|cuts?|leads?|led|caus\w*|"
    r"result(?:s|ed|ing)? in|suppress\w*|inhibit\w*|promot\w*|diminish\w*|delay\w*|accelerat\w*"
)
_TIE = r"associat\w*|relat\w*|correlat\w*|linked|predict\w*|risk\w*|depend\w*"
_TIE_TOLD = (
    r"link\w*|roles?|involv\w*|contribut\w*|independent\w*|due to|mediat\w*|connect\w*|implicat\w*|attribut\w*|"
    r"determin\w*|factors?|markers?"
)


@dataclass(frozen=True, slots=True)
class Scale:
    """Words that ask on a scale, and all that say something on it; whether any finding does."""

    asks: re.Pattern[str]
    says: re.Pattern[str]
    has_findings: bool


def _scale(asks: str, says: str, *, has_findings: bool) -> Scale:
    return Scale(re.compile(rf"\b(?:{asks})\b", re.I), re.compile(rf"\b(?:{asks}|{says})\b", re.I), has_findings)


SIZE = _scale(*_OF_SIZE, has_findings=False)
NEED = _scale(*_OF_NEED, has_findings=False)
_SCALES = (
    SIZE,
    NEED,
    _scale(_EFFECT, f"{_EFFECT_TOLD}|{_TIE}|{_TIE_TOLD}", has_findings=True),
    _scale(_TIE, f"{_TIE_TOLD}|{_EFFECT}|{_EFFECT_TOLD}", has_findings=True),
)


@dataclass(frozen=True, slots=True)
class Claim:
    """The scales it is on, and those without which nothing answers it.

    ``used`` and ``named`` are beginnings of words: for what is used, and for each thing that is named. ``compares`` if
    it says "than"; ``predicate`` is the beginning of "calibrated" in "is it well calibrated?".
    """

    scales: tuple[Scale, ...]
    strict: tuple[Scale, ...]
    used: frozenset[str]
    named: tuple[frozenset[str], ...]
    compares: bool
    predicate: str


@lru_cache(maxsize=64)
def claim_of(question: str) -> Claim:
    """By the words from the question's verb on: what stands before is a title."""
    starts = [match.end() for match in _ASKED_PART.finditer(question)]
    part = question[starts[-1] :] if starts else question
    scales = tuple(scale for scale in _SCALES if scale.asks.search(part))
    used = _used(part)
    found = _PREDICATE.findall(part) if _COPULA.match(part) and not (scales or used) else []
    return Claim(
        scales=scales,
        strict=tuple(scale for scale in scales if scale is SIZE or (scale is NEED and _NEEDS.search(part))),
        used=used,
        named=_named(part, is_of_size=SIZE in scales),
        compares=bool(_THAN.search(part)),
        predicate=beginning(found[-1]) if found else "",
    )


def bears_on(question: str, text: str) -> bool:
    """True unless the text leaves out what must be said for either answer: the size, the need, what is used."""
    claim = claim_of(question)
    if any(not scale.says.search(text) for scale in claim.strict):
        return False
    # "Faster than models that use X" says nothing of who uses X.
    spoken_of = beginnings(_THAN.split(text)[0])
    if claim.used and shared(claim.used, spoken_of) < LEAST_OF_USED * len(claim.used):
        return False
    return not (claim.compares and _compares_with_another(question, text))


def narrowed(question: str, sentences: Sequence[str], sides: Sequence[float]) -> list[float]:
    """The sides, with 0 for each sentence that says less of the claim than another does.

    One step after the other, none of which leaves no sentence on a side.
    """
    claim, kept = claim_of(question), list(sides)
    for says in _STEPS:
        fewer = [side if says(claim, text) else 0.0 for side, text in zip(kept, sentences, strict=True)]
        kept = fewer if any(fewer) else kept
    return kept


def _says_all_used(claim: Claim, text: str) -> bool:
    return shared(claim.used, beginnings(text)) == len(claim.used)


def _names_all(claim: Claim, text: str) -> bool:
    there = beginnings(text)
    return all(shared(words, there) > 0 for words in claim.named)


def _is_on_scale(claim: Claim, text: str) -> bool:
    if not claim.scales or any(scale.says.search(text) for scale in claim.scales):
        return True
    has_finding = FINDING.search(text) or NULL.search(text) or SAME.search(text) or any(p_values(text))
    return bool(has_finding) and any(scale.has_findings for scale in claim.scales)


def _says_predicate(claim: Claim, text: str) -> bool:
    word = claim.predicate
    # "We evaluate the calibration" is about it and says neither.
    return not word or is_turned(word, text) or (said(word, beginnings(text)) and not _AIM.search(text))


_STEPS: tuple[Callable[[Claim, str], bool], ...] = (
    _says_all_used,
    _names_all,
    _is_on_scale,
    _says_predicate,
)


def _used(part: str) -> frozenset[str]:
    found = _USES.search(part)
    return beginnings(_PHRASE_END.split(found[1])[0]) if found else frozenset()


def _named(part: str, *, is_of_size: bool) -> tuple[frozenset[str], ...]:
    """What is said to use something, or the two that are compared by size."""
    than, uses = _THAN.search(part), _USES.search(part)
    if than is None:
        return (beginnings(part[: uses.start()]),) if uses and beginnings(part[: uses.start()]) else ()
    if not is_of_size:
        return ()
    other = beginnings(part[than.end() :])
    one = beginnings(SIZE.says.sub(" ", part[: than.start()])) - other
    return tuple(words for words in (one, other) if words)


def _compares_with_another(question: str, text: str) -> bool:
    """True if nothing that is asked about stands behind any "than" of the text."""
    asked = beginnings(question)
    behind = [" ".join(text[match.end() :].split()[:REACH]) for match in _THAN.finditer(text)]
    return bool(behind) and not any(shared(asked, beginnings(part)) for part in behind)
