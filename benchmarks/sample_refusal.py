"""Experiment of "When to refuse to answer": retrieval scores of questions with and without an answer."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.logistic import fit_logistic, with_constant
from benchmarks.sample_chunks import SHIPPED, cut_all
from benchmarks.sample_corpora import CachedEmbedder, Question, TestCollection
from benchmarks.sample_hybrid import scored_rankings
from benchmarks.sample_measures import (
    SEED,
    Floats,
    auroc_interval,
    interval,
    paired_auroc_interval,
    risk_coverage,
    rounded,
)
from benchmarks.sample_pages import PageSearch, Papers, Recipe

PAIRS = 5
FOLDS = 5
ACCEPTED = 0.10
FEATURES = ("cosine", "bm25", "agreement")
BIOLOGY = "litqa2"
Scores = dict[str, Floats]
"""Feature name to one score per question."""


def measure_refusal(
    papers: Papers, questions: Sequence[Question], claims: TestCollection, embedder: CachedEmbedder
) -> dict[str, object]:
    """Separation in three settings; thresholds and risk for the middle one, another paper of the field."""
    search = PageSearch(cut_all(papers, Recipe(SHIPPED), embedder), embedder)
    own = _scores(search, [(question.text, question.paper) for question in questions])
    near = _scores(search, _cross_pairs(questions, same_field=True))
    far = _scores(search, _cross_pairs(questions, same_field=False))
    right = np.array([_right_page(search, question) for question in questions])
    search.close()
    kept, removed = _claim_scores(claims, embedder)
    groups = np.array([question.paper for question in questions])
    return {
        "questions": len(questions),
        "papers": len(set(groups)),
        "pairs": PAIRS,
        "near_pairs": len(near["cosine"]),
        "far_pairs": len(far["cosine"]),
        "claims": len(kept["cosine"]),
        "medians": {name: _medians(scores) for name, scores in (("own", own), ("near", near), ("far", far))},
        "auroc": {
            "far": _aurocs(own, far, groups),
            "near": _aurocs(own, near, groups),
            "removed": _aurocs(kept, removed, np.arange(len(kept["cosine"]))),
        },
        "thresholds": {name: _held_out(own, near, groups, name) for name in (*FEATURES, "combined")},
        "page": _page_risk(own, right, groups),
        "curves": {name: _curve(_combine(own, near, groups, name)) for name in (*FEATURES, "combined")},
    }


def _scores(search: PageSearch, asked: Sequence[tuple[str, str]]) -> Scores:
    """Features of (question, paper) pairs."""
    rows = [features(search.dense(*pair), search.keyword(*pair), pair[0]) for pair in asked]
    return {name: np.array([row[name] for row in rows]) for name in FEATURES}


def features(
    dense: Sequence[tuple[Any, float]], keyword: Sequence[tuple[Any, float]], question: str
) -> dict[str, float]:
    """Best cosine; best BM25 score per word of the question; share of common items among both first tens."""
    words = max(1, len(set(question.lower().split())))
    common = {i for i, _ in dense[:10]} & {i for i, _ in keyword[:10]}
    return {
        "cosine": dense[0][1],
        "bm25": keyword[0][1] / words if keyword else 0.0,
        "agreement": len(common) / 10,
    }


def _cross_pairs(questions: Sequence[Question], same_field: bool) -> list[tuple[str, str]]:
    """Each question with PAIRS papers it was not written for, of its own field or of the other one."""
    rng = np.random.default_rng(SEED)
    fields = {question.paper: question.set == BIOLOGY for question in questions}
    pairs: list[tuple[str, str]] = []
    for question in questions:
        others = [
            paper
            for paper, field in sorted(fields.items())
            if paper != question.paper and (field == fields[question.paper]) is same_field
        ]
        pairs.extend((question.text, str(paper)) for paper in rng.choice(others, PAIRS, replace=False))
    return pairs


def _right_page(search: PageSearch, question: Question) -> float:
    best = search.pages(search.hybrid(question.text, question.paper))
    return float(bool(best) and best[0][1] in question.pages)


def _claim_scores(claims: TestCollection, embedder: CachedEmbedder) -> tuple[Scores, Scores]:
    """Each claim against the whole collection, and with the abstracts that bear on it taken out."""
    keyword, dense = scored_rankings(claims, embedder)
    kept, removed = [], []
    for query, text in claims.queries.items():
        relevant = claims.judgements[query]
        kept.append(features(dense[query], keyword[query], text))
        rest = [[pair for pair in ranked[query] if pair[0] not in relevant] for ranked in (dense, keyword)]
        removed.append(features(rest[0], rest[1], text))
    return _columns(kept), _columns(removed)


def _columns(rows: Sequence[Mapping[str, float]]) -> Scores:
    return {name: np.array([row[name] for row in rows]) for name in FEATURES}


def _aurocs(positive: Scores, negative: Scores, groups: NDArray[Any]) -> dict[str, dict[str, float]]:
    combined = _combine(positive, negative, groups, "combined")
    single = {name: paired_auroc_interval(positive[name], negative[name]) for name in FEATURES}
    return {**single, "combined": paired_auroc_interval(*combined)}


def _combine(positive: Scores, negative: Scores, groups: NDArray[Any], name: str) -> tuple[Floats, Floats]:
    """One feature as it is, or the three joined by a logistic regression fitted on other folds."""
    if name != "combined":
        return positive[name], negative[name]
    repeat = len(negative["cosine"]) // len(groups)
    folds = fold_of(groups)
    ours, theirs = np.empty(len(groups)), np.empty(len(groups) * repeat)
    for fold in range(FOLDS):
        out, out_pairs = folds == fold, np.repeat(folds == fold, repeat)
        weights = fit_logistic(_matrix(positive)[~out], _matrix(negative)[~out_pairs])
        ours[out] = with_constant(_matrix(positive)[out]) @ weights
        theirs[out_pairs] = with_constant(_matrix(negative)[out_pairs]) @ weights
    return ours, theirs


def fold_of(groups: NDArray[Any]) -> NDArray[np.int64]:
    """Fold number of each question; all questions on a paper share one."""
    names = np.unique(groups)
    order = np.random.default_rng(SEED).permutation(len(names)) % FOLDS
    return order[np.searchsorted(names, groups)]


def _medians(scores: Scores) -> dict[str, float]:
    return {name: rounded(np.median(values)) for name, values in scores.items()}


def _matrix(scores: Scores) -> Floats:
    """(questions, features)."""
    return np.stack([scores[name] for name in FEATURES], axis=1)


def _held_out(positive: Scores, negative: Scores, groups: NDArray[Any], name: str) -> dict[str, object]:
    """Threshold that lets ACCEPTED of the foreign questions through on four folds, tried on the fifth."""
    ours, theirs = _combine(positive, negative, groups, name)
    folds = fold_of(groups)
    pair_folds = np.repeat(folds, len(theirs) // len(ours))
    answered, let_through, thresholds = np.empty(len(ours)), np.empty(len(theirs)), []
    for fold in range(FOLDS):
        thresholds.append(float(np.quantile(theirs[pair_folds != fold], 1 - ACCEPTED)))
        answered[folds == fold] = ours[folds == fold] >= thresholds[-1]
        let_through[pair_folds == fold] = theirs[pair_folds == fold] >= thresholds[-1]
    return {
        "threshold": rounded(np.mean(thresholds)),
        "answered": interval(answered),
        "let_through": interval(let_through.reshape(len(ours), -1).mean(axis=1)),
    }


def _page_risk(own: Scores, right: Floats, groups: NDArray[Any]) -> dict[str, object]:
    """Among questions that have an answer: is the first page right more often when the score is high?"""
    coverage, risk = risk_coverage(own["cosine"], right)
    half = int(np.searchsorted(coverage, 0.5))
    quarter = int(np.searchsorted(coverage, 0.25))
    return {
        "right": interval(right),
        "right_half": rounded(1 - risk[half]),
        "right_quarter": rounded(1 - risk[quarter]),
        "auroc": {name: auroc_interval(own[name][right == 1], own[name][right == 0]) for name in FEATURES},
        "papers": len(set(groups)),
    }


def _curve(scores: tuple[Floats, Floats]) -> dict[str, object]:
    """Share of answerable questions answered against the share of foreign questions among those let through.

    Both kinds weigh the same, as if half of all questions had no answer in the paper.
    """
    ours, theirs = scores
    cuts = np.sort(ours)[::-1]
    answered = np.array([(ours >= cut).mean() for cut in cuts])
    passed = np.array([(theirs >= cut).mean() for cut in cuts])
    risk = passed / (passed + answered)
    low = {f"at_{bound:.2f}": rounded(answered[risk <= bound].max(initial=0.0)) for bound in (0.05, 0.10)}
    grid = np.linspace(0.05, 1.0, 39)
    at = np.minimum(np.searchsorted(answered, grid - 1e-9), len(answered) - 1)
    return {"answered": [rounded(x) for x in grid], "risk": [rounded(x) for x in risk[at]], **low}
