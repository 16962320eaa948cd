"""How well written sentences are checked: ``python -m benchmarks.support [--fit] [--nli NAME]``.

Claims with evidence, half of each set to tune on. Reports AUROC and what passes at the threshold on the other half;
``--fit`` first sets the weights of the shipped reader's score on the halves to tune on; the package keeps them.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

import ragqa.answer.written.support
from benchmarks.environment import HERE
from benchmarks.logistic import fit_logistic
from benchmarks.sample_measures import auroc, auroc_interval, rounded
from benchmarks.support_sets import Case, halves, read_sets
from ragqa.adapters.huggingface_nli import HuggingFaceNli
from ragqa.answer.evidence import Sentence, sentences_of
from ragqa.answer.written.claims import compare
from ragqa.answer.written.support import (
    WEIGHTS_FILE,
    JudgedSupport,
    Support,
    Weights,
    WordSupport,
    likeness,
    neighbours,
    numbers_of,
    shipped_weights,
)
from ragqa.compose import open_reranker
from ragqa.protocols import Passage, Reranker
from ragqa.settings import Settings
from ragqa.types import Hit

TUNED_ON = ("begin", "papers")  # the sets that no part of the reader was trained on and that look like answers
WORDS_PASS = 1e-9  # by words alone, whatever passes the rules passes

Sets = Mapping[str, Sequence[Case]]


class Remembered:
    """A judge that is asked about a claim and a passage once."""

    def __init__(self, judge: Reranker) -> None:
        self.name = judge.name
        self._judge = judge
        self._known: dict[tuple[str, str], float] = {}

    def relevance(self, question: str, passages: Sequence[Passage]) -> list[float]:
        """See Reranker."""
        new = [p for p in passages if (question, p.text) not in self._known]
        if new:
            logits = self._judge.relevance(question, new)
            self._known |= {(question, p.text): logit for p, logit in zip(new, logits, strict=True)}
        return [self._known[question, p.text] for p in passages]


def hit_of(case: Case) -> Hit:
    """The case's evidence as a search would give it."""
    text = " ".join(case.evidence)
    return Hit(chunk_id="", paper_id="", file_name="", title="", page=1, section="", text=text, score=1.0)


def score(support: Support, case: Case) -> float:
    """The best probability among the sentences of the evidence; 0 if none may bear the claim out."""
    best = support.among(case.claim, sentences_of([hit_of(case)]))[:1]
    return best[0][1] if best else 0.0


def fitted(judge: Reranker, sets: Sets) -> Weights:
    """A logistic model over the sentence that the judge likes best, and the threshold of the best balanced accuracy."""
    cases = [case for name in TUNED_ON for case in halves(sets[name])[0]]
    rows = [(row, case.supported) for case in cases if (row := _row(judge, case)) is not None]
    supported, unsupported = (np.array([row for row, label in rows if label is wanted]) for wanted in (True, False))
    on_logit, *on_words, constant = (round(float(weight), 3) for weight in fit_logistic(supported, unsupported))
    names = list(numbers_of(compare("", "")))
    weights = Weights(constant, on_logit, dict(zip(names, on_words, strict=True)), 0.0)
    support = JudgedSupport(judge, weights)
    scored = [(score(support, case), case.supported) for case in cases]
    return replace(weights, least=_threshold(scored))


def _row(judge: Reranker, case: Case) -> list[float] | None:
    """The judge's logit and the words' agreement of the sentence or pair that it likes best."""
    sentences = sentences_of([hit_of(case)])
    able = [(s, compare(case.claim, s.text, s.hit.text)) for s in _with_neighbours(sentences)]
    able = [(s, a) for s, a in able if a.figures and a.polarity and a.direction and a.covered > 0]
    able = sorted(able, key=lambda pair: -likeness(pair[1]))[:6]
    if not able:
        return None
    logits = judge.relevance(case.claim, [Passage("", s.text) for s, _ in able])
    best = int(np.argmax(logits))
    return [logits[best], *numbers_of(able[best][1]).values()]


def _with_neighbours(sentences: Sequence[Sentence]) -> list[Sentence]:
    return [*sentences, *neighbours(sentences)]


def _threshold(scored: Sequence[tuple[float, bool]]) -> float:
    values = np.array([value for value, _ in scored])
    labels = np.array([label for _, label in scored])
    grid = np.arange(0.05, 0.96, 0.01)
    balanced = [((values >= t)[labels].mean() + (values < t)[~labels].mean()) / 2 for t in grid]
    return round(float(grid[int(np.argmax(balanced))]), 2)


def measured(support: Support, cases: Sequence[Case], least: float) -> dict[str, Any]:
    """AUROC with its interval, and the shares of both kinds that end on the right side of the threshold."""
    values = np.array([score(support, case) for case in cases])
    labels = np.array([case.supported for case in cases])
    return {
        "n": len(cases),
        "auroc": auroc_interval(values[labels], values[~labels]),
        "supported that pass": rounded((values[labels] >= least).mean()),
        "unsupported that are marked": rounded((values[~labels] < least).mean()),
    }


def relevance_alone(judge: Reranker, cases: Sequence[Case]) -> float:
    """AUROC of the judge's best logit, without words."""
    values = np.array([max(judge.relevance(c.claim, [Passage("", s) for s in c.evidence[:12]])) for c in cases])
    labels = np.array([case.supported for case in cases])
    return rounded(auroc(values[labels], values[~labels]))


def main() -> None:
    """Fit if asked to, then print and keep one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--most", type=int, default=800, help="cases of each set")
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--nli", default="", help="a Hugging Face NLI model to compare with")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "support.json")
    args = parser.parse_args()
    sets = read_sets(args.data, args.most)
    shipped = open_reranker(Settings())
    assert shipped is not None
    judge = Remembered(shipped)
    if args.fit:
        file = Path(ragqa.answer.written.support.__file__).with_name(WEIGHTS_FILE)
        file.write_text(json.dumps(asdict(fitted(judge, sets)), indent=1) + "\n", encoding="utf-8")
    weights = shipped_weights()
    ways: dict[str, tuple[Support, float]] = {
        "words": (WordSupport(), WORDS_PASS),
        "shipped": (JudgedSupport(judge, replace(weights, least=0.0)), weights.least),
    }
    if args.nli:
        ways["nli"] = (JudgedSupport(HuggingFaceNli(args.nli), None), 0.5)
    result: dict[str, Any] = {"weights": asdict(weights)}
    for name, cases in sets.items():
        kept = halves(cases)[1]
        result[name] = {way: measured(support, kept, least) for way, (support, least) in ways.items()}
        result[name]["relevance alone"] = relevance_alone(judge, kept)
        print(name, json.dumps(result[name]), flush=True)
    args.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
