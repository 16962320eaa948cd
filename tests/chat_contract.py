"""What every ChatModel must do, whatever is behind it. Subclass it and give the fixture ``chat``."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from ragqa.errors import ModelError
from ragqa.protocols import ChatMessage, ChatModel
from tests.tiny_models import SENTENCES

QUESTION = [
    ChatMessage("system", "Answer from the passage only."),
    ChatMessage("user", "What does the encoder do?"),
    ChatMessage("assistant", "It maps symbols."),
    ChatMessage("user", "To what?"),
]

LONG_ANSWER = " ".join(SENTENCES * 10)


def read(chat: ChatModel) -> tuple[str, Exception | None, float]:
    """What came, the error that ended it, and the seconds it took."""
    started = time.monotonic()
    pieces = []
    try:
        for piece in chat.stream(QUESTION, 50):
            pieces.append(piece)
    except ModelError as error:
        return "".join(pieces), error, time.monotonic() - started
    return "".join(pieces), None, time.monotonic() - started


class ChatModelContract:
    """``provider`` is what the name starts with, ``asked_window`` the context window the fixture asks for."""

    provider: str
    asked_window = 8192

    @pytest.fixture
    def chat(self) -> Iterator[ChatModel]:
        raise NotImplementedError

    def upstream_ended(self, chat: ChatModel) -> bool:
        """True once nothing is computed for the closed stream any more; waits a little."""
        raise NotImplementedError

    def test_the_name_says_provider_and_model(self, chat: ChatModel) -> None:
        provider, _, model = chat.name.partition(":")
        assert provider == self.provider
        assert model

    def test_the_window_is_never_more_than_was_asked_for(self, chat: ChatModel) -> None:
        assert 0 < chat.context_window <= self.asked_window

    def test_longer_text_has_more_tokens(self, chat: ChatModel) -> None:
        assert chat.count_tokens("") == 0
        assert 0 < chat.count_tokens("the encoder") < chat.count_tokens("the encoder maps an input sequence")

    def test_the_answer_comes_in_pieces_none_of_them_empty(self, chat: ChatModel) -> None:
        pieces = list(chat.stream(QUESTION, 6))
        assert len(pieces) > 1
        assert all(pieces)

    def test_the_answer_is_no_longer_than_allowed(self, chat: ChatModel) -> None:
        assert len(list(chat.stream(QUESTION, 3))) <= 3

    def test_closing_the_stream_ends_the_work_upstream(self, chat: ChatModel) -> None:
        stream = chat.stream(QUESTION, 200)
        next(stream)
        stream.close()  # type: ignore[attr-defined]
        assert list(stream) == []
        assert self.upstream_ended(chat)

    def test_dropping_the_stream_ends_the_work_upstream(self, chat: ChatModel) -> None:
        stream = chat.stream(QUESTION, 200)
        next(stream)
        del stream
        assert self.upstream_ended(chat)

    def test_another_thread_can_close_the_stream(self, chat: ChatModel) -> None:
        stream = chat.stream(QUESTION, 200)
        next(stream)
        reader = threading.Thread(target=lambda: list(stream))
        reader.start()
        stream.close()  # type: ignore[attr-defined]
        reader.join(5)
        assert not reader.is_alive()
        assert self.upstream_ended(chat)

    def test_two_questions_at_once_are_both_answered(self, chat: ChatModel) -> None:
        streams = [chat.stream(QUESTION, 4) for _ in range(2)]
        assert [bool(list(stream)) for stream in streams] == [True, True]


def wait_until(condition: object, seconds: float = 5.0) -> bool:
    """True as soon as ``condition()`` is."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.01)
    return False


def answers_promptly(chat: ChatModel) -> bool:
    """True if a model that can do one thing at a time is free for the next question."""
    started = time.monotonic()
    with suppress(StopIteration):
        next(chat.stream(QUESTION, 1))
    return time.monotonic() - started < 2
