"""Whether sentences of the evidence bear out a sentence that a language model wrote. Knows words and a judge's scores.

Two ways: by words alone, or by a model that reads claim and sentence together, its score weighed with the words.
The weights were set on claims with known evidence (``python -m benchmarks.support --fit`` sets them again).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import pairwise
from typing import Protocol

from ragqa.answer.evidence import Sentence
from ragqa.answer.odds import sigmoid
from ragqa.answer.written.claims import Agreement, compare
from ragqa.protocols import Passage, Reranker

WEIGHTS_FILE = "support.json"
MOST_JUDGED = 6  # sentences that a model reads for one claim
LEAST_COVERED = 0.5  # by words alone: share of a claim's content words that a sentence must have
EVEN_ODDS = 0.5
TRIED_ON = "It is so.", (Passage("", "So it is."),)


class Support(Protocol):
    """Tells which sentences bear a claim out. Raise a ModelError if it needs a model that cannot be used."""

    @property
    def name(self) -> str:
        """What judges."""
        ...

    def among(self, claim: str, sentences: Sequence[Sentence]) -> list[tuple[Sentence, float]]:
        """Those that bear it out, each with how probable that is, best first; sentences are of one or more hits."""
        ...

    def try_out(self) -> None:
        """Load and use once what it needs."""
        ...


class WordSupport:
    """By rule: half of the content words, every figure, no negation and no opposite of one."""

    name = "words"

    def among(self, claim: str, sentences: Sequence[Sentence]) -> list[tuple[Sentence, float]]:
        """See Support; a score is the share of words and of neighbours in common, not a probability."""
        compared = [(sentence, compare(claim, sentence.text, sentence.hit.text)) for sentence in sentences]
        able = [(s, likeness(agreement)) for s, agreement in compared if _carries(agreement)]
        return sorted(able, key=lambda pair: -pair[1])

    def try_out(self) -> None:
        """See Support; it needs nothing."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A logistic model over the judge's logit and the agreement of words; ``least`` is the probability that counts."""

    intercept: float
    judge: float
    features: Mapping[str, float]
    least: float

    def probability(self, logit: float, agreement: Agreement) -> float:
        """That a sentence bears the claim out."""
        given = numbers_of(agreement)
        total = self.intercept + self.judge * logit + sum(self.features[name] * given[name] for name in given)
        return sigmoid(total)


class JudgedSupport:
    """A model judges the sentences that share most words with the claim. Figures must all be there in any case."""

    def __init__(self, judge: Reranker, weights: Weights | None) -> None:
        """Without weights the judge's logit counts as it is: that of an NLI model is one of entailment."""
        self._judge = judge
        self._weights = weights
        self.name = judge.name

    def among(self, claim: str, sentences: Sequence[Sentence]) -> list[tuple[Sentence, float]]:
        """See Support. Two sentences that follow each other are tried where one alone does not do."""
        return self._borne_out(claim, sentences) or self._borne_out(claim, neighbours(sentences))

    def try_out(self) -> None:
        """See Support."""
        self._judge.relevance(*TRIED_ON)

    def _borne_out(self, claim: str, sentences: Sequence[Sentence]) -> list[tuple[Sentence, float]]:
        compared = [(sentence, compare(claim, sentence.text, sentence.hit.text)) for sentence in sentences]
        able = [(sentence, agreement) for sentence, agreement in compared if self._may(agreement)]
        able = sorted(able, key=lambda pair: -likeness(pair[1]))[:MOST_JUDGED]
        if not able:
            return []
        logits = self._judge.relevance(claim, [Passage("", sentence.text) for sentence, _ in able])
        judged = [(s, self._probability(z, agreement)) for (s, agreement), z in zip(able, logits, strict=True)]
        least = self._weights.least if self._weights else EVEN_ODDS
        return sorted((pair for pair in judged if pair[1] >= least), key=lambda pair: -pair[1])

    def _may(self, agreement: Agreement) -> bool:
        # An NLI model knows negations and opposites better than rules do; figures it does not.
        by_rule = self._weights is None or (agreement.polarity and agreement.direction)
        return agreement.covered > 0 and agreement.figures and by_rule

    def _probability(self, logit: float, agreement: Agreement) -> float:
        return self._weights.probability(logit, agreement) if self._weights else sigmoid(logit)


def shipped_weights() -> Weights:
    """Those that were set for the shipped reader."""
    text = resources.files("ragqa.answer.written").joinpath(WEIGHTS_FILE).read_text(encoding="utf-8")
    return Weights(**json.loads(text))


def neighbours(sentences: Sequence[Sentence]) -> list[Sentence]:
    """Each sentence with the one right behind it in the same hit."""
    pairs = [Sentence(a.number, a.hit, f"{a.text} {b.text}") for a, b in pairwise(sentences) if a.number == b.number]
    return [pair for pair in pairs if pair.text in pair.hit.text]


def numbers_of(agreement: Agreement) -> dict[str, float]:
    """What the weights are set over."""
    return {"covered": agreement.covered, "in_order": agreement.in_order, "names": agreement.names}


def _carries(agreement: Agreement) -> bool:
    return agreement.covered >= LEAST_COVERED and agreement.figures and agreement.polarity and agreement.direction


def likeness(agreement: Agreement) -> float:
    """How much of a claim's words and of their neighbourhood a text has, 0 to 1."""
    return (agreement.covered + agreement.in_order) / 2
