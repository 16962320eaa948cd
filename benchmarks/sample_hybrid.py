"""Experiment of "What hybrid retrieval gains over either half": BM25, dense retrieval, and their fusion."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.sample_chunks import SHIPPED, cut_all
from benchmarks.sample_corpora import TEMPLATED, CachedEmbedder, Question, TestCollection
from benchmarks.sample_measures import interval, ndcg, recall, rounded
from benchmarks.sample_pages import PageSearch, Papers, Recipe
from ragqa.adapters.tantivy_index import TantivyIndex
from ragqa.protocols import EVERYWHERE, IndexEntry
from ragqa.search.fusion import RRF_K, reciprocal_rank_fusion

DEPTH = 100
CONSTANTS = (1, 10, 30, 60, 100, 1000)
WEIGHTS = tuple(step / 10 for step in range(11))
Rankings = dict[str, list[str]]
Scored = dict[str, list[tuple[str, float]]]
NAMES = ("bm25", "dense", "rrf")


def scored_rankings(collection: TestCollection, embedder: CachedEmbedder) -> tuple[Scored, Scored]:
    """The best DEPTH documents of each query with scores: by BM25, and by cosine with exact search."""
    return _keyword(collection), _dense(collection, embedder)


def _keyword(collection: TestCollection) -> Scored:
    none = np.zeros(1, dtype=np.float32)
    entries = [IndexEntry(key, key, "", "", text, none) for key, text in collection.documents.items()]
    with tempfile.TemporaryDirectory() as folder:
        index = TantivyIndex(Path(folder))
        index.add(entries)
        ranked = {
            key: [(found.chunk_id, found.score) for found in index.search(text, DEPTH, EVERYWHERE)]
            for key, text in collection.queries.items()
        }
        index.close()
    return ranked


def _dense(collection: TestCollection, embedder: CachedEmbedder) -> Scored:
    keys = list(collection.documents)
    vectors = embedder.embed(list(collection.documents.values()))
    ranked: Scored = {}
    for query, vector in zip(collection.queries, embedder.embed(list(collection.queries.values())), strict=True):
        cosines = vectors @ vector
        best = np.argsort(-cosines, kind="stable")[:DEPTH]
        ranked[query] = [(keys[i], float(cosines[i])) for i in best]
    return ranked


def fused_rankings(first: Rankings, second: Rankings, weight: float = 0.5, k: int = RRF_K) -> Rankings:
    """Reciprocal rank fusion; ``weight`` is the share of the second ranking."""
    return {
        query: [key for key, _ in reciprocal_rank_fusion([first[query], second[query]], [1 - weight, weight], k)]
        for query in first
    }


def measure_collection(collection: TestCollection, embedder: CachedEmbedder) -> dict[str, object]:
    """nDCG@10 and recall@100 of the three methods, and how the fusion depends on its two settings."""
    keyword, dense = (
        {query: [key for key, _ in found] for query, found in scored.items()}
        for scored in scored_rankings(collection, embedder)
    )
    methods = dict(zip(NAMES, (keyword, dense, fused_rankings(keyword, dense)), strict=True))
    gains = collection.judgements
    quality = {name: _ndcgs(ranked, gains) for name, ranked in methods.items()}
    better = np.maximum(quality["bm25"], quality["dense"])
    by_weight = {w: _mean(fused_rankings(keyword, dense, w), gains) for w in WEIGHTS}
    return {
        "documents": len(collection.documents),
        "queries": len(collection.queries),
        "ndcg10": {name: interval(values) for name, values in quality.items()},
        "recall100": {
            name: rounded(np.mean([recall(ranked[query], gains[query], DEPTH) for query in gains]))
            for name, ranked in methods.items()
        },
        "gain_over_bm25": _difference(quality["rrf"], quality["bm25"]),
        "gain_over_dense": _difference(quality["rrf"], quality["dense"]),
        "oracle_ndcg10": rounded(better.mean()),
        "overlap10": rounded(np.mean([_overlap(keyword[query], dense[query]) for query in gains])),
        "by_constant": {str(k): _mean(fused_rankings(keyword, dense, k=k), gains) for k in CONSTANTS},
        "best_weight": max(WEIGHTS, key=lambda w: by_weight[w]),
        "loss_of_equal_weights": rounded(max(by_weight.values()) - by_weight[0.5]),
        "by_weight": {f"{w:.1f}": value for w, value in by_weight.items()},
    }


def _ndcgs(ranked: Rankings, gains: Mapping[str, Mapping[str, int]]) -> list[float]:
    return [ndcg(ranked[query], gains[query]) for query in gains]


def _mean(ranked: Rankings, gains: Mapping[str, Mapping[str, int]]) -> float:
    return rounded(np.mean(_ndcgs(ranked, gains)))


def _difference(ours: Sequence[float], theirs: Sequence[float]) -> dict[str, float]:
    """Paired difference per query."""
    return interval([a - b for a, b in zip(ours, theirs, strict=True)])


def _overlap(first: Sequence[str], second: Sequence[str]) -> float:
    """Share of the first ten that both rankings have in common."""
    return len(set(first[:10]) & set(second[:10])) / 10


def measure_pages(papers: Papers, questions: Sequence[Question], embedder: CachedEmbedder) -> dict[str, object]:
    """How often the first page, and one of the first three, holds the evidence, by each method."""
    search = PageSearch(cut_all(papers, Recipe(SHIPPED), embedder), embedder)
    free = [question for question in questions if question.set != TEMPLATED]
    measured = {
        "papers": len(papers),
        "pages": sum(len(document.pages) for document in papers.values()),
        "chunks": len(search.pieces),
        "one_paper": _page_hits(search, questions, alone=True),
        "one_paper_free": _page_hits(search, free, alone=True),
        "all_papers": _page_hits(search, free, alone=False),
    }
    search.close()
    return measured


def _page_hits(search: PageSearch, questions: Sequence[Question], alone: bool) -> dict[str, object]:
    ways = dict(zip(NAMES, (search.keyword, search.dense, search.hybrid), strict=True))
    found = {
        name: [
            _found(search.pages(way(question.text, question.paper if alone else None)), question)
            for question in questions
        ]
        for name, way in ways.items()
    }
    return {
        "questions": len(questions),
        "hit1": {name: interval([rank == 1 for rank in ranks]) for name, ranks in found.items()},
        "hit3": {name: interval([0 < rank <= 3 for rank in ranks]) for name, ranks in found.items()},
        "mrr": {name: interval(_reciprocals(ranks)) for name, ranks in found.items()},
        "mrr_gain_over_bm25": _difference(*(_reciprocals(found[name]) for name in ("rrf", "bm25"))),
        "mrr_gain_over_dense": _difference(*(_reciprocals(found[name]) for name in ("rrf", "dense"))),
    }


def _reciprocals(ranks: Sequence[int]) -> list[float]:
    return [1 / rank if rank else 0.0 for rank in ranks]


def _found(pages: Sequence[tuple[str, int]], question: Question) -> int:
    """Rank of the first page with evidence, 0 if there is none."""
    wanted = {(question.paper, page) for page in question.pages}
    return next((rank for rank, page in enumerate(pages, start=1) if page in wanted), 0)
