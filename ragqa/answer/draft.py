"""What an answering mode hands back before the answer is stored."""

from dataclasses import dataclass

REFUSAL = "I could not find an answer in these papers."


@dataclass(frozen=True, slots=True)
class Draft:
    """The answer's text with ``[n]`` marks, and how sure the mode is, 0 to 1."""

    text: str
    confidence: float
    abstained: bool = False
    unsupported: tuple[str, ...] = ()


def refusal(confidence: float) -> Draft:
    """Says that the evidence does not answer the question."""
    return Draft(REFUSAL, confidence, abstained=True)
