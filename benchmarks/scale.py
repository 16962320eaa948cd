"""A library of any size: how long it takes to build, to open and to search, and how much memory it needs.

The chunks are pieces of real texts, repeated with noise (scale_corpus.py). Building and searching each run in a
process of their own, on the library's own parts from the question to its hits.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.environment import HERE, WORK
from benchmarks.memory import MB, PeakMemory
from benchmarks.scale_corpus import CHUNKS_PER_PAPER, Pieces, fill, real_pieces
from ragqa.adapters.chroma_index import ChromaIndex
from ragqa.adapters.openvino_embedder import OpenVinoEmbedder
from ragqa.adapters.tantivy_index import TantivyIndex
from ragqa.document import SectionKind
from ragqa.protocols import EVERYWHERE, Embedder
from ragqa.search.index import HybridIndex
from ragqa.search.retrieve import DEPTH, Retriever
from ragqa.store.catalogue import Catalogue
from ragqa.store.database import Database
from ragqa.types import Filter, SearchRequest

MADE_BY = "all-MiniLM-L6-v2-int8-1+chunks-1-128"
WARM_UP = 20
RECALL_QUESTIONS = 20
CATALOGUE_FILE, INDEX_FOLDER = "catalogue.sqlite", "indexes"
Json = dict[str, Any]


@dataclass(frozen=True)
class Library:
    """What a search goes through, and nothing else of ragqa."""

    catalogue: Catalogue
    index: HybridIndex
    retriever: Retriever


def make(folder: Path, texts: Sequence[Path], chunks: int) -> None:
    """Fill the catalogue, if it is not there."""
    if (folder / "made").is_file():
        return
    embedder = OpenVinoEmbedder(WORK)
    database = Database(folder / CATALOGUE_FILE)
    fill(Catalogue(database), real_pieces(texts, embedder, WORK), chunks, MADE_BY)
    database.close()
    (folder / "made").touch()


def build(folder: Path) -> Json:
    """Both indexes from the catalogue."""
    with ExitStack() as opened, PeakMemory(psutil.Process().pid) as peak:
        started, worked = time.perf_counter(), time.process_time()
        library = open_library(folder, OpenVinoEmbedder(WORK), opened)
        seconds, cpu = time.perf_counter() - started, time.process_time() - worked
        chunks = library.catalogue.ledger.chunk_count(MADE_BY)
    size = sum(path.stat().st_size for path in (folder / INDEX_FOLDER).rglob("*") if path.is_file())
    return {
        "chunks": chunks, "seconds": round(seconds, 1), "cpu_seconds": round(cpu, 1),
        "chunks_per_second": round(chunks / seconds), "chunks_per_cpu_second": round(chunks / cpu),
        "peak_memory_mb": round(peak.megabytes), "index_mb": round(size / MB),
    }  # fmt: skip


def search(folder: Path, texts: Sequence[Path], rounds: int) -> Json:
    """Open it once, then ask: everywhere, and within filters."""
    embedder = OpenVinoEmbedder(WORK)
    pieces = real_pieces(texts, embedder, WORK)
    with ExitStack() as opened:
        started = time.perf_counter()
        library = open_library(folder, embedder, opened)
        open_s = time.perf_counter() - started
        asked = pieces.questions
        time_searches(library.retriever, asked[:WARM_UP], SearchRequest(question=""))
        scopes = {
            name: time_searches(library.retriever, asked[WARM_UP : WARM_UP + rounds], request)
            for name, request in requests(library.catalogue).items()
        }
        memory = psutil.Process().memory_info().rss / MB
        recall = recall_of_graph(library, embedder, pieces)
    return {"open_s": round(open_s, 2), "memory_mb": round(memory), "recall_at_100": recall, "searches": scopes}


def open_library(folder: Path, embedder: Embedder, opened: ExitStack) -> Library:
    """As ragqa.compose does, without papers to read and models to chat with."""
    database = Database(folder / CATALOGUE_FILE)
    opened.callback(database.close)
    catalogue = Catalogue(database)
    index = HybridIndex(folder / INDEX_FOLDER, catalogue, MADE_BY, ChromaIndex, TantivyIndex)
    opened.callback(index.close)
    return Library(catalogue, index, Retriever(catalogue, index, embedder, 8000))


def requests(catalogue: Catalogue) -> dict[str, SearchRequest]:
    """Name to a request whose question is still to be put in."""
    paper_ids = sorted(paper.id for paper in catalogue.papers())
    filters = {
        "everywhere": Filter(),
        "one paper": Filter(paper_ids=(paper_ids[len(paper_ids) // 2],)),
        "an author (2 %)": Filter(author="Author 7"),
        "years (30 %)": Filter(year_from=2005, year_to=2010),
        "methods (25 %)": Filter(sections=(SectionKind.METHODS,)),
    }
    found = {name: SearchRequest(question="", filter=wanted) for name, wanted in filters.items()}
    return found | {"a collection (10 %)": SearchRequest(question="", collection="collection 3")}


def time_searches(retriever: Retriever, questions: Sequence[str], request: SearchRequest) -> Json:
    """Milliseconds p50 and p95 by stage and in all, and of processor time in all."""
    times: list[dict[str, float]] = []
    for question in questions:
        started, worked = time.perf_counter(), time.process_time()
        result = retriever.search(request.model_copy(update={"question": question}))
        in_all, cpu = (time.perf_counter() - started) * 1000, (time.process_time() - worked) * 1000
        times.append({**result.timings_ms, "in all": in_all, "processor": cpu})
    return {stage: _p50_p95([each[stage] for each in times]) for stage in times[0]}


def recall_of_graph(library: Library, embedder: Embedder, pieces: Pieces) -> float:
    """Part of the exact nearest that the vector index finds, without any scope."""
    paper_ids = sorted(paper.id for paper in library.catalogue.papers())
    asked = np.stack([embedder.embed_query(question) for question in pieces.questions[:RECALL_QUESTIONS]])
    best: list[list[tuple[float, str]]] = [[] for _ in asked]
    for start in range(0, len(paper_ids), CHUNKS_PER_PAPER):
        entries = library.catalogue.ledger.entries(paper_ids[start : start + CHUNKS_PER_PAPER], MADE_BY)
        cosines = np.stack([entry.vector for entry in entries if entry.vector is not None]) @ asked.T
        for n, column in enumerate(cosines.T):
            near = np.argsort(-column)[:DEPTH]
            best[n] = sorted([*best[n], *((float(column[i]), entries[i].chunk_id) for i in near)], reverse=True)[:DEPTH]
    found = [library.index.search("", vector, DEPTH, EVERYWHERE)[0] for vector in asked]
    hit = [
        len({h.chunk_id for h in f} & {chunk_id for _, chunk_id in b}) / DEPTH for f, b in zip(found, best, strict=True)
    ]
    return round(float(np.mean(hit)), 3)


def _p50_p95(values: Sequence[float]) -> list[float]:
    return [round(float(np.percentile(values, part)), 1) for part in (50, 95)]


def print_tables(results: Json) -> None:
    """Building and opening, then the searches."""
    first = Table("chunks", "built", "a second", "opened", "memory", "recall@100")
    built, searched = results["build"], results["search"]
    first.add_row(
        f"{results['chunks']:,}", f"{built['seconds']} s", f"{built['chunks_per_second']:,}", f"{searched['open_s']} s",
        f"{searched['memory_mb']:,} MB", f"{searched['recall_at_100']}",
    )  # fmt: skip
    stages = list(next(iter(searched["searches"].values())))
    second = Table("search, ms p50 / p95", *stages)
    for name, times in searched["searches"].items():
        second.add_row(name, *(" / ".join(map(str, times[stage])) for stage in stages))
    for table in (first, second):
        Console(width=130).print(table)


def main() -> None:
    """Make, build, search, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=Path, nargs="+", help="test sets in BEIR layout, for their texts")
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=200, help="questions for each kind of search")
    parser.add_argument("--folder", type=Path, help="where the library is kept; default: benchmarks/.work")
    parser.add_argument("--out", type=Path, help="where the figures go; default: benchmarks/results/scale-CHUNKS.json")
    parser.add_argument("--step", choices=("build", "search"), help="only this, as JSON; for the command's own use")
    args = parser.parse_args()
    folder = args.folder or WORK / f"scale-{args.chunks}"
    steps: dict[str, Callable[[], Json]] = {
        "build": lambda: build(folder), "search": lambda: search(folder, args.texts, args.rounds),
    }  # fmt: skip
    if args.step:
        sys.stdout.write(json.dumps(steps[args.step]()))
        return
    make(folder, args.texts, args.chunks)
    out = args.out or HERE / "results" / f"scale-{args.chunks}.json"
    results: Json = json.loads(out.read_text(encoding="utf-8")) if out.is_file() else {}
    results["chunks"] = args.chunks
    for step in steps:
        if step == "build" and (folder / INDEX_FOLDER).is_dir() and "build" in results:
            continue
        command = [sys.executable, "-m", "benchmarks.scale", *sys.argv[1:], "--step", step]
        results[step] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print_tables(results)


if __name__ == "__main__":
    main()
