"""The library's papers as the chat shows them: upload, list, choose, retry. Knows the API, not Gradio."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from ragqa.errors import InputError, RagqaError
from ragqa.types import ENDED, Paper, PaperState, Uploaded
from ui.render import error_html, label, papers_html, refused_html

BUSY_EVERY_S = 1.5
IDLE_EVERY_S = 10.0
LONGEST_LABEL = 48

QUESTIONS = (
    "Which data sets were used?",
    "What are the main contributions?",
    "Which method works best, and by how much?",
    "What limitations do the authors name?",
)


class Shelf(Protocol):
    """What the list of papers needs of the library."""

    def papers(self, state: PaperState | None = None) -> list[Paper]:
        """See ``Client``."""
        ...

    def upload(self, path: Path, collection: str) -> Uploaded:
        """See ``Client``."""
        ...

    def retry(self, paper_id: str) -> Paper:
        """See ``Client``."""
        ...


class Choosable(NamedTuple):
    """A paper that can be asked."""

    label: str
    id: str
    collection: str


@dataclass(frozen=True, slots=True)
class PapersView:
    """The list, what can be chosen, questions to try, and seconds until the next look."""

    html: str
    choices: tuple[Choosable, ...] = ()
    questions: tuple[str, ...] = ()
    again_s: float = IDLE_EVERY_S

    @property
    def collections(self) -> list[str]:
        """Names of those that have a paper to ask."""
        return sorted({paper.collection for paper in self.choices} - {""}, key=str.casefold)

    def papers_of(self, collection: str) -> list[tuple[str, str]]:
        """(label, id) of the papers in a collection; of all papers if it has no name."""
        return [(paper.label, paper.id) for paper in self.choices if collection in ("", paper.collection)]


def view_papers(shelf: Shelf) -> PapersView:
    """The papers as they are now, or why they cannot be listed."""
    try:
        papers = shelf.papers()
    except RagqaError as exc:
        return PapersView(error_html(exc), again_s=BUSY_EVERY_S)
    ready = sorted((paper for paper in papers if paper.state is PaperState.READY), key=label)
    busy = any(paper.state not in ENDED for paper in papers)
    return PapersView(
        html=papers_html(papers),
        choices=tuple(Choosable(_short(label(paper)), paper.id, paper.collection) for paper in ready),
        questions=QUESTIONS if ready else (),
        again_s=BUSY_EVERY_S if busy else IDLE_EVERY_S,
    )


def nothing_to_ask(shelf: Shelf) -> RagqaError | None:
    """Why no question can be answered yet, or None."""
    try:
        papers = shelf.papers()
    except RagqaError as exc:
        return exc
    if any(paper.state is PaperState.READY for paper in papers):
        return None
    if any(paper.state not in ENDED for paper in papers):
        return InputError("No paper is ready yet.", hint="Wait until the list says ready, then ask again.")
    return InputError("The library holds no paper to ask.", hint="Upload PDFs first.")


def upload(shelf: Shelf, files: Iterable[Path]) -> str:
    """Send the files; what was refused as HTML, empty if all were taken. The copies that were sent are removed."""
    refused: list[tuple[str, RagqaError]] = []
    for file in files:
        try:
            shelf.upload(file, "")
        except RagqaError as exc:
            refused.append((file.name, exc))
        finally:
            file.unlink(missing_ok=True)
    return refused_html(refused)


def retry(shelf: Shelf, paper_id: str) -> str:
    """Have a paper read again; what went wrong as HTML, empty if nothing did."""
    try:
        shelf.retry(paper_id)
    except RagqaError as exc:
        return error_html(exc)
    return ""


def still_there(chosen: Sequence[str], view: PapersView, collection: str = "") -> list[str]:
    """Those chosen papers that can still be asked, within a collection."""
    known = {paper_id for _, paper_id in view.papers_of(collection)}
    return [paper_id for paper_id in chosen if paper_id in known]


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_LABEL else f"{text[: LONGEST_LABEL - 1]}…"
