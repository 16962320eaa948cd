"""Logistic regression by Newton's method, for the few weights that the product keeps. Pure."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def fit_logistic(positive: Floats, negative: Floats, ridge: float = 1.0, *, balanced: bool = True) -> Floats:
    """Weights (features + 1,), the last for a constant, by Newton's method; both classes count the same, or every
    row does, so that what comes out is a probability."""
    rows = np.concatenate([positive, negative])
    centre, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    rows = with_constant((rows - centre) / scale)
    target = np.concatenate([np.ones(len(positive)), np.zeros(len(negative))])
    share = np.where(target == 1, 0.5 / len(positive), 0.5 / len(negative)) * len(rows) if balanced else 1.0
    weights = np.zeros(rows.shape[1])
    for _ in range(25):
        chance = 1 / (1 + np.exp(-rows @ weights))
        gradient = rows.T @ (share * (chance - target)) + ridge * weights
        curvature = (rows * (share * chance * (1 - chance))[:, None]).T @ rows + ridge * np.eye(len(weights))
        weights -= np.linalg.solve(curvature, gradient)
    plain = weights[:-1] / scale
    return np.append(plain, weights[-1] - centre @ plain)


def with_constant(rows: Floats) -> Floats:
    return np.concatenate([rows, np.ones((len(rows), 1))], axis=1)
