"""How deep each heading is, told by its number, its style among the others, and what stands above it.

Works on blocks that are headings already; knows nothing of how they were found.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from ingest.layout.blocks import TextBlock
from ingest.section_names import (
    decimal_number,
    is_known,
    letter_number,
    names_back_matter,
    numbered_depth,
    plain_title,
)
from ingest.structure.run_in import RUN_IN

BY_STYLE = 9
"""Stands for the level of a heading that nothing but its style tells."""

Style = tuple[float, bool, bool, str]
"""Size in half points, bold, capitals, font."""

_TOP_RUN_IN = re.compile(r"(abstract|acknowledg\w*|keywords?|key words|references|funding)\b", re.IGNORECASE)
_PARTS = frozenset(
    {"results", "methods", "materials and methods", "material and methods", "results and discussion"}
    | {"experimental procedures", "patients and methods"}
)


def style_of(block: TextBlock) -> Style:
    """What headings of one level share."""
    return (round(2 * block.size) / 2, block.bold, block.text.isupper(), block.lines[0].font)


def settle_levels(headings: Sequence[TextBlock]) -> None:
    """Levels from 1 for all headings, in reading order; in place."""
    place = _Place(headings)
    for block in headings:
        block.level = place.level_of(block)


class _Place:
    """Where in the tree of sections the reader stands."""

    def __init__(self, headings: Sequence[TextBlock]) -> None:
        self._by_style = _levels_by_style([block for block in headings if block.level != RUN_IN])
        self._top_style = next((style_of(each) for each in headings if len(decimal_number(each.text)) == 1), None)
        self._has_parts = len({plain_title(block.text) for block in headings} & _PARTS) > 1
        self._last = 0
        self._deeper = 0
        self._part = ""
        self._numbered: tuple[int, Style | None] = (0, None)

    def level_of(self, block: TextBlock) -> int:
        """The level of the next heading."""
        if block.level == RUN_IN:
            level = 1 if _TOP_RUN_IN.match(block.text) else numbered_depth(block.text) or self._last + 1
            self._last = max(self._last, 1) if level == 1 else self._last
            return level
        level = self._numbered_level(block) if numbered_depth(block.text) else self._bare_level(block)
        if level == 1:
            self._part = plain_title(block.text)
        self._last = level
        return level

    def _numbered_level(self, block: TextBlock) -> int:
        """Under "Appendices" letters go one deeper, unless they are set like the first level."""
        letter = letter_number(block.text)
        level = self._by_style[style_of(block)] if block.level == BY_STYLE else block.level
        if letter:
            self._deeper = 0 if len(letter) == 1 and style_of(block) == self._top_style else self._deeper
            level += self._deeper
        self._numbered = (level, style_of(block))
        return level

    def _bare_level(self, block: TextBlock) -> int:
        """No level is left out on the way down."""
        level = self._by_style[style_of(block)] if block.level == BY_STYLE else block.level
        is_name = is_known(block.text)
        if block.level == BY_STYLE and not is_name:
            depth, style = self._numbered
            if depth > 1 and style_of(block) == style:
                level = depth + 1
            # Journals of the life sciences may set the parts of Results and Methods like these names.
            elif level == 1 and self._has_parts and self._part in _PARTS:
                level = 2
        self._deeper = int(names_back_matter(block.text))
        return min(level, self._last + 1)


def _levels_by_style(headings: Sequence[TextBlock]) -> dict[Style, int]:
    """Numbers and bookmarks tell the level of a style, names like Introduction are 1, other styles go below."""
    levels = _told_by_others(headings)
    for style in sorted({style_of(block) for block in headings}, reverse=True):
        if style not in levels:
            levels[style] = max((level for other, level in levels.items() if other > style), default=0) + 1
    return levels


def _told_by_others(headings: Sequence[TextBlock]) -> dict[Style, int]:
    votes: dict[Style, Counter[int]] = {}
    for block in headings:
        if block.level != BY_STYLE:
            votes.setdefault(style_of(block), Counter())[block.level] += 2
        elif is_known(block.text):
            votes.setdefault(style_of(block), Counter())[1] += 1
    return {style: _most_common(counts) for style, counts in votes.items()}


def _most_common(counts: Mapping[int, int]) -> int:
    return max(counts, key=lambda level: counts[level])
