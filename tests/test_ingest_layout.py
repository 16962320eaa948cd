"""From words on a page to blocks in reading order."""

import pytest

from ingest.layout.hyphens import Vocabulary
from ingest.reader import read_pdf
from ragqa.document import BlockKind
from tests import papers


@pytest.fixture
def one_column(tmp_path):
    return read_pdf(papers.write_one_column(tmp_path / "one.pdf"), 20)


@pytest.fixture
def two_columns(tmp_path):
    return read_pdf(papers.write_two_columns(tmp_path / "two.pdf"), 20)


def texts(document, kind):
    words = {page.number: [word.text for word in page.words] for page in document.pages}
    return [" ".join(words[b.page][b.start : b.end]) for b in document.blocks if b.kind is kind]


def test_left_column_comes_before_the_right_one(two_columns):
    text = two_columns.pages[0].text
    assert text.index("Winter is long") < text.index("group that loses members") < text.index("The second column")


def test_the_title_comes_first_and_the_caption_last(two_columns):
    assert two_columns.pages[0].text.startswith(papers.TITLE)
    assert two_columns.pages[0].text.endswith(papers.CAPTION_END)


def test_header_and_page_numbers_are_left_out(one_column):
    for page in one_column.pages:
        assert "Journal of Alpine Studies" not in page.text
        assert not page.text.endswith(str(page.number))


def test_a_broken_word_is_one_word_with_two_rectangles(one_column):
    mended = [word for word in one_column.pages[0].words if word.text == "hibernation"]
    assert [len(word.rects) for word in mended] == [2]
    (_, upper, _, _), (_, lower, _, _) = mended[0].rects
    assert lower > upper


def test_compounds_inside_a_line_keep_their_hyphens(one_column):
    assert "state-of-the-art" in one_column.pages[0].text


def test_headings_carry_levels(one_column):
    headings = [
        (block.level, one_column.pages[block.page - 1].words[block.start].text)
        for block in one_column.blocks
        if block.kind is BlockKind.HEADING
    ]
    assert headings == [(1, "Abstract"), (1, "1"), (1, "2"), (2, "2.1"), (1, "References")]


def test_abstract_caption_and_table_are_told_apart(one_column):
    assert texts(one_column, BlockKind.ABSTRACT) == [papers.ABSTRACT]
    assert texts(one_column, BlockKind.CAPTION) == ["Table 1: Days asleep by site."]
    assert texts(one_column, BlockKind.TABLE) == ["Site Days Error Alp A 201 3.5 Alp B 188 4.1"]


def test_a_wide_table_is_read_row_by_row(tmp_path):
    document = read_pdf(papers.write_wide_table(tmp_path / "a.pdf"), 20)
    assert texts(document, BlockKind.TABLE) == ["Site Days Error Snow Alp A 201 3.5 2.2 Alp B 188 4.1 1.9"]


def test_a_raised_mark_is_a_word_of_its_own(tmp_path):
    text = read_pdf(papers.write_superscript(tmp_path / "a.pdf"), 20).pages[0].text
    assert text == "Marmots sleep in deep burrows 21 and eat CO2-free grass."


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_rectangles_follow_crop_box_and_rotation(tmp_path, turn):
    page = read_pdf(papers.write_rotated(tmp_path / "a.pdf", turn), 20).pages[0]
    assert (page.width, page.height) == ((500, 700) if turn in (0, 180) else (700, 500))
    x0, y0, _, _ = page.words[0].rects[0]
    # The first word's corner stands 50 from the left and 100 - ascent from the top of the unturned crop box.
    expected = {0: (50, 90), 90: (597, 50), 180: (405, 597), 270: (90, 405)}[turn]
    assert x0 == pytest.approx(expected[0], abs=6)
    assert y0 == pytest.approx(expected[1], abs=6)
    assert page.text == "Marmots are large ground squirrels of the mountains."


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [
        ("hiber-", "nation", "hibernation"),
        ("self-", "attention", "self-attention"),
        ("multi-", "Head", "multi-Head"),
        ("end-to-", "end", "end-to-end"),
        ("pre-", "training", "pre-training"),
        ("train-", "ing", "training"),
        ("soft\u00ad", "ware", "software"),
    ],
)
def test_parts_are_joined_as_the_paper_writes_them(first, second, joined):
    words = "the attention of pre-training end software nation training self".split()
    assert Vocabulary(words).join(first, second) == joined


def test_a_title_stays_although_the_running_header_repeats_it(tmp_path):
    document = read_pdf(papers.write_title_in_header(tmp_path / "x.pdf"), 10)
    assert document.metadata.title == papers.TITLE
    assert [page.text.count(papers.TITLE) for page in document.pages] == [1, 0, 0]
