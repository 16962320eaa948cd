"""Blocks of a page to its words, words broken at a line's end mended into one with two rectangles."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from ingest.layout import TextBlock
from ingest.words import PlacedWord
from ragqa.document import Block, Page, Rect, Word

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
) -> tuple[Page, list[Block]]:
    """The page with its words in the order of the blocks, and each block as a range of them."""
    words: list[Word] = []
    ranges: list[Block] = []
    for block in blocks:
        start = len(words)
        placed = [word for line in block.lines for word in line.words]
        ends = _line_ends(block)
        for index, word in enumerate(placed):
            if index - 1 in ends and _can_join(words, word) and len(words) > start:
                words[-1] = _joined(words[-1], word, vocabulary)
            else:
                words.append(Word(word.text, (_rounded(word),)))
        if len(words) > start:
            ranges.append(Block(block.kind, number, start, len(words), block.level))
    return Page(number, *size, tuple(words)), ranges


def _line_ends(block: TextBlock) -> set[int]:
    ends: set[int] = set()
    position = -1
    for line in block.lines:
        position += len(line.words)
        ends.add(position)
    return ends


def _can_join(words: Sequence[Word], word: PlacedWord) -> bool:
    return bool(words) and bool(_BROKEN.search(words[-1].text)) and word.text[0].isalnum()


def _joined(word: Word, rest: PlacedWord, vocabulary: Vocabulary) -> Word:
    return Word(vocabulary.join(word.text, rest.text), (*word.rects, _rounded(rest)))


def _rounded(word: PlacedWord) -> Rect:
    x0, y0, x1, y1 = word.rect
    return (round(x0, 1), round(y0, 1), round(x1, 1), round(y1, 1))


def _bare(text: str) -> str:
    return _EDGES.sub("", text).lower()
