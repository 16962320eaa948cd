"""How much of what people saw in a paper its Document holds, measure by measure. Reads no files.

Texts are compared by their letters and digits alone: how a reader mends hyphens and spaces formulas is not judged here.
"""

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from benchmarks.layout_labels import LabelledTable, Labels, Place, ReferenceList
from ragqa.document import Block, BlockKind, Document, Page, Table

_LABEL = re.compile(
    r"\W*(?i:((?:supplementary|extended data|appendix) )?(fig|tab|listing|algorithm|scheme|box)[a-z]*)\W*"
    r"([A-Z]?\.?\d+(?:\.\d+)*|[IVX]+\b)"
)
_VERSION = re.compile(r"v\d+$")
_WEB = re.compile(r"^(?:https?://(?:dx\.)?doi\.org/|doi:|arxiv:)")
_DASHES = re.compile(r"[‐‑‒–—―−]")
_INNER_HYPHEN = re.compile(r"(?<=\w)-(?=\w)")
# NFKD does not take these apart.
_PLAIN = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"})


@dataclass(frozen=True, slots=True)
class Score:
    """``right`` of the ``given`` and of the ``wanted``; ``notes`` name what is missing (-) and what is too much (+)."""

    right: int = 0
    given: int = 0
    wanted: int = 0
    notes: tuple[str, ...] = ()

    def __add__(self, other: "Score") -> "Score":
        """Counts are added, notes are dropped."""
        return Score(self.right + other.right, self.given + other.given, self.wanted + other.wanted)

    @property
    def value(self) -> float | None:
        """F1; the share of right ones where ``given`` equals ``wanted``; None if there was nothing to find."""
        both = self.given + self.wanted
        return 2 * self.right / both if both else None


def score_paper(document: Document, labels: Labels) -> dict[str, Score]:
    """Every measure of one paper, by name, in the order of the printed table."""
    headings, levels = _headings(document, labels)
    cut, single = _references(document, labels.references)
    return {
        **_metadata(document, labels),
        "headings": headings,
        "run-in": _run_in(document, labels),
        "levels": levels,
        "references cut": cut,
        "references": single,
        "cells": _cells(document, labels.table),
        "captions": _captions(document, labels),
        "footnotes": _footnotes(document, labels),
        "order": _order(document, labels),
    }


def letters(text: str) -> str:
    """Letters and digits, case folded, ligatures taken apart, without accents (which many files draw apart)."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN))
    return "".join(filter(str.isalnum, decomposed))


def _yes(right: bool, note: str) -> Score:
    return Score(int(right), 1, 1, () if right else (note,))


def _metadata(document: Document, labels: Labels) -> dict[str, Score]:
    found = document.metadata
    return {
        "title": _yes(letters(found.title) == letters(labels.title), f"+ {found.title}"),
        "authors": _multiset(map(letters, found.authors), map(letters, labels.authors)),
        "year": _yes(found.year == labels.year, f"+ {found.year}, not {labels.year}"),
        "venue": _yes(letters(found.venue) == letters(labels.venue), f"+ {found.venue}, not {labels.venue}"),
        "doi": _yes(_identifier(found.doi) == _identifier(labels.doi), f"+ {found.doi}, not {labels.doi}"),
        "arxiv": _yes(
            _identifier(found.arxiv_id) == _identifier(labels.arxiv_id), f"+ {found.arxiv_id}, not {labels.arxiv_id}"
        ),
    }


def _identifier(text: str) -> str:
    """Without resolver and version."""
    return _VERSION.sub("", _WEB.sub("", text.casefold().strip()))


def _multiset(given: Iterable[str], wanted: Iterable[str]) -> Score:
    have, want = Counter(given), Counter(wanted)
    notes = [f"- {text}" for text in (want - have).elements()] + [f"+ {text}" for text in (have - want).elements()]
    return Score((have & want).total(), have.total(), want.total(), tuple(notes))


def _text(document: Document, block: Block) -> str:
    page = _page(document, block.page)
    return " ".join(word.text for word in page.words[block.start : block.end]) if page else ""


def _page(document: Document, number: int) -> Page | None:
    return next((page for page in document.pages if page.number == number), None)


def _blocks(document: Document, kind: BlockKind, before_page: int) -> list[Block]:
    return [block for block in document.blocks if block.kind is kind and block.page < before_page]


def _headings(document: Document, labels: Labels) -> tuple[Score, Score]:
    """Headings that stand alone, by page and text; and the levels of those that were found."""
    found = [
        (_key(Place(_text(document, block), block.page)), block.level)
        for block in _blocks(document, BlockKind.HEADING, labels.partial_from_page)
    ]
    either_way = {_key(place) for place in labels.headings if place.run_in or place.optional}
    wanted = [place for place in labels.headings if not place.run_in and not place.optional]
    score = _multiset((key for key, _ in found if key not in either_way), map(_key, wanted))
    levels = dict(found)
    matched = [place for place in wanted if _key(place) in levels]
    wrong = [place for place in matched if levels[_key(place)] != place.level]
    notes = tuple(f"+ level {levels[_key(place)]}, not {place.level}: {place.text}" for place in wrong)
    return score, Score(len(matched) - len(wrong), len(matched), len(matched), notes)


def _key(place: Place) -> str:
    return f"{place.page}: {letters(place.text)}"


def _run_in(document: Document, labels: Labels) -> Score:
    """Run-in headings that are blocks of their own; recall."""
    found = Counter(
        _key(Place(_text(document, block), block.page))
        for block in _blocks(document, BlockKind.HEADING, labels.partial_from_page)
    )
    wanted = Counter(_key(place) for place in labels.headings if place.run_in and not place.optional)
    return _recall((found & wanted).total(), wanted.total(), (wanted - found).elements())


def _recall(right: int, wanted: int, missed: Iterable[str]) -> Score:
    return Score(right, wanted, wanted, tuple(f"- {text}" for text in missed))


def _references(document: Document, labels: ReferenceList | None) -> tuple[Score, Score]:
    """Is the list cut where it begins and ends, and into as many references as it has?"""
    blocks = [block for block in document.blocks if block.kind is BlockKind.REFERENCE]
    if labels is None:
        return _yes(not blocks, f"+ {len(blocks)} blocks where there is no list"), Score()
    texts = [letters(_text(document, block)) for block in blocks]
    notes = [*_false_start(texts, labels), *_false_end(texts, labels)]
    cut = Score(int(not notes), 1, 1, tuple(notes))
    if labels.count is None:
        return cut, Score()
    # A block ends with its page, so a reference that goes on over the page is two of them.
    turns = len({block.page for block in blocks}) - 1
    given = max(labels.count, len(blocks) - turns) if len(blocks) > labels.count else len(blocks)
    note = () if given == labels.count else (f"+ {len(blocks)} blocks for {labels.count} references",)
    return cut, Score(min(given, labels.count), given, labels.count, note)


def _false_start(texts: Sequence[str], labels: ReferenceList) -> list[str]:
    # Some labels leave the printed number out.
    joined, first = "".join(texts), letters(labels.first)
    if joined.startswith(first) or joined.lstrip("0123456789").startswith(first):
        return []
    return [f"+ starts with {texts[0][:60] if texts else 'nothing'}"]


def _false_end(texts: Sequence[str], labels: ReferenceList) -> list[str]:
    """One block may follow that in which the last reference begins: how that one ends."""
    last, joined = letters(labels.last), "".join(texts)
    start = joined.rfind(last)
    if start < 0:
        return [f"- {labels.last}"]
    ends = list(accumulate(map(len, texts)))
    rest = texts[bisect_left(ends, start + len(last)) + 1 :]
    if len(rest) > 1:
        return [f"+ {len(rest)} blocks after the last, the first is {rest[0][:60]}"]
    after = letters(labels.after)
    return [f"+ {labels.after}"] if after and after in joined[start + len(last) :] else []


def _cells(document: Document, labels: LabelledTable | None) -> Score:
    """Cells of the labelled table, against the table of its page that is most like it."""
    if labels is None:
        return Score()
    wanted = [[_cell(cell) for cell in row] for row in labels.rows]
    on_page = [_grid(document, table) for table in document.tables if table.page == labels.page]
    scores = [compare_grids(wanted, grid) for grid in on_page] or [compare_grids(wanted, [])]
    best = max(scores, key=lambda score: score.value or 0.0)
    note = () if best.right == best.given == best.wanted else (f"- {best.right} of {best.wanted} of {labels.label}",)
    return Score(best.right, best.given, best.wanted, note)


def _grid(document: Document, table: Table) -> list[list[str]]:
    page = _page(document, table.page)
    words = page.words if page else ()
    return [[_cell(" ".join(word.text for word in words[start:end])) for start, end in row] for row in table.rows]


def _cell(text: str) -> str:
    """Numbers keep their points and signs; a dash is a dash."""
    folded = "".join(_DASHES.sub("-", unicodedata.normalize("NFKC", text).casefold()).split())
    return _INNER_HYPHEN.sub("", folded)


Grid = Sequence[Sequence[str]]


def compare_grids(wanted: Grid, given: Grid) -> Score:
    """Equal cells that are not empty, after columns and then rows were aligned in their order."""

    def same(first: str, second: str) -> int:
        return int(first == second != "")

    wanted_columns, given_columns = _columns(wanted), _columns(given)
    columns = align(
        len(wanted_columns),
        len(given_columns),
        lambda a, b: _common(wanted_columns[a], given_columns[b], same),
    )

    def equal_cells(row: int, other: int) -> int:
        return sum(same(_at(wanted[row], a), _at(given[other], b)) for a, b in columns)

    right = sum(equal_cells(row, other) for row, other in align(len(wanted), len(given), equal_cells))
    return Score(
        right, sum(bool(cell) for row in given for cell in row), sum(bool(cell) for row in wanted for cell in row)
    )


def _columns(grid: Grid) -> list[list[str]]:
    width = max(map(len, grid), default=0)
    return [[_at(row, column) for row in grid] for column in range(width)]


def _at(row: Sequence[str], column: int) -> str:
    return row[column] if column < len(row) else ""


def _common(first: Sequence[str], second: Sequence[str], same: Callable[[str, str], int]) -> int:
    return len(align(len(first), len(second), lambda a, b: same(first[a], second[b])))


def align(first: int, second: int, weight: Callable[[int, int], int]) -> list[tuple[int, int]]:
    """Pairs of positions in two sequences of these lengths, in order in both, that weigh most; none weighs nothing."""
    best = [[0] * (second + 1) for _ in range(first + 1)]
    weights = [[weight(a, b) for b in range(second)] for a in range(first)]
    for a in reversed(range(first)):
        for b in reversed(range(second)):
            best[a][b] = max(best[a + 1][b], best[a][b + 1], weights[a][b] + best[a + 1][b + 1])
    pairs: list[tuple[int, int]] = []
    a = b = 0
    while a < first and b < second:
        if weights[a][b] and best[a][b] == weights[a][b] + best[a + 1][b + 1]:
            pairs.append((a, b))
            a, b = a + 1, b + 1
        elif best[a][b] == best[a + 1][b]:
            a += 1
        else:
            b += 1
    return pairs


def _captions(document: Document, labels: Labels) -> Score:
    """Caption blocks by page and label ("Figure 2"); what begins otherwise is too much."""
    found = [
        f"{block.page}: {_caption_label(_text(document, block))}"
        for block in _blocks(document, BlockKind.CAPTION, labels.partial_from_page)
    ]
    named = [(f"{place.page}: {_caption_label(place.text)}", place.optional) for place in labels.captions]
    either_way = {name for name, optional in named if optional}
    return _multiset(
        (name for name in found if name not in either_way), (name for name, optional in named if not optional)
    )


def _caption_label(text: str) -> str:
    """ "Figure 2" and "Fig. 2" are one label; the first words where there is none."""
    label = _LABEL.match(text)
    return letters(" ".join(filter(None, label.groups()))) if label else letters(text)[:30]


def _footnotes(document: Document, labels: Labels) -> Score:
    """Labelled footnotes that lie in a footnote block of their page; recall."""
    texts = [
        (block.page, letters(_text(document, block)))
        for block in _blocks(document, BlockKind.FOOTNOTE, labels.partial_from_page)
    ]
    missed = [
        note.text
        for note in labels.footnotes
        if not any(page == note.page and letters(note.text) in text for page, text in texts)
    ]
    return _recall(len(labels.footnotes) - len(missed), len(labels.footnotes), missed)


def _order(document: Document, labels: Labels) -> Score:
    """Labelled pages on which all snippets are found, one after the other."""
    notes: list[str] = []
    for wanted in labels.order:
        page = _page(document, wanted.page)
        text, start = letters(page.text) if page else "", 0
        for snippet in wanted.snippets:
            at = text.find(letters(snippet), start)
            if at < 0:
                notes.append(f"{wanted.page}: {snippet}")
                break
            start = at + 1
    return _recall(len(labels.order) - len(notes), len(labels.order), notes)
