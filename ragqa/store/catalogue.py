"""The catalogue: papers, pages, blocks, chunks and vectors in SQLite; the single source of truth.

Knows nothing of PDFs, models or indexes. Indexes are derived from it and can be rebuilt at any time.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ragqa.document import BlockKind, Chunk, Document, Metadata, Page, Table
from ragqa.errors import PaperNotFound
from ragqa.protocols import Vectors
from ragqa.store import known
from ragqa.store.database import Database
from ragqa.store.ledger import Ledger
from ragqa.store.rows import (
    chunk_row,
    metadata_of,
    page_row,
    paper_of,
    paper_table,
    section_place,
    table_of,
    table_row,
    unpack_words,
)
from ragqa.types import Filter, Paper, PaperDetails, PaperState, PaperTable

PAPER_COLUMNS = (
    "id, file_name, path, bytes, collection, title, authors, year, doi, venue, arxiv_id, same_as, hidden_words,"
    " pages, chunks, state, reason_code, reason, added_at"
)

LIKE_AT_MOST = 200


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


class Catalogue:
    """Reads and writes of the library's truth, each a short transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self.ledger = Ledger(database)
        self._said_kept: tuple[int, list[tuple[str, str]]] | None = None

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

    def details(self, paper_id: str) -> PaperDetails:
        """A paper with abstract and outline. Raise PaperNotFound if there is none."""
        paper = self.paper(paper_id)
        with self._db.read() as db:
            row = db.execute("SELECT abstract FROM papers WHERE id = ?", (paper_id,)).fetchone()
            headings = db.execute(
                "SELECT b.level, b.page, b.start, b.end, p.text FROM blocks b JOIN pages p"
                " ON p.paper_id = b.paper_id AND p.number = b.page"
                " WHERE b.paper_id = ? AND b.kind = ? ORDER BY b.ordinal",
                (paper_id, BlockKind.HEADING),
            ).fetchall()
        abstract = row["abstract"] if row else ""
        return PaperDetails(**paper.model_dump(), abstract=abstract, outline=tuple(map(section_place, headings)))

    def give_metadata(self, paper_id: str, source: str, given: Metadata) -> None:
        """What another source knows of a paper, before or after it is read; it wins over what the PDF says."""
        with self._db.write() as db:
            row = db.execute("SELECT * FROM papers WHERE id = ?", (paper_id,)).fetchone()
            if known.give(db, paper_id, source, given) and row is not None and row["state"] == PaperState.READY:
                said = known.merged(metadata_of(row), given)
                known.write_said(db, paper_id, said)
                if said.title != row["title"]:  # the indexes hold titles
                    db.execute("UPDATE made SET indexed = 0 WHERE paper_id = ?", (paper_id,))

    def given_metadata(self, paper_id: str) -> Metadata | None:
        """What was given to a paper; None if no source was asked, empty if none knew it."""
        with self._db.read() as db:
            return known.given_to(db, paper_id)

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

    def move(self, paper_id: str, path: Path, collection: str | None = None) -> None:
        """The same bytes lie elsewhere now; with a collection, they lie in that one."""
        with self._db.write() as db:
            db.execute(
                "UPDATE papers SET path = ?, file_name = ?, collection = coalesce(?, collection) WHERE id = ?",
                (str(path), path.name, collection, paper_id),
            )

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

    def papers_of(self, paper_ids: Sequence[str]) -> list[Paper]:
        """Papers by id, in the order in which they came; unknown ids are left out."""
        with self._db.read() as db:
            rows = db.execute(
                f"SELECT {PAPER_COLUMNS} FROM papers WHERE id IN (SELECT value FROM json_each(?)) ORDER BY rowid",
                (json.dumps(paper_ids),),
            ).fetchall()
        return [paper_of(row) for row in rows]

    def papers_like(self, texts: Sequence[str]) -> list[Paper]:
        """Ready papers with one of the texts in title, authors, file name, DOI or arXiv id; at most LIKE_AT_MOST."""
        wanted = [text.casefold() for text in texts]
        alike = [paper_id for paper_id, said in self._said_of_papers() if any(text in said for text in wanted)]
        return self.papers_of(alike[:LIKE_AT_MOST])

    def _said_of_papers(self) -> list[tuple[str, str]]:
        """Id and what ``papers_like`` looks through, of ready papers; kept until a paper changes, as questions wait."""
        version = self.ledger.version()
        if self._said_kept is None or self._said_kept[0] != version:
            with self._db.read() as db:
                rows = db.execute(
                    "SELECT id, title, authors, file_name, doi, arxiv_id FROM papers"
                    " WHERE state = 'ready' ORDER BY rowid"
                ).fetchall()
            self._said_kept = (version, [(row["id"], _said(row)) for row in rows])
        return self._said_kept[1]

    def queued(self, count: int) -> list[Paper]:
        """Those that are to be read next."""
        with self._db.read() as db:
            rows = db.execute(
                f"SELECT {PAPER_COLUMNS} FROM papers WHERE state = ? ORDER BY rowid LIMIT ?", (PaperState.QUEUED, count)
            ).fetchall()
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
        return frozenset(row["id"] for row in rows if _is_by(wanted.author, row["authors"]))

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

    def finish(self, paper_ids: Sequence[str]) -> None:
        """Papers that were stored, and that the indexes hold now, are ready."""
        with self._db.write() as db:
            db.execute(
                "UPDATE papers SET state = 'ready' WHERE state = 'embedding'"
                " AND id IN (SELECT value FROM json_each(?))",
                (json.dumps(paper_ids),),
            )

    def requeue_unfinished(self) -> None:
        """After a restart: queue what was cut off."""
        with self._db.write() as db:
            db.execute("UPDATE papers SET state = 'queued' WHERE state IN ('reading', 'embedding')")

    def delete(self, paper_id: str) -> None:
        """Forget a paper; the indexes learn of it through ``removals``."""
        with self._db.write() as db:
            db.execute(
                "INSERT OR IGNORE INTO removals SELECT paper_id, generation FROM made WHERE paper_id = ?", (paper_id,)
            )
            db.execute("DELETE FROM papers WHERE id = ?", (paper_id,))
            known.forget(db, paper_id)

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
        state: PaperState = PaperState.READY,
    ) -> None:
        """Replace what is known of a paper, in one transaction. Vectors are kept as float16.

        Chunks of other generations stay. Raise PaperNotFound if the paper was deleted meanwhile.
        """
        with self._db.write() as db:
            if db.execute("SELECT 1 FROM papers WHERE id = ?", (paper_id,)).fetchone() is None:
                raise PaperNotFound(f"The paper {paper_id[:12]} was deleted while it was read.")
            for table in ("pages", "blocks", "tables"):
                db.execute(f"DELETE FROM {table} WHERE paper_id = ?", (paper_id,))
            db.execute("DELETE FROM chunks WHERE paper_id = ? AND generation = ?", (paper_id, generation))
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
                "INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    chunk_row(paper_id, generation, n, chunk, vector)
                    for n, (chunk, vector) in enumerate(zip(chunks, vectors, strict=True))
                ),
            )
            # Pages that could not be loaded count too.
            pages = max((page.number for page in document.pages), default=0)
            db.execute(
                "UPDATE papers SET hidden_words = ?, pages = ?, chunks = ?, state = ?, reason_code = '',"
                " reason = ? WHERE id = ?",
                (document.hidden_words, pages, len(chunks), state, " ".join(document.warnings), paper_id),
            )
            with_vector = sum(vector is not None for vector in vectors)
            db.execute(
                "INSERT OR REPLACE INTO made VALUES (?, ?, ?, ?, 0)", (paper_id, generation, len(chunks), with_vector)
            )
            known.write_said(db, paper_id, known.merged(document.metadata, known.given_to(db, paper_id)))

    def page(self, paper_id: str, number: int) -> Page:
        """A page with its words and their rectangles."""
        with self._db.read() as db:
            row = db.execute("SELECT * FROM pages WHERE paper_id = ? AND number = ?", (paper_id, number)).fetchone()
        if row is None:
            raise PaperNotFound(f"The paper {paper_id[:12]} has no page {number}.")
        return Page(row["number"], row["width"], row["height"], unpack_words(row["text"], row["rects"]))

    def paper_tables(self, paper_id: str) -> list[PaperTable]:
        """The tables of a paper as texts, in reading order. Raise PaperNotFound if there is no such paper."""
        self.paper(paper_id)
        with self._db.read() as db:
            rows = db.execute(
                "SELECT t.*, p.text FROM tables t JOIN pages p ON p.paper_id = t.paper_id AND p.number = t.page"
                " WHERE t.paper_id = ? ORDER BY t.ordinal",
                (paper_id,),
            ).fetchall()
        return [paper_table(table_of(row), row["text"]) for row in rows]

    def tables(self, paper_id: str) -> list[Table]:
        """The tables of a paper, in reading order."""
        with self._db.read() as db:
            rows = db.execute("SELECT * FROM tables WHERE paper_id = ? ORDER BY ordinal", (paper_id,)).fetchall()
        return [table_of(row) for row in rows]

    def stored_chunks(self, chunk_ids: Sequence[str]) -> dict[str, StoredChunk]:
        """Chunks by id; ids that the catalogue does not know are left out."""
        with self._db.read() as db:
            rows = db.execute(
                # The order of the joins is fixed: left to itself, SQLite goes through the chunks of all ready papers.
                "SELECT c.id, c.paper_id, p.file_name, p.title, c.page, c.start, c.end, c.section, c.text, c.kind"
                " FROM json_each(?) wanted CROSS JOIN chunks c ON c.id = wanted.value"
                " CROSS JOIN papers p ON p.id = c.paper_id WHERE p.state = 'ready'",
                (json.dumps(chunk_ids),),
            ).fetchall()
        return {row["id"]: StoredChunk(*row) for row in rows}

    def around(self, chunk_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """By chunk id, the texts that adjoin it on its page and within its section: before, after; '' for none."""
        with self._db.read() as db:
            rows = db.execute(
                "SELECT c.id, max(iif(n.end = c.start, n.text, '')), max(iif(n.start = c.end, n.text, ''))"
                " FROM json_each(?) wanted CROSS JOIN chunks c ON c.id = wanted.value CROSS JOIN chunks n"
                " ON n.paper_id = c.paper_id AND n.generation = c.generation"
                " AND n.ordinal IN (c.ordinal - 1, c.ordinal + 1)"
                " WHERE n.page = c.page AND n.section = c.section GROUP BY c.id",
                (json.dumps(chunk_ids),),
            ).fetchall()
        return {chunk_id: (before, after) for chunk_id, before, after in rows}


def _said(row: sqlite3.Row) -> str:
    authors = " ".join(json.loads(row["authors"]))
    return " ".join((row["title"], authors, row["file_name"], row["doi"], row["arxiv_id"])).casefold()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _is_by(wanted: str | None, authors: str) -> bool:
    return wanted is None or any(wanted.casefold() in author.casefold() for author in json.loads(authors))
