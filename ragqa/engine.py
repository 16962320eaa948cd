"""The library in this process: one object that the CLI and the API call. ``ragqa.compose`` wires it."""

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ingest.folder.intake import Intake
from ragqa.ask import Asker
from ragqa.checkup import Checkup
from ragqa.conversation import Conversation, ConversationDetails, ExportFormat
from ragqa.document import Metadata
from ragqa.exports import exported
from ragqa.library import OnProgress
from ragqa.page_images import PageImages
from ragqa.search.generations import Generations
from ragqa.store.catalogue import Catalogue
from ragqa.store.history import History
from ragqa.types import (
    AnswerEvent,
    AskRequest,
    FolderChange,
    GivenMetadata,
    Health,
    IngestReport,
    Paper,
    PaperDetails,
    PaperState,
    PaperTable,
    SearchRequest,
    SearchResult,
    Uploaded,
)

ZOTERO = "zotero"


@dataclass(frozen=True)
class Engine:
    """A ``Library``, and what the API offers beyond it. Safe to call from several threads.

    ``warm_up`` loads the models before the first question, if the user wants that; it returns within seconds.
    """

    catalogue: Catalogue
    generations: Generations
    intake: Intake
    asker: Asker
    history: History
    images: PageImages
    checkup: Checkup
    resources: ExitStack
    warm_up: Callable[[], None] = lambda: None
    reads_by_itself: threading.Event = field(default_factory=threading.Event)

    def start_reading(self, on_change: Callable[[FolderChange], None] | None = None) -> None:
        """Read what is queued, and what appears in the ingest folder, in the background until ``close``."""
        self.reads_by_itself.set()
        self.intake.start(on_change)

    def ingest(self, paths: Sequence[Path], collection: str, on_progress: OnProgress) -> IngestReport:
        """See ``Library``."""
        return self.intake.ingest(paths, collection, on_progress)

    def upload(self, stream: BinaryIO, name: str, collection: str) -> Uploaded:
        """Keep and queue an uploaded PDF."""
        return self.intake.upload(stream, name, collection)

    def papers(self, state: PaperState | None = None) -> list[Paper]:
        """See ``Library``."""
        return self.catalogue.papers(state)

    def paper(self, paper_id: str) -> PaperDetails:
        """See ``Library``."""
        return self.catalogue.details(paper_id)

    def tables(self, paper_id: str) -> list[PaperTable]:
        """See ``Library``."""
        return self.catalogue.paper_tables(paper_id)

    def delete(self, paper_id: str) -> None:
        """See ``Library``."""
        self.intake.delete(paper_id)

    def retry(self, paper_id: str) -> Paper:
        """See ``Library``."""
        return self.intake.retry(paper_id)

    def take_in(self, files: Sequence[Path], on_progress: OnProgress) -> IngestReport:
        """See ``Library``."""
        return self.ingest(files, "", on_progress)

    def give_metadata(self, paper_id: str, given: GivenMetadata) -> None:
        """See ``Library``."""
        self.catalogue.give_metadata(paper_id, ZOTERO, Metadata(**given.model_dump()))
        self.generations.update()

    def forget_missing(self) -> list[Paper]:
        """See ``Library``."""
        return self.intake.forget_missing()

    def page_image(self, paper_id: str, page: int, highlight: str) -> bytes:
        """PNG of a page, the rectangles of the citation ``highlight`` drawn if it is not empty."""
        return self.images.png(paper_id, page, highlight)

    def search(self, request: SearchRequest) -> SearchResult:
        """See ``Library``."""
        return self.generations.search(request)

    def ask(self, request: AskRequest) -> Generator[AnswerEvent]:
        """See ``Library``."""
        yield from self.asker.ask(request)

    def conversations(self, query: str = "") -> list[Conversation]:
        """See ``Library``."""
        return self.history.conversations(query)

    def conversation(self, conversation_id: str) -> ConversationDetails:
        """See ``Library``."""
        return self.history.conversation(conversation_id)

    def rename_conversation(self, conversation_id: str, title: str) -> Conversation:
        """See ``Library``."""
        return self.history.rename(conversation_id, title)

    def delete_conversation(self, conversation_id: str) -> None:
        """See ``Library``."""
        self.history.delete(conversation_id)

    def export_conversation(self, conversation_id: str, form: ExportFormat) -> str:
        """See ``Library``."""
        return exported(self.history.conversation(conversation_id), form, self.catalogue.papers())

    def health(self) -> Health:
        """See ``Library``."""
        health = self.checkup.health(reads_by_itself=self.reads_by_itself.is_set())
        return health.model_copy(update={"problems": (*health.problems, *filter(None, [self.intake.held()]))})

    def close(self) -> None:
        """Finish the paper at hand, then let go of models, indexes and the data folder, in this order."""
        self.resources.close()
