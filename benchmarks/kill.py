"""Kills ingests with SIGKILL, at every stage and at random moments, and compares with an undisturbed run.

    python -m benchmarks.kill [--kills 120] [--papers data/sample]

Each library is killed several times in a row, then left to finish. Any difference ends in exit code 1.
"""

import argparse
import hashlib
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.environment import HERE
from benchmarks.killed import STAGES, WHEN
from ragqa.compose import open_engine
from ragqa.settings import Settings
from ragqa.types import SearchMode, SearchRequest

KILLS_EACH = 6  # then the library may finish
COPIES = 2
QUESTIONS = ("Which constant does reciprocal rank fusion use?", "How large were the chunks?", "When to refuse")
MODES: tuple[SearchMode, ...] = ("dense", "keyword")
HITS = 5 * COPIES
RANDOM = "random moment"


def make_papers(source: Path, folder: Path) -> Path:
    """Each PDF several times: a comment after its end makes other bytes, and so another paper."""
    folder.mkdir()
    for number in range(COPIES):
        for paper in sorted(source.glob("*.pdf")):
            (folder / f"{paper.stem}-{number}.pdf").write_bytes(paper.read_bytes() + b"\n%% copy %d\n" % number)
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 broken")
    return folder


def state_of(data: Path) -> dict[str, Any]:
    """All that matters of a library: papers, chunks, vectors, both indexes, and what is found."""
    engine = open_engine(Settings(data=data, llm="none"))
    try:
        made, state = engine.generations.wanted, {}
        for paper in engine.papers():
            entries = engine.catalogue.ledger.entries([paper.id], made.recipe.name)
            content = hashlib.sha256()
            for entry in entries:
                content.update(f"{entry.chunk_id}\0{entry.text}\0".encode())
                content.update(b"" if entry.vector is None else entry.vector.astype(np.float16).tobytes())
            state[paper.file_name] = [paper.state, paper.title, paper.pages, len(entries), content.hexdigest()]
        indexes = made.index._indexes
        state["indexes"] = [
            hashlib.sha256("".join(sorted(index.chunk_ids())).encode()).hexdigest() for index in indexes.both()
        ]
        for question, mode in product(QUESTIONS, MODES):
            hits = engine.search(SearchRequest(question=question, k=HITS, mode=mode)).hits
            # Copies of a paper tie, and the keyword index weighs words by what it has seen, deleted or not.
            state[f"{question} ({mode})"] = sorted(hit.text for hit in hits)
        return state
    finally:
        engine.close()


def start(command: list[str], papers: Path, data: Path) -> "subprocess.Popen[bytes]":
    arguments = ["ingest", str(papers), "--data", str(data), "--json"]
    return subprocess.Popen(
        [sys.executable, "-m", *command, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def moments(seed: int) -> Iterator[tuple[str, int, str]]:
    """Every stage in turn, early and late, and between them random moments."""
    dice = random.Random(seed)
    while True:
        for stage in STAGES:
            yield stage, dice.randint(1, 3), dice.choice(WHEN)
            yield RANDOM, 0, ""


def kill_once(moment: tuple[str, int, str], papers: Path, data: Path, duration: float) -> bool:
    """Whether the process died of it, rather than having ended before."""
    stage, number, when = moment
    if stage == RANDOM:
        process = start(["ragqa"], papers, data)
        time.sleep(random.uniform(0.2, 0.9) * duration)
        process.send_signal(signal.SIGKILL)
    else:
        process = start(["benchmarks.killed", stage, str(number), when], papers, data)
    return process.wait() == -signal.SIGKILL


def main() -> None:
    """Kill, compare, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=120)
    parser.add_argument("--papers", type=Path, default=HERE.parent / "data" / "sample")
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "kill.json")
    args = parser.parse_args()
    random.seed(args.seed)
    killed, wrong, libraries = Counter[str](), list[str](), 0
    with tempfile.TemporaryDirectory() as made:
        papers = make_papers(args.papers, Path(made, "papers"))
        began = time.monotonic()
        start(["ragqa"], papers, Path(made, "undisturbed")).wait()
        duration = time.monotonic() - began
        expected = state_of(Path(made, "undisturbed"))
        moment = moments(args.seed)
        while killed.total() < args.kills:
            data = Path(made, f"killed-{libraries}")
            for _ in range(KILLS_EACH):
                chosen = next(moment)
                began = time.monotonic()
                if not kill_once(chosen, papers, data, duration):
                    duration = min(duration, time.monotonic() - began)
                    break
                killed[chosen[0]] += 1
            start(["ragqa"], papers, data).wait()
            libraries += 1
            found = state_of(data)
            wrong += [f"library {libraries}: {key}" for key in expected if found.get(key) != expected[key]]
            print(f"{killed.total()} kills, {libraries} libraries, {len(wrong)} differences", flush=True)
            args.out.write_text(
                json.dumps({"kills": killed, "libraries": libraries, "wrong": wrong}, indent=1) + "\n", encoding="utf-8"
            )
            shutil.rmtree(data)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
