"""Ruling lines of a page: the strokes and thin boxes that tables are drawn with. Knows page objects, not tables."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, pairwise

from ingest.pdf.page_objects import FORM, PATH, PageObjects
from ingest.pdf.words import PlacedWord
from ragqa.document import Rect

THICKEST = 2.5
"""Points: what is thicker is a bar or a shading."""
SHORTEST = 6.0
_MOST_OBJECTS = 20_000
"""A page with more is a drawing."""
_WHOLE_PAGE = 300.0
"""Points each way: a form as large may hold the page itself, a smaller one holds a figure."""

_TABLE = re.compile(r"^tab(le|\.)", re.IGNORECASE)
_NUMBER = re.compile(r"^([A-Z]?\.?\d|[IVX]+\b)")

Place = Callable[[float, float, float, float], Rect]
Shift = tuple[float, float, float, float]
"""Scale and offset of both axes."""


def may_have_table(words: Sequence[PlacedWord]) -> bool:
    """Whether a table is named, as every caption does."""
    return any(_TABLE.match(word.text) and _NUMBER.match(after.text) for word, after in pairwise(words))


def rules_of(objects: PageObjects, page: int, place: Place) -> tuple[Rect, ...]:
    """Thin horizontal and vertical strokes as shown; those inside small forms, which hold figures, are left out."""
    boxes = (place(*box) for box in islice(_boxes(objects, objects.of_page(page)), _MOST_OBJECTS))
    return tuple(box for box in boxes if _is_thin(box))


def _boxes(objects: PageObjects, items: Sequence[int], shift: Shift = (1.0, 1.0, 0.0, 0.0)) -> Iterator[Rect]:
    """Bounds of all paths, in the coordinates of the page."""
    wide, high, right, up = shift
    for item in items:
        kind = objects.kind(item)
        if kind == PATH:
            x0, y0, x1, y1 = objects.bounds(item)
            yield (wide * x0 + right, high * y0 + up, wide * x1 + right, high * y1 + up)
        elif kind == FORM:
            x0, y0, x1, y1 = objects.bounds(item)
            a, b, c, d, e, f = objects.matrix(item)
            if min(x1 - x0, y1 - y0) > _WHOLE_PAGE and not (b or c) and min(a, d) > 0:
                yield from _boxes(objects, objects.of_form(item), (wide * a, high * d, wide * e + right, high * f + up))


def _is_thin(box: Rect) -> bool:
    width, height = box[2] - box[0], box[3] - box[1]
    return min(width, height) <= THICKEST and max(width, height) >= SHORTEST
