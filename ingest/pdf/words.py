"""Words as a PDF library places them on a page, and their text made fit to search.

Knows characters and rectangles; does not know lines, columns or any PDF library.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from ragqa.document import Rect


class PlacedWord(NamedTuple):
    """A run without white space: rectangle in points from the top left, font size in points."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    font: str = ""
    bold: bool = False
    quarter: int = 0
    """Quarter turns of the writing against the clock: 0 upright, 1 upwards, 2 upside down, 3 downwards, -1 slanted."""
    shown: Rect | None = None
    """Where the word stands on the page as shown, if the other coordinates are those of a page turned upright."""

    @property
    def rect(self) -> Rect:
        """Where the word stands on the page as shown."""
        return self.shown or (self.x0, self.y0, self.x1, self.y1)


@dataclass(frozen=True, slots=True)
class PlacedPage:
    """A page as it is shown: its size in points, its words in the order of the file, how many more nobody sees.

    ``is_scan`` says that pictures cover most of it.
    """

    number: int
    width: float
    height: float
    words: tuple[PlacedWord, ...]
    hidden: int = 0
    is_scan: bool = False
    rules: tuple[Rect, ...] = ()
    """Ruling lines, where the page may have a table."""


@dataclass(frozen=True, slots=True)
class OutlineEntry:
    """One bookmark of the file; ``level`` counts from 1."""

    title: str
    level: int


_SPACING_ACCENTS = dict(
    zip("`´ˆ˜¨¯˘˙˚¸˝˛ˇ", "\u0300\u0301\u0302\u0303\u0308\u0304\u0306\u0307\u030a\u0327\u030b\u0328\u030c", strict=True)
)
_ACCENT_BEFORE_LETTER = re.compile(f"([{''.join(_SPACING_ACCENTS)}])([A-Za-zı])")
# Private use code points that symbol fonts give to the marks of lists.
_BULLETS = frozenset("\uf0b7\uf0a7\uf076\uf0d8\uf02d\uf06c\uf06e\uf0fc")


_FEWEST_ASIDE = 30
UPRIGHT_SHARE = 0.15  # a table set sideways leaves only the page's header upright


def turn_upright(page: PlacedPage) -> PlacedPage:
    """The page without stamps and labels that run another way than its text, turned so that the text runs right."""
    quarter = _reading_quarter(page.words)
    words = [word for word in page.words if word.quarter == quarter]
    if quarter <= 0:
        return replace(page, words=tuple(words))
    width, height = (page.height, page.width) if quarter % 2 else (page.width, page.height)
    rules = tuple(_turned_rect(rule, quarter, page) for rule in page.rules)
    return replace(page, width=width, height=height, words=tuple(_turned(word, page) for word in words), rules=rules)


def turned_aside(page: PlacedPage) -> PlacedPage | None:
    """What :func:`turn_upright` leaves out, turned, if it is enough for a table set sideways on an upright page."""
    upright = _reading_quarter(page.words)
    counts = Counter(word.quarter for word in page.words if word.quarter not in (upright, -1))
    if upright or not counts or counts.most_common(1)[0][1] < _FEWEST_ASIDE:
        return None
    quarter = counts.most_common(1)[0][0]
    return turn_upright(replace(page, words=tuple(word for word in page.words if word.quarter == quarter)))


def _reading_quarter(words: Sequence[PlacedWord]) -> int:
    """Upright unless hardly anything is: a drawing may hold more words than the caption that says what it is."""
    counts = Counter(word.quarter for word in words)
    if counts[0] >= UPRIGHT_SHARE * len(words):
        return 0
    return counts.most_common(1)[0][0]


def _turned(word: PlacedWord, page: PlacedPage) -> PlacedWord:
    left, top, right, bottom = _turned_rect((word.x0, word.y0, word.x1, word.y1), word.quarter, page)
    return word._replace(x0=left, y0=top, x1=right, y1=bottom, shown=word.rect)


def _turned_rect(rect: Rect, quarter: int, page: PlacedPage) -> Rect:
    x0, y0, x1, y1 = rect
    if quarter == 1:
        return (page.height - y1, x0, page.height - y0, x1)
    if quarter == 2:
        return (page.width - x1, page.height - y1, page.width - x0, page.height - y0)
    return (y0, page.width - x1, y1, page.width - x0)


def clean_text(text: str) -> str:
    """Expand ligatures, put accents on their letters, drop what cannot be shown; may return ''."""
    if text.isascii() and text.isprintable():
        return text
    if _ACCENT_BEFORE_LETTER.search(text):
        text = _ACCENT_BEFORE_LETTER.sub(_compose, text)
    # Some Arabic forms stand for several words: a word has no space inside.
    return unicodedata.normalize("NFC", "".join(map(_clean_character, text))).replace(" ", "")


def is_right_to_left(text: str) -> bool:
    """True if the first letter belongs to Hebrew, Arabic and the like."""
    return not text.isascii() and unicodedata.bidirectional(text[0]) in ("R", "AL")


def _compose(match: re.Match[str]) -> str:
    # TeX's older fonts draw "ü" as two glyphs, the accent first; the dotless i carries its accent instead of a dot.
    letter = "i" if match[2] == "ı" else match[2]
    return unicodedata.normalize("NFC", letter + _SPACING_ACCENTS[match[1]])


@lru_cache(maxsize=4096)
def _clean_character(character: str) -> str:
    if character in _BULLETS:
        return "•"
    # Cc, Cf, Cs, Co, Cn: controls, joiners, lone surrogates, private use, unassigned.
    if unicodedata.category(character)[0] == "C":
        return ""
    if _is_presentation_form(ord(character)):
        return unicodedata.normalize("NFKC", character)
    return character


def _is_presentation_form(code: int) -> bool:
    """Letters that exist twice in Unicode only for their looks; superscripts and fractions stay as they are."""
    return (
        0xFB00 <= code <= 0xFDFF  # Latin ligatures, Hebrew and Arabic forms
        or 0xFE70 <= code <= 0xFEFE  # Arabic forms
        or 0xFF01 <= code <= 0xFF5E  # full-width ASCII
        or 0x1D400 <= code <= 0x1D7FF  # mathematical letters
        or 0x2F00 <= code <= 0x2FD5  # Kangxi radicals
        or code in (0x00B5, 0x2126, 0x212A)  # micro, ohm, kelvin
    )
