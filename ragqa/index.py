"""Keeps the vector and keyword indexes in step with the catalogue, and searches both at once.

Knows the two index protocols and the catalogue; knows no library and no model.
"""

import logging
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ragqa.catalogue import Catalogue
from ragqa.errors import IndexDamaged
from ragqa.protocols import EVERYWHERE, ChunkIndex, KeywordIndex, Scope, Scored, VectorIndex, Vectors

log = logging.getLogger(__name__)

PROBES = 5
PROBE_DEPTH = 3
VECTOR_FOLDER = "vectors"
KEYWORD_FOLDER = "keywords"
OPENING_MARK = "opening"

OpenVectors = Callable[[Path], VectorIndex]
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


class HybridIndex:
    """Both indexes of one generation (embedding model and chunker), in a numbered folder below ``folder``."""

    def __init__(
        self,
        folder: Path,
        catalogue: Catalogue,
        generation: str,
        open_vectors: OpenVectors,
        open_keywords: OpenKeywords,
    ) -> None:
        self._folder = folder
        self._catalogue = catalogue
        self._generation = generation
        self._open_vectors = open_vectors
        self._open_keywords = open_keywords
        self._opened = ExitStack()
        self._last_number = 0
        self._updating = threading.Lock()
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="search")
        self._indexes = self._open_or_rebuild()

    def search(self, question: str, vector: Vectors | None, k: int, scope: Scope) -> tuple[list[Scored], list[Scored]]:
        """Dense and keyword results, searched side by side; a vector of None or an empty question skips its half.

        Indexes that turn out damaged are rebuilt once.
        """
        indexes = self._indexes
        try:
            return self._search(indexes, question, vector, k, scope)
        except IndexDamaged as exc:
            log.warning("%s", exc.message)
        with self._updating:
            # Another search or an update may have rebuilt them meanwhile.
            if self._indexes is indexes:
                self._indexes = self._rebuilt()
        return self._search(self._indexes, question, vector, k, scope)

    def update(self) -> None:
        """Bring in what the catalogue has and the indexes have not; forget what it has forgotten."""
        with self._updating:
            try:
                self._fill(self._indexes)
            except IndexDamaged as exc:
                log.warning("%s", exc.message)
                self._indexes = self._rebuilt()

    def close(self) -> None:
        """Wait for running searches and release the files."""
        self._threads.shutdown()
        self._opened.close()

    def _search(
        self, indexes: Indexes, question: str, vector: Vectors | None, k: int, scope: Scope
    ) -> tuple[list[Scored], list[Scored]]:
        dense = None if vector is None else self._threads.submit(indexes.vectors.search, vector, k, scope)
        keyword = indexes.keywords.search(question, k, scope) if question else []
        return dense.result() if dense else [], keyword

    def _fill(self, indexes: Indexes) -> None:
        self._forget(indexes, self._catalogue.removals())
        for paper_id in self._catalogue.not_indexed(self._generation):
            self._put(indexes, paper_id)

    def _forget(self, indexes: Indexes, paper_ids: list[str]) -> None:
        if paper_ids:
            for index in indexes.both():
                index.delete_papers(paper_ids)
            self._catalogue.mark_removed(paper_ids)

    def _put(self, indexes: Indexes, paper_id: str) -> None:
        """Forget first: an earlier, cut-off attempt may have left some of the paper's chunks."""
        entries = self._catalogue.index_entries(paper_id)
        for index in indexes.both():
            index.delete_papers([paper_id])
            if entries:
                index.add(entries)
        self._catalogue.mark_indexed([paper_id])

    def _open_or_rebuild(self) -> Indexes:
        with self._marked_opening() as died_before:
            whole = None if died_before else self._opened_whole()
        indexes = whole or self._rebuilt()
        for name in self._numbers() - {indexes.number}:
            shutil.rmtree(self._folder / str(name), ignore_errors=True)
        return indexes

    @contextmanager
    def _marked_opening(self) -> Iterator[bool]:
        """Whether the process that opened the indexes last died of it: Chroma crashes on a graph file cut short."""
        self._folder.mkdir(parents=True, exist_ok=True)
        mark = self._folder / OPENING_MARK
        died_before = mark.exists()
        mark.touch()
        try:
            yield died_before
        finally:
            mark.unlink()

    def _opened_whole(self) -> Indexes | None:
        try:
            indexes = self._open(max(self._numbers(), default=1))
            self._fill(indexes)
            self._probe(indexes)
        except IndexDamaged as exc:
            log.warning("%s", exc.message)
            # Before the files are removed; searches cannot be under way yet.
            self._opened.close()
            return None
        return indexes

    def _rebuilt(self) -> Indexes:
        """In a folder that this process has not had open: Chroma goes on using what it knows of one by name.

        Indexes that searches may still use stay open, and their files lie about until the next start.
        """
        log.warning("The indexes are damaged and are rebuilt from the catalogue.")
        indexes = self._open(max(self._numbers() | {self._last_number}) + 1)
        self._fill(indexes)
        return indexes

    def _open(self, number: int) -> Indexes:
        folder = self._folder / str(number)
        if not folder.is_dir():
            self._catalogue.mark_none_indexed(self._generation)
        self._last_number = number
        vectors = self._open_vectors(folder / VECTOR_FOLDER)
        self._opened.callback(vectors.close)
        keywords = self._open_keywords(folder / KEYWORD_FOLDER)
        self._opened.callback(keywords.close)
        return Indexes(number, vectors, keywords)

    def _numbers(self) -> set[int]:
        """Each rebuilding takes the next number; the highest is in use."""
        self._folder.mkdir(parents=True, exist_ok=True)
        return {int(path.name) for path in self._folder.iterdir() if path.name.isdecimal()}

    def _probe(self, indexes: Indexes) -> None:
        """Raise IndexDamaged unless both indexes hold exactly the catalogue's chunks and can find some of them.

        Counts alone do not tell: a store that has lost a segment still counts its ids, and answers short.
        """
        expected = self._catalogue.indexed_chunk_ids(self._generation)
        if indexes.keywords.chunk_ids() != expected.all:
            raise IndexDamaged("The keyword index does not hold what the catalogue says.")
        if indexes.vectors.chunk_ids() != expected.with_vector:
            raise IndexDamaged("The vector index does not hold what the catalogue says.")
        for chunk_id, vector in self._catalogue.some_vectors(self._generation, PROBES):
            nearest = indexes.vectors.search(vector, PROBE_DEPTH, EVERYWHERE)
            found = any(chunk_id == hit.chunk_id or hit.score > 0.999 for hit in nearest)
            if not found or len(nearest) < min(PROBE_DEPTH, len(expected.with_vector)):
                raise IndexDamaged("The vector index does not find a chunk that it holds.")
