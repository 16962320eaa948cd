"""Which generation of the library answers, and which the settings ask for; the change from one to the other.

A generation is all chunks and vectors of one embedder and one chunk size. Knows the ledger and where the indexes
lie; knows no model.
"""

import hashlib
import logging
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ragqa.protocols import Embedder
from ragqa.search.filling import Progress
from ragqa.search.index import HybridIndex
from ragqa.search.retrieve import Searcher
from ragqa.store.ledger import Ledger, Recipe
from ragqa.types import SearchRequest, SearchResult

log = logging.getLogger(__name__)

FOLDER_PREFIX = "index-"


@dataclass(frozen=True, slots=True)
class Generation:
    """What makes papers in one way and finds them. Without its embedder it finds by keywords and makes none."""

    recipe: Recipe
    embedder: Embedder | None
    index: HybridIndex
    searcher: Searcher


OpenGeneration = Callable[[Recipe, Path], Generation]


class Generations:
    """While the generation ``wanted`` is made, another one may answer; when it is complete they change at once.

    All that must outlast the process is in the ledger: killed at any moment, the next start goes on from there.
    """

    def __init__(
        self,
        ledger: Ledger,
        index_folder: Path,
        wanted: Recipe,
        open_generation: OpenGeneration,
        filling: Progress | None = None,
    ) -> None:
        self._ledger = ledger
        self._index_folder = index_folder
        self._filling = filling or Progress()
        self._changing = threading.Condition()
        self._users = Counter[str]()
        self._updating = threading.Lock()
        answering = _that_answers(ledger, wanted)
        self._drop_all_but({wanted.name, answering.name})
        self.wanted = open_generation(wanted, self._folder_of(wanted.name))
        self._answering = self.wanted
        if answering.name != wanted.name:
            self._answering = open_generation(answering, self._folder_of(answering.name))

    def search(self, request: SearchRequest) -> SearchResult:
        """All of it from the one generation that answers."""
        with self._lent() as generation:
            return generation.searcher.search(request)

    def making(self) -> list[Generation]:
        """Those that a new paper is made for; first the one that answers, so that it is found at once."""
        with self._changing:
            both = [self._answering, self.wanted]
        return [one for n, one in enumerate(both) if one.embedder is not None and one not in both[:n]]

    def not_made(self) -> list[str]:
        """Ready papers that the wanted generation lacks."""
        return self._ledger.not_made(self.wanted.recipe.name)

    def is_changing(self) -> bool:
        """Whether another generation than the wanted one answers."""
        return self._answering is not self.wanted

    def chunk_count(self) -> int:
        """Chunks that can be found by their meaning."""
        return self._ledger.chunk_count(self._answering.recipe.name)

    def progress(self) -> str:
        """How far indexes are being filled; empty if none are."""
        return self._filling.said

    def update(self) -> None:
        """Let all indexes forget what the catalogue has forgotten."""
        with self._updating:
            self.wanted.index.update()
            if self.is_changing():
                self._answering.index.update()

    def change_if_complete(self) -> None:
        """Let the wanted generation answer once it has every ready paper; then the earlier one is dropped."""
        if not self.is_changing() or self.not_made():
            return
        self.wanted.index.update()
        self._ledger.let_answer(self.wanted.recipe)
        with self._changing:
            earlier, self._answering = self._answering, self.wanted
            self._changing.wait_for(lambda: self._users[earlier.recipe.name] == 0)
        log.info("The library answers from %s now.", self.wanted.recipe.name)
        with self._updating:
            earlier.index.close()
            self._drop_all_but({self.wanted.recipe.name})

    @contextmanager
    def _lent(self) -> Iterator[Generation]:
        """The generation that answers; it is not dropped meanwhile."""
        with self._changing:
            generation = self._answering
            self._users[generation.recipe.name] += 1
        try:
            yield generation
        finally:
            with self._changing:
                self._users[generation.recipe.name] -= 1
                self._changing.notify_all()

    def _drop_all_but(self, kept: set[str]) -> None:
        for name in self._ledger.made() - kept:
            self._ledger.drop(name)
        for folder in set(self._index_folder.glob(f"{FOLDER_PREFIX}*")) - {self._folder_of(name) for name in kept}:
            shutil.rmtree(folder, ignore_errors=True)

    def _folder_of(self, name: str) -> Path:
        return self._index_folder / f"{FOLDER_PREFIX}{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def _that_answers(ledger: Ledger, wanted: Recipe) -> Recipe:
    """What the ledger says, as long as papers are made of it; else what is wanted."""
    made = ledger.made()
    recorded = ledger.answering()
    if recorded is None and wanted.name not in made and made:
        # Made before recipes were kept: whose model it was is not known, but its words can be searched.
        recorded = Recipe(max(made), "", 0)
    if recorded is None or recorded.name == wanted.name or recorded.name not in made:
        recorded = wanted
    ledger.let_answer(recorded)
    return recorded
