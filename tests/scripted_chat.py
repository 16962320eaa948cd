"""A language model that says what a test tells it to."""

from collections.abc import Iterator, Sequence

from ragqa.protocols import ChatMessage


class ScriptedChat:
    """A ChatModel that counts words as tokens, says what it was given to say, and keeps what it was told."""

    name = "test:scripted"

    def __init__(self, said: str, context_window: int = 4096) -> None:
        self._said = said
        self.context_window = context_window
        self.told: list[ChatMessage] = []

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def stream(self, messages: Sequence[ChatMessage], max_tokens: int) -> Iterator[str]:
        self.told = list(messages)
        yield from self._said.partition(" ")

    def close(self) -> None:
        pass
