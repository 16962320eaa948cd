"""The vector index: Chroma's embedded HNSW. Owns chromadb; holds ids, vectors and filter fields, never text."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np

from ragqa.errors import DiskFull, IndexDamaged
from ragqa.protocols import IndexEntry, Scope, Scored, Vectors

COLLECTION = "chunks"
BATCH = 1000
NO_SPACE = "database or disk is full"
# HNSW at these values finds 0.97 of the exact top 50 among 100,000 vectors of 384 numbers.
HNSW: dict[str, Any] = {"space": "cosine", "ef_construction": 200, "max_neighbors": 32, "ef_search": 200}


class ChromaIndex:
    """A ``VectorIndex`` in the folder ``path``; one process at a time may have it open."""

    def __init__(self, path: Path) -> None:
        import chromadb
        from chromadb.config import Settings

        self._errors = (chromadb.errors.ChromaError, ValueError)
        path.mkdir(parents=True, exist_ok=True)
        with self._translated("opened"):
            self._client: Any = chromadb.PersistentClient(str(path), Settings(anonymized_telemetry=False))
            self._collection: Any = self._client.get_or_create_collection(
                COLLECTION, embedding_function=None, configuration=cast(Any, {"hnsw": HNSW})
            )

    def add(self, entries: Sequence[IndexEntry]) -> None:
        """Upsert in batches that Chroma accepts."""
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
        for paper_id in paper_ids:
            with self._translated("written"):
                self._collection.delete(where={"paper_id": paper_id})

    def search(self, vector: Vectors, k: int, scope: Scope) -> list[Scored]:
        """Cosine similarity; Chroma's own figure is the distance 1 - cosine."""
        if scope.is_empty:
            return []
        with self._translated("searched"):
            found = self._collection.query(
                query_embeddings=[vector], n_results=k, where=_where(scope), include=["distances"]
            )
        pairs = zip(found["ids"][0], found["distances"][0], strict=True)
        return [Scored(chunk_id, 1.0 - float(distance)) for chunk_id, distance in pairs]

    def chunk_ids(self) -> set[str]:
        """Every id in the collection."""
        with self._translated("read"):
            return set(self._collection.get(include=[])["ids"])

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


def _where(scope: Scope) -> dict[str, Any] | None:
    allowed = {"paper_id": scope.paper_ids, "kind": scope.kinds, "section": scope.sections}
    conditions = [{field: {"$in": sorted(map(str, values))}} for field, values in allowed.items() if values is not None]
    return {"$and": conditions} if len(conditions) > 1 else next(iter(conditions), None)


def _batches(pairs: Sequence[tuple[IndexEntry, Vectors]]) -> Iterator[Sequence[tuple[IndexEntry, Vectors]]]:
    for start in range(0, len(pairs), BATCH):
        yield pairs[start : start + BATCH]
