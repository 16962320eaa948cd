"""pypdf: what a file says of itself, and a second way to its words. The only file that imports pypdf.

pypdf knows where a run of text starts but not how wide it is: rectangles of the second way are estimates.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from ingest.identifiers import ARXIV_FILE, find_doi
from ingest.pdf.words import PlacedPage, PlacedWord, clean_text
from ragqa.document import Metadata
from ragqa.errors import DamagedPdf, EncryptedPdf, TooManyPages

_PRISM = "http://prismstandard.org/"
_VENUE_BEFORE_DOI = re.compile(r"^(.{3,100}?),? (?:doi:|https?://(?:dx\.)?doi\.org/) ?10\.")
_FAMILY_FIRST = re.compile(r"^((?:[a-z’']+ ){0,3}[^\s,]+), ([^\s,]+(?: [^\s,]+){0,2})$")
_GLYPH_WIDTH = 0.5
"""Of an average letter, in font sizes."""


def read_metadata(path: Path) -> tuple[Metadata, str]:
    """What the file's info and XMP records say, and its name if that is an arXiv id; a warning if unreadable."""
    named = path.stem if ARXIV_FILE.match(path.stem) else ""
    try:
        with _opened(path) as reader:
            return replace(_metadata(reader), arxiv_id=named), ""
    except (DamagedPdf, EncryptedPdf) as exc:
        return Metadata(arxiv_id=named), f"The file's own title and authors cannot be read: {exc.message}"


def read_pages(path: Path, max_pages: int) -> list[PlacedPage]:
    """Words of every page, at estimated places. Raise EncryptedPdf, DamagedPdf or TooManyPages."""
    with _opened(path) as reader:
        if len(reader.pages) > max_pages:
            raise TooManyPages(f"{path.name} has {len(reader.pages)} pages, over the limit of {max_pages}.")
        return [_page(page, number) for number, page in enumerate(reader.pages, start=1)]


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    import pypdf
    from pypdf.errors import FileNotDecryptedError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        with path.open("rb") as stream:
            yield pypdf.PdfReader(stream)
    except FileNotDecryptedError as exc:
        raise EncryptedPdf(
            f"{path.name} is protected by a password.", hint="Save a copy without the password and add that."
        ) from exc
    except (EncryptedPdf, TooManyPages, MemoryError):
        raise
    # On damaged files pypdf raises whatever the damage leads to (TypeError, AssertionError, RecursionError, ...).
    except Exception as exc:
        raise DamagedPdf(
            f"{path.name} cannot be opened: {type(exc).__name__}: {exc}.", hint="Download or export it again."
        ) from exc


def _metadata(reader: Any) -> Metadata:
    info = reader.metadata or {}
    title = clean(info.get("/Title"))
    authors = split_authors(clean(info.get("/Author")))
    subject = clean(info.get("/Subject"))
    venue = _VENUE_BEFORE_DOI.match(subject)
    told = " ".join(str(value) for value in info.values())
    xmp = reader.xmp_metadata
    published = ""
    if xmp is not None:
        title = title or clean(next(iter((xmp.dc_title or {}).values()), ""))
        listed = tuple(name for entry in xmp.dc_creator or [] for name in split_authors(clean(entry)))
        authors = listed if len(listed) > len(authors) else authors
        published = _prism(xmp, "publicationName")
        told = f"{_prism(xmp, 'doi')} {clean(xmp.dc_identifier)} {told}"
    created = re.match(r"D:((?:19|20)\d\d)", str(info.get("/CreationDate", "")))
    return Metadata(
        title,
        authors,
        year=int(created[1]) if created else None,
        doi=find_doi([told]),
        venue=published or (venue[1] if venue else ""),
    )


def _prism(xmp: Any, name: str) -> str:
    """One of the fields that publishers agreed on, in whichever version."""
    for element in xmp.rdf_root.getElementsByTagNameNS("*", name):
        if str(element.namespaceURI).startswith(_PRISM) and element.firstChild is not None:
            return clean(element.firstChild.nodeValue)
    return ""


def split_authors(text: str) -> tuple[str, ...]:
    """``A B; C D``, ``A B, C D`` and ``A B and C D`` are two names, ``B, A`` and ``van B, A`` are one."""
    entries = re.split(r";|\band\b|&", text)
    if len(entries) == 1 and not _FAMILY_FIRST.match(text):
        entries = text.split(",")
    names = (name for entry in entries for name in _natural(entry.strip()))
    return tuple(name for name in names if " " in name or not name.isascii())


def _natural(entry: str) -> Iterator[str]:
    """``Lovelace, Ada`` as ``Ada Lovelace``; a list with commas as its names."""
    inverted = _FAMILY_FIRST.match(entry)
    if inverted:
        yield f"{inverted[2]} {inverted[1]}"
    else:
        yield from filter(None, map(str.strip, entry.split(",")))


def clean(value: object) -> str:
    """One line of shown characters; '' for anything that is no text."""
    return " ".join(filter(None, map(clean_text, str(value).split()))) if isinstance(value, str) else ""


def _page(page: Any, number: int) -> PlacedPage:
    box = page.cropbox
    left, top, height = float(box.left), float(box.top), float(box.height)
    words: list[PlacedWord] = []

    def place(text: str, cm: list[float], tm: list[float], font: Any, size: float) -> None:
        scale = abs(tm[3] * cm[3]) or 1.0
        x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4] - left
        y = top - (tm[4] * cm[1] + tm[5] * cm[3] + cm[5])
        words.extend(_words(text, x, y, min(max(float(size or 1) * scale, 4.0), 72.0)))

    page.extract_text(visitor_text=place)
    return PlacedPage(number, float(box.width), height, tuple(words))


def _words(text: str, x: float, baseline: float, size: float) -> Iterator[PlacedWord]:
    for row, line in enumerate(text.split("\n")):
        for match in re.finditer(r"\S+", line):
            x0 = x + match.start() * _GLYPH_WIDTH * size
            y1 = baseline + row * 1.2 * size + 0.2 * size
            word = clean_text(match[0])
            if word:
                yield PlacedWord(word, x0, y1 - size, x0 + len(word) * _GLYPH_WIDTH * size, y1, size)
