"""ragqa against its peers: same PDFs, same questions, same machine, same run.

Quality: all papers; is the gold page among the first k hits? With --speed instead: a sample of the papers, ingested by
all pipelines in turn, several rounds; only the ratios mean anything, since other work on the machine slows all.
"""

import argparse
import json
import os
import platform
import random
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.cached_hits import Answered, digest, read_cached, write_cached
from benchmarks.environment import BAR, HERE, PEERS, WORK, Peer, commit, installed_versions, peer_python
from benchmarks.pipelines import PeerPipeline, Pipeline, Ragqa, Run
from benchmarks.questions import Question, load_questions
from benchmarks.tables import (
    OURS,
    Row,
    mean_pages_covered,
    print_failed,
    print_quality,
    print_speed,
    quality_rows,
    speed_summary,
)

SPEED_QUESTIONS = 60


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
) -> Row:
    """Every round starts with another pipeline, so that a machine that slows down favours none."""
    # The first use converts the embedder and fills the page cache; neither belongs to a comparison.
    run_side_by_side(pipelines, papers[:1], questions[:1], given=False)
    found = []
    for number in range(rounds):
        first = number * len(pipelines) // rounds
        print(f"speed, round {number + 1} of {rounds}: {len(papers)} papers …", flush=True)
        runs = run_side_by_side([*pipelines[first:], *pipelines[:first]], papers, questions, given=False)
        found.append({pipeline.name: runs[pipeline.name] for pipeline in pipelines})
    return speed_summary(found) | {"papers": len(papers), "questions": len(questions)}


def measure_answers(
    pipeline: Pipeline, papers: Sequence[Path], questions: Sequence[Question], cache: Path | None
) -> Answered:
    """Hits of one pipeline; from ``cache`` if an earlier run left them, else left there."""
    answered = read_cached(cache, questions) if cache else None
    if answered is None:
        print(f"quality, {pipeline.name}: {len(papers)} papers, {len(questions)} questions …", flush=True)
        run = run_side_by_side([pipeline], papers, questions, given=True)[pipeline.name]
        answered = Answered(run.ingested.pages, run.ingested.failed, run.answers)
        write_cached(cache or WORK / f"{pipeline.name}-hits.json", questions, answered)  # shows what was lost
    return answered


def quality_summary(questions: Sequence[Question], answered: dict[str, Answered]) -> Row:
    """Facts of each pipeline, and the rows of the table."""
    pipelines = {
        name: {"pages": one.pages, "failed": list(one.failed), "pages in 5 hits": mean_pages_covered(one.answers)}
        for name, one in answered.items()
    }
    return {
        "pipelines": pipelines,
        "rows": quality_rows(questions, {name: one.answers for name, one in answered.items()}),
    }


def _compare_speed(args: argparse.Namespace, papers: Sequence[Path], questions: Sequence[Question]) -> Row:
    peers = [PeerPipeline(peer, peer_python(peer, args.environments)) for peer in args.peers]
    chosen = _sample(papers, args.limit_papers), _sample(questions, SPEED_QUESTIONS)
    summary = measure_speed([Ragqa(), *peers], *chosen, args.rounds)
    print_speed(summary)
    print_failed({name: told["failed"] for name, told in summary["pipelines"].items()})
    return summary


def _compare_quality(args: argparse.Namespace, papers: Sequence[Path], questions: Sequence[Question]) -> Row:
    asked = _sample(questions, args.limit)
    answered = {OURS: measure_answers(Ragqa(), papers, asked, None)}
    for peer in args.peers:
        python = peer_python(peer, args.environments)
        cache = WORK / f"{peer.name}-hits-{digest(papers, peer, installed_versions(peer, python))}.json"
        if args.fresh:
            cache.unlink(missing_ok=True)
        answered[peer.name] = measure_answers(PeerPipeline(peer, python), papers, asked, cache)
    summary = quality_summary(asked, answered)
    print_quality(summary["rows"], BAR)
    for name, told in summary["pipelines"].items():
        print(f"{name}: {told['pages']} pages read; the first 5 hits cover {told['pages in 5 hits']} pages on average")
    print_failed({name: told["failed"] for name, told in summary["pipelines"].items()})
    return summary


def _sample(items: Sequence[Any], limit: int | None) -> list[Any]:
    """The same ``limit`` items every time, from all over the list."""
    if limit is None or limit >= len(items):
        return list(items)
    chosen = set(random.Random(0).sample(range(len(items)), limit))
    return [item for i, item in enumerate(items) if i in chosen]


def _circumstances(peers: Sequence[Peer], environments: Path) -> Row:
    """When, where and with what a table was made."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit(),
        "machine": {"cpus": os.cpu_count(), "processor": platform.machine(), "python": platform.python_version()},
        "versions": {peer.name: installed_versions(peer, peer_python(peer, environments)) for peer in peers},
    }


def _write_part(file: Path, part: str, figures: Row) -> None:
    """The other table of an earlier run stays."""
    file.parent.mkdir(parents=True, exist_ok=True)
    kept = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    file.write_text(json.dumps(kept | {part: figures}, indent=1) + "\n", encoding="utf-8")
    print(f"written to {file}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--papers", type=Path, nargs="+", required=True, help="folders of PDFs, all searched together")
    add("--questions", type=Path, required=True, help="questions.jsonl; its docs are relative to it")
    add("--peers", type=PEERS.__getitem__, nargs="+", default=list(PEERS.values()), help=f"of {', '.join(PEERS)}")
    add("--speed", action="store_true", help="make the speed table instead of the quality table")
    add("--limit", type=int, help="questions of the quality table (default: all)")
    add("--limit-papers", type=int, default=10, help="papers of the speed table (default 10)")
    add("--rounds", type=int, default=3, help="rounds of the speed table (default 3)")
    add("--fresh", action="store_true", help="do not use the peers' cached hits")
    add("--environments", type=Path, default=WORK / "environments", help="where the peers' environments are or go")
    add("--out", type=Path, default=HERE / "results" / "peers.json", help="where the figures go")
    return parser.parse_args()


def main() -> None:
    """Measure, print, write."""
    args = _arguments()
    papers = sorted(path.resolve() for folder in args.papers for path in folder.rglob("*.pdf"))
    questions = load_questions(args.questions.resolve(), papers)
    measure = _compare_speed if args.speed else _compare_quality
    figures = measure(args, papers, questions)
    _write_part(args.out, "speed" if args.speed else "quality", _circumstances(args.peers, args.environments) | figures)


if __name__ == "__main__":
    main()
