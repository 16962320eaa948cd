"""Finds quoted words on a page by string match, and the rectangles to draw. Pure.

Both sides are compared after folding case, hyphens, ligatures, quotation marks and white space away, so that a
quote survives how a PDF sets it; nothing looser than that counts as found.
"""

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate

from ragqa.document import Page, Rect, Word

LINE_OVERLAP = 0.5
DROPPED = frozenset("\u00ad\u200b\u2060\ufeff-\u2010\u2011\u2012\u2013\u2014\u2212'\"‘’“”`´")


def locate(quote: str, page: Page) -> tuple[int, int] | None:
    """Words ``start:end`` of the page that are the quote, or None if it does not stand there."""
    wanted = fold(quote)
    if not wanted:
        return None
    folded = [fold(word.text) for word in page.words]
    text = "".join(folded)
    position = text.find(wanted)
    while position >= 0:
        if _on_word_boundaries(text, folded, position, position + len(wanted)):
            return _word_range(folded, position, position + len(wanted))
        position = text.find(wanted, position + 1)
    return None


def _on_word_boundaries(text: str, folded: Sequence[str], begin: int, stop: int) -> bool:
    """No letter or digit of the first and last word is left out; punctuation may be."""
    offsets = list(accumulate(map(len, folded), initial=0))
    first_word_begins = offsets[bisect_right(offsets, begin) - 1]
    last_word_stops = offsets[bisect_left(offsets, stop)]
    left_out = text[first_word_begins:begin] + text[stop:last_word_stops]
    return not any(c.isalnum() for c in left_out)


def _word_range(folded: Sequence[str], begin: int, stop: int) -> tuple[int, int]:
    offsets = list(accumulate(map(len, folded), initial=0))
    return bisect_right(offsets, begin) - 1, bisect_left(offsets, stop)


def fold(text: str) -> str:
    """Case, compatibility forms, hyphens, quotation marks and white space folded away."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in plain if c not in DROPPED and not c.isspace())


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
