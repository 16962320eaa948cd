"""Where the columns of a table are parted: stretches that words of most rows leave free, and upright rules."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ingest.pdf.words import PlacedWord

_STEP = 2.0
"""Places to a point."""
# In font sizes: the least width between two columns, where few rows tell and where many do. Spaces between words take
# up to 0.38, but between two numbers in row after row even a narrow space parts columns.
_GAP = (0.9, 0.45)
_GAP_BEFORE_NUMBERS = (0.6, 0.4)
_GAP_AMID_NUMBERS = (0.28, 0.2)
_MANY = 4

_NUMBER = re.compile(r"^[(\[<>≤≥~±+\-–−*†‡$€£.]*\d[\d.,:/%±()\[\]–−+*†‡∗×xkKMBs-]*$|^(N/A|n/a|[-–—−]+)$")

Words = list[PlacedWord]
Upright = tuple[float, float, float]
"""x, y0, y1 of an upright rule."""


@dataclass(slots=True)
class Row:
    """Words at one height, from left to right."""

    words: Words
    middle: float
    size: float


def rows_of(words: Sequence[PlacedWord]) -> list[Row]:
    """Words by height, from the top; raised and lowered marks stay with the words beside them."""
    if not words:
        return []
    sizes = sorted(word.size for word in words)
    usual = max(sizes[len(sizes) // 2], 4.0)
    full = [word for word in words if word.size >= 0.8 * usual] or list(words)
    rows: list[Row] = []
    for word in sorted(full, key=_middle):
        if rows and _middle(word) - rows[-1].middle < 0.35 * usual:
            rows[-1].words.append(word)
        else:
            rows.append(Row([word], _middle(word), usual))
    if len(full) < len(words):
        for word in words:
            if word.size < 0.8 * usual:
                _nearest(rows, word).words.append(word)
    for row in rows:
        row.words.sort(key=lambda word: word.x0)
    return rows


def is_number(word: str) -> bool:
    """Figures with their signs and units, or what stands for a missing one."""
    return bool(_NUMBER.match(word))


def _middle(word: PlacedWord) -> float:
    return (word.y0 + word.y1) / 2


def _nearest(rows: Sequence[Row], word: PlacedWord) -> Row:
    """The row that a mark stands in; of two as near, the one with a word right before the mark."""

    def distance(row: Row) -> float:
        beside = any(-1 < word.x0 - other.x1 < 0.3 * row.size for other in row.words)
        return abs(row.middle - _middle(word)) - (0.3 * row.size if beside else 0)

    return min(rows, key=distance)


def pieces_of(row: Row, gap: float) -> list[Words]:
    """Runs of words with less than ``gap`` font sizes between them."""
    pieces: list[Words] = []
    for word in row.words:
        if pieces and word.x0 - pieces[-1][-1].x1 < gap * row.size:
            pieces[-1].append(word)
        else:
            pieces.append([word])
    return pieces


def find_gutters(rows: Sequence[Row], uprights: Sequence[Upright], height: float) -> list[float]:
    """The places that part the columns, from the left; ``height`` is that of the table."""
    voting = [row for row in rows if len(pieces_of(row, 0.8)) > 1]
    if len(voting) < 2:
        voting = list(rows)
    words = [word for row in voting for word in row.words]
    if not words:
        return []
    left, right = min(word.x0 for word in words), max(word.x1 for word in words)
    cover = _cover(voting, left, right)
    few = len(voting) // 7
    drawn = [x for x in _drawn(uprights, height) if left < x < right and cover[_at(x, left)] <= few]
    found: list[float] = []
    for first, last in _free_stretches(cover, few):
        start, end = left + first / _STEP, left + last / _STEP
        a, b = _emptiest(cover, first, last)
        middle = left + (a + b) / 2 / _STEP
        if end - start >= _least_gap(voting, middle) and not any(start - 1 <= x <= end + 1 for x in drawn):
            found.append(middle)
    return sorted(found + drawn)


def _least_gap(rows: Sequence[Row], place: float) -> float:
    """Points that must be free at a place to part two columns: less between numbers, and where many rows agree."""
    beside = [pair for row in rows if (pair := _words_beside(row, place))]
    many = len(beside) >= _MANY
    after = sum(is_number(right.text) for _, right in beside)
    both = sum(is_number(left.text) and is_number(right.text) and right.text[0] not in "±([" for left, right in beside)
    if len(beside) > 1 and both >= 0.7 * len(beside):
        gap = _GAP_AMID_NUMBERS
    elif len(beside) > 1 and after >= 0.8 * len(beside):
        gap = _GAP_BEFORE_NUMBERS
    else:
        gap = _GAP
    return gap[many] * rows[0].size


def _words_beside(row: Row, place: float) -> tuple[PlacedWord, PlacedWord] | None:
    for left, right in pairwise(row.words):
        if left.x1 <= place + 0.5 and right.x0 >= place - 0.5:
            return left, right
    return None


def _emptiest(cover: Sequence[int], first: int, last: int) -> tuple[int, int]:
    """The part of a stretch that the fewest rows reach into; of several the widest, of as wide ones the last."""
    for few in range(max(cover[first:last])):
        runs = _free_stretches([few + 1, *cover[first:last], few + 1], few)
        runs = [(first + start - 1, first + end - 1) for start, end in runs if end - start >= 2 * _STEP]
        if runs:
            widest = max(end - start for start, end in runs)
            return next(run for run in reversed(runs) if run[1] - run[0] >= 0.8 * widest)
    return first, last


def _at(x: float, left: float) -> int:
    return int((x - left) * _STEP)


def _cover(rows: Sequence[Row], left: float, right: float) -> list[int]:
    """For every place, how many rows have a word there."""
    places = _at(right, left) + 2
    change = [0] * (places + 1)
    for row in rows:
        end = -1
        for word in row.words:
            # Words may overlap; no row counts twice.
            first, last = max(_at(word.x0, left), end + 1), _at(word.x1, left)
            if last >= first:
                change[first] += 1
                change[last + 1] -= 1
                end = last
    total, cover = 0, []
    for step in change:
        total += step
        cover.append(total)
    return cover


def _free_stretches(cover: Sequence[int], few: int) -> list[tuple[int, int]]:
    """Stretches between columns, as places; what lies outside the columns is none."""
    stretches: list[tuple[int, int]] = []
    start = -1
    for place, count in enumerate(cover):
        if count > few:
            if start >= 0:
                stretches.append((start, place))
            start = -1
        elif start < 0:
            start = place
    return [stretch for stretch in stretches if stretch[0] > 0]


def _drawn(uprights: Sequence[Upright], height: float) -> list[float]:
    """Places of the rules that run along much of the table, piece by piece."""
    lengths: dict[float, float] = {}
    for x, y0, y1 in sorted(set(uprights)):
        near = next((known for known in lengths if abs(known - x) < 2), x)
        lengths[near] = lengths.get(near, 0) + y1 - y0
    return [x for x, length in lengths.items() if length > 0.4 * height]
