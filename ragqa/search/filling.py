"""Fills the indexes from the catalogue: many papers at a time, both indexes side by side, progress in the log."""

import logging
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, wait

from ragqa.search.indexes import Indexes
from ragqa.store.ledger import Ledger

log = logging.getLogger(__name__)

PAPERS_AT_ONCE = 32
"""A few thousand chunks: what one commit and one step of the progress hold."""

SAY_EVERY_S = 10.0

Adding = tuple[Sequence[str], int, list["Future[None]"]]
"""Papers, their chunks, and the two indexes that take them."""


class Progress:
    """How far the filling of indexes is, for whoever waits for it; empty if there is none."""

    def __init__(self) -> None:
        self.said = ""


class Filler:
    """Brings indexes up to what the ledger says of one generation. One ``fill`` at a time."""

    def __init__(self, ledger: Ledger, generation: str, threads: Executor, progress: Progress) -> None:
        self._ledger = ledger
        self._generation = generation
        self._threads = threads
        self._progress = progress

    def has_work(self) -> bool:
        """Whether the ledger knows of papers to put in or to forget."""
        return bool(self._ledger.removals(self._generation) or self._ledger.not_indexed(self._generation))

    def fill(self, indexes: Indexes) -> None:
        """Forget what was deleted, put in what is missing. What was done stays done if it breaks off."""
        self._forget(indexes, self._ledger.removals(self._generation))
        try:
            self._put_all(indexes, self._ledger.not_indexed(self._generation))
        finally:
            self._progress.said = ""

    def _forget(self, indexes: Indexes, paper_ids: list[str]) -> None:
        if paper_ids:
            for index in indexes.both():
                index.delete_papers(paper_ids)
            self._ledger.mark_removed(paper_ids, self._generation)

    def _put_all(self, indexes: Indexes, paper_ids: list[str]) -> None:
        """While the indexes take some papers, the next are read from the catalogue."""
        started = said = time.monotonic()
        done = chunks = 0
        for batch, size, adding in self._begun(indexes, paper_ids):
            wait(adding)
            for index in adding:
                index.result()
            self._ledger.mark_indexed(batch, self._generation)
            done, chunks, now = done + len(batch), chunks + size, time.monotonic()
            rate = chunks / max(now - started, 1e-9)
            self._progress.said = f"{done:,} of {len(paper_ids):,} papers, {chunks:,} chunks, {rate:,.0f} a second"
            if now - said > SAY_EVERY_S:
                said = now
                log.info("Filling the indexes: %s.", self._progress.said)

    def _begun(self, indexes: Indexes, paper_ids: list[str]) -> Iterator[Adding]:
        """Each batch is begun when the one before it is in both indexes."""
        entries = self._ledger.entries(paper_ids[:PAPERS_AT_ONCE], self._generation)
        for start in range(0, len(paper_ids), PAPERS_AT_ONCE):
            batch = paper_ids[start : start + PAPERS_AT_ONCE]
            # An earlier, cut-off attempt may have left some of the papers' chunks.
            adding = [self._threads.submit(index.add, entries, batch) for index in indexes.both()]
            size = len(entries)
            ahead = paper_ids[start + PAPERS_AT_ONCE : start + 2 * PAPERS_AT_ONCE]
            entries = self._ledger.entries(ahead, self._generation)
            yield batch, size, adding
