"""Rows of the catalogue's tables, from and to the shapes that they hold. Knows the columns, not the queries."""

import hashlib
import json
import sqlite3
from collections.abc import Sequence

import numpy as np

from ragqa.document import BlockKind, Chunk, Metadata, Page, Table, Word
from ragqa.protocols import IndexEntry, Vectors
from ragqa.section_kinds import section_kind
from ragqa.types import Paper, PaperTable, SectionPlace

VECTOR_TYPE = np.float16
"""How vectors are kept in the catalogue."""


def paper_of(row: sqlite3.Row) -> Paper:
    """A paper; the row's other columns are left out."""
    fields = {key: row[key] for key in row.keys() if key not in ("path", "authors")}  # noqa: SIM118
    return Paper(**fields, authors=tuple(json.loads(row["authors"])))


def metadata_of(row: sqlite3.Row) -> Metadata:
    """What a paper says of itself; the row's other columns are left out."""
    authors = tuple(json.loads(row["authors"]))
    return Metadata(row["title"], authors, row["year"], row["doi"], row["venue"], row["arxiv_id"], row["abstract"])


def section_place(row: sqlite3.Row) -> SectionPlace:
    """A heading from its block and the text of its page."""
    heading = " ".join(row["text"].split(" ")[row["start"] : row["end"]])
    return SectionPlace(heading=heading, level=row["level"], page=row["page"])


def page_row(paper_id: str, page: Page) -> tuple[object, ...]:
    """A page; the words' texts as one string, their rectangles packed."""
    return (paper_id, page.number, page.width, page.height, page.text, pack_rects(page.words))


def table_row(paper_id: str, ordinal: int, table: Table) -> tuple[object, ...]:
    """A table with its cells as spans."""
    caption, rows = json.dumps(table.caption), json.dumps(table.rows)
    return (paper_id, ordinal, table.page, table.start, table.end, caption, table.header_rows, rows)


def table_of(row: sqlite3.Row) -> Table:
    """The inverse of table_row."""
    rows = tuple(tuple((start, end) for start, end in cells) for cells in json.loads(row["rows"]))
    start, end = json.loads(row["caption"])
    return Table(row["page"], row["start"], row["end"], (start, end), row["header_rows"], rows)


def paper_table(table: Table, page_text: str) -> PaperTable:
    """A table with the words of its cells."""
    words = page_text.split(" ")
    rows = tuple(tuple(" ".join(words[start:end]) for start, end in row) for row in table.rows)
    caption = " ".join(words[slice(*table.caption)])
    return PaperTable(page=table.page, caption=caption, header_rows=table.header_rows, rows=rows)


def chunk_row(paper_id: str, generation: str, ordinal: int, chunk: Chunk, vector: Vectors | None) -> tuple[object, ...]:
    """A chunk with its vector as float16. Its id is its own among the chunks of all papers and generations."""
    blob = None if vector is None else vector.astype(VECTOR_TYPE).tobytes()
    made_by = hashlib.sha256(generation.encode()).hexdigest()[:6]
    return (
        f"{paper_id[:20]}-{made_by}-{ordinal}", paper_id, ordinal, chunk.page, chunk.start, chunk.end, chunk.section,
        chunk.kind, chunk.text, blob, generation,
    )  # fmt: skip


def index_entry(row: sqlite3.Row) -> IndexEntry:
    """What the indexes need of a chunk."""
    blob = row["vector"]
    return IndexEntry(
        chunk_id=row["id"],
        paper_id=row["paper_id"],
        title=row["title"],
        section=row["section"],
        text=row["text"],
        vector=None if blob is None else np.frombuffer(blob, dtype=VECTOR_TYPE).astype(np.float32),
        kind=BlockKind(row["kind"]),
        section_kind=section_kind(row["section"]),
    )


def pack_rects(words: Sequence[Word]) -> bytes:
    """One byte per word (its number of rectangles), then all rectangles as float32."""
    numbers = bytes(len(word.rects) for word in words)
    rects = np.array([rect for word in words for rect in word.rects], dtype=np.float32)
    return numbers + rects.tobytes()


def unpack_words(text: str, blob: bytes) -> tuple[Word, ...]:
    tokens = text.split(" ") if text else []
    numbers = blob[: len(tokens)]
    rects = iter(
        np.frombuffer(blob, dtype=np.float32, offset=len(tokens)).reshape(-1, 4).astype(float).round(2).tolist()
    )
    return tuple(
        Word(token, tuple((r[0], r[1], r[2], r[3]) for r in (next(rects) for _ in range(number))))
        for token, number in zip(tokens, numbers, strict=True)
    )
