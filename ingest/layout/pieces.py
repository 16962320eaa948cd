"""Words of a table's printed rows by column: the pieces that cells are made of."""

from collections.abc import Sequence
from dataclasses import dataclass

from ingest.layout.columns import Row, Upright, Words, is_number, pieces_of
from ingest.pdf.words import PlacedWord

_JOINS_NUMBERS = frozenset("/±|·×+-–:()%")
_CELL_GAP = 0.45
"""In font sizes: words closer than this are one name, unless a gutter parts numbers."""
_APART = 0.8
"""In font sizes: words further apart stand in different columns."""


@dataclass(frozen=True, slots=True)
class Level:
    """A rule across: its height and ends."""

    y: float
    x0: float
    x1: float


@dataclass(frozen=True, slots=True)
class Frame:
    """A table's place: its box, and the rules inside."""

    x0: float
    y0: float
    x1: float
    y1: float
    levels: tuple[Level, ...] = ()
    uprights: tuple[Upright, ...] = ()

    def full_levels(self) -> list[float]:
        """Heights of the rules that run through."""
        wide = 0.85 * (self.x1 - self.x0)
        return [level.y for level in self.levels if level.x1 - level.x0 >= wide]


@dataclass(slots=True)
class Piece:
    """Words of one row in columns ``first`` to ``last``."""

    words: Words
    first: int
    last: int

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def x0(self) -> float:
        return self.words[0].x0

    @property
    def x1(self) -> float:
        return self.words[-1].x1

    @property
    def is_number(self) -> bool:
        numbers = sum(is_number(word.text) for word in self.words)
        return 0 < numbers == sum(word.text not in _JOINS_NUMBERS for word in self.words)


@dataclass(slots=True)
class Record:
    """A row as printed, then a row of the table: the pieces of its lines, by first column."""

    middle: float
    size: float
    lines: list[list[Piece]]

    def columns(self) -> set[int]:
        return {column for line in self.lines for piece in line for column in range(piece.first, piece.last + 1)}

    def firsts(self) -> set[int]:
        return {piece.first for line in self.lines for piece in line}


class Columns:
    """Where columns are, and how far their words reach."""

    def __init__(self, gutters: Sequence[float], rows: Sequence["Record"]) -> None:
        self.gutters = gutters
        self.ends: dict[int, tuple[float, float]] = {}
        for piece in (piece for row in rows for line in row.lines for piece in line):
            if piece.first == piece.last:
                x0, x1 = self.ends.get(piece.first, (piece.x0, piece.x1))
                self.ends[piece.first] = (min(x0, piece.x0), max(x1, piece.x1))

    def between(self, x0: float, x1: float) -> tuple[int, int] | None:
        """First and last column whose middle lies between two places."""
        inside = [column for column, (left, right) in self.ends.items() if x0 <= (left + right) / 2 <= x1]
        return (min(inside), max(inside)) if inside else None

    def under(self, words: Words) -> tuple[int, int]:
        """First and last column that a name stands above."""
        x0, x1 = words[0].x0, words[-1].x1
        below = [
            column
            for column, (left, right) in self.ends.items()
            if min(right, x1) - max(left, x0) > min(3.0, 0.3 * (right - left))
        ]
        if below:
            return min(below), max(below)
        return _column(words[0], self.gutters, from_left=True), _column(words[-1], self.gutters, from_left=False)

    def is_name(self, words: Words) -> bool:
        """Whether words stand above one column, at its left, middle or right."""
        first, last = self.under(words)
        if first != last or first not in self.ends:
            return False
        left, right = self.ends[first]
        x0, x1 = words[0].x0, words[-1].x1
        return abs(x0 - left) < 2 or abs(x1 - right) < 2 or abs(x0 + x1 - left - right) < 6


def body_pieces(row: Row, gutters: Sequence[float]) -> list[Piece]:
    """A row's words by column; a single run of words may span several."""
    single = len(pieces_of(row, _APART)) == 1
    pieces: list[Piece] = []
    for run in pieces_of(row, _CELL_GAP):
        parts = _split(run, gutters)
        if len(parts) > 1 and (single or not _are_numbers(parts)):
            parts = [run]
        for part in parts:
            first, last = _column(part[0], gutters, from_left=True), _column(part[-1], gutters, from_left=False)
            _add(pieces, part, first, last)
    return pieces


def head_pieces(row: Row, columns: Columns) -> list[Piece]:
    """A row of names by column: names are wider than the numbers below, and close to each other."""
    pieces: list[Piece] = []
    for run in pieces_of(row, _CELL_GAP):
        parts = _split(run, columns.gutters)
        if not all(map(columns.is_name, parts)):
            parts = [run]
        for part in parts:
            _add(pieces, part, *columns.under(part))
    return pieces


def _add(pieces: list[Piece], words: Words, first: int, last: int) -> None:
    if pieces and pieces[-1].last >= first:
        pieces[-1].words.extend(words)
        pieces[-1].last = max(pieces[-1].last, last)
    else:
        pieces.append(Piece(list(words), first, max(first, last)))


def _are_numbers(parts: Sequence[Words]) -> bool:
    return any(is_number(word.text) for part in parts for word in (part[0], part[-1]))


def _split(run: Words, gutters: Sequence[float]) -> list[Words]:
    """A run of words at the gutters that lie between two of its words."""
    parts: list[Words] = [[run[0]]]
    for word in run[1:]:
        last = parts[-1][-1]
        if any(last.x1 - 1 <= gutter <= word.x0 + 1 for gutter in gutters):
            parts.append([word])
        else:
            parts[-1].append(word)
    return parts


def _column(word: PlacedWord, gutters: Sequence[float], *, from_left: bool) -> int:
    """The column of a word's first or last edge, where a small overlap does not count."""
    slack = min(0.3 * max(word.x1 - word.x0, 1.0), 3.0)
    edge = word.x0 + slack if from_left else word.x1 - slack
    return sum(gutter < edge for gutter in gutters)
