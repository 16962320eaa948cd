"""Finds the answers that a user gives to choose from: in a box of their own, or listed in the message. Pure."""

import re
from collections.abc import Sequence

from ragqa.types import LEAST_CHOICES, MOST_CHOICES, different_choices

HOW = f"Give {LEAST_CHOICES} to {MOST_CHOICES} choices, each on a line of its own, or none at all."
FIRST_LABELS = ("A", "a", "1")

_BOX_LABEL = re.compile(r"\(?([A-Za-z]|\d{1,2})[).:]\s+(?=\S)")
_BULLET = re.compile(r"[-*•]\s+(?=\S)")
# Numbered lines of a message are more often several questions than several answers: only letters count there.
_LINE_LABEL = re.compile(r"^[ \t]*\(?([A-Za-z])[).:][ \t]+(?=\S)", re.MULTILINE)
_INLINE_LABEL = re.compile(r"(?<!\S)\(?([A-Za-z])\)[ \t]+(?=\S)")
_EMPTY_LINE = re.compile(r"\n[ \t]*\n")
# No order begins with one of these words, while "Do" and "Have" may begin one.
_QUESTION_WORD = re.compile(
    r"(?:(?:in|on|at|by|for|from|of|to|with|under)\s+)?(?:what|which|who|whom|whose|when|where|why|how)\b"
    r"|(?:is|are|was|were|does|did)\b",
    re.IGNORECASE,
)
_CONJUNCTION = re.compile(r"[\s,;]+(?:and|or)$", re.IGNORECASE)


def question_and_choices(message: str, box: str) -> tuple[str, tuple[str, ...]]:
    """What is asked, and the choices: a line of the box each, else those that the message ends with; () for none.

    Raise BadRequest if there is nothing to choose between, or too much.
    """
    question, choices = (message.strip(), _lines(box)) if box.strip() else listed(message)
    return question, different_choices(choices, HOW)


def listed(message: str) -> tuple[str, tuple[str, ...]]:
    """The question, and the choices below or behind it: "Which one? A) … B) …"; the message and () if it lists none."""
    for label in (_LINE_LABEL, _INLINE_LABEL):
        found = _in_order(label, message)
        question = message[: found[0].start()].strip() if found else ""
        ends = [*(each.start() for each in found[1:]), len(message)]
        texts = [message[each.end() : end].strip(" \t\n,;") for each, end in zip(found, ends, strict=False)]
        texts = [*(_CONJUNCTION.sub("", text) for text in texts[:-1]), *texts[-1:]]
        if _is_asked(question) and len(texts) >= LEAST_CHOICES and all(map(_is_choice, texts)):
            return question, tuple(" ".join(text.split()) for text in texts)
    return message.strip(), ()


def _is_asked(question: str) -> bool:
    """True of "Which one?" and "Which is it:", false of "Compare these:" and of a question that goes on.

    "What do (a) the authors and (b) the critics say?" is one sentence; choices come behind its end.
    """
    return question.endswith("?") or (question.endswith(":") and _QUESTION_WORD.match(question) is not None)


def _in_order(label: re.Pattern[str], message: str) -> list[re.Match[str]]:
    """The labels A, B, C … or a, b, c … that follow each other; any other is a word of the text."""
    found: list[re.Match[str]] = []
    for match in label.finditer(message):
        if match[1] in FIRST_LABELS if not found else ord(match[1]) == ord(found[-1][1]) + 1:
            found.append(match)
    return found


def _is_choice(text: str) -> bool:
    """Words in one paragraph that ask nothing."""
    return bool(text) and not text.endswith("?") and not _EMPTY_LINE.search(text)


def _lines(box: str) -> tuple[str, ...]:
    """The lines without the labels or bullets that all of them begin with."""
    lines = [line.strip() for line in box.splitlines() if line.strip()]
    labels = [_BOX_LABEL.match(line) for line in lines]
    if all(_BULLET.match(line) for line in lines):
        return tuple(_BULLET.sub("", line, count=1) for line in lines)
    if _counts_up([label[1] if label else "" for label in labels]):
        return tuple(_BOX_LABEL.sub("", line, count=1) for line in lines)
    return tuple(lines)


def _counts_up(labels: Sequence[str]) -> bool:
    """A, B, C … or 1, 2, 3 …: "A. thaliana" alone bears no label."""
    if len(labels) < LEAST_CHOICES or labels[0] not in FIRST_LABELS:
        return False
    first = labels[0]
    wanted = [str(n) if first == "1" else chr(ord(first) + n - 1) for n in range(1, len(labels) + 1)]
    return list(labels) == wanted
