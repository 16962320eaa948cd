"""Papers of a few sentences as data, and vectors for them that need no model."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ragqa.document import Block, BlockKind, Chunk, Document, Metadata, Page, Rect, Word
from ragqa.protocols import Embedder, Vectors
from ragqa.store.catalogue import Catalogue

GENERATION = "test"
DIMENSION = 32
WORDS_PER_LINE = 8
WORD_WIDTH, LINE_HEIGHT = 50.0, 14.0
WIDTH, HEIGHT = 595.0, 842.0


def make_page(text: str, number: int = 1) -> Page:
    """The words of a text in lines of eight."""
    return Page(number, WIDTH, HEIGHT, tuple(Word(word, (rect_at(n),)) for n, word in enumerate(text.split())))


def rect_at(n: int) -> Rect:
    """Where the n-th word of a page stands."""
    line, column = divmod(n, WORDS_PER_LINE)
    x, y = 72 + column * WORD_WIDTH, 72 + line * LINE_HEIGHT
    return (x, y, x + WORD_WIDTH - 4, y + LINE_HEIGHT - 3)


def make_document(texts: Sequence[str], metadata: Metadata | None = None) -> Document:
    """A page, with one paragraph on it, for each text."""
    pages = tuple(make_page(text, number) for number, text in enumerate(texts, start=1))
    blocks = tuple(Block(BlockKind.PARAGRAPH, page.number, 0, len(page.words)) for page in pages)
    return Document(metadata or Metadata(), pages, blocks)


def chunks_of(document: Document) -> list[Chunk]:
    """A chunk for each page."""
    return [Chunk(page.number, 0, len(page.words), "", BlockKind.PARAGRAPH, page.text) for page in document.pages]


def paper_id_of(name: str) -> str:
    """An id such as the bytes of a file give."""
    return hashlib.sha256(name.encode()).hexdigest()


def vector_of(text: str) -> Vectors:
    """A unit vector that depends on nothing but the text; different texts are far apart."""
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    vector = np.random.default_rng(seed).standard_normal(DIMENSION).astype(np.float32)
    return vector / np.linalg.norm(vector)


def add_paper(
    catalogue: Catalogue,
    name: str,
    texts: Sequence[str],
    metadata: Metadata | None = None,
    collection: str = "",
    embedder: Embedder | None = None,
) -> str:
    """Store a ready paper, a chunk for each text; its id. Without an embedder its vectors mean nothing."""
    paper_id = paper_id_of(name)
    document = make_document(texts, metadata)
    vectors = list(embedder.embed_passages(texts)) if embedder else [vector_of(text) for text in texts]
    catalogue.register(paper_id, Path(f"{name}.pdf"), 1000, collection)
    catalogue.store(paper_id, document, chunks_of(document), vectors, GENERATION)
    return paper_id
