"""Keeps the vector and keyword indexes in step with the catalogue, and searches both at once.

Knows the two index protocols and the catalogue; knows no library and no model.
"""

import logging
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ragqa.catalogue import Catalogue
from ragqa.errors import IndexDamaged
from ragqa.protocols import ChunkIndex, KeywordIndex, Scored, VectorIndex, Vectors

log = logging.getLogger(__name__)

PROBES = 5
PROBE_DEPTH = 3
VECTOR_FOLDER = "vectors"
KEYWORD_FOLDER = "keywords"
OPENING_MARK = "opening"

OpenVectors = Callable[[Path], VectorIndex]
OpenKeywords = Callable[[Path], KeywordIndex]


class HybridIndex:
    """Both indexes of one generation (embedding model and chunker), in a numbered folder below ``folder``."""

    def __init__(
        self, folder: Path, catalogue: Catalogue, open_vectors: OpenVectors, open_keywords: OpenKeywords
    ) -> None:
        self._folder = folder
        self._catalogue = catalogue
        self._open_vectors = open_vectors
        self._open_keywords = open_keywords
        self._opened = ExitStack()
        self._updating = threading.Lock()
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="search")
        self._open_or_rebuild()

    def search(
        self, question: str, vector: Vectors | None, k: int, paper_ids: frozenset[str] | None
    ) -> tuple[list[Scored], list[Scored]]:
        """Dense and keyword results, searched side by side; a vector of None or an empty question skips its half."""
        dense = self._threads.submit(self._search_vectors, vector, k, paper_ids)
        keyword = self._keywords.search(question, k, paper_ids) if question else []
        return dense.result(), keyword

    def update(self) -> None:
        """Bring in what the catalogue has and the indexes have not; forget what it has forgotten."""
        with self._updating:
            self._forget(self._catalogue.removals())
            for paper_id in self._catalogue.not_indexed():
                self._put(paper_id)

    def close(self) -> None:
        """Wait for running searches and release the files."""
        self._threads.shutdown()
        self._opened.close()

    def _search_vectors(self, vector: Vectors | None, k: int, paper_ids: frozenset[str] | None) -> list[Scored]:
        return [] if vector is None else self._vectors.search(vector, k, paper_ids)

    def _both(self) -> tuple[ChunkIndex, ChunkIndex]:
        return self._vectors, self._keywords

    def _forget(self, paper_ids: list[str]) -> None:
        if paper_ids:
            for index in self._both():
                index.delete_papers(paper_ids)
            self._catalogue.mark_removed(paper_ids)

    def _put(self, paper_id: str) -> None:
        """Forget first: an earlier, cut-off attempt may have left some of the paper's chunks."""
        entries = self._catalogue.index_entries(paper_id)
        for index in self._both():
            index.delete_papers([paper_id])
            if entries:
                index.add(entries)
        self._catalogue.mark_indexed([paper_id])

    def _open_or_rebuild(self) -> None:
        with self._marked_opening() as died_before:
            whole = not died_before and self._opens_whole()
        if not whole:
            self._rebuild()
        for name in self._numbers() - {self._number}:
            shutil.rmtree(self._folder / str(name), ignore_errors=True)

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

    def _opens_whole(self) -> bool:
        try:
            self._open(max(self._numbers(), default=1))
            self.update()
            self._probe()
        except IndexDamaged as exc:
            log.warning("%s", exc.message)
            return False
        return True

    def _rebuild(self) -> None:
        """In a folder that this process has not had open: Chroma goes on using what it knows of one by name."""
        log.warning("The indexes are damaged and are rebuilt from the catalogue.")
        self._opened.close()
        self._open(max(self._numbers(), default=0) + 1)
        self.update()

    def _open(self, number: int) -> None:
        folder = self._folder / str(number)
        if not folder.is_dir():
            self._catalogue.mark_none_indexed()
        self._number = number
        self._vectors = self._open_vectors(folder / VECTOR_FOLDER)
        self._opened.callback(self._vectors.close)
        self._keywords = self._open_keywords(folder / KEYWORD_FOLDER)
        self._opened.callback(self._keywords.close)

    def _numbers(self) -> set[int]:
        """Each rebuilding takes the next number; the highest is in use."""
        return {int(path.name) for path in self._folder.iterdir() if path.name.isdecimal()}

    def _probe(self) -> None:
        """Raise IndexDamaged unless both indexes hold exactly the catalogue's chunks and can find some of them.

        Counts alone do not tell: a store that has lost a segment still counts its ids, and answers short.
        """
        expected = self._catalogue.indexed_chunk_ids()
        for name, index in zip(("vector", "keyword"), self._both(), strict=True):
            if index.chunk_ids() != expected:
                raise IndexDamaged(f"The {name} index does not hold what the catalogue says.")
        for entry in self._catalogue.some_entries(PROBES):
            nearest = self._vectors.search(entry.vector, PROBE_DEPTH, None)
            found = any(entry.chunk_id == hit.chunk_id or hit.score > 0.999 for hit in nearest)
            if not found or len(nearest) < min(PROBE_DEPTH, len(expected)):
                raise IndexDamaged("The vector index does not find a chunk that it holds.")
