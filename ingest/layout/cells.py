"""The words of a table to rows and cells. Knows words and rules inside the table, not the page around it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ingest.layout.columns import Row, find_gutters, rows_of
from ingest.layout.lines import Line, line_of
from ingest.layout.pieces import Columns, Frame, Piece, Record, body_pieces, head_pieces
from ingest.layout.table_heads import count_head_rows, head_records
from ingest.pdf.words import PlacedWord

_GOES_ON = re.compile(r"^[a-z(\[&+/]")
_UNFINISHED = re.compile(r"([-,/&+(]|\b(and|or|of|with|for|in|the|to|on|by|from|w/|et|al\.))$")

Cell = tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of cells, each its lines from the top, none where nothing stands; ``header_rows`` rows name the columns."""

    rows: tuple[tuple[Cell, ...], ...]
    header_rows: int


def grid_of(words: Sequence[PlacedWord], frame: Frame) -> Grid | None:
    """None if the words do not stand in at least two rows and two columns."""
    rows = rows_of(words)
    heads, gutters = _parted(rows, frame)
    if not gutters or len(rows) < 2:
        return None
    body_rows = [Record(row.middle, row.size, [body_pieces(row, gutters)]) for row in rows[heads:]]
    columns = Columns(gutters, body_rows)
    head_rows = [Record(row.middle, row.size, [head_pieces(row, columns)]) for row in rows[:heads]]
    head = head_records(head_rows, frame, columns)
    body = _body(body_rows, frame, columns)
    records = head + body
    if len(records) < 2:
        return None
    header_rows = len(head) or _guess_header(records)
    return Grid(_without_empty_columns([_cells(record, len(gutters) + 1) for record in records]), header_rows)


def _without_empty_columns(rows: Sequence[tuple[Cell, ...]]) -> tuple[tuple[Cell, ...], ...]:
    filled = [column for column in range(len(rows[0])) if any(row[column] for row in rows)]
    return tuple(tuple(row[column] for column in filled) for row in rows)


def _parted(rows: Sequence[Row], frame: Frame) -> tuple[int, list[float]]:
    """How many printed rows make the head, and the gutters, which names set across columns would hide."""
    height = frame.y1 - frame.y0
    heads = count_head_rows(rows, frame)
    if heads and len(rows) - heads >= 2:
        return heads, find_gutters(rows[heads:], frame.uprights, height)
    ways = [(skip, find_gutters(rows[skip:], frame.uprights, height)) for skip in (0, 1, 2) if len(rows) - skip >= 3]
    ways = ways or [(0, find_gutters(rows, frame.uprights, height))]
    # The first of those that find most.
    return max(ways, key=lambda way: (len(way[1]), -way[0]))


def _body(rows: list[Record], frame: Frame, columns: Columns) -> list[Record]:
    records: list[Record] = []
    last: Record | None = None
    levels = frame.full_levels()
    between = sum(any(above.middle < y < below.middle for y in levels) for above, below in pairwise(rows))
    is_ruled = between >= 2 and 4 * between >= len(rows)
    for row in rows:
        is_parted = last is None or any(last.middle < y < row.middle for y in levels)
        if last and not is_parted and _goes_on(records[-1], last, row, columns, is_ruled=is_ruled):
            records[-1].lines.extend(row.lines)
        else:
            records.append(Record(row.middle, row.size, list(row.lines)))
        last = row
    return records


def _goes_on(record: Record, last: Record, row: Record, columns: Columns, *, is_ruled: bool) -> bool:
    """Whether a printed row belongs to the row of the table above it: its cells go on, or stand at half height."""
    step = row.middle - last.middle
    pieces = row.lines[0]
    taken = record.columns()
    if step < 0.75 * row.size:
        return not any(piece.first in taken and (piece.is_number or piece.first in last.columns()) for piece in pieces)
    if step > 1.6 * row.size or any(_is_new_number(record, piece) for piece in pieces):
        return False
    shared = [piece for piece in pieces if piece.first in record.firsts()]
    wrapped = sum(_wraps(record, piece, columns) for piece in shared)
    if is_ruled and not any(piece.first == 0 and not _wraps(record, piece, columns) for piece in shared):
        return 2 * wrapped >= len(shared)
    if any(piece.is_number for piece in pieces) or len(shared) < len(pieces) or wrapped < len(shared):
        return False
    return len(shared) < len(record.firsts()) or any(_GOES_ON.match(piece.text) for piece in shared)


def _is_new_number(record: Record, piece: Piece) -> bool:
    """A number in a column that has something already, unless a word was broken in front of it."""
    above = [part for line in record.lines for part in line if part.first <= piece.first <= part.last]
    return bool(above) and piece.is_number and (above[-1].is_number or not _UNFINISHED.search(above[-1].text))


def _wraps(record: Record, piece: Piece, columns: Columns) -> bool:
    """Whether a cell goes on in ``piece``: its first word did not fit in the line above."""
    above = [part for line in record.lines for part in line if part.first == piece.first][-1]
    if (_UNFINISHED.search(above.text) and not above.is_number) or above.text.count("(") > above.text.count(")"):
        return True
    word = piece.words[0]
    edge = max(columns.ends.get(piece.first, (0.0, 0.0))[1], above.x1)
    fits = above.x1 + 0.3 * word.size + word.x1 - word.x0 < edge - 1
    return not fits and (bool(_GOES_ON.match(piece.text)) or piece.first > 0)


def _guess_header(records: Sequence[Record]) -> int:
    """One row, unless it has numbers where the rows below have some."""
    first = {piece.first: piece.is_number for line in records[0].lines for piece in line}
    numbers = [
        piece.first
        for record in records[1:]
        for line in record.lines
        for piece in line
        if piece.is_number and piece.first
    ]
    return 0 if any(first.get(column) for column in set(numbers)) else 1


def _cells(record: Record, columns: int) -> tuple[Cell, ...]:
    cells: list[list[Line]] = [[] for _ in range(columns)]
    for line in record.lines:
        for piece in line:
            cells[piece.first].append(line_of(piece.words))
    return tuple(map(tuple, cells))
