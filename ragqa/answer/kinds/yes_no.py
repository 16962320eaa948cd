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
from ragqa.answer.confidence import LEAST_CONFIDENCE, confidence_of
from ragqa.answer.draft import Draft, refusal
from ragqa.answer.evidence import Sentence, sentences_of
from ragqa.answer.kinds.verdict_features import features, stances_of
from ragqa.details import Details, Verdict
from ragqa.document import BlockKind
from ragqa.types import Citation

WEIGHTS_FILE = "yes_no.json"
Label = Literal["yes", "no", "maybe"]
LABELS: tuple[Label, ...] = ("yes", "no", "maybe")
MOST_READ = 12  # sentences: about an abstract, which the weights were fitted on
PROSE = (BlockKind.PARAGRAPH, BlockKind.ABSTRACT)  # rows of tables and lines of authors state nothing
MOST_SHOWN = 2  # sentences for, and against
ON_NO_SIDE = "No sentence found says yes or no to this outright. The nearest are shown; their tone makes the chances."

Rows = tuple[tuple[str, float, float, float], ...]


def answer_with_verdict(asking: Asking) -> Draft:
    """Yes, no or maybe with the sentences for and against; a refusal if the evidence is of something else."""
    sure = confidence_of(asking)
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
    told = [sentence.text for sentence in _as_told(nearest)]
    chances = _weighed(features(asking.question, told, stances_of(asking.question, told)))
    # A sentence that could not be found on its page is not shown, and so decides nothing.
    said, chances = held_to_sides(chances, bool(supporting), bool(opposing))
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


def held_to_sides(chances: dict[Label, float], has_for: bool, has_against: bool) -> tuple[Label, dict[Label, float]]:
    """What is said, and its chances: that of a side that no sentence is on goes to the rest; on none, maybe is said."""
    if not (has_for or has_against):
        return "maybe", chances
    held: dict[Label, float] = {**chances, "yes": chances["yes"] * has_for, "no": chances["no"] * has_against}
    held = {label: chance / sum(held.values()) for label, chance in held.items()}
    return max(LABELS, key=lambda label: held[label]), held


def _nearest(asking: Asking) -> list[Sentence]:
    """The sentences most like the question, nearest first, of prose if there is any; what two chunks share is one."""
    prose = [hit for hit in asking.evidence if hit.kind in PROSE]
    sentences = list({sentence.text: sentence for sentence in sentences_of(prose or asking.evidence)}.values())
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
