"""Leaves out what is printed on every page: running headers and footers, page numbers, line numbers."""

import re
from collections import Counter
from collections.abc import Sequence

from ingest.lines import Line

_MARGIN = 0.11
"""Share of the page's height, at the top and at the bottom, where running lines are looked for."""

_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"^[\W_]*(page|p\.?|seite|s\.)?\s*(\d{1,5}|[ivxlc]{1,7})\s*((of|von|/)\s*\d{1,5})?[\W_]*$", re.IGNORECASE
)


def drop_running_lines(pages: Sequence[Sequence[Line]], heights: Sequence[float]) -> list[list[Line]]:
    """Each page's lines without running headers, footers, page numbers and line numbers."""
    repeated = _repeated_keys(pages, heights)
    return [
        _without_line_numbers([line for line in lines if not _is_running(line, height, repeated)])
        for lines, height in zip(pages, heights, strict=True)
    ]


def _repeated_keys(pages: Sequence[Sequence[Line]], heights: Sequence[float]) -> set[str]:
    """What stands in the margins of at least a fifth of the pages, and of two; digits do not count."""
    seen: Counter[str] = Counter()
    for lines, height in zip(pages, heights, strict=True):
        seen.update({_key(line, height) for line in lines if _in_margin(line, height)})
    needed = max(2, len(pages) / 5)
    return {key for key, count in seen.items() if count >= needed}


def _is_running(line: Line, height: float, repeated: set[str]) -> bool:
    if not _in_margin(line, height):
        return False
    return _key(line, height) in repeated or bool(_PAGE_NUMBER.match(line.text))


def _in_margin(line: Line, height: float) -> bool:
    return line.y1 < _MARGIN * height or line.y0 > (1 - _MARGIN) * height


def _key(line: Line, height: float) -> str:
    side = "top" if line.y1 < height / 2 else "bottom"
    return side + _DIGITS.sub("#", line.text.lower())


def _without_line_numbers(lines: list[Line]) -> list[Line]:
    """Manuscripts number each line in the left margin: bare numbers, one above the other, counting up."""
    bare = [line for line in lines if len(line.words) == 1 and line.words[0].text.isdigit()]
    if len(bare) < 10:
        return lines
    edge, count = Counter(round(line.x1 / 3) for line in bare).most_common(1)[0]
    column = [line for line in bare if abs(line.x1 / 3 - edge) <= 1]
    text_left = sorted(line.x0 for line in lines if len(line.words) > 3)
    is_outside = bool(text_left) and all(line.x1 < text_left[0] + 2 for line in column)
    if count < 10 or not is_outside or not _counts_up([int(line.text) for line in column]):
        return lines
    numbers = {id(line) for line in column}
    return [line for line in lines if id(line) not in numbers]


def _counts_up(numbers: list[int]) -> bool:
    rises = sum(later > earlier for earlier, later in zip(numbers, numbers[1:], strict=False))
    return rises >= 0.9 * (len(numbers) - 1)
