"""What rewriting a follow-up is worth to the search: recall@10 of the message as typed, as ragqa rewrites it without a
language model, as a person rewrote it (where the file has that), and behind the whole history.

Follow-ups only: first questions, and questions without a known passage, are not counted.
"""

import argparse
import json
import random
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.environment import HERE, WORK
from benchmarks.follow_up_sets import AskedTurn, ConversationSet, load_set
from ragqa.adapters.openvino_embedder import OpenVinoEmbedder
from ragqa.adapters.tantivy_index import TantivyIndex
from ragqa.answer.questions.follow_up import standalone_question
from ragqa.conversation import CitedPaper, Turn
from ragqa.protocols import EVERYWHERE, Embedder, IndexEntry
from ragqa.search.fusion import reciprocal_rank_fusion

K, DEPTH = 10, 100
KEYWORD_WEIGHT = 1.5
RESAMPLES = 2000
LONGEST_QUERY = 4000  # characters, of the history's end

Asked = tuple[AskedTurn, ...]
Forms = dict[str, list[str]]
"""Name of a form to the query for each counted question."""


def counted(conversations: Sequence[Asked]) -> Iterator[tuple[Asked, AskedTurn]]:
    """Every follow-up with known passages, and what was said before it."""
    for turns in conversations:
        for number, turn in enumerate(turns):
            if number and turn.golds:
                yield turns[:number], turn


def forms_of(chosen: ConversationSet) -> Forms:
    """The queries. Our rewriting goes on from its own rewritings, as in a conversation."""
    asked = list(counted(chosen.conversations))
    forms = {
        "as typed": [turn.question for _, turn in asked],
        "rewritten": [rewritten(before, turn) for before, turn in asked],
        "whole history": [_history(before, turn)[-LONGEST_QUERY:] for before, turn in asked],
    }
    if all(turn.human for _, turn in asked):
        forms["by a person"] = [turn.human for _, turn in asked]
    return forms


def rewritten(before: Asked, turn: AskedTurn) -> str:
    """What ragqa searches for."""
    turns: list[Turn] = []
    for said in before:
        cited = (CitedPaper(paper_id=said.cites, title=said.cites),) if said.cites else ()
        standalone = standalone_question(said.question, turns, None)
        turns.append(Turn(question=said.question, standalone_question=standalone, answer=said.answer, cited=cited))
    return standalone_question(turn.question, turns, None)


def _history(before: Asked, turn: AskedTurn) -> str:
    return " ".join([*(f"{said.question} {said.answer}" for said in before), turn.question])


def searcher(chosen: ConversationSet, embedder: Embedder, folder: Path) -> Callable[[Sequence[str]], list[list[str]]]:
    """Searches the pool by BM25 and meaning, fused by rank; many queries at once, which embeds them fast."""
    passages = chosen.passages
    vectors = np.array(list(embedder.embed_passages([f"{p.title}\n{p.text}".strip() for p in passages])))
    keywords = TantivyIndex(folder)
    keywords.add([IndexEntry(p.id, p.id, p.title, "", p.text, vectors[n]) for n, p in enumerate(passages)])

    def search(queries: Sequence[str]) -> list[list[str]]:
        found = []
        for query, vector in zip(queries, embedder.embed_passages(queries), strict=True):
            near = np.argsort(-(vectors @ vector))[:DEPTH]
            by_meaning = [passages[n].id for n in near]
            by_words = [scored.chunk_id for scored in keywords.search(query, DEPTH, EVERYWHERE)]
            fused = reciprocal_rank_fusion([by_meaning, by_words], (1.0, KEYWORD_WEIGHT))
            found.append([name for name, _ in fused[:K]])
        return found

    return search


def recalls(found: Sequence[Sequence[str]], golds: Sequence[frozenset[str]]) -> list[float]:
    """Share of each question's passages among the first K."""
    return [len(gold & set(ids[:K])) / len(gold) for ids, gold in zip(found, golds, strict=True)]


def interval(values: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """95% of the means of resampled questions."""
    chance = random.Random(seed)
    means = sorted(mean(chance.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES)]


def measure(chosen: ConversationSet, embedder: Embedder) -> dict[str, Any]:
    """Recall of every form, and what it gains on the message as typed."""
    golds = [turn.golds for _, turn in counted(chosen.conversations)]
    forms = forms_of(chosen)
    WORK.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK, ignore_cleanup_errors=True) as folder:
        search = searcher(chosen, embedder, Path(folder))
        scores = {name: recalls(search(queries), golds) for name, queries in forms.items()}
    typed, ours = scores["as typed"], forms["rewritten"]
    changed = sum(a != b for a, b in zip(ours, forms["as typed"], strict=True))
    return {
        "set": chosen.name, "passages": len(chosen.passages), "questions": len(golds), "rewritten": changed,
        "forms": {name: _summary(values, typed) for name, values in scores.items()},
    }  # fmt: skip


def _summary(values: Sequence[float], typed: Sequence[float]) -> dict[str, Any]:
    gains = [a - b for a, b in zip(values, typed, strict=True)]
    return {
        "recall@10": round(mean(values), 4),
        "interval": [round(bound, 4) for bound in interval(values)],
        "gain": round(mean(gains), 4),
        "gain_interval": [round(bound, 4) for bound in interval(gains)],
        "better": sum(gain > 0 for gain in gains),
        "worse": sum(gain < 0 for gain in gains),
    }


def print_table(results: Sequence[Mapping[str, Any]]) -> None:
    """Recall and gain with their intervals."""
    table = Table("set", "questions", "query", f"recall@{K}", "gain on as typed", "better", "worse")
    for result in results:
        for name, row in result["forms"].items():
            low, high = row["interval"]
            gain = f"{row['gain']:+.3f} ({row['gain_interval'][0]:+.3f} to {row['gain_interval'][1]:+.3f})"
            recall = f"{row['recall@10']:.3f} ({low:.3f} to {high:.3f})"
            table.add_row(
                result["set"], str(result["questions"]), name, recall, gain, str(row["better"]), str(row["worse"])
            )
        table.add_section()
    Console(width=120).print(table)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+", help="argscichat.jsonl, mtrag_un.jsonl, canard.jsonl")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "follow_ups.json", help="where the figures go")
    args = parser.parse_args()
    embedder = OpenVinoEmbedder(WORK)
    results = [measure(load_set(file), embedder) for file in args.files]
    print_table(results)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(
        json.dumps({"embedder": embedder.fingerprint, "sets": results}, indent=1) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
