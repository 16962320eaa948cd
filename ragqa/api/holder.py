"""Holds the engine while it opens in the background, so that the server answers from its first second."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Annotated

from fastapi import Depends, Request

from ragqa.engine import Engine
from ragqa.errors import LibraryError, RagqaError, ServerNotReady
from ragqa.search.filling import Progress

log = logging.getLogger(__name__)

OpenEngine = Callable[[], Engine]


class EngineHolder:
    """Opens the engine in a thread; ``on_failure`` is called if that fails."""

    def __init__(
        self, open_engine: OpenEngine, on_failure: Callable[[RagqaError], None], filling: Progress | None = None
    ) -> None:
        self._open_engine = open_engine
        self._on_failure = on_failure
        self._filling = filling or Progress()
        self._engine: Engine | None = None
        self._ready = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="open")

    def start(self) -> None:
        """Begin to open; returns at once."""
        self._thread.submit(self._open).add_done_callback(self._report)

    def get(self) -> Engine:
        """Raise ServerNotReady until the engine is open and warm."""
        if self._engine is None and self._filling.said:
            raise ServerNotReady(
                f"The indexes are being filled: {self._filling.said}.", hint="Try again when they are full."
            )
        if self._engine is None or not self._ready:
            raise ServerNotReady("The server is starting.", hint="Try again in a few seconds.")
        return self._engine

    def close(self) -> None:
        """Wait for the opening to end, then close the engine."""
        self._thread.shutdown()
        if self._engine is not None:
            self._engine.close()

    def _open(self) -> None:
        self._engine = self._open_engine()
        # First, as what is queued to be read would take the processor.
        self._engine.warm_up()
        self._engine.start_reading()
        self._ready = True
        log.info("Ready.")

    def _report(self, opening: "Future[None]") -> None:
        """Whatever went wrong: a server that says "starting" for ever helps nobody."""
        problem = opening.exception()
        if problem is None:
            return
        if not isinstance(problem, RagqaError):
            log.error("The library cannot be opened", exc_info=problem)
            problem = LibraryError(f"The library cannot be opened: {problem}.", hint="The log has the details.")
        self._on_failure(problem)


def engine_of(request: Request) -> Engine:
    """The engine of the app that got the request."""
    holder: EngineHolder = request.app.state.holder
    return holder.get()


EngineDep = Annotated[Engine, Depends(engine_of)]
