"""From a question to hits: dense and keyword search side by side, fused by rank. Knows no library."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from ragqa.document import BlockKind
from ragqa.errors import BadQuestion
from ragqa.protocols import Embedder, Scope, Scored, Vectors
from ragqa.search.fusion import one_per_place_first, reciprocal_rank_fusion
from ragqa.search.index import HybridIndex
from ragqa.store.catalogue import Catalogue, StoredChunk
from ragqa.types import Hit, SearchRequest, SearchResult

DEPTH = 100
"""Chunks taken from each index before fusion."""

READ_AHEAD = 3
"""Chunks read at a time, for each hit that is wanted."""

# Chosen on questions about real papers with known pages (benchmarks/README.md): exact words count a little more.
DENSE_WEIGHT, KEYWORD_WEIGHT = 1.0, 1.5


KEYWORDS_ONLY = "The embedder that this library was made with cannot be opened: only words were searched, not meaning."


class Searcher(Protocol):
    """Answers search requests."""

    def search(self, request: SearchRequest) -> SearchResult:
        """At most k hits, best first."""
        ...


class Timings(dict[str, float]):
    """Milliseconds by stage."""

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time of the block to ``name``."""
        started = time.perf_counter()
        yield
        self[name] = round(self.get(name, 0.0) + (time.perf_counter() - started) * 1000, 2)


class Retriever:
    """A ``Searcher``; without an embedder it searches by keywords alone and says so."""

    def __init__(
        self, catalogue: Catalogue, index: HybridIndex, embedder: Embedder | None, max_question_chars: int
    ) -> None:
        self._catalogue = catalogue
        self._index = index
        self._embedder = embedder
        self._max_question_chars = max_question_chars

    def search(self, request: SearchRequest) -> SearchResult:
        """At most k hits, best first."""
        timings = Timings()
        question = checked_question(request.question, self._max_question_chars)
        with timings.stage("filter"):
            scope = self._scope(request)
        with timings.stage("embed"):
            vector = self._vector(request, question)
        with timings.stage("search"):
            dense, keyword = self._ranked(request, question, vector, scope)
        with timings.stage("read"):
            hits = self._hits(dense, keyword, request.k)
        note = KEYWORDS_ONLY if self._embedder is None and request.mode != "keyword" else ""
        return SearchResult(hits=tuple(hits), timings_ms=dict(timings), note=note)

    def _vector(self, request: SearchRequest, question: str) -> Vectors | None:
        if self._embedder is None or request.mode == "keyword":
            return None
        return self._embedder.embed_query(question)

    def _scope(self, request: SearchRequest) -> Scope:
        wanted = request.filter
        return Scope(
            self._catalogue.matching_papers(wanted, request.collection),
            None if wanted.kinds is None else frozenset(wanted.kinds),
            None if wanted.sections is None else frozenset(wanted.sections),
        )

    def _ranked(
        self, request: SearchRequest, question: str, vector: Vectors | None, scope: Scope
    ) -> tuple[list[Scored], list[Scored]]:
        words = "" if request.mode == "dense" and vector is not None else question
        return self._index.search(words, vector, max(DEPTH, request.k), scope)

    def _hits(self, dense: list[Scored], keyword: list[Scored], k: int) -> list[Hit]:
        fused = reciprocal_rank_fusion(
            [[s.chunk_id for s in dense], [s.chunk_id for s in keyword]], (DENSE_WEIGHT, KEYWORD_WEIGHT)
        )
        spread = one_per_place_first(self._read(fused, k), _place)
        cosines = {s.chunk_id: s.score for s in dense}
        bm25 = {s.chunk_id: s.score for s in keyword}
        return [_hit(chunk, score, cosines.get(chunk.id), bm25.get(chunk.id)) for chunk, score in spread[:k]]

    def _read(self, fused: list[tuple[str, float]], k: int) -> list[tuple[StoredChunk, float]]:
        """The best chunks, as many as it takes to see k places: those after them cannot come before them."""
        read: list[tuple[StoredChunk, float]] = []
        for start in range(0, len(fused), READ_AHEAD * k):
            part = fused[start : start + READ_AHEAD * k]
            # Chunks of papers deleted a moment ago may still be in an index; the catalogue does not know them.
            chunks = self._catalogue.stored_chunks([chunk_id for chunk_id, _ in part])
            read += [(chunks[chunk_id], score) for chunk_id, score in part if chunk_id in chunks]
            if len({_place(found) for found in read}) >= k:
                break
        return read


def _place(found: tuple[StoredChunk, float]) -> tuple[str, int]:
    return found[0].paper_id, found[0].page


def checked_question(question: str, max_chars: int) -> str:
    """The question without control characters and outer white space; raise BadQuestion if it cannot be used."""
    text = "".join(c if c.isprintable() else " " for c in question.encode("utf-8", "ignore").decode()).strip()
    if not text:
        raise BadQuestion("The question is empty.", hint="Ask something, for instance: ragqa ask 'What was measured?'")
    if len(text) > max_chars:
        raise BadQuestion(
            f"The question has {len(text):,} characters; at most {max_chars:,} are read.", hint="Shorten it."
        )
    return text


def _hit(chunk: StoredChunk, score: float, dense: float | None, keyword: float | None) -> Hit:
    return Hit(
        chunk_id=chunk.id, paper_id=chunk.paper_id, file_name=chunk.file_name, title=chunk.title,
        page=chunk.page, section=chunk.section, text=chunk.text, score=score, kind=BlockKind(chunk.kind),
        dense=dense, keyword=keyword,
    )  # fmt: skip
