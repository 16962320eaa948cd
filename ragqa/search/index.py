"""Keeps the vector and keyword indexes in step with the catalogue, and searches both at once.

Knows the two index protocols and the catalogue; knows no library and no model.
"""

import logging
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ragqa.errors import IndexDamaged
from ragqa.protocols import Scope, Scored, Vectors
from ragqa.search.filling import Filler, Progress
from ragqa.search.indexes import KEYWORD_FOLDER, VECTOR_FOLDER, Indexes, OpenKeywords, OpenVectors, check
from ragqa.search.scoped import ScopedSearch
from ragqa.search.seal import SealState, break_seal, check_seal, write_seal
from ragqa.store.catalogue import Catalogue

log = logging.getLogger(__name__)

OPENING_MARK = "opening"


class HybridIndex:
    """Both indexes of one generation (embedding model and chunker), in a numbered folder below ``folder``."""

    def __init__(
        self,
        folder: Path,
        catalogue: Catalogue,
        generation: str,
        open_vectors: OpenVectors,
        open_keywords: OpenKeywords,
        progress: Progress | None = None,
    ) -> None:
        self._folder = folder
        self._ledger = catalogue.ledger
        self._generation = generation
        self._open_vectors = open_vectors
        self._open_keywords = open_keywords
        self._opened = ExitStack()
        self._last_number = 0
        self._updating = threading.Lock()
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="index")
        self._filler = Filler(self._ledger, generation, self._threads, progress or Progress())
        self._scoped = ScopedSearch(self._ledger, generation)
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
            if not self._filler.has_work():
                return
            break_seal(self._folder_of(self._indexes.number))
            try:
                self._filler.fill(self._indexes)
            except IndexDamaged as exc:
                log.warning("%s", exc.message)
                self._indexes = self._rebuilt()

    def close(self) -> None:
        """Wait for running searches and release the files; sealed, so that the next start can trust them."""
        self._threads.shutdown()
        self._opened.close()
        folder = self._folder_of(self._indexes.number)
        if folder.is_dir():
            write_seal(folder)

    def _search(
        self, indexes: Indexes, question: str, vector: Vectors | None, k: int, scope: Scope
    ) -> tuple[list[Scored], list[Scored]]:
        dense = None if vector is None else self._threads.submit(self._scoped.search, indexes.vectors, vector, k, scope)
        keyword = indexes.keywords.search(question, k, scope) if question else []
        return dense.result() if dense else [], keyword

    def _open_or_rebuild(self) -> Indexes:
        with self._marked_opening() as died_before:
            whole = None if died_before else self._opened_whole()
        indexes = whole or self._rebuilt()
        for name in self._numbers() - {indexes.number}:
            shutil.rmtree(self._folder_of(name), ignore_errors=True)
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
        number = max(self._numbers(), default=1)
        folder = self._folder_of(number)
        try:
            seal = check_seal(folder)
            self._refuse(seal)
            indexes = self._open(number)
            has_work = self._filler.has_work()
            if has_work:
                break_seal(folder)
                self._filler.fill(indexes)
            check(indexes, self._ledger, self._generation, thoroughly=seal is SealState.NONE)
            if not has_work:
                # Chroma notes in its database that it was opened.
                write_seal(folder)
        except IndexDamaged as exc:
            log.warning("%s", exc.message)
            # Before the files are removed; searches cannot be under way yet.
            self._opened.close()
            return None
        return indexes

    def _refuse(self, seal: SealState) -> None:
        if seal is SealState.BROKEN:
            raise IndexDamaged("Files of the indexes are not what was written.")

    def _rebuilt(self) -> Indexes:
        """In a folder that this process has not had open: Chroma goes on using what it knows of one by name.

        Indexes that searches may still use stay open, and their files lie about until the next start.
        """
        log.warning("The indexes are rebuilt from the catalogue.")
        indexes = self._open(max(self._numbers() | {self._last_number}) + 1)
        self._filler.fill(indexes)
        return indexes

    def _open(self, number: int) -> Indexes:
        folder = self._folder_of(number)
        if not folder.is_dir():
            self._ledger.mark_none_indexed(self._generation)
        self._last_number = number
        vectors = self._open_vectors(folder / VECTOR_FOLDER, self._ledger.chunk_count(self._generation))
        self._opened.callback(vectors.close)
        keywords = self._open_keywords(folder / KEYWORD_FOLDER)
        self._opened.callback(keywords.close)
        return Indexes(number, vectors, keywords)

    def _numbers(self) -> set[int]:
        """Each rebuilding takes the next number; the highest is in use."""
        self._folder.mkdir(parents=True, exist_ok=True)
        return {int(path.name) for path in self._folder.iterdir() if path.name.isdecimal()}

    def _folder_of(self, number: int) -> Path:
        return self._folder / str(number)
