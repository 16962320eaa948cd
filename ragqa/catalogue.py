"""The catalogue: papers, pages, blocks, chunks and vectors in SQLite; the single source of truth.

Knows nothing of PDFs, models or indexes. Indexes are derived from it and can be rebuilt at any time.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ragqa.database import Database
from ragqa.document import Chunk, Document, Page, Table
from ragqa.errors import PaperNotFound
from ragqa.protocols import IndexEntry, Vectors
from ragqa.rows import chunk_row, index_entry, page_row, paper_of, table_of, table_row, unpack_words
from ragqa.types import Filter, Paper, PaperState

PAPER_COLUMNS = (
    "id, file_name, path, bytes, collection, title, authors, year, doi, venue, arxiv_id, same_as, hidden_words,"
    " pages, chunks, state, reason_code, reason, added_at"
)


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk with the paper that it belongs to."""

    id: str
    paper_id: str
    file_name: str
    title: str
    page: int
    start: int
    end: int
    section: str
    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class IndexedIds:
    """Chunk ids that the keyword index holds, and those of them that the vector index holds."""

    all: set[str]
    with_vector: set[str]


class Catalogue:
    """Reads and writes of the library's truth, each a short transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    # Papers

    def register(self, paper_id: str, path: Path, size: int, collection: str) -> bool:
        """Queue a file. False if the same bytes are known already; then only a lost path is mended."""
        with self._db.write() as db:
            known = db.execute("SELECT path FROM papers WHERE id = ?", (paper_id,)).fetchone()
            if known is not None:
                if not Path(known["path"]).is_file():
                    db.execute(
                        "UPDATE papers SET path = ?, file_name = ? WHERE id = ?", (str(path), path.name, paper_id)
                    )
                return False
            db.execute(
                "INSERT INTO papers (id, file_name, path, bytes, collection, state, added_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (paper_id, path.name, str(path), size, collection, PaperState.QUEUED, _now()),
            )
            return True

    def paper(self, paper_id: str) -> Paper:
        """Raise PaperNotFound if there is none."""
        with self._db.read() as db:
            row = db.execute(f"SELECT {PAPER_COLUMNS} FROM papers WHERE id = ?", (paper_id,)).fetchone()
        if row is None:
            raise PaperNotFound(f"No paper has the id {paper_id!r}.", hint="List them with: ragqa papers")
        return paper_of(row)

    def path(self, paper_id: str) -> Path:
        """Where the paper's PDF is."""
        with self._db.read() as db:
            row = db.execute("SELECT path FROM papers WHERE id = ?", (paper_id,)).fetchone()
        if row is None:
            raise PaperNotFound(f"No paper has the id {paper_id!r}.", hint="List them with: ragqa papers")
        return Path(row["path"])

    def paths(self) -> dict[str, Path]:
        """Where every paper's PDF is, by paper id."""
        with self._db.read() as db:
            return {row["id"]: Path(row["path"]) for row in db.execute("SELECT id, path FROM papers").fetchall()}

    def move(self, paper_id: str, path: Path) -> None:
        """The same bytes lie elsewhere now."""
        with self._db.write() as db:
            db.execute("UPDATE papers SET path = ?, file_name = ? WHERE id = ?", (str(path), path.name, paper_id))

    def has_file(self, paper_id: str) -> bool:
        """Whether the bytes are known and their file is where it was."""
        with self._db.read() as db:
            row = db.execute("SELECT path FROM papers WHERE id = ?", (paper_id,)).fetchone()
        return row is not None and Path(row["path"]).is_file()

    def papers(self, state: PaperState | None = None) -> list[Paper]:
        """All papers, or those in one state, in the order in which they came."""
        condition, values = ("WHERE state = ?", [state]) if state else ("", [])
        with self._db.read() as db:
            rows = db.execute(f"SELECT {PAPER_COLUMNS} FROM papers {condition} ORDER BY rowid", values).fetchall()
        return [paper_of(row) for row in rows]

    def matching_papers(self, wanted: Filter, collection: str | None) -> frozenset[str] | None:
        """Ids of ready papers that pass the filter; None if it lets every paper pass."""
        conditions, values = ["state = 'ready'"], list[object]()
        for condition, value in (
            ("collection = ?", collection),
            ("year >= ?", wanted.year_from),
            ("year <= ?", wanted.year_to),
        ):
            if value is not None:
                conditions.append(condition)
                values.append(value)
        if wanted.paper_ids is not None:
            conditions.append("id IN (SELECT value FROM json_each(?))")
            values.append(json.dumps(wanted.paper_ids))
        if not values and wanted.author is None:
            return None
        with self._db.read() as db:
            rows = db.execute(f"SELECT id, authors FROM papers WHERE {' AND '.join(conditions)}", values).fetchall()
        # SQLite tells large from small letters outside English.
        return frozenset(row["id"] for row in rows if _is_by(wanted.author, json.loads(row["authors"])))

    def set_state(self, paper_id: str, state: PaperState) -> None:
        """Move a paper along; a reason of an earlier failure is forgotten."""
        with self._db.write() as db:
            db.execute("UPDATE papers SET state = ?, reason_code = '', reason = '' WHERE id = ?", (state, paper_id))

    def fail(self, paper_id: str, code: str, reason: str) -> None:
        """Note why a paper cannot be read."""
        with self._db.write() as db:
            db.execute(
                "UPDATE papers SET state = ?, reason_code = ?, reason = ? WHERE id = ?",
                (PaperState.FAILED, code, reason, paper_id),
            )

    def requeue_unfinished(self) -> None:
        """After a restart: queue what was cut off."""
        with self._db.write() as db:
            db.execute("UPDATE papers SET state = 'queued' WHERE state IN ('reading', 'embedding')")

    def requeue_other_generations(self, generation: str) -> None:
        """Queue what another model or chunker made; until it is read again it cannot be found."""
        with self._db.write() as db:
            db.execute("UPDATE papers SET state = 'queued' WHERE state = 'ready' AND generation != ?", (generation,))

    def generations(self, *states: PaperState) -> set[str]:
        """What made the papers in these states; papers that were never made are left out."""
        with self._db.read() as db:
            rows = db.execute(
                "SELECT DISTINCT generation FROM papers"
                " WHERE generation != '' AND state IN (SELECT value FROM json_each(?))",
                (json.dumps(states),),
            ).fetchall()
        return {row["generation"] for row in rows}

    def delete(self, paper_id: str) -> None:
        """Forget a paper; the indexes learn of it through ``removals``."""
        with self._db.write() as db:
            db.execute("DELETE FROM papers WHERE id = ?", (paper_id,))
            db.execute("INSERT OR IGNORE INTO removals VALUES (?)", (paper_id,))

    def counts(self) -> dict[str, int]:
        """Papers by state; every state is named."""
        with self._db.read() as db:
            rows = db.execute("SELECT state, count(*) AS n FROM papers GROUP BY state").fetchall()
        return dict.fromkeys(map(str, PaperState), 0) | {row["state"]: row["n"] for row in rows}

    # What a paper says

    def store(
        self,
        paper_id: str,
        document: Document,
        chunks: Sequence[Chunk],
        vectors: Sequence[Vectors | None],
        generation: str,
    ) -> None:
        """Replace all that is known of a paper and make it ready, in one transaction. Vectors are kept as float16.

        Raise PaperNotFound if the paper was deleted meanwhile.
        """
        with self._db.write() as db:
            if db.execute("SELECT 1 FROM papers WHERE id = ?", (paper_id,)).fetchone() is None:
                raise PaperNotFound(f"The paper {paper_id[:12]} was deleted while it was read.")
            for table in ("pages", "blocks", "chunks", "tables"):
                db.execute(f"DELETE FROM {table} WHERE paper_id = ?", (paper_id,))
            db.executemany(
                "INSERT INTO pages VALUES (?, ?, ?, ?, ?, ?)", (page_row(paper_id, page) for page in document.pages)
            )
            db.executemany(
                "INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    (paper_id, n, block.kind, block.page, block.start, block.end, block.level)
                    for n, block in enumerate(document.blocks)
                ),
            )
            db.executemany(
                "INSERT INTO tables VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (table_row(paper_id, n, table) for n, table in enumerate(document.tables)),
            )
            db.executemany(
                "INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    chunk_row(paper_id, n, chunk, vector)
                    for n, (chunk, vector) in enumerate(zip(chunks, vectors, strict=True))
                ),
            )
            said = document.metadata
            # Pages that could not be loaded count too.
            pages = max((page.number for page in document.pages), default=0)
            db.execute(
                "UPDATE papers SET title = ?, authors = ?, year = ?, doi = ?, venue = ?, arxiv_id = ?, abstract = ?,"
                " hidden_words = ?, pages = ?, chunks = ?, state = 'ready', reason_code = '', reason = ?,"
                " generation = ?, indexed = 0 WHERE id = ?",
                (
                    said.title, json.dumps(said.authors), said.year, said.doi, said.venue, said.arxiv_id, said.abstract,
                    document.hidden_words, pages, len(chunks), " ".join(document.warnings), generation, paper_id,
                ),
            )  # fmt: skip

    def page(self, paper_id: str, number: int) -> Page:
        """A page with its words and their rectangles."""
        with self._db.read() as db:
            row = db.execute("SELECT * FROM pages WHERE paper_id = ? AND number = ?", (paper_id, number)).fetchone()
        if row is None:
            raise PaperNotFound(f"The paper {paper_id[:12]} has no page {number}.")
        return Page(row["number"], row["width"], row["height"], unpack_words(row["text"], row["rects"]))

    def tables(self, paper_id: str) -> list[Table]:
        """The tables of a paper, in reading order."""
        with self._db.read() as db:
            rows = db.execute("SELECT * FROM tables WHERE paper_id = ? ORDER BY ordinal", (paper_id,)).fetchall()
        return [table_of(row) for row in rows]

    def stored_chunks(self, chunk_ids: Sequence[str]) -> dict[str, StoredChunk]:
        """Chunks by id; ids that the catalogue does not know are left out."""
        with self._db.read() as db:
            rows = db.execute(
                "SELECT c.id, c.paper_id, p.file_name, p.title, c.page, c.start, c.end, c.section, c.text, c.kind"
                " FROM chunks c JOIN papers p ON p.id = c.paper_id"
                " WHERE p.state = 'ready' AND c.id IN (SELECT value FROM json_each(?))",
                (json.dumps(chunk_ids),),
            ).fetchall()
        return {row["id"]: StoredChunk(*row) for row in rows}

    # What the indexes are made from. ``indexed`` speaks of the index of the paper's own generation.

    def chunk_count(self) -> int:
        """Chunks that the indexes should hold."""
        with self._db.read() as db:
            return int(
                db.execute(
                    "SELECT count(*) FROM chunks c JOIN papers p ON p.id = c.paper_id"
                    " WHERE p.state = 'ready' AND c.vector IS NOT NULL"
                ).fetchone()[0]
            )

    def indexed_chunk_ids(self, generation: str) -> IndexedIds:
        """Ids of the chunks that the indexes of this generation are known to hold."""
        with self._db.read() as db:
            rows = db.execute(
                "SELECT c.id, c.vector IS NULL FROM chunks c JOIN papers p ON p.id = c.paper_id"
                " WHERE p.indexed = 1 AND p.generation = ?",
                (generation,),
            ).fetchall()
        return IndexedIds({chunk_id for chunk_id, _ in rows}, {chunk_id for chunk_id, is_bare in rows if not is_bare})

    def not_indexed(self, generation: str) -> list[str]:
        """Ready papers of this generation that its indexes do not hold yet."""
        with self._db.read() as db:
            rows = db.execute(
                "SELECT id FROM papers WHERE state = 'ready' AND indexed = 0 AND generation = ? ORDER BY rowid",
                (generation,),
            ).fetchall()
        return [row["id"] for row in rows]

    def removals(self) -> list[str]:
        """Deleted papers that the indexes may still hold."""
        with self._db.read() as db:
            return [row["paper_id"] for row in db.execute("SELECT paper_id FROM removals").fetchall()]

    def mark_indexed(self, paper_ids: Iterable[str]) -> None:
        """The indexes hold these papers now."""
        with self._db.write() as db:
            db.executemany("UPDATE papers SET indexed = 1 WHERE id = ?", ((paper_id,) for paper_id in paper_ids))

    def mark_removed(self, paper_ids: Iterable[str]) -> None:
        """The indexes have forgotten these papers."""
        with self._db.write() as db:
            db.executemany("DELETE FROM removals WHERE paper_id = ?", ((paper_id,) for paper_id in paper_ids))

    def mark_none_indexed(self, generation: str) -> None:
        """The indexes of this generation are empty."""
        with self._db.write() as db:
            db.execute("UPDATE papers SET indexed = 0 WHERE generation = ?", (generation,))
            db.execute("DELETE FROM removals")

    def index_entries(self, paper_id: str) -> list[IndexEntry]:
        """What the indexes need of a paper, from the stored vectors; no model, no PDF."""
        with self._db.read() as db:
            rows = db.execute(
                "SELECT c.id, c.paper_id, p.title, c.section, c.text, c.vector, c.kind"
                " FROM chunks c JOIN papers p ON p.id = c.paper_id WHERE c.paper_id = ? ORDER BY c.ordinal",
                (paper_id,),
            ).fetchall()
        return [index_entry(row) for row in rows]

    def some_vectors(self, generation: str, count: int) -> Iterator[tuple[str, Vectors]]:
        """Chunk ids and vectors of up to ``count`` papers of this generation, for probing its indexes."""
        with self._db.read() as db:
            rows = db.execute(
                "SELECT id FROM papers WHERE state = 'ready' AND indexed = 1 AND generation = ?"
                " ORDER BY random() LIMIT ?",
                (generation, count),
            ).fetchall()
        for row in rows:
            entries = self.index_entries(row["id"])
            yield from [(entry.chunk_id, entry.vector) for entry in entries if entry.vector is not None][:1]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _is_by(wanted: str | None, authors: Sequence[str]) -> bool:
    return wanted is None or any(wanted.casefold() in author.casefold() for author in authors)
