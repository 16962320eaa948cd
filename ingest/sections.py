"""What a block is: heading and its level, caption, table, footnote, reference. Changes kinds in place.

Judges by style, numbering, known names and the file's bookmarks; knows nothing of PDF libraries.
The title page is the business of front.py.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from ingest.layout import TextBlock
from ingest.words import OutlineEntry
from ragqa.document import BlockKind

_NUMBER = re.compile(r"^(?P<number>\d{1,2}(\.\d{1,2}){0,3})\.?\s+(?=[^\W\d_])")
_LETTER_NUMBER = re.compile(r"^((?i:appendix)\s+)?(?P<number>[A-Z](\.\d{1,2}){0,3})[.:]?\s+(?=[A-Z])")
_ROMAN = re.compile(r"^(?P<number>[IVX]{1,5})\.\s+(?=[A-Z])")
_REFERENCES = re.compile(r"^(references?|bibliography|literature cited|works cited|references and notes)$")
_AFTER_REFERENCES = re.compile(
    r"^(appendi|supplement|supporting info|acknowledg|author contribution|funding|competing|conflict|additional info"
    r"|data availab|code availab|ethic|about the author|publisher|online content|methods|reporting|figure legends)"
)
_KNOWN = re.compile(
    r"^(abstract|summary|(general )?introduction|background|(previous|prior|related) works?|related literature"
    r"|motivation|preliminaries|methods?|materials and methods|methods and materials|methodology|(our )?approach"
    r"|models?|data|datasets?|experiments?|experimental (setup|settings|results)|evaluation|results?"
    r"|results and (discussion|analysis)|analysis|error analysis|ablation (study|studies)|discussion"
    r"|discussions?|conclusions?|conclusions? and future work|future work|limitations|ethics statement"
    r"|ethical considerations|broader impacts?|acknowledge?ments?|references?|bibliography|literature cited"
    r"|appendix|appendices|supplement(ary|al) (material|materials|information|data)|supporting information"
    r"|funding|author contributions|data availability|code availability|competing interests|conflicts? of interest"
    r"|keywords|availability and implementation)$"
)
_CAPTION = re.compile(
    r"^(extended data |supplement(ary|al) )?(figures?|figs?\.?|tables?|tab\.|schemes?|algorithm|listing|box|plate)"
    r"\s*(?P<label>[a-z]?\d{1,3}[a-z]?(\.\d{1,2})?|[ivx]{1,5})\s*(?P<stop>[.:|—–-])?\s",
    re.IGNORECASE,
)
_FORMULA = re.compile(r"[=<>∈≤≥∑∏∫√→←|{}\\]")
_FOOTNOTE_MARK = re.compile(r"^(\d{1,2}|[*†‡§¶∗])")


def body_style(blocks: Sequence[TextBlock]) -> tuple[float, str]:
    """Font size in points and font name of most characters of the paper."""
    weights: Counter[tuple[float, str]] = Counter()
    for block in blocks:
        for line in block.lines:
            weights[line.size, line.font] += sum(len(word.text) for word in line.words)
    return weights.most_common(1)[0][0] if weights else (10.0, "")


def mark_captions(blocks: Sequence[TextBlock], body: float) -> list[TextBlock]:
    """Blocks that open with "Figure 3:" and the like; a bold opening is joined with its plain rest."""
    kept: list[TextBlock] = []
    for block in blocks:
        if block.kind is BlockKind.PARAGRAPH and _is_caption(block, body):
            block.kind = BlockKind.CAPTION
        if kept and _is_below(kept[-1], block):
            kept[-1].lines.extend(block.lines)
        else:
            kept.append(block)
    return _with_second_columns(kept, body)


def _is_caption(block: TextBlock, body: float) -> bool:
    match = _CAPTION.match(block.text[:60] + " ")
    if not match:
        return False
    opening = block.lines[0].words[0]
    return bool(match["stop"]) or opening.bold or block.size < 0.95 * body


def _is_below(caption: TextBlock, block: TextBlock) -> bool:
    if caption.kind is not BlockKind.CAPTION or block.kind is not BlockKind.PARAGRAPH or caption.page != block.page:
        return False
    last, first = caption.lines[-1], block.lines[0]
    is_alike = abs(last.size - first.size) < 0.3 and (last.bold, last.font) != (first.bold, first.font)
    return is_alike and 0 < first.middle - last.middle < 1.6 * last.size and first.x0 < caption.x1


def _with_second_columns(blocks: Sequence[TextBlock], body: float) -> list[TextBlock]:
    """Some journals set a caption in two columns below the figure: the right half starts at the same height."""
    halves: dict[int, TextBlock] = {}
    for index, caption in enumerate(blocks):
        if caption.kind is BlockKind.CAPTION and caption.text[-1] not in ".!?" and caption.size < 0.97 * body:
            beside = [block for block in blocks[index + 1 : index + 200] if _is_beside(caption, block)]
            if beside:
                halves[id(beside[0])] = caption
    for block in blocks:
        if id(block) in halves:
            halves[id(block)].lines.extend(block.lines)
    return [block for block in blocks if id(block) not in halves]


def _is_beside(caption: TextBlock, block: TextBlock) -> bool:
    is_same_place = block.page == caption.page and abs(block.y0 - caption.y0) < 4 and block.x0 > caption.x1
    return is_same_place and block.kind is BlockKind.PARAGRAPH and abs(block.size - caption.size) < 0.3


def mark_footnotes(blocks: Sequence[TextBlock], heights: Mapping[int, float], body: float) -> None:
    """Small print low on the page that opens with a mark."""
    for block in blocks:
        is_low = block.y0 > 0.55 * heights[block.page]
        is_small = block.size < 0.93 * body or block.lines[0].words[0].size < 0.8 * block.size
        if block.kind is BlockKind.PARAGRAPH and is_low and is_small and _FOOTNOTE_MARK.match(block.text):
            block.kind = BlockKind.FOOTNOTE


def mark_headings(blocks: Sequence[TextBlock], body: tuple[float, str], outline: Sequence[OutlineEntry]) -> None:
    """Headings get a level from their number, the bookmarks, or their style among the others."""
    # Bookmarks carry no place that could be trusted, so they are matched by name.
    levels = {_plain_title(entry.title): entry.level for entry in outline}
    for index, block in enumerate(blocks):
        if block.kind is not BlockKind.PARAGRAPH or not _may_be_heading(block):
            continue
        if index and blocks[index - 1].page == block.page and blocks[index - 1].text.endswith("-"):
            continue
        level = _heading_level(block, body, levels)
        if level and (is_known(block.text) or _opens_text(blocks, index)):
            block.kind, block.level = BlockKind.HEADING, level
    _level_by_style(blocks)


def _may_be_heading(block: TextBlock) -> bool:
    text = block.text
    letters = sum(character.isalpha() for character in text)
    return len(block.lines) <= 4 and len(text) <= 130 and letters >= 3 and letters > 0.5 * len(text.replace(" ", ""))


def _heading_level(block: TextBlock, style: tuple[float, str], levels: dict[str, int]) -> int:
    """0: no heading; 9: a heading whose level its style must tell."""
    text = block.text
    body, font = style
    title = _plain_title(text)
    if title in levels:
        return numbered_depth(text) or levels[title]
    stands_out = block.bold or block.size >= 1.07 * body or (text.isupper() and block.size >= 0.9 * body)
    if is_known(text) and (stands_out or len(block.lines) == 1):
        return numbered_depth(text) or 1
    depth = numbered_depth(text)
    if depth and len(text.split()) <= 18:
        is_plain_subheading = depth > 1 and block.size >= 0.95 * body and text[-1] not in ".,;:"
        return depth if stands_out or is_plain_subheading else 0
    is_short = len(text.split()) <= 16 and text[-1] not in ".,;" and text[0].isupper()
    is_other = stands_out or (block.lines[0].font != font and not _FORMULA.search(text))
    return 9 if is_other and is_short and block.size >= 0.9 * body else 0


def _opens_text(blocks: Sequence[TextBlock], index: int) -> bool:
    """Labels inside figures and heads of tables are set like headings, but no running text follows them."""
    for block in blocks[index + 1 : index + 4]:
        words = sum(len(line.words) for line in block.lines)
        if block.kind in (BlockKind.PARAGRAPH, BlockKind.REFERENCE) and words >= 12:
            return True
        if not _may_be_heading(block) and block.kind is not BlockKind.CAPTION:
            return False
    return False


def _level_by_style(blocks: Sequence[TextBlock]) -> None:
    headings = [block for block in blocks if block.kind is BlockKind.HEADING]
    known = {_style(block): block.level for block in reversed(headings) if block.level != 9}
    sizes = sorted({block.size for block in headings if block.level == 9}, reverse=True)
    for block in headings:
        if block.level == 9:
            rank = min(sizes.index(block.size) + 1, 3)
            block.level = known.get(_style(block), max(rank, 2 if known else 1))


def _style(block: TextBlock) -> tuple[float, str, bool]:
    return (block.size, block.lines[0].font, block.text.isupper())


def mark_references(blocks: Sequence[TextBlock]) -> None:
    """Everything from the heading "References" to the next heading that does not belong to it."""
    opening: TextBlock | None = None
    for block in blocks:
        if block.kind is BlockKind.HEADING and _REFERENCES.match(_plain_title(block.text)):
            opening = block
        elif opening and block.kind is BlockKind.HEADING and _ends_references(block, opening):
            opening = None
        elif opening and block.kind in (BlockKind.PARAGRAPH, BlockKind.HEADING, BlockKind.TABLE):
            block.kind, block.level = BlockKind.REFERENCE, 0


def _ends_references(block: TextBlock, opening: TextBlock) -> bool:
    is_alike = block.bold == opening.bold and abs(block.size - opening.size) < 0.3
    title = _plain_title(block.text)
    return bool(_AFTER_REFERENCES.match(title)) or (is_alike and (bool(numbered_depth(block.text)) or is_known(title)))


def numbered_depth(text: str) -> int:
    """3 for "3.1.2 Title", 1 for "IV. Title" and "A Title", 0 without a number."""
    match = _NUMBER.match(text) or _ROMAN.match(text) or _LETTER_NUMBER.match(text)
    return match["number"].count(".") + 1 if match else 0


def is_known(text: str) -> bool:
    """True for names such as Introduction, with or without a number."""
    return bool(_KNOWN.match(_plain_title(text)))


def _plain_title(text: str) -> str:
    for pattern in (_NUMBER, _ROMAN, _LETTER_NUMBER):
        text = pattern.sub("", text, count=1)
    return text.lower().strip(" .:—–-")
