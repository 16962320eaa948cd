"""Year and venue, from what is printed around the text of the first pages."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest

from ingest.identifiers import ARXIV_STAMP
from ingest.layout.lines import lines_of
from ingest.pdf.words import PlacedPage

_YEAR = r"(?<![\d–-])((?:19|20)\d\d)\b(?![–-]\d)"
# Years in the text of page 1 are mostly those of cited papers: only these say when the paper itself appeared.
_YEAR_MARKS = (
    re.compile(rf"(?:©|\(c\)|\bc|copyright)\s*(?:the author\(s\)\s*)?{_YEAR}", re.IGNORECASE),
    re.compile(rf"published:?\s[^.;]{{0,40}}?{_YEAR}", re.IGNORECASE),
    ARXIV_STAMP,
    re.compile(
        rf"(?:proceedings|conference|workshop|volume|journal|accepted|posted)[^.;]{{0,160}}?{_YEAR}", re.IGNORECASE
    ),
    re.compile(r"arXiv:(\d\d)\d\d\.\d{4,5}"),
)

_ORDINAL = (
    r"(?:\d{1,3}(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|\w+teenth|twent\w+)"
)
_END = r"(?=\s*(?:,|;|:|\.\s|\.$|$|pages|pp\b|\(?(?:long|short|demo\w*|student)\b|volume|vol\b|©))"
_VENUES = (
    re.compile(rf"\b(Proceedings\s+of\s+(?:the\s+)?[^,;:]{{4,140}}?){_END}", re.IGNORECASE),
    re.compile(
        r"\b(?:published as an? (?:conference|workshop) paper (?:at|in)|to appear (?:in|at)|presented at"
        rf"|accepted (?:at|to|by|for|in))\s+([A-Z][^,;:]{{2,100}}?){_END}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"^((?:the\s+)?{_ORDINAL}\s+[^,;]{{0,60}}?(?:conference|workshop|symposium|meeting)\b[^,;]{{2,100}}?){_END}",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b((?:IEEE |ACM )?(?:Transactions|Journal|Annals|Bulletin|Communications|TRANSACTIONS|JOURNAL)\s+(?i:of|on)"
        r"\s+[^,;:()\d]{4,90}?)(?=\s*[,;:(\d]|$)"
    ),
)
_NAME = r"^(?:[\w'’-]+ et al\.?\s+)?((?:[A-Z]|e[A-Z])[A-Za-z&:.\s-]{2,70}?)"
_JOURNALS = (
    re.compile(_NAME + r"[\s,|]*(?:\d{1,4}[\s,:]*)?\((?:19|20)\d\d\)\s*[\d:;,]"),
    re.compile(_NAME + r",?\s(?:19|20)\d\d[,;]\s?(?:vol\.?\s)?\d", re.IGNORECASE),
    re.compile(_NAME + r"\s\d{1,4},\s\w?\d+[–-]\w?\d+,\s\w+\s(?:\d{1,2},\s)?(?:19|20)\d\d"),
    re.compile(_NAME + r"\s?\|\s?(?:https?:|doi|www\.|vol\b|\w+\s\d{1,2},\s(?:19|20)\d\d)", re.IGNORECASE),
)
_PREPRINT = re.compile(
    r"\b(bioRxiv|medRxiv|chemRxiv|PsyArXiv|SSRN) preprint\b|\bPreprint[^.]{0,40}\b(bioRxiv|medRxiv)\b"
)
_EDGE = 0.12
"""Share of the page's height, at the top and at the bottom, where journals and proceedings name themselves."""


def publication_year(first_page: str) -> int | None:
    """From the copyright line, the dates of publication, the arXiv stamp or the proceedings, in this order."""
    for pattern in _YEAR_MARKS:
        match = pattern.search(first_page)
        if match:
            year = match[match.lastindex or 1]
            return int(year) if len(year) == 4 else 2000 + int(year)
    return None


def find_venue(pages: Sequence[PlacedPage]) -> str:
    """Journal, proceedings or preprint server, as the margins of the first two pages name it; '' if they do not."""
    margins = [text for page in pages[:2] for text in _margin_texts(page)]
    for pattern in (*_VENUES, *_JOURNALS):
        for text in margins:
            match = pattern.search(text)
            if match:
                return _clean(match[1])
    preprint = next(filter(None, map(_PREPRINT.search, margins)), None)
    return (preprint[1] or preprint[2]) if preprint else ""


def _margin_texts(page: PlacedPage) -> Iterator[str]:
    """Rows near the edges, and each with the row below it: names break lines."""
    low, high = _EDGE * page.height, (1 - _EDGE) * page.height
    words = tuple(word for word in page.words if not word.quarter and (word.y1 < low or word.y0 > high))
    lines = lines_of(replace(page, words=words))
    rows: list[tuple[float, str]] = []
    for line in sorted(lines, key=lambda line: (round(line.middle / 3), line.x0)):
        if rows and abs(rows[-1][0] - line.middle) < 0.4 * line.size:
            rows[-1] = (rows[-1][0], f"{rows[-1][1]} {line.text}")
        else:
            rows.append((line.middle, line.text))
    texts = [text for _, text in rows]
    for text, below in zip_longest(texts, texts[1:], fillvalue=""):
        is_open = re.search(r"\b(of|on|the|for|and|in|Conference|Meeting|Association)$", text)
        yield f"{text} {below}" if is_open else text


def _clean(venue: str) -> str:
    return re.sub(r"\s*\(\s*$", "", venue).strip(" .,:|-–—")
