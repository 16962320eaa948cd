"""Yes, no or maybe, by the side that each of the sentences nearest to the question is on, with those for and against.

One judgement of each sentence makes both the verdict and the evidence shown: no side is said that no sentence is on.
"""

import json
import math
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Literal

from ragqa.answer.asking import Asking
from ragqa.answer.confidence import LEAST_CONFIDENCE, confidence
from ragqa.answer.draft import Draft, refusal
from ragqa.answer.evidence import Sentence, sentences_of
from ragqa.answer.kinds.verdict_features import features, stances_of
from ragqa.answer.spans import read
from ragqa.details import Details, Verdict
from ragqa.types import Citation

WEIGHTS_FILE = "yes_no.json"
Label = Literal["yes", "no", "maybe"]
LABELS: tuple[Label, ...] = ("yes", "no", "maybe")
MOST_READ = 12  # sentences: about an abstract, which the weights were fitted on
MOST_SHOWN = 2  # sentences for, and against
ON_NO_SIDE = "No sentence found says yes or no to this outright. The nearest are shown; their tone makes the chances."

Rows = tuple[tuple[str, float, float, float], ...]


def answer_with_verdict(asking: Asking) -> Draft:
    """Yes, no or maybe with the sentences for and against; a refusal if the evidence is of something else."""
    found = read(asking.question, asking.evidence, asking.reader) if asking.reader and asking.evidence else []
    sure = confidence(asking.question, asking.evidence, found)
    nearest = _nearest(asking)
    if not nearest or sure < LEAST_CONFIDENCE:
        return refusal(sure)
    sides = stances_of(asking.question, [sentence.text for sentence in nearest])
    supporting = _cited([s for s, side in zip(nearest, sides, strict=True) if side > 0], asking)
    opposing = _cited([s for s, side in zip(nearest, sides, strict=True) if side < 0], asking)
    either = [*supporting, *opposing]
    on_no_side = [] if either else _cited(nearest, asking)
    if not (either or on_no_side):
        return refusal(sure)
    chances = _chances(asking.question, [sentence.text for sentence in _as_told(nearest)])
    # A sentence that could not be found on its page is not shown, and so decides nothing.
    chances = held_to_sides(chances, bool(supporting), bool(opposing)) if either else chances
    said = max(LABELS, key=lambda label: chances[label]) if either else "maybe"
    verdict = Verdict(
        answer=said,
        **{label: round(chance, 3) for label, chance in chances.items()},
        supporting=tuple(citation.number for citation in supporting),
        opposing=tuple(citation.number for citation in opposing),
    )
    shown = {"yes": supporting, "no": opposing, "maybe": either or on_no_side}[said]
    marks = "".join(f"[{citation.number}]" for citation in shown)
    return Draft(
        f"{said.capitalize()} {marks}",
        round(sure * chances[said], 3),
        kind="yes_no",
        details=Details(verdict=verdict),
        note="" if either else ON_NO_SIDE,
    )


def verdict_chances(question: str, sentences: Sequence[str]) -> dict[Label, float]:
    """Probability of each label, given the evidence sentence by sentence; 0 for a side that no sentence is on."""
    sides = stances_of(question, sentences)
    chances = _chances(question, sentences)
    return held_to_sides(chances, any(side > 0 for side in sides), any(side < 0 for side in sides))


def _chances(question: str, sentences: Sequence[str]) -> dict[Label, float]:
    return _weighed(features(question, sentences, stances_of(question, sentences)))


def held_to_sides(chances: dict[Label, float], has_for: bool, has_against: bool) -> dict[Label, float]:
    """What no sentence says is not said: its chance goes to the rest, and all of it to maybe if none is on a side."""
    yes, no = chances["yes"] * has_for, chances["no"] * has_against
    maybe = chances["maybe"] if has_for or has_against else 1.0
    return {"yes": yes / (yes + no + maybe), "no": no / (yes + no + maybe), "maybe": maybe / (yes + no + maybe)}


def _nearest(asking: Asking) -> list[Sentence]:
    """The sentences most like the question, nearest first; what two chunks share counts once."""
    sentences = list({sentence.text: sentence for sentence in sentences_of(asking.evidence)}.values())
    scores = asking.scorer.scores(asking.question, sentences) if sentences else []
    ranked = sorted(zip(scores, sentences, strict=True), key=lambda pair: -pair[0])
    return [sentence for _, sentence in ranked[:MOST_READ]]


def _as_told(sentences: Sequence[Sentence]) -> list[Sentence]:
    """In the order of pages: findings come behind what was done."""
    return sorted(sentences, key=lambda sentence: (sentence.hit.page, sentence.number))


def _cited(sentences: Sequence[Sentence], asking: Asking) -> list[Citation]:
    return [c for s in sentences[:MOST_SHOWN] if (c := asking.citer.cite(s.hit, s.text, 1.0)) is not None]


def _weighed(values: dict[str, float]) -> dict[Label, float]:
    scores = {
        label: sum(w * (values[name] - mean) / scale for name, w, mean, scale in rows) + constant
        for label, (constant, rows) in _weights().items()
    }
    highest = max(scores.values())
    exponents = {label: math.exp(score - highest) for label, score in scores.items()}
    return {label: exponents[label] / sum(exponents.values()) for label in LABELS}


@cache
def _weights() -> dict[Label, tuple[float, Rows]]:
    """By label: a constant, and (feature, weight, mean, scale) for each feature."""
    raw = json.loads(resources.files("ragqa.answer.kinds").joinpath(WEIGHTS_FILE).read_text(encoding="utf-8"))
    scaling = raw["scaling"]
    return {
        label: (
            raw["labels"][label]["constant"],
            tuple((name, w, *scaling[name]) for name, w in raw["labels"][label]["weights"].items()),
        )
        for label in LABELS
    }
