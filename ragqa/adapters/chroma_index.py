"""The vector index: Chroma's embedded HNSW. Owns chromadb; holds ids, vectors and filter fields, never text."""

from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, cast

import numpy as np

from ragqa.errors import DiskFull, IndexDamaged
from ragqa.protocols import IndexEntry, Scope, Scored, Vectors

COLLECTION = "chunks"
BATCH = 1000
FEW, MANY, MANY_CHUNKS = 1000, 4000, 50_000
NO_SPACE = "database or disk is full"
BEAM = 800
"""Nearest asked for, whatever is wanted: 0.94 of the true top 100 among a million chunks; asking for 100 finds 0.83."""

# Twice the neighbours and twice the care in building find 0.005 more among 100,000 chunks, in twice the time.
HNSW: dict[str, Any] = {"space": "cosine", "ef_construction": 100, "max_neighbors": 16, "ef_search": 200}


class ChromaIndex:
    """A ``VectorIndex`` in the folder ``path``, for about ``expected`` chunks; one process at a time has it open."""

    def __init__(self, path: Path, expected: int = 0) -> None:
        import chromadb
        from chromadb.config import Settings

        self._errors = (chromadb.errors.ChromaError, ValueError)
        path.mkdir(parents=True, exist_ok=True)
        with self._translated("opened"):
            self._client: Any = chromadb.PersistentClient(str(path), Settings(anonymized_telemetry=False))
            self._collection: Any = self._client.get_or_create_collection(
                COLLECTION,
                embedding_function=None,
                configuration=cast(Any, {"hnsw": {**HNSW, "sync_threshold": _written_at_once(expected)}}),
            )

    def add(self, entries: Sequence[IndexEntry], replaced: Sequence[str] = ()) -> None:
        """Upsert in batches that Chroma accepts. What is replaced by itself is not deleted: the graph never shrinks."""
        self._delete_all_but({entry.chunk_id for entry in entries if entry.vector is not None}, replaced)
        pairs = [(entry, entry.vector) for entry in entries if entry.vector is not None]
        for batch in _batches(pairs):
            with self._translated("written"):
                self._collection.upsert(
                    ids=[entry.chunk_id for entry, _ in batch],
                    embeddings=np.stack([vector for _, vector in batch]),
                    metadatas=[
                        {"paper_id": entry.paper_id, "kind": entry.kind.value, "section": entry.section_kind.value}
                        for entry, _ in batch
                    ],
                )

    def delete_papers(self, paper_ids: Sequence[str]) -> None:
        """By the paper id stored with each vector."""
        with self._translated("written"):
            if paper_ids and self._collection.count():
                self._collection.delete(where={"paper_id": {"$in": list(paper_ids)}})

    def _delete_all_but(self, kept: Set[str], paper_ids: Sequence[str]) -> None:
        with self._translated("written"):
            if paper_ids and self._collection.count():
                present = self._collection.get(where={"paper_id": {"$in": list(paper_ids)}}, include=[])["ids"]
                gone = [chunk_id for chunk_id in present if chunk_id not in kept]
                for start in range(0, len(gone), BATCH):
                    self._collection.delete(ids=gone[start : start + BATCH])

    def search(self, vector: Vectors, k: int, scope: Scope) -> list[Scored]:
        """Cosine similarity; Chroma's own figure is the distance 1 - cosine."""
        if scope.is_empty:
            return []
        with self._translated("searched"):
            found = self._collection.query(
                query_embeddings=[vector], n_results=max(k, BEAM), where=_where(scope), include=["distances"]
            )
        pairs = zip(found["ids"][0], found["distances"][0], strict=True)
        return [Scored(chunk_id, 1.0 - float(distance)) for chunk_id, distance in islice(pairs, k)]

    def chunk_ids(self) -> set[str]:
        """Every id in the collection."""
        with self._translated("read"):
            return set(self._collection.get(include=[])["ids"])

    def count(self) -> int:
        """Rows of Chroma's own table."""
        with self._translated("read"):
            return int(self._collection.count())

    def known(self, chunk_ids: Set[str]) -> set[str]:
        """By a look-up of all at once."""
        with self._translated("read"):
            return set(self._collection.get(ids=sorted(chunk_ids), include=[])["ids"]) if chunk_ids else set()

    def close(self) -> None:
        """Stop the client; its files can then be moved or removed."""
        self._client.close()

    @contextmanager
    def _translated(self, used: str) -> Iterator[None]:
        try:
            yield
        except self._errors as exc:
            if NO_SPACE in str(exc):
                raise DiskFull("The disk is full.", hint="Free some space and try again; nothing was lost.") from exc
            raise IndexDamaged(f"The vector index cannot be {used}: {exc}") from exc


def _written_at_once(expected: int) -> int:
    """Chunks kept in Chroma's log before its graph is written.

    Each writing costs time in proportion to all ids; each opening puts what is in the log into the graph anew.
    """
    return FEW if expected < MANY_CHUNKS else MANY


def _where(scope: Scope) -> dict[str, Any] | None:
    allowed = {"paper_id": scope.paper_ids, "kind": scope.kinds, "section": scope.sections}
    conditions = [{field: {"$in": sorted(map(str, values))}} for field, values in allowed.items() if values is not None]
    return {"$and": conditions} if len(conditions) > 1 else next(iter(conditions), None)


def _batches(pairs: Sequence[tuple[IndexEntry, Vectors]]) -> Iterator[Sequence[tuple[IndexEntry, Vectors]]]:
    for start in range(0, len(pairs), BATCH):
        yield pairs[start : start + BATCH]
