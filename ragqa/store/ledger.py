"""The catalogue as the indexes see it: what generations were made with, and what their indexes are to hold.

Knows the tables; knows no index, no model and no PDF.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ragqa.protocols import IndexEntry, Scope, Vectors
from ragqa.section_kinds import section_kind
from ragqa.store.database import Database
from ragqa.store.rows import VECTOR_TYPE, index_entry

DROPPED_AT_ONCE = 50
"""Papers of a dropped generation that one transaction deletes, so that others can write in between."""

INDEXED = "m.generation = ? AND m.indexed = 1"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a generation is made: ``name`` tells it from others, the rest opens its embedder again."""

    name: str
    embedder: str
    chunk_tokens: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Chunks that the keyword index is to hold, and those of them that the vector index is to hold."""

    all: int
    with_vector: int


@dataclass(frozen=True, slots=True)
class IndexedIds:
    """Chunk ids that the keyword index is to hold, and those of them that the vector index is to hold."""

    all: set[str]
    with_vector: set[str]


class Ledger:
    """Reads and writes of what the indexes are made from, each a short transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    # Generations

    def answering(self) -> Recipe | None:
        """The generation that answers; None if none was ever chosen."""
        with self._db.read() as db:
            row = db.execute("SELECT name, embedder, chunk_tokens FROM generations WHERE answers = 1").fetchone()
        return Recipe(*row) if row else None

    def let_answer(self, recipe: Recipe) -> None:
        """From now on this generation answers, also after a restart."""
        with self._db.write() as db:
            db.execute("DELETE FROM generations")
            db.execute(
                "INSERT INTO generations VALUES (?, ?, ?, 1)", (recipe.name, recipe.embedder, recipe.chunk_tokens)
            )

    def made(self) -> set[str]:
        """Names of generations of which papers are kept."""
        with self._db.read() as db:
            rows = db.execute("SELECT generation FROM made UNION SELECT generation FROM removals").fetchall()
        return {row["generation"] for row in rows}

    def not_made(self, generation: str) -> list[str]:
        """Ready papers that this generation lacks."""
        with self._db.read() as db:
            rows = db.execute(
                "SELECT id FROM papers p WHERE state = 'ready' AND NOT EXISTS"
                " (SELECT 1 FROM made m WHERE m.paper_id = p.id AND m.generation = ?) ORDER BY rowid",
                (generation,),
            ).fetchall()
        return [row["id"] for row in rows]

    def drop(self, generation: str) -> None:
        """Forget all chunks of a generation, in several transactions; broken off, it can be done again."""
        while True:
            with self._db.write() as db:
                rows = db.execute(
                    "SELECT paper_id FROM made WHERE generation = ? LIMIT ?", (generation, DROPPED_AT_ONCE)
                ).fetchall()
                for table in ("chunks", "made"):
                    db.executemany(
                        f"DELETE FROM {table} WHERE paper_id = ? AND generation = ?",
                        ((row["paper_id"], generation) for row in rows),
                    )
                if not rows:
                    db.execute("DELETE FROM removals WHERE generation = ?", (generation,))
                    return

    def version(self) -> int:
        """Rises with every change of a paper and of what the indexes hold."""
        with self._db.read() as db:
            return int(db.execute("SELECT number FROM changes").fetchone()[0])

    # What the indexes of a generation hold

    def chunk_count(self, generation: str) -> int:
        """Chunks of ready papers with a vector."""
        with self._db.read() as db:
            return int(
                db.execute(
                    "SELECT total(m.vectors) FROM made m JOIN papers p ON p.id = m.paper_id"
                    " WHERE p.state = 'ready' AND m.generation = ?",
                    (generation,),
                ).fetchone()[0]
            )

    def indexed_counts(self, generation: str) -> Counts:
        """Chunks that the indexes are known to hold."""
        with self._db.read() as db:
            row = db.execute(
                f"SELECT total(m.chunks), total(m.vectors) FROM made m WHERE {INDEXED}", (generation,)
            ).fetchone()
        return Counts(int(row[0]), int(row[1]))

    def indexed_chunk_ids(self, generation: str) -> IndexedIds:
        """Ids of the chunks that the indexes are known to hold."""
        with self._db.read() as db:
            rows = db.execute(
                "SELECT c.id, c.vector IS NULL FROM made m"
                f" JOIN chunks c ON c.paper_id = m.paper_id AND c.generation = m.generation WHERE {INDEXED}",
                (generation,),
            ).fetchall()
        return IndexedIds({chunk_id for chunk_id, _ in rows}, {chunk_id for chunk_id, is_bare in rows if not is_bare})

    def not_indexed(self, generation: str) -> list[str]:
        """Papers of this generation that its indexes do not hold yet."""
        with self._db.read() as db:
            rows = db.execute(
                "SELECT m.paper_id FROM made m JOIN papers p ON p.id = m.paper_id"
                " WHERE p.state IN ('ready', 'embedding') AND m.indexed = 0 AND m.generation = ? ORDER BY p.rowid",
                (generation,),
            ).fetchall()
        return [row["paper_id"] for row in rows]

    def removals(self, generation: str) -> list[str]:
        """Deleted papers that the indexes may still hold."""
        with self._db.read() as db:
            rows = db.execute("SELECT paper_id FROM removals WHERE generation = ?", (generation,)).fetchall()
        return [row["paper_id"] for row in rows]

    def mark_indexed(self, paper_ids: Iterable[str], generation: str) -> None:
        """The indexes hold these papers now."""
        with self._db.write() as db:
            db.executemany(
                "UPDATE made SET indexed = 1 WHERE paper_id = ? AND generation = ?",
                ((paper_id, generation) for paper_id in paper_ids),
            )

    def mark_removed(self, paper_ids: Iterable[str], generation: str) -> None:
        """The indexes have forgotten these papers."""
        with self._db.write() as db:
            db.executemany(
                "DELETE FROM removals WHERE paper_id = ? AND generation = ?",
                ((paper_id, generation) for paper_id in paper_ids),
            )

    def mark_none_indexed(self, generation: str) -> None:
        """The indexes of this generation are empty."""
        with self._db.write() as db:
            db.execute("UPDATE made SET indexed = 0 WHERE generation = ? AND indexed = 1", (generation,))
            db.execute("DELETE FROM removals WHERE generation = ?", (generation,))

    # What they are made from

    def entries(self, paper_ids: Sequence[str], generation: str) -> list[IndexEntry]:
        """What the indexes need of some papers, from the stored vectors; no model, no PDF."""
        with self._db.read() as db:
            rows = db.execute(
                "SELECT c.id, c.paper_id, p.title, c.section, c.text, c.vector, c.kind"
                " FROM json_each(?) wanted JOIN papers p ON p.id = wanted.value"
                " JOIN chunks c ON c.paper_id = p.id AND c.generation = ? ORDER BY wanted.key, c.ordinal",
                (json.dumps(paper_ids), generation),
            ).fetchall()
        return [index_entry(row) for row in rows]

    def some_indexed(self, generation: str, count: int) -> list[IndexEntry]:
        """Of up to ``count`` papers that the indexes hold, the newest and others by chance, all chunks."""
        with self._db.read() as db:
            rows = db.execute(
                "SELECT m.paper_id FROM made m JOIN papers p ON p.id = m.paper_id"
                f" WHERE p.state = 'ready' AND {INDEXED} ORDER BY p.rowid DESC",
                (generation,),
            ).fetchall()
        newest, older = rows[: count // 2], rows[count // 2 :]
        chosen = np.random.default_rng().permutation(len(older))[: count - len(newest)]
        paper_ids = [row["paper_id"] for row in [*newest, *(older[n] for n in chosen)]]
        return self.entries(paper_ids, generation)

    def indexed_vectors(self, scope: Scope, generation: str, most: int) -> tuple[list[str], Vectors] | None:
        """Ids and vectors of the indexed chunks in the scope; None if they are, or may be, more than ``most``."""
        if scope.paper_ids is None:
            return None
        with self._db.read() as db:
            return _vectors_of(db, scope, generation, most)

    def within(self, chunk_ids: Sequence[str], scope: Scope) -> set[str]:
        """Those of the chunks that are in the scope."""
        with self._db.read() as db:
            rows = db.execute(
                "SELECT c.id, c.paper_id, c.kind, c.section FROM json_each(?) wanted"
                " CROSS JOIN chunks c ON c.id = wanted.value",
                (json.dumps(chunk_ids),),
            )
            papers = scope.paper_ids
            return {row["id"] for row in _within(rows, scope) if papers is None or row["paper_id"] in papers}


def _vectors_of(db: sqlite3.Connection, scope: Scope, generation: str, most: int) -> tuple[list[str], Vectors] | None:
    wanted = json.dumps(sorted(scope.paper_ids or ()))
    within = f"{INDEXED} AND m.paper_id IN (SELECT value FROM json_each(?))"
    count = db.execute(f"SELECT total(m.vectors) FROM made m WHERE {within}", (generation, wanted)).fetchone()[0]
    if count > most:
        return None
    rows = db.execute(
        "SELECT c.id, c.vector, c.kind, c.section FROM made m"
        f" JOIN chunks c ON c.paper_id = m.paper_id AND c.generation = m.generation"
        f" WHERE {within} AND c.vector IS NOT NULL",
        (generation, wanted),
    )
    found = [(row["id"], row["vector"]) for row in _within(rows, scope)]
    ids, blobs = [chunk_id for chunk_id, _ in found], b"".join(blob for _, blob in found)
    vectors = np.frombuffer(blobs, dtype=VECTOR_TYPE).astype(np.float32)
    return ids, vectors.reshape(len(ids), -1) if ids else vectors.reshape(0, 0)


def _within(rows: Iterable[sqlite3.Row], scope: Scope) -> Iterator[sqlite3.Row]:
    for row in rows:
        if scope.kinds is not None and row["kind"] not in scope.kinds:
            continue
        if scope.sections is None or section_kind(row["section"]) in scope.sections:
            yield row
