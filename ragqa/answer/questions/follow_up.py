"""Rewrites a follow-up to a question that stands alone, with a language model or by rules. Knows no store."""

import re
from collections.abc import Sequence

from ragqa.answer.prompts import prompt_tokens, rewrite_messages
from ragqa.answer.questions.cited import point_at_cited
from ragqa.answer.questions.courtesies import is_courtesy, without_courtesies
from ragqa.answer.questions.recap import TURNS_SHOWN, named
from ragqa.answer.questions.rewriting import IMPERATIVE, QUESTION_WORD, begins_anew, rewrite_by_rules
from ragqa.answer.questions.topics import names_in
from ragqa.answer.thinking import reply
from ragqa.conversation import Recap, Turn
from ragqa.protocols import ChatMessage, ChatModel

REWRITE_TOKENS = 96
LONGEST_ADDITION = 300  # characters that a rewriting may be longer than the question
NOTHING_BEFORE = Recap()
_LABEL = re.compile(
    r"^(?:(?:sure|certainly|of course|okay|ok)\b[^:?]{0,20}?[,.!:]\s*)?(?:(?:here(?: is|['’]s)|this is)\b[^:?]{0,60}:|"
    r"(?:the )?(?:(?:rewritten|rewrite|re-?phrased|reformulated|revised|stand-?alone|new|final|last|follow-?up)\s*)*"
    r"(?:question|query|version|rewriting)?(?: is)?\s*:)[\s*_`]*",
    re.I,
)


def standalone_question(
    question: str, turns: Sequence[Turn], model: ChatModel | None, recap: Recap = NOTHING_BEFORE
) -> str:
    """The question itself if there is no conversation or nothing to add; ``recap`` tells of the oldest turns."""
    talk = without_courtesies(turns)
    if not talk:
        return question
    by_rules = rewrite_by_rules(question, talk)
    # Which paper is "the second one" is for the list of citations to say, which no model has to read.
    if model is None or talk[-1].asked_back or is_courtesy(question):
        return by_rules
    if begins_anew(question, talk):
        return question  # a model would be tempted to tie it to what was said before
    pointed = point_at_cited(question, talk)
    messages = _fitting(pointed, turns, model, recap)
    if not messages:
        return by_rules
    return _plausible(reply(messages, model, REWRITE_TOKENS), pointed) or by_rules


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
    """What the model wrote, if it is a question or an order with the names of the question in it; else nothing.

    A small model may answer instead of rewriting, or rewrite another question.
    """
    lines = [line for line in map(_bare, written.splitlines()) if line]
    rewritten = lines[0] if lines else ""
    asks = rewritten.endswith("?") or bool(IMPERATIVE.match(rewritten))
    asks = asks or (bool(QUESTION_WORD.match(rewritten)) and rewritten[-1:].isalnum())
    plain = rewritten.casefold()
    kept = all(name.casefold().removesuffix("'s").removesuffix("’s") in plain for name in names_in(question))
    return rewritten if asks and kept and len(rewritten) <= len(question) + LONGEST_ADDITION else ""


def _bare(line: str) -> str:
    """The line without a label such as "Standalone question:", marks of emphasis and quotation marks around it."""
    line = _LABEL.sub("", line.strip(" \t*_#>`-")).strip(" \t*_`")
    is_quoted = len(line) > 1 and line[0] in "\"“'" and line[-1] in "\"”'"
    return line[1:-1].strip() if is_quoted else line
