"""How sure one may be that the evidence answers the question: a logistic over what search and reader say.

Most of it does not depend on the scale of one model. ``python -m benchmarks.abstention`` fits the constants.
"""

import re
from collections.abc import Sequence
from statistics import median

from ragqa.answer.spans import Found, sigmoid
from ragqa.answer.words import content_words, coverage
from ragqa.types import Hit

FEATURES = ("span", "answerable", "lead", "coverage", "names", "cosine", "keyword", "agreement")
LOGIT_LIMIT = 8.0  # beyond it, the reader is sure, and how sure says nothing
NO_COSINE = 0.3  # of a hit that only words found

# Fitted on the dev questions of eight sets against the same questions asked of another paper alone.
WITH_READER = (0.10, 0.15, 0.05, 1.5, 1.5, 2.0, 0.15, 0.5, -3.4)
WITHOUT_READER = (0.0, 0.0, 0.0, 2.0, 2.0, 3.0, 0.2, 0.6, -4.2)
"""A weight for each feature, and a constant."""
LEAST_CONFIDENCE = 0.35
"""Below it, an answer is refused."""

_NAME = re.compile(r"(?<!^)\b(?=\w*[A-Z0-9])[\w-]{2,}\b")

Features = tuple[float, ...]


def confidence(question: str, evidence: Sequence[Hit], found: Sequence[Found]) -> float:
    """Probability that the evidence holds an answer; ``found`` is empty where nothing reads."""
    weights = WITH_READER if found else WITHOUT_READER
    return round(weighed(features(question, evidence, found), weights), 3)


def weighed(values: Features, weights: Features) -> float:
    """The logistic; the last weight is the constant."""
    return sigmoid(sum(w * v for w, v in zip(weights, values, strict=False)) + weights[-1])


def features(question: str, evidence: Sequence[Hit], found: Sequence[Found]) -> Features:
    """In the order of FEATURES; of no evidence all are 0."""
    if not evidence:
        return (0.0,) * len(FEATURES)
    wanted = content_words(question)
    texts = [f"{hit.title} {hit.section} {hit.text}" for hit in evidence]
    return (
        *_of_reader(found),
        max(coverage(wanted, text) for text in texts),
        _names_found(question, " ".join(texts)),
        max((hit.dense for hit in evidence if hit.dense is not None), default=NO_COSINE),
        max((hit.keyword or 0.0 for hit in evidence), default=0.0) / max(1, len(wanted)),
        sum(hit.dense is not None and hit.keyword is not None for hit in evidence) / len(evidence),
    )


def _of_reader(found: Sequence[Found]) -> Features:
    """Best span, best answerable, and how far the latter leads the middle passage; logits."""
    if not found:
        return 0.0, 0.0, 0.0
    by_rank = {f.rank: f.reading for f in found}
    spans = [r.spans[0].score for r in by_rank.values() if r.spans]
    answerable = [reading.answerable for reading in by_rank.values()]
    lead = max(answerable) - median(answerable)
    return _limited(max(spans, default=0.0)), _limited(max(answerable)), _limited(lead)


def _names_found(question: str, text: str) -> float:
    """Share of names and numbers of the question that the evidence has; 1 if it has none."""
    names = {name.casefold() for name in _NAME.findall(question)}
    plain = text.casefold()
    return sum(name in plain for name in names) / len(names) if names else 1.0


def _limited(logit: float) -> float:
    return max(-LOGIT_LIMIT, min(LOGIT_LIMIT, logit))
