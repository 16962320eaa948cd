"""Computes the events of an answer in threads, for a client that may hang up at any moment.

Knows nothing of what is asked. Whoever listens to the connection cancels the question, which ends the model's request
upstream even while a thread waits for its first token.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import asynccontextmanager, suppress

import anyio
from anyio import to_thread
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from ragqa.cancelling import Cancellation, cancelled_by
from ragqa.errors import ClientGone
from ragqa.types import Answer, AnswerDone, AnswerEvent

STREAM_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


class Events:
    """The events of one answer, in order."""

    def __init__(self, events: Generator[AnswerEvent]) -> None:
        self._events = events
        self._ready: deque[AnswerEvent] = deque()
        self._cancellation = Cancellation()

    async def begin(self, written: bool) -> bool:
        """Wait for the first event, ``written`` for the first words too; False if the client has gone.

        Raise what keeps them from coming: before anything is sent it can be a status, later only a broken stream.
        """
        for _ in range(2 if written else 1):
            event = await self._computed()
            if event is None:
                return False
            self._ready.append(event)
        return True

    async def next(self) -> AnswerEvent | None:
        """The next event; None at the end, and when the client has gone. Raise what the question raises."""
        return self._ready.popleft() if self._ready else await self._computed()

    async def _computed(self) -> AnswerEvent | None:
        try:
            return await to_thread.run_sync(self._step)
        except ClientGone:
            return None

    def _step(self) -> AnswerEvent | None:
        with cancelled_by(self._cancellation):
            return next(self._events, None)

    async def answer(self) -> Answer | None:
        """The answer at the end of all events; None, and nothing more is computed, if the client has gone."""
        while not self._cancellation.cancelled:
            event = await self.next()
            if isinstance(event, AnswerDone):
                return event.answer
        await self.close()
        return None

    async def close(self) -> None:
        """End whatever is under way; no event must be waited for at this moment."""
        with anyio.CancelScope(shield=True):
            await to_thread.run_sync(self._events.close)

    @asynccontextmanager
    async def listening(self, receive: Receive) -> AsyncIterator[None]:
        """Inside of this, the client's hanging up cancels the question."""
        listening = asyncio.create_task(self._cancel_on_disconnect(receive))
        try:
            yield
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening

    async def _cancel_on_disconnect(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._cancellation.cancel()


class EventStream(StreamingResponse):
    """``events`` as server-sent events of some ``shape``; closed when the client goes, not by the garbage collector."""

    def __init__(self, events: Events, shape: AsyncGenerator[str | bytes]) -> None:
        super().__init__(shape, media_type="text/event-stream", headers=STREAM_HEADERS)
        self._events = events
        self._shape = shape

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As any response, then close the source."""
        try:
            async with self._events.listening(receive):
                await super().__call__(scope, receive, send)
        finally:
            with anyio.CancelScope(shield=True):
                await self._shape.aclose()
            await self._events.close()
