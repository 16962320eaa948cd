"""From a question to hits, as a list of steps: follow ``Retriever.search`` from top to bottom. Knows no library."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from ragqa.document import BlockKind
from ragqa.errors import BadQuestion
from ragqa.protocols import Embedder, Reranker, Scope, Scored, Vectors
from ragqa.search.candidates import Candidate, page_supported, unlike
from ragqa.search.fusion import one_per_place_first, reciprocal_rank_fusion, weighted_fusion
from ragqa.search.hints import hinted, named_papers, overview_first
from ragqa.search.index import HybridIndex
from ragqa.search.query import NOTHING, Analysis, analysed
from ragqa.search.rerank import DEPTH as READ_AT_MOST
from ragqa.search.rerank import reranked
from ragqa.search.steps import DEFAULT, Steps
from ragqa.store.catalogue import Catalogue
from ragqa.types import Filter, Hit, SearchRequest, SearchResult

DEPTH = 100
"""Chunks taken from each index before fusion."""

NAMED_DEPTH = 30
"""Chunks taken from each index within the papers that the question names."""

READ_AHEAD = 3
"""Chunks read from the catalogue at a time, for each hit that is wanted."""

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


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question on its way to hits. ``named`` are the papers that it names, with how plainly."""

    request: SearchRequest
    question: str
    analysis: Analysis
    scope: Scope
    named: Mapping[str, float]
    note: str


Found = tuple[list[Scored], list[Scored]]
"""What the dense and the keyword index gave."""


class Retriever:
    """A ``Searcher``; without an embedder it searches by keywords alone and says so, without a re-ranker it goes on."""

    def __init__(
        self,
        catalogue: Catalogue,
        index: HybridIndex,
        embedder: Embedder | None,
        max_question_chars: int,
        reranker: Reranker | None = None,
        steps: Steps = DEFAULT,
    ) -> None:
        self._catalogue = catalogue
        self._index = index
        self._embedder = embedder
        self._max_question_chars = max_question_chars
        self._reranker = reranker
        self._steps = steps

    def search(self, request: SearchRequest) -> SearchResult:
        """At most k hits, best first."""
        timings = Timings()
        question = checked_question(request.question, self._max_question_chars)
        with timings.stage("filter"):
            asked = self._understood(request, question)
        with timings.stage("embed"):
            vector = self._vector(request, question)
        with timings.stage("search"):
            dense, keyword = self._found(asked, vector)
        with timings.stage("read"):
            candidates = self._candidates(asked, self._fused(question, dense, keyword))
        if self._reranks(request):
            with timings.stage("rerank"):
                candidates = self._reranked(asked, candidates)
        with timings.stage("join"):
            chosen = self._chosen(asked, candidates)
            around = self._catalogue.around([one.chunk.id for one in chosen]) if self._steps.neighbours else {}
        cosines, bm25 = ({scored.chunk_id: scored.score for scored in half} for half in (dense, keyword))
        hits = [_hit(one, cosines.get(one.chunk.id), bm25.get(one.chunk.id), around) for one in chosen]
        without_meaning = KEYWORDS_ONLY if self._embedder is None and request.mode != "keyword" else ""
        note = " ".join(filter(None, (asked.note, without_meaning)))
        return SearchResult(hits=tuple(hits), timings_ms=dict(timings), note=note)

    # What is asked, and where

    def _understood(self, request: SearchRequest, question: str) -> _Asked:
        """Only a hybrid search is clever: the two others show what their index says."""
        analysis = analysed(question) if request.mode == "hybrid" else NOTHING
        scope = self._scope(request.filter, request.collection)
        if not self._steps.hints:
            return _Asked(request, question, analysis, scope, {}, "")
        scope, note = self._narrowed(request, analysis, scope)
        return _Asked(request, question, analysis, scope, self._named(analysis, scope), note)

    def _scope(self, wanted: Filter, collection: str | None) -> Scope:
        return Scope(
            self._catalogue.matching_papers(wanted, collection),
            None if wanted.kinds is None else frozenset(wanted.kinds),
            None if wanted.sections is None else frozenset(wanted.sections),
        )

    def _narrowed(self, request: SearchRequest, analysis: Analysis, scope: Scope) -> tuple[Scope, str]:
        """The papers that the question restricts itself to, and a note that says so; all if there are none."""
        narrow, said = _implied(request.filter, analysis)
        if not said:
            return scope, ""
        narrower = self._scope(narrow, request.collection)
        if narrower.is_empty:
            return scope, f"There are no papers {said} here: looked in all."
        return narrower, f"Looked only in papers {said}."

    def _named(self, analysis: Analysis, scope: Scope) -> dict[str, float]:
        wanted = [*analysis.names, *(family for family, _ in analysis.works)]
        if not wanted or (scope.paper_ids is not None and len(scope.paper_ids) <= 1):
            return {}
        named = named_papers(analysis, self._catalogue.papers_like(wanted))
        return {paper: sure for paper, sure in named.items() if scope.paper_ids is None or paper in scope.paper_ids}

    def _vector(self, request: SearchRequest, question: str) -> Vectors | None:
        if self._embedder is None or request.mode == "keyword":
            return None
        return self._embedder.embed_query(question)

    # What is found

    def _found(self, asked: _Asked, vector: Vectors | None) -> Found:
        """Of a paper that is named, more is found than what is best of all papers."""
        words = "" if asked.request.mode == "dense" and vector is not None else asked.question
        dense, keyword = self._index.search(words, vector, max(DEPTH, asked.request.k), asked.scope)
        if asked.named:
            within = Scope(frozenset(asked.named), asked.scope.kinds, asked.scope.sections)
            more_dense, more_keyword = self._index.search(words, vector, NAMED_DEPTH, within)
            dense, keyword = _joined(dense, more_dense), _joined(keyword, more_keyword)
        return dense, keyword

    def _fused(self, question: str, dense: list[Scored], keyword: list[Scored]) -> list[tuple[str, float]]:
        weights = (1.0, self._steps.weight_of_words(question))
        if self._steps.fusion == "scores":
            return weighted_fusion([[(s.chunk_id, s.score) for s in half] for half in (dense, keyword)], weights)
        return reciprocal_rank_fusion([[s.chunk_id for s in half] for half in (dense, keyword)], weights)

    def _candidates(self, asked: _Asked, fused: list[tuple[str, float]]) -> list[Candidate]:
        """The best chunks, in order, as many as later steps may bring to the front."""
        analysis = asked.analysis if self._steps.hints else NOTHING
        overview = self._steps.overview and asked.analysis.is_of_whole_paper
        if overview or asked.named or analysis.points_somewhere:
            candidates = self._read(fused)
            if overview:
                candidates = overview_first(candidates)
            return hinted(candidates, asked.question, analysis, asked.named)
        return self._read_enough(fused, max(READ_AT_MOST, READ_AHEAD * asked.request.k), asked.request.k)

    def _read_enough(self, fused: list[tuple[str, float]], step: int, k: int) -> list[Candidate]:
        """As many as it takes to see k places: those after them cannot come before them."""
        read: list[Candidate] = []
        for start in range(0, len(fused), step):
            read += self._read(fused[start : start + step])
            if len({candidate.place for candidate in read}) >= k:
                break
        return read

    def _read(self, fused: list[tuple[str, float]]) -> list[Candidate]:
        # Chunks of papers deleted a moment ago may still be in an index; the catalogue does not know them.
        chunks = self._catalogue.stored_chunks([chunk_id for chunk_id, _ in fused])
        return [Candidate(chunks[chunk_id], score) for chunk_id, score in fused if chunk_id in chunks]

    # What comes first

    def _reranks(self, request: SearchRequest) -> bool:
        return self._reranker is not None and self._steps.rerank and request.rerank and request.mode == "hybrid"

    def _reranked(self, asked: _Asked, candidates: list[Candidate]) -> list[Candidate]:
        assert self._reranker is not None
        weight, early_exit = self._steps.relevance_weight, self._steps.early_exit
        return reranked(asked.question, candidates, self._reranker, weight, early_exit=early_exit)

    def _chosen(self, asked: _Asked, candidates: list[Candidate]) -> list[Candidate]:
        """At most k, pages before further chunks of the same page; of papers that are asked for, papers first."""
        k = asked.request.k
        if asked.request.mode == "hybrid":
            candidates = page_supported(candidates) if self._steps.page_support else candidates
        chosen = one_per_place_first(candidates, lambda one: one.place)
        if self._steps.spread and asked.analysis.asks_for_papers:
            chosen = one_per_place_first(chosen, lambda one: one.chunk.paper_id)
        return unlike(chosen, k) if self._steps.unique else chosen[:k]


def _implied(given: Filter, analysis: Analysis) -> tuple[Filter, str]:
    """The filter with what the question asks for and the user has not set, and that in words."""
    added: dict[str, str | int] = {}
    said = []
    if analysis.only_authors and given.author is None:
        added["author"] = analysis.only_authors[0]
        said.append(f"by {analysis.only_authors[0]}")
    if analysis.only_years and given.year_from is None and given.year_to is None:
        added["year_from"], added["year_to"] = analysis.only_years
        said.append(analysis.years_in_words)
    return given.model_copy(update=added), " ".join(said)


def _joined(some: list[Scored], more: list[Scored]) -> list[Scored]:
    """Both, each chunk once, best first."""
    known = {scored.chunk_id for scored in some}
    return sorted([*some, *(s for s in more if s.chunk_id not in known)], key=lambda scored: -scored.score)


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


def _hit(one: Candidate, dense: float | None, keyword: float | None, around: Mapping[str, tuple[str, str]]) -> Hit:
    chunk = one.chunk
    before, after = around.get(chunk.id, ("", ""))
    return Hit(
        chunk_id=chunk.id, paper_id=chunk.paper_id, file_name=chunk.file_name, title=chunk.title,
        page=chunk.page, section=chunk.section, text=chunk.text, score=one.score, kind=BlockKind(chunk.kind),
        dense=dense, keyword=keyword, relevance=one.relevance, before=before, after=after,
    )  # fmt: skip
