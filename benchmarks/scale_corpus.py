"""A library of any size from real texts: pieces of them, repeated with noise, stored straight into a catalogue.

Knows the catalogue and the embedder's interface; reads no PDF.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ragqa.document import BlockKind, Chunk, Document, Metadata
from ragqa.evaluation.formats import read_retrieval_set
from ragqa.protocols import Embedder, Vectors
from ragqa.store.catalogue import Catalogue

PIECES = 6000
"""Real pieces that are embedded; all others are made from them."""

WORDS = 90  # about 128 tokens, the length of ragqa's chunks
CHUNKS_PER_PAPER = 100
SWAPPED = 0.25
"""Part of a piece's words that are replaced by words of other pieces."""

SPREAD = 0.6
"""Length of the noise that is added to a unit vector: cosine 0.86 to the real one."""

YEARS = range(2005, 2025)
SECTIONS = ("1 Introduction", "2 Methods", "3 Results", "4 Discussion")


@dataclass(frozen=True, slots=True)
class Pieces:
    """Real pieces of text with their vectors, and real questions."""

    texts: list[list[str]]
    vectors: Vectors
    questions: list[str]


def real_pieces(folders: Sequence[Path], embedder: Embedder, cache: Path) -> Pieces:
    """From test sets in BEIR layout; the vectors are kept in ``cache``."""
    sets = [read_retrieval_set(folder) for folder in folders]
    every = [
        piece
        for one in sets
        for document in one.documents
        for piece in _pieces(f"{document.title} {document.text}".split())
    ]
    chosen = np.random.default_rng(0).permutation(len(every))[:PIECES]
    texts = [every[n] for n in chosen]
    digest = hashlib.sha256("\n".join(" ".join(words) for words in texts).encode()).hexdigest()
    file = cache / f"pieces-{digest[:12]}.npy"
    if not file.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        np.save(file, embedder.embed_passages([" ".join(words) for words in texts]))
    questions = [question for test_set in sets for question in test_set.queries.values()]
    return Pieces(texts, np.load(file), [str(q) for q in np.random.default_rng(1).permutation(questions)])


def fill(catalogue: Catalogue, pieces: Pieces, chunks: int, generation: str) -> None:
    """Papers of a hundred chunks, spread evenly over the years, by one of fifty authors each."""
    vocabulary = np.array([word for words in pieces.texts for word in words])
    for number in range(chunks // CHUNKS_PER_PAPER):
        rng = np.random.default_rng(number)
        paper_id = hashlib.sha256(f"paper {number}".encode()).hexdigest()
        year = YEARS[number % len(YEARS)]
        told = Metadata(title=" ".join(rng.choice(vocabulary, 8)), authors=(f"Author {number % 50}",), year=year)
        rows = rng.integers(0, len(pieces.texts), CHUNKS_PER_PAPER)
        vectors = pieces.vectors[rows] + SPREAD * _unit(rng.standard_normal((len(rows), pieces.vectors.shape[1])))
        catalogue.register(paper_id, Path(f"{number}.pdf"), 1, f"collection {number % 10}")
        texts = [_noisy(pieces.texts[row], vocabulary, rng) for row in rows]
        catalogue.store(paper_id, Document(told, (), ()), _chunks(texts), list(_unit(vectors)), generation)


def _pieces(words: list[str]) -> Iterator[list[str]]:
    for start in range(0, max(1, len(words) - WORDS // 2), WORDS):
        yield words[start : start + WORDS]


def _unit(vectors: Vectors) -> Vectors:
    unit: Vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit


def _noisy(words: list[str], vocabulary: np.ndarray, rng: np.random.Generator) -> str:
    text = np.array(words, dtype=object)
    swapped = rng.random(len(text)) < SWAPPED
    text[swapped] = vocabulary[rng.integers(0, len(vocabulary), int(swapped.sum()))]
    return " ".join(text)


def _chunks(texts: Sequence[str]) -> list[Chunk]:
    return [
        Chunk(n // 5 + 1, 0, 0, SECTIONS[n * len(SECTIONS) // len(texts)], BlockKind.PARAGRAPH, text)
        for n, text in enumerate(texts)
    ]
