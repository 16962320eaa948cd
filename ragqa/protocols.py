"""The seams: what the use cases ask of an adapter. Small, given in, never looked up.

Each protocol has one contract test suite that runs on every implementation.
"""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ragqa.document import BlockKind, Document, Metadata, Rect, SectionKind

Vectors = NDArray[np.float32]


class PdfReader(Protocol):
    """Reads one PDF into words, blocks and metadata."""

    def read(self, path: Path) -> Document:
        """Raise a ReadError that names the cause if the file cannot be read."""
        ...

    def close(self) -> None:
        """Release processes and files."""
        ...


class PaperRegister(Protocol):
    """Knows papers by their ids; asked only if the user wants it."""

    @property
    def name(self) -> str:
        """What the catalogue calls this source."""
        ...

    def look_up(self, said: Metadata) -> Metadata | None:
        """What it knows, empty if it does not know the paper; None if the paper has no id to ask by.

        Raise RegisterUnavailable.
        """
        ...

    def close(self) -> None:
        """Release connections."""
        ...


class PageRenderer(Protocol):
    """Draws a page of a PDF."""

    def render(self, path: Path, page: int, rects: Sequence[Rect], scale: float, strong: Sequence[Rect] = ()) -> bytes:
        """PNG of a page (from 1), ``rects`` highlighted, ``strong`` more so; ``scale`` in pixels per point."""
        ...


class Tokenizer(Protocol):
    """Counts text as the embedder sees it."""

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, special tokens left out."""
        ...


class Embedder(Tokenizer, Protocol):
    """Turns text into unit-length vectors."""

    @property
    def fingerprint(self) -> str:
        """Names model and precision: vectors of different fingerprints are never mixed."""
        ...

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        ...

    @property
    def max_tokens(self) -> int:
        """Longest passage that is embedded whole, special tokens left out."""
        ...

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dimension) float32, each row of unit length."""
        ...

    def embed_query(self, text: str) -> Vectors:
        """(dimension,) float32 of unit length."""
        ...


@dataclass(frozen=True, slots=True)
class Scored:
    """A chunk id with the score that one index gave it; higher is better."""

    chunk_id: str
    score: float


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a search looks; None lets everything pass. References are found only if ``kinds`` names them."""

    paper_ids: frozenset[str] | None = None
    kinds: frozenset[BlockKind] | None = None
    sections: frozenset[SectionKind] | None = None

    @property
    def is_empty(self) -> bool:
        """Nothing can pass."""
        return any(allowed is not None and not allowed for allowed in (self.paper_ids, self.kinds, self.sections))


EVERYWHERE = Scope()


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """What the indexes need of a chunk. References have no vector: they are searched by their words alone."""

    chunk_id: str
    paper_id: str
    title: str
    section: str
    text: str
    vector: Vectors | None
    kind: BlockKind = BlockKind.PARAGRAPH
    section_kind: SectionKind = SectionKind.OTHER


class ChunkIndex(Protocol):
    """What a vector index and a keyword index have in common. Derived data: can be rebuilt at any time."""

    def add(self, entries: Sequence[IndexEntry], replaced: Sequence[str] = ()) -> None:
        """Add or replace; visible to the next search. First forget all chunks of the papers ``replaced``."""
        ...

    def delete_papers(self, paper_ids: Sequence[str]) -> None:
        """Forget all chunks of these papers; unknown ids are ignored."""
        ...

    def chunk_ids(self) -> set[str]:
        """Every id that is in the index."""
        ...

    def count(self) -> int:
        """How many chunks are in the index."""
        ...

    def known(self, chunk_ids: Set[str]) -> set[str]:
        """Those of the ids that are in the index."""
        ...

    def close(self) -> None:
        """Release files."""
        ...


class VectorIndex(ChunkIndex, Protocol):
    """Nearest chunks by cosine similarity; entries without a vector are left out."""

    def search(self, vector: Vectors, k: int, scope: Scope) -> list[Scored]:
        """At most k, best first, score = cosine."""
        ...


class KeywordIndex(ChunkIndex, Protocol):
    """Best chunks by BM25."""

    def search(self, question: str, k: int, scope: Scope) -> list[Scored]:
        """At most k, best first; any text is a valid question."""
        ...


@dataclass(frozen=True, slots=True)
class Passage:
    """Text to read, and what stands above it: the paper's title and the heading path, one line each, or nothing."""

    heading: str
    text: str

    @classmethod
    def below(cls, title: str, section: str, text: str) -> "Passage":
        """A chunk's text as every model sees it: what one model has read of it, another part need not read again."""
        return cls("\n".join(filter(None, (title, section))), text)


@dataclass(frozen=True, slots=True)
class AnswerSpan:
    """[start, end) characters of a passage's text; ``score`` in logits, 0 where it is as likely as no span at all."""

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader makes of one passage: its best spans, disjoint, best first, and the logit that there is an answer.

    ``evidence`` is the stretch that bears the answer out, mostly a sentence.
    """

    spans: tuple[AnswerSpan, ...]
    evidence: AnswerSpan
    answerable: float


class PassageReader(Protocol):
    """Finds the answer to a question in passages, word for word."""

    @property
    def name(self) -> str:
        """Which model reads; shown with each answer."""
        ...

    def read(self, question: str, passages: Sequence[Passage]) -> list[Reading]:
        """One reading per passage, in their order."""
        ...


class Reranker(Protocol):
    """Tells how relevant passages are to a question, by reading both together."""

    @property
    def name(self) -> str:
        """Which model judges."""
        ...

    def relevance(self, question: str, passages: Sequence[Passage]) -> list[float]:
        """One logit per passage, in their order; comparable between the passages of one question."""
        ...


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One turn given to a language model; ``role`` is system, user or assistant."""

    role: str
    content: str


class ChatModel(Protocol):
    """A language model that writes text, token by token."""

    @property
    def name(self) -> str:
        """Provider and model, for instance ``ollama:llama3.2``; shown with each answer."""
        ...

    @property
    def context_window(self) -> int:
        """Tokens that prompt and answer share."""
        ...

    def count_tokens(self, text: str) -> int:
        """Tokens of a text, or a cautious estimate (never less than the truth by more than a tenth)."""
        ...

    def stream(self, messages: Sequence[ChatMessage], max_tokens: int) -> Iterator[str]:
        """Yield pieces of the answer; closing the iterator ends the request upstream.

        Raise a ModelError that names the cause and the next step.
        """
        ...

    def close(self) -> None:
        """Release memory and connections."""
        ...
