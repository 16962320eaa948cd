"""Remembers what was asked before: query embeddings, and results for as long as the library stays as it is.

Each generation of the library has its own. Bounded, and safe to use from several threads.
"""

import time
from collections.abc import Callable, Sequence

from ragqa.protocols import Embedder, Vectors
from ragqa.search.lru import LeastRecentlyUsed
from ragqa.search.retrieve import Searcher
from ragqa.types import SearchRequest, SearchResult

EMBEDDINGS_KEPT = 4096
RESULTS_KEPT = 512


class RememberingEmbedder:
    """An ``Embedder`` that embeds a question only once. Its vectors must not be written to."""

    def __init__(self, embedder: Embedder, size: int = EMBEDDINGS_KEPT) -> None:
        self._embedder = embedder
        self.queries = LeastRecentlyUsed[str, Vectors](size)
        self.fingerprint = embedder.fingerprint
        self.dimension = embedder.dimension
        self.max_tokens = embedder.max_tokens

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """See ``Embedder``."""
        return self._embedder.token_counts(texts)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Not remembered: no passage is embedded twice."""
        return self._embedder.embed_passages(texts)

    def embed_query(self, text: str) -> Vectors:
        """From memory if it was asked before."""
        vector = self.queries.get(text)
        if vector is None:
            vector = self._embedder.embed_query(text)
            vector.flags.writeable = False
            self.queries.put(text, vector)
        return vector


class RememberingSearcher:
    """A ``Searcher`` that gives the same result to the same request until ``version`` changes."""

    def __init__(self, searcher: Searcher, version: Callable[[], int], size: int = RESULTS_KEPT) -> None:
        self._searcher = searcher
        self._version = version
        self.results = LeastRecentlyUsed[tuple[int, str], SearchResult](size)

    def search(self, request: SearchRequest) -> SearchResult:
        """A remembered result's only timing is ``cached``."""
        started = time.perf_counter()
        # Read before the search: what changes meanwhile must not be kept under the later version.
        key = (self._version(), request.model_dump_json())
        known = self.results.get(key)
        if known is not None:
            took = round((time.perf_counter() - started) * 1000, 2)
            return known.model_copy(update={"timings_ms": {"cached": took}})
        result = self._searcher.search(request)
        self.results.put(key, result)
        return result
