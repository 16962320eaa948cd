"""Whether a sentence may be a claim of other words: enough words in common, every figure, the same polarity. Pure.

Compares words only: a claim that swaps a word for its opposite is not seen through.
"""

import re

from ragqa.answer.words import content_words, coverage

LEAST_SUPPORT = 0.5  # share of a sentence's content words that the words behind it must have
MARK = re.compile(r"\s*\[(\d+(?:\s*,\s*\d+)*)\]")
FIGURE = re.compile(r"((?<!\w)[-−–])?(\d+(?:[.,]\d+)*)(\s?%|\s+per\s?cent\b)?")
THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
NUMBER_WORDS = {
    word: str(number)
    for number, word in enumerate("two three four five six seven eight nine ten eleven twelve".split(), start=2)
}
NEGATION = re.compile(r"\b(?:not|no|never|without|cannot|neither|nor)\b|n['’]t\b")


def carries(text: str, sentence: str) -> bool:
    """True if the text has enough of the sentence's words, all of its figures, and denies as it does."""
    enough = coverage(content_words(sentence), text) >= LEAST_SUPPORT
    return enough and figures(sentence) <= figures(text) and _denies(sentence) == _denies(text)


def figures(text: str) -> frozenset[str]:
    """Whole numbers and decimals with their sign and percent sign; numbers of references are none."""
    plain = MARK.sub("", text).casefold()
    written = {_figure(*found.groups(default="")) for found in FIGURE.finditer(plain)}
    return frozenset(written | {NUMBER_WORDS[word] for word in re.findall(r"\w+", plain) if word in NUMBER_WORDS})


def _figure(sign: str, digits: str, percent: str) -> str:
    plain = digits.replace(",", "") if THOUSANDS.fullmatch(digits) else digits
    return ("-" if sign else "") + plain + ("%" if percent else "")


def _denies(text: str) -> bool:
    """An odd number of negations; "nor" only goes on with one that was there before."""
    found = NEGATION.findall(text.casefold())
    first = [word for word in found if word != "nor"]
    return len(first) % 2 == 1 if first else bool(found)
