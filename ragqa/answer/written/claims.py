"""Whether a sentence may be a claim of other words: what of it stands there, every figure, the same polarity. Pure.

Compares words only; what a swap of words does to the sense is judged by the model behind
ragqa.answer.written.support.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

from ragqa.answer.opposites import opposed
from ragqa.answer.words import NUMBER_WORDS, WORD, content_words, coverage, stem

LEAST_SUPPORT = 0.5  # share of a sentence's content words that the words behind it must have
LEAST_NAMED = 0.5  # share of a label's names that must be said where what stands below it rests
PAGE = r"(?:pp?\.|pages?)\s?[1-9]\d*(?:\s?[-–—]\s?\d+)?(?![.,]?\d)"
_COUNTED = r"\.?\s*(?:[:#№]|n(?:os?|rs?|umbers?)\b\.?)?\s*"  # "Evidence no. 1", "Evidence: 1"
_NAMED = rf"(?:(?:evidence|sources?|excerpts?|ref(?:erence)?s?|citations?|documents?|docs?)(?![a-z]){_COUNTED})"
_WORD_OF_PAPERS = rf"(?:(?:passages?|papers?|chunks?|snippets?)(?![a-z]){_COUNTED})"
_SEE = r"(?:(?:see|on|at) )?"
_POINTING = r"(?:(?:see(?: also)?|cf\.?|e\.g\.,?|from|based on)\s+)"
_NUMBER = rf"#?\d+\^?(?:,?\s*{PAGE})?"
_JOINT = r"(?:[,;](?:\s*(?:and\b|&))?|&|[-–—]|and\b)"
_NUMBERS = rf"(?:\^?{_NUMBER}(?:\s*{_JOINT}\s*{_NAMED}?\^?{_NUMBER})*)"
_LINES = r"(?::\d+)?†[^\]】]*"  # where in its evidence a model read: "[1†L3-L5]"
# Behind these words several bare numbers are data: "95% CI [12, 15]", "windows of [3, 4, 5]"; but "as shown in [1, 2]".
_BEFORE_DATA = r"\bCI \bCI: \bIQR \binterval \brange = \bof \bfrom \bto \bin \bbetween \bsize \bsizes".split()
_BEFORE_MARK = (
    "according to", "as in", "shown in", "reported in", "described in", "found in", "stated in", "proposed in",
)  # fmt: skip
_SURE_MARK = rf"\s*(?:\[\s*\^?\d+\s*[\]†]|\[\[|【|\[\s*#|[\[(]\s*(?:{_POINTING}|{_NAMED})|\({_SEE}{PAGE})"
_IS_NO_DATA = "".join(f"(?<!{word})" for word in _BEFORE_DATA) + "".join(f"|(?<={words})" for words in _BEFORE_MARK)
# [2], [[2]], [1; 2], [1, and 2], [1-3], [#2], [see 2], [Evidence no. 2], [1†L3], 【1†source】, (Evidence 2),
# [1, page 3], (p. 3). "[0, 1]" is an interval.
MARK = re.compile(
    rf"(?<!\s)(?=\s*[\[【(])(?:{_IS_NO_DATA}|(?={_SURE_MARK}))\s*(?:"
    rf"\[(?!\s*0\s*[,;–-])(?:\[{_NAMED}?{_NUMBERS}\]|\s*{_POINTING}?{_NAMED}?{_NUMBERS}(?:{_LINES})?\s*)\]"
    rf"|【{_NAMED}?{_NUMBERS}(?:[:†][^】]*)?】|\(\s*(?:{_POINTING}?{_NAMED}{_NUMBERS}|{_SEE}{PAGE})\s*\))",
    re.I,
)
# As only a model writes them: [Passage 2], (Passage 2), ([2]), [1] and [2], [E2]. In a paper "(passage 3)" is one of
# cells and "[E2]" a hormone's concentration; a small letter in round brackets, or more of the clause behind, says so.
_PASSAGES = rf"{_WORD_OF_PAPERS}{_NUMBERS}(?:\s*{_JOINT}\s*{_WORD_OF_PAPERS}{_NUMBERS})*"
_ONE = r"\[\s*\^?\d+\s*\]"
_LETTERED = rf"\[\s*(?-i:[ES])\d+(?:\s*{_JOINT}\s*(?-i:[ES])\d+)*\s*\]"
_ENDS_CLAUSE = r"(?=\s*(?:[.,;:!?)\[]|$|(?:while|whereas|but)\b))"
WRITTEN_MARK = re.compile(
    rf"(?<!\s)(?=\s*[\[(])(?:(?<=[.!?])\s*{_LETTERED}|\s*{_LETTERED}{_ENDS_CLAUSE}"
    rf"|\s*\[\s*{_POINTING}?{_PASSAGES}\s*\]|\s*\(\s*{_POINTING}?(?-i:(?=[A-Z])){_PASSAGES}\s*\)"
    rf"|\s*\(\s*{_POINTING}?{_NAMED}?{_ONE}(?:\s*{_JOINT}?\s*{_ONE})*\s*\)|\s*{_ONE}(?:\s*{_JOINT}\s*{_ONE})+)",
    re.I,
)
FIGURE = re.compile(r"((?<!\w)[-−–])?(\d+(?:[.,]\d+)*)(\s?%|\s+per\s?cent\b)?")
THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
WRITTEN_NUMBER = re.compile(rf"\b(?:{'|'.join(NUMBER_WORDS)})\b", re.I)
NEGATION = re.compile(r"\b(?:not(?! (?:only|just|merely)\b)|no|never|without|cannot|neither|nor)\b|n['’]t\b")
NAME = re.compile(r"(?<!^)\b[\w-]*[A-Z][\w-]*")  # GLUE, Alps, mRNA; the first word is upper case anyway


@dataclass(frozen=True, slots=True)
class Agreement:
    """How the words of a claim agree with a text: shares of its content words and of their pairs, and four rules."""

    covered: float
    in_order: float
    figures: bool
    polarity: bool
    direction: bool
    names: float


def compare(claim: str, text: str, around: str = "") -> Agreement:
    """``around`` is what stands near the text, where a name may be said in full."""
    return Agreement(
        covered=coverage(content_words(_in_digits(claim)), _in_digits(text)),
        in_order=_shared_pairs(claim, text),
        figures=figures(claim) <= figures(text),
        polarity=_denies(claim) == _denies(text),
        direction=not opposed(claim, text),
        names=_names_said(claim, f"{text} {around}"),
    )


def carries(text: str, sentence: str) -> bool:
    """True if the text has enough of the sentence's words, all of its figures, and denies as it does."""
    found = compare(sentence, text)
    return found.covered >= LEAST_SUPPORT and found.figures and found.polarity and found.direction


def figures(text: str) -> frozenset[str]:
    """Whole numbers and decimals with their sign and percent sign; numbers of references are none."""
    plain = MARK.sub("", text).casefold()
    written = {_figure(*found.groups(default="")) for found in FIGURE.finditer(plain)}
    return frozenset(written | {NUMBER_WORDS[word] for word in re.findall(r"\w+", plain) if word in NUMBER_WORDS})


def says_names(claim: str, text: str) -> bool:
    """True if the text says every name of the claim, also one that begins it: BERT, mRNA, GPT-2."""
    return _names_said(f"the {claim}" if _is_name(claim.partition(" ")[0]) else claim, text) == 1


def label_fits(label: str, text: str) -> bool:
    """True if the text says half of the label's names; the capitals of a title, which all its words have, make none."""
    first, *rest = label.split() or [""]
    is_title = not any(word[0].islower() for word in rest if content_words(word))
    names = [word for word in [first] if _is_name(word)] + [word for word in rest if _is_name(word) or not is_title]
    return _names_said(f"the {' '.join(names)}", text) >= LEAST_NAMED


def _is_name(word: str) -> bool:
    return any(c.isupper() or c.isdigit() for c in word[1:])


def _figure(sign: str, digits: str, percent: str) -> str:
    plain = digits.replace(",", "") if THOUSANDS.fullmatch(digits) else digits
    return ("-" if sign else "") + plain + ("%" if percent else "")


def _in_digits(text: str) -> str:
    return WRITTEN_NUMBER.sub(lambda found: NUMBER_WORDS[found[0].casefold()], text)


def _denies(text: str) -> bool:
    """An odd number of negations; "nor" only goes on with one that was there before."""
    found = NEGATION.findall(text.casefold())
    first = [word for word in found if word != "nor"]
    return len(first) % 2 == 1 if first else bool(found)


def _shared_pairs(claim: str, text: str) -> float:
    """Share of the claim's neighbouring content words that are neighbours in the text too, in either order.

    1 if there are none: a single word cannot be out of order.
    """
    wanted, there = _pairs(claim), _pairs(text)
    return len(wanted & there) / len(wanted) if wanted else 1.0


def _pairs(text: str) -> frozenset[frozenset[str]]:
    stems = [stem(word) for word in WORD.findall(text.casefold()) if content_words(word)]
    return frozenset(frozenset(pair) for pair in pairwise(stems))


def _names_said(claim: str, text: str) -> float:
    """Share of the claim's names that the text says; 1 if it has none."""
    names = {name.casefold() for name in NAME.findall(MARK.sub("", claim))}
    plain = text.casefold()
    return sum(name in plain for name in names) / len(names) if names else 1.0
