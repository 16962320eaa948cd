"""Leaves out what is printed on every page: running headers and footers, page numbers, line numbers."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from ingest.layout.lines import Line
from ingest.pdf.words import PlacedPage, PlacedWord
from ragqa.document import Rect

_MARGIN = 0.11
"""Share of the page's height, at the top and at the bottom, where running lines are looked for."""

_WIDE_MARGIN = 0.2
_MANY, _FEW = 10, 2
"""Line numbers on a page that tell that a paper is a manuscript, and on its last page."""

_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"^[\W_]*(page|p\.?|seite|s\.)?\s*(\d{1,5}|[ivxlc]{1,7})\s*((of|von|/)\s*\d{1,5})?[\W_]*$", re.IGNORECASE
)


class _Bounds(NamedTuple):
    """Heights on a page between which the text stands."""

    top: float
    bottom: float
    height: float


def drop_running_lines(
    pages: Sequence[Sequence[Line]], heights: Sequence[float], tables: Sequence[Sequence[Rect]] = ()
) -> list[list[Line]]:
    """Each page's lines without running headers, footers and page numbers; what stands in ``tables`` is kept."""
    bounds = [_bounds(lines, height) for lines, height in zip(pages, heights, strict=True)]
    repeated = _repeated_keys(pages, bounds)
    kept = [
        [line for line in lines if not _is_running(line, bound, repeated) or _is_inside(line, boxes)]
        for lines, bound, boxes in zip(pages, bounds, tables or [()] * len(pages), strict=True)
    ]
    # A file of slides or labels may have nothing but repeated lines.
    return kept if any(kept) else [list(lines) for lines in pages]


def _bounds(lines: Sequence[Line], height: float) -> _Bounds:
    """Where the text may begin and end: small books have wide margins, so their outermost rows count as well."""
    first = min((line.y1 for line in lines), default=0.0)
    last = max((line.y0 for line in lines), default=height)
    top = max(_MARGIN * height, min(first + 2, _WIDE_MARGIN * height))
    return _Bounds(top, min((1 - _MARGIN) * height, max(last - 2, (1 - _WIDE_MARGIN) * height)), height)


def _repeated_keys(pages: Sequence[Sequence[Line]], bounds: Sequence[_Bounds]) -> set[str]:
    """What stands in the margins of at least a fifth of the pages, and of two; digits do not count."""
    seen: Counter[str] = Counter()
    for lines, bound in zip(pages, bounds, strict=True):
        seen.update({_key(line, bound) for line in lines if _in_margin(line, bound)})
    needed = max(2, len(pages) / 5)
    return {key for key, count in seen.items() if count >= needed}


def _is_running(line: Line, bounds: _Bounds, repeated: set[str]) -> bool:
    if not _in_margin(line, bounds):
        return False
    if _key(line, bounds) in repeated or line.text.isdigit():
        return True
    is_outside = line.y1 < _MARGIN * bounds.height or line.y0 > (1 - _MARGIN) * bounds.height
    # "491." is the end of a reference.
    return is_outside and bool(_PAGE_NUMBER.match(line.text)) and not line.text.endswith(".")


def _is_inside(part: Line | PlacedWord, boxes: Sequence[Rect]) -> bool:
    x, y = (part.x0 + part.x1) / 2, (part.y0 + part.y1) / 2
    return any(x0 - 3 < x < x1 + 3 and y0 < y < y1 for x0, y0, x1, y1 in boxes)


def _in_margin(line: Line, bounds: _Bounds) -> bool:
    return line.y1 < bounds.top or line.y0 > bounds.bottom


def _key(line: Line, bounds: _Bounds) -> str:
    side = "top" if line.y1 < bounds.top else "bottom"
    # The size, since the running header often repeats the title, which is set larger.
    return f"{side} {line.size:.0f} {_DIGITS.sub('#', line.text.lower())}"


def drop_line_numbers(pages: Sequence[PlacedPage], tables: Sequence[Sequence[Rect]] = ()) -> list[PlacedPage]:
    """Manuscripts number their lines: bare numbers, one above the other, each one more than the last.

    A column that counts inside one of the page's ``tables`` is kept. Where most pages are numbered, short ones are too.
    """
    boxes = tables or [()] * len(pages)
    shown = [_without_numbers(page, box, _MANY) for page, box in zip(pages, boxes, strict=True)]
    numbered = sum(page is not other for page, other in zip(pages, shown, strict=True))
    if 2 * numbered <= len(pages):
        return shown
    return [_without_numbers(page, box, _FEW) for page, box in zip(shown, boxes, strict=True)]


def _without_numbers(page: PlacedPage, tables: Sequence[Rect], least: int) -> PlacedPage:
    bare = [word for word in page.words if word.text.isdigit() and not _is_inside(word, tables)]
    if len(bare) < least:
        return page
    edge = Counter(round(word.x1) for word in bare).most_common(1)[0][0]
    column = sorted((word for word in bare if abs(word.x1 - edge) < 1.6), key=lambda word: word.y0)
    if len(column) < least or not _counts_up([int(word.text) for word in column]):
        return page
    numbers = set(column)
    return replace(page, words=tuple(word for word in page.words if word not in numbers))


def _counts_up(numbers: list[int]) -> bool:
    steps = sum(later - earlier == 1 for earlier, later in pairwise(numbers))
    return steps >= 0.9 * (len(numbers) - 1)
