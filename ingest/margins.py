"""Leaves out what is printed on every page: running headers and footers, page numbers, line numbers."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from ingest.lines import Line
from ingest.words import PlacedPage

_MARGIN = 0.11
"""Share of the page's height, at the top and at the bottom, where running lines are looked for."""

_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"^[\W_]*(page|p\.?|seite|s\.)?\s*(\d{1,5}|[ivxlc]{1,7})\s*((of|von|/)\s*\d{1,5})?[\W_]*$", re.IGNORECASE
)


def drop_running_lines(pages: Sequence[Sequence[Line]], heights: Sequence[float]) -> list[list[Line]]:
    """Each page's lines without running headers, footers and page numbers."""
    repeated = _repeated_keys(pages, heights)
    kept = [
        [line for line in lines if not _is_running(line, height, repeated)]
        for lines, height in zip(pages, heights, strict=True)
    ]
    # A file of slides or labels may have nothing but repeated lines.
    return kept if any(kept) else [list(lines) for lines in pages]


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
    # The size, since the running header often repeats the title, which is set larger.
    return f"{side} {line.size:.0f} {_DIGITS.sub('#', line.text.lower())}"


def drop_line_numbers(page: PlacedPage) -> PlacedPage:
    """Manuscripts number their lines: bare numbers, one above the other, each one more than the last."""
    bare = [word for word in page.words if word.text.isdigit()]
    if len(bare) < 10:
        return page
    edge = Counter(round(word.x1) for word in bare).most_common(1)[0][0]
    column = sorted((word for word in bare if abs(word.x1 - edge) < 1.6), key=lambda word: word.y0)
    if len(column) < 10 or not _counts_up([int(word.text) for word in column]):
        return page
    numbers = set(column)
    return replace(page, words=tuple(word for word in page.words if word not in numbers))


def _counts_up(numbers: list[int]) -> bool:
    steps = sum(later - earlier == 1 for earlier, later in pairwise(numbers))
    return steps >= 0.9 * (len(numbers) - 1)
