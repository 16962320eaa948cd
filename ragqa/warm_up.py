"""Has the models loaded before the first question. Knows when, not how: each model loads itself when first used."""

import logging
import threading
import time
from dataclasses import dataclass

from ragqa.chat import ChatModelSource
from ragqa.checkup import Trial
from ragqa.errors import RagqaError
from ragqa.protocols import Passage, PassageReader, Reranker
from ragqa.search.retrieve import Searcher
from ragqa.types import SearchRequest

log = logging.getLogger(__name__)

WAITED_S = 5.0  # for what the shipped models need a second; larger ones go on loading while questions may come
QUESTION, PASSAGE = "What is this about?", Passage("", "This is about nothing.")


@dataclass(frozen=True, slots=True)
class WarmUp:
    """What answers a question, to be used once before there is one."""

    models: ChatModelSource
    searcher: Searcher
    reader: PassageReader | None
    reranker: Reranker | None
    support: Trial

    def begin(self) -> None:
        """Return when search and reader are ready, or after ``WAITED_S``; nobody waits for the language model."""
        self.models.warm_up()
        reading = threading.Thread(target=self._read, name="warm-up-reader", daemon=True)
        reading.start()
        reading.join(WAITED_S)

    def _read(self) -> None:
        started = time.monotonic()
        try:
            self.searcher.search(SearchRequest(question=QUESTION, k=1))
            if self.reranker is not None:
                self.reranker.relevance(QUESTION, [PASSAGE])
            if self.reader is not None:
                self.reader.read(QUESTION, [PASSAGE])
        except RagqaError as exc:
            log.info("Search and reader were not warmed up: %s", exc)
        else:
            log.info("Search and reader are ready after %.1f s.", time.monotonic() - started)
        try:
            self.support.run()
        except RagqaError as exc:
            log.warning("What a language model writes is checked by its words alone: %s", exc)
