"""What an answering mode hands back before the answer is stored."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ragqa.details import Details
from ragqa.types import AnswerKind

REFUSAL = "I could not find an answer in these papers."
NO_SUPPORT = "I could not find support for an answer in these papers."


@dataclass(frozen=True, slots=True)
class Draft:
    """The answer's text with ``[n]`` marks, and how sure the mode is, 0 to 1; what a language model used, counted.

    ``kind`` is empty where the mode says it all; ``note`` tells the reader what was left out. ``supported`` is the
    share of a written answer's sentences that the evidence bears out.
    """

    text: str
    confidence: float
    abstained: bool = False
    unsupported: tuple[str, ...] = ()
    usage: dict[str, int] = field(default_factory=dict)
    kind: AnswerKind | None = None
    details: Details = field(default_factory=Details)
    note: str = ""
    supported: float = 1.0


def refusal(confidence: float) -> Draft:
    """Says that the evidence does not answer the question."""
    return Draft(REFUSAL, confidence, abstained=True)


def without_support(sentences: Sequence[str]) -> Draft:
    """Says that nothing of what was written stands in the papers; the sentences are kept apart from the answer."""
    return Draft(NO_SUPPORT, 0.0, abstained=True, unsupported=tuple(sentences))
