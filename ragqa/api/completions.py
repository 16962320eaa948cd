"""The OpenAI-compatible face: chat clients that speak to a language model speak to the library instead.

A thin layer over ask. An answer is sent when it has been checked, never before: this protocol cannot take words back.
"""

import json
import re
import time
import uuid
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict

from ragqa.answer.untrusted import harmless
from ragqa.api.answering import Events, EventStream
from ragqa.api.holder import EngineDep
from ragqa.api.problems import CLIENT_CLOSED, RETRY_AFTER_S, problem_of
from ragqa.errors import BadQuestion, ModelNotFound, RagqaError
from ragqa.plain_answer import beside, citations_of
from ragqa.types import Answer, AnswerDone, AnswerMode, AskRequest, Citation, Exchange, Paper

router = APIRouter(prefix="/v1", tags=["openai"])

MODELS: dict[str, AnswerMode] = {"ragqa": "auto", "ragqa-extractive": "extractive", "ragqa-generative": "generative"}
KEPT_ALIVE = ": working\n\n"
ABOUT = "About this answer:"
SOURCES = "Sources:"
BELOW = re.compile(rf"\n\n(?:{ABOUT}|{SOURCES})\n")
SOURCE = re.compile(r"^\[\d+\] (.+?), page \d+: “", re.MULTILINE)
MOST_QUOTED = 300  # characters of a quote under an answer


class Said(BaseModel):
    """One message of the client's conversation; what it is not made of is ignored."""

    model_config = ConfigDict(extra="ignore")

    role: str
    content: str | list[dict[str, Any]] | None = None

    @property
    def text(self) -> str:
        """The words, of all text parts if there are several; pictures are passed over."""
        if isinstance(self.content, list):
            return "\n".join(
                str(part["text"]) for part in self.content if part.get("type") == "text" and "text" in part
            )
        return self.content or ""


class CompletionRequest(BaseModel):
    """What clients send; sampling is the server's own, so those fields are ignored."""

    model_config = ConfigDict(extra="ignore")

    model: str = "ragqa"
    messages: list[Said]
    stream: bool = False


class ModelEntry(BaseModel):
    """One name under which the library answers."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "ragqa"


class ModelList(BaseModel):
    """All of them."""

    object: Literal["list"] = "list"
    data: list[ModelEntry]


@router.get("/models")
def models() -> ModelList:
    """The library under three names: as it is, quoting only, writing only."""
    return ModelList(data=[ModelEntry(id=name) for name in MODELS])


@router.post("/chat/completions", response_model=None)
async def complete(engine: EngineDep, request: CompletionRequest, http: Request) -> Response:
    """Answer the last user message; those before it are the conversation."""
    try:
        question = await to_thread.run_sync(asked, request, engine.papers)
        events = Events(engine.ask(question))
        async with events.listening(http.receive):
            begun = await events.begin(written=question.mode == "generative")
            answer = None if request.stream else await events.answer()
        if begun and request.stream:
            return EventStream(events, _stream(request, events))
    except RagqaError as exc:
        return _failed(exc)
    return Response(status_code=CLIENT_CLOSED) if answer is None else JSONResponse(_completion(request, answer))


def asked(request: CompletionRequest, papers: Callable[[], Sequence[Paper]]) -> AskRequest:
    """The question with what went before. Raise ModelNotFound or BadQuestion."""
    if request.model not in MODELS:
        raise ModelNotFound(f"There is no model {request.model!r}.", hint=f"Choose one of {', '.join(MODELS)}.")
    turns = [said for said in request.messages if said.role in ("user", "assistant")]
    if not turns or turns[-1].role != "user":
        raise BadQuestion("The last message is none of a user.", hint="End messages with the question.")
    earlier = _exchanges(turns[:-1], papers)
    return AskRequest(question=turns[-1].text, mode=MODELS[request.model], earlier=earlier, keep=False)


def _exchanges(turns: Sequence[Said], papers: Callable[[], Sequence[Paper]]) -> tuple[Exchange, ...]:
    """Questions with the answers that followed, in words; which papers these cited is read from the sources below."""
    pairs = [(a, b) for a, b in pairwise(turns) if (a.role, b.role) == ("user", "assistant")]
    said = [(a.text, *_parted(b.text)) for a, b in pairs]
    ids = (
        {harmless(_named(paper)): paper.id for paper in reversed(papers())} if any(below for *_, below in said) else {}
    )
    return tuple(
        Exchange(question=question, answer=answer, cited=_cited(below, ids)) for question, answer, below in said
    )


def _parted(text: str) -> tuple[str, str]:
    """The words of an answer, and what stood below them, where papers are named that nobody talked about."""
    below = BELOW.search(text)
    return (text[: below.start()], text[below.start() :]) if below else (text, "")


def _cited(sources: str, ids: Mapping[str, str]) -> tuple[str, ...]:
    """Ids of the papers that the sources name, each once, in their order; what is not in the library is left out."""
    return tuple(dict.fromkeys(ids[name] for name in SOURCE.findall(sources) if name in ids))


async def _stream(request: CompletionRequest, events: Events) -> AsyncGenerator[str | bytes]:
    """Comments while the model writes, then the checked answer line by line."""
    name = f"chatcmpl-{uuid.uuid4().hex}"
    try:
        yield _chunk(name, request, {"role": "assistant", "content": ""})
        while (event := await events.next()) is not None:
            if not isinstance(event, AnswerDone):
                yield KEPT_ALIVE
                continue
            for piece in said(event.answer).splitlines(keepends=True):
                yield _chunk(name, request, {"content": piece})
            yield _chunk(name, request, {}, "stop")
    except RagqaError as exc:
        yield f"data: {json.dumps(_error(exc))}\n\n"
    else:
        yield "data: [DONE]\n\n"


def said(answer: Answer) -> str:
    """The answer as plain text, details and sources below it; nothing in it loads or opens anything."""
    sources = [f"[{c.number}] {_named(c)}, page {c.page}: “{c.quote[:MOST_QUOTED]}”" for c in citations_of(answer)]
    about = "\n\n".join(filter(None, (*beside(answer), answer.note)))
    below = ((ABOUT, about), (SOURCES, "\n".join(sources)))
    return harmless("\n\n".join([answer.answer, *(f"{head}\n{text}" for head, text in below if text)]))


def _named(what: Citation | Paper) -> str:
    return " ".join((what.title or what.file_name).split())


def _completion(request: CompletionRequest, answer: Answer) -> dict[str, Any]:
    message = {"role": "assistant", "content": said(answer)}
    read, written = answer.usage.get("prompt_tokens", 0), answer.usage.get("answer_tokens", 0)
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": request.model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written},
    }


def _chunk(name: str, request: CompletionRequest, delta: dict[str, str], finish: str | None = None) -> str:
    event = {
        "id": name,
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": request.model,
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    return f"data: {json.dumps(event)}\n\n"


def _failed(exc: RagqaError) -> JSONResponse:
    status = 404 if isinstance(exc, ModelNotFound) else problem_of(exc).status
    headers = {"Retry-After": str(RETRY_AFTER_S)} if status == 503 else {}
    return JSONResponse(_error(exc), status, headers)


def _error(exc: RagqaError) -> dict[str, Any]:
    """An error as OpenAI's clients read it."""
    kind = "invalid_request_error" if problem_of(exc).status < 500 else "server_error"
    return {"error": {"message": str(exc), "type": kind, "param": None, "code": exc.code}}
