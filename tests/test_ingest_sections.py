"""What blocks are: headings and their levels, captions, references; and what the title page says."""

import pytest

from ingest.front import is_junk_title, publication_year
from ingest.layout import TextBlock
from ingest.lines import lines_of
from ingest.sections import is_known, mark_headings, mark_references, numbered_depth
from ingest.words import OutlineEntry, PlacedPage, PlacedWord
from ragqa.document import BlockKind

BODY = (10.0, "Times")
PROSE = "Marmots sleep through the long winter in burrows that they dig deep below the frost."


def block(text: str, *, size: float = 10.0, font: str = "Times", bold: bool = False) -> TextBlock:
    """One line of text; letters are half as wide as high."""
    words, x = [], 72.0
    for word in text.split():
        width = 0.5 * size * len(word)
        words.append(PlacedWord(word, x, 100.0, x + width, 100.0 + size, size, font, bold))
        x += width + 0.3 * size
    return TextBlock(lines_of(PlacedPage(1, 600, 800, tuple(words))), page=1)


def headings(*blocks: TextBlock, outline: tuple[OutlineEntry, ...] = ()) -> list[tuple[int, str]]:
    """Levels and texts of those that were taken for headings."""
    mark_headings(blocks, BODY, outline)
    return [(each.level, each.text) for each in blocks if each.kind is BlockKind.HEADING]


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        ("1 Introduction", 1),
        ("3.1 Data", 2),
        ("3.1.2. Data", 3),
        ("IV. RESULTS", 1),
        ("A.1 Proofs", 2),
        ("Appendix B Proofs", 1),
        ("Introduction", 0),
        ("2015 was a good year", 0),
        ("12 4.5 7.1", 0),
    ],
)
def test_numbers_tell_the_depth(text, depth):
    assert numbered_depth(text) == depth


@pytest.mark.parametrize("name", ["Abstract", "1 Introduction", "RELATED WORK", "References", "Conclusions."])
def test_known_names(name):
    assert is_known(name)


def test_bold_numbered_lines_over_text_are_headings():
    assert headings(block("2 Method", bold=True), block(PROSE), block("2.1 Sites", bold=True), block(PROSE)) == [
        (1, "2 Method"),
        (2, "2.1 Sites"),
    ]


def test_a_typeface_of_its_own_makes_a_heading():
    assert headings(block("Sleep and altitude", font="Helvetica"), block(PROSE)) == [(1, "Sleep and altitude")]


def test_bookmarks_make_headings_and_give_levels():
    found = headings(block("Sleep and altitude"), block(PROSE), outline=(OutlineEntry("Sleep and Altitude", 3),))
    assert found == [(3, "Sleep and altitude")]


@pytest.mark.parametrize(
    "text",
    ["We use 3.1 points.", "x = y + 1", PROSE, "12.5 13.1 14.2"],
    ids=["sentence", "formula", "prose", "numbers"],
)
def test_no_headings(text):
    assert headings(block(text), block(PROSE)) == []


def test_labels_without_text_below_are_no_headings():
    assert headings(block("Encoder", bold=True), block("Decoder", bold=True), block("Loss", bold=True)) == []


def test_references_end_at_the_appendix():
    blocks = [
        block("References", bold=True),
        block("[1] A. Author. Marmots and their sleep in the Alps. 2015. Journal of long enough names."),
        block("A Proofs", bold=True),
        block(PROSE),
    ]
    mark_headings(blocks, BODY, ())
    mark_references(blocks)
    assert [each.kind for each in blocks] == [
        BlockKind.HEADING,
        BlockKind.REFERENCE,
        BlockKind.HEADING,
        BlockKind.PARAGRAPH,
    ]


@pytest.mark.parametrize(
    "title", ["Microsoft Word - x.doc", "untitled", "paper_final", "main.tex", "Proceedings of the"]
)
def test_junk_titles(title):
    assert is_junk_title(title)


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("As Smith (2011) says. © 2019 The Authors", 2019),
        ("arXiv:1706.03762v7 [cs.CL] 2 Aug 2023", 2017),
        ("Published: 30 March 2024 (Jones, 1999)", 2024),
        ("Proceedings of the 55th Annual Meeting, pages 1-9, Vancouver 2017", 2017),
        ("Marmots were studied before (Jones, 1999).", None),
    ],
)
def test_publication_year(text, year):
    assert publication_year(text) == year
