"""Retrieval alone, on test sets in BEIR layout: BM25, dense, and both fused, with ragqa's own adapters.

A folder holds corpus.jsonl(.gz), queries.jsonl and qrels.tsv (or qrels/test.tsv). Documents are searched
whole; the embedder reads their first 256 tokens, as it does in published figures of the same model.
"""

import argparse
import csv
import gzip
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import ir_measures
from ir_measures import R, nDCG
from rich.console import Console
from rich.table import Table

from benchmarks.environment import HERE, WORK
from ragqa.adapters.chroma_index import ChromaIndex
from ragqa.adapters.openvino_embedder import OpenVinoEmbedder
from ragqa.adapters.sentence_transformers_embedder import SentenceTransformersEmbedder
from ragqa.adapters.tantivy_index import TantivyIndex
from ragqa.protocols import EVERYWHERE, Embedder, IndexEntry, Scored
from ragqa.search.fusion import reciprocal_rank_fusion
from ragqa.search.retrieve import DEPTH

MEASURES = (nDCG @ 10, R @ 100)
BATCH = 512
Ranking = list[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class TestSet:
    """Ids to text, and judgements: query id to document id to grade."""

    name: str
    documents: dict[str, str]
    queries: dict[str, str]
    judgements: dict[str, dict[str, int]]


def load_test_set(folder: Path) -> TestSet:
    """Queries without judgements are left out."""
    judgements = _judgements(folder)
    documents = {row["_id"]: _document_text(row) for row in _rows(folder, "corpus.jsonl")}
    queries = {row["_id"]: row["text"] for row in _rows(folder, "queries.jsonl") if row["_id"] in judgements}
    return TestSet(folder.name, documents, queries, judgements)


def _rows(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    packed = folder / f"{name}.gz"
    content = gzip.decompress(packed.read_bytes()) if packed.is_file() else (folder / name).read_bytes()
    for line in content.decode("utf-8").splitlines():
        yield json.loads(line)


def _document_text(row: Mapping[str, Any]) -> str:
    """Title and body as one text, the custom of these collections; SciFact gives its body as sentences."""
    body = row["text"] if "text" in row else " ".join(row["sentences"])
    return f"{row.get('title', '')} {body}".strip()


def _judgements(folder: Path) -> dict[str, dict[str, int]]:
    file = folder / "qrels.tsv"
    found: dict[str, dict[str, int]] = {}
    with (file if file.is_file() else folder / "qrels" / "test.tsv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            found.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
    return found


def rank(test_set: TestSet, embedder: Embedder, folder: Path) -> dict[str, dict[str, Ranking]]:
    """Pipeline name to query id to documents with scores; the indexes are built in ``folder``."""
    keywords, vectors = TantivyIndex(folder / "keywords"), ChromaIndex(folder / "vectors")
    for entries in _entries(test_set, embedder):
        keywords.add(entries)
        vectors.add(entries)
    rankings: dict[str, dict[str, Ranking]] = {"BM25": {}, "dense": {}, "fused": {}}
    for query, text in test_set.queries.items():
        by_words = _ranking(keywords.search(text, DEPTH, EVERYWHERE))
        by_meaning = _ranking(vectors.search(embedder.embed_query(text), DEPTH, EVERYWHERE))
        rankings["BM25"][query], rankings["dense"][query] = by_words, by_meaning
        rankings["fused"][query] = reciprocal_rank_fusion([_ids(by_meaning), _ids(by_words)])[:DEPTH]
    keywords.close()
    vectors.close()
    return rankings


def _entries(test_set: TestSet, embedder: Embedder) -> Iterator[list[IndexEntry]]:
    names = list(test_set.documents)
    for start in range(0, len(names), BATCH):
        batch = names[start : start + BATCH]
        vectors = embedder.embed_passages([test_set.documents[name] for name in batch])
        pairs = zip(batch, vectors, strict=True)
        yield [IndexEntry(name, name, "", "", test_set.documents[name], vector) for name, vector in pairs]


def _ranking(found: Sequence[Scored]) -> Ranking:
    return [(scored.chunk_id, scored.score) for scored in found]


def _ids(ranking: Ranking) -> list[str]:
    return [name for name, _ in ranking]


def score(test_set: TestSet, rankings: Mapping[str, Ranking]) -> dict[str, dict[str, float]]:
    """Measure to its mean over the queries, with 1.96 standard errors."""
    run = [
        ir_measures.ScoredDoc(query, name, -float(place))  # places, since fused scores may tie
        for query, ranking in rankings.items()
        for place, (name, _) in enumerate(ranking)
    ]
    values: dict[str, list[float]] = {str(measure): [] for measure in MEASURES}
    for value in ir_measures.iter_calc(MEASURES, test_set.judgements, run):
        values[str(value.measure)].append(value.value)
    return {
        measure: {
            "mean": round(mean(found), 4),
            "plus_minus": round(1.96 * stdev(found) / sqrt(len(found)), 4),
        }
        for measure, found in values.items()
    }


def measure(folder: Path, embedder: Embedder) -> dict[str, Any]:
    """All pipelines on one test set."""
    test_set = load_test_set(folder)
    WORK.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK, ignore_cleanup_errors=True) as indexes:
        rankings = rank(test_set, embedder, Path(indexes))
    return {
        "set": test_set.name, "documents": len(test_set.documents), "queries": len(test_set.queries),
        "pipelines": {name: score(test_set, ranking) for name, ranking in rankings.items()},
    }  # fmt: skip


def print_table(results: Sequence[Mapping[str, Any]]) -> None:
    """Means with their 95% intervals."""
    table = Table("set", "documents", "queries", "pipeline", *map(str, MEASURES))
    for result in results:
        for name, scores in result["pipelines"].items():
            cells = [f"{scores[str(m)]['mean']:.3f} ± {scores[str(m)]['plus_minus']:.3f}" for m in MEASURES]
            table.add_row(result["set"], str(result["documents"]), str(result["queries"]), name, *cells)
        table.add_section()
    Console(width=110).print(table)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", help="test sets")
    parser.add_argument("--fp32", action="store_true", help="the shipped embedder in fp32 (what int8 costs)")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "ir.json", help="where the figures go")
    args = parser.parse_args()
    embedder: Embedder = SentenceTransformersEmbedder.shipped("cpu") if args.fp32 else OpenVinoEmbedder(WORK)
    results = [measure(folder, embedder) for folder in args.folders]
    print_table(results)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(
        json.dumps({"embedder": embedder.fingerprint, "sets": results}, indent=1) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
