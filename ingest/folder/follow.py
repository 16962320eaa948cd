"""Follows the ingest folder: what is new comes in, what is gone goes, and the queue is worked off meanwhile."""

import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ingest.folder.events import FolderEvents
from ingest.folder.files import content_hash, remove_parts
from ingest.folder.register import Registrar, shown
from ingest.folder.scan import FolderScan
from ingest.folder.seen import SeenFiles
from ingest.pipeline import Pipeline
from ragqa.errors import InputError, PaperNotFound, ReadError
from ragqa.store.catalogue import Catalogue
from ragqa.types import ENDED, FolderChange, Paper

log = logging.getLogger(__name__)

SETTLE_S = 1.0  # a file that is copied grows more often than this
SCAN_SHARE = 0.01  # of a core; a large folder is looked at less often
RETRY_AFTER_S = 30.0
LOWER_PRIORITY = 5
MANY = 10
"""Of so many papers or more, at most half may vanish at once without being asked for."""

ODD_FILE = (ReadError, InputError, OSError, UnicodeError)
"""What one file can be blamed for: the others go on."""

OnChange = Callable[[FolderChange], None]


class Follower:
    """Keeps catalogue and ingest folder in step from a thread of its own."""

    def __init__(
        self,
        catalogue: Catalogue,
        pipeline: Pipeline,
        registrar: Registrar,
        folder: Path,
        poll_s: float,
        seen: SeenFiles,
    ) -> None:
        self._catalogue = catalogue
        self._pipeline = pipeline
        self._registrar = registrar
        self._folder = folder
        self._poll_s = poll_s
        self._seen = seen
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._next_look = 0.0
        self._on_change: OnChange = _log_change
        self.held = ""

    def start(self, stop: threading.Event, on_change: OnChange | None = None) -> None:
        """Begin; ``on_change`` hears of every paper that came in, moved or went."""
        self._on_change = on_change or _log_change
        self._thread = threading.Thread(target=self._run, args=(stop,), name="follow", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """There is something to do."""
        self._wake.set()

    def join(self) -> None:
        """Wait until it has stopped."""
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def new_scan(self) -> FolderScan:
        """One that has seen nothing yet."""
        return FolderScan(self._folder.resolve(), SETTLE_S)

    def follow(self, scan: FolderScan) -> None:
        """Bring the catalogue up to the ingest folder: new and changed files come in, papers without a file go."""
        for file in scan.new_files():
            self._take_in(file, scan)
        if scan.changed:
            self._let_go(scan)
            self._seen.save()

    def _run(self, stop: threading.Event) -> None:
        lower_priority()
        remove_parts(self._folder)
        scan = self.new_scan()
        with FolderEvents(self._folder, self._wake.set):
            while not stop.is_set():
                self._wake.clear()
                try:
                    self._look(scan)
                    self._pipeline.run(partial(self._on_paper, scan), stop)
                except Exception:  # nothing may end the thread; the queue is kept, and what stopped it may pass
                    # Files of the batch that was cut off are to be seen as new again.
                    scan = self.new_scan()
                    log.exception("Reading papers stopped; trying again in %.0f s.", RETRY_AFTER_S)
                    stop.wait(RETRY_AFTER_S)
                # A file that was seen once only needs a second look, however quiet it is.
                self._wake.wait(self._pause(scan) if scan.is_settled else min(SETTLE_S, self._poll_s))

    def _look(self, scan: FolderScan) -> None:
        self.follow(scan)
        self._next_look = time.monotonic() + self._pause(scan)

    def _pause(self, scan: FolderScan) -> float:
        return max(self._poll_s, scan.seconds / SCAN_SHARE)

    def _on_paper(self, scan: FolderScan, paper: Paper) -> None:
        """A long queue keeps nobody from being noticed."""
        if paper.state in ENDED:
            self._tell(str(paper.state), paper)
            if time.monotonic() > self._next_look:
                self._look(scan)

    def _take_in(self, file: Path, scan: FolderScan) -> None:
        stamp = scan.stamp(file)
        known = self._seen.paper_id(file, stamp)
        try:
            if known is not None and self._catalogue.has_file(known):
                return
            paper_id, created = self._registrar.register(file, scan.collection_of(file))
        except ODD_FILE as exc:
            self._seen.forget(file)
            log.warning("%s is left out: %s", shown(file), shown(exc))
            return
        self._seen.keep(file, stamp, paper_id)
        paper = self._catalogue.paper(paper_id)
        if created and paper.state in ENDED:  # no PDF at all
            self._tell(str(paper.state), paper)

    def _let_go(self, scan: FolderScan) -> None:
        root = self._folder.resolve()
        inside = {paper: path for paper, path in self._catalogue.paths().items() if path.is_relative_to(root)}
        holds = {paper: self._seen.paper_id(path, scan.stamp(path)) for paper, path in inside.items()}
        replaced = [paper for paper, held in holds.items() if held not in (None, paper)]
        vanished = [paper for paper, path in inside.items() if scan.has_lost(path)]
        places = self._seen.papers() if replaced or vanished else {}
        gone = [paper for paper in vanished if not self._found_again(paper, inside[paper], places.get(paper, []), scan)]
        self._hold(len(gone), len(inside))
        if not self.held:
            for paper in gone:
                self._seen.forget(inside[paper])
                self._forget(paper)
        for paper in replaced:
            if not self._found_again(paper, inside[paper], places.get(paper, []), scan):
                self._forget(paper)

    def _hold(self, gone: int, known: int) -> None:
        """Half a library does not vanish: a drive does. It is not forgotten before somebody says so."""
        before, self.held = self.held, ""
        if known >= MANY and gone > known / 2:
            self.held = (
                f"{gone} of {known} files are no longer in {self._folder}; their papers are kept. If a drive is"
                " missing, bring it back. If you deleted them, run: ragqa papers --forget-missing"
            )
        if self.held and not before:
            log.warning("%s", self.held)
        elif before and not self.held:
            log.info("The files of %s are back.", self._folder)

    def _found_again(self, paper_id: str, before: Path, places: list[Path], scan: FolderScan) -> bool:
        """Whether another file has the paper's bytes; the paper is led there."""
        for path in places:
            with contextlib.suppress(OSError):
                if path != before and path.is_file() and content_hash(path) == paper_id:
                    self._catalogue.move(paper_id, path, scan.collection_of(path))
                    self._tell("moved", self._catalogue.paper(paper_id))
                    return True
        return False

    def _forget(self, paper_id: str) -> None:
        with contextlib.suppress(PaperNotFound):
            paper = self._catalogue.paper(paper_id)
            self._catalogue.delete(paper_id)
            self._pipeline.update_index()
            self._tell("removed", paper)

    def _tell(self, change: str, paper: Paper) -> None:
        self._on_change(FolderChange(change=change, paper=paper))


def lower_priority() -> None:
    """Of this thread, and of all threads and processes that it starts: a question comes before a paper."""
    if sys.platform == "linux":  # elsewhere it would slow the whole process
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWER_PRIORITY)


def _log_change(change: FolderChange) -> None:
    log.info("%s: %s %s", change.paper.file_name, change.change, change.paper.reason)
