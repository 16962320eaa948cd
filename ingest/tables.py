"""Tables as wide as the page on a page of columns: their rows run across the gutter, which parts everything else.

Such a table is known by its caption, which crosses the gutter too.
"""

import re
from collections.abc import Sequence

from ingest.lines import Line

_TABLE_CAPTION = re.compile(r"^tab(le|\.)\s*[a-z]?\.?\d", re.IGNORECASE)
_ROW_GAP = 2.6
"""In font sizes: a larger gap ends the table. Rules and group heads leave up to two."""


def wide_tables(lines: Sequence[Line], gutters: Sequence[float]) -> list[list[Line]]:
    """The cells of every wide table, row by row; none on a page of one column."""
    if not gutters:
        return []
    rows = _rows(lines)
    tables: list[list[Line]] = []
    for index, row in enumerate(rows):
        if not any(_TABLE_CAPTION.match(line.text) and _crosses(line, gutters) for line in row):
            continue
        # Most captions stand below; look above first, and below only if nothing is there.
        for side in (rows[:index][::-1], rows[index + 1 :]):
            cells = _table_beside(row, side, gutters)
            if cells:
                tables.append(cells)
                break
    return tables


def _rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Lines side by side, from the top; each row from left to right."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.middle):
        if rows and line.middle - rows[-1][0].middle < 0.4 * max(line.size, 4.0):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda line: line.x0) for row in rows]


def _table_beside(caption: list[Line], rows: Sequence[list[Line]], gutters: Sequence[float]) -> list[Line]:
    """Rows that follow each other away from the caption, while they look like cells on both sides of a gutter."""
    taken: list[list[Line]] = []
    edge = caption[0].middle
    for row in rows:
        size = max(line.size for line in row)
        if abs(row[0].middle - edge) > _ROW_GAP * max(size, 6.0) or not _is_cells(row):
            break
        taken.append(row)
        edge = row[0].middle
    crossing = sum(_reaches_both_sides(row, gutters) for row in taken)
    if crossing < 2 or 2 * crossing < len(taken):
        return []
    return [line for row in sorted(taken, key=lambda row: row[0].middle) for line in row]


def _is_cells(row: Sequence[Line]) -> bool:
    """Running text has rows of one or two long lines."""
    return len(row) >= 3 or all(len(line.words) <= 5 for line in row)


def _reaches_both_sides(row: Sequence[Line], gutters: Sequence[float]) -> bool:
    return any(row[0].x0 < gutter - 8 and row[-1].x1 > gutter + 8 for gutter in gutters)


def _crosses(line: Line, gutters: Sequence[float]) -> bool:
    return _reaches_both_sides([line], gutters)
