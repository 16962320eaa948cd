"""What people saw in papers, one JSON file a paper. Knows nothing of the reader that it judges.

``run_in`` headings open a paragraph. What is ``optional`` can be seen either way: it counts neither for nor against.
From ``partial_from_page`` on nothing is labelled.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NO_PAGE = 1_000_000


@dataclass(frozen=True, slots=True)
class Place:
    """A heading, or how a caption or footnote begins; pages count from 1, as do the levels of headings."""

    text: str
    page: int
    level: int = 0
    run_in: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class ReferenceList:
    """How the first and the last reference begin, and what follows the list; ``count`` is None if nobody counted."""

    page: int
    last_page: int
    count: int | None
    first: str
    last: str
    after: str = ""


@dataclass(frozen=True, slots=True)
class LabelledTable:
    """One table of the paper as copied into a spreadsheet: a spanning cell stands in its first column."""

    page: int
    label: str
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class LabelledOrder:
    """Words of one page, in the order in which they are to be read."""

    page: int
    snippets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Labels:
    """What is printed in one paper; empty, or None, where it is not."""

    doc: str
    title: str
    authors: tuple[str, ...] = ()
    year: int | None = None
    venue: str = ""
    doi: str = ""
    arxiv_id: str = ""
    headings: tuple[Place, ...] = ()
    captions: tuple[Place, ...] = ()
    footnotes: tuple[Place, ...] = ()
    references: ReferenceList | None = None
    table: LabelledTable | None = None
    order: tuple[LabelledOrder, ...] = ()
    partial_from_page: int = NO_PAGE


def load_labels(file: Path) -> Labels:
    """The labels of one paper; keys that are missing or misspelt raise KeyError or TypeError."""
    return labels_of(json.loads(file.read_text(encoding="utf-8")))


def labels_of(row: Mapping[str, Any]) -> Labels:
    """Labels from what JSON gives."""
    references, table = row["references"], row["table"]
    return Labels(
        **{key: row[key] for key in ("doc", "title", "year", "venue", "doi", "arxiv_id")},
        authors=tuple(row["authors"]),
        headings=_places(row["headings"]),
        captions=_places(row["captions"]),
        footnotes=_places(row["footnotes"]),
        references=ReferenceList(**references) if references else None,
        table=LabelledTable(table["page"], table["label"], tuple(map(tuple, table["rows"]))) if table else None,
        order=tuple(LabelledOrder(page["page"], tuple(page["snippets"])) for page in row["order"]),
        partial_from_page=row.get("partial_from_page", NO_PAGE),
    )


def _places(rows: Iterable[Mapping[str, Any]]) -> tuple[Place, ...]:
    return tuple(Place(**row) for row in rows)
