"""The cell of a table that a span stands in, with the heads of its row and column. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from ragqa.document import Page, Span, Table


@dataclass(frozen=True, slots=True)
class FoundCell:
    """A cell's words, what heads its row and its column, and the page's words that are the row."""

    text: str
    row: str
    column: str
    place: Span
    line: Span


def cell_at(place: Span, page: Page, tables: Sequence[Table]) -> FoundCell | None:
    """The cell that the first word of the place lies in; None outside tables and in heads of columns."""
    for table in tables:
        if table.page == page.number and table.start <= place[0] < table.end:
            return _cell(place[0], page, table)
    return None


def _cell(word: int, page: Page, table: Table) -> FoundCell | None:
    for number, row in enumerate(table.rows):
        for column, (start, end) in enumerate(row):
            if start <= word < end:
                if number < table.header_rows:
                    return None
                head = "" if column == 0 else _text(page, next((cell for cell in row if cell[0] < cell[1]), (0, 0)))
                return FoundCell(
                    _text(page, (start, end)), head, _column_head(page, table, column), (start, end), _line(row)
                )
    return None


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
