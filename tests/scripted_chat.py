"""A language model that says what a test tells it to."""

from collections.abc import Iterator, Sequence

from ragqa.protocols import ChatMessage


class ScriptedChat:
    """A ChatModel that counts words as tokens, says in turn what it was given to say (the last again and again), and
    keeps what it was told."""

    name = "test:scripted"

    def __init__(self, *said: str, context_window: int = 4096) -> None:
        self._said = list(said)
        self.context_window = context_window
        self.told: list[ChatMessage] = []

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def stream(self, messages: Sequence[ChatMessage], max_tokens: int) -> Iterator[str]:
        self.told = list(messages)
        said = self._said.pop(0) if len(self._said) > 1 else self._said[0]
        yield from said.partition(" ")

    def close(self) -> None:
        pass
