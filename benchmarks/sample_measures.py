"""Measures of the sample papers: ranking quality, intervals, selective prediction. Knows no model."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RESAMPLES = 1000
SEED = 7


def ndcg(ranking: Sequence[str], gains: Mapping[str, int], depth: int = 10) -> float:
    """Normalised discounted cumulative gain with gain / log2(rank + 1) (Järvelin and Kekäläinen 2002)."""
    found = sum(gains.get(item, 0) / np.log2(rank + 1) for rank, item in enumerate(ranking[:depth], start=1))
    best = sorted(gains.values(), reverse=True)[:depth]
    ideal = sum(gain / np.log2(rank + 1) for rank, gain in enumerate(best, start=1))
    return float(found / ideal) if ideal else 0.0


def recall(ranking: Sequence[str], gains: Mapping[str, int], depth: int) -> float:
    """Share of the relevant items among the first ``depth``."""
    return len(set(ranking[:depth]) & set(gains)) / len(gains)


def hit(ranking: Sequence[int], wanted: set[int], depth: int) -> float:
    """1 if any of the first ``depth`` is wanted, else 0."""
    return float(bool(wanted & set(ranking[:depth])))


def reciprocal_rank(ranking: Sequence[int], wanted: set[int]) -> float:
    """1 / rank of the first wanted item, 0 if none is ranked."""
    return next((1.0 / rank for rank, item in enumerate(ranking, start=1) if item in wanted), 0.0)


def interval(values: Sequence[float] | Floats) -> dict[str, float]:
    """Mean with its 95% bootstrap interval (percentiles over RESAMPLES samples with replacement)."""
    sample = np.asarray(values, dtype=np.float64)
    rng = np.random.default_rng(SEED)
    means = sample[rng.integers(0, len(sample), (RESAMPLES, len(sample)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return {"mean": rounded(sample.mean()), "low": rounded(low), "high": rounded(high)}


def auroc(positive: Floats, negative: Floats) -> float:
    """Chance that a positive scores above a negative, ties counted half (Mann and Whitney 1947)."""
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, side="left")
    not_above = np.searchsorted(ordered, positive, side="right")
    return float((below + not_above).mean() / (2 * len(negative)))


def auroc_interval(positive: Floats, negative: Floats) -> dict[str, float]:
    """The area with its 95% bootstrap interval; both groups are resampled."""
    rng = np.random.default_rng(SEED)
    draws = [auroc(rng.choice(positive, len(positive)), rng.choice(negative, len(negative))) for _ in range(RESAMPLES)]
    return _with_mean(auroc(positive, negative), draws)


def paired_auroc_interval(positive: Floats, negative: Floats) -> dict[str, float]:
    """As ``auroc_interval``; question i owns row i of ``negative`` as (questions, pairs), and both go together."""
    rng = np.random.default_rng(SEED)
    rows = negative.reshape(len(positive), -1)
    drawn = rng.integers(0, len(positive), (RESAMPLES, len(positive)))
    return _with_mean(auroc(positive, negative), [auroc(positive[i], rows[i].ravel()) for i in drawn])


def _with_mean(value: float, draws: Sequence[float]) -> dict[str, float]:
    low, high = np.percentile(draws, [2.5, 97.5])
    return {"mean": rounded(value), "low": rounded(low), "high": rounded(high)}


def risk_coverage(scores: Floats, right: Floats) -> tuple[Floats, Floats]:
    """(coverage, risk), each (n,): answer the i most confident (Geifman and El-Yaniv 2017)."""
    order = np.argsort(-scores, kind="stable")
    answered = np.arange(1, len(scores) + 1)
    wrong = np.cumsum(1.0 - right[order])
    return answered / len(scores), wrong / answered


def rounded(value: float | np.floating[Any]) -> float:
    """Three decimals: what the papers print."""
    return round(float(value), 3)
