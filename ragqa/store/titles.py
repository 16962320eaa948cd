"""Titles of conversations from their first questions. Pure."""

import re

LONGEST_TITLE = 60  # characters

_GREETING = re.compile(r"^(?:(?:hi|hello|hey|good (?:morning|afternoon|evening))\b(?: there)?[\s,.!–-]*)+", re.I)
_POLITENESS = re.compile(
    r"^(?:please[,\s]+)?(?:(?:can|could|would) you (?:please )?(?:tell me|explain(?: to me)?|describe)"
    r"|i(?:'d| would) like to know|(?:please )?tell me)[,:\s]+(?:please[,\s]+)?",
    re.I,
)
_FIRST_SENTENCE = re.compile(r"^.{12,}?[.!?](?=\s)")


def title_of(question: str) -> str:
    """The first sentence of a question without greeting, cut between words; never empty."""
    whole = " ".join(question.split())
    plain = _POLITENESS.sub("", _GREETING.sub("", whole)) or whole
    first = _FIRST_SENTENCE.match(plain)
    text = _shortened((first[0] if first else plain).rstrip(" .,;:!"))
    return f"{text[:1].upper()}{text[1:]}" if text else "Untitled"


def _shortened(text: str) -> str:
    if len(text) <= LONGEST_TITLE:
        return text
    return text[:LONGEST_TITLE].rsplit(" ", 1)[0].rstrip(" .,;:!?–-") + "…"
