"""The title page: which blocks are title, authors and abstract, and what the paper says of itself there."""

import re
from collections.abc import Sequence

from ingest.identifiers import find_arxiv_id, find_doi
from ingest.layout.blocks import TextBlock
from ingest.layout.lines import Line
from ingest.pdf.words import PlacedPage
from ingest.section_names import is_known
from ingest.structure.authors import authors_of, fold_name, is_person
from ingest.structure.imprint import find_venue, publication_year
from ingest.structure.title import absorb_title_lines, find_title, title_text, visible_title
from ragqa.document import Block, BlockKind, Metadata, Page

_ABSTRACT = re.compile(r"^(a\s?b\s?s\s?t\s?r\s?a\s?c\s?t|summary)\b\s*[.:—–-]*\s*", re.IGNORECASE)
_DEEPEST_BYLINE = 330.0
"""Points from the title down to where the last author may stand."""
_TITLE_PAGES = 3
"""Covers may come before the title page."""


def mark_title_and_authors(blocks: list[TextBlock], metadata: Metadata, body: float) -> list[TextBlock]:
    """Title and authors among the blocks of page 1; before headings are looked for."""
    title = find_title([block for block in blocks if block.page == 1], metadata.title, body)
    if title is None:
        return blocks
    title.kind = BlockKind.TITLE
    blocks = absorb_title_lines(blocks, title)
    for block in _byline([block for block in blocks if block.page == 1], title):
        block.kind = BlockKind.AUTHORS
    return blocks


def _byline(blocks: Sequence[TextBlock], title: TextBlock) -> list[TextBlock]:
    """What stands below the title and above the text, in every column: names, places, addresses, dates."""
    below = [block for block in blocks if block is not title and block.y0 > title.y1 - 0.5 * title.size]
    ends = [block.y0 for block in below if _opens_text(block)]
    end = min([*ends, title.y1 + _DEEPEST_BYLINE]) - 1
    return [block for block in below if block.kind is BlockKind.PARAGRAPH and block.y0 < end]


def _opens_text(block: TextBlock) -> bool:
    """The abstract, a heading, or sentences: most of their words are small."""
    if _ABSTRACT.match(block.text) or is_known(block.text):
        return True
    words = [word.text for line in block.lines for word in line.words if word.text[0].isalpha()]
    # Chinese has no spaces: there a word is a line.
    is_long = len(words) >= 25 or sum(map(len, words)) >= 200
    return is_long and sum(not word[0].isupper() for word in words) > 0.5 * len(words)


def mark_abstract(blocks: Sequence[TextBlock]) -> None:
    """In place, after the headings: what stands under "Abstract", opens with that word, or precedes all sections."""
    under_heading = found = False
    last: TextBlock | None = None
    for block in blocks:
        # Covers and highlights may come before the page that holds it.
        if block.page > (last.page + 1 if last else 2 if found else 4):
            break
        if block.kind is BlockKind.HEADING:
            # "Background:", "Results:" and the like divide an abstract.
            is_part = under_heading and block.level > 1 and block.text.endswith((":", "."))
            under_heading, last = is_part or bool(_ABSTRACT.match(block.text)), None
        elif block.kind is BlockKind.PARAGRAPH and (_goes_on(last, block) if last else under_heading or _opens(block)):
            block.kind = BlockKind.ABSTRACT
            last, found = block, True
    if not found:
        _mark_bare_abstract([block for block in blocks if block.page == 1])


def _opens(block: TextBlock) -> bool:
    return bool(_ABSTRACT.match(block.text))


def _goes_on(last: TextBlock, block: TextBlock) -> bool:
    """A further paragraph has the same margin; a sentence cut off goes on at the top of a column or page."""
    is_cut = last.text[-1] not in ".!?:" and block.text[0].islower()
    is_below = block.page == last.page and abs(block.x0 - last.x0) < 2 * last.size
    return abs(block.size - last.size) < 0.5 and (is_below or is_cut)


def _mark_bare_abstract(blocks: Sequence[TextBlock]) -> None:
    """Journals set it without a name, right below the authors, in other letters than the text."""
    seen_authors = False
    for index, block in enumerate(blocks):
        seen_authors = seen_authors or block.kind is BlockKind.AUTHORS
        if seen_authors and block.kind is BlockKind.PARAGRAPH and _opens_text(block):
            rest = [other for other in blocks[index + 1 :] if _opens_text(other)]
            if rest and (rest[0].kind is BlockKind.HEADING or abs(block.size - rest[0].size) > 0.5):
                block.kind = BlockKind.ABSTRACT
            return


def complete_metadata(
    told: Metadata,
    blocks: Sequence[TextBlock],
    pages: Sequence[Page],
    ranges: Sequence[Block],
    placed: Sequence[PlacedPage],
) -> Metadata:
    """What the title page says wins over what the file says of itself (``told``); junk, and a title nobody sees, drop.

    ``pages`` and ``ranges`` are the paper as it is shown, ``placed`` its words with stamps and footers included.
    """
    byline = [line for block in blocks if block.page == 1 and block.kind is BlockKind.AUTHORS for line in block.lines]
    first_page = " ".join(word.text for page in placed[:1] for word in page.words)
    abstract = _ABSTRACT.sub("", shown_text(pages, ranges, BlockKind.ABSTRACT), count=1)
    doi = told.doi if told.doi and told.doi in first_page else find_doi([first_page, told.doi])
    return Metadata(
        title=title_text(shown_text(pages, ranges, BlockKind.TITLE), visible_title(told.title, placed[:_TITLE_PAGES])),
        authors=_agreed_authors(byline, told.authors, first_page, bool(abstract)),
        year=publication_year(first_page) or told.year,
        doi=doi,
        venue=find_venue(placed) or told.venue,
        arxiv_id=find_arxiv_id(first_page, doi) or told.arxiv_id,
        abstract=abstract,
    )


def shown_text(pages: Sequence[Page], ranges: Sequence[Block], kind: BlockKind) -> str:
    """All words of the blocks of one kind."""
    by_number = {page.number: page for page in pages}
    return " ".join(
        word.text
        for block in ranges
        if block.kind is kind
        for word in by_number[block.page].words[block.start : block.end]
    )


def _agreed_authors(
    byline: Sequence[Line], told: Sequence[str], first_page: str, opens_abstract: bool
) -> tuple[str, ...]:
    """The page's names; the file's, where the page names them too and more of them were not found."""
    persons = tuple(dict.fromkeys(name for name in told if is_person(name)))
    found = authors_of(byline, persons, opens_abstract)
    if len(persons) > len(found):
        page = fold_name(first_page)
        is_cut = any(re.search(r"\bet al\b", line.text) for line in byline)
        if all(fold_name(name) in page for name in persons) or (is_cut and _begins_with(persons, found)):
            return persons
    return found or (persons if not byline else ())


def _begins_with(persons: Sequence[str], found: Sequence[str]) -> bool:
    return bool(found) and list(map(fold_name, found)) == list(map(fold_name, persons[: len(found)]))
