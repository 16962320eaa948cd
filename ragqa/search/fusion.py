"""Joins rankings into one. Pure; knows nothing of indexes."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeVar

Item = TypeVar("Item")

RRF_K = 60
"""Constant of Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet" (SIGIR 2009, §3)."""


def reciprocal_rank_fusion(
    rankings: Sequence[Sequence[str]], weights: Sequence[float] | None = None, k: int = RRF_K
) -> list[tuple[str, float]]:
    """Ids with the sum over rankings of weight / (k + rank), best first; ties keep the first ranking's order."""
    scores: dict[str, float] = {}
    for ranking, weight in zip(rankings, weights or [1.0] * len(rankings), strict=True):
        for rank, item in enumerate(ranking, start=1):
            scores[item] = scores.get(item, 0.0) + weight / (k + rank)
    return sort_by_score(scores)


def weighted_fusion(
    rankings: Sequence[Sequence[tuple[str, float]]], weights: Sequence[float]
) -> list[tuple[str, float]]:
    """Ids with the weighted sum of their scores, each ranking's spread over 0 to 1; best first."""
    scores: dict[str, float] = {}
    for ranking, weight in zip(rankings, weights, strict=True):
        values = [score for _, score in ranking]
        least, spread = min(values, default=0.0), max(values, default=0.0) - min(values, default=0.0)
        for item, score in ranking:
            scores[item] = scores.get(item, 0.0) + weight * ((score - least) / spread if spread else 1.0)
    return sort_by_score(scores)


def one_per_place_first(ranking: Sequence[Item], place: Callable[[Item], Hashable]) -> list[Item]:
    """The best item of every place in order, then all others in order: more places are seen early."""
    seen: set[Hashable] = set()
    first: list[Item] = []
    rest: list[Item] = []
    for item in ranking:
        (rest if place(item) in seen else first).append(item)
        seen.add(place(item))
    return first + rest


def sort_by_score(scores: Mapping[str, float]) -> list[tuple[str, float]]:
    """Best first; equal scores stay in the mapping's order."""
    return sorted(scores.items(), key=lambda item: -item[1])
