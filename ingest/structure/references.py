"""The reference list: where it ends, and which of its lines are one reference.

Judges by numbers, indents, gaps and how references open; where a list begins is told by its heading.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from ingest.layout.blocks import TextBlock
from ingest.layout.lines import Line
from ingest.section_names import is_known, names_references, names_what_follows_references, numbered_depth
from ingest.structure.heading_levels import style_of
from ragqa.document import BlockKind

_LISTED = frozenset({BlockKind.PARAGRAPH, BlockKind.HEADING, BlockKind.TABLE, BlockKind.FIGURE, BlockKind.FOOTNOTE})
_NUMBER = re.compile(r"^(?:\[(\d{1,4})\]|\((\d{1,4})\)$|(\d{1,4})\.?$|(\d{1,4})\.(?=[^\W\d]))")
_YEAR = re.compile(r"\b(1[89]|20)\d\d[a-z]?\b|in press|forthcoming|to appear|n\.d\.|arxiv", re.IGNORECASE)
_FINISHED = re.compile(r"[.!?\])\d/]['\"”’]?$")
_VENUE = re.compile(
    r"^(in|proceedings|proc|journal|conference|trans|transactions|association|university|press|arxiv)\b"
)
_NOTICE = re.compile(r"publisher[’']s note|open access this|© the author|reprints and permission", re.IGNORECASE)
_LISTED_TEXT = re.compile(r"\b[A-Z]\.|\d{4}|,")
_LEAST, _ENOUGH, _MOST_LISTS = 6, 200, 4
"""Entries that a list without a heading must have; blocks that are looked at; lists that are tried, from the end."""
_FAR = 5.0
"""In font sizes: what stands further in is no continuation of a reference."""


@dataclass(slots=True)
class _Row:
    """Lines side by side; ``indent`` is the distance from the left edge of its column."""

    lines: list[Line]
    page: int
    opens_block: bool
    indent: float = 0.0
    gap: float = 0.0

    @property
    def x0(self) -> float:
        return min(line.x0 for line in self.lines)

    @property
    def y0(self) -> float:
        return self.lines[0].y0

    @property
    def size(self) -> float:
        return max(self.lines[0].size, 4.0)

    @property
    def text(self) -> str:
        return " ".join(line.text for line in self.lines)

    def continues(self, line: Line, page: int) -> bool:
        """Whether a line stands on the same row, to the right or inside (accents are lines of their own)."""
        first = self.lines[0]
        return page == self.page and abs(first.middle - line.middle) < 0.5 * self.size and line.x0 > self.x0


@dataclass(slots=True)
class _List:
    """The rows of one list, in reading order; ``others`` stand before the row of that number (floats, footnotes)."""

    rows: list[_Row] = field(default_factory=list)
    others: list[tuple[int, TextBlock]] = field(default_factory=list)


def split_references(blocks: Sequence[TextBlock]) -> list[TextBlock]:
    """One block for each reference of every list, two where the page ends inside; all other blocks as they are."""
    unnamed = None if any(map(_opens_list, blocks)) else _unnamed_start(blocks)
    kept: list[TextBlock] = []
    at = 0
    while at < len(blocks):
        kept.append(blocks[at])
        at += 1
        if _opens_list(kept[-1]) or at == unnamed:
            end = _end_of_list(blocks, at)
            kept += _single_references(blocks[at:end])
            at = end
    return kept


def _unnamed_start(blocks: Sequence[TextBlock]) -> int | None:
    """A numbered list of dated entries behind the text may have no heading."""
    firsts = [at for at in range(len(blocks) // 3, len(blocks)) if at and _opens_numbers(blocks[at])]
    for start in firsts[-_MOST_LISTS:]:
        rows = _rows_of(blocks[start : start + _ENOUGH]).rows
        _measure(rows)
        starts = _numbered(rows)
        dated = sum(bool(_YEAR.search(_text_of(rows[a:b]))) for a, b in pairwise([*starts, len(rows)]))
        if len(starts) >= _LEAST and dated >= 0.7 * len(starts):
            return start
    return None


def _opens_numbers(block: TextBlock) -> bool:
    match = _NUMBER.match(block.lines[0].words[0].text) if block.kind in _LISTED else None
    return match is not None and int(next(filter(None, match.groups()))) == 1


def _opens_list(block: TextBlock) -> bool:
    """The heading of a list of references."""
    return block.kind is BlockKind.HEADING and names_references(block.text)


def _ends_list(block: TextBlock, opening: TextBlock) -> bool:
    """What begins with this block does not belong to the list under ``opening``."""
    text = block.text[:80]
    if block.kind is not BlockKind.HEADING:
        return _is_notice(text)
    if names_what_follows_references(text):
        return True
    return style_of(block) == style_of(opening) and (
        bool(numbered_depth(text)) or is_known(text) or not _looks_listed(text)
    )


def _is_notice(text: str) -> bool:
    return bool(_NOTICE.match(text))


def _looks_listed(text: str) -> bool:
    """A name with initials, or a year."""
    return bool(_LISTED_TEXT.search(text))


def _end_of_list(blocks: Sequence[TextBlock], start: int) -> int:
    """Where the first block stands that does not belong to the list opened by the block before ``start``."""
    opening, size = blocks[start - 1], _size_of(blocks[start : start + 30])
    for at in range(start, len(blocks)):
        block = blocks[at]
        if block.kind in _LISTED and _ends_list(block, opening):
            return at
        if block.kind is BlockKind.PARAGRAPH and style_of(block) == style_of(opening) and abs(block.size - size) > 0.4:
            block.kind, block.level = BlockKind.HEADING, opening.level
            return at
    return len(blocks)


def _size_of(blocks: Sequence[TextBlock]) -> float:
    """Font size of most characters."""
    weights: Counter[float] = Counter()
    for block in blocks:
        if block.kind in _LISTED:
            for line in block.lines:
                weights[line.size] += sum(len(word.text) for word in line.words)
    return weights.most_common(1)[0][0] if weights else 0.0


def _single_references(blocks: Sequence[TextBlock]) -> list[TextBlock]:
    found = _rows_of(blocks)
    _measure(found.rows)
    starts = _starts(found.rows)
    end = _last_row(found.rows, starts)
    return list(_blocks_of(found, starts, end))


def _rows_of(blocks: Sequence[TextBlock]) -> _List:
    """What is set much larger or smaller than the list, and captions, are not of it."""
    size = _size_of(blocks)
    found = _List()
    for block in blocks:
        if block.kind not in _LISTED or block.table or not 0.88 * size <= _size_of([block]) <= 1.12 * size:
            found.others.append((len(found.rows), block))
            continue
        for number, line in enumerate(block.lines):
            if found.rows and found.rows[-1].continues(line, block.page):
                found.rows[-1].lines.append(line)
            else:
                found.rows.append(_Row([line], block.page, number == 0))
    return found


def _measure(rows: Sequence[_Row]) -> None:
    """Indents and gaps, column by column."""
    columns = list(_columns(rows))
    lefts = [min(row.x0 for row in column) for column in columns]
    for left, column in zip(lefts, columns, strict=True):
        for row in column:
            row.indent = row.x0 - left
        for above, below in pairwise(column):
            below.gap = (below.y0 - above.y0) / below.size
    step = _usual_indent(rows)
    for left, column in zip(lefts, columns, strict=True):
        # A column may hold nothing but the rest of a reference: then its left edge is that of another page's column.
        is_even = all(row.indent < 0.4 * row.size for row in column)
        if step and is_even and any(abs(other - (left - step)) < 1.5 for other in lefts):
            for row in column:
                row.indent += step


def _columns(rows: Sequence[_Row]) -> Iterator[list[_Row]]:
    """Rows one below the other, up to a new page or a jump upwards."""
    column: list[_Row] = []
    for row in rows:
        if column and (row.page != column[-1].page or row.y0 < column[-1].y0 - 0.5 * row.size):
            yield column
            column = []
        column.append(row)
    if column:
        yield column


def _usual_indent(rows: Sequence[_Row]) -> float:
    """In points; 0 where the rows stand flush."""
    indents = Counter(round(2 * row.indent) / 2 for row in rows if 0.4 * row.size < row.indent < _FAR * row.size)
    if not indents or sum(indents.values()) < max(2, 0.2 * len(rows)):
        return 0.0
    return indents.most_common(1)[0][0]


def _starts(rows: Sequence[_Row]) -> list[int]:
    """Numbers of the rows in which references begin, by the first sign that the list has."""
    for sign in (_numbered, _labelled, _hanging, _spaced):
        found = sign(rows)
        if found:
            return sorted({0, *found})
    return sorted({0, *(at for at in range(1, len(rows)) if _opens_after(rows, at))} if rows else ())


def _numbered(rows: Sequence[_Row]) -> list[int]:
    """Rows that count up from the first one: "[1]", "1." or "1"."""
    found: list[int] = []
    last = 0
    for at, row in enumerate(rows):
        number = _number_of(row) if row.indent < 2.2 * row.size else None
        if number is not None and (number in (last + 1, last + 2) if found else at < 2):
            found.append(at)
            last = number
    return found if len(found) >= max(2, len(rows) / 10) else []


def _number_of(row: _Row) -> int | None:
    match = _NUMBER.match(row.lines[0].words[0].text)
    return int(next(filter(None, match.groups()))) if match else None


def _labelled(rows: Sequence[_Row]) -> list[int]:
    """ "[Smith et al., 2014]" or "[Smi14]"."""
    found = [at for at, row in enumerate(rows) if row.text.startswith("[") and row.indent < row.size]
    return found if len(found) >= max(2, len(rows) / 10) else []


def _hanging(rows: Sequence[_Row]) -> list[int]:
    """All rows but the first are set in; or, in older styles, only the first one."""
    step = _usual_indent(rows)
    if not step:
        return []
    flush = [at for at, row in enumerate(rows) if row.indent < 0.5 * step]
    inside = [at for at, row in enumerate(rows) if 0.5 * step <= row.indent < 1.5 * step]
    is_reversed = _share_of_openings(rows, inside) > _share_of_openings(rows, flush) + 0.25
    return inside if is_reversed else flush


def _share_of_openings(rows: Sequence[_Row], numbers: Sequence[int]) -> float:
    return sum(_opens_after(rows, at) for at in numbers) / max(1, len(numbers))


def _spaced(rows: Sequence[_Row]) -> list[int]:
    """More room above the first row of each."""
    gaps = [row.gap for row in rows if row.gap > 0]
    # References of one or two rows have as many wide gaps as narrow ones; marks and accents make a few too narrow.
    narrow = sorted(gaps)[len(gaps) // 5] if gaps else 0.0
    found = [at for at, row in enumerate(rows) if row.gap > 1.15 * narrow + 0.03]
    if len(found) < max(2, len(rows) / 12):
        return []
    return found + [at for at, row in enumerate(rows) if at and not row.gap and _opens_after(rows, at)]


def _opens_after(rows: Sequence[_Row], at: int) -> bool:
    """A name follows the end of a sentence."""
    text = rows[at].text
    if not text[0].isupper() or _VENUE.match(text.lower()):
        return False
    return not at or bool(_FINISHED.search(rows[at - 1].text))


def _last_row(rows: Sequence[_Row], starts: Sequence[int]) -> int:
    """How many rows belong: what follows the last reference in a block of its own may be something else."""
    if not starts:
        return 0
    ends = [*starts[1:], len(rows)]
    usual = median(end - start for start, end in zip(starts, ends, strict=True))
    step, last = _usual_indent(rows), starts[-1]
    for at in range(last + 1, len(rows)):
        row = rows[at]
        is_flush = row.indent < 0.5 * step if step else row.opens_block
        is_over = is_flush and (row.opens_block or row.gap > 1.5) and bool(_FINISHED.search(rows[at - 1].text))
        if is_over or at - last > 4 * usual + 4:
            return at
    undated = len(starts)
    while undated > 1 and not _YEAR.search(_text_of(rows[starts[undated - 1] : ends[undated - 1]])):
        undated -= 1
    return starts[undated] if undated < len(starts) - 1 else len(rows)


def _text_of(rows: Sequence[_Row]) -> str:
    return " ".join(row.text for row in rows)


def _blocks_of(found: _List, starts: Sequence[int], end: int) -> Iterator[TextBlock]:
    """References up to row ``end``, whatever interrupts one behind it; then the rest as paragraphs."""
    others = list(found.others)
    cuts = [*(start for start in starts if start < end), end, *([len(found.rows)] if end < len(found.rows) else [])]
    for start, stop in pairwise(cuts):
        kind = BlockKind.REFERENCE if start < end else BlockKind.PARAGRAPH
        while others and others[0][0] <= start:
            yield others.pop(0)[1]
        for page in dict.fromkeys(row.page for row in found.rows[start:stop]):
            lines = [line for row in found.rows[start:stop] if row.page == page for line in row.lines]
            yield TextBlock(lines, page, kind)
    yield from (block for _, block in others)
