"""When to refuse: ``python -m benchmarks.abstention DATA/e2e --library DIR [--limit N] [--fit] [--out FILE]``.

DIR holds a library with the papers of DATA (``ragqa ingest --data DIR DATA/papers``). Each question is asked of its own
paper and of another one, alone. Prints AUROC, the share of questions without an answer that are refused where 80 % of
the others are answered, and the curve, each question judged by a fit that did not see it. ``--fit`` prints the
constants of ragqa/answer/confidence.py.
Questions that fit any paper ("What model does the paper propose?") are asked of their own paper alone, every fourth.
Of what the product does with these questions, its second search included, refusals.py tells.
"""

import argparse
import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.logistic import Floats, fit_logistic, with_constant
from ingest.folder.files import content_hash
from ragqa.answer.confidence import FEATURES, features
from ragqa.answer.evidence import choose_evidence
from ragqa.answer.spans import MOST_READ, Found, read
from ragqa.ask import HITS_READ
from ragqa.compose import open_engine, open_reader
from ragqa.engine import Engine
from ragqa.evaluation.formats import PaperQuestion, read_paper_questions
from ragqa.evaluation.measures import auroc
from ragqa.protocols import PassageReader
from ragqa.settings import load_settings
from ragqa.types import Filter, Hit, SearchRequest

OF_ANY_PAPER = frozenset({"ncg"})
"""Sets whose questions are the same for every paper."""
KEPT_APART = frozenset({"litqa2"})
"""Sets that nothing may be fitted on."""
EVERY = 4
ANSWERED = 0.8
FOLDS, SEED = 5, 0
READER_FEATURES = frozenset({"answerable"})


@dataclass(frozen=True, slots=True)
class Row:
    """A question asked of one paper: whether the paper answers it, and what the logistic sees."""

    qid: str
    set: str
    paper: str
    answerable: bool
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """A question, the paper that it is asked of, and whether that answers it."""

    question: PaperQuestion
    paper: str
    answerable: bool


def main() -> None:
    """Collect the features, or read those collected before, and print what can be told from them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--limit", type=int, help="questions, evenly taken")
    parser.add_argument("--fit", action="store_true", help="print constants for the product")
    parser.add_argument("--out", type=Path, help="keep the features here, and use them if they are there")
    given = parser.parse_args()
    if given.out and given.out.is_file():
        rows = [Row(**row) for row in json.loads(given.out.read_text(encoding="utf-8"))]
    else:
        rows = collected(given.folder, given.library, given.limit)
        if given.out:
            given.out.write_text(json.dumps([_plain(row) for row in rows]), encoding="utf-8")
    for name, used in (("with the reader", frozenset(FEATURES)), ("without", frozenset(FEATURES) - READER_FEATURES)):
        _report(rows, name, [FEATURES.index(feature) for feature in FEATURES if feature in used])
        if given.fit:
            _print_constants(rows, name, used)


def collected(folder: Path, library: Path, limit: int | None) -> list[Row]:
    """What the logistic sees of each question and paper."""
    settings = load_settings(data=library, llm="none")
    engine, reader = open_engine(settings), open_reader(settings)
    try:
        return [_row(engine, reader, pair) for pair in pairs(folder, limit)]
    finally:
        engine.close()


def pairs(folder: Path, limit: int | None) -> list[Pair]:
    """Each question with its own paper, and with another one that is drawn for it."""
    asked = [q for q in read_paper_questions(folder) if len(q.docs) == 1 and q.set not in KEPT_APART]
    questions = [q for q in asked if q.set not in OF_ANY_PAPER]
    chosen = questions[:: max(1, len(questions) // limit)] if limit else questions
    chosen += [q for q in asked if q.set in OF_ANY_PAPER][::EVERY]
    ids = {doc: content_hash(folder / doc) for doc in sorted({q.docs[0] for q in asked})}
    rng = np.random.default_rng(SEED)
    found = []
    for question in chosen:
        own = ids[question.docs[0]]
        found.append(Pair(question, own, question.answerable))
        if question.set in OF_ANY_PAPER:
            continue
        others = [ids[q.docs[0]] for q in questions if ids[q.docs[0]] != own]
        found.append(Pair(question, str(rng.choice(others)), False))
    return found


def first_look(engine: Engine, reader: PassageReader | None, pair: Pair) -> tuple[list[Hit], list[Found]]:
    """The evidence of the first search, as it is read; what a second search adds is not in it."""
    text = pair.question.question
    request = SearchRequest(question=text, k=HITS_READ, filter=Filter(paper_ids=(pair.paper,)))
    evidence = choose_evidence(engine.search(request).hits, MOST_READ)
    return evidence, read(text, evidence, reader) if reader else []


def _row(engine: Engine, reader: PassageReader | None, pair: Pair) -> Row:
    values = features(pair.question.question, *first_look(engine, reader, pair))
    return Row(pair.question.qid, pair.question.set, pair.paper, pair.answerable, values)


def _report(rows: Sequence[Row], name: str, columns: Sequence[int]) -> None:
    scores = _held_out(rows, columns)
    has = np.array([row.answerable for row in rows])
    own, other = scores[has], scores[~has]
    cut = float(np.quantile(own, 1 - ANSWERED))
    print(f"\n{name}: {len(own)} with an answer, {len(other)} without, held out")
    print(f"AUROC {auroc(own.tolist(), other.tolist()):.3f}; where {ANSWERED:.0%} are answered,", end=" ")
    print(f"{float((other < cut).mean()):.1%} of those without an answer are refused")
    for each in sorted({row.set for row in rows}):
        of_set = np.array([row.set == each for row in rows])
        told = auroc(scores[of_set & has].tolist(), other.tolist())
        counts = f"{int((of_set & has).sum())} and {int((of_set & ~has).sum())}"
        print(f"  {each}, against all without: AUROC {told:.3f} ({counts})")
    print("| answered | refused of those without | risk |\n|---|---|---|")
    for share in (0.95, 0.9, 0.8, 0.7, 0.6, 0.5):
        cut = float(np.quantile(own, 1 - share))
        let_through = float((other >= cut).mean())
        print(f"| {share:.0%} | {1 - let_through:.0%} | {let_through / (let_through + share):.0%} |")
    for column in columns:
        values = np.array([row.values[column] for row in rows])
        print(f"  {FEATURES[column]} alone: AUROC {auroc(values[has].tolist(), values[~has].tolist()):.3f}")


def _held_out(rows: Sequence[Row], columns: Sequence[int]) -> Floats:
    """Logits of each row by a fit that did not see its question."""
    values, has = _matrix(rows, columns), np.array([row.answerable for row in rows])
    fold_of = _folds([row.qid for row in rows])
    scores = np.empty(len(rows))
    for fold in range(FOLDS):
        inside = fold_of != fold
        weights = fit_logistic(values[inside & has], values[inside & ~has])
        scores[~inside] = with_constant(values[~inside]) @ weights
    return scores


def _folds(qids: Sequence[str]) -> NDArray[np.int64]:
    """A fold for each question, the same for both papers that it is asked of."""
    names = sorted(set(qids))
    order = np.random.default_rng(SEED).permutation(len(names)) % FOLDS
    fold: Mapping[str, int] = dict(zip(names, order.tolist(), strict=True))
    return np.array([fold[qid] for qid in qids])


def _print_constants(rows: Sequence[Row], name: str, used: Set[str]) -> None:
    """Weights for all features, 0 for those not used, and the least confidence for a share answered."""
    columns = [at for at, feature in enumerate(FEATURES) if feature in used]
    has = np.array([row.answerable for row in rows])
    values = _matrix(rows, columns)
    weights = fit_logistic(values[has], values[~has])
    spread = [0.0] * len(FEATURES)
    for column, weight in zip(columns, weights[:-1], strict=True):
        spread[column] = float(weight)
    print(f"{name}: {tuple(round(weight, 3) for weight in (*spread, float(weights[-1])))}")
    sure = 1 / (1 + np.exp(-with_constant(values) @ weights))
    print("least confidence by share answered:", end=" ")
    print(", ".join(f"{share:.0%} {float(np.quantile(sure[has], 1 - share)):.3f}" for share in (0.95, 0.9, 0.85, 0.8)))


def _matrix(rows: Sequence[Row], columns: Sequence[int]) -> Floats:
    return np.array([[row.values[column] for column in columns] for row in rows])


def _plain(row: Row) -> dict[str, object]:
    return {"qid": row.qid, "set": row.set, "paper": row.paper, "answerable": row.answerable, "values": row.values}


if __name__ == "__main__":
    main()
