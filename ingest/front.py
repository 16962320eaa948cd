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
# Years in the text of page 1 are mostly those of cited papers: only these say when the paper itself appeared.
_YEAR_MARKS = (
    re.compile(r"(?:©|\(c\)|\bc|copyright)\s*(?:the author\(s\)\s*)?((?:19|20)\d\d)\b", re.IGNORECASE),
    re.compile(r"arXiv:(\d\d)\d\d\.\d{4,5}"),
    re.compile(r"published:?\s[^.;]{0,40}?((?:19|20)\d\d)\b", re.IGNORECASE),
    re.compile(
        r"(?:proceedings|conference|workshop|volume|journal|accepted)[^.;]{0,120}?((?:19|20)\d\d)\b", re.IGNORECASE
    ),
)
_ABSTRACT = re.compile(r"^a\s?b\s?s\s?t\s?r\s?a\s?c\s?t\b", re.IGNORECASE)
_NOT_A_PERSON = re.compile(
    r"\d|@|univers|institut|depart|laborator|school|college|centre|center|faculty|research|academy|hospital|inc\b|ltd"
    r"|corporation|group|google|microsoft|facebook|abstract|china|usa|correspond|email|author|http|technolog|science|association|linguistics|street|road|avenue|\bteam\b|division|program",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"^[^\W\d_a-z][\w.'’‘\-]*(\s(de|van|von|der|den|di|da|la|le|el|al|bin|ter|dos|del)\b|\s[^\W\d_a-z][\w.'’\-]*){1,4}$"
)
_MARKS = re.compile(r"[\d*†‡§¶∗⋆♦♠♥♣♯\[\]{}()#^]+")


def mark_title_and_authors(blocks: list[TextBlock], metadata: Metadata, body: float) -> list[TextBlock]:
    """Title and authors among the blocks of page 1; before headings are looked for."""
    first_page = [block for block in blocks if block.page == 1]
    title = _title_block(first_page, metadata, body)
    if title is None:
        return blocks
    title.kind = BlockKind.TITLE
    blocks = _absorb_title_lines(blocks, title)
    _mark_authors([block for block in blocks if block.page == 1], title)
    return blocks


def _title_block(blocks: Sequence[TextBlock], metadata: Metadata, body: float) -> TextBlock | None:
    """The block that repeats the metadata's title, else the largest print in the upper part of the page."""
    upper = [
        block for block in blocks if block.y0 < 480 and block.kind is BlockKind.PARAGRAPH and not is_known(block.text)
    ]
    wanted = _letters(metadata.title)
    if len(wanted) > 10:
        for block in upper:
            if _letters(block.text) == wanted:
                return block
    fit = [block for block in upper if len(block.text) >= 12 and len(block.text.split()) >= 2 and len(block.lines) <= 7]
    large = [block for block in fit if block.size >= 1.15 * body]
    if large:
        return max(large, key=lambda block: (round(block.size), -block.y0))
    # Manuscripts and reports set the title like the text: take the first short block of words without a full stop.
    plain = [block for block in fit if 4 <= len(block.text.split()) <= 30 and block.text[-1] not in ".,;:"]
    return next((block for block in plain if block.y0 < 260 and not _DOI.search(block.text)), None)


def _absorb_title_lines(blocks: Sequence[TextBlock], title: TextBlock) -> list[TextBlock]:
    """A title in small capitals, or with a line of its own style, comes in pieces: join those right below."""
    kept: list[TextBlock] = []
    for block in blocks:
        gap = block.y0 - title.y1
        is_piece = block.page == 1 and block.kind is BlockKind.PARAGRAPH and -2 < gap < 0.6 * title.size
        is_alike = block.size > 0.75 * title.size and block.bold == title.bold and not re.search(r"[\d@,]", block.text)
        if block is not title and is_piece and is_alike and block.text.isupper() == title.text.isupper():
            title.lines.extend(block.lines)
        else:
            kept.append(block)
    return kept


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
    """In place, after the headings: what stands under "Abstract", or opens with that word."""
    under_heading = False
    for block in blocks:
        if block.page > 2:
            return
        if block.kind is BlockKind.HEADING:
            under_heading = bool(_ABSTRACT.match(block.text))
        elif block.kind is BlockKind.PARAGRAPH and (under_heading or _ABSTRACT.match(block.text)):
            block.kind = BlockKind.ABSTRACT


def complete_metadata(metadata: Metadata, blocks: Sequence[TextBlock], first_page: str) -> Metadata:
    """What the title page says wins over what the file says of itself; junk is dropped.

    ``first_page`` is all its text, stamps and footers included.
    """
    front = [block for block in blocks if block.page == 1]
    title = next((block.text for block in front if block.kind is BlockKind.TITLE), "")
    authors = _names(" , ".join(line.text for b in front if b.kind is BlockKind.AUTHORS for line in b.lines))
    doi = _DOI.search(first_page)
    return replace(
        metadata,
        title=title or ("" if is_junk_title(metadata.title) else metadata.title),
        authors=_trusted_authors(metadata.authors, first_page) or authors,
        doi=metadata.doi or (doi[0] if doi else ""),
        year=publication_year(first_page) or metadata.year,
    )


def publication_year(first_page: str) -> int | None:
    """From the copyright line, the arXiv stamp, the dates of publication or the proceedings, in this order."""
    for pattern in _YEAR_MARKS:
        match = pattern.search(first_page)
        if match:
            return int(match[1]) if len(match[1]) == 4 else 2000 + int(match[1])
    return None


def _trusted_authors(names: Sequence[str], first_page: str) -> tuple[str, ...]:
    """The file's own list, if these are persons whom the title page names too."""
    page = _letters(first_page)
    are_persons = all(_NAME.match(name) and not _NOT_A_PERSON.search(name) for name in names)
    return tuple(names) if are_persons and all(_letters(name) in page for name in names) else ()


def is_junk_title(title: str) -> bool:
    """True for "Microsoft Word - x.doc", file names and the like."""
    return len(title) < 5 or " " not in title.strip() or bool(_JUNK_TITLE.search(title))


def _names(text: str) -> tuple[str, ...]:
    pieces = re.split(r",|;|\band\b|&|·|•|\d", _MARKS.sub(" , ", text))
    names = (" ".join(piece.split()) for piece in pieces)
    return tuple(dict.fromkeys(n for n in names if len(n) < 45 and _NAME.match(n) and not _NOT_A_PERSON.search(n)))


def _letters(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())
