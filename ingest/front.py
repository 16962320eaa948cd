"""The title page: title, authors, abstract, year and DOI, from layout first and from metadata second."""

import re
from collections.abc import Sequence
from dataclasses import replace

from ingest.layout import TextBlock
from ingest.sections import is_known
from ragqa.document import BlockKind, Metadata

_JUNK_TITLE = re.compile(
    r"^(microsoft (word|powerpoint)|untitled|title|document\d*|paper|manuscript|main|template|slide \d|pii:|doi:|arxiv"
    r"|layout \d|\(anonymous\)|proceedings of|instructions for|\W*$)|\.(docx?|tex|dvi|pdf|indd|qxd|ps|rtf)\b",
    re.IGNORECASE,
)
_DOI = re.compile(r"\b10\.\d{4,9}/[-._;()/:A-Za-z0-9]*[A-Za-z0-9]")
_YEAR = re.compile(r"\b(19[5-9]\d|20[0-4]\d)\b")
_ABSTRACT = re.compile(r"^a\s?b\s?s\s?t\s?r\s?a\s?c\s?t\b", re.IGNORECASE)
_NOT_A_PERSON = re.compile(
    r"\d|@|univers|institut|depart|laborator|school|college|centre|center|faculty|research|academy|hospital|inc\b|ltd"
    r"|corporation|group|google|microsoft|facebook|abstract|china|usa|correspond|email|author|http|technolog|science",
    re.IGNORECASE,
)
_NAME = re.compile(r"^[^\W\d_a-z][\w.'’‘\-]*(\s(de|van|von|der|den|di|da|la|le|el|al|bin|ter|dos|del)\b|\s[^\W\d_a-z][\w.'’\-]*){1,4}$")
_MARKS = re.compile(r"[\d*†‡§¶∗⋆♦♠♥♣♯\[\]{}()#^]+")


def mark_title_and_authors(blocks: Sequence[TextBlock], metadata: Metadata, body: float) -> None:
    """Title and authors among the blocks of page 1, in place; before headings are looked for."""
    first_page = [block for block in blocks if block.page == 1]
    title = _title_block(first_page, metadata, body)
    if title is not None:
        title.kind = BlockKind.TITLE
        _mark_authors(first_page, title)


def _title_block(blocks: Sequence[TextBlock], metadata: Metadata, body: float) -> TextBlock | None:
    """The block that repeats the metadata's title, else the largest print in the upper part of the page."""
    upper = [block for block in blocks if block.y0 < 480 and block.kind is BlockKind.PARAGRAPH and not is_known(block.text)]
    wanted = _letters(metadata.title)
    if len(wanted) > 10:
        for block in upper:
            if _letters(block.text) == wanted:
                return block
    fit = [block for block in upper if len(block.text) >= 12 and len(block.text.split()) >= 2 and len(block.lines) <= 7]
    large = [block for block in fit if block.size >= 1.15 * body]
    return max(large, key=lambda block: (round(block.size), -block.y0), default=None)


def _mark_authors(blocks: Sequence[TextBlock], title: TextBlock) -> None:
    seen_title = False
    for block in blocks:
        if block is title:
            seen_title = True
        elif seen_title:
            is_long = sum(len(line.words) for line in block.lines) > 120
            if block.kind is not BlockKind.PARAGRAPH or _ABSTRACT.match(block.text) or is_known(block.text) or is_long:
                return
            if block.y0 < title.y0 or block.y0 > 420:
                return
            block.kind = BlockKind.AUTHORS


def mark_abstract(blocks: Sequence[TextBlock]) -> None:
    """In place, once headings are known: the text under a heading "Abstract", or a paragraph that opens with that word."""
    under_heading = False
    for block in blocks:
        if block.page > 2:
            return
        if block.kind is BlockKind.HEADING:
            under_heading = bool(_ABSTRACT.match(block.text))
        elif block.kind is BlockKind.PARAGRAPH and (under_heading or _ABSTRACT.match(block.text)):
            block.kind = BlockKind.ABSTRACT


def complete_metadata(metadata: Metadata, blocks: Sequence[TextBlock]) -> Metadata:
    """What the title page says wins over what the file says of itself; junk is dropped."""
    front = [block for block in blocks if block.page == 1]
    title = next((block.text for block in front if block.kind is BlockKind.TITLE), "")
    authors = _names(" , ".join(line.text for b in front if b.kind is BlockKind.AUTHORS for line in b.lines))
    text = " ".join(block.text for block in front)
    doi = _DOI.search(text)
    year = _YEAR.search(text)
    return replace(
        metadata,
        title=title or ("" if is_junk_title(metadata.title) else metadata.title),
        authors=metadata.authors or authors,
        doi=metadata.doi or (doi[0] if doi else ""),
        year=int(year[0]) if year and metadata.year is None else metadata.year,
    )


def is_junk_title(title: str) -> bool:
    """True for "Microsoft Word - x.doc", file names and the like."""
    return len(title) < 5 or " " not in title.strip() or bool(_JUNK_TITLE.search(title))


def _names(text: str) -> tuple[str, ...]:
    pieces = re.split(r",|;|\band\b|&|·|•|\d", _MARKS.sub(" , ", text))
    names = (" ".join(piece.split()) for piece in pieces)
    return tuple(dict.fromkeys(n for n in names if len(n) < 45 and _NAME.match(n) and not _NOT_A_PERSON.search(n)))


def _letters(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())
