"""Documents that are plain text, chunked, embedded and indexed as papers are: each is a paper of one page."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from ingest.chunk import chunk_document
from ingest.pipeline import embed, generation
from ragqa.answer import spans
from ragqa.answer.citations import Citer
from ragqa.answer.confidence import confidence
from ragqa.answer.kinds.extractive import answer_extractively
from ragqa.answer.scorer import SentenceScorer
from ragqa.document import Block, BlockKind, Document, Metadata, Page, Rect, Word
from ragqa.evaluation.formats import TextDocument
from ragqa.protocols import Embedder, PassageReader
from ragqa.search.index import HybridIndex
from ragqa.search.retrieve import Retriever
from ragqa.store.catalogue import Catalogue
from ragqa.types import Hit, SearchMode, SearchRequest

BATCH = 256
NOWHERE: Rect = (0.0, 0.0, 0.0, 0.0)
DEEP = 100
"""Hits asked for; several may be of one document."""


@dataclass(frozen=True)
class TextLibrary:
    """A library of plain texts in a folder of its own; ``ragqa.compose`` wires it."""

    catalogue: Catalogue
    index: HybridIndex
    embedder: Embedder
    retriever: Retriever
    scorer: SentenceScorer
    reader: PassageReader | None
    chunk_tokens: int
    reranks: bool
    resources: ExitStack
    document_ids: dict[str, str] = field(default_factory=dict)
    """By the id of the paper that each document is here."""

    def add(self, documents: Sequence[TextDocument], on_progress: Callable[[int], None]) -> None:
        """Chunk, embed and index all; ``on_progress`` hears how many are done."""
        for batch in _batches(documents):
            self._add(batch)
            on_progress(len(batch))
        self.index.update()

    def _add(self, batch: Sequence[TextDocument]) -> None:
        read = [(document, as_paper(document)) for document in batch]
        chunked = [chunk_document(paper, self.embedder, self.chunk_tokens) for _, paper in read]
        titled = [(document.title, chunks) for (document, _), chunks in zip(read, chunked, strict=True)]
        made_by = generation(self.embedder, self.chunk_tokens)
        for (document, paper), chunks, vectors in zip(read, chunked, embed(titled, self.embedder), strict=True):
            paper_id = _paper_id(document.id)
            self.document_ids[paper_id] = document.id
            self.catalogue.register(paper_id, Path(paper_id), len(document.text), "")
            self.catalogue.store(paper_id, paper, chunks, vectors, made_by)

    def ranking(self, query: str, mode: SearchMode, *, rerank: bool) -> tuple[list[str], dict[str, float]]:
        """Document ids by their best chunks, best first, each once; milliseconds by stage."""
        result = self.retriever.search(SearchRequest(question=query, k=DEEP, mode=mode, rerank=rerank))
        return list(dict.fromkeys(self.document_ids[hit.paper_id] for hit in result.hits)), result.timings_ms

    def read(self, question: str, passage: str) -> tuple[str, float]:
        """The answer to a question on one passage, empty if there is none, and how sure it is; see reading.Read."""
        page = as_paper(TextDocument(id="", title="", text=passage)).pages[0]
        hit = Hit(
            chunk_id="", paper_id="", file_name="", title="", page=1, section="", text=page.text, score=1.0,
            dense=float(self.embedder.embed_query(question) @ self.embedder.embed_passages([page.text])[0]),
        )  # fmt: skip
        if self.reader is not None:
            found = spans.read(question, [hit], self.reader)
            return (found[0].text, confidence(question, [hit], found)) if found else ("", 0.0)
        citer = Citer("", _OnePage(page))
        draft = answer_extractively(question, [hit], self.scorer, citer)
        return ("" if draft.abstained else citer.citations[0].quote), draft.confidence

    def close(self) -> None:
        """Let go of the indexes and the catalogue."""
        self.resources.close()


@dataclass(frozen=True, slots=True)
class _OnePage:
    """Where the quotes of an answer about one passage are looked up."""

    only: Page

    def page(self, paper_id: str, number: int) -> Page:
        """Whatever is asked for."""
        return self.only


def as_paper(document: TextDocument) -> Document:
    """One page with one paragraph; the words have no place on it."""
    words = tuple(Word(word, (NOWHERE,)) for word in document.text.split())
    blocks = (Block(BlockKind.PARAGRAPH, 1, 0, len(words)),) if words else ()
    return Document(Metadata(title=document.title), (Page(1, 1.0, 1.0, words),), blocks)


def _paper_id(document_id: str) -> str:
    return hashlib.sha256(json.dumps(document_id).encode()).hexdigest()


def _batches(documents: Sequence[TextDocument]) -> Iterator[Sequence[TextDocument]]:
    for start in range(0, len(documents), BATCH):
        yield documents[start : start + BATCH]
