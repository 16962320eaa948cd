"""Streams any LangChain chat model the way ragqa.protocols.ChatModel asks.

A worker thread reads the model; the caller waits for it with a limit per token and may close at any moment,
from any thread. Knows nothing of a provider but the function that translates its errors.
"""

import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn

from ragqa.adapters.chat_text import until_stop, without_thinking
from ragqa.cancelling import Cancellation, question_under_way
from ragqa.errors import ClientGone, ModelError, ModelStreamCut, ModelTimeout
from ragqa.protocols import ChatMessage

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage


@dataclass(frozen=True, slots=True)
class ChatOptions:
    """What every provider is told. Tokens and seconds; ``queue`` is how many may wait for a model of this process."""

    context_window: int = 8192
    temperature: float = 0.0
    seed: int = 0
    stop: tuple[str, ...] = ()
    first_token_timeout: float = 300.0
    token_timeout: float = 30.0
    queue: int = 8


_RUNNING: ContextVar[Cancellation | None] = ContextVar("running_request", default=None)


def running_request() -> Cancellation:
    """What the request that this worker thread serves is cancelled by; a fresh one outside a worker."""
    return _RUNNING.get() or Cancellation()


@dataclass(frozen=True, slots=True)
class Provider:
    """A model as the stream needs it: its name, its LangChain ``stream``, and its error table.

    ``translate`` gets the error and whether text had come; None means that the error is a defect of ours.
    ``judge`` gets what the provider said of an answer that ended, and raises a ModelError if it is worth nothing.
    """

    name: str
    stream: Callable[..., Iterator["BaseMessage"]]
    translate: Callable[[Exception, bool], ModelError | None]
    options: ChatOptions
    judge: Callable[[Sequence[ChatMessage], Mapping[str, Any]], None] | None = None


class Pieces(Generator[str, None, None]):
    """The pieces of one answer. ``close`` may be called from any thread and returns at once.

    So does cancelling the question that this thread works on, which makes the reading raise ClientGone.
    """

    def __init__(
        self, provider: Provider, messages: Sequence[ChatMessage], max_tokens: int, arguments: dict[str, Any]
    ) -> None:
        self._provider = provider
        self._left = max_tokens
        self._request = Cancellation()
        self._cancellation = question_under_way()
        self._items: SimpleQueue[str | Exception | None] = SimpleQueue()
        self._started = False
        self._over = False
        # Neither worker nor question holds a reference to this object: dropping the last one closes the stream.
        self._cancellation.on_cancel(partial(_end, self._request, self._items))
        if self._request.cancelled:
            return
        work = (provider, list(messages), arguments, self._request, self._items)
        threading.Thread(target=_read_model, args=work, name=provider.name, daemon=True).start()

    def send(self, value: None = None, /) -> str:
        """The next piece, never empty. Raise a ModelError that names the cause, or ClientGone."""
        while not self._over:
            item = self._next_item()
            # Closing breaks the worker's connection; the error of that is nobody's news.
            if item is None or self._request.cancelled:
                break
            if isinstance(item, Exception):
                self._fail(item)
            if item:
                return self._counted(item)
        self.close()
        if self._cancellation.cancelled:
            raise ClientGone("Who asked has gone; the model was stopped.")
        raise StopIteration

    def throw(
        self,
        typ: type[BaseException] | BaseException,
        val: BaseException | object = None,
        tb: TracebackType | None = None,
        /,
    ) -> str:
        """Close the stream and raise, as a generator does."""
        self.close()
        return super().throw(typ, val, tb)  # type: ignore[arg-type]

    def close(self) -> None:
        """End the request upstream and wake whoever waits for a piece."""
        self._over = True
        _end(self._request, self._items)

    def __del__(self) -> None:
        self._request.cancel()

    def _next_item(self) -> str | Exception | None:
        options = self._provider.options
        limit = options.token_timeout if self._started else options.first_token_timeout
        try:
            return self._items.get(timeout=limit)
        except Empty:
            self.close()
            raise self._timeout(limit) from None

    def _timeout(self, limit: float) -> ModelTimeout:
        setting = "RAGQA_TOKEN_TIMEOUT" if self._started else "RAGQA_FIRST_TOKEN_TIMEOUT"
        what = "next" if self._started else "first"
        return ModelTimeout(
            f"{self._provider.name}: the {what} token did not come within {limit:g} s.",
            hint=f"Use a smaller model, or raise {setting}.",
        )

    def _fail(self, error: Exception) -> NoReturn:
        self.close()
        known = None if isinstance(error, ModelError) else self._provider.translate(error, self._started)
        if known is None:
            raise error
        raise known from error

    def _counted(self, text: str) -> str:
        # A server that ignores the limit it was given is cut off here: a piece is at least one token.
        self._started = True
        self._left -= 1
        if self._left < 0:
            self.close()
            raise StopIteration
        return text


def _end(request: Cancellation, items: "SimpleQueue[str | Exception | None]") -> None:
    """End the request upstream and wake whoever waits for a piece."""
    request.cancel()
    items.put(None)


def _read_model(
    provider: Provider,
    messages: Sequence[ChatMessage],
    arguments: dict[str, Any],
    request: Cancellation,
    items: "SimpleQueue[str | Exception | None]",
) -> None:
    """The worker: put each text, then None; an error in its place."""
    _RUNNING.set(request)
    answered = False
    try:
        written = without_thinking(_texts(provider, messages, arguments))
        with closing(until_stop(written, provider.options.stop)) as texts:
            for text in texts:
                if request.cancelled:
                    break
                answered = answered or bool(text)
                items.put(text)
        items.put(None if answered else _no_answer(provider.name))
    except Exception as exc:  # carried to the caller's thread, where Pieces translates and raises it
        items.put(exc)


def _texts(provider: Provider, messages: Sequence[ChatMessage], arguments: dict[str, Any]) -> Generator[str]:
    """The texts of a LangChain stream, empty ones too. Raise ModelStreamCut if the last chunk is missing."""
    from langsmith import tracing_context

    ended = False
    # LANGSMITH_* variables of the user's other projects must not send papers to a tracing service.
    with tracing_context(enabled=False):
        for chunk in provider.stream(langchain_messages(messages), **arguments):
            yield chunk.text
            facts = chunk.response_metadata
            if facts.get("done") or facts.get("finish_reason"):
                ended = True
                if provider.judge is not None:
                    provider.judge(messages, facts)
    if not ended:
        raise stream_cut(provider.name)


def langchain_messages(messages: Sequence[ChatMessage]) -> list["BaseMessage"]:
    """The same turns as LangChain writes them."""
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

    classes = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}
    return [classes[message.role](message.content) for message in messages]


def stream_cut(name: str) -> ModelStreamCut:
    """The error of an answer that broke off."""
    return ModelStreamCut(
        f"{name}: the answer broke off before its end.",
        hint="Ask again; if it happens each time, look at the model server's log: it may be out of memory.",
    )


def _no_answer(name: str) -> ModelError:
    return ModelError(
        f"{name} ended without a word of answer.",
        hint="If it thinks first, raise RAGQA_MAX_ANSWER_TOKENS, or use a model that does not think.",
    )


def causes(error: BaseException | None) -> list[BaseException]:
    """The error and all that led to it, latest first."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found
