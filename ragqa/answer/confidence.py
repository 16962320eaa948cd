"""How sure one may be that the evidence answers the question: a logistic over what search and reader say.

Most of it does not depend on the scale of one model. ``python -m benchmarks.abstention`` fits the constants.
"""

import re
from collections.abc import Sequence

from ragqa.answer.asking import Asking
from ragqa.answer.odds import sigmoid
from ragqa.answer.spans import Found, read
from ragqa.answer.words import content_words, coverage
from ragqa.types import Hit

FEATURES = ("answerable", "coverage", "names", "cosine")
"""The reader's best logit that there is an answer, the shares of the question's words and names that the evidence has,
and the best cosine. BM25 scores tell as much, but depend on the size of the library."""
LOGIT_LIMIT = 8.0  # beyond it, the reader is sure, and how sure says nothing
NO_COSINE = 0.3  # of hits that only words found

# Fitted on the dev questions of five sets (none of LitQA2) against the same questions asked of another paper alone.
WITH_READER = (0.403, 3.188, 2.59, 3.554, -6.694)
WITHOUT_READER = (0.0, 4.153, 2.976, 2.901, -5.344)
"""A weight for each feature, and a constant."""
LEAST_CONFIDENCE = 0.6
"""Below it, an answer is refused: by one search 20 % of the dev questions with an answer, and 86 % of those without."""

_NAME = re.compile(r"(?<!^)\b(?=\w*[A-Z0-9])[\w-]{2,}\b")

Features = tuple[float, ...]


def confidence(question: str, evidence: Sequence[Hit], found: Sequence[Found]) -> float:
    """Probability that the evidence holds an answer; ``found`` is empty where nothing reads."""
    weights = WITH_READER if found else WITHOUT_READER
    return round(weighed(features(question, evidence, found), weights), 3)


def confidence_of(asking: Asking) -> float:
    """The same before anything is answered, by the reader if there is one; 0 without evidence."""
    if not asking.evidence:
        return 0.0
    found = read(asking.question, asking.evidence, asking.reader) if asking.reader else []
    return confidence(asking.question, asking.evidence, found)


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
        max((_limited(f.reading.answerable) for f in found), default=0.0),
        max(coverage(wanted, text) for text in texts),
        _names_found(question, " ".join(texts)),
        max((hit.dense for hit in evidence if hit.dense is not None), default=NO_COSINE),
    )


def _names_found(question: str, text: str) -> float:
    """Share of names and numbers of the question that the evidence has; 1 if it has none."""
    names = {name.casefold() for name in _NAME.findall(question)}
    plain = text.casefold()
    return sum(name in plain for name in names) / len(names) if names else 1.0


def _limited(logit: float) -> float:
    return max(-LOGIT_LIMIT, min(LOGIT_LIMIT, logit))
