"""Papers cut into chunks in several ways, and searched by page. Measures nothing."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from benchmarks.sample_corpora import CachedEmbedder
from ingest.reader import read_pdf
from ragqa.adapters.tantivy_index import TantivyIndex
from ragqa.document import BlockKind, Document
from ragqa.protocols import EVERYWHERE, IndexEntry, Scope, Tokenizer
from ragqa.search.fusion import reciprocal_rank_fusion

MAX_PAGES = 1000
DEPTH = 100
SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9(\[])")
NOT_SEARCHED = {BlockKind.REFERENCE}


@dataclass(frozen=True)
class Recipe:
    """How to cut: longest chunk in tokens, whether sections part chunks, whether title and headings go along.

    ``overlap`` is the share of a window that the next one repeats; windows only, that is without sections.
    """

    tokens: int
    sections: bool = True
    context: bool = True
    overlap: float = 0.0


@dataclass(frozen=True)
class Piece:
    """A chunk with its paper, page, and what is known of its place."""

    paper: str
    title: str
    page: int
    section: str
    text: str

    @property
    def passage(self) -> str:
        """What is embedded."""
        return "\n".join(filter(None, (self.title, self.section, self.text)))


Papers = dict[str, Document]
Run = tuple[int, str, str]
"""Page, section path, text."""


def read_papers(root: Path, names: Sequence[str]) -> Papers:
    """Documents by name; a paper that cannot be read ends the experiment."""
    return {name: read_pdf(root / name, MAX_PAGES) for name in sorted(set(names))}


def cut(name: str, document: Document, recipe: Recipe, tokenizer: Tokenizer) -> list[Piece]:
    """The paper's chunks in reading order."""
    runs = list(_section_runs(document) if recipe.sections else _page_runs(document))
    title = document.metadata.title if recipe.context else ""
    return [
        Piece(name, title, page, section if recipe.context else "", text)
        for page, section, run in runs
        for text in (_packed(run, recipe, tokenizer) if recipe.sections else _windows(run, recipe, tokenizer))
    ]


class PageSearch:
    """Hybrid search over the chunks of several papers; rankings are chunks or pages, best first."""

    def __init__(self, pieces: Sequence[Piece], embedder: CachedEmbedder) -> None:
        self.pieces = pieces
        self._embedder = embedder
        self._rows = {
            paper: [i for i, _ in rows]
            for paper, rows in groupby(enumerate(pieces), key=lambda numbered: numbered[1].paper)
        }
        # By paper, so that the cached vectors of a paper outlive a change in another.
        self._vectors = np.concatenate(
            [embedder.embed([pieces[i].passage for i in rows]) for rows in self._rows.values()]
        )
        self._folder = tempfile.TemporaryDirectory()
        self._index = TantivyIndex(Path(self._folder.name))
        none = np.zeros(1, dtype=np.float32)
        self._index.add([IndexEntry(str(i), p.paper, p.title, p.section, p.text, none) for i, p in enumerate(pieces)])

    def keyword(self, question: str, paper: str | None) -> list[tuple[int, float]]:
        """Chunk numbers with BM25 scores; ``paper`` None searches all."""
        found = self._index.search(question, DEPTH, Scope(frozenset([paper])) if paper else EVERYWHERE)
        return [(int(hit.chunk_id), hit.score) for hit in found]

    def dense(self, question: str, paper: str | None) -> list[tuple[int, float]]:
        """Chunk numbers with cosines."""
        rows = np.array(self._rows[paper] if paper else range(len(self.pieces)))
        cosines = self._vectors[rows] @ self._embedder.embed([question])[0]
        best = np.argsort(-cosines, kind="stable")[:DEPTH]
        return [(int(rows[i]), float(cosines[i])) for i in best]

    def hybrid(self, question: str, paper: str | None) -> list[tuple[int, float]]:
        """Chunk numbers with fused scores."""
        rankings = [[str(i) for i, _ in found(question, paper)] for found in (self.keyword, self.dense)]
        return [(int(key), score) for key, score in reciprocal_rank_fusion(rankings)]

    def pages(self, ranked: Sequence[tuple[int, float]]) -> list[tuple[str, int]]:
        """(paper, page) in the order of their best chunk."""
        return list(dict.fromkeys((self.pieces[i].paper, self.pieces[i].page) for i, _ in ranked))

    def close(self) -> None:
        """Release the index."""
        self._index.close()
        self._folder.cleanup()


def _section_runs(document: Document) -> Iterator[Run]:
    """Text of each section on each page; the heading opens its section's first run."""
    placed = list(_placed_blocks(document))
    for (page, section), blocks in groupby(placed, key=lambda block: block[:2]):
        yield page, section, " ".join(text for _, _, text in blocks)


def _page_runs(document: Document) -> Iterator[Run]:
    """Text of each page."""
    for page, blocks in groupby(_placed_blocks(document), key=lambda block: block[0]):
        yield page, "", " ".join(text for _, _, text in blocks)


def _placed_blocks(document: Document) -> Iterator[Run]:
    path: list[tuple[int, str]] = []
    pages = {page.number: page for page in document.pages}
    for block in document.blocks:
        text = " ".join(word.text for word in pages[block.page].words[block.start : block.end])
        if block.kind is BlockKind.HEADING:
            path = [*(step for step in path if step[0] < block.level), (block.level, text)]
        if block.kind not in NOT_SEARCHED:
            yield block.page, " > ".join(heading for _, heading in path), text


def _packed(text: str, recipe: Recipe, tokenizer: Tokenizer) -> list[str]:
    """Whole sentences, as many as fit; a sentence that is too long is cut between words."""
    sentences = [part for sentence in SENTENCE_END.split(text) for part in _fitting(sentence, recipe, tokenizer)]
    return _filled(sentences, recipe.tokens, tokenizer)


def _fitting(sentence: str, recipe: Recipe, tokenizer: Tokenizer) -> list[str]:
    if tokenizer.token_counts([sentence])[0] <= recipe.tokens:
        return [sentence]
    return _filled(sentence.split(), recipe.tokens, tokenizer)


def _filled(parts: Sequence[str], limit: int, tokenizer: Tokenizer) -> list[str]:
    """Parts joined by spaces, greedily, up to ``limit`` tokens each."""
    filled: list[list[str]] = []
    used = 0
    for part, size in zip(parts, tokenizer.token_counts(parts), strict=True):
        if filled and used + size <= limit:
            filled[-1].append(part)
            used += size
        else:
            filled.append([part])
            used = size
    return [" ".join(group) for group in filled]


def _windows(text: str, recipe: Recipe, tokenizer: Tokenizer) -> Iterator[str]:
    """Windows of equal length over the words, whatever they cut through."""
    words = text.split()
    ends = np.cumsum(tokenizer.token_counts(words))
    start = 0
    while start < len(words):
        before = int(ends[start - 1]) if start else 0
        end = max(start + 1, int(np.searchsorted(ends, before + recipe.tokens, side="right")))
        yield " ".join(words[start:end])
        if end >= len(words):
            return
        start = max(start + 1, end - round(recipe.overlap * (end - start)))
