"""Multiple choice: how well the evidence bears out each of the answers given, as a probability per choice."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ragqa.answer.asking import Asking
from ragqa.answer.confidence import LEAST_CONFIDENCE, confidence
from ragqa.answer.draft import Draft, refusal
from ragqa.answer.evidence import Sentence, sentences_of
from ragqa.answer.odds import sigmoid
from ragqa.answer.spans import Found, read
from ragqa.answer.words import content_words, coverage
from ragqa.details import Details, ScoredChoice

# Fitted by ``python -m benchmarks.choices`` on questions of one paragraph, whose choices are each other's answers.
WEIGHTS = (4.0, 2.0, 2.0)
"""Of what the reader finds, of the best sentence for question and choice, of the choice's words near the question."""
MOST_SPANS = 12
NEAR_QUESTION = 3  # sentences


@dataclass(frozen=True, slots=True)
class Judged:
    """A choice, what speaks for it (see WEIGHTS), and the sentence that bears it out best."""

    text: str
    values: tuple[float, float, float]
    sentence: Sentence

    @property
    def score(self) -> float:
        """In logits."""
        return sum(weight * value for weight, value in zip(WEIGHTS, self.values, strict=True))


def answer_with_choice(asking: Asking) -> Draft:
    """The likeliest choice; each with its probability and a citation. A refusal if the evidence holds no answer."""
    found = read(asking.question, asking.evidence, asking.reader) if asking.reader and asking.evidence else []
    sure = confidence(asking.question, asking.evidence, found)
    judged = judge(asking, found)
    if not judged:
        return refusal(0.0)
    chances = probabilities([choice.score for choice in judged])
    order = sorted(range(len(judged)), key=lambda at: -chances[at])
    scored = {at: _scored(judged[at], chances[at], asking) for at in order}  # the likeliest is cited first
    choices = tuple(scored[at] for at in range(len(judged)))
    best = scored[order[0]]
    if sure < LEAST_CONFIDENCE or not best.citations:
        uncited = tuple(choice.model_copy(update={"citations": ()}) for choice in choices)
        return replace(refusal(sure), details=Details(choices=uncited))
    marks = "".join(f"[{number}]" for number in best.citations)
    return Draft(
        f"{best.text} {marks}", round(best.probability * sure, 3), kind="choice", details=Details(choices=choices)
    )


def judge(asking: Asking, found: Sequence[Found]) -> list[Judged]:
    """Every choice, in the order given; [] without evidence."""
    sentences = sentences_of(asking.evidence)
    if not sentences:
        return []
    by_question = asking.scorer.scores(asking.question, sentences)
    near = sorted(range(len(sentences)), key=lambda at: -by_question[at])[:NEAR_QUESTION]
    near_text = " ".join(sentences[at].text for at in near)
    judged = []
    for choice in asking.choices:
        sentence, score = _best_sentence(choice, asking, sentences)
        values = (
            span_share(choice, found[:MOST_SPANS]),
            score,
            coverage(content_words(choice), near_text),
        )
        judged.append(Judged(choice, values, sentence))
    return judged


def probabilities(scores: Sequence[float]) -> list[float]:
    """Softmax."""
    highest = max(scores)
    weights = [math.exp(score - highest) for score in scores]
    return [weight / sum(weights) for weight in weights]


def span_share(choice: str, found: Sequence[Found]) -> float:
    """How much of the choice the likeliest spans are, 0 to 1: words in common, times how far the reader believes it."""
    wanted = content_words(choice) or frozenset(choice.casefold().split())
    return max((_overlap(wanted, f.text) * sigmoid(f.belief) for f in found), default=0.0)


def _best_sentence(choice: str, asking: Asking, sentences: Sequence[Sentence]) -> tuple[Sentence, float]:
    """The sentence closest to question and choice that has the choice's words, and how close it is."""
    scores = asking.scorer.scores(f"{asking.question} {choice}", sentences)
    wanted = content_words(choice)
    best = max(range(len(sentences)), key=lambda at: scores[at] + coverage(wanted, sentences[at].text))
    return sentences[best], scores[best]


def _scored(judged: Judged, chance: float, asking: Asking) -> ScoredChoice:
    citation = asking.citer.cite(judged.sentence.hit, judged.sentence.text, chance)
    numbers = (citation.number,) if citation else ()
    return ScoredChoice(text=judged.text, probability=round(chance, 3), citations=numbers)


def _overlap(wanted: frozenset[str], text: str) -> float:
    there = content_words(text) or frozenset(text.casefold().split())
    common = len(wanted & there)
    return 2 * common / (len(wanted) + len(there)) if common else 0.0
