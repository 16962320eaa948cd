"""Brings papers in: from paths, uploads and the ingest folder; takes them out again."""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from ingest.folder.files import content_hash, find_pdfs, is_behind_a_link, save_stream
from ingest.folder.follow import ODD_FILE, Follower, OnChange
from ingest.folder.register import Registrar, shown
from ingest.folder.scan import pdf_entries
from ingest.folder.seen import SeenFiles
from ingest.pipeline import Pipeline
from ragqa.errors import BadRequest, PathNotFound, RagqaError
from ragqa.library import OnProgress, counted
from ragqa.store.catalogue import Catalogue
from ragqa.types import ENDED, IngestProgress, IngestReport, Job, Paper, PaperState, Uploaded

POLL_S = 2.0


class Intake:
    """The way into the library; one per process. ``seen_note`` is where it may note what files hold."""

    def __init__(
        self,
        catalogue: Catalogue,
        pipeline: Pipeline,
        ingest_folder: Path,
        max_bytes: int,
        poll_s: float = POLL_S,
        seen_note: Path | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._pipeline = pipeline
        self._ingest_folder = ingest_folder
        self._max_bytes = max_bytes
        self._stop = threading.Event()
        self._registrar = Registrar(catalogue, ingest_folder, max_bytes)
        self.follower = Follower(catalogue, pipeline, self._registrar, ingest_folder, poll_s, SeenFiles(seen_note))

    def ingest(self, paths: Sequence[Path], collection: str, on_progress: OnProgress) -> IngestReport:
        """Register the PDFs, work off the queue, and count what became of them."""
        started = time.perf_counter()
        files = list(find_pdfs(paths))
        self._registrar.check_collection(collection)
        known = Counter[bool]()
        paper_ids, refused = [], []
        for file in files:
            try:
                paper_id, created = self._registrar.register(file, collection)
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
            self._registrar.check(part, name)
            return self._registrar.place_of(content_hash(part))

        path = save_stream(stream, name, self._ingest_folder, collection, self._max_bytes, known)
        paper_id = content_hash(path)
        created = self._registrar.catalogue_file(paper_id, path, collection)
        self.follower.wake()
        paper = self._catalogue.paper(paper_id)
        return Uploaded(paper=paper, job=Job.of(paper), created=created)

    def retry(self, paper_id: str) -> Paper:
        """Queue a paper again, whatever became of it."""
        self._catalogue.paper(paper_id)
        self._catalogue.set_state(paper_id, PaperState.QUEUED)
        self.follower.wake()
        return self._catalogue.paper(paper_id)

    def delete(self, paper_id: str) -> None:
        """Forget a paper; its files go too if they lie in the ingest folder, or it would come back.

        Of a linked file the link goes. Raise BadRequest if the file lies behind a linked folder.
        """
        files = self._files_of(paper_id)
        for file in files:
            if is_behind_a_link(file, self._ingest_folder):
                raise BadRequest(
                    f"{file} lies in a folder that is only linked to, so it is not deleted.",
                    hint=f"Delete {file.resolve()} yourself, or remove the link.",
                )
        for file in files:
            file.unlink(missing_ok=True)
        self._catalogue.delete(paper_id)
        self._pipeline.update_index()

    def forget_missing(self) -> list[Paper]:
        """Forget the papers whose files are gone, however many; their ids are of no use any more."""
        gone = {paper_id for paper_id, path in self._catalogue.paths().items() if not path.is_file()}
        papers = [paper for paper in self._catalogue.papers() if paper.id in gone]
        for paper in papers:
            self._catalogue.delete(paper.id)
        self._pipeline.update_index()
        self.follower.held = ""
        return papers

    def held(self) -> str:
        """Why papers are kept although their files are gone; empty if none are."""
        return self.follower.held

    def start(self, on_change: OnChange | None = None) -> None:
        """Watch the queue and the ingest folder from a thread of its own until ``close``."""
        self.follower.start(self._stop, on_change)

    def close(self) -> None:
        """Finish the papers at hand; the rest stays queued."""
        self._stop.set()
        self.follower.join()

    def _files_of(self, paper_id: str) -> list[Path]:
        """All files in the ingest folder that hold these bytes."""
        size = self._catalogue.paper(paper_id).bytes
        entries = pdf_entries(self._ingest_folder.resolve())
        same_size = [Path(entry.path) for entry in entries if entry.stat().st_size == size]
        return [file for file in same_size if content_hash(file) == paper_id]

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


def _refused(file: Path, error: Exception) -> Paper:
    """A file that could not be registered, for the report; it has no id, as its bytes may be out of reach."""
    code = error.code if isinstance(error, RagqaError) else PathNotFound.code
    reason = shown(error) if isinstance(error, RagqaError) else f"{shown(file.name)} cannot be used: {shown(error)}"
    return Paper(id="", file_name=shown(file.name), state=PaperState.FAILED, reason_code=code, reason=reason)
