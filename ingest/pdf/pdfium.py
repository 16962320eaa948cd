"""PDFium: words with their places, bookmarks, and page images. The only file that imports pypdfium2.

PDFium may abort the process or never return on a hostile file, and is not made for threads:
reading happens in a process of its own (see worker.py). Knows nothing of lines or sections.
"""

import ctypes
import io
import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import repeat
from pathlib import Path
from typing import Any, NamedTuple

from ingest.pdf.hidden import Frame, look, may_have_layers
from ingest.pdf.page_objects import PageObjects
from ingest.pdf.rules import may_have_table, rules_of
from ingest.pdf.words import OutlineEntry, PlacedPage, PlacedWord, clean_text
from ragqa.document import Rect
from ragqa.errors import DamagedPdf, EncryptedPdf, PathNotFound, TooMuchText

# PDFium marks a hyphen at a line's end as U+0002 (older versions: U+FFFE) and joins the two halves: part them again.
_RUN = re.compile(r"[^\s\x00-\x06\ufffe]+[\x02\ufffe]?")
_STANDS_FOR_ANOTHER = re.compile("\ufffe")
_LETTER_THEN_MARK = re.compile(r"[^\W\d_][^\s]*[\d*†‡§¶∗]|[^\W\d_]{3}")
_BOLD_NAME = re.compile(rb"bold|black|heavy|demi|-bd|cmbx|cmssbx|ptmb|nimbusromno9l-medi|medi$", re.IGNORECASE)
_SLANT = 12.0
"""Degrees; writing that leans further is a watermark."""
_FORCE_BOLD = 1 << 18
_MOST_CHARACTERS = 500_000
_MOST_PIXELS = 20_000_000
_HIGHLIGHT = (255, 213, 0, 96)
_STRONG = (255, 120, 0, 110)  # black words under it keep a contrast of more than 4.5:1

_Place = Callable[[float, float, float, float], Rect]


class PdfiumFile:
    """An open PDF. Raises EncryptedPdf or DamagedPdf on opening; close it."""

    def __init__(self, path: Path) -> None:
        import pypdfium2

        self._document: Any = _open(pypdfium2, path)
        self._raw: Any = pypdfium2.raw
        self._objects = PageObjects(self._raw)
        self._has_layers = may_have_layers(path)

    def __len__(self) -> int:
        """Number of pages."""
        return len(self._document)

    def outline(self) -> list[OutlineEntry]:
        """The bookmarks, in order; the first thousand of a longer list."""
        found: list[OutlineEntry] = []
        for bookmark in self._document.get_toc(max_depth=6):
            title = " ".join(clean_text(bookmark.get_title()).split())
            if title:
                found.append(OutlineEntry(title, bookmark.level + 1))
            if len(found) == 1000:
                break
        return found

    def page(self, number: int) -> PlacedPage:
        """Words of page ``number`` (from 1). Raise DamagedPdf if it cannot be loaded, TooMuchText if it is no page."""
        with self._loaded(number) as handle:
            return self._read_page(handle, number)

    def picture(self, number: int, dpi: int) -> tuple[Any, float]:
        """Page ``number`` drawn in RGB, and its pixels per point: fewer than wanted if the page is huge."""
        with self._loaded(number) as handle:
            width, height, _ = _shown_frame(self._raw, handle, self._raw.FPDFPage_GetRotation(handle))
            scale = min(dpi / 72, math.sqrt(_MOST_PIXELS / max(1.0, width * height)))
            return _Drawing(self._raw, handle, width, height).part((0.0, 0.0, width, height), scale), scale

    def close(self) -> None:
        """Release the file."""
        self._document.close()

    @contextmanager
    def _loaded(self, number: int) -> Iterator[Any]:
        handle = self._raw.FPDF_LoadPage(self._document, number - 1)
        if not handle:
            raise DamagedPdf(f"Page {number} cannot be loaded.")
        try:
            yield handle
        finally:
            self._raw.FPDF_ClosePage(handle)

    def _read_page(self, handle: Any, number: int) -> PlacedPage:
        turns = self._raw.FPDFPage_GetRotation(handle)
        width, height, place = _shown_frame(self._raw, handle, turns)
        text_page = self._raw.FPDFText_LoadPage(handle)
        if not text_page:
            raise DamagedPdf(f"The text of page {number} cannot be loaded.")
        try:
            words, owners = _Glyphs(self._raw, self._objects, text_page, place, turns).words()
        finally:
            self._raw.FPDFText_ClosePage(text_page)
        frame = Frame(width, height, place, _Drawing(self._raw, handle, width, height).part)
        sight = look(self._objects, handle, frame, words, owners, has_layers=self._has_layers)
        shown = [word for position, word in enumerate(words) if position not in sight.hidden]
        rules = rules_of(self._objects, handle, place) if may_have_table(shown) else ()
        return PlacedPage(number, width, height, tuple(shown), len(sight.hidden), sight.is_scan, rules)


class _Style(NamedTuple):
    """The last fields of a PlacedWord."""

    size: float
    font: str
    bold: bool
    quarter: int


class _Glyphs:
    """Reads one text page with as few calls as it takes: the first and the last glyph of each word."""

    def __init__(self, raw: Any, objects: PageObjects, text_page: Any, place: _Place, turns: int) -> None:
        self._raw = raw
        self._text_object = objects.text_object
        self._page = text_page
        self._place = place
        self._turns = turns
        self._box = raw.FS_RECTF()
        self._matrix = raw.FS_MATRIX()
        self._name = ctypes.create_string_buffer(128)
        self._flags = ctypes.c_int()
        self._styles: dict[int, _Style] = {}

    def words(self) -> tuple[list[PlacedWord], list[int]]:
        """Every word of the page in the order of the file, and the text object of each (0 if unknown).

        Marks set as superscripts are words of their own.
        """
        text = self._text()
        words: list[PlacedWord] = []
        owners: list[int] = []
        for match in _RUN.finditer(text):
            run = match[0]
            whole = (match.start(), match.end())
            parts = [whole] if run.isalpha() and run.isascii() else self._split_superscripts(run, match.start())
            for start, end in parts:
                owner = self._text_object(self._page, start) or 0
                word = self._word(text[start:end], start, end, self._style(owner, start))
                if word.text:
                    words.append(word)
                    owners.append(owner)
        return words, owners

    def _text(self) -> str:
        """One character per index: read at once where that gives as many, else one by one."""
        count = max(0, self._raw.FPDFText_CountChars(self._page))
        if count > _MOST_CHARACTERS:
            raise TooMuchText(f"A page has {count} characters, over the limit of {_MOST_CHARACTERS}.")
        buffer = (ctypes.c_ushort * (count + 1))()
        written = self._raw.FPDFText_GetText(self._page, 0, count, buffer)
        if written == count + 1:
            text = bytes(buffer)[: 2 * count].decode("utf-16-le", "surrogatepass")
            if len(text) == count:
                return _STANDS_FOR_ANOTHER.sub(
                    lambda at: chr(self._raw.FPDFText_GetUnicode(self._page, at.start())), text
                )
        return "".join(map(chr, map(self._raw.FPDFText_GetUnicode, repeat(self._page, count), range(count))))

    def _word(self, run: str, start: int, end: int, style: "_Style") -> PlacedWord:
        x0, y0, x1, y1 = self._glyph_box(start)
        if end - start > 1:
            a0, b0, a1, b1 = self._glyph_box(end - 1)
            x0, y0, x1, y1 = min(x0, a0), min(y0, b0), max(x1, a1), max(y1, b1)
        text = run[:-1] + "-" if run[-1] in "\x02\ufffe" else run
        return PlacedWord(clean_text(text), *self._place(x0, y0, x1, y1), *style)

    def _glyph_box(self, index: int) -> Rect:
        box = self._box
        if not self._raw.FPDFText_GetLooseCharBox(self._page, index, box):
            return (0.0, 0.0, 0.0, 0.0)
        return (box.left, box.bottom, box.right, box.top)

    def _style(self, owner: int, index: int) -> "_Style":
        """Of a character; all characters of a text object share it."""
        style = self._styles.get(owner)
        if style is None or not owner:
            size, quarter = self._size(index)
            style = self._styles[owner] = _Style(size, *self._font(index), quarter)
        return style

    def _style_at(self, index: int) -> "_Style":
        return self._style(self._text_object(self._page, index) or 0, index)

    def _size(self, index: int) -> tuple[float, int]:
        """Font size in points as shown, and which way the line runs on the shown page (see PlacedWord.quarter)."""
        matrix = self._matrix
        if not self._raw.FPDFText_GetMatrix(self._page, index, matrix):
            return 0.0, 0
        scale = math.hypot(matrix.c, matrix.d)
        size = round(self._raw.FPDFText_GetFontSize(self._page, index) * scale, 1)
        if not self._turns and not matrix.b and matrix.a > 0:
            return size, 0
        angle = math.degrees(math.atan2(matrix.b, matrix.a)) - 90 * self._turns
        quarter = round(angle / 90)
        return size, quarter % 4 if abs(angle - 90 * quarter) < _SLANT else -1

    def _font(self, index: int) -> tuple[str, bool]:
        """Name of the font, without the letters that mark a subset, and whether it is a bold one."""
        self._raw.FPDFText_GetFontInfo(self._page, index, self._name, 128, self._flags)
        name, flags = self._name.value, self._flags.value
        return name.decode("latin-1").rpartition("+")[2], bool(flags & _FORCE_BOLD) or bool(_BOLD_NAME.search(name))

    def _split_superscripts(self, run: str, start: int) -> list[tuple[int, int]]:
        """``domain21,`` whose 21 is small and raised is two words; ``CO2`` and ``10-3`` stay one."""
        end = start + len(run)
        if not _LETTER_THEN_MARK.search(run):
            return [(start, end)]
        size = self._style_at(start).size
        base = self._glyph_box(start)
        for index in range(start + 2, end):
            box = self._glyph_box(index)
            if box[1] > base[1] + 0.1 * size and self._style_at(index).size < 0.85 * size:
                return [(start, index), (index, end)]
        return [(start, end)]


class _Drawing:
    """Draws parts of a loaded page, as they are now."""

    def __init__(self, raw: Any, page: Any, width: float, height: float) -> None:
        self._raw = raw
        self._page = page
        self._size = (width, height)

    def part(self, rect: Rect, scale: float) -> Any:
        """An RGB picture of a part of the page as shown, on white; ``scale`` is pixels per point."""
        from PIL import Image

        x0, y0, x1, y1 = rect
        size = max(1, math.ceil((x1 - x0) * scale)), max(1, math.ceil((y1 - y0) * scale))
        whole = [round(side * scale) for side in self._size]
        bitmap = self._raw.FPDFBitmap_CreateEx(*size, self._raw.FPDFBitmap_BGR, None, 0)
        if not bitmap:
            raise MemoryError
        try:
            self._raw.FPDFBitmap_FillRect(bitmap, 0, 0, *size, 0xFFFFFFFF)
            start = (-round(x0 * scale), -round(y0 * scale))
            self._raw.FPDF_RenderPageBitmap(bitmap, self._page, *start, *whole, 0, self._raw.FPDF_ANNOT)
            stride = self._raw.FPDFBitmap_GetStride(bitmap)
            pixels = ctypes.string_at(self._raw.FPDFBitmap_GetBuffer(bitmap), stride * size[1])
            return Image.frombytes("RGB", size, pixels, "raw", "BGR", stride)
        finally:
            self._raw.FPDFBitmap_Destroy(bitmap)


def render_page(path: Path, page: int, rects: Sequence[Rect], scale: float, strong: Sequence[Rect] = ()) -> bytes:
    """A PNG of the page (from 1) with ``rects`` marked, ``strong`` in a stronger colour; ``scale`` is pixels per point.

    Raise DamagedPdf if there is no such page, EncryptedPdf or DamagedPdf if the file cannot be opened.
    """
    import pypdfium2
    from PIL import Image, ImageDraw

    with _opened(pypdfium2, path) as document:
        if not 1 <= page <= len(document):
            raise DamagedPdf(f"{path.name} has no page {page}.", hint=f"It has {len(document)} pages.")
        image = document[page - 1].render(scale=scale).to_pil().convert("RGBA")
    marks = Image.new("RGBA", image.size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(marks)
    for colour, marked in ((_HIGHLIGHT, rects), (_STRONG, strong)):
        for rect in marked:
            pen.rectangle([side * scale for side in rect], fill=colour)
    buffer = io.BytesIO()
    Image.alpha_composite(image, marks).convert("RGB").save(buffer, format="PNG")
    return buffer.getvalue()


@contextmanager
def _opened(pypdfium2: Any, path: Path) -> Iterator[Any]:
    document = _open(pypdfium2, path)
    try:
        yield document
    finally:
        document.close()


def _open(pypdfium2: Any, path: Path) -> Any:
    try:
        return pypdfium2.PdfDocument(path)
    except FileNotFoundError as exc:
        raise PathNotFound(f"There is no file {path}.") from exc
    except pypdfium2.PdfiumError as exc:
        if exc.err_code in (pypdfium2.raw.FPDF_ERR_PASSWORD, pypdfium2.raw.FPDF_ERR_SECURITY):
            raise EncryptedPdf(
                f"{path.name} is protected by a password.", hint="Save a copy without the password and add that."
            ) from exc
        raise DamagedPdf(f"{path.name} cannot be opened: {exc}.", hint="Download or export it again.") from exc


def _shown_frame(raw: Any, handle: Any, turns: int) -> tuple[float, float, _Place]:
    """Width and height as shown, and the way from PDF coordinates to points from the top left."""
    crop = raw.FS_RECTF()
    raw.FPDF_GetPageBoundingBox(handle, crop)
    left, bottom, right, top = crop.left, crop.bottom, crop.right, crop.top
    width, height = right - left, top - bottom
    ways: tuple[_Place, ...] = (
        lambda x0, y0, x1, y1: (x0 - left, top - y1, x1 - left, top - y0),
        lambda x0, y0, x1, y1: (y0 - bottom, x0 - left, y1 - bottom, x1 - left),
        lambda x0, y0, x1, y1: (right - x1, y0 - bottom, right - x0, y1 - bottom),
        lambda x0, y0, x1, y1: (top - y1, right - x1, top - y0, right - x0),
    )
    if turns % 2:
        width, height = height, width
    return width, height, ways[turns % 4]
