"""Lines of one page to blocks of text in reading order, for one, two and three columns.

Blocks follow the order of the file inside, geometry between: most files write a paragraph in one go,
but not the page. Knows nothing of what a block means (see sections.py).
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from statistics import median

from ingest.layout.lines import Line
from ingest.layout.tables import FoundTable, find_tables
from ingest.section_names import is_known
from ragqa.document import BlockKind, Rect

_SENTENCE_END = re.compile(r"[.!?:;]['\"”’)\]]*\d{0,3}$")
_ITEM_START = re.compile(r"^(•|\[\d{1,3}\]|\(\d{1,2}\)|\d{1,3}\.)$")


@dataclass(slots=True)
class TextBlock:
    """Lines that belong together; kind and heading level are told later."""

    lines: list[Line]
    page: int
    kind: BlockKind = BlockKind.PARAGRAPH
    level: int = 0
    table: FoundTable | None = None

    _text: tuple[int, str] = field(default=(0, ""), init=False, repr=False, compare=False)

    @property
    def text(self) -> str:
        """All words joined by single spaces."""
        if self._text[0] != len(self.lines):
            self._text = (len(self.lines), " ".join([line.text for line in self.lines]))
        return self._text[1]

    @property
    def x0(self) -> float:
        """Left edge."""
        return min(line.x0 for line in self.lines)

    @property
    def x1(self) -> float:
        """Right edge."""
        return max(line.x1 for line in self.lines)

    @property
    def y0(self) -> float:
        """Top edge."""
        return min(line.y0 for line in self.lines)

    @property
    def y1(self) -> float:
        """Bottom edge."""
        return max(line.y1 for line in self.lines)

    @property
    def size(self) -> float:
        """Font size of the first line."""
        return self.lines[0].size

    @property
    def bold(self) -> bool:
        """True if every line is bold."""
        return all(line.bold for line in self.lines)


def blocks_in_reading_order(
    lines: Sequence[Line], page: int, gutters: Sequence[float], rules: Sequence[Rect] = ()
) -> list[TextBlock]:
    """The page's blocks: columns from left to right between whatever reaches across them."""
    tables = find_tables(lines, rules, gutters)
    cells = {id(line) for table in tables for line in table.lines}
    blocks = group_lines([line for line in lines if id(line) not in cells], page, gutters)
    blocks += [TextBlock(table.shown_lines(), page, BlockKind.TABLE, table=table) for table in tables]
    captions = {id(table.caption) for table in tables if table.grid}
    for block in blocks:
        if id(block.lines[0]) in captions:
            block.kind = BlockKind.CAPTION
    return join_scraps(order_blocks(blocks, gutters))


def gutters_of(pages: Sequence[Sequence[Line]], widths: Sequence[float]) -> list[list[float]]:
    """Each page's gutters; a page too empty to tell has those of most other pages."""
    found = [find_gutters(lines, width) for lines, width in zip(pages, widths, strict=True)]
    single = [gutters[0] for gutters in found if len(gutters) == 1]
    if 2 * len(single) <= len(pages):
        return found
    usual = median(single)
    return [gutters or [usual] for gutters in found]


def find_gutters(lines: Sequence[Line], width: float) -> list[float]:
    """Where on the x axis columns are parted: none, one, or two places, from the left."""
    # Cells and labels are narrow and would make gutters of the gaps in tables.
    wide = [line for line in lines if line.x1 - line.x0 >= 0.15 * width]
    if len(wide) < 10:
        return []
    gutter = _deepest_valley(wide, 0.25 * width, 0.75 * width)
    if gutter is None:
        return []
    found = [gutter]
    if gutter < 0.42 * width:
        found.append(_deepest_valley([x for x in wide if x.x0 > gutter - 3], gutter + 0.2 * width, 0.8 * width) or 0)
    elif gutter > 0.58 * width:
        found.append(_deepest_valley([x for x in wide if x.x1 < gutter + 3], 0.2 * width, gutter - 0.2 * width) or 0)
    return sorted(x for x in found if x)


def _deepest_valley(lines: Sequence[Line], low: float, high: float) -> float | None:
    """The x that the fewest lines cross, if many stand on both sides of it; the middle of the valley."""
    if high <= low:
        return None
    places = [low + step * (high - low) / 60 for step in range(61)]
    crossing = _crossing(lines, places)
    fewest = min(crossing)
    bottom = [x for x, count in zip(places, crossing, strict=True) if count == fewest]
    valley = _longest_run(bottom, (high - low) / 60)
    left = sum(line.x1 <= valley for line in lines)
    right = sum(line.x0 >= valley for line in lines)
    return valley if min(left, right) >= max(5, fewest) else None


def _crossing(lines: Sequence[Line], places: Sequence[float]) -> list[int]:
    """How many lines cross each of these places, which stand in order."""
    changes = [0] * (len(places) + 1)
    for line in lines:
        changes[bisect_right(places, line.x0 + 1)] += 1
        changes[max(bisect_left(places, line.x1 - 1), bisect_right(places, line.x0 + 1))] -= 1
    return list(accumulate(changes[:-1]))


def _longest_run(places: list[float], step: float) -> float:
    """Middle of the longest stretch of neighbouring places."""
    runs: list[list[float]] = [[places[0]]]
    for place in places[1:]:
        if place - runs[-1][-1] < 1.5 * step:
            runs[-1].append(place)
        else:
            runs.append([place])
    longest = max(runs, key=len)
    return (longest[0] + longest[-1]) / 2


def group_lines(lines: Sequence[Line], page: int, gutters: Sequence[float]) -> list[TextBlock]:
    """Neighbours in the file that are set alike, one below the other or side by side in a table."""
    pitch = _usual_pitch(lines)
    blocks: list[TextBlock] = []
    for line in lines:
        if blocks and _belongs(blocks[-1], line, pitch, gutters):
            blocks[-1].lines.append(line)
        else:
            blocks.append(TextBlock([line], page))
    return blocks


def _usual_pitch(lines: Sequence[Line]) -> float:
    """Distance from line to line, in font sizes; manuscripts are double-spaced."""
    steps = [
        (below.middle - above.middle) / max(above.size, 4.0)
        for above, below in pairwise(lines)
        if above.size == below.size and 0.8 < (below.middle - above.middle) / max(above.size, 4.0) < 3
    ]
    return median(steps) if steps else 1.2


def _belongs(block: TextBlock, line: Line, pitch: float, gutters: Sequence[float]) -> bool:
    last = _lowest_full_line(block)
    end = _row_end(block, last)
    size = max(last.size, 4.0)
    if any(_changes_column(last, line, gutter) for gutter in gutters):
        return False
    if _is_scrap(block, last, line):
        return True
    step = line.middle - last.middle
    if abs(step) < 0.5 * size:
        if is_known(line.text):
            return False
        return line.x0 >= block.lines[-1].x1 - size and (
            line.x0 - block.lines[-1].x1 < 2 * size or not _differs(last, line)
        )
    # Upwards, or further down than a line: the file went on elsewhere on the page.
    if not 0 < step < 1.3 * pitch * size or line.x0 > block.x1 or line.x1 < block.x0:
        return False
    if last.words[-1].text[-1] == "-" and line.words[0].text[0].islower() and abs(line.size - last.size) < 0.5:
        return True
    if last.bold != line.bold and step > 1.15 * pitch * size:
        return False
    return not (_differs(end, line) or _changes_font(block, end, line) or _starts_paragraph(block, last, line))


def _lowest_full_line(block: TextBlock) -> Line:
    """The line that the next one is measured against: not a scrap of a formula beside it."""
    recent = block.lines[-6:]
    size = max(line.size for line in recent)
    full = [line for line in recent if line.size > 0.85 * size]
    lowest = full[-1]
    for line in reversed(full):
        # Of pieces side by side the longest stands for the row.
        if abs(line.middle - lowest.middle) < 0.6 * size and len(line.words) > len(lowest.words):
            lowest = line
    return lowest


def _row_end(block: TextBlock, last: Line) -> Line:
    """The last piece of the lowest row: wide gaps part the pieces of a justified line."""
    end = block.lines[-1]
    is_piece = abs(end.middle - last.middle) < 0.5 * last.size and end.size > 0.85 * last.size and end.x0 > last.x1
    return end if is_piece else last


def _is_scrap(block: TextBlock, last: Line, line: Line) -> bool:
    """Pieces of a formula inside a paragraph: arrows, bounds, indices that stand above or below the row."""
    if len(line.words) > 3 or line.x1 - line.x0 > 5 * last.size or line.size > 1.1 * last.size or len(last.words) < 3:
        return False
    is_near = abs(line.middle - last.middle) < 0.95 * last.size
    return is_near and block.x0 - 1 <= line.x0 and line.x0 - max(last.x1, block.lines[-1].x1) < 1.5 * last.size


def _changes_column(last: Line, line: Line, gutter: float) -> bool:
    """True unless both stand on one side, or the last one crosses (a caption's last line may be short)."""
    if last.x0 < gutter - 2 and last.x1 > gutter + 2:
        return False
    is_left = last.x1 <= gutter + 2
    return line.x1 > gutter + 2 if is_left else line.x0 < gutter - 2


def _differs(last: Line, line: Line) -> bool:
    return _changes_weight(last, line) or not 0.9 < line.size / max(last.size, 0.1) < 1.12


def _changes_weight(last: Line, line: Line) -> bool:
    """A bold opening of a paragraph may go on in the next line, if its own line is full."""
    is_full = last.x1 > line.x1 - 3 * line.size or abs(last.middle - line.middle) < 0.5 * line.size
    return last.bold != line.bold and not (is_full and last.words[-1].bold == line.words[0].bold)


def _changes_font(block: TextBlock, last: Line, line: Line) -> bool:
    """A heading may differ by its typeface or its capitals alone; a line of italics inside a sentence is none."""
    # A paragraph that opens with a bold phrase has one font in its first line and another in its second.
    is_other_font = last.font != line.font and last.words[-1].font != line.words[0].font
    if not is_other_font and _is_caps(last) == _is_caps(line):
        return False
    if _SENTENCE_END.search(last.words[-1].text):
        return True
    is_own = len(block.lines) <= 3 and all(each.font == last.font for each in block.lines)
    return is_own and last.x1 < line.x1 - 1.5 * line.size


def _is_caps(line: Line) -> bool:
    text = line.text
    return text.isupper() and sum(character.isalpha() for character in text) > 4


def _starts_paragraph(block: TextBlock, last: Line, line: Line) -> bool:
    """An indented line, a list mark, or a capital after a line that ends early with a full stop."""
    if _ITEM_START.match(line.words[0].text) and line.x0 <= block.lines[0].x0 + 1:
        return True
    if not _SENTENCE_END.search(last.words[-1].text):
        return False
    if line.words[0].bold and not last.words[-1].bold:
        return True
    indent = line.x0 - last.x0
    if 0.7 * line.size < indent < 4 * line.size:
        return True
    ends_early = block.x1 - last.x1 > 2 * line.size
    return ends_early and line.words[0].text[0].isupper()


def order_blocks(blocks: list[TextBlock], gutters: Sequence[float]) -> list[TextBlock]:
    """Blocks that cross a gutter cut the page into bands; inside a band, column by column."""
    if not gutters:
        return _with_rows(sorted(blocks, key=lambda block: (block.y0, block.x0)))
    crossing = sorted(block.y0 for block in blocks if _crosses(block, gutters))

    def place(block: TextBlock) -> tuple[int, int, float, float]:
        above = sum(top < block.y0 - 1 for top in crossing)
        if _crosses(block, gutters):
            return (2 * above + 1, 0, block.y0, block.x0)
        column = sum((block.x0 + block.x1) / 2 > gutter for gutter in gutters)
        return (2 * above, column, block.y0, block.x0)

    return _with_rows(sorted(blocks, key=place))


def _with_rows(blocks: list[TextBlock]) -> list[TextBlock]:
    """Pieces of one row from left to right: an accent makes a piece a little higher than the one before it."""
    for at in range(1, len(blocks)):
        first, second = blocks[at - 1].lines[0], blocks[at].lines[0]
        is_row = abs(first.middle - second.middle) < 0.4 * min(first.size, second.size)
        if is_row and second.x1 <= first.x0 + 2 and first.x0 - second.x1 < 2 * second.size:
            blocks[at - 1], blocks[at] = blocks[at], blocks[at - 1]
    return blocks


def join_scraps(blocks: Sequence[TextBlock]) -> list[TextBlock]:
    """Pieces of one displayed formula, or of one figure's labels, that stand side by side become one block."""
    joined: list[TextBlock] = []
    for block in blocks:
        if joined and _is_short(joined[-1]) and _is_short(block) and _side_by_side(joined[-1], block):
            joined[-1].lines.extend(block.lines)
        else:
            joined.append(block)
    return joined


def _is_short(block: TextBlock) -> bool:
    if block.kind in (BlockKind.TABLE, BlockKind.CAPTION):
        return False
    if block.bold or len(block.lines) >= 40 or is_known(block.text):
        return False
    return all(len(line.words) <= 8 for line in block.lines[-6:])


def _side_by_side(first: TextBlock, second: TextBlock) -> bool:
    size = max(first.size, second.size)
    is_beside = min(first.y1, second.y1) - max(first.y0, second.y0) > -0.1 * size
    return is_beside and second.x0 - first.x1 < 3 * size and first.x0 - second.x1 < 3 * size


def _crosses(block: TextBlock, gutters: Sequence[float]) -> bool:
    return any(block.x0 < gutter - 8 and block.x1 > gutter + 8 for gutter in gutters)
