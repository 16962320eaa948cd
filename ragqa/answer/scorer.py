"""Scores how well a sentence answers a question: meaning by the embedder, words by overlap.

A trained reader can take its place behind ``SentenceScorer``.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from ragqa.answer.evidence import Sentence
from ragqa.answer.words import content_words, coverage
from ragqa.protocols import Embedder, Vectors
from ragqa.search.lru import LeastRecentlyUsed

WORD_WEIGHT = 0.5
CHUNK_WEIGHT = 0.3
SHORTEST_SENTENCE = 4  # words; headings and table scraps are shorter
TOO_SHORT = -1.0
REMEMBERED = 2048  # sentences: every choice, and the next question about a paper, needs them again


class SentenceScorer(Protocol):
    """Anything that can tell which sentence answers a question."""

    def scores(self, question: str, sentences: Sequence[Sentence]) -> list[float]:
        """One score per sentence, higher is better."""
        ...


class EmbeddingScorer:
    """Cosine of question and sentence, plus the share of the question's words that the sentence has."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._vectors: LeastRecentlyUsed[str, Vectors] = LeastRecentlyUsed(REMEMBERED)

    def scores(self, question: str, sentences: Sequence[Sentence]) -> list[float]:
        """Between -1 and 1 plus the weights; a sentence from a chunk close to the question gains a little."""
        if not sentences:
            return []
        wanted = content_words(question)
        query = self._embedder.embed_query(question)
        cosines = self._embedded([sentence.text for sentence in sentences]) @ query
        return [
            _score(sentence, float(cosine), coverage(wanted, sentence.text))
            for sentence, cosine in zip(sentences, cosines, strict=True)
        ]

    def _embedded(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dimension); only what is not remembered is embedded."""
        known = {text: vector for text in texts if (vector := self._vectors.get(text)) is not None}
        new = [text for text in dict.fromkeys(texts) if text not in known]
        for text, vector in zip(new, self._embedder.embed_passages(new) if new else (), strict=True):
            known[text] = vector.copy()
            self._vectors.put(text, known[text])
        return np.stack([known[text] for text in texts])


def _score(sentence: Sentence, cosine: float, covered: float) -> float:
    if sentence.text.count(" ") + 1 < SHORTEST_SENTENCE:
        return TOO_SHORT
    return cosine + WORD_WEIGHT * covered + CHUNK_WEIGHT * (sentence.hit.dense or 0.0)
