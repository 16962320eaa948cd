"""Figures and tables inside the running text: their labels told from prose, and moved out of a sentence's way.

Works on blocks in reading order. What is a caption is told before (see sections.py).
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from ingest.layout.blocks import TextBlock
from ingest.layout.formulas import is_formula
from ingest.section_names import is_known
from ragqa.document import BlockKind

_FIGURE = re.compile(r"^\W*(extended data |supplementary )?fig", re.IGNORECASE)
_PROSE_WORDS = 9
_PROSE_MARKS = frozenset("the of and to in we is are that which with for from this by as our on a an".split())
_UNFINISHED = re.compile(r"[^.!?:;\"”’)\]]$")
_HEADING_NUMBER = re.compile(r"^(\d{1,2}\.?|\d(\.\d{1,2})+\.?|[IVX]+\.|[A-Z]\.)$")
_LETTER = re.compile(r"^[A-Z](\.\d{1,2})*\.?$")
_LABELS = frozenset({BlockKind.TABLE, BlockKind.FIGURE})
_FLOATS = _LABELS | {BlockKind.CAPTION, BlockKind.FOOTNOTE}


def mark_tables(blocks: Sequence[TextBlock]) -> None:
    """Blocks whose lines stand side by side in rows; in place."""
    for block in blocks:
        if block.kind is not BlockKind.PARAGRAPH or len(block.lines) < 4 or is_formula(block):
            continue
        beside = sum(abs(line.middle - last.middle) < 0.4 * max(line.size, 4.0) for last, line in pairwise(block.lines))
        if beside >= 0.35 * len(block.lines) and not _is_paragraph(block):
            block.kind = BlockKind.TABLE


def _is_paragraph(block: TextBlock) -> bool:
    """Indices of formulas stand beside the rows of a paragraph, as cells of a table would."""
    words = [word.text for line in block.lines for word in line.words]
    marks = sum(word in _PROSE_MARKS for word in words)
    long = sum(len(line.words) >= 6 for line in block.lines)
    return marks >= (0.15 if long >= 0.25 * len(block.lines) else 0.22) * max(len(words), 15)


def mark_labels(blocks: Sequence[TextBlock], body: tuple[float, str]) -> None:
    """What stands between a caption and the nearest prose is part of the figure or table; in place."""
    for block in blocks:
        is_label = block.kind is BlockKind.PARAGRAPH and (_is_scatter(block) or _is_small_label(block, body[0]))
        if is_label and not is_formula(block):
            block.kind = BlockKind.FIGURE
    # 60 blocks hold the labels of the busiest plot; the limit keeps long papers linear.
    for index, block in enumerate(blocks):
        if block.kind is not BlockKind.CAPTION:
            continue
        kind = BlockKind.FIGURE if _FIGURE.match(block.text) else BlockKind.TABLE
        _mark_stretch(blocks[max(0, index - 60) : index][::-1], block.page, body, kind)
        if kind is BlockKind.TABLE:
            _mark_stretch(blocks[index + 1 : index + 60], block.page, body, kind)


def _mark_stretch(blocks: Sequence[TextBlock], page: int, body: tuple[float, str], kind: BlockKind) -> None:
    for block in blocks:
        is_label = block.kind is BlockKind.PARAGRAPH and _is_label(block) and not _is_text_end(block, body)
        is_label = is_label and not is_formula(block) and not (block.bold and block.size > 1.15 * body[0])
        if block.page != page or block.table or not (is_label or block.kind in _LABELS):
            return
        block.kind = kind


def _is_text_end(block: TextBlock, body: tuple[float, str]) -> bool:
    """The last words of a paragraph may stand alone above or below a table, set like the running text."""
    return (block.size, block.lines[0].font) == body and block.text.rstrip("0123456789 ").endswith((".", ":", "?", "-"))


def _is_scatter(block: TextBlock) -> bool:
    """Single letters and signs, as in a drawn sequence or molecule."""
    words = block.text.split()
    is_scatter = len(words) >= 3 and sum(len(word) <= 2 for word in words) > 0.7 * len(words) and "=" not in words
    return is_scatter and not is_known(block.text)


def _is_small_label(block: TextBlock, body: float) -> bool:
    if block.bold or is_known(block.text) or not _is_label(block) or _is_statement(block):
        return False
    return block.size < 0.8 * body or (block.size < 0.95 * body and len(block.text.split()) <= 4)


def _is_statement(block: TextBlock) -> bool:
    """A short sentence in small print, such as "The authors declare no competing interests."."""
    words = block.text.split()
    return len(words) >= 4 and words[-1].endswith(".") and sum(word.islower() for word in words) >= 0.5 * len(words)


def _is_label(block: TextBlock) -> bool:
    """Few words to a line, no sentence, no numbered or numbered-looking heading."""
    if any(len(line.words) >= _PROSE_WORDS for line in block.lines) or "=" in block.text:
        return False
    words = block.text.split()
    if is_known(block.text):
        return False
    is_heading = len(words) > 1 and bool(_HEADING_NUMBER.match(words[0]) or (block.bold and _LETTER.match(words[0])))
    is_sentence = len(words) > 12 and words[-1].endswith((".", ":", "-"))
    return not is_heading and not is_sentence and not _is_prose(words)


def _is_prose(words: Sequence[str]) -> bool:
    """The first lines of a paragraph that the page cuts."""
    return len(words) >= 10 and sum(word in _PROSE_MARKS for word in words) >= 2


def join_tables(blocks: Sequence[TextBlock]) -> list[TextBlock]:
    """Neighbouring pieces of a table or a figure's labels become one block; a table with cells begins one."""
    joined: list[TextBlock] = []
    for block in blocks:
        last = joined[-1] if joined else None
        if last and last.kind is block.kind and block.kind in _LABELS and last.page == block.page and not block.table:
            last.lines.extend(block.lines)
        else:
            joined.append(block)
    return _beside_captions(joined)


def _beside_captions(blocks: Sequence[TextBlock]) -> list[TextBlock]:
    """Tables right before or after their captions, as they are printed."""
    first_lines = {id(block.lines[0]): block for block in blocks if block.kind is BlockKind.CAPTION}
    before: dict[int, list[TextBlock]] = {}
    after: dict[int, list[TextBlock]] = {}
    moved: set[int] = set()
    for block in blocks:
        caption = first_lines.get(id(block.table.caption)) if block.table else None
        if caption and caption.page == block.page:
            beside = after if block.y0 > caption.y0 else before
            beside.setdefault(id(caption), []).append(block)
            moved.add(id(block))
    ordered: list[TextBlock] = []
    for block in blocks:
        if id(block) not in moved:
            ordered += [*before.get(id(block), []), block, *after.get(id(block), [])]
    return ordered


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
