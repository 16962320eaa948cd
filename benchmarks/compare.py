"""ragqa against the tutorial pipeline: same PDFs, same questions, same machine, same run.

Quality: all papers; is the gold page among the first k hits? Speed: a sample of the papers, ingested by both
pipelines in turn, several rounds; only the ratios mean anything, since other work on the machine slows both.
"""

import argparse
import json
import os
import platform
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.cached_hits import digest, read_cached, write_cached
from benchmarks.environment import HERE, WORK, tutorial_python
from benchmarks.pipelines import Pipeline, Ragqa, Run, Tutorial
from benchmarks.questions import Question, load_questions
from benchmarks.tables import Row, mean_distinct_pages, print_quality, print_speed, quality_rows, speed_summary

SPEED_QUESTIONS = 100


def run_side_by_side(
    pipelines: Sequence[Pipeline], papers: Sequence[Path], questions: Sequence[Question], given: bool
) -> dict[str, Run]:
    """Ingest in this order, then ask each question of all; ``given`` allows searches of one paper."""
    WORK.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK, ignore_cleanup_errors=True) as folder:
        try:
            runs = {p.name: Run(p.ingest(papers, Path(folder) / p.name)) for p in pipelines}
            for question in questions:
                for pipeline in pipelines:
                    found = pipeline.search(question.text, question.given if given else None)
                    runs[pipeline.name].answers.append(found)
        finally:
            peaks = {p.name: p.close() for p in pipelines}
    for name, run in runs.items():
        run.searching_mb = peaks[name]
    return runs


def measure_speed(
    pipelines: Sequence[Pipeline], papers: Sequence[Path], questions: Sequence[Question], rounds: int
) -> list[dict[str, Run]]:
    """Alternate which pipeline goes first, so that a machine that slows down favours neither."""
    found = []
    for number in range(rounds):
        order = pipelines if number % 2 == 0 else pipelines[::-1]
        print(f"speed, round {number + 1} of {rounds}: {len(papers)} papers …", flush=True)
        found.append(run_side_by_side(order, papers, questions, given=False))
    return found


def measure_quality(
    ours: Pipeline, tutorial: Pipeline, papers: Sequence[Path], questions: Sequence[Question], cache: Path
) -> Row:
    """Page and paper found or not; the tutorial's hits come from ``cache`` if an earlier run left them."""
    cached = read_cached(cache, questions)
    print(f"quality: {len(papers)} papers, {len(questions)} questions …", flush=True)
    pipelines = [ours, tutorial] if cached is None else [ours]
    runs = run_side_by_side(pipelines, papers, questions, given=True)
    if cached is None:
        cached = runs["tutorial"].answers
        write_cached(cache, questions, cached)
    write_cached(WORK / "ragqa-hits.json", questions, runs["ragqa"].answers)  # to see which questions were lost
    both = {"ragqa": runs["ragqa"].answers, "tutorial": cached}
    return {
        "distinct pages in 5 hits": {name: mean_distinct_pages(answers) for name, answers in both.items()},
        "rows": quality_rows(questions, both["ragqa"], both["tutorial"]),
    }


def _warm_up(pipelines: Sequence[Pipeline], papers: Sequence[Path], questions: Sequence[Question]) -> None:
    """The first use converts the embedder and fills the page cache; neither belongs to a comparison."""
    run_side_by_side(pipelines, papers[:1], questions[:1], given=False)


def _sample(items: Sequence[Any], limit: int | None) -> list[Any]:
    """The same ``limit`` items every time, from all over the list."""
    if limit is None or limit >= len(items):
        return list(items)
    chosen = set(random.Random(0).sample(range(len(items)), limit))
    return [item for i, item in enumerate(items) if i in chosen]


def _machine() -> dict[str, Any]:
    return {"cpus": os.cpu_count(), "processor": platform.machine(), "python": platform.python_version()}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=Path, required=True, help="folder of PDFs")
    parser.add_argument("--questions", type=Path, required=True, help="questions.jsonl; its docs are relative to it")
    parser.add_argument("--limit", type=int, help="questions of the quality table (default: all)")
    parser.add_argument("--limit-papers", type=int, default=20, help="papers of the speed table (default 20)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the speed table (default 3)")
    parser.add_argument("--only", choices=["quality", "speed"], help="make one table only")
    parser.add_argument("--chunk", type=int, default=500, help="characters of the tutorial's chunks (default 500)")
    parser.add_argument("--fresh", action="store_true", help="do not use the tutorial's cached hits")
    parser.add_argument("--tutorial-python", type=Path, help="use this environment instead of making one")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "compare.json", help="where the figures go")
    return parser.parse_args()


def main() -> None:
    """Measure, print, write."""
    args = _arguments()
    papers = sorted(path.resolve() for path in args.papers.rglob("*.pdf"))
    questions = load_questions(args.questions.resolve(), papers)
    tutorial = Tutorial(args.tutorial_python or tutorial_python(), args.chunk, args.chunk // 10)
    result: dict[str, Any] = {
        "machine": _machine(),
        "tutorial": {"chunk": args.chunk, "overlap": args.chunk // 10},
    }
    if args.only != "quality":
        _warm_up([Ragqa(), tutorial], papers, questions)
        chosen = _sample(papers, args.limit_papers), _sample(questions, SPEED_QUESTIONS)
        result["speed"] = speed_summary(measure_speed([Ragqa(), tutorial], *chosen, args.rounds))
        print_speed(result["speed"])
    if args.only != "speed":
        cache = WORK / f"tutorial-hits-{digest(papers, args.chunk)}.json"
        if args.fresh:
            cache.unlink(missing_ok=True)
        result["quality"] = measure_quality(Ragqa(), tutorial, papers, _sample(questions, args.limit), cache)
        print_quality(result["quality"]["rows"])
        print("distinct pages in 5 hits:", result["quality"]["distinct pages in 5 hits"])
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"written to {args.out}")


if __name__ == "__main__":
    main()
