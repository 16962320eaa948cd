"""Logits and probabilities. Pure."""

import math

FARTHEST = 30.0  # beyond it the probability does not change, and the exponential would overflow in the end


def sigmoid(logit: float) -> float:
    """Probability of a logit."""
    return 1 / (1 + math.exp(-max(-FARTHEST, min(FARTHEST, logit))))
