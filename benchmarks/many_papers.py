"""Memory and speed of a long ingest: ``python -m benchmarks.many_papers --papers DIR [--count 1000]``.

The PDFs are repeated with changed bytes (a comment after their end) until there are enough. ``ragqa ingest`` runs as
a user runs it; the memory of all its processes is sampled from outside.
"""

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from itertools import cycle
from pathlib import Path
from typing import Any

import psutil

from benchmarks.environment import HERE
from benchmarks.memory import MB, _resident

EVERY_S = 2.0


def make_papers(sources: list[Path], count: int, folder: Path) -> None:
    """Sub-folders of a hundred, so that the ingest's copies do too."""
    for number, source in zip(range(count), cycle(sources), strict=False):
        target = folder / str(number // 100) / f"{number:05}-{source.name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes() + b"\n%% %d\n" % number)


def watched(process: "subprocess.Popen[bytes]", database: Path) -> list[tuple[float, float, int]]:
    """Seconds, megabytes of all processes, and papers that have ended; every two seconds until the end."""
    started, samples = time.monotonic(), []
    tree = psutil.Process(process.pid)
    while process.poll() is None:
        samples.append((round(time.monotonic() - started, 1), round(_resident(tree) / MB, 1), _ended(database)))
        time.sleep(EVERY_S)
    return samples


def _ended(database: Path) -> int:
    """Asked of SQLite from outside; 0 as long as there is no catalogue."""
    if not database.is_file():
        return 0
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=10)) as catalogue:
        found = catalogue.execute("SELECT count(*) FROM papers WHERE state IN ('ready', 'failed')").fetchone()
        return int(found[0])


def slope(samples: list[tuple[float, float, int]], count: int) -> float:
    """Megabytes per 100 papers from the first quarter on, by least squares."""
    points = [(done, megabytes) for _, megabytes, done in samples if done >= count / 4]
    if len(points) < 2:
        return 0.0
    x, y = (sum(values) / len(points) for values in zip(*points, strict=True))
    spread = sum((done - x) ** 2 for done, _ in points)
    return 100 * sum((done - x) * (megabytes - y) for done, megabytes in points) / spread if spread else 0.0


def main() -> None:
    """Make, ingest, watch, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=Path, required=True)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "many_papers.json")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        make_papers(sorted(args.papers.rglob("*.pdf")), args.count, Path(made, "papers"))
        data = Path(made, "data")
        command = [sys.executable, "-m", "ragqa", "ingest", str(Path(made, "papers")), "--data", str(data), "--json"]
        with Path(made, "report.json").open("wb") as out:
            process = subprocess.Popen(command, stdout=out, env=os.environ | {"RAGQA_LLM": "none"})
            samples = watched(process, data / "index" / "catalogue.sqlite")
        report = json.loads(Path(made, "report.json").read_text(encoding="utf-8"))
    result: dict[str, Any] = {
        "papers": args.count,
        "ready": report["ready"],
        "failed": len(report["failed"]),
        "pages": report["pages"],
        "pages per second": round(report["pages"] / report["seconds"], 1),
        "peak MB": max(megabytes for _, megabytes, _ in samples),
        "MB per 100 papers": round(slope(samples, args.count), 2),
        "samples": samples[:: max(1, len(samples) // 60)],
    }
    args.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({key: value for key, value in result.items() if key != "samples"}, indent=1))


if __name__ == "__main__":
    main()
