"""Rewrites a follow-up to a question that stands alone, with a language model or by rules. Knows no store."""

from collections.abc import Sequence

from ragqa.answer.cited import point_at_cited
from ragqa.answer.prompts import prompt_tokens, rewrite_messages
from ragqa.answer.recap import TURNS_SHOWN, named
from ragqa.answer.rewriting import rewrite_by_rules
from ragqa.conversation import Recap, Turn
from ragqa.protocols import ChatMessage, ChatModel

REWRITE_TOKENS = 96
NOTHING_BEFORE = Recap()


def standalone_question(
    question: str, turns: Sequence[Turn], model: ChatModel | None, recap: Recap = NOTHING_BEFORE
) -> str:
    """The question itself if there is no conversation or nothing to add; ``recap`` tells of the oldest turns."""
    if not turns:
        return question
    if model is None:
        return rewrite_by_rules(question, turns)
    # Which paper is "the second one" is for the list of citations to say, which no model has to read.
    pointed = point_at_cited(question, turns)
    messages = _fitting(pointed, turns, model, recap)
    if not messages:
        return rewrite_by_rules(question, turns)
    return _plausible("".join(model.stream(messages, REWRITE_TOKENS)).strip(), pointed)


def _fitting(question: str, turns: Sequence[Turn], model: ChatModel, recap: Recap) -> list[ChatMessage]:
    """What is said to the model: as many of the last turns as its window has room for, first with the recap.

    [] if there is no room for even one.
    """
    if not 0 < recap.turns < len(turns):
        older = turns[:-TURNS_SHOWN]
        recap = Recap(text=named(older), turns=len(older))
    shown = turns[recap.turns :]
    attempts = [(recap.text, first) for first in range(len(shown))] + [("", len(shown) - 1)]
    for text, first in attempts:
        messages = rewrite_messages(question, shown[first:], text)
        if prompt_tokens(messages, model) <= model.context_window - REWRITE_TOKENS:
            return messages
    return []


def _plausible(written: str, question: str) -> str:
    """A small model may answer instead of rewriting; then the question stays as it was."""
    first_line = written.splitlines()[0].strip() if written else ""
    return first_line if first_line.endswith("?") and len(first_line) <= len(question) + 300 else question
