"""Says what works, what is missing, and what to do about it."""

from ragqa import __version__
from ragqa.catalogue import Catalogue
from ragqa.chat import ChatModelSource
from ragqa.generations import Generations
from ragqa.types import Health


class Checkup:
    """Looks at the parts; costs a few queries and at most one look for a language model."""

    def __init__(
        self, catalogue: Catalogue, generations: Generations, embedder_name: str, models: ChatModelSource
    ) -> None:
        self._catalogue = catalogue
        self._generations = generations
        self._embedder_name = embedder_name
        self._models = models

    def health(self, *, reads_by_itself: bool) -> Health:
        """Ready as soon as it can be asked; ``reads_by_itself`` if queued papers need nobody's help."""
        counts = self._catalogue.counts()
        model = self._models.current()
        return Health(
            ready=True,
            version=__version__,
            papers=counts,
            chunks=self._catalogue.chunk_count(),
            embedder=self._embedder_name,
            llm=model.name if model else "",
            problems=tuple(self._problems(counts, reads_by_itself)),
        )

    def _problems(self, counts: dict[str, int], reads_by_itself: bool) -> list[str]:
        problems = []
        if not any(counts.values()):
            problems.append("The library is empty. Add papers with: ragqa ingest FOLDER")
        if mismatch := self._generations.mismatch():
            problems.append(str(mismatch))
        if counts["queued"] and not reads_by_itself:
            problems.append(f"{counts['queued']} papers wait to be read. Start ragqa serve or run ragqa ingest.")
        if counts["failed"]:
            problems.append(f"{counts['failed']} papers could not be read. See why with: ragqa papers --state failed")
        if problem := self._models.problem():
            problems.append(problem)
        return problems
