"""Questions over HTTP: search and ask, the latter also as server-sent events."""

import logging
from collections.abc import AsyncGenerator, Generator

import anyio
from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from fastapi.sse import format_sse_event
from starlette.types import Receive, Scope, Send

from ragqa.api.holder import EngineDep
from ragqa.api.problems import problem_of
from ragqa.errors import RagqaError
from ragqa.types import Answer, AnswerDone, AnswerEvent, AskRequest, SearchRequest, SearchResult

log = logging.getLogger(__name__)

router = APIRouter(prefix="/api/v1", tags=["questions"])

CLIENT_CLOSED = 499
STREAM_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


class EventStream(StreamingResponse):
    """Server-sent events whose source is closed when the client goes, not when the garbage is collected."""

    def __init__(self, events: AsyncGenerator[str | bytes]) -> None:
        super().__init__(events, media_type="text/event-stream", headers=STREAM_HEADERS)
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As any response, then close the source."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            with anyio.CancelScope(shield=True):
                await self._events.aclose()


@router.post("/search")
def search(engine: EngineDep, request: SearchRequest) -> SearchResult:
    """Find the chunks that fit a question best."""
    return engine.search(request)


@router.post("/ask", response_model=Answer, responses={200: {"content": {"text/event-stream": {}}}})
async def ask(engine: EngineDep, request: AskRequest, http: Request) -> Answer | Response:
    """Answer a question. With ``stream``: events ``started``, ``piece``…, ``done`` (or ``error``)."""
    events = engine.ask(request)
    # The first event comes after all checks of the input: bad input gets its status, not a broken stream.
    first = await to_thread.run_sync(next, events)
    if request.stream:
        return EventStream(_stream(first, events))
    return await _whole(events, http)


async def _whole(events: Generator[AnswerEvent], http: Request) -> Answer | Response:
    """The answer; nothing more is written for a client that has gone."""
    while not await http.is_disconnected():
        event = await to_thread.run_sync(next, events)
        if isinstance(event, AnswerDone):
            return event.answer
    await to_thread.run_sync(events.close)
    return Response(status_code=CLIENT_CLOSED)


async def _stream(first: AnswerEvent, events: Generator[AnswerEvent]) -> AsyncGenerator[str | bytes]:
    """The events as they come; when the client goes, the generator is closed, and with it the model's request."""
    try:
        event: AnswerEvent | None = first
        while event is not None:
            yield format_sse_event(data_str=event.model_dump_json(), event=event.event)
            event = await to_thread.run_sync(next, events, None)
    except RagqaError as exc:
        yield format_sse_event(data_str=problem_of(exc).model_dump_json(), event="error")
    except Exception as exc:  # the status is sent already: without a last event the client could not tell
        log.exception("Unexpected error in a stream", exc_info=exc)
        broken = RagqaError("Something went wrong inside.", hint="The server's log has the details.")
        yield format_sse_event(data_str=problem_of(broken).model_dump_json(), event="error")
    finally:
        with anyio.CancelScope(shield=True):
            await to_thread.run_sync(events.close)
