"""Chunk sizes and overlaps against each other, on questions about real papers: ``python -m benchmarks.chunks E2E``.

E2E holds questions.jsonl and papers/. Every setting is chunked, embedded, stored and searched by the product's own
parts; the papers are read once. *page@k*: a gold page among the first k hits. *evidence*: the share of gold passages
whose word triples stand, to 80 %, in what an answer would be given: the first 8 hits, or as many as 1,000 tokens hold.
"""

import argparse
import json
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import fmean

from rich.console import Console
from rich.table import Table

from benchmarks.environment import HERE, WORK
from benchmarks.questions import Question, load_questions
from benchmarks.reading import triples
from ingest.chunk import chunk_document
from ingest.folder.files import content_hash
from ingest.pipeline import passage
from ingest.reader import read_pdf
from ragqa.adapters.chroma_index import ChromaIndex
from ragqa.adapters.openvino_embedder import OpenVinoEmbedder
from ragqa.adapters.tantivy_index import TantivyIndex
from ragqa.document import BlockKind, Chunk, Document
from ragqa.protocols import Embedder
from ragqa.search.index import HybridIndex
from ragqa.search.retrieve import Retriever
from ragqa.sentences import sentence_spans
from ragqa.store.catalogue import Catalogue
from ragqa.store.database import Database
from ragqa.types import Filter, Hit, SearchRequest

MAX_PAGES = 3000
EVIDENCE_HITS = 8
EVIDENCE_TOKENS = 1000
FOUND = 0.8


@dataclass(frozen=True, slots=True)
class Setting:
    """Longest chunk in tokens; sentences that a chunk repeats of the one before; whether headings are embedded too."""

    tokens: int
    overlap: int = 0
    context: bool = True

    @property
    def name(self) -> str:
        """As the table shows it."""
        told = [f"{self.tokens} tokens", f"{self.overlap} sentence overlap" if self.overlap else ""]
        return ", ".join(filter(None, [*told, "" if self.context else "without title and headings"]))


SETTINGS = (
    Setting(64), Setting(96), Setting(128), Setting(160), Setting(192), Setting(254),
    Setting(96, overlap=1), Setting(128, overlap=1), Setting(192, overlap=1), Setting(128, context=False),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the gold passages that stand in its papers."""

    question: Question
    evidence: tuple[str, ...]


def chunks_of(document: Document, setting: Setting, embedder: Embedder) -> list[Chunk]:
    """The product's chunks, each begun ``overlap`` sentences earlier where the one before flows into it."""
    chunks = chunk_document(document, embedder, setting.tokens)
    pages = {page.number: [word.text for word in page.words] for page in document.pages}
    found = chunks[:1]
    for before, chunk in pairwise(chunks):
        flows = before.end == chunk.start and (before.page, before.section, before.kind) == (
            chunk.page, chunk.section, chunk.kind,
        )  # fmt: skip
        words = pages[chunk.page]
        start = (
            chunk.start - _last_sentences(words[before.start : before.end], setting.overlap) if flows else chunk.start
        )
        found.append(replace(chunk, start=start, text=" ".join(words[start : chunk.end])))
    return found


def _last_sentences(words: Sequence[str], count: int) -> int:
    """Words of the last sentences, unless these are all there are."""
    spans = sentence_spans(list(words))
    return len(words) - spans[-count][0] if 0 < count < len(spans) else 0


def measure(
    setting: Setting, documents: Mapping[Path, Document], asked: Sequence[Asked], embedder: Embedder
) -> dict[str, object]:
    """Build the library in a folder of its own, ask, count."""
    with tempfile.TemporaryDirectory(dir=WORK, ignore_cleanup_errors=True) as folder:
        database = Database(Path(folder) / "catalogue.sqlite")
        catalogue = Catalogue(database)
        for path, document in documents.items():
            _store(catalogue, path, document, chunks_of(document, setting, embedder), setting, embedder)
        index = HybridIndex(Path(folder) / "index", catalogue, setting.name, ChromaIndex, TantivyIndex)
        index.update()
        retriever = Retriever(catalogue, index, embedder, 10_000)
        found = [_outcome(retriever, one, embedder) for one in asked]
        count = catalogue.ledger.chunk_count(setting.name)
        index.close()
        database.close()
    return asdict(setting) | {"chunks": count, "sets": _by_set(asked, found)}


def _store(
    catalogue: Catalogue, path: Path, document: Document, chunks: list[Chunk], setting: Setting, embedder: Embedder
) -> None:
    searched = [chunk for chunk in chunks if chunk.kind is not BlockKind.REFERENCE]
    title = document.metadata.title
    texts = [passage(title, chunk) if setting.context else chunk.text for chunk in searched]
    catalogue.register(content_hash(path), path, 0, "")
    catalogue.store(content_hash(path), document, searched, list(embedder.embed_passages(texts)), setting.name)


def _outcome(retriever: Retriever, one: Asked, embedder: Embedder) -> dict[str, float]:
    given = one.question.given
    only = Filter(paper_ids=(content_hash(given),)) if given else Filter()
    hits = retriever.search(SearchRequest(question=one.question.text, k=20, filter=only)).hits
    gold = {(content_hash(paper), page) for paper in one.question.papers for page in one.question.pages}
    found = {f"page@{k}": float(any((h.paper_id, h.page) in gold for h in hits[:k])) for k in (1, 5) if gold}
    if one.evidence:
        found["evidence in 8 hits"] = _evidence_share(hits[:EVIDENCE_HITS], one.evidence)
        sizes = embedder.token_counts([hit.text for hit in hits])
        fitting = [hit for at, hit in enumerate(hits) if sum(sizes[: at + 1]) <= EVIDENCE_TOKENS]
        found["evidence in 1,000 tokens"] = _evidence_share(fitting, one.evidence)
    return found


def _evidence_share(hits: Sequence[Hit], evidence: Sequence[str]) -> float:
    given = frozenset[str]().union(*(triples(hit.text) for hit in hits))
    return fmean(len(triples(text) & given) / len(triples(text)) >= FOUND for text in evidence)


def _by_set(asked: Sequence[Asked], found: Sequence[dict[str, float]]) -> dict[str, dict[str, float]]:
    values: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for one, outcome in zip(asked, found, strict=True):
        for name, value in outcome.items():
            values[one.question.set][name].append(value)
    return {name: {key: round(fmean(each), 4) for key, each in rows.items()} for name, rows in values.items()}


def load(folder: Path) -> tuple[dict[Path, Document], list[Asked]]:
    """Every paper that a question names, and the questions."""
    file = folder / "questions.jsonl"
    rows = {row["qid"]: row for row in map(json.loads, file.read_text(encoding="utf-8").splitlines())}
    papers = sorted({(folder / doc).resolve() for row in rows.values() for doc in row["docs"]})
    asked = [
        Asked(question, tuple(text for text in rows[question.qid]["evidence"] if triples(text)))
        for question in load_questions(file, papers)
        if question.pages
    ]
    return {path: read_pdf(path, MAX_PAGES) for path in papers}, asked


def print_table(results: Sequence[dict[str, object]]) -> None:
    """One row per setting and set."""
    names = ("page@1", "page@5", "evidence in 8 hits", "evidence in 1,000 tokens")
    table = Table("setting", "chunks", "set", *names)
    for result in results:
        setting = Setting(*(result[field] for field in ("tokens", "overlap", "context")))  # type: ignore[arg-type]
        for name, values in result["sets"].items():  # type: ignore[attr-defined]
            shares = [f"{100 * values[key]:.1f}" if key in values else "" for key in names]
            table.add_row(setting.name, str(result["chunks"]), name, *shares)
        table.add_section()
    Console(width=140).print(table)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="questions.jsonl and papers/")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "chunks.json", help="where the figures go")
    args = parser.parse_args()
    WORK.mkdir(exist_ok=True)
    embedder = OpenVinoEmbedder(WORK)
    documents, asked = load(args.folder)
    results = []
    for setting in SETTINGS:
        results.append(measure(setting, documents, asked, embedder))
        print(setting.name, flush=True)
        args.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print_table(results)


if __name__ == "__main__":
    main()
