"""An example to token numbers and targets: windows of the text, spans in tokens, padded batches.

Owns tokenizers; knows nothing of files or models.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

MOST_QUESTION = 64
MOST_PREFIX = 40
ROOM, STRIDE, LONGEST = 224, 128, 30  # in reading: tokens of a window, from one to the next, of an answer
SENTENCE_END = re.compile(r"[.!?][\"')\]]*\s+(?=[A-Z0-9(\[\"'])")
UNKNOWN = -1.0


@dataclass(frozen=True, slots=True)
class Example:
    """A question and one passage. ``answers`` are [start, end) in ``text``; labels in 0..1, None for unknown."""

    question: str
    text: str
    prefix: str = ""
    answers: tuple[tuple[int, int], ...] = ()
    answerable: float | None = None
    relevance: float | None = None
    evidence: bool = False  # the answers are whole sentences: targets of the evidence pair of heads
    source: str = ""


@dataclass(slots=True)
class Features:
    """Token numbers of "[CLS] question [SEP] prefix text [SEP]"; the text is ``ids[first:-1]``."""

    ids: list[int]
    second: int  # where the passage begins
    first: int  # where its text begins: no span lies before
    offsets: list[tuple[int, int]]  # characters of each token of the text
    spans: list[tuple[int, int]] = field(default_factory=list)  # first and last token


@dataclass(slots=True)
class Batch:
    """Arrays of one step; rows of a question are neighbours and share a number in ``group``."""

    ids: NDArray[np.int64]
    types: NDArray[np.int64]
    mask: NDArray[np.int64]
    inside: NDArray[np.bool_]  # where a span may start or end: the text, and [CLS] for "no answer"
    starts: NDArray[np.bool_]
    ends: NDArray[np.bool_]
    evidence: NDArray[np.bool_]
    answerable: NDArray[np.float32]
    relevance: NDArray[np.float32]
    group: NDArray[np.int64]


class Tokens:
    """Word pieces and their places, remembered for the texts seen last."""

    def __init__(self, tokenizer_json: Path, remembered: int = 20_000) -> None:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(tokenizer_json))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        # A text that says [SEP] is not to end the passage.
        tokenizer.encode_special_tokens = True
        pieces = tokenizer.get_vocab()
        self.cls, self.sep = pieces["[CLS]"], pieces["[SEP]"]
        self.going_on = frozenset(number for piece, number in pieces.items() if piece.startswith("##"))

        @lru_cache(maxsize=remembered)
        def encode(text: str) -> tuple[list[int], list[tuple[int, int]]]:
            encoding = tokenizer.encode(text, add_special_tokens=False)
            return encoding.ids, encoding.offsets

        self.encode = encode


def window(example: Example, tokens: Tokens, room: int, rng: Random) -> Features:
    """At most ``room`` tokens of the text: all spans of one answer if there is one, else a random part."""
    ids, offsets = tokens.encode(example.text)
    spans = [span for answer in example.answers if (span := token_span(offsets, answer)) is not None]
    start = 0
    if len(ids) > room:
        start = _window_start(example.text, offsets, rng.choice(spans) if spans else None, room, rng)
    features = _assemble(example, tokens, start, start + room)
    features.spans = _inside(spans, start, start + room, features.first)
    return features


def windows(example: Example, tokens: Tokens, room: int, stride: int) -> list[Features]:
    """All windows of a text, for prediction."""
    n = len(tokens.encode(example.text)[0])
    starts = [0, *range(stride, max(1, n - room + stride), stride)]
    return [_assemble(example, tokens, start, start + room) for start in starts]


def token_span(offsets: Sequence[tuple[int, int]], answer: tuple[int, int]) -> tuple[int, int] | None:
    """First and last token that share a character with ``answer``."""
    touched = [i for i, (start, end) in enumerate(offsets) if start < answer[1] and end > answer[0]]
    return (touched[0], touched[-1]) if touched else None


def _window_start(
    text: str, offsets: Sequence[tuple[int, int]], span: tuple[int, int] | None, room: int, rng: Random
) -> int:
    """Chunks begin with a sentence, so windows do where that keeps the answer inside."""
    low, high = 0, len(offsets) - room
    if span is not None:
        # A span longer than the window keeps its beginning.
        low, high = max(0, min(span[0], span[1] - room + 1)), min(high, span[0])
        low = min(low, high)
    after = {0, *(match.end() for match in SENTENCE_END.finditer(text))}
    at_sentences = [i for i in range(low, high + 1) if offsets[i][0] in after]
    return rng.choice(at_sentences) if at_sentences else rng.randint(low, high)


def _assemble(example: Example, tokens: Tokens, start: int, end: int) -> Features:
    question = tokens.encode(example.question)[0][:MOST_QUESTION]
    prefix = tokens.encode(example.prefix)[0][:MOST_PREFIX] if example.prefix else []
    ids, offsets = tokens.encode(example.text)
    second = len(question) + 2
    row = [tokens.cls, *question, tokens.sep, *prefix, *ids[start:end], tokens.sep]
    return Features(row, second, second + len(prefix), offsets[start:end])


def _inside(spans: list[tuple[int, int]], start: int, end: int, first: int) -> list[tuple[int, int]]:
    """Spans within the window as places in the row; the one that overflows it is cut only if there is no other."""
    whole = [(a, b) for a, b in spans if start <= a and b < end]
    cut = [(a, end - 1) for a, b in spans if start <= a < end <= b]
    return [(a - start + first, b - start + first) for a, b in whole or cut]


def collate(groups: Sequence[Sequence[tuple[Example, Features]]]) -> Batch:
    """Pad to the longest row."""
    rows = [(i, example, features) for i, group in enumerate(groups) for example, features in group]
    shape = (len(rows), max(len(features.ids) for _, _, features in rows))
    batch = Batch(
        ids=np.zeros(shape, np.int64),
        types=np.zeros(shape, np.int64),
        mask=np.zeros(shape, np.int64),
        inside=np.zeros(shape, np.bool_),
        starts=np.zeros(shape, np.bool_),
        ends=np.zeros(shape, np.bool_),
        evidence=np.array([example.evidence for _, example, _ in rows]),
        answerable=np.array([UNKNOWN if e.answerable is None else e.answerable for _, e, _ in rows], np.float32),
        relevance=np.array([UNKNOWN if e.relevance is None else e.relevance for _, e, _ in rows], np.float32),
        group=np.array([number for number, _, _ in rows], np.int64),
    )
    for row, (_, example, features) in enumerate(rows):
        _fill(batch, row, example, features)
    return batch


def _fill(batch: Batch, row: int, example: Example, features: Features) -> None:
    n = len(features.ids)
    batch.ids[row, :n] = features.ids
    batch.types[row, features.second : n] = 1
    batch.mask[row, :n] = 1
    batch.inside[row, features.first : n - 1] = True
    batch.inside[row, 0] = True
    if example.answerable is None:
        return
    for start, end in features.spans if example.answerable > 0.5 else [(0, 0)]:
        batch.starts[row, start] = True
        batch.ends[row, end] = True
