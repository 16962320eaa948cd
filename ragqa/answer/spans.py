"""What the reader finds in the evidence: spans as words of a hit, each with its sentence and how likely it is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ragqa.answer.odds import sigmoid
from ragqa.protocols import AnswerSpan, Passage, PassageReader, Reading
from ragqa.sentences import sentence_spans
from ragqa.types import Hit

MOST_READ = 10
# Chosen on the dev questions by the page and the evidence that the best span stands in (benchmarks/best_span.py).
RANK_WEIGHT = 4.0  # logits per place in the evidence: the order of the search knows what one passage does not show
CHOICE_WEIGHT = 0.2  # of a span's own score, beside the logit that its passage has an answer
SPAN_WEIGHT = 0.5  # beside the other, to compare spans: they err, and not together (ragqa/training/evaluate.py)
# Fitted there, too, on whether the words shown are those of the answer, as people have written it.
PROBABILITY = (0.48, -1.015)
"""Weight of the log odds of the span in its passage, and a constant; whether there is an answer is for confidence."""
MOST_ODDS = 8.0  # beyond it, the reader is sure, and how sure says nothing
SURE = 3.0  # logits from which a span is the answer, and not only where it stands
_EDGES = " \t.,;:!?–—"
_PAIRS = (("(", ")"), ("[", "]"), ("“", "”"))


@dataclass(frozen=True, slots=True)
class Found:
    """A span of a hit: its words, the sentence around it, its own logit, and the score that it is chosen by."""

    hit: Hit
    rank: int
    text: str
    sentence: str
    start: int
    end: int
    logit: float
    score: float
    reading: Reading

    @property
    def probability(self) -> float:
        """That these words, and no others of the passage, answer the question."""
        on_odds, constant = PROBABILITY
        return round(sigmoid(on_odds * self.odds + constant), 3)

    @property
    def belief(self) -> float:
        """How far the reader is for these words, as a logit: to compare spans by, no probability."""
        return SPAN_WEIGHT * self.logit + self.reading.answerable

    @property
    def odds(self) -> float:
        """The log odds of these words against the other spans of their passage."""
        others = [math.exp(span.score - self.logit) for span in self.reading.spans if span.score != self.logit]
        return min(MOST_ODDS, -math.log(sum(others) + math.exp(-MOST_ODDS)))

    @property
    def is_sure(self) -> bool:
        """The reader takes these words, and no others, for the answer."""
        return self.logit >= SURE


def read(question: str, evidence: Sequence[Hit], reader: PassageReader) -> list[Found]:
    """Every span that the reader finds in the best evidence, best first."""
    hits = evidence[:MOST_READ]
    readings = reader.read(question, [Passage.below(hit.title, hit.section, hit.text) for hit in hits])
    found = [
        _found(hit, rank, span, reading)
        for rank, (hit, reading) in enumerate(zip(hits, readings, strict=True))
        for span in reading.spans
    ]
    return sorted((f for f in found if f.text), key=lambda f: -f.score)


def evidence_of(found: Found) -> str:
    """The stretch that bears the answer out, in whole sentences."""
    evidence = found.reading.evidence
    return sentences_around(found.hit.text, evidence.start, evidence.end) if evidence.end > evidence.start else ""


def sentences_around(text: str, start: int, end: int) -> str:
    """The whole sentences that the characters [start, end) touch."""
    words = text.split(" ")
    first, last = text[:start].count(" "), text[:end].rstrip().count(" ")
    touched = [span for span in sentence_spans(words) if span[0] <= last and first < span[1]]
    return " ".join(words[touched[0][0] : touched[-1][1]]) if touched else ""


def trimmed(text: str) -> str:
    """A span without punctuation at its ends and without half a pair of brackets."""
    text = text.strip(_EDGES)
    for opening, closing in _PAIRS:
        if text.startswith(opening) and closing not in text:
            text = text[1:]
        if text.endswith(closing) and opening not in text:
            text = text[:-1]
    return text.strip(_EDGES)


def _found(hit: Hit, rank: int, span: AnswerSpan, reading: Reading) -> Found:
    score = CHOICE_WEIGHT * span.score + reading.answerable - RANK_WEIGHT * rank
    text = trimmed(hit.text[span.start : span.end])
    start = max(span.start, hit.text.find(text, span.start))
    sentence = sentences_around(hit.text, start, start + len(text))
    return Found(hit, rank, text, sentence, start, start + len(text), span.score, score, reading)
