"""From a PDF to its blocks: the list of steps. Follow one paper through ``read_pdf``, top to bottom.

Runs inside the reading process (see worker.py): PDF libraries may hang or die on a hostile file.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from ingest.layout.blocks import TextBlock, blocks_in_reading_order, gutters_of
from ingest.layout.floats import join_tables, mark_labels, mark_tables, move_floats
from ingest.layout.hyphens import page_of, vocabulary_of
from ingest.layout.lines import lines_of
from ingest.layout.margins import drop_line_numbers, drop_running_lines
from ingest.layout.tables import ruled_boxes
from ingest.pdf.ocr import NO_OCR, OcrChoice
from ingest.pdf.source import Source, check_file, read_source
from ingest.pdf.words import PlacedPage, turn_upright, turned_aside
from ingest.structure.front import complete_metadata, mark_abstract, mark_title_and_authors
from ingest.structure.headings import mark_headings
from ingest.structure.references import split_references
from ingest.structure.run_in import part_headings
from ingest.structure.sections import body_style, mark_captions, mark_footnotes
from ragqa.document import Block, Document, Page, Table


def read_pdf(
    path: Path, max_pages: int, ocr: OcrChoice = NO_OCR, on_picture: Callable[[], None] = lambda: None
) -> Document:
    """Read one paper. Raise a ReadError that names the cause, PathNotFound if there is no file.

    ``on_picture`` is called before text recognition begins another page.
    """
    check_file(path)
    source = read_source(path, max_pages, ocr, on_picture)
    blocks = find_blocks(source.pages)
    blocks = label_blocks(blocks, source)
    return assemble(source, blocks)


def find_blocks(pages: Sequence[PlacedPage]) -> list[TextBlock]:
    """Blocks of all pages in reading order, running headers and the like left out."""
    upright = [turn_upright(page) for page in pages]
    ruled = [ruled_boxes(page.rules) for page in upright]
    upright = drop_line_numbers(upright, ruled)
    lines = drop_running_lines([lines_of(page) for page in upright], [page.height for page in upright], ruled)
    gutters = gutters_of(lines, [page.width for page in upright])
    blocks: list[TextBlock] = []
    for page, shown, page_lines, page_gutters in zip(pages, upright, lines, gutters, strict=True):
        blocks += blocks_in_reading_order(page_lines, page.number, page_gutters, shown.rules)
        aside = turned_aside(page) if page.rules else None
        if aside:
            blocks += blocks_in_reading_order(lines_of(aside), page.number, [], aside.rules)
    return blocks


def label_blocks(blocks: list[TextBlock], source: Source) -> list[TextBlock]:
    """Tell what each block is."""
    body = body_style(blocks)
    blocks = mark_captions(blocks, body[0])
    blocks = mark_title_and_authors(blocks, source.metadata, body[0])
    mark_footnotes(blocks, {page.number: page.height for page in source.pages}, body[0])
    mark_tables(blocks)
    mark_labels(blocks, body)
    blocks = part_headings(blocks, body)
    mark_headings(blocks, body, source.outline)
    mark_abstract(blocks)
    blocks = split_references(blocks)
    return move_floats(join_tables(blocks))


def assemble(source: Source, blocks: Sequence[TextBlock]) -> Document:
    """Words in reading order with broken words mended, and blocks as ranges of them."""
    vocabulary = vocabulary_of(blocks)
    by_page: dict[int, list[TextBlock]] = {page.number: [] for page in source.pages}
    for block in blocks:
        by_page[block.page].append(block)
    pages: list[Page] = []
    ranges: list[Block] = []
    tables: list[Table] = []
    for page in source.pages:
        size = (round(page.width, 1), round(page.height, 1))
        shown, found, cells = page_of(page.number, size, by_page[page.number], vocabulary)
        pages.append(shown)
        ranges.extend(found)
        tables.extend(cells)
    metadata = complete_metadata(source.metadata, blocks, pages, ranges, source.pages)
    return Document(
        metadata, tuple(pages), tuple(ranges), source.warnings, tuple(tables), hidden_words=source.hidden_words
    )
