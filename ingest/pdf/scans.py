"""Which pages are pictures of text, and their words by text recognition. Knows pages; does not know PDF libraries."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from ingest.pdf.ocr import OcrChoice, OcrEngine, RecognisedWord, find_engine
from ingest.pdf.words import PlacedPage, PlacedWord, clean_text

STAMP_WORDS = 15
"""A scan with fewer words carries a stamp ("Downloaded from ..."), no text layer."""
_JUNK = re.compile(r"\ufffd|\(cid:\d+\)")
_JUNK_SHARE = 0.3
_LINE_HEIGHT = 0.9
"""From the top of the tallest letter to the foot of the lowest, in font sizes."""

Draw = Callable[[int, int], tuple[Any, float]]
"""A page by number and dots per inch: its picture, and pixels per point."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """Pages with what recognition found put in, and which pages it has read."""

    pages: list[PlacedPage]
    engine: str
    read: tuple[int, ...]


def is_picture(page: PlacedPage) -> bool:
    """Whether what a reader sees on the page is not in its words."""
    if not page.words:
        return True
    if page.is_scan and len(page.words) < STAMP_WORDS:
        return True
    junk = sum(1 for word in page.words if _JUNK.search(word.text))
    return junk > _JUNK_SHARE * len(page.words)


def recognised(pages: Sequence[PlacedPage], draw: Draw, choice: OcrChoice, on_page: Callable[[], None]) -> Recognition:
    """Read the pages that are pictures, as far as the time for them goes; ``on_page`` is called before each."""
    wanted = [page for page in pages if is_picture(page)]
    engine = find_engine(choice) if wanted else None
    if engine is None:
        return Recognition(list(pages), "", ())
    deadline = time.monotonic() + choice.timeout_s
    found: dict[int, PlacedPage] = {}
    for page in wanted:
        if time.monotonic() > deadline:
            break
        on_page()
        words = _words_of(page, engine, draw)
        if words:
            found[page.number] = replace(page, words=words)
    return Recognition([found.get(page.number, page) for page in pages], engine.name, tuple(found))


def _words_of(page: PlacedPage, engine: OcrEngine, draw: Draw) -> tuple[PlacedWord, ...]:
    """What is on a page: the words it has, unless they are junk, and around them those that are recognised."""
    kept = [word for word in page.words if page.is_scan and not _JUNK.search(word.text)]
    picture, scale = draw(page.number, engine.dpi)
    darkest, brightest = picture.convert("L").getextrema()
    if darkest == brightest:
        return ()
    read = _placed(engine.words(picture), scale)
    return (*kept, *(word for word in read if not any(_is_on(word, other) for other in kept)))


def _placed(words: Sequence[RecognisedWord], scale: float) -> Iterator[PlacedWord]:
    """In points; sizes near the usual one are the usual one, as the edges of a scanned line waver."""
    sizes = [(word.rect[3] - word.rect[1]) / scale / _LINE_HEIGHT for word in words]
    usual = median(sizes) if sizes else 0.0
    for word, size in zip(words, sizes, strict=True):
        text = clean_text(word.text).replace(" ", "")
        x0, y0, x1, y1 = (edge / scale for edge in word.rect)
        if text:
            yield PlacedWord(text, x0, y0, x1, y1, round(usual if abs(size - usual) < usual / 4 else size, 1))


def _is_on(word: PlacedWord, other: PlacedWord) -> bool:
    x, y = (word.x0 + word.x1) / 2, (word.y0 + word.y1) / 2
    return other.x0 <= x <= other.x1 and other.y0 <= y <= other.y1
