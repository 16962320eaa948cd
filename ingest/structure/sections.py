"""Captions and footnotes, and the style of the running text. Changes kinds in place.

Headings are the business of headings.py, the title page of front.py.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from ingest.layout.blocks import TextBlock
from ragqa.document import BlockKind

_CAPTION = re.compile(
    r"^(extended data |supplement(ary|al) )?(figures?|figs?\.?|tables?|tab\.|schemes?|algorithm|listing|box|plate)"
    r"\s*(?P<label>[a-z]?\d{1,3}[a-z]?(\.\d{1,2})?|[ivx]{1,5})\s*(?P<stop>[.:|—–-])?\s",
    re.IGNORECASE,
)
_FOOTNOTE_MARK = re.compile(r"^(\d{1,2}|[*†‡§¶∗]{1,3})[ .)]*[\"“‘(]?[^\W\d_][^\s]*(\s|[^\s]{4})")


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
    """Small print low on the page that opens with a mark; on page 1 also what stands below all of the text."""
    lowest = max((block.y1 for block in blocks if block.page == 1 and block.size >= 0.97 * body), default=0.0)
    above: TextBlock | None = None
    for block in blocks:
        if block.kind is not BlockKind.PARAGRAPH or block.y0 < 0.55 * heights[block.page]:
            continue
        is_small = block.size < 0.93 * body or block.lines[0].words[0].size < 0.8 * block.size
        is_last = block.page == 1 and block.y0 > max(0.8 * heights[1], lowest - 3)
        if is_small and (is_last or _FOOTNOTE_MARK.match(block.text) or _goes_on(above, block)):
            block.kind, above = BlockKind.FOOTNOTE, block


def _goes_on(above: TextBlock | None, block: TextBlock) -> bool:
    """The next line of a footnote may be set in another font, as addresses are."""
    if above is None or above.page != block.page:
        return False
    return -2 < block.y0 - above.y1 < 0.6 * block.size and block.x0 < above.x1 and above.x0 < block.x1
