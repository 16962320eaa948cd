"""The library in this process: one object that the CLI and the API call. ``ragqa.compose`` wires it."""

import threading
from collections.abc import Generator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ingest.intake import Intake
from ragqa.ask import Asker
from ragqa.catalogue import Catalogue
from ragqa.checkup import Checkup
from ragqa.generations import Generations
from ragqa.library import OnProgress
from ragqa.page_images import PageImages
from ragqa.retrieve import Retriever
from ragqa.types import (
    AnswerEvent,
    AskRequest,
    Health,
    IngestReport,
    Paper,
    PaperState,
    SearchRequest,
    SearchResult,
    Uploaded,
)


@dataclass(frozen=True)
class Engine:
    """A ``Library``, and what the API offers beyond it. Safe to call from several threads."""

    catalogue: Catalogue
    generations: Generations
    intake: Intake
    retriever: Retriever
    asker: Asker
    images: PageImages
    checkup: Checkup
    resources: ExitStack
    reads_by_itself: threading.Event = field(default_factory=threading.Event)

    def start_reading(self) -> None:
        """Read what is queued, and what appears in the ingest folder, in the background until ``close``."""
        self.generations.requeue_others()
        self.reads_by_itself.set()
        self.intake.start()

    def ingest(self, paths: Sequence[Path], collection: str, on_progress: OnProgress) -> IngestReport:
        """See ``Library``."""
        self.generations.requeue_others()
        report = self.intake.ingest(paths, collection, on_progress)
        self.generations.remove_other_indexes()
        return report

    def upload(self, stream: BinaryIO, name: str, collection: str) -> Uploaded:
        """Keep and queue an uploaded PDF."""
        return self.intake.upload(stream, name, collection)

    def papers(self, state: PaperState | None = None) -> list[Paper]:
        """See ``Library``."""
        return self.catalogue.papers(state)

    def paper(self, paper_id: str) -> Paper:
        """Raise PaperNotFound if there is none."""
        return self.catalogue.paper(paper_id)

    def delete(self, paper_id: str) -> None:
        """See ``Library``."""
        self.intake.delete(paper_id)

    def retry(self, paper_id: str) -> Paper:
        """See ``Library``."""
        return self.intake.retry(paper_id)

    def page_image(self, paper_id: str, page: int, highlight: str) -> bytes:
        """PNG of a page, the rectangles of the citation ``highlight`` drawn if it is not empty."""
        return self.images.png(paper_id, page, highlight)

    def search(self, request: SearchRequest) -> SearchResult:
        """See ``Library``."""
        self.generations.check()
        return self.retriever.search(request)

    def ask(self, request: AskRequest) -> Generator[AnswerEvent]:
        """See ``Library``."""
        self.generations.check()
        yield from self.asker.ask(request)

    def health(self) -> Health:
        """See ``Library``."""
        return self.checkup.health(reads_by_itself=self.reads_by_itself.is_set())

    def close(self) -> None:
        """Finish the paper at hand, then let go of models, indexes and the data folder, in this order."""
        self.resources.close()
