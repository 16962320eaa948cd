"""Figures and tables inside the running text: their labels told from prose, and moved out of a sentence's way.

Works on blocks in reading order. What is a caption is told before (see sections.py).
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from ingest.layout import TextBlock
from ingest.sections import is_known
from ragqa.document import BlockKind

_FIGURE = re.compile(r"^\W*(extended data |supplementary )?fig", re.IGNORECASE)
_PROSE_WORDS = 9
_UNFINISHED = re.compile(r"[^.!?:;\"”’)\]]$")
_FLOATS = frozenset({BlockKind.CAPTION, BlockKind.TABLE, BlockKind.FOOTNOTE})


def mark_tables(blocks: Sequence[TextBlock]) -> None:
    """Blocks whose lines stand side by side in rows; in place."""
    for block in blocks:
        if block.kind is not BlockKind.PARAGRAPH or len(block.lines) < 4:
            continue
        beside = sum(abs(line.middle - last.middle) < 0.4 * max(line.size, 4.0) for last, line in pairwise(block.lines))
        if beside >= 0.35 * len(block.lines):
            block.kind = BlockKind.TABLE


def mark_labels(blocks: Sequence[TextBlock], body: tuple[float, str]) -> None:
    """What stands between a caption and the nearest prose is part of the figure or table; in place."""
    for block in blocks:
        if block.kind is BlockKind.PARAGRAPH and (_is_scatter(block) or _is_small_label(block, body[0])):
            block.kind = BlockKind.TABLE
    # 60 blocks hold the labels of the busiest plot; the limit keeps long papers linear.
    for index, block in enumerate(blocks):
        if block.kind is not BlockKind.CAPTION:
            continue
        _mark_stretch(blocks[max(0, index - 60) : index][::-1], block.page, body)
        if not _FIGURE.match(block.text):
            _mark_stretch(blocks[index + 1 : index + 60], block.page, body)


def _mark_stretch(blocks: Sequence[TextBlock], page: int, body: tuple[float, str]) -> None:
    for block in blocks:
        is_label = block.kind is BlockKind.PARAGRAPH and _is_label(block) and not _is_text_end(block, body)
        if block.page != page or not (is_label or block.kind is BlockKind.TABLE):
            return
        block.kind = BlockKind.TABLE


def _is_text_end(block: TextBlock, body: tuple[float, str]) -> bool:
    """The last words of a paragraph may stand alone above or below a table, set like the running text."""
    return (block.size, block.lines[0].font) == body and block.text.rstrip("0123456789 ").endswith((".", ":", "?", "-"))


def _is_scatter(block: TextBlock) -> bool:
    """Single letters and signs, as in a drawn sequence or molecule."""
    words = block.text.split()
    return len(words) >= 3 and sum(len(word) <= 2 for word in words) > 0.7 * len(words) and "=" not in words


def _is_small_label(block: TextBlock, body: float) -> bool:
    if block.bold or is_known(block.text) or not _is_label(block):
        return False
    return block.size < 0.8 * body or (block.size < 0.95 * body and len(block.text.split()) <= 4)


def _is_label(block: TextBlock) -> bool:
    """Few words to a line, no sentence, no numbered or numbered-looking heading."""
    if any(len(line.words) >= _PROSE_WORDS for line in block.lines) or "=" in block.text:
        return False
    words = block.text.split()
    if is_known(block.text):
        return False
    is_heading = len(words) > 1 and bool(re.match(r"^(\d{1,2}\.?|\d(\.\d{1,2})+\.?|[IVX]+\.|[A-Z]\.)$", words[0]))
    is_sentence = len(words) > 12 and words[-1].endswith((".", ":", "-"))
    return not is_heading and not is_sentence


def join_tables(blocks: Sequence[TextBlock]) -> list[TextBlock]:
    """Neighbouring pieces of a table or a figure's labels become one block."""
    joined: list[TextBlock] = []
    for block in blocks:
        last = joined[-1] if joined else None
        if last and last.kind is block.kind is BlockKind.TABLE and last.page == block.page:
            last.lines.extend(block.lines)
        else:
            joined.append(block)
    return joined


def move_floats(blocks: Sequence[TextBlock]) -> list[TextBlock]:
    """A sentence that a figure, table or footnote interrupts comes first, then what interrupted it."""
    ordered: list[TextBlock] = []
    waiting: list[TextBlock] = []
    for block in blocks:
        interrupted = _last_text(ordered) if waiting else None
        if waiting and interrupted and block.page == interrupted.page and _goes_on(interrupted, block):
            ordered.append(block)
        elif block.kind in _FLOATS and ordered and ordered[-1].kind not in _FLOATS:
            ordered.extend(waiting)
            waiting = [block]
        elif block.kind in _FLOATS:
            waiting.append(block)
        else:
            ordered.extend(waiting)
            waiting = []
            ordered.append(block)
    return ordered + waiting


def _last_text(blocks: Sequence[TextBlock]) -> TextBlock | None:
    return blocks[-1] if blocks and blocks[-1].kind is BlockKind.PARAGRAPH else None


def _goes_on(first: TextBlock, second: TextBlock) -> bool:
    if second.kind is not BlockKind.PARAGRAPH:
        return False
    return bool(_UNFINISHED.search(first.text)) and not second.text[0].isupper()
