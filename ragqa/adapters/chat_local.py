"""A LangChain chat model around an engine that runs in this process: one answer at a time, others wait.

Knows turns and LangChain's interface; the engine knows the model.
"""

import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from ragqa.adapters.chat_langchain import running_request, stream_cut
from ragqa.cancelling import Cancellation
from ragqa.errors import ModelBusy, PromptTooLong

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage

Turns = list[dict[str, str]]
"""``[{"role": "user", "content": "…"}]``, as chat templates want them."""

_ROLES = {"system": "system", "human": "user", "ai": "assistant"}


class Engine(Protocol):
    """Writes an answer, piece by piece; closing the generator stops the writing and waits until it has."""

    def write(self, turns: Turns, max_tokens: int) -> Generator[str]:
        """Raise a ModelError that names the cause."""
        ...


class Turnstile:
    """Lets one request at a time through to a model that cannot do two."""

    def __init__(self, name: str, places: int) -> None:
        self._name = name
        self._free = threading.Lock()
        self._places = threading.BoundedSemaphore(places + 1)

    @contextmanager
    def turn(self, request: Cancellation) -> Iterator[None]:
        """Wait in line for the model. Raise ModelBusy if the line is full."""
        if not self._places.acquire(blocking=False):
            raise ModelBusy(
                f"{self._name} is busy and its queue is full.",
                hint="Ask again in a moment; RAGQA_QUEUE is how many may wait.",
            )
        try:
            while not self._free.acquire(timeout=0.1):
                if request.cancelled:
                    raise stream_cut(self._name)
            try:
                yield
            finally:
                self._free.release()
        finally:
            self._places.release()


def local_chat_model(engine: Engine, name: str, turnstile: Turnstile) -> "BaseChatModel":
    """``engine`` as a LangChain chat model; stream it with ``max_tokens=``."""
    from langchain_core.language_models import BaseChatModel
    from langchain_core.language_models.chat_models import generate_from_stream
    from langchain_core.messages import AIMessageChunk
    from langchain_core.outputs import ChatGenerationChunk, ChatResult

    # Defined here, because a class statement at module level would import LangChain with ragqa.
    class LocalChatModel(BaseChatModel):
        """LangChain's face of an in-process engine."""

        @property
        def _llm_type(self) -> str:
            return name

        def _generate(
            self,
            messages: list["BaseMessage"],
            stop: list[str] | None = None,
            run_manager: Any = None,
            **kwargs: Any,
        ) -> ChatResult:
            return generate_from_stream(self._stream(messages, **kwargs))

        def _stream(
            self,
            messages: list["BaseMessage"],
            stop: list[str] | None = None,
            run_manager: Any = None,
            *,
            max_tokens: int = 512,
            **kwargs: Any,
        ) -> Iterator[ChatGenerationChunk]:
            writing = closing(engine.write(_turns(messages), max_tokens))
            with turnstile.turn(running_request()), writing as texts:
                for text in texts:
                    yield ChatGenerationChunk(message=AIMessageChunk(content=text))
            ended = {"finish_reason": "stop"}
            yield ChatGenerationChunk(message=AIMessageChunk(content=""), generation_info=ended)

    return LocalChatModel()


def _turns(messages: Sequence["BaseMessage"]) -> Turns:
    return [{"role": _ROLES[message.type], "content": message.text} for message in messages]


def plain_prompt(turns: Turns) -> str:
    """The conversation as plain text, for models without a chat template."""
    lines = [
        turn["content"] if turn["role"] == "system" else f"{turn['role'].capitalize()}: {turn['content']}"
        for turn in turns
    ]
    return "\n\n".join([*lines, "Assistant:"])


def folded(turns: Turns) -> Turns:
    """The same conversation for templates that know users and assistants in turns only, as Gemma's do.

    The system turn is written at the head of the first user turn, and neighbours of one role become one turn.
    """
    joined: Turns = []
    for turn in turns:
        role = "user" if turn["role"] == "system" else turn["role"]
        if joined and joined[-1]["role"] == role:
            joined[-1] = {"role": role, "content": f"{joined[-1]['content']}\n\n{turn['content']}"}
        else:
            joined.append({"role": role, "content": turn["content"]})
    return joined


def overlong_prompt(name: str, tokens: int, window: int) -> PromptTooLong:
    """The error of a prompt that leaves no room for an answer."""
    return PromptTooLong(
        f"The prompt has {tokens} tokens; {name} has a window of {window}.",
        hint="Raise RAGQA_CONTEXT_WINDOW if the model allows it, or ask a shorter question.",
    )
