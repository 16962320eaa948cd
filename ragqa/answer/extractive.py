"""Answers with sentences of the papers, word for word. Needs no language model."""

import math
from collections.abc import Sequence

from ragqa.answer.citations import Citer, marked
from ragqa.answer.draft import Draft, refusal
from ragqa.answer.evidence import Sentence, sentences_of
from ragqa.answer.scorer import SentenceScorer
from ragqa.types import Hit

MOST_SENTENCES = 3
CLOSE_TO_BEST = 0.12
RANK_WEIGHT = 0.06  # per place in the evidence: the retriever's order knows what one sentence does not show
# Logistic over the best sentence's score, set on answerable questions against questions asked of another paper.
CONFIDENCE_MIDPOINT = 0.80
CONFIDENCE_SLOPE = 7.0
LEAST_CONFIDENCE = 0.1


def answer_extractively(question: str, evidence: Sequence[Hit], scorer: SentenceScorer, citer: Citer) -> Draft:
    """The best sentence, and up to two more that are nearly as good; a refusal if none is good enough."""
    scored = _scored(question, evidence, scorer)
    confidence = _confidence(max(score for _, score in scored)) if scored else 0.0
    if confidence < LEAST_CONFIDENCE:
        return refusal(confidence)
    parts = []
    for sentence, score in _chosen(scored):
        citation = citer.cite(sentence.hit, sentence.text, score)
        if citation is not None:
            parts.append(marked(citation.quote, [citation]))
    return Draft(" ".join(parts), confidence) if parts else refusal(confidence)


def _scored(question: str, evidence: Sequence[Hit], scorer: SentenceScorer) -> list[tuple[Sentence, float]]:
    """All sentences, those first that score high and stand in one of the first hits."""
    sentences = sentences_of(evidence)
    pairs = zip(sentences, scorer.scores(question, sentences), strict=True)
    return sorted(pairs, key=lambda pair: -_ranked(pair))


def _chosen(scored: Sequence[tuple[Sentence, float]]) -> list[tuple[Sentence, float]]:
    """Best first; the same words from two chunks once."""
    least = _ranked(scored[0]) - CLOSE_TO_BEST
    chosen: dict[str, tuple[Sentence, float]] = {}
    for pair in scored:
        if len(chosen) == MOST_SENTENCES or _ranked(pair) < least:
            break
        chosen.setdefault(pair[0].text, pair)
    return list(chosen.values())


def _ranked(pair: tuple[Sentence, float]) -> float:
    sentence, score = pair
    return score - RANK_WEIGHT * (sentence.number - 1)


def _confidence(score: float) -> float:
    return round(1 / (1 + math.exp(-CONFIDENCE_SLOPE * (score - CONFIDENCE_MIDPOINT))), 3)
