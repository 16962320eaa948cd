"""Yes, no or maybe on abstracts (PubMedQA): ``python -m benchmarks.yes_no DATA/qa/pubmedqa.jsonl [--fit]``.

Prints accuracy by ten-fold cross-validation, three times over, of the same logistic that the product uses, with the
conclusion of the abstract (as a reader of the paper has it) and without. ``--fit`` writes its weights.
"""

import argparse
import json
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import ragqa.answer.yes_no as product

WEIGHTS = Path(product.__file__).with_name(product.WEIGHTS_FILE)
FOLDS, ROUNDS = 10, 3
RIDGE = 300.0
STEPS = 300
SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z(])")
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Abstract:
    """A question, the sentences of an abstract before its conclusion, the conclusion, and the right label."""

    question: str
    sentences: tuple[str, ...]
    conclusion: tuple[str, ...]
    label: str


@dataclass(frozen=True, slots=True)
class Fitted:
    """A softmax over standardised features: weights (labels, features), constants (labels,)."""

    mean: Floats
    scale: Floats
    weights: Floats
    constants: Floats

    def chances(self, rows: Floats) -> Floats:
        """(rows, labels)."""
        return softmax((rows - self.mean) / self.scale @ self.weights.T + self.constants)


def main() -> None:
    """Print the table; with ``--fit``, write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--fit", action="store_true")
    given = parser.parse_args()
    abstracts = read_abstracts(given.file)
    labels = np.array([product.LABELS.index(one.label) for one in abstracts])
    share = Counter(labels.tolist()).most_common(1)[0][1] / len(labels)
    print(f"{len(abstracts)} questions, the commonest label {share:.1%}")
    names, without = table(abstracts, with_conclusion=False)
    _, complete = table(abstracts, with_conclusion=True)
    print("| evidence | fitted on | accuracy, held out |\n|---|---|---|")
    for said, fit_on, asked_of in (
        ("abstract without conclusion", "the same", (without, without)),
        ("abstract with conclusion", "the same", (complete, complete)),
        ("abstract without conclusion", "both", (np.stack([without, complete]), without)),
        ("abstract with conclusion", "both", (np.stack([without, complete]), complete)),
    ):
        told = [accuracy(*asked_of, labels, seed) for seed in range(ROUNDS)]
        print(f"| {said} | {fit_on} | {np.mean(told):.1%} (rounds {min(told):.1%} to {max(told):.1%}) |")
    if given.fit:
        both = np.concatenate([without, complete])
        write(names, fitted(both, np.concatenate([labels, labels])), WEIGHTS)


def read_abstracts(file: Path) -> list[Abstract]:
    """PubMedQA's expert-labelled part, one object a line."""
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line]
    return [
        Abstract(
            row["question"],
            tuple(sentence for text in row["contexts"] for sentence in SENTENCE_END.split(text)),
            tuple(SENTENCE_END.split(row["long_answer"])),
            row["final_decision"],
        )
        for row in rows
    ]


def table(abstracts: Sequence[Abstract], with_conclusion: bool) -> tuple[list[str], Floats]:
    """Feature names and (abstracts, features)."""
    found = [
        product.features(one.question, [*one.sentences, *(one.conclusion if with_conclusion else ())])
        for one in abstracts
    ]
    names = list(found[0])
    return names, np.array([[values[name] for name in names] for values in found])


def accuracy(fit_on: Floats, asked_of: Floats, labels: NDArray[np.int64], seed: int) -> float:
    """Share of right labels, each abstract judged by a fit that never saw it. ``fit_on`` may hold two views of each."""
    right = 0
    views = fit_on if fit_on.ndim == 3 else fit_on[None]
    for held_out in _folds(labels, seed):
        rows = np.concatenate([view[~held_out] for view in views])
        fit = fitted(rows, np.tile(labels[~held_out], len(views)))
        right += int((fit.chances(asked_of[held_out]).argmax(1) == labels[held_out]).sum())
    return right / len(labels)


def fitted(rows: Floats, labels: NDArray[np.int64]) -> Fitted:
    """Multinomial logistic regression with a ridge, by gradient steps with momentum."""
    mean, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    data, right = (rows - mean) / scale, np.eye(len(product.LABELS))[labels]
    weights, constants = np.zeros((right.shape[1], rows.shape[1])), np.log(right.mean(axis=0))
    speed, rate = np.zeros_like(weights), 1.0 / (rows.shape[1] + RIDGE / len(rows))
    for _ in range(STEPS):
        error = (softmax(data @ weights.T + constants) - right) / len(rows)
        speed = 0.9 * speed - rate * (error.T @ data + RIDGE / len(rows) * weights)
        weights, constants = weights + speed, constants - error.sum(axis=0)
    return Fitted(mean, scale, weights, constants)


def softmax(scores: Floats) -> Floats:
    """Each row sums to 1."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    chances: Floats = raised / raised.sum(axis=1, keepdims=True)
    return chances


def write(names: Sequence[str], fit: Fitted, file: Path) -> None:
    """As ragqa.answer.yes_no reads it."""
    scaling = {name: _rounded(pair) for name, *pair in zip(names, fit.mean, fit.scale, strict=True)}
    labels = {
        label: {
            "constant": round(float(fit.constants[at]), 4),
            "weights": dict(zip(names, _rounded(fit.weights[at]), strict=True)),
        }
        for at, label in enumerate(product.LABELS)
    }
    file.write_text(json.dumps({"scaling": scaling, "labels": labels}, indent=1, ensure_ascii=False) + "\n")


def _rounded(values: Sequence[Any] | Floats) -> list[float]:
    return [round(float(value), 4) for value in values]


def _folds(labels: NDArray[np.int64], seed: int) -> Iterator[NDArray[np.bool_]]:
    """Masks of the held-out rows, every label spread evenly."""
    chosen = np.random.default_rng(seed)
    fold = np.empty(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        places = chosen.permutation(np.flatnonzero(labels == label))
        fold[places] = np.arange(len(places)) % FOLDS
    for number in range(FOLDS):
        yield fold == number


if __name__ == "__main__":
    warnings.simplefilter("error")
    main()
