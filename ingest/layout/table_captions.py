"""Captions of tables among the lines of a page, before blocks are made."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ingest.layout.lines import Line
from ragqa.document import Rect

_CAPTION = re.compile(
    r"^(extended data |supplement(ary|al) |appendix )?tab(le|\.)\s*([a-z]?\.?\d{1,3}(\.\d{1,2})?[a-z]?|[ivx]{1,5})\b"
    r"\s*(?P<stop>[.:|—–-]|$)?",
    re.IGNORECASE,
)
_OPENINGS = frozenset({"tab", "ext", "sup", "app"})
PROSE_WORDS = 7
"""A line of as many may be running text."""
_NEAR_CELL = 75.0
"""Points between cells of one row."""


@dataclass(frozen=True, slots=True)
class Caption:
    """A caption's lines and their box."""

    lines: tuple[Line, ...]
    box: Rect


def captions_of(lines: Sequence[Line], rules: Sequence[Rect]) -> list[Caption]:
    """Every caption of a table, in the order of the lines."""
    return [_caption_at(lines, index, rules) for index, line in enumerate(lines) if _opens_caption(line, lines, index)]


def _opens_caption(line: Line, lines: Sequence[Line], index: int) -> bool:
    match = _CAPTION.match(line.text) if line.words[0].text[:3].lower() in _OPENINGS else None
    if not match:
        return False
    if match["stop"] is None and not line.words[0].bold:
        others = [other.size for other in lines if len(other.words) >= PROSE_WORDS]
        usual = sorted(others)[len(others) // 2] if others else line.size
        return line.size < 0.95 * usual
    return not _is_amid_text(line, lines[index - 1] if index else None)


def _is_amid_text(line: Line, before: Line | None) -> bool:
    """A sentence may break its line in front of "Table 3."."""
    if before is None or before.size != line.size or line.words[0].bold:
        return False
    follows = 0 < line.middle - before.middle < 1.5 * line.size and abs(before.x0 - line.x0) < 3 * line.size
    return follows and len(before.words) >= PROSE_WORDS and before.text[-1] not in ".:"


def _caption_at(lines: Sequence[Line], index: int, rules: Sequence[Rect]) -> Caption:
    """The caption's lines as far as they follow each other at one pitch with no rule between."""
    taken = [lines[index]]
    for line in lines[index + 1 : index + 12]:
        last = taken[-1]
        step = line.middle - last.middle
        beside = abs(step) < 0.3 * last.size and 0 <= line.x0 - last.x1 < 3 * last.size
        if beside and len(taken) == 1 and not _CAPTION.match(line.text):
            taken.append(line)
            continue
        is_below = 0 < step < 1.5 * last.size and line.x0 < box_of(taken)[2] and line.x1 > box_of(taken)[0]
        is_alike = abs(line.size - last.size) < 0.5 and (
            line.x0 - box_of(taken)[0] < 2 * line.size or _centred(line, taken)
        )
        ruled = any(
            last.middle < y0 < line.middle and x0 < line.x1 and x1 > line.x0 for x0, y0, x1, y1 in rules if y1 - y0 < 3
        )
        if not (is_below and is_alike) or ruled or _CAPTION.match(line.text) or _stands_in_row(line, lines):
            break
        taken.append(line)
    return Caption(tuple(taken), box_of(taken))


def _centred(line: Line, above: Sequence[Line]) -> bool:
    x0, _, x1, _ = box_of(above)
    return abs(line.x0 + line.x1 - x0 - x1) < 6


def _stands_in_row(line: Line, lines: Sequence[Line]) -> bool:
    """Whether other lines stand close beside it, as cells do."""
    return any(
        other is not line
        and abs(other.middle - line.middle) < 0.3 * line.size
        and max(other.x0 - line.x1, line.x0 - other.x1) < _NEAR_CELL
        and min(other.x1, line.x1) < max(other.x0, line.x0) + 1
        and len(other.words) < PROSE_WORDS
        for other in lines
    )


def box_of(lines: Iterable[Line]) -> Rect:
    """The box around lines."""
    lines = list(lines)
    return (
        min(line.x0 for line in lines), min(line.y0 for line in lines),
        max(line.x1 for line in lines), max(line.y1 for line in lines),
    )  # fmt: skip
