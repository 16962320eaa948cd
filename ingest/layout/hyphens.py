"""Blocks of a page to its words, words broken at a line's end mended into one with two rectangles."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import floor

from ingest.layout.blocks import TextBlock
from ingest.layout.lines import Line
from ingest.pdf.words import PlacedWord
from ragqa.document import Block, BlockKind, Page, Rect, Span, Table, Word

_BROKEN = re.compile(r"[^\W_][-\u2010\u00ad]$")
_EDGES = re.compile(r"^\W+|\W+$")
_SENTENCE_END = re.compile(r"[.!?:]['\"”’)\]]*$")
# Prefixes that English keeps apart, when the paper itself does not tell.
_KEEPS_HYPHEN = frozenset(
    "self well state non cross high low long short large small multi semi pre post co inter sub task data domain "
    "end fine coarse real time first second two three one open left right top hand word sentence character "
    "character token document language human machine computer context rule model graph tree neural".split()
)


class Vocabulary:
    """How the paper itself writes its words, away from line ends."""

    def __init__(self, words: Iterable[str]) -> None:
        self._counts = Counter(words)

    def join(self, first: str, second: str) -> str:
        """One word of two parts; ``first`` ends with the hyphen."""
        stem = first[:-1]
        whole, compound = _bare(stem + second), _bare(stem + "-" + second)
        if first[-1] == "\u00ad" or not second[0].isalnum():
            return stem + second
        if not second[0].islower() or "-" in stem:
            return stem + "-" + second
        if self._counts[whole] or self._counts[compound]:
            return stem + second if self._counts[whole] >= self._counts[compound] else stem + "-" + second
        left, right = _bare(stem), _bare(second)
        is_compound = len(right) > 2 and self._counts[right] > 0 and (left in _KEEPS_HYPHEN or self._is_word(left))
        return stem + "-" + second if is_compound else stem + second

    def _is_word(self, part: str) -> bool:
        return len(part) > 3 and self._counts[part] > 1


def vocabulary_of(blocks: Iterable[TextBlock]) -> Vocabulary:
    """Count words that stand inside their lines."""
    # First and last words are left out: they may be halves.
    return Vocabulary(_bare(word.text) for block in blocks for line in block.lines for word in line.words[1:-1])


def page_of(
    number: int, size: tuple[float, float], blocks: Sequence[TextBlock], vocabulary: Vocabulary
) -> tuple[Page, list[Block], list[Table]]:
    """The page with its words in the order of the blocks, each block as a range of them, and its tables."""
    words: list[Word] = []
    ranges: list[Block] = []
    tables: list[tuple[TextBlock, Block, tuple[tuple[Span, ...], ...]]] = []
    captions: dict[int, Span] = {}
    for block in blocks:
        start = len(words)
        cells = block.table.cells() if block.table else []
        spans = [_add_lines(words, cell, vocabulary) for row in cells for cell in row]
        loose = block.lines[sum(len(cell) for row in cells for cell in row) :]
        _add_lines(words, loose, vocabulary)
        if len(words) == start:
            continue
        ranges.append(Block(block.kind, number, start, len(words), block.level))
        captions |= {id(line): (start, len(words)) for line in block.lines if block.kind is BlockKind.CAPTION}
        if cells:
            tables.append((block, ranges[-1], _by_rows(spans, len(cells[0]))))
    found = [_table(block, placed, rows, captions) for block, placed, rows in tables]
    return Page(number, *size, tuple(words)), ranges, found


def _add_lines(words: list[Word], lines: Sequence[Line], vocabulary: Vocabulary) -> Span:
    """Append the words of lines that belong together; where they stand among all words of the page."""
    start = len(words)
    for line in lines:
        first = line.words[0]
        rest = line.words
        if len(words) > start and _can_join(words, first):
            words[-1] = _joined(words[-1], first, vocabulary)
            rest = line.words[1:]
        words.extend(Word(word.text, (_rounded(word),)) for word in rest)
    return (start, len(words))


def _by_rows(spans: Sequence[Span], columns: int) -> tuple[tuple[Span, ...], ...]:
    return tuple(tuple(spans[at : at + columns]) for at in range(0, len(spans), columns))


def _table(block: TextBlock, placed: Block, rows: tuple[tuple[Span, ...], ...], captions: Mapping[int, Span]) -> Table:
    found = block.table
    caption = captions.get(id(found.caption), (placed.start, placed.start)) if found else (0, 0)
    header_rows = found.grid.header_rows if found and found.grid else 0
    return Table(placed.page, placed.start, placed.end, caption, header_rows, rows)


def _can_join(words: Sequence[Word], word: PlacedWord) -> bool:
    return bool(words) and bool(_BROKEN.search(words[-1].text)) and word.text[0].isalnum()


def _joined(word: Word, rest: PlacedWord, vocabulary: Vocabulary) -> Word:
    return Word(vocabulary.join(word.text, rest.text), (*word.rects, _rounded(rest)))


def _rounded(word: PlacedWord) -> Rect:
    x0, y0, x1, y1 = word.rect
    # Much faster than round(), and the same to a tenth of a point.
    return (floor(10 * x0 + 0.5) / 10, floor(10 * y0 + 0.5) / 10, floor(10 * x1 + 0.5) / 10, floor(10 * y1 + 0.5) / 10)


def _bare(text: str) -> str:
    return text.lower() if text.isalpha() else _EDGES.sub("", text).lower()
