"""From a PDF to its blocks: the list of steps. Follow one paper through ``read_pdf``, top to bottom.

Runs inside the reading process (see worker.py): PDF libraries may hang or die on a hostile file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest import pypdf_reader
from ingest.floats import join_tables, mark_labels, mark_tables, move_floats
from ingest.front import complete_metadata, mark_abstract, mark_title_and_authors
from ingest.hyphens import page_of, vocabulary_of
from ingest.layout import TextBlock, blocks_in_reading_order, gutters_of
from ingest.lines import lines_of
from ingest.margins import drop_line_numbers, drop_running_lines
from ingest.pdfium import PdfiumFile
from ingest.sections import (
    body_style,
    mark_captions,
    mark_footnotes,
    mark_headings,
    mark_references,
)
from ingest.words import OutlineEntry, PlacedPage, turn_upright
from ragqa.document import Block, Document, Metadata, Page
from ragqa.errors import DamagedPdf, EmptyFile, EncryptedPdf, NoTextLayer, NotPdf, PathNotFound, TooManyPages


@dataclass(frozen=True, slots=True)
class Source:
    """What the PDF libraries give: words on pages, bookmarks, metadata."""

    pages: Sequence[PlacedPage]
    outline: Sequence[OutlineEntry]
    metadata: Metadata
    warnings: tuple[str, ...]


def read_pdf(path: Path, max_pages: int) -> Document:
    """Read one paper. Raise a ReadError that names the cause, PathNotFound if there is no file."""
    check_file(path)
    source = read_source(path, max_pages)
    blocks = find_blocks(source.pages)
    blocks = label_blocks(blocks, source)
    return assemble(source, blocks)


def check_file(path: Path) -> None:
    """Raise PathNotFound or EmptyFile."""
    if not path.is_file():
        raise PathNotFound(f"There is no file {path}.", hint="Check the name.")
    if path.stat().st_size == 0:
        raise EmptyFile(f"{path.name} has zero bytes.", hint="Copy it again.")


def read_source(path: Path, max_pages: int) -> Source:
    """Words, bookmarks and metadata; by pypdf where PDFium gives up."""
    warnings: list[str] = []
    outline: list[OutlineEntry] = []
    try:
        pages, outline, warning = read_with_pdfium(path, max_pages)
        warnings.append(warning)
    except (DamagedPdf, EncryptedPdf) as exc:
        pages = read_with_pypdf(path, max_pages, exc)
        warnings.append(f"Read by the second reader, places on the page are estimates: {exc.message}")
    # PDFium does not show XMP records, where journals put the authors.
    metadata, warning = pypdf_reader.read_metadata(path)
    warnings.append(warning)
    if not any(page.words for page in pages):
        raise NoTextLayer(
            f"{path.name} has no text on any page ({len(pages)}): they are pictures, or empty.",
            hint="Run text recognition (OCR) on it and add the result.",
        )
    warnings.append(_textless(pages))
    return Source(pages, outline, metadata, tuple(filter(None, warnings)))


def read_with_pdfium(path: Path, max_pages: int) -> tuple[list[PlacedPage], list[OutlineEntry], str]:
    """Pages, bookmarks, and a warning that names pages which cannot be loaded."""
    file = PdfiumFile(path)
    try:
        if len(file) > max_pages:
            raise TooManyPages(
                f"{path.name} has {len(file)} pages, over the limit of {max_pages}.",
                hint="Split it, or raise RAGQA_MAX_PAGES.",
            )
        pages, lost = _load_pages(file)
        if not pages:
            raise DamagedPdf(f"{path.name} has no page that can be loaded.", hint="Download or export it again.")
        return pages, file.outline(), f"Pages that cannot be loaded: {_listed(lost)}." if lost else ""
    finally:
        file.close()


def _load_pages(file: PdfiumFile) -> tuple[list[PlacedPage], list[int]]:
    pages: list[PlacedPage] = []
    lost: list[int] = []
    for number in range(1, len(file) + 1):
        try:
            pages.append(file.page(number))
        except DamagedPdf:
            lost.append(number)
    return pages, lost


def read_with_pypdf(path: Path, max_pages: int, cause: DamagedPdf | EncryptedPdf) -> list[PlacedPage]:
    """The second way; raises what PDFium said if this one fails too, NotPdf if the file never was one."""
    try:
        pages = pypdf_reader.read_pages(path, max_pages)
    except (DamagedPdf, EncryptedPdf) as exc:
        with path.open("rb") as stream:
            is_pdf = b"%PDF" in stream.read(1024)
        if not is_pdf:
            raise NotPdf(f"{path.name} is not a PDF.", hint="Add PDF files only.") from exc
        raise (exc if isinstance(exc, EncryptedPdf) else cause) from exc
    if not pages:
        raise cause
    return pages


def find_blocks(pages: Sequence[PlacedPage]) -> list[TextBlock]:
    """Blocks of all pages in reading order, running headers and the like left out."""
    pages = [drop_line_numbers(turn_upright(page)) for page in pages]
    lines = drop_running_lines([lines_of(page) for page in pages], [page.height for page in pages])
    gutters = gutters_of(lines, [page.width for page in pages])
    return [
        block
        for page, page_lines, page_gutters in zip(pages, lines, gutters, strict=True)
        for block in blocks_in_reading_order(page_lines, page.number, page_gutters)
    ]


def label_blocks(blocks: list[TextBlock], source: Source) -> list[TextBlock]:
    """Tell what each block is."""
    body = body_style(blocks)
    blocks = mark_captions(blocks, body[0])
    blocks = mark_title_and_authors(blocks, source.metadata, body[0])
    mark_tables(blocks)
    mark_labels(blocks, body)
    mark_footnotes(blocks, {page.number: page.height for page in source.pages}, body[0])
    mark_headings(blocks, body, source.outline)
    mark_abstract(blocks)
    mark_references(blocks)
    return move_floats(join_tables(blocks))


def assemble(source: Source, blocks: Sequence[TextBlock]) -> Document:
    """Words in reading order with broken words mended, and blocks as ranges of them."""
    vocabulary = vocabulary_of(blocks)
    by_page: dict[int, list[TextBlock]] = {page.number: [] for page in source.pages}
    for block in blocks:
        by_page[block.page].append(block)
    pages: list[Page] = []
    ranges: list[Block] = []
    for page in source.pages:
        size = (round(page.width, 1), round(page.height, 1))
        shown, found = page_of(page.number, size, by_page[page.number], vocabulary)
        pages.append(shown)
        ranges.extend(found)
    first_page = " ".join(word.text for page in source.pages[:1] for word in page.words)
    metadata = complete_metadata(source.metadata, blocks, first_page)
    return Document(metadata, tuple(pages), tuple(ranges), source.warnings)


def _textless(pages: Sequence[PlacedPage]) -> str:
    empty = [page.number for page in pages if not page.words]
    return f"Pages without text: {_listed(empty)}." if empty else ""


def _listed(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:10]))
    return shown if len(numbers) <= 10 else f"{shown} and {len(numbers) - 10} more"
