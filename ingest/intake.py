"""Brings papers in: from paths, uploads and the ingest folder; keeps the queue moving in the background."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from ingest.folder import (
    FolderScan,
    bring_in,
    check_pdf,
    collection_folder,
    content_hash,
    find_pdfs,
    remove_parts,
    save_stream,
)
from ingest.pipeline import Pipeline
from ragqa.catalogue import Catalogue
from ragqa.errors import BadRequest, FileTooLarge, InputError, PathNotFound, RagqaError, ReadError
from ragqa.library import OnProgress, counted
from ragqa.types import ENDED, IngestProgress, IngestReport, Job, Paper, PaperState, Uploaded

log = logging.getLogger(__name__)

SCAN_EVERY_S = 2.0
RETRY_AFTER_S = 30.0

ODD_FILE = (ReadError, InputError, OSError, UnicodeError)
"""What one file can be blamed for: the others go on."""


class Intake:
    """The way into the library; one per process."""

    def __init__(self, catalogue: Catalogue, pipeline: Pipeline, ingest_folder: Path, max_bytes: int) -> None:
        self._catalogue = catalogue
        self._pipeline = pipeline
        self._ingest_folder = ingest_folder
        self._max_bytes = max_bytes
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._ids: dict[Path, str] = {}  # of the files in the ingest folder

    def ingest(self, paths: Sequence[Path], collection: str, on_progress: OnProgress) -> IngestReport:
        """Register the PDFs, work off the queue, and count what became of them."""
        started = time.perf_counter()
        files = list(find_pdfs(paths))
        collection_folder(self._ingest_folder, collection)
        known = Counter[bool]()
        paper_ids, refused = [], []
        for file in files:
            try:
                paper_id, created = self._register(file, collection)
            except ODD_FILE as exc:
                refused.append(_refused(file, exc))
                continue
            known[not created] += 1
            paper_ids.append(paper_id)
        pages = self._work_off(on_progress)
        # Somebody may have deleted some meanwhile.
        known_papers = {paper.id: paper for paper in self._catalogue.papers()}
        papers = [known_papers[paper_id] for paper_id in dict.fromkeys(paper_ids) if paper_id in known_papers]
        return counted(len(files), known[True], [*papers, *refused], pages, time.perf_counter() - started)

    def upload(self, stream: BinaryIO, name: str, collection: str) -> Uploaded:
        """Keep an uploaded PDF in the ingest folder and queue it. Raise UploadTooLarge, NotPdf or EmptyFile."""

        def known(part: Path) -> Path | None:
            check_pdf(part, self._max_bytes, name)
            return self._place_of(content_hash(part))

        path = save_stream(stream, name, self._ingest_folder, collection, self._max_bytes, known)
        paper_id = content_hash(path)
        created = self._catalogue_file(paper_id, path, collection)
        self._wake.set()
        paper = self._catalogue.paper(paper_id)
        return Uploaded(paper=paper, job=Job.of(paper), created=created)

    def retry(self, paper_id: str) -> Paper:
        """Queue a paper again, whatever became of it."""
        self._catalogue.paper(paper_id)
        self._catalogue.set_state(paper_id, PaperState.QUEUED)
        self._wake.set()
        return self._catalogue.paper(paper_id)

    def delete(self, paper_id: str) -> None:
        """Forget a paper; its file goes too if it lies in the ingest folder, or it would come back."""
        size = self._catalogue.paper(paper_id).bytes
        inside = list(find_pdfs([self._ingest_folder])) if self._ingest_folder.is_dir() else []
        for file in inside:
            if file.is_file() and file.stat().st_size == size and content_hash(file) == paper_id:
                file.unlink(missing_ok=True)
        self._catalogue.delete(paper_id)
        self._pipeline.update_index()

    def start(self) -> None:
        """Watch the queue and the ingest folder from a thread of its own until ``close``."""
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Finish the paper at hand; the rest stays queued."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def _register(self, file: Path, collection: str) -> tuple[str, bool]:
        """The paper's id, and whether it is new. A file that is no PDF is registered as failed where it lies."""
        problem = self._problem(file)
        if isinstance(problem, FileTooLarge):
            raise problem
        paper_id = content_hash(file)
        if self._place_of(paper_id, file) is not None:
            return paper_id, False
        place = file.resolve() if problem else bring_in(file, self._ingest_folder, collection)
        created = self._catalogue_file(paper_id, place, collection)
        if problem:
            self._catalogue.fail(paper_id, problem.code, str(problem))
        return paper_id, created

    def _problem(self, file: Path) -> ReadError | None:
        try:
            check_pdf(file, self._max_bytes)
        except ReadError as exc:
            return exc
        return None

    def _place_of(self, paper_id: str, same: Path | None = None) -> Path | None:
        """Where a known paper's bytes lie; None if it is unknown or changed. ``same`` is not read."""
        if not self._catalogue.has_file(paper_id):
            return None
        path = self._catalogue.path(paper_id)
        unchanged = (same is not None and path == same.resolve()) or content_hash(path) == paper_id
        return path if unchanged else None

    def _catalogue_file(self, paper_id: str, place: Path, collection: str) -> bool:
        """Whether the paper is new; a known one is led to this place."""
        try:
            str(place).encode()
        except UnicodeEncodeError as exc:
            raise BadRequest(f"{shown(place)} has a name that is no text.", hint="Rename the file.") from exc
        created = self._catalogue.register(paper_id, place, place.stat().st_size, collection)
        if not created and self._catalogue.path(paper_id) != place:
            self._catalogue.move(paper_id, place)
        return created

    def _work_off(self, on_progress: OnProgress) -> int:
        """Run the pipeline with progress; the pages of the papers that became ready."""
        total = len(self._catalogue.papers(PaperState.QUEUED))
        ended: dict[str, int] = {}

        def on_change(paper: Paper) -> None:
            if paper.state in ENDED:
                ended[paper.id] = paper.pages
            on_progress(
                IngestProgress(done=len(ended), total=max(total, len(ended)), pages=sum(ended.values()), paper=paper)
            )

        self._pipeline.run(on_change, self._stop)
        return sum(ended.values())

    def _run(self) -> None:
        remove_parts(self._ingest_folder)
        scan = FolderScan(self._ingest_folder)
        while not self._stop.is_set():
            self._wake.clear()
            try:
                self._follow(scan)
                self._pipeline.run(_log_change, self._stop)
            except Exception:  # nothing may end the thread; the queue is kept, and what stopped it may pass
                # Files of the batch that was cut off are to be seen as new again.
                scan = FolderScan(self._ingest_folder)
                log.exception("Reading papers stopped; trying again in %.0f s.", RETRY_AFTER_S)
                self._stop.wait(RETRY_AFTER_S)
            self._wake.wait(SCAN_EVERY_S)

    def _follow(self, scan: FolderScan) -> None:
        """Bring the catalogue up to the ingest folder: new and changed files come in, papers without a file go."""
        for file in scan.new_files():
            try:
                self._ids[file.resolve()], _ = self._register(file, scan.collection_of(file))
            except ODD_FILE as exc:
                self._ids.pop(file.resolve(), None)
                log.warning("%s is left out: %s", shown(file), shown(exc))
        folder = self._ingest_folder.resolve()
        for paper_id, path in self._catalogue.paths().items():
            if path.is_relative_to(folder) and (scan.has_lost(path) or self._ids.get(path, paper_id) != paper_id):
                self._find_again(paper_id)

    def _find_again(self, paper_id: str) -> None:
        """Lead a paper to another file with its bytes; forget it if there is none."""
        for path, known_id in self._ids.items():
            if known_id == paper_id and path.is_file() and content_hash(path) == paper_id:
                self._catalogue.move(paper_id, path)
                return
        log.info("%s is no longer in the ingest folder.", self._catalogue.paper(paper_id).file_name)
        self._catalogue.delete(paper_id)
        self._pipeline.update_index()


def shown(text: object) -> str:
    """Bytes of a file name that are no text are replaced."""
    return str(text).encode("utf-8", "replace").decode()


def _refused(file: Path, error: Exception) -> Paper:
    """A file that could not be registered, for the report; it has no id, as its bytes may be out of reach."""
    code = error.code if isinstance(error, RagqaError) else PathNotFound.code
    reason = shown(error) if isinstance(error, RagqaError) else f"{shown(file.name)} cannot be used: {shown(error)}"
    return Paper(id="", file_name=shown(file.name), state=PaperState.FAILED, reason_code=code, reason=reason)


def _log_change(paper: Paper) -> None:
    if paper.state in ENDED:
        log.info("%s: %s %s", paper.file_name, paper.state, paper.reason)
