"""Pseudo-relevance feedback around a hybrid index: a second search that takes the first one's best chunks for granted.

Measured by benchmarks.ablation; not part of the product, since it costs a search and gains nothing.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ragqa.protocols import Scope, Scored, Vectors
from ragqa.search.fusion import reciprocal_rank_fusion
from ragqa.search.index import HybridIndex
from ragqa.store.catalogue import Catalogue

TRUSTED = 5
ROCCHIO = 0.3
"""Weight of the mean of the trusted chunks' vectors beside the question's (Rocchio 1971)."""

WORDS_ADDED = 8
_WORD = re.compile(r"[^\W\d_]{4,}")

Found = tuple[list[Scored], list[Scored]]


@dataclass(frozen=True, slots=True)
class FeedbackIndex:
    """Searches as a HybridIndex does, twice. ``by_words`` expands the question, else its vector is moved."""

    index: HybridIndex
    catalogue: Catalogue
    generation: str
    by_words: bool

    def search(self, question: str, vector: Vectors | None, k: int, scope: Scope) -> Found:
        """What the changed question finds."""
        first = self.index.search(question, vector, k, scope)
        fused = reciprocal_rank_fusion([[scored.chunk_id for scored in half] for half in first])
        ranked = [chunk_id for chunk_id, _ in fused]
        if self.by_words:
            return self.index.search(self._expanded(question, ranked), vector, k, scope)
        return self.index.search(question, self._moved(vector, ranked[:TRUSTED]), k, scope)

    def _moved(self, vector: Vectors | None, trusted: Sequence[str]) -> Vectors | None:
        papers = sorted({chunk.paper_id for chunk in self.catalogue.stored_chunks(trusted).values()})
        entries = self.catalogue.ledger.entries(papers, self.generation)
        found = [entry.vector for entry in entries if entry.chunk_id in trusted and entry.vector is not None]
        if vector is None or not found:
            return vector
        moved = vector + ROCCHIO * np.mean(found, axis=0)
        return (moved / np.linalg.norm(moved)).astype(np.float32)

    def _expanded(self, question: str, ranked: Sequence[str]) -> str:
        """With words that the trusted chunks share and the others lack, as RM3 has them (Abdul-Jaleel et al. 2004)."""
        chunks = self.catalogue.stored_chunks(ranked)
        words = {chunk_id: set(_WORD.findall(chunk.text.lower())) for chunk_id, chunk in chunks.items()}
        everywhere = Counter(word for said in words.values() for word in said)
        trusted = Counter(word for chunk_id in ranked[:TRUSTED] for word in words.get(chunk_id, ()))
        asked = set(_WORD.findall(question.lower()))
        weights = {word: n * np.log(len(words) / everywhere[word]) for word, n in trusted.items() if word not in asked}
        best = sorted(weights, key=lambda word: -weights[word])[:WORDS_ADDED]
        return " ".join([question, *best])
