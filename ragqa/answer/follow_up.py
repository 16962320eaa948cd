"""Rewrites a follow-up to a question that stands alone; with a language model, or by rules without one. Pure rules.

The rules carry over the topic of the last question, in the spirit of the entity carry-over of
Elgohary et al., "Can You Unpack That? Learning to Rewrite Questions-in-Context" (EMNLP 2019).
"""

import re
from collections.abc import Sequence

from ragqa.answer.prompts import rewrite_messages
from ragqa.answer.words import STOP_WORDS
from ragqa.protocols import ChatModel
from ragqa.types import Turn

TURNS_SHOWN = 4
REWRITE_TOKENS = 96
LONGEST_ELLIPSIS = 1  # content words of a question that leaves something unsaid: "Why?", "Which dataset?"

PRONOUN = re.compile(r"\b(it|its|they|their|them|this|that|these|those|he|she|his|her|the (?:former|latter))\b", re.I)
POSSESSIVE = frozenset({"its", "their", "his", "her"})
DETERMINERS = frozenset({"this", "that", "these", "those"})
WHAT_ABOUT = re.compile(
    r"^(?:and|but|so|also)?\s*(?:what|how)\s+about\s+(.+?)\??$|^(?:and|but)\s+(?:for\s+)?(.+?)\??$", re.I
)
QUESTION_WORD = re.compile(
    r"^(?:what|which|who|whom|whose|when|where|why|how|is|are|was|were|do|does|did|can|could)\b", re.I
)
DEFINITION = re.compile(r"^(?:what|who)\s+(?:is|are|was|were)\s+\w", re.I)
TOKEN = re.compile(r"[\w@+./-]*\w")


def standalone_question(question: str, turns: Sequence[Turn], model: ChatModel | None) -> str:
    """The question itself if there is no conversation or nothing to add."""
    if not turns:
        return question
    if model is not None:
        written = "".join(model.stream(rewrite_messages(question, turns[-TURNS_SHOWN:]), REWRITE_TOKENS)).strip()
        return _plausible(written, question)
    return rewrite_by_rules(question, turns[-1])


def rewrite_by_rules(question: str, last: Turn) -> str:
    """Fill in what the question takes from the last one: "what about X", a pronoun, or an ellipsis."""
    about = WHAT_ABOUT.match(question.strip())
    if about and not QUESTION_WORD.match(subject := (about[1] or about[2])):
        return f"{last.standalone_question.rstrip(' ?')}, for {subject.strip()}?"
    if PRONOUN.search(question):
        return _replace_pronoun(question, topic(last.standalone_question))
    if _is_ellipsis(question):
        return f"{question.rstrip(' ?')} ({last.standalone_question.rstrip(' ?')})?"
    return question


def topic(question: str) -> str:
    """What a question is about: its longest run of content words, names before plain words, later before earlier."""
    runs: list[list[str]] = [[]]
    for token in TOKEN.findall(question):
        if token.lower() in STOP_WORDS:
            runs.append([])
        else:
            runs[-1].append(token)
    named = [run for run in runs if any(_is_name(token) for token in run)]
    longest_last = max(reversed(named or runs), key=lambda run: len(list(run)))
    return " ".join(longest_last)


def _is_name(token: str) -> bool:
    return any(c.isupper() or c.isdigit() for c in token)


def _replace_pronoun(question: str, topic_words: str) -> str:
    found = PRONOUN.search(question)
    if found is None or not topic_words:
        return question
    pronoun = found[0].lower()
    if pronoun in DETERMINERS and question[found.end() :].lstrip(" ?"):
        # "this model": the noun stays, the topic is added where it does no harm.
        return f"{question.rstrip(' ?')} ({topic_words})?"
    insert = f"{topic_words}'s" if pronoun in POSSESSIVE else topic_words
    return question[: found.start()] + insert + question[found.end() :]


def _is_ellipsis(question: str) -> bool:
    content = [token for token in TOKEN.findall(question) if token.lower() not in STOP_WORDS]
    return len(content) <= LONGEST_ELLIPSIS and not DEFINITION.match(question)


def _plausible(written: str, question: str) -> str:
    """A small model may answer instead of rewriting; then the question stays as it was."""
    first_line = written.splitlines()[0].strip() if written else ""
    return first_line if first_line.endswith("?") and len(first_line) <= len(question) + 300 else question
