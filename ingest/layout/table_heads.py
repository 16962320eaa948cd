"""The head of a table: which of its printed rows name columns, and which names span several columns."""

from collections.abc import Sequence

from ingest.layout.columns import Row, is_number, pieces_of
from ingest.layout.pieces import Columns, Frame, Piece, Record

_MOST_ROWS = 6


def count_head_rows(rows: Sequence[Row], frame: Frame) -> int:
    """How many printed rows stand above the first rule between rows; 0 if there is no rule, or too many stand there."""
    levels = frame.full_levels()
    for y in levels:
        above = sum(row.middle < y for row in rows)
        if 0 < above < len(rows):
            above += _names_go_on(rows, above, levels)
            has_numbers = sum(_numbers_in(row) > 0 for row in rows[:above]) > 1
            return above if above <= min(_MOST_ROWS, max(3, len(rows) // 3)) and not has_numbers else 0
    return 0


def _names_go_on(rows: Sequence[Row], above: int, levels: Sequence[float]) -> bool:
    """Whether the row below the first rule names columns too: a rule closes it, and numbers begin only below that."""
    if above + 1 >= len(rows):
        return False
    row, after = rows[above], rows[above + 1]
    is_closed = any(row.middle < y < after.middle for y in levels)
    has_more = len(pieces_of(rows[above - 1], 0.8)) < len(pieces_of(row, 0.8))
    return is_closed and has_more and _numbers_in(row) == 0 and _numbers_in(after) >= 2


def _numbers_in(row: Row) -> int:
    return sum(is_number(word.text) for word in row.words)


def head_records(rows: list[Record], frame: Frame, columns: Columns) -> list[Record]:
    """Printed rows of the head to rows of the table: a level of names above another stays a row of its own."""
    records: list[Record] = []
    for index, row in enumerate(rows):
        if index + 1 < len(rows):
            _widen(row, rows[index + 1 :], frame, columns)
        if records and not _divides(records[-1], row, frame):
            records[-1].lines.extend(row.lines)
            records[-1].middle = row.middle
        else:
            records.append(row)
    return records


def _divides(above: Record, row: Record, frame: Frame) -> bool:
    """Whether a row of the head names parts of what the row above names."""
    if row.middle - above.middle < 0.75 * row.size and not above.columns() & row.columns():
        return False
    if any(above.middle < level.y < row.middle for level in frame.levels):
        return True
    return any(
        sum(piece.first <= part.first <= piece.last for part in row.lines[0]) > 1
        for line in above.lines
        for piece in line
    )


def _widen(row: Record, below: Sequence[Record], frame: Frame, columns: Columns) -> None:
    """Names set above several columns span them all: told by the rule below, by uprights, or by their middle."""
    pieces = row.lines[0]
    last = len(columns.gutters)
    is_told = False
    for index, piece in enumerate(pieces):
        low = pieces[index - 1].last + 1 if index else 0
        high = pieces[index + 1].first - 1 if index + 1 < len(pieces) else last
        span = _ruled_span(piece, row, below, frame, columns) or _boxed_span(piece, row.middle, frame, columns)
        if span:
            piece.first, piece.last = max(low, span[0]), min(high, span[1])
            piece.last = max(piece.first, piece.last)
            is_told = is_told or piece.last > piece.first
    if not is_told:
        _widen_by_middle(row, below, last)


def _ruled_span(
    piece: Piece, row: Record, below: Sequence[Record], frame: Frame, columns: Columns
) -> tuple[int, int] | None:
    """Between the ends of a rule that is drawn right below the row."""
    middle = (piece.x0 + piece.x1) / 2
    top, bottom = row.middle, min(below[0].middle, row.middle + 1.5 * row.size)
    full = 0.85 * (frame.x1 - frame.x0)
    for level in frame.levels:
        if top < level.y < bottom and level.x0 <= middle <= level.x1 and level.x1 - level.x0 < full:
            return columns.between(level.x0, level.x1)
    return None


def _boxed_span(piece: Piece, height: float, frame: Frame, columns: Columns) -> tuple[int, int] | None:
    """Between the uprights beside it, if the table has one at each of its gutters."""
    here = [x for x, y0, y1 in frame.uprights if y0 - 1 <= height <= y1 + 1]
    drawn = sum(any(abs(x - gutter) < 3 for x, _, _ in frame.uprights) for gutter in columns.gutters)
    if not here or drawn < len(columns.gutters):
        return None
    low = max((x for x in here if x < piece.x0 + 2), default=frame.x0 - 1)
    high = min((x for x in here if x > piece.x1 - 2), default=frame.x1 + 1)
    return columns.between(low, high)


def _widen_by_middle(row: Record, below: Sequence[Record], last: int) -> None:
    """Only if the names then share all columns that the rows below name, but for the first ones."""
    pieces = row.lines[0]
    names = [piece for record in below for piece in record.lines[0] if piece.first == piece.last]
    places = {piece.first: (piece.x0, piece.x1) for piece in reversed(names)}
    # What stands at half height beside the row names columns that no row parts.
    for record in below:
        if record.middle - row.middle < 0.75 * row.size:
            for piece in record.lines[0]:
                places.pop(piece.first, None)
    spans: list[tuple[int, int]] = []
    for index, piece in enumerate(pieces):
        low = spans[-1][1] + 1 if spans else 0
        high = pieces[index + 1].first - 1 if index + 1 < len(pieces) else last
        # The first column holds the names of the rows.
        spans.append(_middle_span(piece, low if piece.first == 0 else max(low, 1), high, places))
    wide = [span for span in spans if span[1] > span[0]]
    covered = [column for first, last in wide for column in range(first, last + 1)]
    if covered == list(range(min(covered, default=0), max(covered, default=-1) + 1)) and (
        len(wide) > 1 or max(covered, default=0) == last or len(pieces) == 1
    ):
        for piece, span in zip(pieces, spans, strict=True):
            piece.first, piece.last = span


def _middle_span(piece: Piece, low: int, high: int, places: dict[int, tuple[float, float]]) -> tuple[int, int]:
    """The widest run of named columns around a name that has it in its middle."""
    middle = (piece.x0 + piece.x1) / 2
    best, widest = (piece.first, piece.last), piece.last - piece.first
    for first in range(low, piece.first + 1):
        for last in range(piece.last, high + 1):
            if last - first > widest and all(column in places for column in range(first, last + 1)):
                centre = (places[first][0] + places[last][1]) / 2
                if abs(centre - middle) < max(4.0, 0.06 * (places[last][1] - places[first][0])):
                    best, widest = (first, last), last - first
    return best
