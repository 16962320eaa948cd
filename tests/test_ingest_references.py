"""Lists of references cut into single ones."""

import pytest

from ingest.layout.blocks import TextBlock
from ingest.layout.lines import Line, line_of
from ingest.pdf.words import PlacedWord
from ingest.structure.references import split_references
from ragqa.document import BlockKind

LEFT = 72.0


def line(text: str, y: float, x: float = LEFT, *, bold: bool = False) -> Line:
    """One line of text of ten points; letters are half as wide as high."""
    words = []
    for word in text.split():
        width = 5.0 * len(word)
        words.append(PlacedWord(word, x, y, x + width, y + 10, 10.0, "Times", bold))
        x += width + 3
    return line_of(words)


def heading(text: str = "References") -> TextBlock:
    """A bold line."""
    return TextBlock([line(text, 50, bold=True)], 1, BlockKind.HEADING, 1)


def listed(*rows: tuple[str, float], page: int = 1, pitch: float = 12.0, x: float = LEFT) -> TextBlock:
    """Rows of a list by text and indent, one below the other."""
    return TextBlock([line(text, 80 + pitch * n, x + indent) for n, (text, indent) in enumerate(rows)], page)


def references(*blocks: TextBlock) -> list[str]:
    """What the references say after the cut."""
    return [each.text for each in split_references(blocks) if each.kind is BlockKind.REFERENCE]


@pytest.mark.parametrize("form", ["[{}]", "{}.", "{}"])
def test_numbers_that_count_up_begin_references(form):
    rows = [
        (f"{form.format(1)} A. Author. Marmots in", 0.0),
        ("winter. Alpine Journal, 2015.", 14.0),
        (f"{form.format(2)} B. Author. Volume", 0.0),
        ("7 of the snow reports. 2016.", 14.0),
        (f"{form.format(3)} C. Author. Frost. 2017.", 0.0),
    ]
    assert references(heading(), listed(*rows)) == [
        f"{form.format(1)} A. Author. Marmots in winter. Alpine Journal, 2015.",
        f"{form.format(2)} B. Author. Volume 7 of the snow reports. 2016.",
        f"{form.format(3)} C. Author. Frost. 2017.",
    ]


HANGING = [
    ("Ada Author. 2015. Marmots.", 0.0),
    ("In Proceedings of the Alps.", 11.0),
    ("Pages 1-9.", 11.0),
    ("Bo Author. 2016. Snow.", 0.0),
    ("Alpine Journal 3.", 11.0),
]


def test_hanging_indents_part_references():
    assert [text[:10] for text in references(heading(), listed(*HANGING))] == ["Ada Author", "Bo Author."]


def test_a_column_that_begins_inside_a_reference_goes_on_with_it():
    rest = listed(("Second half of its title.", 0.0), ("Alpine Journal 4.", 0.0), x=411.0)
    right = listed(*HANGING, x=400.0, page=2)
    found = references(heading(), listed(*HANGING), rest, right)
    assert found[1].endswith("Alpine Journal 3. Second half of its title. Alpine Journal 4.")
    assert len(found) == 4


def test_a_reference_over_two_pages_is_two_blocks():
    rest = TextBlock([line("Second half of its title.", 80, LEFT + 11), *listed(*HANGING).lines[3:]], 2)
    blocks = split_references([heading(), listed(*HANGING), rest])
    assert [each.page for each in blocks[1:]] == [1, 1, 2, 2]


def test_gaps_part_references_without_indents():
    rows = [line(text, y) for text, y in (("Ada Author. 2015. On", 80), ("marmots.", 91), ("Bo Author. 2016.", 106))]
    rows += [line(text, y) for text, y in (("Frost.", 117), ("Cy Author. 2017. Snow", 132), ("reports.", 143))]
    assert len(references(heading(), TextBlock(rows, 1))) == 3


def test_floats_inside_the_list_are_kept_apart():
    caption = TextBlock([line("Figure 3: Snow.", 300)], 1, BlockKind.CAPTION)
    found = split_references([heading(), listed(*HANGING), caption, listed(*HANGING, page=2)])
    assert [each.kind for each in found[1:]] == [
        *[BlockKind.REFERENCE] * 2,
        BlockKind.CAPTION,
        *[BlockKind.REFERENCE] * 2,
    ]


@pytest.mark.parametrize("title", ["A Proofs", "Acknowledgements", "Supplementary Information", "Attention maps"])
def test_the_list_ends_at_the_next_heading(title):
    after = TextBlock([line("Marmots sleep, as was said in 2015.", 500)], 2)
    found = split_references([heading(), listed(*HANGING), heading(title), after])
    assert [each.kind for each in found[-2:]] == [BlockKind.HEADING, BlockKind.PARAGRAPH]


def test_what_follows_the_last_number_in_a_block_of_its_own_is_no_reference():
    rows = [(f"{n}. A. Author. Marmots. 201{n}.", 0.0) for n in range(1, 6)]
    legend = TextBlock([line("(A) The burrows in May.", 400), line("(B) In June.", 412)], 2)
    assert len(references(heading(), listed(*rows), legend)) == 5


def test_a_numbered_list_behind_the_text_needs_no_heading():
    text = [TextBlock([line("Marmots sleep through the winter.", 80)], 1) for _ in range(8)]
    rows = [(f"[{n}] A. Author. Marmots. 201{n}.", 0.0) for n in range(1, 8)]
    assert len(references(*text, listed(*rows, page=2))) == 7


def test_two_lists_are_both_cut():
    methods = heading("Methods references")
    assert len(references(heading(), listed(*HANGING), methods, listed(*HANGING, page=2))) == 4
