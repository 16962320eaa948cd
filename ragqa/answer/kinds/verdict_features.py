"""Numbers from which yes, no or maybe is told: sides and tones of the sentences, and what is asked. Pure.

``python -m benchmarks.yes_no`` weighs them.
"""

import math
import re
from collections.abc import Sequence

from ragqa.answer.kinds.claimed import narrowed
from ragqa.answer.kinds.stance import Asked, asked_of, covers, is_unsettled, stance
from ragqa.answer.kinds.tones import NEGATION, Tone, tone_of
from ragqa.answer.words import content_words, coverage

NEAR = 3.0  # how much more a sentence weighs that has all of the question's words
LATE = 2.0  # and the last one: findings come behind what was done
FEW = 3  # sentences nearest to the question, and last, that are read together
DOUBT = 0.3  # what the sides are held against, so that a faint one alone does not decide

_ASKS = {
    "association": r"associat|relat|correlat|link|predict|influenc|affect|impact|effect|role|contribut|cause|"
    r"risk|depend|"
    r"modif|determin",
    "comparison": r"better|more|superior|higher|improve|than|enhance|increase|reduce|decrease|prevent|lower|"
    r"worse|less|faster",
    "difference": r"differ|same|similar|equal|equivalent|comparable|change|vary|agree",
    "need": r"necessary|required|need|routine|should|justified|always|enough|sufficient|adequate|worth|"
    r"warranted|indicated|"
    r"time to|all\b|matter|important",
    "ability": r"\bcan\b|could|safe|feasible|reliable|useful|possible|valid|accurate|effective|appropriate|"
    r"helpful|suitable|"
    r"efficacious|predict",
    "existence": r"is there|are there|there a",
}
_DOES, _IS = r"\b(?:does|do|did)\b", r"\b(?:is|are|was|were)\b"
_FIRST = ("is", "are", "does", "do", "can", "should", "did", "has", "was", "could")
_IS_FIRST = {word: re.compile(rf"(?:^|[:.?]\s|--\s*){word}\b") for word in _FIRST}
# Who asks for so much is often told no.
_ASKS_MUCH = re.compile(
    r"\b(?:always|really|only|all|mandatory|routine\w*|every|contraindication|still|necessary|obsolete|enough|"
    r"sufficient)\b"
)
_TONES = tuple(Tone.__slots__)


def stances_of(question: str, sentences: Sequence[str]) -> list[float]:
    """The side of each sentence, from -1 to 1; none for those that say less of what is claimed than others do."""
    asked = asked_of(question)
    return narrowed(question, sentences, [stance(asked, sentence) for sentence in sentences])


def features(question: str, sentences: Sequence[str], stances: Sequence[float]) -> dict[str, float]:
    """What the logistic sees: sides and tones weighed by closeness to the question, those of the last sentence, ..."""
    wanted = content_words(question)
    tones = [tone_of(sentence) for sentence in sentences]
    weights = _closeness([coverage(wanted, text) for text in sentences])
    last, closest = tones[-1], tones[max(range(len(tones)), key=lambda at: weights[at])]
    values = {
        name: sum(w * _of(t, name) for w, t in zip(weights, tones, strict=True)) for name in (*_TONES, "polarity")
    }
    values |= {f"last {name}": _of(last, name) for name in (*_TONES, "polarity")}
    values |= {f"closest {name}": _of(closest, name) for name in ("null", "finding", "negated")}
    values |= _overall(tones, sentences)
    values |= _of_question(question, values)
    return values | _of_sides(asked_of(question), sentences, stances) | _of_few(question, sentences, tones, stances)


def _of(tone: Tone, name: str) -> float:
    value: float = getattr(tone, name)
    return value


def _closeness(covered: Sequence[float]) -> list[float]:
    """Weights that sum to 1: more for words of the question, and for what comes late."""
    last = max(1, len(covered) - 1)
    raw = [math.exp(NEAR * share + LATE * at / last) for at, share in enumerate(covered)]
    return [weight / sum(raw) for weight in raw]


def _of_sides(asked: Asked, sentences: Sequence[str], stances: Sequence[float]) -> dict[str, float]:
    """How far, how many and which of the sentences are for it and against it."""
    covered = [covers(asked, text) for text in sentences]
    weights = _closeness(covered)
    strongest = max(range(len(stances)), key=lambda at: (abs(stances[at]), at))
    return {
        "for": sum(w * max(side, 0.0) for w, side in zip(weights, stances, strict=True)),
        "against": sum(w * max(-side, 0.0) for w, side in zip(weights, stances, strict=True)),
        "furthest for": max(stances),
        "furthest against": min(stances),
        "last side": stances[-1],
        "strongest side": stances[strongest],
        "any for": float(max(stances) > 0),
        "any against": float(min(stances) < 0),
        "on no side": float(not any(stances)),
        "balance of sides": sum(stances) / (DOUBT + sum(map(abs, stances))),
        "unsettled": float(any(map(is_unsettled, sentences))),
        "covered": max(covered),
        "asks denied": float(asked.denied),
        "asks only": float(asked.only),
    }


def _of_few(
    question: str, sentences: Sequence[str], tones: Sequence[Tone], stances: Sequence[float]
) -> dict[str, float]:
    """Means over the few that have most of the question's words, and over the last few."""
    covered = [covers(asked_of(question), text) for text in sentences]
    every = range(len(sentences))
    values: dict[str, float] = {}
    for name, chosen in (("top", sorted(every, key=lambda at: -covered[at])[:FEW]), ("late", every[-FEW:])):
        values[f"{name} sides"] = sum(stances[at] for at in chosen) / FEW
        values |= {
            f"{name} {tone}": sum(_of(tones[at], tone) for at in chosen) / FEW
            for tone in ("polarity", "negated", "null")
        }
    return values


def _overall(tones: Sequence[Tone], sentences: Sequence[str]) -> dict[str, float]:
    significant, other = sum(t.significant for t in tones), sum(t.not_significant for t in tones)
    has_null, has_finding = any(t.null for t in tones), any(t.significant or t.finding > 1 for t in tones)
    return {
        "any null": float(has_null),
        "any significant": float(significant > 0),
        "any not significant": float(other > 0),
        "mixed": float(has_null and has_finding),
        "significant share": (significant - other) / (1 + significant + other),
        "nulls": math.log1p(sum(t.null for t in tones)),
        "p-values": math.log1p(significant + other),
        "length": math.log(1 + sum(len(text.split()) for text in sentences)),
    }


def _of_question(question: str, values: dict[str, float]) -> dict[str, float]:
    """What is asked, and what the tone means to such a question."""
    asked = question.casefold()
    found = {f"asks {name}": float(bool(re.search(pattern, asked))) for name, pattern in _ASKS.items()}
    found |= {f"{name} × polarity": told * values["polarity"] for name, told in found.items()} | {
        f"{name} × null": told * values["null"] for name, told in found.items()
    }
    found |= {f"asks first {word}": float(bool(pattern.search(asked))) for word, pattern in _IS_FIRST.items()}
    return found | {
        "asks much": float(bool(_ASKS_MUCH.search(asked))),
        "asks negated": float(bool(NEGATION.search(asked))),
        "asks does": float(bool(re.search(_DOES, asked))),
        "asks is": float(bool(re.search(_IS, asked))),
        "asks should": float("should" in asked),
        "asks as title": float(bool(re.search(r":|--", asked))),
        "asks length": math.log(1 + len(asked.split())),
    }
