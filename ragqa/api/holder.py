"""Holds the engine while it opens in the background, so that the server answers from its first second."""

import logging
import threading
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request

from ragqa.engine import Engine
from ragqa.errors import RagqaError, ServerNotReady

log = logging.getLogger(__name__)

OpenEngine = Callable[[], Engine]


class EngineHolder:
    """Opens the engine in a thread; ``on_failure`` is called if that fails."""

    def __init__(self, open_engine: OpenEngine, on_failure: Callable[[RagqaError], None]) -> None:
        self._open_engine = open_engine
        self._on_failure = on_failure
        self._engine: Engine | None = None
        self._thread = threading.Thread(target=self._open, name="open", daemon=True)

    def start(self) -> None:
        """Begin to open; returns at once."""
        self._thread.start()

    def get(self) -> Engine:
        """Raise ServerNotReady until the engine is open."""
        if self._engine is None:
            raise ServerNotReady("The server is starting.", hint="Try again in a few seconds.")
        return self._engine

    def close(self) -> None:
        """Wait for the opening to end, then close the engine."""
        self._thread.join()
        if self._engine is not None:
            self._engine.close()

    def _open(self) -> None:
        try:
            engine = self._open_engine()
        except RagqaError as exc:
            self._on_failure(exc)
            return
        engine.intake.start()
        self._engine = engine
        log.info("Ready.")


def engine_of(request: Request) -> Engine:
    """The engine of the app that got the request."""
    holder: EngineHolder = request.app.state.holder
    return holder.get()


EngineDep = Annotated[Engine, Depends(engine_of)]
