"""Where the tables of a page are: beside captions, between ruling lines, or in rows of cells where none are drawn.

Text inside a table is parted from the running text before anything else is told of it. Knows lines and rules.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ingest.layout.cells import Cell, Grid, grid_of
from ingest.layout.lines import Line
from ingest.layout.pieces import Frame, Level
from ingest.layout.table_captions import PROSE_WORDS, Caption, box_of, captions_of
from ingest.pdf.rules import THICKEST
from ragqa.document import Rect

_FIGURE = re.compile(r"^(extended data |supplement(ary|al) )?(fig(ure|\.)|scheme|algorithm)\s*\d", re.IGNORECASE)
_PART = re.compile(r"^\([a-h]\)\s*\S")
_ROW_GAP = 2.6
"""In font sizes: a larger gap ends a table without rules. Group heads leave up to two."""
_NEAR = 40.0
"""Points: how far from its caption a table may begin."""
_MOST_LOOSE_ROWS = 2
"""Rows of a table, or notes, that may stand between its last rule and the caption."""
_LOOSE_ROW_COST = 10.0
_SHORTEST_RULE = 10.0
_SAME_WIDTH = 1.04
_CELL_GAP = 0.8
"""In font sizes: words of running text stand closer."""
_HEAD_HEIGHT = 60.0
"""Points that a head above the first rule of full width may take."""


@dataclass(frozen=True, slots=True)
class FoundTable:
    """The lines of a table; no grid if they make no cells. ``caption`` is its first line.

    ``names`` are the lines that name a part of a larger table: they belong to no cell.
    """

    lines: tuple[Line, ...]
    grid: Grid | None
    caption: Line
    names: tuple[Line, ...] = ()

    def shown_lines(self) -> list[Line]:
        """Lines in the order of reading: row by row, cell by cell."""
        if self.grid is None:
            return list(self.lines)
        return [line for row in self.grid.rows for cell in row for line in cell] + list(self.names)

    def cells(self) -> Sequence[Sequence[Cell]]:
        """The grid's rows; none without a grid."""
        return self.grid.rows if self.grid else ()


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A place where a caption's table may be; the lower the cost, the better."""

    caption: Caption
    frame: Frame
    is_above: bool
    cost: float


def find_tables(lines: Sequence[Line], rules: Sequence[Rect], gutters: Sequence[float]) -> list[FoundTable]:
    """Every table that has a caption, with its lines, which are no longer part of the text."""
    captions = captions_of(lines, rules)
    if not captions:
        return []
    page = _Page(lines, rules, gutters, captions)
    found = [_read(page, candidate) for candidate in _choose(page.candidates())]
    return [table for tables in found for table in tables]


def ruled_boxes(rules: Sequence[Rect]) -> list[Rect]:
    """Places between three or more rules of one width: what is there belongs to a table."""
    stacks: dict[tuple[int, int], list[float]] = {}
    for level in _levels(rules):
        stacks.setdefault((round(level.x0 / 4), round(level.x1 / 4)), []).append(level.y)
    return [
        (4.0 * left, min(heights), 4.0 * right, max(heights))
        for (left, right), heights in stacks.items()
        if len(heights) > 2
    ]


def _choose(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """One place for each caption, none for two; captions of a page like to stand on one side of their tables."""
    ways = [_cheapest(candidates, penalty) for penalty in ((0, 0), (30, 0), (0, 30), (1000, 0), (0, 1000))]
    return max(ways, key=lambda chosen: (len(chosen), -_turns(chosen), -sum(candidate.cost for candidate in chosen)))


def _turns(chosen: Sequence[_Candidate]) -> int:
    """How many captions stand on the other side than most."""
    above = sum(candidate.is_above for candidate in chosen)
    return min(above, len(chosen) - above)


def _cheapest(candidates: Sequence[_Candidate], penalty: tuple[float, float]) -> list[_Candidate]:
    """``penalty`` for tables below and for tables above their captions."""
    chosen: list[_Candidate] = []
    for candidate in sorted(candidates, key=lambda candidate: candidate.cost + penalty[candidate.is_above]):
        if not any(other.caption is candidate.caption or _overlap(other.frame, candidate.frame) for other in chosen):
            chosen.append(candidate)
    return chosen


def _overlap(first: Frame, second: Frame) -> bool:
    across = min(first.x1, second.x1) - max(first.x0, second.x0) > 4
    return across and min(first.y1, second.y1) - max(first.y0, second.y0) > 4


def _read(page: "_Page", candidate: _Candidate) -> list[FoundTable]:
    """The tables of one place: several if each has a name of its own, such as "(a) Test set"."""
    frame = candidate.frame
    lines = page.lines_in(frame.x0 - 3, frame.y0 - 2, frame.x1 + 3, frame.y1 + 2)
    found: list[FoundTable] = []
    for part, names in _parts_of(lines):
        low, high = min(line.y0 for line in part), max(line.y1 for line in part)
        inside = replace(frame, y0=max(frame.y0, low), y1=min(frame.y1, high)) if names else frame
        levels = tuple(level for level in frame.levels if inside.y0 < level.y < inside.y1)
        grid = grid_of([word for line in part for word in line.words], replace(inside, levels=levels))
        if grid or frame.levels:
            found.append(FoundTable((*part, *names), grid, candidate.caption.lines[0], tuple(names)))
    return found


def _parts_of(lines: Sequence[Line]) -> list[tuple[list[Line], list[Line]]]:
    """Lines and the names of parts, which stand below them or above."""
    rows = _rows(lines)
    named = [index for index, row in enumerate(rows) if len(row) == 1 and _PART.match(row[0].text)]
    if len(named) < 2:
        return [(list(lines), [])] if lines else []
    starts = [0, *(index + 1 for index in named[:-1])] if named[0] > 0 else named
    ends = [*starts[1:], len(rows)]
    parts: list[tuple[list[Line], list[Line]]] = []
    for start, end in zip(starts, ends, strict=True):
        names = [line for index in range(start, end) if index in named for line in rows[index]]
        rest = [line for index in range(start, end) if index not in named for line in rows[index]]
        if rest:
            parts.append((rest, names))
    return parts


class _Page:
    """Lines and rules of a page that has captions of tables."""

    def __init__(
        self, lines: Sequence[Line], rules: Sequence[Rect], gutters: Sequence[float], captions: Sequence[Caption]
    ) -> None:
        self._captions = captions
        taken = {id(line) for caption in captions for line in caption.lines}
        self._lines = sorted((line for line in lines if id(line) not in taken), key=lambda line: line.middle)
        self._levels = _levels(rules)
        self._uprights = [((x0 + x1) / 2, y0, y1) for x0, y0, x1, y1 in rules if y1 - y0 > max(x1 - x0, THICKEST)]
        self._gutters = gutters

    def lines_in(self, x0: float, y0: float, x1: float, y1: float) -> list[Line]:
        """Lines whose middle lies in the box, captions left out."""
        return [line for line in self._lines if y0 < line.middle < y1 and x0 < (line.x0 + line.x1) / 2 < x1]

    def candidates(self) -> list[_Candidate]:
        """Places beside every caption, by the rules; without rules, by the rows."""
        found: list[_Candidate] = []
        for caption in self._captions:
            ruled = [self._ruled(caption, is_above) for is_above in (True, False)]
            places = [place for place in ruled if place]
            if not places:
                places = [place for is_above in (True, False) if (place := self._aligned(caption, is_above))]
            found += places
        return found

    def _ruled(self, caption: Caption, is_above: bool) -> _Candidate | None:
        """The stack of rules of one width that begins at the caption."""
        edge = caption.box[1] if is_above else caption.box[3]
        outward = sorted(
            (level for level in self._levels if (level.y < edge + 2 if is_above else level.y > edge - 2)),
            key=lambda level: abs(level.y - edge),
        )
        start = next((level for level in outward if _is_beside(level, caption.box)), None)
        if start is None or abs(start.y - edge) > _NEAR:
            return None
        low, high = sorted((start.y, edge))
        between = _rows(self.lines_in(start.x0, low, start.x1, high))
        if len(between) > _MOST_LOOSE_ROWS or any(
            _is_prose(line, start.x1 - start.x0) for row in between for line in row
        ):
            return None
        far = self._end_of_stack(outward[outward.index(start) :])
        if far == start.y:
            return None
        far = self._beyond(start, far, is_above=is_above)
        low, high = sorted((edge if between else start.y, far))
        inside = self.lines_in(start.x0 - 3, low, start.x1 + 3, high)
        if len({round(line.middle) for line in inside}) < 2:
            return None
        cost = abs(start.y - edge) + _LOOSE_ROW_COST * len(between)
        return _Candidate(caption, self._frame(start.x0, low, start.x1, high), is_above, cost)

    def _beyond(self, start: Level, far: float, *, is_above: bool) -> float:
        """Where a table ends that has no rule above its head or below its last rows, but cells right beside it."""
        reach = (far - _HEAD_HEIGHT, far) if is_above else (far, far + _HEAD_HEIGHT)
        lines = self.lines_in(start.x0 - 3, reach[0], start.x1 + 3, reach[1])
        for row in _rows(lines[::-1] if is_above else lines)[:_MOST_LOOSE_ROWS]:
            size = max(line.size for line in row)
            if not _has_gap(row) or abs(row[0].middle - far) > 1.3 * size or any(map(_reads_on, row)):
                break
            far = row[0].middle + (-0.6 if is_above else 0.6) * size
        return far

    def _end_of_stack(self, outward: Sequence[Level]) -> float:
        """Height of the last rule that belongs to the first one; names above the top rule may have one of their own."""
        start = last = outward[0]
        width = start.x1 - start.x0
        beyond = start
        for level in outward[1:]:
            shared = min(level.x1, start.x1) - max(level.x0, start.x0)
            if shared < _SHORTEST_RULE:
                continue
            if self._parts(last, level, start) or level.x1 - level.x0 > _SAME_WIDTH * width:
                break
            if shared > 0.9 * width:
                last = beyond = level
            elif abs(level.y - last.y) < _HEAD_HEIGHT:
                beyond = level
        return beyond.y

    def _parts(self, last: Level, level: Level, start: Level) -> bool:
        """Whether something between two rules belongs to no table: running text, or a caption."""
        low, high = sorted((last.y, level.y))
        if any(
            low < caption.lines[0].middle < high and caption.box[0] < start.x1 and caption.box[2] > start.x0
            for caption in self._captions
        ):
            return True
        lines = self.lines_in(start.x0 - 3, low, start.x1 + 3, high)
        return _has_prose(lines, start.x1 - start.x0) or any(_FIGURE.match(line.text) for line in lines)

    def _frame(self, x0: float, y0: float, x1: float, y1: float) -> Frame:
        levels = [level for level in self._levels if y0 + 1 < level.y < y1 - 1 and level.x0 < x1 and level.x1 > x0]
        uprights = [up for up in self._uprights if x0 - 3 < up[0] < x1 + 3 and up[1] < y1 and up[2] > y0]
        return Frame(x0, y0, x1, y1, tuple(levels), tuple(uprights))

    def _aligned(self, caption: Caption, is_above: bool) -> _Candidate | None:
        """Rows that follow each other away from the caption while they look like cells."""
        left, right = self._column_of(caption)
        _, top, _, bottom = caption.box
        edge = top if is_above else bottom
        lines = [line for line in self._lines if line.x0 > left - 3 and line.x1 < right + 3]
        lines = [line for line in lines if (line.middle < edge if is_above else line.middle > edge)]
        rows = _rows(lines if not is_above else lines[::-1])
        taken = _cells_run(rows, edge, right - left)
        several = sum(len(row) > 1 for row in taken)
        if several < 2 or 2 * several < len(taken):
            return None
        x0, y0, x1, y1 = box_of(line for row in taken for line in row)
        near = abs((y1 if is_above else y0) - edge)
        return _Candidate(caption, self._frame(x0, y0, x1, y1), is_above, near + 40)

    def _column_of(self, caption: Caption) -> tuple[float, float]:
        """Left and right end of the column that the caption stands in; of all, if it reaches across."""
        x0, _, x1, _ = caption.box
        if any(x0 < gutter - 8 and x1 > gutter + 8 for gutter in self._gutters):
            return 0.0, 10_000.0
        return (
            max((gutter for gutter in self._gutters if gutter <= x0 + 8), default=0.0),
            min((gutter for gutter in self._gutters if gutter >= x1 - 8), default=10_000.0),
        )


def _is_beside(level: Level, box: Rect) -> bool:
    """Whether a rule and a caption stand above each other."""
    x0, _, x1, _ = box
    return min(level.x1, x1) - max(level.x0, x0) > 0.3 * min(x1 - x0, level.x1 - level.x0)


def _levels(rules: Sequence[Rect]) -> list[Level]:
    """Rules across, pieces of one line joined."""
    flat = sorted((round((y0 + y1) / 2, 1), x0, x1) for x0, y0, x1, y1 in rules if y1 - y0 <= THICKEST < x1 - x0)
    rows: list[list[tuple[float, float, float]]] = []
    for rule in flat:
        if rows and rule[0] - rows[-1][0][0] < 1.2:
            rows[-1].append(rule)
        else:
            rows.append([rule])
    return [level for row in rows for level in _joined(row)]


def _joined(row: Sequence[tuple[float, float, float]]) -> list[Level]:
    levels: list[Level] = []
    for y, x0, x1 in sorted(row, key=lambda rule: rule[1]):
        if levels and x0 - levels[-1].x1 < 3:
            levels[-1] = Level(levels[-1].y, levels[-1].x0, max(x1, levels[-1].x1))
        else:
            levels.append(Level(y, x0, x1))
    return levels


def _has_prose(lines: Sequence[Line], width: float) -> bool:
    """Three lines in a row as wide as the table, of words."""
    run = 0
    for row in _rows(lines):
        run = run + 1 if len(row) == 1 and _is_prose(row[0], width) else 0
        if run == 3:
            return True
    return False


def _is_prose(line: Line, width: float) -> bool:
    words = sum(word.text.isalpha() for word in line.words)
    return line.x1 - line.x0 > 0.8 * width and len(line.words) >= PROSE_WORDS and 2 * words > len(line.words)


def _has_gap(row: Sequence[Line]) -> bool:
    """Whether the words of a row stand apart as those of cells do."""
    words = sorted((word for line in row for word in line.words), key=lambda word: word.x0)
    return any(right.x0 - left.x1 > _CELL_GAP * row[0].size for left, right in pairwise(words))


def _reads_on(line: Line) -> bool:
    """Many words, most of them small: a line of text."""
    return len(line.words) > 12 and 2 * sum(word.text[0].islower() for word in line.words) > len(line.words)


def _rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Lines side by side; ``lines`` come by height."""
    rows: list[list[Line]] = []
    for line in lines:
        if rows and abs(line.middle - rows[-1][0].middle) < 0.4 * max(line.size, 4.0):
            rows[-1].append(line)
        else:
            rows.append([line])
    return rows


def _cells_run(rows: Sequence[list[Line]], edge: float, width: float) -> list[list[Line]]:
    taken: list[list[Line]] = []
    gap = 1.5 * _ROW_GAP
    for row in rows:
        size = max(max(line.size for line in row), 6.0)
        single = len(row) == 1
        if abs(row[0].middle - edge) > gap * size or (single and _is_prose(row[0], min(width, 300.0))):
            break
        if any(_reads_on(line) for line in row):
            break
        taken.append(row)
        edge, gap = row[0].middle, _ROW_GAP
    # Headings and the ends of paragraphs stand alone.
    while taken and len(taken[-1]) == 1:
        taken.pop()
    return taken
