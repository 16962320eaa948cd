"""The two indexes of one folder, and the check that they hold what the catalogue says. Knows only their protocols."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ragqa.errors import IndexDamaged
from ragqa.protocols import EVERYWHERE, ChunkIndex, IndexEntry, KeywordIndex, VectorIndex
from ragqa.store.ledger import Ledger

PAPERS_LOOKED_UP = 20
PROBES = 10
MANY_PROBES = 100
PROBE_DEPTH = 3
MAY_BE_MISSED = 0.2
"""Part of the probes: among a million chunks an approximate graph does not find each by its own vector."""

SAME = 0.999
"""Cosine at which a found vector is as good as the probe's own."""

VECTOR_FOLDER = "vectors"
KEYWORD_FOLDER = "keywords"

OpenVectors = Callable[[Path, int], VectorIndex]
"""Given a folder and about how many chunks it is to hold."""

OpenKeywords = Callable[[Path], KeywordIndex]


@dataclass(frozen=True, slots=True)
class Indexes:
    """The two indexes in one numbered folder."""

    number: int
    vectors: VectorIndex
    keywords: KeywordIndex

    def both(self) -> tuple[ChunkIndex, ChunkIndex]:
        """What they have in common is done to both."""
        return self.vectors, self.keywords


def check(indexes: Indexes, ledger: Ledger, generation: str, *, thoroughly: bool) -> None:
    """Raise IndexDamaged unless both hold the catalogue's chunks and can find some of them.

    Counts alone do not tell: a store that has lost a segment still counts its ids, and answers short. Every single
    id is compared only ``thoroughly``: files whose seal is whole cannot have lost some and gained others.
    """
    if thoroughly:
        _check_ids(indexes, ledger, generation)
    expected = ledger.indexed_counts(generation)
    if indexes.keywords.count() != expected.all:
        raise IndexDamaged("The keyword index does not hold as many chunks as the catalogue says.")
    if indexes.vectors.count() != expected.with_vector:
        raise IndexDamaged("The vector index does not hold as many chunks as the catalogue says.")
    some = ledger.some_indexed(generation, PAPERS_LOOKED_UP)
    _look_up(indexes, some)
    _probe(indexes, some, MANY_PROBES if thoroughly else PROBES, min(PROBE_DEPTH, expected.with_vector))


def _check_ids(indexes: Indexes, ledger: Ledger, generation: str) -> None:
    expected = ledger.indexed_chunk_ids(generation)
    if indexes.keywords.chunk_ids() != expected.all:
        raise IndexDamaged("The keyword index does not hold what the catalogue says.")
    if indexes.vectors.chunk_ids() != expected.with_vector:
        raise IndexDamaged("The vector index does not hold what the catalogue says.")


def _look_up(indexes: Indexes, entries: list[IndexEntry]) -> None:
    every = {entry.chunk_id for entry in entries}
    if indexes.keywords.known(every) != every:
        raise IndexDamaged("The keyword index lacks a chunk.")
    with_vector = {entry.chunk_id for entry in entries if entry.vector is not None}
    if indexes.vectors.known(with_vector) != with_vector:
        raise IndexDamaged("The vector index lacks a chunk.")


def _probe(indexes: Indexes, entries: list[IndexEntry], probes: int, fewest: int) -> None:
    """Nearly all of some chunks, spread over the entries, must be found by their own vectors."""
    with_vector = [entry for entry in entries if entry.vector is not None]
    chosen = with_vector[:: max(1, len(with_vector) // probes)]
    missed = 0
    for entry in chosen:
        assert entry.vector is not None
        nearest = indexes.vectors.search(entry.vector, PROBE_DEPTH, EVERYWHERE)
        missed += not any(entry.chunk_id == hit.chunk_id or hit.score > SAME for hit in nearest)
        if len(nearest) < fewest:
            raise IndexDamaged("The vector index finds less than it holds.")
    if missed > len(chosen) * MAY_BE_MISSED:
        raise IndexDamaged("The vector index does not find chunks that it holds.")
