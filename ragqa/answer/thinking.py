"""Thinking that stands in a written text because its beginning was never sent. Pure but for the model.

Where the template of a server opens the thinking, only its end reaches us: when the first words come, nothing tells
them from an answer, so they can be left out of the checked text alone.
"""

import re
from collections.abc import Sequence

from ragqa.protocols import ChatMessage, ChatModel

# As the model writes them, or as ``harmless`` leaves them.
_BEGINS = re.compile(r"< ?think>")
_ENDS = re.compile(r"< ?/think>")


def without_unopened_thinking(text: str) -> str:
    """What follows the first ``</think>`` if no ``<think>`` stands before it."""
    end = _ENDS.search(text)
    if end is None or _BEGINS.search(text, 0, end.start()):
        return text
    return text[end.end() :].lstrip()


def reply(messages: Sequence[ChatMessage], model: ChatModel, max_tokens: int) -> str:
    """All that the model writes, thinking left out: for what is not shown as it comes."""
    return without_unopened_thinking("".join(model.stream(messages, max_tokens))).strip()
