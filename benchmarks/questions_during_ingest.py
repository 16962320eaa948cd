"""How long questions take while papers are read: ``python -m benchmarks.questions_during_ingest --papers DIR``.

A server with half of the papers answers searches, idle and then while it reads the other half, which is dropped into
its ingest folder. Other work on the machine slows both; compare the two in one run.
"""

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from benchmarks.environment import HERE
from benchmarks.pipelines import Ragqa
from ragqa.evaluation.measures import percentile

QUESTIONS = (
    "Which datasets were used for training?", "How large is the vocabulary?", "What is the effect of dropout?",
    "Which baselines are compared?", "How were annotators paid?", "What are the limitations of the method?",
    "Does pretraining help on small data?", "Which metric correlates best with human judgement?",
    "How many parameters does the model have?", "What was the learning rate?",
)  # fmt: skip
IDLE_QUESTIONS = 100
PAUSE_S = 0.1  # of a person who reads; without it the questions themselves are the load


def timed(client: httpx.Client, number: int) -> float:
    """Milliseconds of one search; no two questions are the same, so that nothing is remembered."""
    question = f"{QUESTIONS[number % len(QUESTIONS)]} ({number})"
    started = time.perf_counter()
    client.post("/api/v1/search", json={"question": question, "k": 10}).raise_for_status()
    return (time.perf_counter() - started) * 1000


def asked(client: httpx.Client, goes_on: Callable[[int], bool]) -> list[float]:
    """Searches, one after the other with a pause between, as long as ``goes_on``."""
    taken: list[float] = []
    while goes_on(len(taken)):
        taken.append(timed(client, len(taken)))
        time.sleep(PAUSE_S)
    return taken


def summary(taken: list[float]) -> dict[str, float]:
    return {
        "n": len(taken),
        "p50 ms": round(percentile(taken, 0.5), 1),
        "p95 ms": round(percentile(taken, 0.95), 1),
        "max ms": round(max(taken), 1),
    }


def unfinished(client: httpx.Client, ready_before: int, dropped: int) -> bool:
    """Whether papers are still to be read."""
    counts = client.get("/api/v1/health").raise_for_status().json()["papers"]
    return bool(counts["ready"] + counts["failed"] < ready_before + dropped)


def main() -> None:
    """Ingest, ask, drop, ask, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=Path, required=True)
    parser.add_argument("--count", type=int, default=20, help="papers there before, and again as many dropped")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "questions_during_ingest.json")
    args = parser.parse_args()
    papers = sorted(args.papers.rglob("*.pdf"))[: 2 * args.count]
    with tempfile.TemporaryDirectory() as made:
        ragqa = Ragqa()
        try:
            ragqa.ingest(papers[: args.count], Path(made))
            client = ragqa._client
            counts = client.get("/api/v1/health").json()["papers"]
            before = counts["ready"] + counts["failed"]
            asked(client, lambda n: n < 10)
            idle = asked(client, lambda n: n < IDLE_QUESTIONS)
            for number, paper in enumerate(papers[args.count :]):
                shutil.copyfile(paper, Path(made, "data", "ingest", f"{number}-{paper.name}"))
            busy = asked(client, lambda n: n < 10 or n % 10 > 0 or unfinished(client, before, args.count))
        finally:
            ragqa.close()
    ratio = percentile(busy, 0.95) / percentile(idle, 0.95)
    result: dict[str, Any] = {"idle": summary(idle), "while reading": summary(busy), "p95 ratio": round(ratio, 2)}
    args.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
