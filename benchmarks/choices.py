"""Multiple choice: ``python -m benchmarks.choices FILE.json [--limit N]``, FILE in SQuAD's format.

Each question is asked of its own paragraph with the answers of other questions on it as wrong choices, which are harder
than any from elsewhere. Prints accuracy, precision by coverage, and the weights that suit these questions
(ragqa/answer/kinds/choices.py). LitQA2 is for reporting alone: never fit on it.
"""

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ragqa.answer.asking import Asking
from ragqa.answer.citations import Citer
from ragqa.answer.kinds.choices import WEIGHTS, judge
from ragqa.answer.scorer import EmbeddingScorer
from ragqa.answer.spans import read
from ragqa.compose import open_embedder, open_reader
from ragqa.settings import Settings
from ragqa.types import Filter, Hit

MOST_CHOICES = 4
SEED, RATE, STEPS = 0, 0.5, 400
Floats = NDArray[np.float64]


class Nothing:
    """A shelf that is never looked at: all evidence is given."""

    def page(self, paper_id: str, number: int) -> Any:
        raise NotImplementedError

    def tables(self, paper_id: str) -> Any:
        raise NotImplementedError

    def details(self, paper_id: str) -> Any:
        raise NotImplementedError


def main() -> None:
    """Print accuracy, the curve and the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--limit", type=int, default=200)
    given = parser.parse_args()
    settings = Settings(llm="none")
    scorer, reader = EmbeddingScorer(open_embedder(settings)), open_reader(settings)
    values, right = [], []
    for question, passage, choices, answer in _questions(given.file, given.limit):
        hit = Hit(
            chunk_id="", paper_id="", file_name="", title="", page=1, section="", text=passage, score=1.0, dense=0.5
        )
        asking = Asking(question, [hit], Citer("", Nothing()), scorer, reader, Nothing(), _nowhere, list, choices)
        found = read(question, [hit], reader) if reader else []
        values.append(np.array([judged.values for judged in judge(asking, found)]))
        right.append(choices.index(answer))
    for name, weights in (("as shipped", np.array(WEIGHTS)), ("fitted here", fitted(values, right))):
        _report(name, weights, values, right)


def fitted(values: Sequence[Floats], right: Sequence[int]) -> Floats:
    """Conditional logit by gradient steps."""
    weights = np.zeros(values[0].shape[1])
    for _ in range(STEPS):
        gradient = sum(rows[at] - _chances(rows @ weights) @ rows for rows, at in zip(values, right, strict=True))
        weights += RATE * np.asarray(gradient) / len(values)
    return weights


def _report(name: str, weights: Floats, values: Sequence[Floats], right: Sequence[int]) -> None:
    chances = [_chances(rows @ weights) for rows in values]
    told = sorted(
        ((float(chance.max()), bool(chance.argmax() == at)) for chance, at in zip(chances, right, strict=True)),
        reverse=True,
    )
    print(f"\n{name} {tuple(round(float(weight), 2) for weight in weights)}: accuracy ", end="")
    print(f"{np.mean([is_right for _, is_right in told]):.1%} of {len(told)} questions")
    print("| coverage | precision | least probability |\n|---|---|---|")
    for share in (1.0, 0.8, 0.6, 0.4, 0.2):
        part = told[: math.ceil(share * len(told))]
        print(f"| {share:.0%} | {np.mean([is_right for _, is_right in part]):.1%} | {part[-1][0]:.2f} |")


def _questions(file: Path, limit: int) -> list[tuple[str, str, tuple[str, ...], str]]:
    """(question, passage, choices, right choice), evenly taken."""
    rng, found = np.random.default_rng(SEED), []
    for article in json.loads(file.read_text(encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            answers = {qa["question"]: qa["answers"][0]["text"] for qa in paragraph["qas"] if qa["answers"]}
            for question, answer in answers.items():
                others = sorted(set(answers.values()) - {answer})
                wrong = [str(other) for other in rng.permutation(others)[: MOST_CHOICES - 1]] if others else []
                choices = tuple(str(choice) for choice in rng.permutation([answer, *wrong]))
                if wrong:
                    found.append((question, " ".join(paragraph["context"].split()), choices, answer))
    return found[:: max(1, len(found) // limit)][:limit]


def _nowhere(question: str, only: Filter, k: int) -> list[Hit]:
    """All evidence is given."""
    return []


def _chances(scores: Floats) -> Floats:
    raised = np.exp(scores - scores.max())
    chances: Floats = raised / raised.sum()
    return chances


if __name__ == "__main__":
    main()
