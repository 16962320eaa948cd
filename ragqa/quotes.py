"""Finds quoted words among words by string match, and the rectangles to draw. Pure.

Both sides are compared after folding case, hyphens, ligatures, quotation marks and white space away, so that a
quote survives how a PDF sets it; nothing looser than that counts as found. The sign of a number is kept.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate

from ragqa.document import Page, Rect, Word

LINE_OVERLAP = 0.5
DROPPED = frozenset("\u00ad\u200b\u2060\ufeff-\u2010\u2011\u2012\u2013\u2014\u2212'\"‘’“”`´")
MINUS = "-"
SIGN = re.compile(r"(?<!\w)[-\u2012\u2013\u2212](?=\d)")


def locate(quote: str, page: Page, passage: str = "") -> tuple[int, int] | None:
    """Words ``start:end`` of the page that are the quote, inside the passage if it stands there; None if nowhere."""
    words = [word.text for word in page.words]
    if passage and (around := find_words(passage, words)):
        start, end = around
        if inside := find_words(quote, words[start:end]):
            return start + inside[0], start + inside[1]
    return find_words(quote, words)


def find_words(quote: str, words: Sequence[str]) -> tuple[int, int] | None:
    """The first ``start:end`` of the words that is the quote; whole words only."""
    wanted = fold(quote)
    if not wanted:
        return None
    folded = [fold(word) for word in words]
    text = "".join(folded)
    offsets = list(accumulate(map(len, folded), initial=0))
    position = text.find(wanted)
    while position >= 0:
        stop = position + len(wanted)
        first, last = bisect_right(offsets, position) - 1, bisect_left(offsets, stop)
        if _only_punctuation(text[offsets[first] : position] + text[stop : offsets[last]]):
            return first, last
        position = text.find(wanted, position + 1)
    return None


def _only_punctuation(left_out: str) -> bool:
    """No letter, digit or sign of the first and last word is left out; punctuation may be."""
    return not any(c.isalnum() or c == MINUS for c in left_out)


def fold(text: str) -> str:
    """Case, compatibility forms, hyphens, quotation marks and white space folded away; the sign of a number stays."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return MINUS.join("".join(c for c in part if c not in DROPPED and not c.isspace()) for part in SIGN.split(plain))


def line_rects(words: Sequence[Word]) -> tuple[Rect, ...]:
    """One rectangle per line that the words cover, in reading order."""
    lines: list[Rect] = []
    for rect in (rect for word in words for rect in word.rects):
        if lines and _same_line(lines[-1], rect):
            lines[-1] = _union(lines[-1], rect)
        else:
            lines.append(rect)
    return tuple(lines)


def _same_line(a: Rect, b: Rect) -> bool:
    overlap = min(a[3], b[3]) - max(a[1], b[1])
    return overlap >= LINE_OVERLAP * min(a[3] - a[1], b[3] - b[1]) and b[0] >= a[0]


def _union(a: Rect, b: Rect) -> Rect:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])
