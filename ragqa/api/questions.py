"""Questions over HTTP: search and ask, the latter also as server-sent events."""

import logging
from collections.abc import AsyncGenerator

from fastapi import APIRouter, Request
from fastapi.responses import Response
from fastapi.sse import format_sse_event

from ragqa.api.answering import Events, EventStream
from ragqa.api.holder import EngineDep
from ragqa.api.problems import CLIENT_CLOSED, problem_of
from ragqa.errors import RagqaError
from ragqa.types import Answer, AskRequest, SearchRequest, SearchResult

log = logging.getLogger(__name__)

router = APIRouter(prefix="/api/v1", tags=["questions"])


@router.post("/search")
def search(engine: EngineDep, request: SearchRequest) -> SearchResult:
    """Find the chunks that fit a question best."""
    return engine.search(request)


@router.post("/ask", response_model=Answer, responses={200: {"content": {"text/event-stream": {}}}})
async def ask(engine: EngineDep, request: AskRequest, http: Request) -> Answer | Response:
    """Answer a question. With ``stream``: events ``started``, ``piece``…, ``done`` (or ``error``).

    In mode ``generative`` a stream begins with the model's first words: a model that is busy or away gets its status.
    """
    events = Events(engine.ask(request))
    async with events.listening(http.receive):
        # The first event comes after all checks of the input; a model that cannot be used is an error in one mode only.
        begun = await events.begin(written=request.mode == "generative")
        answer = None if request.stream else await events.answer()
    if begun and request.stream:
        return EventStream(events, _stream(events))
    return answer or Response(status_code=CLIENT_CLOSED)


async def _stream(events: Events) -> AsyncGenerator[str | bytes]:
    """The events as they come."""
    try:
        while (event := await events.next()) is not None:
            yield format_sse_event(data_str=event.model_dump_json(), event=event.event)
    except RagqaError as exc:
        yield format_sse_event(data_str=problem_of(exc).model_dump_json(), event="error")
    except Exception as exc:  # the status is sent already: without a last event the client could not tell
        log.exception("Unexpected error in a stream", exc_info=exc)
        broken = RagqaError("Something went wrong inside.", hint="The server's log has the details.")
        yield format_sse_event(data_str=problem_of(broken).model_dump_json(), event="error")
