"""What a PDF holds, by whichever library or engine can tell: words on pages, bookmarks, metadata.

Decides who reads what: PDFium first, pypdf where that gives up or finds nothing, text recognition for pictures.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ingest.pdf import pypdf_reader
from ingest.pdf.ocr import INSTALL_HINT, OcrChoice, find_engine
from ingest.pdf.pdfium import PdfiumFile
from ingest.pdf.scans import Recognition, recognised
from ingest.pdf.words import OutlineEntry, PlacedPage
from ragqa.document import Metadata
from ragqa.errors import (
    DamagedPdf,
    EmptyFile,
    EncryptedPdf,
    NoTextLayer,
    NotPdf,
    PathNotFound,
    TooManyPages,
    TooMuchText,
)

MOST_WORDS = 1_000_000
"""Of one paper: about 2,000 full pages."""
_USUAL_SIZE = (595.0, 842.0)


@dataclass(frozen=True, slots=True)
class Source:
    """What the PDF libraries give: words on pages, bookmarks, metadata."""

    pages: Sequence[PlacedPage]
    outline: Sequence[OutlineEntry]
    metadata: Metadata
    warnings: tuple[str, ...]

    @property
    def hidden_words(self) -> int:
        """What no reader can see, over all pages."""
        return sum(page.hidden for page in self.pages)


def check_file(path: Path) -> None:
    """Raise PathNotFound or EmptyFile."""
    if not path.is_file():
        raise PathNotFound(f"There is no file {path}.", hint="Check the name.")
    if path.stat().st_size == 0:
        raise EmptyFile(f"{path.name} has zero bytes.", hint="Copy it again.")


def read_source(path: Path, max_pages: int, ocr: OcrChoice, on_picture: Callable[[], None]) -> Source:
    """Words, bookmarks and metadata; by pypdf where PDFium gives up."""
    try:
        source = read_with_pdfium(path, max_pages, ocr, on_picture)
    except (DamagedPdf, EncryptedPdf) as exc:
        pages = read_with_pypdf(path, max_pages, exc)
        warning = f"Read by the second reader, places on the page are estimates: {exc.message}"
        source = Source(pages, (), Metadata(), (warning, _textless(pages)))
    if not any(page.words for page in source.pages):
        raise _no_text(path, source, ocr)
    # PDFium does not show XMP records, where journals put the authors.
    metadata, warning = pypdf_reader.read_metadata(path)
    warnings = [source.warnings[0], warning, *source.warnings[1:]]
    return replace(source, metadata=metadata, warnings=tuple(filter(None, warnings)))


def read_with_pdfium(path: Path, max_pages: int, ocr: OcrChoice, on_picture: Callable[[], None]) -> Source:
    """Pages with what recognition adds, bookmarks, and warnings that name pages which cannot be read."""
    file = PdfiumFile(path)
    try:
        if len(file) > max_pages:
            raise TooManyPages(
                f"{path.name} has {len(file)} pages, over the limit of {max_pages}.",
                hint="Split it, or raise RAGQA_MAX_PAGES.",
            )
        pages, lost = _load_pages(file, path)
        if len(lost) == len(pages):
            raise DamagedPdf(f"{path.name} has no page that can be loaded.", hint="Download or export it again.")
        if not any(page.words or page.hidden for page in pages):
            pages = _second_opinion(path, pages)
        recognition = recognised(pages, file.picture, ocr, on_picture)
        return Source(recognition.pages, file.outline(), Metadata(), _warnings(recognition, lost, ocr))
    finally:
        file.close()


def _load_pages(file: PdfiumFile, path: Path) -> tuple[list[PlacedPage], list[int]]:
    """All pages, those that cannot be loaded without words, and the numbers of these."""
    pages: list[PlacedPage] = []
    lost: list[int] = []
    words = 0
    for number in range(1, len(file) + 1):
        try:
            pages.append(file.page(number))
        except DamagedPdf:
            lost.append(number)
            pages.append(PlacedPage(number, *_USUAL_SIZE, ()))
        words += len(pages[-1].words) + pages[-1].hidden
        if words > MOST_WORDS:
            raise TooMuchText(f"{path.name} has more than {MOST_WORDS} words.", hint="Split it, or leave it out.")
    return pages, lost


def _second_opinion(path: Path, pages: list[PlacedPage]) -> list[PlacedPage]:
    """Pages as pypdf reads them where it finds words that PDFium does not, else as they were."""
    try:
        others = pypdf_reader.read_pages(path, len(pages))
    except (DamagedPdf, EncryptedPdf, TooManyPages):
        return pages
    return others if len(others) == len(pages) and any(page.words for page in others) else pages


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


def _warnings(recognition: Recognition, lost: Sequence[int], ocr: OcrChoice) -> tuple[str, ...]:
    read = f"Pages read by text recognition ({recognition.engine}), which errs: {_listed(recognition.read)}."
    textless = _textless([page for page in recognition.pages if page.number not in lost])
    if textless and not recognition.engine and any(page.is_scan and not page.words for page in recognition.pages):
        textless = f"{textless} {_advice(ocr)}"
    cannot_load = f"Pages that cannot be loaded: {_listed(lost)}." if lost else ""
    return cannot_load, read if recognition.read else "", textless


def _no_text(path: Path, source: Source, ocr: OcrChoice) -> NoTextLayer:
    hidden = f", but {source.hidden_words} words that no reader can see" if source.hidden_words else ""
    return NoTextLayer(
        f"{path.name} has no text layer on any page ({len(source.pages)}): they are pictures, or empty{hidden}.",
        hint=_advice(ocr),
    )


def _advice(ocr: OcrChoice) -> str:
    if ocr.engine == "off":
        return "Text recognition is off: set RAGQA_OCR=auto and retry."
    engine = find_engine(ocr)
    return f"Text recognition ({engine.name}) found no words either." if engine else INSTALL_HINT


def _textless(pages: Sequence[PlacedPage]) -> str:
    empty = [page.number for page in pages if not page.words]
    return f"Pages without text: {_listed(empty)}." if empty else ""


def _listed(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:10]))
    return shown if len(numbers) <= 10 else f"{shown} and {len(numbers) - 10} more"
