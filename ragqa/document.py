"""What reading a PDF gives: words with rectangles, pages, blocks, chunks. Pure data.

All coordinates are PDF points with the origin at the top left of the page as shown
(rotation and crop box applied); pages count from 1.
"""

from dataclasses import dataclass, field
from enum import StrEnum

Rect = tuple[float, float, float, float]
"""x0, y0, x1, y1 in PDF points, origin top left."""


class BlockKind(StrEnum):
    """What a run of words is on its page."""

    TITLE = "title"
    AUTHORS = "authors"
    ABSTRACT = "abstract"
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    CAPTION = "caption"
    TABLE = "table"
    FIGURE = "figure"
    """Text inside a figure (labels, ticks, legends), and labels that stand beside the text."""
    FOOTNOTE = "footnote"
    REFERENCE = "reference"


class SectionKind(StrEnum):
    """What part of a paper a section is."""

    ABSTRACT = "abstract"
    INTRODUCTION = "introduction"
    BACKGROUND = "background"
    METHODS = "methods"
    RESULTS = "results"
    DISCUSSION = "discussion"
    CONCLUSION = "conclusion"
    REFERENCES = "references"
    APPENDIX = "appendix"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Word:
    """One white-space-free token; two rectangles when a line break hyphen was mended."""

    text: str
    rects: tuple[Rect, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A page's words in reading order, running headers, footers and page numbers left out."""

    number: int
    width: float
    height: float
    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        """The words joined by single spaces; what quotes are looked up in."""
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class Block:
    """Words ``start:end`` of one page that belong together. ``level`` counts heading depth from 1."""

    kind: BlockKind
    page: int
    start: int
    end: int
    level: int = 0


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the paper says of itself; empty where nothing could be told."""

    title: str = ""
    authors: tuple[str, ...] = ()
    year: int | None = None
    doi: str = ""
    venue: str = ""
    arxiv_id: str = ""
    abstract: str = ""


Span = tuple[int, int]
"""Words ``start:end`` of a page."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells of one TABLE block, each cell a span of its page; an empty cell starts where it ends.

    ``caption`` is the span of its caption, empty if there is none; the first ``header_rows`` rows name the columns.
    """

    page: int
    start: int
    end: int
    caption: Span
    header_rows: int
    rows: tuple[tuple[Span, ...], ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A paper as read: pages, and blocks in reading order over all pages.

    A block of the reference list is one reference. ``hidden_words`` counts what the file holds but no reader can see.
    """

    metadata: Metadata
    pages: tuple[Page, ...]
    blocks: tuple[Block, ...]
    warnings: tuple[str, ...] = field(default=())
    tables: tuple[Table, ...] = ()
    hidden_words: int = 0


@dataclass(frozen=True, slots=True)
class Chunk:
    """Words ``start:end`` of one page, within one section: what is embedded and searched.

    ``section`` is the heading path, ``"3 Method > 3.1 Data"``, empty where none could be told.
    """

    page: int
    start: int
    end: int
    section: str
    kind: BlockKind
    text: str
    context: str = ""
    """What the text means little without but does not hold: a later part of a table has its caption and head here."""
