"""The best stretches of a text by a reader's logits: disjoint, of whole words. Pure; knows nothing of models."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ragqa.protocols import AnswerSpan
from ragqa.sentences import sentence_spans
from ragqa.training.features import LONGEST

Numbers = NDArray[np.float32]

MOST = 5
SURELY_NONE = -100.0  # logit for a text without words
WORD = re.compile(r"\S+")
NEVER = np.float32(-np.inf)


@dataclass(frozen=True, slots=True)
class Tokenized:
    """A text, the characters [start, end) of each of its tokens, and the number of the word that each belongs to."""

    text: str
    offsets: Sequence[tuple[int, int]]
    words: Sequence[int | None]

    def characters(self, first: int, last: int, score: float) -> AnswerSpan:
        """The span of these tokens."""
        start, end = self.offsets[first][0], self.offsets[last][1]
        # Some tokenizers count the space before a word as part of it.
        start += len(self.text[start:end]) - len(self.text[start:end].lstrip())
        return AnswerSpan(start, end, score)

    def whole_words(self, first: int, last: int) -> tuple[int, int]:
        """The tokens grown to the words that they are part of."""
        while first > 0 and self._joined(first):
            first -= 1
        while last + 1 < len(self.offsets) and self._joined(last + 1):
            last += 1
        return first, last

    def _joined(self, token: int) -> bool:
        """Whether a token goes on with the word, or the number such as 3.14, of the one before it."""
        if self.words[token] is not None and self.words[token] == self.words[token - 1]:
            return True
        place = self.offsets[token][0]
        if place != self.offsets[token - 1][1]:
            return False
        before, after = self.text[:place][-2:], self.text[place : place + 2]
        return (before[-1:].isdigit() and after[:1] in ".," and after[1:].isdigit()) or (
            before[:-1].isdigit() and before[-1:] in ".," and after[:1].isdigit()
        )


@dataclass(frozen=True, slots=True)
class Window:
    """What one pass says of a text's tokens from ``first`` on: logits to start and to end there, less those of none."""

    first: int
    starts: Numbers
    ends: Numbers


def best_spans(text: Tokenized, windows: Sequence[Window]) -> tuple[AnswerSpan, ...]:
    """At most MOST, best first; each is taken from what those before it have left."""
    scores = np.full((len(text.offsets), LONGEST), NEVER, dtype=np.float32)
    for window in (window for window in windows if window.starts.size):
        part = scores[window.first : window.first + len(window.starts)]
        np.maximum(part, _by_start_and_length(window), out=part)
    found: list[AnswerSpan] = []
    while scores.size and len(found) < MOST:
        start, more = divmod(int(scores.argmax()), LONGEST)
        score = float(scores[start, more])
        if score == NEVER:
            break
        first, last = text.whole_words(start, start + more)
        span = text.characters(first, last, score)
        if any(map(str.isalnum, text.text[span.start : span.end])):
            found.append(span)
        _strike_out(scores, first, last)
    return tuple(found)


def best_stretch(text: Tokenized, windows: Sequence[Window]) -> AnswerSpan:
    """The best span of any length; an empty one if the text has no words."""
    found = max((_best_of_any_length(window) for window in windows if window.starts.size), default=None)
    if found is None:
        return AnswerSpan(0, 0, SURELY_NONE)
    score, start, end = found
    return text.characters(*text.whole_words(start, end), score)


def sentence_around(text: str, span: AnswerSpan) -> AnswerSpan:
    """The sentence that holds the span, or all that it touches; with its score."""
    words = list(WORD.finditer(text))
    sentences = [
        (words[first].start(), words[last - 1].end()) for first, last in sentence_spans([word[0] for word in words])
    ]
    touched = [(start, end) for start, end in sentences if start < span.end and end > span.start]
    return AnswerSpan(touched[0][0], touched[-1][1], span.score) if touched else span


def _by_start_and_length(window: Window) -> Numbers:
    """(tokens, LONGEST): the score of the span that starts at the token and has so many more."""
    ends = np.concatenate([window.ends, np.full(LONGEST - 1, NEVER, dtype=np.float32)])
    scores: Numbers = window.starts[:, None] + np.lib.stride_tricks.sliding_window_view(ends, LONGEST)
    return scores


def _strike_out(scores: Numbers, first: int, last: int) -> None:
    """Forbid every span that shares a token with ``first`` to ``last``."""
    lowest = max(0, first - LONGEST + 1)
    part = scores[lowest : last + 1]
    ends = np.arange(lowest, lowest + len(part))[:, None] + np.arange(LONGEST)
    part[ends >= first] = NEVER


def _best_of_any_length(window: Window) -> tuple[float, int, int]:
    """(score, first token, last token)."""
    best_starts = np.maximum.accumulate(window.starts)
    end = int((best_starts + window.ends).argmax())
    start = int(window.starts[: end + 1].argmax())
    return float(window.starts[start] + window.ends[end]), window.first + start, window.first + end
