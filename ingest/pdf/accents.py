"""Accents that a file draws as glyphs of their own, put back on the letters they stand over.

TeX's older fonts draw "é" as two glyphs; where the font's size or the order of the file parts them, they come as two
words. Knows words of one line; does not know what they say.
"""

import unicodedata
from collections.abc import Sequence

from ingest.pdf.words import PlacedWord

_COMBINING = dict(
    zip("`´ˆ˜¨¯˘˙˚¸˝˛ˇ", "\u0300\u0301\u0302\u0303\u0308\u0304\u0306\u0307\u030a\u0327\u030b\u0328\u030c", strict=True)
)
LONE_ACCENTS = frozenset(_COMBINING)
_WIDTHS = dict.fromkeys("iljftrI.,'’", 0.55) | dict.fromkeys("mwMW", 1.5)
"""Of letters, relative to most others; a word's own box tells the rest."""


def mend_accents(words: Sequence[PlacedWord]) -> list[PlacedWord]:
    """Words of one line from left to right, lone accents joined with their letters, and halves of a word joined."""
    accents = [word for word in words if word.text in _COMBINING]
    if not accents:
        return list(words)
    mended = _without_seams([word for word in words if word.text not in _COMBINING])
    for accent in accents:
        middle = (accent.x0 + accent.x1) / 2
        under = [n for n, word in enumerate(mended) if word.x0 - 1 <= middle <= word.x1 + 1]
        if under:
            word = mended[under[0]]
            mended[under[0]] = word._replace(text=_with_accent(word, _COMBINING[accent.text], middle))
    return mended


def _without_seams(words: Sequence[PlacedWord]) -> list[PlacedWord]:
    """The accent cut its word in two: ``Montr`` and ``eal`` touch each other."""
    whole: list[PlacedWord] = []
    for word in words:
        last = whole[-1] if whole else None
        if last and abs(word.x0 - last.x1) < 0.08 * word.size and last.size == word.size and _are_letters(last, word):
            whole[-1] = last._replace(text=last.text + word.text, x1=word.x1)
        else:
            whole.append(word)
    return whole


def _are_letters(first: PlacedWord, second: PlacedWord) -> bool:
    return first.text[-1].isalpha() and second.text[0].isalpha()


def _with_accent(word: PlacedWord, accent: str, middle: float) -> str:
    """The letter nearest to the accent that may carry it does."""
    total = sum(_width(letter) for letter in word.text)
    scale = (word.x1 - word.x0) / total
    place, best, distance = word.x0, -1, float("inf")
    for index, letter in enumerate(word.text):
        centre = place + scale * _width(letter) / 2
        place += scale * _width(letter)
        if len(_composed(letter, accent)) == 1 and abs(centre - middle) < distance:
            best, distance = index, abs(centre - middle)
    if best < 0:
        return word.text
    return word.text[:best] + _composed(word.text[best], accent) + word.text[best + 1 :]


def _composed(letter: str, accent: str) -> str:
    return unicodedata.normalize("NFC", ("i" if letter == "ı" else letter) + accent)


def _width(letter: str) -> float:
    return _WIDTHS.get(letter, 1.0)
