"""The library as its users see it: in this process (``Engine``) or behind a server (``Client``), the same calls."""

import re
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Protocol

from ragqa.conversation import Conversation, ConversationDetails, ExportFormat
from ragqa.errors import ConversationNotFound, PaperNotFound
from ragqa.types import (
    ENDED,
    AnswerEvent,
    AskRequest,
    GivenMetadata,
    Health,
    IngestProgress,
    IngestReport,
    Paper,
    PaperDetails,
    PaperState,
    PaperTable,
    SearchRequest,
    SearchResult,
)

OnProgress = Callable[[IngestProgress], None]

SHORTEST_ID = 6


class Library(Protocol):
    """Papers to ask."""

    def ingest(self, paths: Sequence[Path], collection: str, on_progress: OnProgress) -> IngestReport:
        """Bring PDFs in and wait until they are ready or failed; known bytes are left alone."""
        ...

    def papers(self, state: PaperState | None = None) -> list[Paper]:
        """All papers, or those in one state."""
        ...

    def paper(self, paper_id: str) -> PaperDetails:
        """One paper by its id, with abstract and outline. Raise PaperNotFound if there is none."""
        ...

    def tables(self, paper_id: str) -> list[PaperTable]:
        """The tables of a paper, in reading order. Raise PaperNotFound if there is no such paper."""
        ...

    def delete(self, paper_id: str) -> None:
        """Remove a paper and its file in the ingest folder."""
        ...

    def retry(self, paper_id: str) -> Paper:
        """Queue a paper again."""
        ...

    def take_in(self, files: Sequence[Path], on_progress: OnProgress) -> IngestReport:
        """As ``ingest``, of files that somebody put into the ingest folder."""
        ...

    def give_metadata(self, paper_id: str, given: GivenMetadata) -> None:
        """What Zotero knows of a paper, whether it is here already or will come."""
        ...

    def forget_missing(self) -> list[Paper]:
        """Forget all papers whose files are gone; which they were."""
        ...

    def search(self, request: SearchRequest) -> SearchResult:
        """Hits, best first."""
        ...

    def ask(self, request: AskRequest) -> Generator[AnswerEvent]:
        """``started``, ``piece``s, ``done``."""
        ...

    def conversations(self, query: str = "") -> list[Conversation]:
        """Those used last first; with a query, those that have all its words."""
        ...

    def conversation(self, conversation_id: str) -> ConversationDetails:
        """All that was said in one. Raise ConversationNotFound if there is none."""
        ...

    def rename_conversation(self, conversation_id: str, title: str) -> Conversation:
        """The conversation under its new title."""
        ...

    def delete_conversation(self, conversation_id: str) -> None:
        """For good: nothing of it stays on the disk."""
        ...

    def export_conversation(self, conversation_id: str, form: ExportFormat) -> str:
        """The whole of it, or BibTeX of what it cites."""
        ...

    def health(self) -> Health:
        """What works and what is missing."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


def counted(found: int, unchanged: int, papers: Sequence[Paper], pages: int, seconds: float) -> IngestReport:
    """Counts by what became of the papers."""
    return IngestReport(
        found=found,
        unchanged=unchanged,
        ready=sum(paper.state is PaperState.READY for paper in papers),
        failed=tuple(paper for paper in papers if paper.state is PaperState.FAILED),
        queued=sum(paper.state not in ENDED for paper in papers),
        pages=pages,
        seconds=round(seconds, 2),
    )


def resolve_papers(names: Sequence[str], papers: Sequence[Paper]) -> tuple[str, ...]:
    """Paper ids for names, each a file name (with or without .pdf), a title or the beginning of an id."""
    return tuple(_resolve(name, papers) for name in names)


def _resolve(name: str, papers: Sequence[Paper]) -> str:
    wanted = name.casefold().removesuffix(".pdf")
    exact = {p.id for p in papers if wanted in (p.id, p.title.casefold(), Path(p.file_name).stem.casefold())}
    beginning = {p.id for p in papers if len(wanted) >= SHORTEST_ID and p.id.startswith(wanted)}
    within = {p.id for p in papers if re.search(rf"\b{re.escape(wanted)}", f"{p.title} {p.file_name}".casefold())}
    for found in (exact, beginning, within):
        if len(found) == 1:
            return found.pop()
        if found:
            raise PaperNotFound(f"{len(found)} papers match {name!r}.", hint="Give the id: ragqa papers lists them.")
    raise PaperNotFound(f"No paper matches {name!r}.", hint="List them with: ragqa papers")


def resolve_conversation(name: str, conversations: Sequence[Conversation]) -> str:
    """The id that begins so; ``last`` is the one used last, which comes first. Raise ConversationNotFound."""
    found = [each.id for each in conversations if len(name) >= SHORTEST_ID and each.id.startswith(name)]
    if name == "last":
        found = [each.id for each in conversations[:1]]
    if len(found) == 1:
        return found[0]
    said = f"{len(found)} conversations begin with {name!r}." if found else f"No conversation has the id {name!r}."
    raise ConversationNotFound(said, hint="List them with: ragqa conversations")
