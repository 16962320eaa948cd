"""Which blocks are headings, and how deep. Judges by number, name, bookmarks and style; changes kinds in place."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from ingest.layout.blocks import TextBlock
from ingest.pdf.words import OutlineEntry
from ingest.section_names import (
    decimal_number,
    is_known,
    letter_number,
    names_back_matter,
    names_references,
    numbered_depth,
    plain_title,
)
from ingest.structure.heading_levels import BY_STYLE, settle_levels, style_of
from ingest.structure.numbering import longest_chain
from ingest.structure.run_in import CODE_FONT, RUN_IN
from ragqa.document import BlockKind

_FORMULA = re.compile(r"[=<>≈±×∈≤≥∑∏∫√→←|{}\\]")
_NO_HEADING = re.compile(
    r"\. ?\. ?\. ?\.|^(received|accepted|published|submitted|revised|correspond|e-?mail|doi\b|https?:|www\.|©|copyright"
    r"|additional file|check for updates|open access|key ?words|\*)|author manuscript|https?:|doi\.org|[∗†‡]",
    re.IGNORECASE,
)
_PAGE_NUMBER = re.compile(r"[^\d\s]\s+\d{1,4}$")
_SMALL = 10
"""Stands for the level of what is set too small for a heading, unless it is set like others."""


def mark_headings(blocks: Sequence[TextBlock], body: tuple[float, str], outline: Sequence[OutlineEntry]) -> None:
    """Headings get a level from their number, the bookmarks, or their style among the others."""
    levels = _outline_levels(outline)
    title = next((block.text for block in blocks if block.kind is BlockKind.TITLE), "")
    unsure: list[tuple[TextBlock, int, bool]] = []
    repeated = _repeated(blocks)
    for index, block in enumerate(blocks):
        if block.kind is not BlockKind.PARAGRAPH or not may_be_heading(block):
            continue
        if block.text == title or _label(block.text) in repeated:
            continue
        if _goes_on(blocks, index) or _has_neighbour(blocks, index):
            continue
        level = _heading_level(block, body, levels)
        if level and (_is_sure(block, body[0], levels) or (level != _SMALL and _opens_text(blocks, index))):
            block.kind, block.level = BlockKind.HEADING, level
        elif level:
            unsure.append((block, BY_STYLE if level == _SMALL else level, _opens_anything(blocks, index)))
    _accept_alike(blocks, unsure, body)
    _drop_contents(blocks)
    _drop_out_of_sequence(blocks, levels)
    settle_levels([block for block in blocks if block.kind is BlockKind.HEADING])


def may_be_heading(block: TextBlock) -> bool:
    """Short, of letters, no line of a table of contents."""
    if len(block.lines) > 6:
        return False
    text = block.text
    title = plain_title(text).replace(" ", "")
    letters = sum(map(str.isalpha, title))
    return len(text) <= 160 and letters >= 3 and letters > 0.4 * len(title) and not _NO_HEADING.search(text)


def _repeated(blocks: Sequence[TextBlock]) -> set[str]:
    """Labels of examples and forms ("Prediction:"), which stand in a paper again and again."""
    short = [block for block in blocks if len(block.lines) == 1 and len(block.lines[0].words) <= 8]
    counts = Counter(_label(block.text) for block in short)
    return {text for text, count in counts.items() if count >= 4 and not is_known(text)}


def _label(text: str) -> str:
    return text.partition(":")[0]


def _outline_levels(outline: Sequence[OutlineEntry]) -> dict[str, int]:
    """By plain title; bookmarks carry no place that could be trusted. The paper's own title may be their root."""
    known = [entry.level for entry in outline if is_known(entry.title) or decimal_number(entry.title)]
    root = min(known, default=1) - 1
    return {plain_title(entry.title): max(1, entry.level - root) for entry in outline}


def _goes_on(blocks: Sequence[TextBlock], index: int) -> bool:
    return index > 0 and blocks[index - 1].page == blocks[index].page and blocks[index - 1].text.endswith("-")


def _has_neighbour(blocks: Sequence[TextBlock], index: int) -> bool:
    """Something stands beside it in its column: it is a cell of a table, or a label."""
    block = blocks[index]
    for other in (*blocks[max(0, index - 2) : index], *blocks[index + 1 : index + 3]):
        overlap = min(block.y1, other.y1) - max(block.y0, other.y0)
        apart = max(block.x0 - other.x1, other.x0 - block.x1)
        is_beside = other.page == block.page and overlap > 0.5 * (block.y1 - block.y0) and len(other.lines) < 4
        if is_beside and 0 < apart < 60 and len(other.text) > 2 and other.size > 0.8 * block.size:
            return True
    return False


def _heading_level(block: TextBlock, style: tuple[float, str], levels: Mapping[str, int]) -> int:
    """0: no heading; BY_STYLE: a heading whose level its style must tell."""
    text = block.text
    body, font = style
    title = plain_title(text)
    depth = numbered_depth(text)
    if title in levels:
        return depth or levels[title]
    if CODE_FONT.search(block.lines[0].font):
        return 0
    stands_out = block.bold or block.size >= 1.07 * body or (text.isupper() and block.size >= 0.9 * body)
    if is_known(text) and (stands_out or len(block.lines) == 1):
        return depth or BY_STYLE
    if depth and len(text.split()) <= 18:
        is_plain_subheading = depth > 1 and block.size >= 0.95 * body and text[-1] not in ".,;:"
        return depth if stands_out or is_plain_subheading else 0
    is_short = len(text.split()) <= 18 and text[-1] not in ("," if block.bold else ".,;") and text[0].isupper()
    is_short = is_short and text.count(",") < 4
    is_other = stands_out or block.lines[0].font != font
    if not is_other or not is_short or _FORMULA.search(text):
        return 0
    return BY_STYLE if block.size >= 0.9 * body else _SMALL


def _is_sure(block: TextBlock, body: float, levels: Mapping[str, int]) -> bool:
    """By bookmark, name, or number; whether the numbers count up is checked later."""
    text = block.text
    if plain_title(text) in levels:
        return True
    stands_out = block.bold or block.size > 1.07 * body
    return (stands_out and (is_known(text) or bool(decimal_number(text)))) or (
        is_known(text) and numbered_depth(text) > 0
    )


def _opens_text(blocks: Sequence[TextBlock], index: int) -> bool:
    """Labels inside figures and heads of tables are set like headings, but no running text follows them."""
    for block in blocks[index + 1 : index + 4]:
        words = sum(len(line.words) for line in block.lines)
        if block.kind in (BlockKind.PARAGRAPH, BlockKind.REFERENCE) and words >= 12:
            return True
        if not may_be_heading(block) and block.kind is not BlockKind.CAPTION:
            return False
    return False


def _opens_anything(blocks: Sequence[TextBlock], index: int) -> bool:
    """A short sentence, or the next page, which may begin with a figure."""
    rest = blocks[index + 1 : index + 2]
    if not rest:
        return False
    is_drawn = rest[0].kind in (BlockKind.TABLE, BlockKind.FIGURE)
    return not is_drawn or rest[0].page != blocks[index].page or rest[0].text.endswith(".")


def _accept_alike(
    blocks: Sequence[TextBlock], unsure: Sequence[tuple[TextBlock, int, bool]], body: tuple[float, str]
) -> None:
    """What is set like headings that are sure is one too, if the running text is set otherwise."""
    styles = Counter(style_of(block) for block in blocks if block.kind is BlockKind.HEADING)
    for block, level, opens in unsure:
        is_large = block.size > 1.07 * body[0]
        is_own = is_large or (opens and (block.bold or block.lines[0].font != body[1]))
        if is_own and styles[style_of(block)] >= 2:
            block.kind, block.level = BlockKind.HEADING, level


def _drop_contents(blocks: Sequence[TextBlock]) -> None:
    """Lines of a table of contents end with a page number."""
    headings = [block for block in blocks if block.kind is BlockKind.HEADING and block.level != RUN_IN]
    listed = [block for block in headings if _PAGE_NUMBER.search(block.text)]
    counts = Counter(block.page for block in listed)
    for block in listed:
        if counts[block.page] >= 3:
            block.kind, block.level = BlockKind.PARAGRAPH, 0


def _drop_out_of_sequence(blocks: Sequence[TextBlock], levels: Mapping[str, int]) -> None:
    """Numbered headings count up; numbered items of a list, years and rows of a table do not fit in."""
    numbered = [block for block in blocks if block.kind is BlockKind.HEADING and decimal_number(block.text)]
    kept = set(
        longest_chain(
            [decimal_number(block.text) for block in numbered],
            [1.0 + 0.02 * block.size * (1 + block.bold) for block in numbered],
        )
    )
    for at, block in enumerate(numbered):
        if at not in kept and block.level != RUN_IN and plain_title(block.text) not in levels:
            block.kind, block.level = BlockKind.PARAGRAPH, 0
    _drop_stray_letters(blocks, levels)


def _drop_stray_letters(blocks: Sequence[TextBlock], levels: Mapping[str, int]) -> None:
    """ "A Proofs" is an appendix behind the references, or if "B" follows; "J. Abrams" is neither."""
    is_behind = False
    found = [block for block in blocks if block.kind is BlockKind.HEADING and block.level != RUN_IN]
    first = {letter_number(block.text)[0] for block in found if letter_number(block.text)}
    for block in found:
        is_behind = is_behind or names_references(block.text) or names_back_matter(block.text)
        number = letter_number(block.text)
        if not number or is_behind or is_known(block.text) or plain_title(block.text) in levels:
            continue
        if not ({number[0] - 1, number[0] + 1} & first) or not block.bold:
            block.level = BY_STYLE if number == (1,) and block.bold else 0
            block.kind = BlockKind.HEADING if block.level else BlockKind.PARAGRAPH
