"""Tables as rows of cells: found by caption, rules and alignment, and nothing else taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.layout.cells import grid_of
from ingest.layout.pieces import Frame
from ingest.pdf.words import PlacedWord
from ingest.reader import read_pdf
from ragqa.document import BlockKind, Document, Table
from tests import papers, table_papers
from tests.table_papers import DAYS

CAPTION = "Table 1: Days asleep at each site."


def texts(document: Document, table: Table) -> list[list[str]]:
    """The cells' words."""
    words = [word.text for word in document.pages[table.page - 1].words]
    return [[" ".join(words[start:end]) for start, end in row] for row in table.rows]


def caption_of(document: Document, table: Table) -> str:
    return " ".join(word.text for word in document.pages[table.page - 1].words[slice(*table.caption)])


def as_lists(rows: table_papers.Rows) -> list[list[str]]:
    return [list(row) for row in rows]


@pytest.mark.parametrize("caption_above", [True, False])
def test_a_table_between_three_rules(tmp_path, caption_above):
    document = read_pdf(table_papers.write_booktabs(tmp_path / "a.pdf", caption_above=caption_above), 20)
    (table,) = document.tables
    assert texts(document, table) == as_lists(DAYS)
    assert (caption_of(document, table), table.header_rows) == (CAPTION, 1)


def test_a_table_without_rules(tmp_path):
    document = read_pdf(table_papers.write_bare(tmp_path / "a.pdf"), 20)
    (table,) = document.tables
    assert texts(document, table) == as_lists(DAYS)
    assert (caption_of(document, table), table.header_rows) == (CAPTION, 1)


def test_a_boxed_table_with_cells_of_several_lines_and_a_name_above_two_columns(tmp_path):
    document = read_pdf(table_papers.write_boxed(tmp_path / "a.pdf"), 20)
    (table,) = document.tables
    assert texts(document, table) == [
        ["Site", "Observations", ""],
        ["", "May", "June"],
        ["Alp A", "no animal had left its burrow yet", "whistling whenever an eagle came near"],
        ["Alp B", "snow", "grass"],
    ]
    assert table.header_rows == 2


def test_tables_side_by_side_have_their_own_captions(tmp_path):
    document = read_pdf(table_papers.write_two_columns(tmp_path / "a.pdf"), 20)
    assert [caption_of(document, table) for table in document.tables] == [
        "Table 1: Days asleep.",
        "Table 2: Days awake.",
    ]
    assert [texts(document, table) for table in document.tables] == [as_lists(DAYS)] * 2


def test_a_table_set_sideways_among_upright_text(tmp_path):
    document = read_pdf(table_papers.write_sideways(tmp_path / "a.pdf"), 20)
    (table,) = document.tables
    assert texts(document, table)[:4] == as_lists(DAYS)
    assert caption_of(document, table) == CAPTION
    x0, y0, x1, y1 = document.pages[0].words[table.rows[0][0][0]].rects[0]
    assert y1 - y0 > x1 - x0, "the rectangle is that of the page as shown"


def test_a_wide_table_among_columns_is_read_row_by_row(tmp_path):
    document = read_pdf(papers.write_wide_table(tmp_path / "a.pdf"), 20)
    (table,) = document.tables
    assert texts(document, table) == [
        ["Site", "Days", "Error", "Snow"],
        ["Alp A", "201", "3.5", "2.2"],
        ["Alp B", "188", "4.1", "1.9"],
    ]


@pytest.mark.parametrize("write", [table_papers.write_no_table, table_papers.write_plot, papers.write_two_columns])
def test_what_is_no_table(tmp_path, write):
    document = read_pdf(write(tmp_path / "a.pdf"), 20)
    assert document.tables == ()
    assert BlockKind.TABLE not in {block.kind for block in document.blocks}


def test_labels_inside_a_figure_are_no_text(tmp_path):
    document = read_pdf(table_papers.write_plot(tmp_path / "a.pdf"), 20)
    (labels,) = [block for block in document.blocks if block.kind is BlockKind.FIGURE]
    words = {word.text for word in document.pages[0].words[labels.start : labels.end]}
    assert {"250", "2010", "2015"} <= words


@pytest.mark.parametrize(
    "write",
    [
        table_papers.write_booktabs,
        table_papers.write_boxed,
        table_papers.write_two_columns,
        table_papers.write_sideways,
        table_papers.write_long,
    ],
)
def test_cells_follow_each_other_inside_their_block(tmp_path, write):
    document = read_pdf(write(tmp_path / "a.pdf"), 20)
    assert document.tables
    for table in document.tables:
        spans = [span for row in table.rows for span in row]
        edges = [edge for span in spans for edge in span]
        assert edges == sorted(edges)
        assert table.start <= edges[0] <= edges[-1] <= table.end
        assert len({len(row) for row in table.rows}) == 1
        block = next(block for block in document.blocks if (block.page, block.start) == (table.page, table.start))
        assert (block.kind, block.end) == (BlockKind.TABLE, table.end)


CELLS = st.one_of(st.just(""), st.from_regex(r"[0-9]{1,3}(\.[0-9])?", fullmatch=True), st.sampled_from(["Alp", "snow"]))


@st.composite
def grids(draw) -> list[list[str]]:
    """Up to nine rows of up to five cells; the first of each row, and all of the first two rows, are filled."""
    width = draw(st.integers(2, 5))
    rows = draw(st.lists(st.lists(CELLS, min_size=width - 1, max_size=width - 1), min_size=1, max_size=7))
    names = [f"Name{column}" for column in range(width)]
    numbers = ["Total", *(f"{column}.5" for column in range(1, width))]
    return [names, numbers, *([f"Row{number}", *row] for number, row in enumerate(rows))]


@given(grids(), st.floats(0, 1), st.randoms())
def test_every_word_is_in_the_cell_where_it_was_set(rows, align, random):
    words = [
        PlacedWord(cell, x, 100 + 14 * y, x + 5 * len(cell), 110 + 14 * y, 10.0)
        for y, row in enumerate(rows)
        for column, cell in enumerate(row)
        if cell
        for x in [60 * column + align * (40 - 5 * len(cell))]
    ]
    random.shuffle(words)
    grid = grid_of(words, Frame(0, 95, 400, 400))
    assert grid is not None
    found = [[" ".join(line.text for line in cell) for cell in row] for row in grid.rows]
    assert found == rows


def test_words_in_one_column_make_no_table():
    words = [PlacedWord("Marmots", 50, 100 + 12 * y, 90, 110 + 12 * y, 10.0) for y in range(6)]
    assert grid_of(words, Frame(40, 95, 400, 400)) is None
