"""Brings papers in: from paths, uploads and the ingest folder; keeps the queue moving in the background."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from ingest.folder import FolderScan, bring_in, check_pdf, content_hash, find_pdfs, save_stream
from ingest.pipeline import Pipeline
from ragqa.catalogue import Catalogue
from ragqa.errors import RagqaError, ReadError
from ragqa.library import OnProgress, counted
from ragqa.types import ENDED, IngestProgress, IngestReport, Job, Paper, PaperState, Uploaded

log = logging.getLogger(__name__)

SCAN_EVERY_S = 2.0
RETRY_AFTER_S = 30.0


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

    def ingest(self, paths: Sequence[Path], collection: str, on_progress: OnProgress) -> IngestReport:
        """Register the PDFs, work off the queue, and count what became of them."""
        started = time.perf_counter()
        files = list(find_pdfs(paths))
        known = Counter[bool]()
        paper_ids = []
        for file in files:
            paper_id, created = self._register(file, collection)
            known[not created] += 1
            paper_ids.append(paper_id)
        pages = self._work_off(on_progress)
        # Somebody may have deleted some meanwhile.
        known_papers = {paper.id: paper for paper in self._catalogue.papers()}
        papers = [known_papers[paper_id] for paper_id in dict.fromkeys(paper_ids) if paper_id in known_papers]
        return counted(len(files), known[True], papers, pages, time.perf_counter() - started)

    def upload(self, stream: BinaryIO, name: str, collection: str) -> Uploaded:
        """Keep an uploaded PDF in the ingest folder and queue it. Raise UploadTooLarge, NotPdf or EmptyFile."""
        path = save_stream(stream, name, self._ingest_folder, collection, self._max_bytes)
        try:
            check_pdf(path, self._max_bytes)
        except ReadError:
            path.unlink()
            raise
        paper_id = content_hash(path)
        created = self._catalogue.register(paper_id, path, path.stat().st_size, collection)
        if not created and self._catalogue.path(paper_id) != path:
            path.unlink()
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
        path = self._catalogue.path(paper_id)
        if path.is_relative_to(self._ingest_folder.resolve()):
            path.unlink(missing_ok=True)
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
        paper_id = content_hash(file)
        if self._catalogue.has_file(paper_id):
            return paper_id, False
        try:
            check_pdf(file, self._max_bytes)
        except ReadError as exc:
            created = self._catalogue.register(paper_id, file.resolve(), file.stat().st_size, collection)
            self._catalogue.fail(paper_id, exc.code, str(exc))
            return paper_id, created
        place = bring_in(file, self._ingest_folder, collection)
        return paper_id, self._catalogue.register(paper_id, place, place.stat().st_size, collection)

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
        scan = FolderScan(self._ingest_folder)
        while not self._stop.is_set():
            self._wake.clear()
            try:
                for file in scan.new_files():
                    self._register(file, scan.collection_of(file))
                self._pipeline.run(_log_change, self._stop)
            except (RagqaError, OSError):
                # The queue is kept in the catalogue: what stopped it (a full disk, say) may pass.
                log.exception("Reading papers stopped; trying again in %.0f s.", RETRY_AFTER_S)
                self._stop.wait(RETRY_AFTER_S)
            self._wake.wait(SCAN_EVERY_S)


def _log_change(paper: Paper) -> None:
    if paper.state in ENDED:
        log.info("%s: %s %s", paper.file_name, paper.state, paper.reason)
