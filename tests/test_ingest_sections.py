"""What blocks are: headings and their levels, footnotes."""

import pytest

from ingest.layout.blocks import TextBlock
from ingest.layout.floats import mark_tables
from ingest.layout.lines import lines_of
from ingest.pdf.words import OutlineEntry, PlacedPage, PlacedWord
from ingest.section_names import is_known, numbered_depth
from ingest.structure.front import mark_abstract
from ingest.structure.headings import mark_headings
from ingest.structure.run_in import part_headings
from ingest.structure.sections import mark_footnotes
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


@pytest.mark.parametrize(
    "name",
    ["Abstract", "1 Introduction", "RELATED WORK", "References", "Conclusions.", "A B S T R A C T", "I. I NTRODUCTION"],
)
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
    outline = (OutlineEntry("Winter", 1), OutlineEntry("Sleep and Altitude", 2))
    found = headings(block("Winter"), block(PROSE), block("Sleep and altitude"), block(PROSE), outline=outline)
    assert found == [(1, "Winter"), (2, "Sleep and altitude")]


@pytest.mark.parametrize(
    "text",
    ["We use 3.1 points.", "x = y + 1", PROSE, "12.5 13.1 14.2"],
    ids=["sentence", "formula", "prose", "numbers"],
)
def test_no_headings(text):
    assert headings(block(text), block(PROSE)) == []


def test_labels_without_text_below_are_no_headings():
    assert headings(block("Encoder", bold=True), block("Decoder", bold=True), block("Loss", bold=True)) == []


def test_numbered_items_of_a_list_are_no_headings():
    found = headings(
        block("1 Introduction", size=12, bold=True),
        block(PROSE),
        block("2 Model", size=12, bold=True),
        block(PROSE),
        block("1. Span Representation", bold=True),
        block("2. Mention Detection", bold=True),
        block(PROSE),
        block("2.1 Spans", bold=True),
        block(PROSE),
        block("3 Results", size=12, bold=True),
        block(PROSE),
    )
    assert found == [(1, "1 Introduction"), (1, "2 Model"), (2, "2.1 Spans"), (1, "3 Results")]


def test_lines_of_a_table_of_contents_are_no_headings():
    listed = [block(f"{title} {page}", size=12) for title, page in (("Snow", 3), ("Frost", 7), ("Spring thaw", 12))]
    assert headings(*listed, block("Snow", size=12), block(PROSE)) == [(1, "Snow")]


def test_letters_go_below_the_word_appendices():
    found = headings(
        block("1 Introduction", size=12, bold=True),
        block(PROSE),
        block("Appendices", size=12, bold=True),
        block("A Proofs", bold=True),
        block(PROSE),
        block("B Sites", bold=True),
        block(PROSE),
    )
    assert found == [(1, "1 Introduction"), (1, "Appendices"), (2, "A Proofs"), (2, "B Sites")]


def test_parts_of_results_set_like_results_go_below():
    titles = ("Introduction", "Methods", "Telemetry of burrows", "Results", "Snow shortens sleep", "Discussion")
    found = headings(*(each for title in titles for each in (block(title, bold=True), block(PROSE))))
    assert [level for level, _ in found] == [1, 1, 2, 1, 2, 1]


def run_in(lead: str, rest: str, *, bold: bool = True) -> list[tuple[BlockKind, str]]:
    """Kinds and texts of the blocks that a paragraph becomes whose first words are set apart."""
    line = block(f"{lead} {rest}").lines[0]
    count = len(lead.split())
    font = "Times" if bold else "Times-Italic"
    words = [w._replace(bold=bold, font=font) if n < count else w for n, w in enumerate(line.words)]
    page = PlacedPage(1, 2000, 800, tuple(words))
    return [(each.kind, each.text) for each in part_headings([TextBlock(lines_of(page), page=1)], BODY)]


@pytest.mark.parametrize(
    ("lead", "bold"), [("Study sites.", True), ("Setup", True), ("Does snow matter?", True), ("Snow depth.", False)]
)
def test_a_run_in_heading_is_parted_from_its_paragraph(lead, bold):
    assert run_in(lead, PROSE, bold=bold) == [(BlockKind.HEADING, lead), (BlockKind.PARAGRAPH, PROSE)]


@pytest.mark.parametrize(
    ("lead", "rest", "bold"),
    [
        ("marmots", PROSE, True),
        ("Marmots", "sleep through the long winter in burrows that they dig", True),
        ("Theorem 1.", PROSE, True),
        ("LSTM", PROSE, True),
        ("Marmota marmota", PROSE, False),
    ],
)
def test_emphasis_at_the_start_is_no_heading(lead, rest, bold):
    assert run_in(lead, rest, bold=bold) == [(BlockKind.PARAGRAPH, f"{lead} {rest}")]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1 https://example.org/marmots", BlockKind.FOOTNOTE),
        ("∗ Both authors contributed equally.", BlockKind.FOOTNOTE),
        ("12 45 78", BlockKind.PARAGRAPH),
    ],
)
def test_small_print_with_a_mark_is_a_footnote(text, kind):
    text_above, note = block(PROSE), block(text, size=8)
    note.lines[0].y0, note.page = 700.0, 2
    mark_footnotes([text_above, note], {1: 800.0, 2: 800.0}, 10.0)
    assert note.kind is kind


def test_a_divided_abstract_is_one_abstract():
    parts = [("Abstract", 1), ("Background:", 2), ("Results:", 2), ("Background", 1)]
    blocks = [each for title, level in parts for each in (block(title), block(PROSE))]
    for title, (_, level) in zip(blocks[::2], parts, strict=True):
        title.kind, title.level = BlockKind.HEADING, level
    mark_abstract(blocks)
    assert [each.kind is BlockKind.ABSTRACT for each in blocks[1::2]] == [True, True, True, False]


def test_a_paragraph_with_many_indices_is_no_table():
    rows = ["We then set the level of the snow in", "1", "the burrow to that of the frost and", "2", PROSE, "3"]
    lines = [block(text).lines[0] for text in rows]
    paragraph, table = TextBlock(lines, page=1), TextBlock([block(text).lines[0] for text in "abcdef"], page=1)
    mark_tables([paragraph, table])
    assert (paragraph.kind, table.kind) == (BlockKind.PARAGRAPH, BlockKind.TABLE)
