"""How good a reader is: exact match, F1 and no-answer AUROC on questions, nDCG on rankings.

Knows nothing of training.
"""

import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ragqa.evaluation.measures import auroc, exact_match, token_f1
from ragqa.training import mix
from ragqa.training.features import LONGEST, ROOM, STRIDE, Example, Features, Tokens, collate, windows
from ragqa.training.model import ANSWERABLE, RELEVANCE, Reader, predict
from ragqa.training.perturb import WordIndex

Numbers = NDArray[np.float32]


@dataclass(frozen=True)
class Reading:
    """The best span of a text, and what speaks for there being none."""

    text: str
    score: float  # logits of the span minus those of [CLS]
    answerable: float  # logit of the head
    relevance: float

    @property
    def confidence(self) -> float:
        """That there is an answer; both signals err, and not together."""
        return self.score / 2 + self.answerable


Read = Callable[[Sequence[Example]], list[Reading]]
"""Reads examples, one by one or together."""


def ndcg(order: Sequence[bool], right: int, k: int = 10) -> float:
    """Binary gains; ``right`` is how many right passages there are in all."""
    gain = sum(1 / np.log2(i + 2) for i, is_right in enumerate(order[:k]) if is_right)
    return float(gain / sum(1 / np.log2(i + 2) for i in range(min(right, k))))


def read_all(reader: Reader, tokens: Tokens, examples: Sequence[Example], batch: int = 32) -> list[Reading]:
    """The best reading of each example over the windows of its text."""
    pieces = [
        (i, features) for i, example in enumerate(examples) for features in windows(example, tokens, ROOM, STRIDE)
    ]
    pieces.sort(key=lambda piece: len(piece[1].ids))
    found: dict[int, list[Reading]] = defaultdict(list)
    for at in range(0, len(pieces), batch):
        part = pieces[at : at + batch]
        made = collate([[(examples[i], features)] for i, features in part])
        span, passage = predict(reader, made)
        for row, (i, features) in enumerate(part):
            found[i].append(_reading(examples[i], features, span[row], passage[row]))
    return [_best(found[i]) for i in range(len(examples))]


def _reading(example: Example, features: Features, span: Numbers, passage: Numbers) -> Reading:
    pair = 2 if example.evidence else 0
    end = len(features.ids) - 1
    start_logits, end_logits = span[features.first : end, pair], span[features.first : end, pair + 1]
    n = len(start_logits)
    longest = n if example.evidence else LONGEST
    sums = np.where(
        np.triu(np.ones((n, n), bool)) & np.tri(n, n, longest - 1, dtype=bool), start_logits[:, None] + end_logits, -1e9
    )
    first, last = np.unravel_index(sums.argmax(), sums.shape)
    text = example.text[features.offsets[first][0] : features.offsets[last][1]]
    return Reading(
        text,
        float(sums.max() - span[0, pair] - span[0, pair + 1]),
        float(passage[ANSWERABLE]),
        float(passage[RELEVANCE]),
    )


def _best(readings: Sequence[Reading]) -> Reading:
    best = max(readings, key=lambda reading: reading.score)
    return Reading(best.text, best.score, max(r.answerable for r in readings), max(r.relevance for r in readings))


def reading_report(
    readings: Sequence[Reading], answers: Sequence[Sequence[str]], threshold: float | None = None
) -> dict[str, float]:
    """EM and F1 of what has an answer; where some have none, AUROC of three scores and F1 with refusals.

    Without a ``threshold``, the one that suits these very questions: for dev sets only.
    """
    has = [bool(a) for a in answers]
    spoken = [(r, a) for r, a in zip(readings, answers, strict=True) if a]
    report = {
        "n": float(len(answers)),
        "em": _mean([exact_match(r.text, a) for r, a in spoken]),
        "f1": _mean([token_f1(r.text, a) for r, a in spoken]),
    }
    if all(has):
        return report
    kinds = {
        "span": [r.score for r in readings],
        "head": [r.answerable for r in readings],
        "both": [r.confidence for r in readings],
    }
    report |= {f"auroc_{kind}": _auroc(scores, has) for kind, scores in kinds.items()}
    if threshold is None:
        threshold = report["threshold"] = best_threshold(readings, answers)
    said = [r.text if r.confidence >= threshold else "" for r in readings]
    return report | {"f1_all": _mean([token_f1(text, a) for text, a in zip(said, answers, strict=True)])}


def _auroc(scores: Sequence[float], has: Sequence[bool]) -> float:
    with_answer, without = ([s for s, h in zip(scores, has, strict=True) if h is wanted] for wanted in (True, False))
    area = auroc(with_answer, without)
    return float("nan") if area is None else area


def best_threshold(readings: Sequence[Reading], answers: Sequence[Sequence[str]]) -> float:
    """The confidence below which to refuse, for the best mean F1 over all these questions."""
    ranked = sorted(zip(readings, answers, strict=True), key=lambda pair: -pair[0].confidence)
    # An answered question gains its F1, one without an answer costs the 1 that refusing it would have given.
    gains = np.cumsum([token_f1(reading.text, right) if right else -1.0 for reading, right in ranked])
    return float(ranked[int(gains.argmax())][0].confidence)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else 0.0


@dataclass(frozen=True)
class DevSet:
    """A few dev questions and rankings: enough to see a run go wrong, too few to compare two good ones."""

    examples: list[Example]
    answers: list[list[str]]
    rankings: list[tuple[list[Example], list[bool], int]]


def dev_set(train: Path, ir: Path | None, questions: int = 300, claims: int = 40) -> DevSet:
    """Questions on the dev articles of SQuAD 2.0; scifact claims with their best 12 abstracts by BM25."""
    rows = Random(0).sample(of_articles(train, mix.DEV), questions)
    return DevSet(*as_questions(rows), _rankings(ir, claims) if ir else [])


def of_articles(folder: Path, titles: Collection[str]) -> list[mix.Row]:
    """Questions of SQuAD 2.0 dev on these articles."""
    return [row for row in mix.read(folder, "squad20_dev_noxquad") if row["title"] in titles]


def squad_json(file: Path) -> list[mix.Row]:
    """Questions of a file in SQuAD's format."""
    articles = json.loads(file.read_text(encoding="utf-8"))["data"]
    paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]]
    return [{**question, "context": p["context"]} for p in paragraphs for question in p["qas"]]


def papers_jsonl(file: Path, name: str = "qasper") -> list[mix.Row]:
    """Questions about papers, each with the paragraphs that people marked as its evidence for a context.

    Of one set of a file of paper questions (see ``ragqa eval papers``); those answered by yes or no are left out.
    """
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    wanted = [r for r in rows if r["set"] == name and r["evidence"] and r["answer_type"] != "boolean"]
    return [
        {**row, "context": "\n".join(row["evidence"]), "answers": [{"text": text} for text in row["answers"]]}
        for row in wanted
    ]


def as_questions(rows: Sequence[mix.Row]) -> tuple[list[Example], list[list[str]]]:
    """(questions, right answers)."""
    examples = [Example(row["question"], row["context"]) for row in rows]
    return examples, [[answer["text"] for answer in row["answers"]] for row in rows]


def _rankings(folder: Path, claims: int, depth: int = 12) -> list[tuple[list[Example], list[bool], int]]:
    with gzip.open(folder / "corpus.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    corpus = [{"text": " ".join(row.get("sentences", ())), **row} for row in rows]
    right: dict[str, set[str]] = defaultdict(set)
    for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query, doc, grade = line.split("\t")
        if int(grade) > 0:
            right[query].add(doc)
    queries = [json.loads(line) for line in (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()]
    index = WordIndex([f"{doc['title']} {doc['text']}" for doc in corpus])
    rankings = []
    for query in Random(0).sample([query for query in queries if right[query["_id"]]], claims):
        best = [corpus[i] for i in index.best(query["text"], depth)]
        examples = [Example(query["text"], doc["text"], doc["title"]) for doc in best]
        rankings.append((examples, [doc["_id"] in right[query["_id"]] for doc in best], len(right[query["_id"]])))
    return rankings


def judge(reader: Reader, tokens: Tokens, dev: DevSet) -> dict[str, Any]:
    """The dev figures of a reader in training."""
    reader.eval()
    report = figures(partial(read_all, reader, tokens), dev)
    reader.train()
    return report


def figures(read: Read, dev: DevSet) -> dict[str, Any]:
    """The dev figures; for rankings, before (by BM25) and after (by relevance)."""
    report: dict[str, Any] = reading_report(read(dev.examples), dev.answers)
    before, after = [], []
    for examples, labels, right in dev.rankings:
        readings = read(examples)
        order = sorted(range(len(labels)), key=lambda i: -readings[i].relevance)
        before.append(ndcg(labels, right))
        after.append(ndcg([labels[i] for i in order], right))
    return report | {"ndcg_before": _mean(before), "ndcg": _mean(after)} if before else report
