"""The data of the sample papers' experiments, and vectors that are computed once. Knows no measure."""

import gzip
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ragqa.adapters.openvino_embedder import OpenVinoEmbedder
from ragqa.protocols import Vectors

BATCH = 512
TEMPLATED = "ncg"  # its questions are the same few for every paper; they make sense only of a known paper


@dataclass(frozen=True)
class TestCollection:
    """Documents, queries and judgements: ids to text, query ids to relevant ids with their gain."""

    documents: dict[str, str]
    queries: dict[str, str]
    judgements: dict[str, dict[str, int]]


@dataclass(frozen=True)
class Question:
    """A question on one paper, with the pages (from 1) that hold the evidence; none if it has no answer."""

    qid: str
    set: str
    paper: str
    text: str
    pages: frozenset[int]


class CachedEmbedder:
    """Embeds each text once; vectors are kept in ``folder`` under the model's fingerprint."""

    def __init__(self, folder: Path) -> None:
        self.model = OpenVinoEmbedder(folder)
        self._folder = folder / "vectors"
        self._folder.mkdir(parents=True, exist_ok=True)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dimension) float32 of unit length."""
        parts = [self._batch(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)]
        vectors: Vectors = np.concatenate(parts)
        return vectors

    def _batch(self, texts: Sequence[str]) -> Vectors:
        digest = hashlib.sha256(self.model.fingerprint.encode())
        for text in texts:
            digest.update(b"\x00" + text.encode())
        file = self._folder / f"{digest.hexdigest()[:24]}.npy"
        if not file.is_file():
            np.save(file, self.model.embed_passages(texts))
        vectors: Vectors = np.load(file, allow_pickle=False)
        return vectors


def read_collection(folder: Path) -> TestCollection:
    """A collection in the BEIR-like layout: corpus.jsonl.gz, queries.jsonl, qrels.tsv."""
    with gzip.open(folder / "corpus.jsonl.gz", "rt", encoding="utf-8") as lines:
        documents = {row["_id"]: _document_text(row) for row in map(json.loads, lines)}
    judgements = _read_judgements(folder / "qrels.tsv")
    queries = {row["_id"]: row["text"] for row in _read_lines(folder / "queries.jsonl")}
    judged = {query: gains for query, gains in judgements.items() if query in queries}
    return TestCollection(documents, {query: queries[query] for query in judged}, judged)


def read_questions(file: Path) -> list[Question]:
    """Questions that are about one paper and either have evidence pages or are marked unanswerable."""
    rows = [row for row in _read_lines(file) if len(row["docs"]) == 1]
    return [
        Question(row["qid"], row["set"], row["docs"][0], row["question"], frozenset(row["evidence_pages"]))
        for row in rows
        if row["evidence_pages"] or not row["answerable"]
    ]


def _document_text(row: dict[str, Any]) -> str:
    """Title and text; some collections repeat the title at the start of the text."""
    sentences = row.get("sentences")
    text = " ".join(sentences) if isinstance(sentences, list) else str(row.get("text", ""))
    title = str(row.get("title", "")).strip()
    return text if text.startswith(title) else f"{title} {text}".strip()


def _read_judgements(file: Path) -> dict[str, dict[str, int]]:
    judgements: dict[str, dict[str, int]] = {}
    for line in file.read_text(encoding="utf-8").splitlines()[1:]:
        query, document, gain = line.split("\t")
        if int(gain) > 0:
            judgements.setdefault(query, {})[document] = int(gain)
    return judgements


def _read_lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
