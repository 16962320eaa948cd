"""Which of the answers that were to choose from a written text gives: yes, no or maybe, or one of the choices. Pure.

Reads the beginning, as the model was told to begin with it. What it is not sure of it leaves unsaid.
"""

import re
from collections.abc import Sequence

from ragqa.answer.written.claims import NEGATION

# "No significant effect was found" is no verdict yet, "No, …" and "No [1]" are.
_VERDICT = re.compile(r"(yes|no|maybe)\b(?=[\s*_]*(?:[.,:;!–—(\[]|- |$|\b(?:because|since|as)\b))", re.I)
_BEFORE = re.compile(
    r"^(?:[\s*_#>\"“”'`]|- )*"
    r"(?:(?:the |my )?(?:(?:correct|right|best|likeliest) )?(?:answer|choice)(?: is)?\s*[:,]?\s*)?[*_\"“'`]*",
    re.I,
)
_NOT_BEHIND = r"(?!\w|[.,]\d)"  # "201" does not begin "201.5"
_FIRST_SENTENCE = re.compile(r"^.*?(?:[.!?](?=\s|$)|\n|$)")


def said_verdict(text: str) -> str | None:
    """The yes, no or maybe that the text begins with; None if it begins otherwise."""
    found = _VERDICT.match(_without_lead(text))
    return found[1].lower() if found else None


def said_choice(text: str, choices: Sequence[str]) -> str | None:
    """The choice that the text begins with, or else the only one that its first sentence names."""
    begun = _without_lead(text)
    for choice in sorted(choices, key=len, reverse=True):
        if re.match(re.escape(_without_lead(choice).rstrip(" .")) + _NOT_BEHIND, begun, re.I):
            return choice
    found = _FIRST_SENTENCE.match(begun)
    first = found[0] if found else begun
    named = [choice for choice in choices if _names(first, choice)]
    return named[0] if len(named) == 1 and not NEGATION.search(first.casefold()) else None


def _names(sentence: str, choice: str) -> bool:
    return bool(re.search(rf"(?<!\w){re.escape(choice.rstrip(' .'))}{_NOT_BEHIND}", sentence, re.I))


def _without_lead(text: str) -> str:
    """Without marks of emphasis and "The answer is"."""
    return _BEFORE.sub("", text, count=1)
