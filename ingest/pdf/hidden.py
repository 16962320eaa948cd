"""Which words of a page nobody can see: white, covered, clipped away, off the page, switched off, too small.

Cheap signs name suspects, few on ordinary pages; those are judged by the picture: does the page look any different
without them? Knows page objects and pictures; does not know lines or sections.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from ingest.pdf.page_objects import FORM, IMAGE, PATH, TEXT, Colour, Matrix, PageObjects
from ingest.pdf.words import PlacedWord
from ragqa.document import Rect

SMALLEST = 2.2
"""Points: lower letters cannot be read on paper."""
NARROWEST = 0.15
"""Font sizes, of 3 points at least, that a letter takes of its line; less is a squeezed line, or other words."""
_FEWEST_LETTERS = 5
"""Of a squeezed word: accents are letters that take no room."""
FAINTEST = 38
"""Levels of brightness, of 255, by which text must differ from what is behind it to be seen."""
_INK = 50
"""Levels of brightness within a word's place that show that a scan has something there."""
_SCAN_SHARE = 0.6
"""A page whose pictures cover this much of it is a scan."""
_NEAR_WHITE = 190
_OPAQUE = 255
_CELL = 4.0
"""Points: covers are looked up on a grid."""
_THIN = 1.2
"""Points: rules and underlines hide nothing."""
_SCALE = 2.0
_MOST_PIXELS = 8_000_000
_MOST_OBJECTS = 300_000

_LAYER = re.compile(rb"/(?:O|#4[fF])(?:C|#43)[\s<]")
_NOWHERE = (-1, None)

Picture = Callable[[Rect, float], Any]
"""Draws a part of the page, at so many pixels per point."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A page as shown: size in points, the way there from the file's coordinates, and how to draw a part of it."""

    width: float
    height: float
    place: Callable[[float, float, float, float], Rect]
    picture: Picture


class _Surroundings(NamedTuple):
    """What holds an object: the page itself, or a form."""

    matrix: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
    is_form: bool = False
    veil: int = 0
    """The outermost form that is painted as a whole, perhaps without a trace; 0 if there is none."""


class _Cover(NamedTuple):
    """Something painted that is no text: its turn, its place as shown, its colour unless that is many."""

    turn: int
    rect: Rect
    colour: Colour | None
    is_image: bool


class _Painting(NamedTuple):
    """What is painted on a page: the turn of each text object and what holds it, and all that may cover text."""

    texts: dict[int, tuple[int, _Surroundings]]
    covers: list[_Cover]


class Sight(NamedTuple):
    """What a reader sees of a page: all words but those at the ``hidden`` positions, on a scan or not."""

    hidden: set[int]
    is_scan: bool


def may_have_layers(path: Path) -> bool:
    """Whether anything in the file belongs to a layer that can be switched off."""
    # Names of a stream's own dictionary are never compressed nor encrypted.
    return bool(_LAYER.search(path.read_bytes()))


def look(
    objects: PageObjects,
    page: int,
    frame: Frame,
    words: Sequence[PlacedWord],
    owners: Sequence[int],
    *,
    has_layers: bool,
) -> Sight:
    """Which of a page's words are seen; ``owners`` are the text objects of their first letters."""
    painting = _painting(objects, page, frame)
    is_scan = _share_of_images(painting.covers, frame) > _SCAN_SHARE
    hidden = _off_page(words, frame) | _too_small(words, owners)
    suspects = _suspects(objects, words, owners, painting, has_layers=has_layers) - hidden
    veiled = _veiled(owners, painting)
    if not suspects and not veiled:
        return Sight(hidden, is_scan)
    judge = _Judge(objects, frame, words, owners, painting)
    for group in veiled:
        # What a veil does it does to all: the first, the middle and the last word speak for the others.
        if any(judge.unseen([position]) for position in {group[0], group[len(group) // 2], group[-1]} - suspects):
            suspects.update(group)
    return Sight(hidden | judge.unseen(sorted(suspects)), is_scan)


def _off_page(words: Sequence[PlacedWord], frame: Frame) -> set[int]:
    width, height = frame.width, frame.height
    return {
        position
        for position, (_, x0, y0, x1, y1, *_) in enumerate(words)
        if x1 <= 0 or y1 <= 0 or x0 >= width or y0 >= height
    }


def _too_small(words: Sequence[PlacedWord], owners: Sequence[int]) -> set[int]:
    """A line of words set too small to be read; a lone tiny letter is a subscript of a small drawing."""
    small = [
        position
        for position, (text, x0, y0, x1, y1, size, _, _, quarter, *_) in enumerate(words)
        if (size < SMALLEST or (y1 - y0 if quarter & 1 else x1 - x0) < NARROWEST * len(text) * max(size, 3.0))
        and _is_small(words[position])
    ]
    lines = {owners[position] for position in small if len(words[position].text) > 2}
    of_lines = {at for at, owner in enumerate(owners) if owner in lines} if lines else set()
    return of_lines | {at for at in small if words[at].size < 1}


def _is_small(word: PlacedWord) -> bool:
    along, across = word.x1 - word.x0, word.y1 - word.y0
    if word.quarter % 2 if word.quarter >= 0 else across > along:
        along, across = across, along
    # Of scripts that run both ways the first and the last letter do not tell how long a word is.
    squeezed = (
        len(word.text) >= _FEWEST_LETTERS
        and word.text.isascii()
        and along < NARROWEST * len(word.text) * max(word.size, 3.0)
    )
    return squeezed or (word.size < SMALLEST and across < 2 * SMALLEST)


def _painting(objects: PageObjects, page: int, frame: Frame) -> _Painting:
    painting = _Painting({}, [])
    pieces = _pieces(objects, objects.of_page(page), _Surroundings())
    for turn, (item, kind, around) in enumerate(islice(pieces, _MOST_OBJECTS)):
        if kind == TEXT:
            painting.texts[item] = (turn, around)
        elif kind != PATH or objects.is_filled(item):
            rect = _cut_to_page(frame.place(*_boxed(objects.bounds(item), around.matrix)), frame)
            if rect[2] - rect[0] > _THIN and rect[3] - rect[1] > _THIN:
                painting.covers.append(_Cover(turn, rect, _plain_colour(objects, item, kind), kind == IMAGE))
    return painting


def _pieces(
    objects: PageObjects, items: Iterable[int], around: _Surroundings
) -> Iterator[tuple[int, int, _Surroundings]]:
    """Objects that leave a mark, in order of painting, with their kind and what holds them."""
    for item in items:
        kind = objects.kind(item)
        if kind == FORM:
            veil = around.veil or (item if objects.is_transparent(item) else 0)
            inner = _Surroundings(_times(objects.matrix(item), around.matrix), True, veil)
            yield from _pieces(objects, objects.of_form(item), inner)
        else:
            yield item, kind, around


def _plain_colour(objects: PageObjects, item: int, kind: int) -> Colour | None:
    found = objects.colour(item) if kind == PATH else None
    return found[0] if found else None


def _times(inner: Matrix, outer: Matrix) -> Matrix:
    a, b, c, d, e, f = inner
    g, h, i, j, k, m = outer
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m)


def _boxed(rect: Rect, matrix: Matrix) -> Rect:
    a, b, c, d, e, f = matrix
    corners = [(x, y) for x in (rect[0], rect[2]) for y in (rect[1], rect[3])]
    xs, ys = [a * x + c * y + e for x, y in corners], [b * x + d * y + f for x, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def _suspects(
    objects: PageObjects,
    words: Sequence[PlacedWord],
    owners: Sequence[int],
    painting: _Painting,
    *,
    has_layers: bool,
) -> set[int]:
    colours: dict[int, Colour | None] = {}
    odd = set()
    for owner in set(owners):
        colours[owner], is_odd = _looks(objects, owner) if owner in painting.texts else (None, True)
        if is_odd or (has_layers and (painting.texts[owner][1].is_form or objects.marks(owner) > 0)):
            odd.add(owner)
    suspects = {position for position, owner in enumerate(owners) if owner in odd} if odd else set()
    if painting.covers:
        turns = [painting.texts.get(owner, _NOWHERE)[0] for owner in owners]
        suspects |= _under_covers(words, turns, painting.covers)
        suspects |= _on_its_own_colour(words, turns, painting.covers, [colours[owner] for owner in owners])
    return suspects


def _looks(objects: PageObjects, owner: int) -> tuple[Colour | None, bool]:
    """The colour of a text object, and whether it is painted in a way that may leave no trace."""
    found = objects.colour(owner)
    if found is None:
        return None, True
    colour, opacity = found
    is_odd = (
        min(colour) > _NEAR_WHITE
        or opacity < _OPAQUE
        or bool(objects.mode(owner))
        or bool(objects.is_transparent(owner))
        or _is_cut(objects, owner)
    )
    return colour, is_odd


def _is_cut(objects: PageObjects, owner: int) -> bool:
    clip = objects.clip(owner)
    if clip is None:
        return False
    x0, y0, x1, y1 = objects.bounds(owner)
    return x0 < clip[0] - 1 or y0 < clip[1] - 1 or x1 > clip[2] + 1 or y1 > clip[3] + 1


def _is_like(cover: Colour | None, text: Colour | None) -> bool:
    """Whether text may be lost on it; on a picture it always may."""
    return cover is None or text is None or _brightness([abs(a - b) for a, b in zip(cover, text, strict=True)]) < 64


def _brightness(levels: Sequence[int]) -> float:
    """How much a change of red, green and blue strikes the eye: a pale yellow hardly, a full one does."""
    red, green, blue = levels
    return max(0.3 * red + 0.59 * green + 0.11 * blue, 0.25 * max(levels))


def _under_covers(words: Sequence[PlacedWord], turns: Sequence[int], covers: Sequence[_Cover]) -> set[int]:
    first = covers[-1].turn
    below = [(-turn, position) for position, turn in enumerate(turns) if turn < first]
    return _met(words, sorted(below), [(-cover.turn, cover.rect) for cover in reversed(covers)])


def _on_its_own_colour(
    words: Sequence[PlacedWord], turns: Sequence[int], covers: Sequence[_Cover], colours: Sequence[Colour | None]
) -> set[int]:
    found = set()
    for colour in set(colours):
        alike = [(cover.turn, cover.rect) for cover in covers if _is_like(cover.colour, colour)]
        if alike:
            first = alike[0][0]
            above = [(turn, at) for at, turn in enumerate(turns) if turn > first and colours[at] == colour]
            found |= _met(words, sorted(above), alike)
    return found


def _met(words: Sequence[PlacedWord], turns: Sequence[tuple[int, int]], covers: Sequence[tuple[int, Rect]]) -> set[int]:
    """Words whose middle lies on a cover of an earlier turn; both are given in the order of their turns."""
    rows: dict[int, int] = {}
    found: set[int] = set()
    done = 0
    for turn, position in turns:
        while done < len(covers) and covers[done][0] < turn:
            _mark(rows, covers[done][1])
            done += 1
        word = words[position]
        row, column = int((word.y0 + word.y1) / 2 / _CELL), max(0, int((word.x0 + word.x1) / 2 / _CELL))
        if rows.get(row, 0) >> column & 1:
            found.add(position)
    return found


def _mark(rows: dict[int, int], rect: Rect) -> None:
    """Fill the cells that a rectangle touches; each row is the bits of a number."""
    first, last = int(rect[0] / _CELL), int(rect[2] / _CELL)
    bits = (1 << last + 1) - (1 << first)
    for row in range(int(rect[1] / _CELL), int(rect[3] / _CELL) + 1):
        rows[row] = rows.get(row, 0) | bits


def _veiled(owners: Sequence[int], painting: _Painting) -> list[list[int]]:
    """Positions of the words of each veiled form."""
    veils = {owner: veil for owner, (_, around) in painting.texts.items() if (veil := around.veil)}
    found: dict[int, list[int]] = {}
    for position, owner in enumerate(owners if veils else ()):
        if owner in veils:
            found.setdefault(veils[owner], []).append(position)
    return list(found.values())


class _Judge:
    """Compares pictures of a page with and without words."""

    def __init__(
        self,
        objects: PageObjects,
        frame: Frame,
        words: Sequence[PlacedWord],
        owners: Sequence[int],
        painting: _Painting,
    ) -> None:
        self._objects = objects
        self._frame = frame
        self._words = words
        self._owners = owners
        self._painting = painting
        self._is_scan = _share_of_images(painting.covers, frame) > _SCAN_SHARE

    def unseen(self, suspects: Sequence[int]) -> set[int]:
        """Those without which the page looks the same, unless they are the text layer of a scan."""
        if not suspects:
            return set()
        boxes = [_cut_to_page(self._words[position].rect, self._frame) for position in suspects]
        left, top, right, bottom = zip(*boxes, strict=True)
        around = (min(left), min(top), max(right), max(bottom))
        area = (around[2] - around[0]) * (around[3] - around[1])
        scale = min(_SCALE, (_MOST_PIXELS / max(1.0, area)) ** 0.5)
        shown, change = self._pictures(around, scale, {self._owners[position] for position in suspects} - {0})
        unseen = set()
        for position, box in zip(suspects, boxes, strict=True):
            pixels = _pixels(self._words[position], box, around, scale)
            is_seen = _brightness([high for _, high in change.crop(pixels).getextrema()]) >= FAINTEST
            if not is_seen and not (self._is_scan and _has_ink(shown.crop(pixels))):
                unseen.add(position)
        return unseen

    def _pictures(self, around: Rect, scale: float, owners: set[int]) -> tuple[Any, Any]:
        """A part of the page, and how it changes when text objects are left out."""
        from PIL import ImageChops

        left_out = owners | self._twins(owners)
        shown = self._frame.picture(around, scale)
        for owner in left_out:
            self._objects.switch(owner, on=False)
        without = self._frame.picture(around, scale)
        for owner in left_out:
            self._objects.switch(owner, on=True)
        return shown, ImageChops.difference(shown, without)

    def _twins(self, owners: set[int]) -> set[int]:
        """Text painted again in the same place, of which PDFium gives one copy only: each may show another part."""
        wordless = self._painting.texts.keys() - set(self._owners)
        if not wordless:
            return set()
        places = [self._place(owner) for owner in owners & self._painting.texts.keys()]
        return {item for item in wordless if any(_overlap(self._place(item), place) for place in places)}

    def _place(self, owner: int) -> Rect:
        return self._frame.place(*_boxed(self._objects.bounds(owner), self._painting.texts[owner][1].matrix))


def _overlap(a: Rect, b: Rect) -> bool:
    """Whether two rectangles share half of the smaller one."""
    common = max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    return common > 0.5 * min((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in (a, b))


def _pixels(word: PlacedWord, box: Rect, around: Rect, scale: float) -> tuple[int, int, int, int]:
    """Where a word stands in a picture; of letters the middle of the line, as boxes of lines overlap."""
    left, top = around[:2]
    x0, y0, x1, y1 = box
    margin = (y1 - y0) / 4 if word.text.isalnum() and not word.quarter % 2 else 0.0
    column, row = int((x0 - left) * scale), int((y0 + margin - top) * scale)
    end, foot = round((x1 - left) * scale), round((y1 - margin - top) * scale)
    return column, row, max(column + 1, end), max(row + 1, foot)


def _has_ink(picture: Any) -> bool:
    return _brightness([high - low for low, high in picture.getextrema()]) >= _INK


def _cut_to_page(rect: Rect, frame: Frame) -> Rect:
    x0, y0, x1, y1 = rect
    return max(0.0, x0), max(0.0, y0), min(frame.width, x1), min(frame.height, y1)


def _share_of_images(covers: Sequence[_Cover], frame: Frame) -> float:
    """Images that overlap count twice."""
    area = sum((x1 - x0) * (y1 - y0) for _, (x0, y0, x1, y1), _, is_image in covers if is_image)
    return area / max(1.0, frame.width * frame.height)
