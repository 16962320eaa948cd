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
        if not any(shared(hit.text, better.text) > NEAR_DUPLICATE for better in chosen):
            chosen.append(hit)
    return chosen


def sentences_of(evidence: Sequence[Hit]) -> list[Sentence]:
    """All sentences, in the evidence's order."""
    found = []
    for number, hit in enumerate(evidence, start=1):
        words = hit.text.split(" ")
        found += [Sentence(number, hit, " ".join(words[start:end])) for start, end in sentence_spans(words)]
    return found


def shared(a: str, b: str, *, of_shorter: bool = False) -> float:
    """Share of the content words of both, or of the one that has fewer, that they have in common; 0 to 1."""
    first, second = content_words(a), content_words(b)
    words = min(len(first), len(second)) if of_shorter else len(first | second)
    return len(first & second) / max(1, words)


def expanded(hit: Hit, known: Sequence[str] = ()) -> Hit:
    """The hit with the texts that adjoin it on its page; the hit itself if there are none but in texts ``known``."""
    before, after = ("" if any(part in text for text in known) else part for part in (hit.before, hit.after))
    text = " ".join(filter(None, (before, hit.text, after)))
    return hit if text == hit.text else hit.model_copy(update={"text": text})
