"""How well sentences answer: what was embedded for one question need not be for the next."""

from collections.abc import Sequence

import numpy as np
import pytest

from ragqa.answer.evidence import Sentence
from ragqa.answer.scorer import EmbeddingScorer
from ragqa.protocols import Vectors
from tests.test_answer import hit

SLEEP, SNOW, BURROW = "Marmots sleep all winter long.", "Deep snow keeps burrows warm.", "A burrow has several rooms."


class ByFirstLetter:
    """An Embedder whose vectors tell only with which letter a text begins; keeps which passages it was given."""

    fingerprint, dimension, max_tokens = "test:letters", 128, 100

    def __init__(self) -> None:
        self.given: list[str] = []

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        self.given += texts
        return np.eye(self.dimension, dtype=np.float32)[[ord(text[0]) for text in texts]]

    def embed_query(self, text: str) -> Vectors:
        row: Vectors = np.eye(self.dimension, dtype=np.float32)[ord(text[0])]
        return row


def sentences(*texts: str) -> list[Sentence]:
    return [Sentence(1, hit("marmots", dense=None), text) for text in texts]


def test_a_sentence_is_embedded_once() -> None:
    embedder = ByFirstLetter()
    scorer = EmbeddingScorer(embedder)
    before = scorer.scores("Do voles dig?", sentences(SLEEP, SNOW))
    assert before == pytest.approx([0, 1])
    assert scorer.scores("Do voles dig?", sentences(SNOW, BURROW, SLEEP, SNOW)) == pytest.approx([1, 0, 0, 1])
    assert embedder.given == [SLEEP, SNOW, BURROW]
