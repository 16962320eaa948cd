"""Chooses which hits an answer may use, and cuts them into sentences. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from ragqa.answer.words import content_words
from ragqa.sentences import sentence_spans
from ragqa.types import Hit

MOST_EVIDENCE = 8
NEAR_DUPLICATE = 0.8  # share of content words in common


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of one piece of evidence; ``number`` counts the evidence from 1."""

    number: int
    hit: Hit
    text: str


def choose_evidence(hits: Sequence[Hit], most: int = MOST_EVIDENCE) -> list[Hit]:
    """The best hits, near-duplicates of better ones left out."""
    chosen: list[Hit] = []
    for hit in hits:
        if len(chosen) == most:
            break
        if not any(_near_duplicates(hit.text, better.text) for better in chosen):
            chosen.append(hit)
    return chosen


def sentences_of(evidence: Sequence[Hit]) -> list[Sentence]:
    """All sentences, in the evidence's order."""
    found = []
    for number, hit in enumerate(evidence, start=1):
        words = hit.text.split(" ")
        found += [Sentence(number, hit, " ".join(words[start:end])) for start, end in sentence_spans(words)]
    return found


def _near_duplicates(a: str, b: str) -> bool:
    first, second = content_words(a), content_words(b)
    return len(first & second) > NEAR_DUPLICATE * max(1, len(first | second))
