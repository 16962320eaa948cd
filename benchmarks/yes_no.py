"""Yes, no or maybe: ``python -m benchmarks.yes_no DATA [--pairs FILE] [--fit]``.

Prints accuracy by ten-fold cross-validation over questions, three times over, of the same logistic that the product
uses, held to the sides of the sentences as the product holds it: on PubMedQA's abstracts with their conclusion and
without, and on BioASQ's questions with what an expert answers behind "Yes" or "No", and with the marked snippets.
On QASPER's booleans and on pairs of a file nothing is fitted. ``--fit`` writes the weights.
"""

import argparse
import gzip
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

import ragqa.answer.kinds.yes_no as product
from ragqa.answer.kinds.verdict_features import features, stances_of
from ragqa.sentences import sentence_spans

WEIGHTS = Path(product.__file__).with_name(product.WEIGHTS_FILE)
FOLDS, ROUNDS = 10, 3
RIDGE = 1000.0
STEPS = 150
SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z(])")
SAID = re.compile(r"\W*(yes|no)\s*(?:[,.;:!–-]\s*|$)", re.I)
Floats = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Case:
    """A question, the sentences that it is asked of, and the right label."""

    question: str
    sentences: tuple[str, ...]
    label: str


@dataclass(frozen=True, slots=True)
class Table:
    """Features (cases, features) of a set of cases, their labels, and (cases, 2) whether any is for and against."""

    rows: Floats
    labels: Labels
    sides: NDArray[np.bool_]
    questions: tuple[str, ...]

    def said(self, chances: Floats) -> Labels:
        """What the product says, given its chances before they are held to the sides."""
        told = [
            product.held_to_sides(dict(zip(product.LABELS, row, strict=True)), *map(bool, sides))
            for row, sides in zip(chances.tolist(), self.sides, strict=True)
        ]
        return np.array([product.LABELS.index(label) for label, _ in told])


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
    """Print the tables; with ``--fit``, write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--pairs", type=Path, help="[question, [sentence, ...], label] of each")
    parser.add_argument("--fit", action="store_true")
    given = parser.parse_args()
    tables = {name: table_of(cases) for name, cases in sets_of(given.data).items()}
    rounds = [held_out(list(tables.values()), seed) for seed in range(ROUNDS)]
    print("| set, judged by fits blind to the question | questions | commonest | right | yes / no found | maybe said |")
    print("|---|---|---|---|---|---|")
    for at, (name, table) in enumerate(tables.items()):
        print(row_of(name, table.labels, [one[at] for one in rounds]))
    fit = fitted(*joined(list(tables.values())))
    for name, cases in unfitted_sets(given.data, given.pairs).items():
        table = table_of(cases)
        print(row_of(f"{name} (nothing fitted on it)", table.labels, [table.said(fit.chances(table.rows))]))
    if given.fit:
        names = list(_features(sets_of(given.data)["PubMedQA with conclusion"][0]))
        write(names, fit, WEIGHTS)


def row_of(name: str, labels: Labels, rounds: Sequence[Labels]) -> str:
    """A row of the table: share right, and of each of yes and no the share found."""
    commonest = Counter(labels.tolist()).most_common(1)[0][1] / len(labels)
    right = np.mean([(said == labels).mean() for said in rounds])
    found = [np.mean([(said[labels == at] == at).mean() for said in rounds]) if at in labels else 0.0 for at in (0, 1)]
    unsure = np.mean([(said == product.LABELS.index("maybe")).mean() for said in rounds])
    told = f"{found[0]:.0%} / {found[1]:.0%} | {unsure:.1%}"
    return f"| {name} | {len(labels)} | {commonest:.1%} | {right:.1%} | {told} |"


def sets_of(data: Path) -> dict[str, list[Case]]:
    """What is fitted on."""
    without, complete = read_abstracts(data / "qa/pubmedqa.jsonl")
    told, snippets = read_bioasq(data / "train")
    return {
        "PubMedQA without conclusion": without,
        "PubMedQA with conclusion": complete,
        "BioASQ, an expert's words": told,
        "BioASQ, marked snippets": snippets,
    }


def unfitted_sets(data: Path, pairs: Path | None) -> dict[str, list[Case]]:
    """What is too small, or too close to the rules, to be fitted on."""
    rows = [row for row in _lines(data / "e2e/questions.jsonl") if row["answer_type"] == "boolean" and row["evidence"]]
    found = {"QASPER, marked evidence": [_case(r["question"], r["evidence"], r["answers"][0].casefold()) for r in rows]}
    if pairs:
        given = json.loads(pairs.read_text(encoding="utf-8"))
        found["pairs"] = [Case(question, tuple(sentences), label) for question, sentences, label in given]
    return found


def read_abstracts(file: Path) -> tuple[list[Case], list[Case]]:
    """PubMedQA's expert-labelled part, without the conclusion of the abstract and with it."""
    without, complete = [], []
    for row in _lines(file):
        sentences = tuple(sentence for text in row["contexts"] for sentence in SENTENCE_END.split(text))
        conclusion = tuple(SENTENCE_END.split(row["long_answer"]))
        without.append(Case(row["question"], sentences, row["final_decision"]))
        complete.append(Case(row["question"], sentences + conclusion, row["final_decision"]))
    return without, complete


def read_bioasq(folder: Path) -> tuple[list[Case], list[Case]]:
    """Questions that an expert answers with yes or no: with the rest of the answer, and with the snippets marked."""
    answers: dict[str, list[tuple[str, str]]] = {}
    for row in _lines(folder / "bioasq_reqa_train.jsonl.gz"):
        if found := SAID.match(row["passage"]):
            answers.setdefault(row["query"], []).append((found[1].casefold(), row["passage"][found.end() :]))
    agreed = {question: told for question, told in answers.items() if len({label for label, _ in told}) == 1}
    snippets: dict[str, list[str]] = {}
    for row in _lines(folder / "bioasq_snippets.jsonl.gz"):
        snippets.setdefault(row["question"], []).extend(answer["text"] for answer in row["answers"])
    told = [_case(question, [words[0][1]], words[0][0]) for question, words in agreed.items() if words[0][1].strip()]
    marked = [_case(q, snippets[q], words[0][0]) for q, words in agreed.items() if q in snippets]
    return told, marked


def table_of(cases: Sequence[Case]) -> Table:
    """The numbers of all cases."""
    sides = [stances_of(case.question, case.sentences) for case in cases]
    return Table(
        np.array([list(_features(case).values()) for case in cases]),
        np.array([product.LABELS.index(case.label) for case in cases]),
        np.array([(max(one) > 0, min(one) < 0) for one in sides]),
        tuple(case.question for case in cases),
    )


def held_out(tables: Sequence[Table], seed: int) -> list[Labels]:
    """What is said of each case by a fit that saw its question in no set."""
    fold = _fold_of({question for table in tables for question in table.questions}, seed)
    folds = [np.array([fold[question] for question in table.questions]) for table in tables]
    said = [np.empty_like(table.labels) for table in tables]
    for number in range(FOLDS):
        fit = fitted(*joined(tables, [one != number for one in folds]))
        for table, one, told in zip(tables, folds, said, strict=True):
            told[one == number] = table.said(fit.chances(table.rows))[one == number]
    return said


def joined(tables: Sequence[Table], chosen: Sequence[NDArray[np.bool_]] | None = None) -> tuple[Floats, Labels]:
    """Rows and labels of all tables, those chosen of each."""
    masks = chosen or [np.ones(len(table.labels), dtype=bool) for table in tables]
    pairs = list(zip(tables, masks, strict=True))
    return np.concatenate([t.rows[m] for t, m in pairs]), np.concatenate([t.labels[m] for t, m in pairs])


def fitted(rows: Floats, labels: Labels) -> Fitted:
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
    """As ragqa.answer.kinds.yes_no reads it."""
    scaling = {name: _rounded(pair) for name, *pair in zip(names, fit.mean, fit.scale, strict=True)}
    labels = {
        label: {
            "constant": round(float(fit.constants[at]), 4),
            "weights": dict(zip(names, _rounded(fit.weights[at]), strict=True)),
        }
        for at, label in enumerate(product.LABELS)
    }
    file.write_text(json.dumps({"scaling": scaling, "labels": labels}, indent=1, ensure_ascii=False) + "\n")


def _features(case: Case) -> dict[str, float]:
    return features(case.question, case.sentences, stances_of(case.question, case.sentences))


def _case(question: str, passages: Sequence[str], label: str) -> Case:
    sentences = []
    for passage in passages:
        words = passage.split()
        sentences += [" ".join(words[start:end]) for start, end in sentence_spans(words)]
    return Case(question, tuple(sentences), label)


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    text = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    yield from (json.loads(line) for line in text.decode("utf-8").split("\n") if line)


def _rounded(values: Sequence[Any] | Floats) -> list[float]:
    return [round(float(value), 4) for value in values]


def _fold_of(questions: set[str], seed: int) -> dict[str, int]:
    """A fold for each question, of even sizes."""
    order = np.random.default_rng(seed).permutation(len(questions))
    return {question: int(place) % FOLDS for question, place in zip(sorted(questions), order, strict=True)}


if __name__ == "__main__":
    warnings.simplefilter("error")
    main()
