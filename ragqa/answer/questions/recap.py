"""Keeps a long conversation short: a recap of its older turns, by a language model or as a list of what they named."""

from collections.abc import Sequence

from ragqa.answer.prompts import prompt_tokens, recap_messages
from ragqa.answer.questions.topics import names_in, topic
from ragqa.answer.thinking import reply
from ragqa.conversation import Recap, Turn
from ragqa.protocols import ChatModel

TURNS_SHOWN = 4
"""The last turns, which a model always sees as they were."""

RECAP_EVERY = 4
"""Turns that are gathered before the model is asked for a new recap: one more call every so many questions."""

RECAP_TOKENS = 160
LONGEST_RECAP = 1200  # characters
MOST_NAMES = 12


def extended(known: Recap, turns: Sequence[Turn], model: ChatModel) -> Recap:
    """The recap so that it reaches to the turns shown; the known one while it is near enough."""
    older = len(turns) - TURNS_SHOWN
    if older - known.turns < RECAP_EVERY:
        return known
    for first in range(known.turns, older):
        messages = recap_messages(known.text, turns[first:older])
        if prompt_tokens(messages, model) <= model.context_window - RECAP_TOKENS:
            said = " ".join(reply(messages, model, RECAP_TOKENS).split())
            return Recap(text=said[:LONGEST_RECAP] or named(turns[:older]), turns=older)
    return Recap(text=named(turns[:older]), turns=older)


def named(turns: Sequence[Turn]) -> str:
    """What the turns were about, the latest first, without a model: papers cited, topics, names."""
    found = [
        name
        for turn in reversed(turns)
        for name in (
            *(f"“{paper.title}”" for paper in turn.cited),
            topic(turn.standalone_question),
            *names_in(turn.answer),
        )
        if name
    ]
    return "; ".join(list(dict.fromkeys(found))[:MOST_NAMES])
