"""Words of one page to lines. A line never reaches across the gap between two columns or table cells."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ingest.words import PlacedPage, PlacedWord, is_right_to_left

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

    @property
    def text(self) -> str:
        """The words joined by single spaces."""
        return " ".join(word.text for word in self.words)

    @property
    def middle(self) -> float:
        """Height on the page of the line's middle."""
        return (self.y0 + self.y1) / 2


def lines_of(page: PlacedPage) -> list[Line]:
    """The page's lines, in the order of the file."""
    return [_line(words) for words in _runs(_printed_once(page.words))]


def _printed_once(words: Sequence[PlacedWord]) -> Iterable[PlacedWord]:
    """Some files print a word twice at one place, for weight or by mistake."""
    seen: set[tuple[str, int, int]] = set()
    for word in words:
        key = (word.text, round(word.x0 / 2), round(word.y0 / 2))
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
    overlap = min(last.y1, word.y1) - max(last.y0, word.y0)
    if overlap < 0.4 * min(last.y1 - last.y0, word.y1 - word.y0):
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


def _line(words: list[PlacedWord]) -> Line:
    size, font = dominant_style(words)
    # Raised and lowered marks must not make the line taller than its text.
    full = [word for word in words if word.size >= 0.85 * size] or words
    return Line(
        words,
        min(word.x0 for word in words),
        min(word.y0 for word in full),
        max(word.x1 for word in words),
        max(word.y1 for word in full),
        size,
        font,
        _is_bold(words),
    )


def _is_bold(words: Sequence[PlacedWord]) -> bool:
    # Numbers and Greek letters of a heading may come from another font; a bold phrase that opens a line is none.
    letters = sum(len(word.text) for word in words)
    return sum(len(word.text) for word in words if word.bold) >= 0.85 * letters


def dominant_style(words: Sequence[PlacedWord]) -> tuple[float, str]:
    """Font size in points and font name of most characters."""
    weights: dict[tuple[float, str], int] = {}
    for word in words:
        style = (word.size, word.font)
        weights[style] = weights.get(style, 0) + len(word.text)
    return max(weights, key=lambda style: weights[style])
