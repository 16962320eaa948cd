"""What re-ranking takes: ``python -m benchmarks.rerank_time LIBRARY QUESTIONS [--out FILE]``.

LIBRARY is a data folder with the papers of QUESTIONS. The shipped reader reads the best ten and the best thirty chunks
of every fourth question, all of them, without an early exit and with nothing remembered.
"""

import argparse
import json
import time
from pathlib import Path

from benchmarks.ablation import load
from benchmarks.environment import HERE
from ragqa.adapters.openvino_reader import OpenVinoReader
from ragqa.compose import open_engine
from ragqa.evaluation.measures import percentile
from ragqa.protocols import Passage
from ragqa.settings import load_settings
from ragqa.types import SearchRequest

DEPTHS = (30, 10)
EVERY, WARMING = 4, 5


def main() -> None:
    """Search, read, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "rerank_time.json")
    args = parser.parse_args()
    work = passages(args.library, args.questions)
    result: dict[str, dict[str, float]] = {}
    for depth in DEPTHS:
        reader = OpenVinoReader()
        times = [milliseconds(reader, question, best[:depth]) for question, best in work][WARMING:]
        result[f"{depth} chunks, ms"] = {
            "n": len(times), "p50": round(percentile(times, 0.5), 1), "p95": round(percentile(times, 0.95), 1),
        }  # fmt: skip
    print(json.dumps(result, indent=1))
    args.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def passages(library: Path, questions: Path) -> list[tuple[str, list[Passage]]]:
    """Each question with what a search over all papers finds for it."""
    engine = open_engine(load_settings(data=library, llm="none"))
    try:
        asked = load(questions, frozenset(paper.id for paper in engine.catalogue.papers()))[::EVERY]
        found = [
            engine.search(SearchRequest(question=one.question.text, k=max(DEPTHS), rerank=False)).hits for one in asked
        ]
    finally:
        engine.close()
    return [
        (one.question.text, [Passage.below(hit.title, hit.section, hit.text) for hit in hits])
        for one, hits in zip(asked, found, strict=True)
    ]


def milliseconds(reader: OpenVinoReader, question: str, best: list[Passage]) -> float:
    started = time.perf_counter()
    reader.relevance(question, best)
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()
