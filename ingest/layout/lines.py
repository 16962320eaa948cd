"""Words of one page to lines. A line never reaches across the gap between two columns or table cells."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ingest.pdf.accents import LONE_ACCENTS, mend_accents
from ingest.pdf.words import PlacedPage, PlacedWord, is_right_to_left

_FAR = 1e9
_WIDEST_SPACE = 1.4
"""In ems: a wider gap parts two columns or two cells. Justified text stays below, ACL's gutter is 1.55."""


@dataclass(slots=True)
class Line:
    """Words side by side; size and font are those of most characters, ``bold`` is true if nearly all are."""

    words: list[PlacedWord]
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    font: str
    bold: bool
    _text: str = field(default="", init=False, repr=False, compare=False)

    @property
    def text(self) -> str:
        """The words joined by single spaces."""
        if not self._text:
            self._text = " ".join([word.text for word in self.words])
        return self._text

    @property
    def middle(self) -> float:
        """Height on the page of the line's middle."""
        return (self.y0 + self.y1) / 2


def lines_of(page: PlacedPage) -> list[Line]:
    """The page's lines, in the order of the file."""
    runs = list(_runs(_printed_once(page.words)))
    if any(word.text in LONE_ACCENTS for run in runs for word in run):
        runs = [mend_accents(run) or run for run in _joined_by_accents(runs)]
    return [line_of(words) for words in runs]


def _joined_by_accents(runs: Iterable[list[PlacedWord]]) -> list[list[PlacedWord]]:
    """An accent drawn before or after its letter parts a row in pieces; words from left to right."""
    joined: list[list[PlacedWord]] = []
    for run in runs:
        last = joined[-1] if joined else []
        has_accent = any(word.text in LONE_ACCENTS for word in (*last[-1:], *run[:1]))
        if last and (has_accent or _is_broken_by_accent(last)) and _touch(last, run):
            joined[-1] = sorted(last + run, key=lambda word: word.x0)
        else:
            joined.append(run)
    return joined


def _is_broken_by_accent(run: Sequence[PlacedWord]) -> bool:
    return any(word.text in LONE_ACCENTS for word in run[-3:])


def _touch(first: Sequence[PlacedWord], second: Sequence[PlacedWord]) -> bool:
    """On one row, with no more than a space between."""
    a, b = first[-1], second[0]
    overlap = min(a.y1, b.y1) - max(a.y0, b.y0)
    left, right = max(word.x1 for word in first), min(word.x0 for word in second)
    is_near = (
        right - left < 0.6 * a.size and min(word.x0 for word in first) - max(word.x1 for word in second) < 0.6 * a.size
    )
    return is_near and overlap > 0.5 * min(a.y1 - a.y0, b.y1 - b.y0)


def _printed_once(words: Sequence[PlacedWord]) -> Iterable[PlacedWord]:
    """Some files print a word twice at one place, for weight or by mistake."""
    seen: set[tuple[str, int, int]] = set()
    for word in words:
        key = (word.text, int(word.x0 / 2), int(word.y0 / 2))
        if key not in seen:
            seen.add(key)
            yield word


def _runs(words: Iterable[PlacedWord]) -> Iterable[list[PlacedWord]]:
    run: list[PlacedWord] = []
    for word in words:
        if run and not _continues(run, word):
            yield run
            run = []
        if run and _is_loose_punctuation(run[-1], word):
            run[-1] = _glued(run[-1], word)
        else:
            run.append(word)
    if run:
        yield run


def _continues(run: list[PlacedWord], word: PlacedWord) -> bool:
    last = run[-1]
    top, bottom, last_top, last_bottom = word.y0, word.y1, last.y0, last.y1
    overlap = (bottom if bottom < last_bottom else last_bottom) - (top if top > last_top else last_top)
    if overlap < 0.4 * (bottom - top) and overlap < 0.4 * (last_bottom - last_top):
        return False
    em = max(last.size, word.size, 4.0)
    if is_right_to_left(word.text) and word.x0 < last.x0:
        return last.x0 - word.x1 < _WIDEST_SPACE * em
    # Accents and italics may overlap the word before them.
    return -0.6 * em < word.x0 - last.x1 < _WIDEST_SPACE * em


def _is_loose_punctuation(last: PlacedWord, word: PlacedWord) -> bool:
    """PDFium breaks the line behind a superscript, which leaves the full stop alone."""
    return word.text in (".", ",", ";", ":", ")", ").", "),") and word.x0 - last.x1 < 0.12 * max(word.size, 4.0)


def _glued(last: PlacedWord, word: PlacedWord) -> PlacedWord:
    return last._replace(
        text=last.text + word.text, x1=max(last.x1, word.x1), y0=min(last.y0, word.y0), y1=max(last.y1, word.y1)
    )


def line_of(words: list[PlacedWord]) -> Line:
    """Words side by side, from left to right, as one line."""
    size, font = dominant_style(words)
    # Raised and lowered marks must not make the line taller than its text.
    least = 0.85 * size
    x0 = y0 = _FAR
    x1 = y1 = -_FAR
    for word in words:
        x0 = word.x0 if word.x0 < x0 else x0
        x1 = word.x1 if word.x1 > x1 else x1
        if word.size >= least:
            y0 = word.y0 if word.y0 < y0 else y0
            y1 = word.y1 if word.y1 > y1 else y1
    return Line(words, x0, y0, x1, y1, size, font, _is_bold(words))


def _is_bold(words: Sequence[PlacedWord]) -> bool:
    # Numbers and Greek letters of a heading may come from another font; a bold phrase that opens a line is none.
    last = words[-1]
    if not last.bold and (not words[0].bold or (last.text.isascii() and last.text.isalpha())):
        return False
    letters = bold = 0
    for word in words:
        letters += len(word.text)
        if word.bold:
            bold += len(word.text)
    return bold >= 0.85 * letters


def dominant_style(words: Sequence[PlacedWord]) -> tuple[float, str]:
    """Font size in points and font name of most characters."""
    weights: dict[tuple[float, str], int] = {}
    for word in words:
        style = (word.size, word.font)
        weights[style] = weights.get(style, 0) + len(word.text)
    return max(weights, key=lambda style: weights[style])
