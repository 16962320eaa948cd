"""The cell of a table that a span stands in, with the heads of its row and column. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ragqa.answer.words import content_words
from ragqa.document import Page, Span, Table

_FIGURE = re.compile(r"[\d.,%±+()<>=–-]+")


@dataclass(frozen=True, slots=True)
class FoundCell:
    """A cell's words, what heads its row and its column, and the page's words that are the row."""

    text: str
    row: str
    column: str
    place: Span
    line: Span


def cell_at(place: Span, page: Page, tables: Sequence[Table], question: str = "") -> FoundCell | None:
    """A cell of the table that the place lies in: the one whose row and column the question names ("BERT on CoLA"),
    else that of the place's first word. None outside tables, and in heads of columns."""
    for table in tables:
        if table.page == page.number and table.start <= place[0] < table.end:
            return _named_cell(question, page, table) or _cell(place[0], page, table)
    return None


def _named_cell(question: str, page: Page, table: Table) -> FoundCell | None:
    asked = content_words(question)
    rows = _named({n: _row_head(page, table, n, len(row)) for n, row in _body(table)}, asked)
    columns = _named({c: _column_head(page, table, c) for c in range(1, _width(table))}, asked)
    if len(rows) != 1 or len(columns) != 1 or not _is_filled(table.rows[rows[0]], columns[0]):
        return None
    return _found(page, table, rows[0], columns[0])


def _cell(word: int, page: Page, table: Table) -> FoundCell | None:
    for number, row in enumerate(table.rows):
        for column, (start, end) in enumerate(row):
            if start <= word < end:
                return None if number < table.header_rows else _found(page, table, number, column)
    return None


def _found(page: Page, table: Table, number: int, column: int) -> FoundCell:
    row = table.rows[number]
    return FoundCell(
        _text(page, row[column]),
        _row_head(page, table, number, column),
        _column_head(page, table, column),
        row[column],
        _line(row),
    )


def _row_head(page: Page, table: Table, number: int, column: int) -> str:
    """What stands left of the column: the first cell, or that of a row above where it is left out, with the next."""
    left = [text for cell in table.rows[number][:column] if (text := _text(page, cell))]
    own = next((text for text in left if not _FIGURE.fullmatch(text)), "")
    if column == 0 or _is_filled(table.rows[number], 0):
        return own
    above = [row[0] for row in table.rows[table.header_rows : number] if _is_filled(row, 0)]
    return " ".join(filter(None, (_text(page, above[-1]) if above else "", own)))


def _named(heads: Mapping[int, str], asked: frozenset[str]) -> list[int]:
    """The rows or columns whose heads stand in the question as a whole; of these, those with the most words."""
    words = {number: content_words(head) for number, head in heads.items()}
    inside = {number: len(head) for number, head in words.items() if head and head <= asked}
    return [number for number, length in inside.items() if length == max(inside.values())]


def _body(table: Table) -> list[tuple[int, tuple[Span, ...]]]:
    return list(enumerate(table.rows))[table.header_rows :]


def _width(table: Table) -> int:
    return max(map(len, table.rows), default=0)


def _is_filled(row: Sequence[Span], column: int) -> bool:
    return column < len(row) and row[column][0] < row[column][1]


def _column_head(page: Page, table: Table, column: int) -> str:
    """The words above the column, from the top; a name above several columns stands in the first of them."""
    heads = table.rows[: table.header_rows]
    said = []
    for depth, row in enumerate(heads):
        cells = row[: column + 1]
        filled = [cell for cell in cells if cell[0] < cell[1]]
        own = cells[-1] if len(cells) > column and cells[-1][0] < cells[-1][1] else None
        above_several = filled[-1] if filled and depth < len(heads) - 1 and column > 0 else None
        said.append(_text(page, own or above_several or (0, 0)))
    return " ".join(filter(None, said))


def _line(row: Sequence[Span]) -> Span:
    filled = [cell for cell in row if cell[0] < cell[1]]
    return min(cell[0] for cell in filled), max(cell[1] for cell in filled)


def _text(page: Page, span: Span) -> str:
    return " ".join(word.text for word in page.words[slice(*span)])
