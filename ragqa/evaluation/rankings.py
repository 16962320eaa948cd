"""``ragqa eval retrieval``: how well documents are ranked, on a set in BEIR layout. Owns ir_measures."""

from collections.abc import Callable
from typing import Any, Literal, Protocol

from ragqa.errors import MissingExtra
from ragqa.evaluation.formats import RetrievalSet
from ragqa.evaluation.report import Judged, SetReport
from ragqa.types import SearchMode

Way = Literal["dense", "keyword", "hybrid", "reranked"]
WAYS: tuple[Way, ...] = ("dense", "keyword", "hybrid", "reranked")
"""Each half alone, both fused, and the best of these read once more by the re-ranker."""


class Ranks(Protocol):
    """What is evaluated."""

    def ranking(self, query: str, mode: SearchMode, *, rerank: bool) -> tuple[list[str], dict[str, float]]:
        """Document ids, best first, each once; milliseconds by stage."""
        ...


def evaluate_retrieval(library: Ranks, test: RetrievalSet, way: Way, on_query: Callable[[int], None]) -> SetReport:
    """nDCG@10, recall@10 and @100, reciprocal rank of every query. The documents are in the library already."""
    library_of_measures()
    mode: SearchMode = "hybrid" if way == "reranked" else way
    rankings: dict[str, list[str]] = {}
    times: dict[str, dict[str, float]] = {}
    for query_id, query in test.queries.items():
        rankings[query_id], times[query_id] = library.ranking(query, mode, rerank=way == "reranked")
        on_query(1)
    values = measured(rankings, test.judgements)
    judged = tuple(Judged(query_id, values[query_id], times[query_id]) for query_id in test.queries)
    return SetReport(test.name, judged, {"mode": way, "documents": len(test.documents)})


def measured(rankings: dict[str, list[str]], judgements: dict[str, dict[str, int]]) -> dict[str, dict[str, float]]:
    """Query id to measure to value. Raise MissingExtra if ir_measures is not installed."""
    ir_measures = library_of_measures()
    nDCG, R, RR = ir_measures.nDCG, ir_measures.R, ir_measures.RR
    run = [
        ir_measures.ScoredDoc(query, document, -float(place))  # places, since scores may tie
        for query, ranking in rankings.items()
        for place, document in enumerate(ranking)
    ]
    judged = {query: judgements[query] for query in rankings}
    found: dict[str, dict[str, float]] = {query: {} for query in rankings}
    for value in ir_measures.iter_calc([nDCG @ 10, R @ 10, R @ 100, RR @ 10], judged, run):
        found[value.query_id][str(value.measure)] = float(value.value)
    return found


def library_of_measures() -> Any:
    """Raise MissingExtra before hours of work rather than after them."""
    try:
        import ir_measures
    except ImportError as exc:
        raise MissingExtra("ir_measures is not installed.", hint="Run: pip install 'ragqa[eval]'") from exc
    return ir_measures
