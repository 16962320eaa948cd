"""Says what works, what is missing, and what to do about it."""

import threading
from collections.abc import Callable
from contextlib import suppress

from ragqa import __version__
from ragqa.chat import ChatModelSource
from ragqa.errors import ModelError, NoTextLayer
from ragqa.search.generations import Generations
from ragqa.store.catalogue import Catalogue
from ragqa.types import Health, PaperState


class Trial:
    """Uses a model once before it is needed, and keeps what went wrong."""

    def __init__(self, use: Callable[[], None], *, when_asked: bool) -> None:
        """``use`` raises a ModelError. ``when_asked``: whoever asks for the problem may wait for the first use.

        That is worth it for a model of the user's choice; one that comes with ragqa is there.
        """
        self._use = use
        self._when_asked = when_asked
        self._using = threading.Lock()
        self._works = False
        self._problem = ""

    def run(self) -> None:
        """Use it, unless that has worked before. Raise a ModelError if it cannot be used."""
        with self._using:
            self._run()

    def problem(self) -> str:
        """Why it cannot be used; empty if it can, or if that is being found out at the moment."""
        if self._when_asked and self._using.acquire(blocking=False):
            try:
                with suppress(ModelError):
                    self._run()
            finally:
                self._using.release()
        return self._problem

    def _run(self) -> None:
        if self._works:
            return
        try:
            self._use()
        except ModelError as exc:
            self._problem = str(exc)
            raise
        self._works, self._problem = True, ""


class Checkup:
    """Looks at the parts; costs a few queries and at most one look for a language model and one trial of a judge."""

    def __init__(
        self,
        catalogue: Catalogue,
        generations: Generations,
        embedder_name: str,
        models: ChatModelSource,
        recognition: Callable[[], tuple[str, str]],
        support: Trial,
    ) -> None:
        self._catalogue = catalogue
        self._generations = generations
        self._embedder_name = embedder_name
        self._models = models
        self._recognition = recognition
        self._support = support

    def health(self, *, reads_by_itself: bool) -> Health:
        """Ready as soon as it can be asked; ``reads_by_itself`` if queued papers need nobody's help."""
        counts = self._catalogue.counts()
        model = self._models.current()
        return Health(
            ready=True,
            version=__version__,
            papers=counts,
            chunks=self._generations.chunk_count(),
            embedder=self._embedder_name,
            llm=model.name if model else "",
            ocr=self._recognition()[0],
            problems=tuple(self._problems(counts, reads_by_itself)),
        )

    def _problems(self, counts: dict[str, int], reads_by_itself: bool) -> list[str]:
        problems = []
        if not any(counts.values()):
            problems.append("The library is empty. Add papers with: ragqa ingest FOLDER")
        if self._generations.is_changing():
            problems.append(self._change(reads_by_itself))
        if progress := self._generations.progress():
            problems.append(f"The indexes are being filled: {progress}.")
        if counts["queued"] and not reads_by_itself:
            problems.append(f"{counts['queued']} papers wait to be read. Start ragqa serve or run ragqa ingest.")
        if counts["failed"]:
            problems.append(f"{counts['failed']} papers could not be read. See why with: ragqa papers --state failed")
            if any(paper.reason_code == NoTextLayer.code for paper in self._catalogue.papers(PaperState.FAILED)):
                problems.extend(filter(None, self._recognition()[1:]))
        if problem := self._models.problem():
            problems.append(problem)
        if problem := self._support.problem():
            problems.append(f"What a language model writes is checked by its words alone (RAGQA_SUPPORT): {problem}")
        return problems

    def _change(self, reads_by_itself: bool) -> str:
        left = len(self._generations.not_made())
        said = f"The settings have changed: {left} papers are to be made anew; until then the earlier ones answer."
        return said if reads_by_itself else f"{said} Start ragqa serve or run ragqa ingest."
