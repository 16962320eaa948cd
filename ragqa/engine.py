"""The library in this process: one object that the CLI and the API call. ``ragqa.compose`` wires it."""

from collections.abc import Generator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ingest.intake import Intake
from ragqa.ask import Asker
from ragqa.catalogue import Catalogue
from ragqa.checkup import Checkup
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
    intake: Intake
    retriever: Retriever
    asker: Asker
    images: PageImages
    checkup: Checkup
    resources: ExitStack

    def ingest(self, paths: Sequence[Path], collection: str, on_progress: OnProgress) -> IngestReport:
        """See ``Library``."""
        return self.intake.ingest(paths, collection, on_progress)

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
        return self.retriever.search(request)

    def ask(self, request: AskRequest) -> Generator[AnswerEvent]:
        """See ``Library``."""
        return self.asker.ask(request)

    def health(self) -> Health:
        """See ``Library``."""
        return self.checkup.health()

    def close(self) -> None:
        """Finish the paper at hand, then let go of models, indexes and the data folder, in this order."""
        self.resources.close()
