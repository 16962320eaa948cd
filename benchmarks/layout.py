"""How well the reader finds the parts of a paper: ``python -m benchmarks.layout PAPERS --labels FOLDER``.

PAPERS is where the ``doc`` of the labels leads from; FOLDER holds one JSON file a paper, made by eye
(layout_labels.py tells the fields, layout_scores.py the measures).
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.layout_labels import load_labels
from benchmarks.layout_scores import Score, score_paper
from ingest.reader import read_pdf
from ragqa.document import Document, Metadata
from ragqa.errors import ReadError

WIDTH = 190  # in a pipe, rich would cut columns to 80
_MAX_PAGES = 3000
_UNREAD = Document(Metadata(), (), ())
Scores = dict[str, Score]


def main() -> None:
    """Print one row for each paper, their sum and their mean."""
    parser = argparse.ArgumentParser(description="How well the reader finds the parts of a paper.")
    parser.add_argument("papers", type=Path, help="folder that the doc of the labels leads from")
    parser.add_argument("--labels", type=Path, required=True, help="folder with one JSON file a paper")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path, help="write the counts, and what is missing or too much, to this file")
    arguments = parser.parse_args()
    results = dict(score_all(arguments.papers, sorted(arguments.labels.glob("*.json")), arguments.workers))
    print_scores(results)
    if arguments.json:
        arguments.json.write_text(json.dumps(as_json(results), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def score_all(papers: Path, files: Sequence[Path], workers: int) -> Iterator[tuple[str, Scores]]:
    """Name and scores of each paper, in the order of ``files``."""
    with ProcessPoolExecutor(workers) as pool:
        for file, scores in zip(files, pool.map(partial(score_file, papers), files), strict=True):
            yield file.stem, scores


def score_file(papers: Path, file: Path) -> Scores:
    """A paper that cannot be read has found nothing. Raises PathNotFound where there is no paper."""
    labels = load_labels(file)
    try:
        document = read_pdf(papers / labels.doc, _MAX_PAGES)
    except ReadError:
        document = _UNREAD
    return score_paper(document, labels)


def summed(results: Mapping[str, Scores]) -> Scores:
    """Counts of all papers together: a long paper weighs more."""
    total: Scores = {}
    for scores in results.values():
        for measure, score in scores.items():
            total[measure] = total.get(measure, Score()) + score
    return total


def averaged(results: Mapping[str, Scores]) -> dict[str, float | None]:
    """Mean of the papers in which there was something to find."""
    means: dict[str, float | None] = {}
    for measure in summed(results):
        values = [value for scores in results.values() if (value := scores[measure].value) is not None]
        means[measure] = mean(values) if values else None
    return means


def print_scores(results: Mapping[str, Scores]) -> None:
    """Per cent; a dash where there was nothing to find."""
    total = {measure: score.value for measure, score in summed(results).items()}
    table = Table("paper", *total)
    for name, scores in results.items():
        table.add_row(name, *(_per_cent(score.value) for score in scores.values()))
    table.add_section()
    table.add_row("all", *map(_per_cent, total.values()))
    table.add_row("mean", *map(_per_cent, averaged(results).values()))
    Console(width=WIDTH).print(table)


def _per_cent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f}"


def as_json(results: Mapping[str, Scores]) -> dict[str, Any]:
    """All counts, with notes for each paper."""
    papers = {name: {measure: _row(score) for measure, score in scores.items()} for name, scores in results.items()}
    total = {measure: _row(score) for measure, score in summed(results).items()}
    return {"all": total, "mean": averaged(results), "papers": papers}


def _row(score: Score) -> dict[str, Any]:
    return {
        "value": score.value, "right": score.right, "given": score.given, "wanted": score.wanted,
        "notes": list(score.notes),
    }  # fmt: skip


if __name__ == "__main__":
    main()
