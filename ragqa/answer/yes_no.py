"""Yes, no or maybe, by how the sentences close to the question affirm or deny, with evidence for and against.

Reads words, figures and their order, not their sense: findings of studies are said in few ways.
"""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

from ragqa.answer.asking import Asking
from ragqa.answer.confidence import LEAST_CONFIDENCE, confidence
from ragqa.answer.draft import Draft, refusal
from ragqa.answer.evidence import Sentence, sentences_of
from ragqa.answer.spans import read
from ragqa.answer.words import content_words, coverage
from ragqa.details import Details, Verdict
from ragqa.types import Citation

WEIGHTS_FILE = "yes_no.json"
LABELS: tuple[Literal["yes", "no", "maybe"], ...] = ("yes", "no", "maybe")
NEAR = 3.0  # how much more a sentence weighs that has all of the question's words
LATE = 2.0  # and the last one: findings come behind what was done
MOST_SHOWN = 2  # sentences for, and against
CLEAR = 0.2  # polarity, from which a sentence is shown for one side
LEAST_COVERED = 0.25  # share of the question's words that a sentence must have to be shown

_EFFECT = (
    r"(?:significant\w*|differen\w*|differ\w*|associat\w*|correlat\w*|effect\w*|affect\w*|improv\w*|increas\w*|"
    r"relat\w*|"
    r"predict\w*|chang\w*|benefit\w*|reduc\w*|influenc\w*|impact\w*|evidence|superior\w*|advantage\w*|relationship\w*)"
)
_NO = r"\b(?:no|not|nor|neither|without|non|never|failed to|lack of)\b"
_NULL = re.compile(rf"{_NO}[\w\s,()/-]{{0,45}}?\b{_EFFECT}\b", re.I)
_NEGATION = re.compile(
    r"\b(?:no|not|none|neither|nor|never|without|cannot|fail\w*|lack\w*|unlikely|unchanged|unaffected|absence|"
    r"insufficient)\b|n['’]t\b",
    re.I,
)
_SAME = re.compile(r"\b(?:similar\w*|comparable|same|equal\w*|equivalent)\b", re.I)
_FINDING = re.compile(
    r"\b(?:significantly|significant|associated|association|correlat\w*|improv\w*|increas\w*|higher|greater|"
    r"better|best|"
    r"effective\w*|predict\w*|reduc\w*|decreas\w*|lower\w*|superior|longer|shorter|faster|independent predictor\w*|"
    r"successful\w*|feasible|safe\w*|useful|reliable|accura\w*|benefi\w*)\b",
    re.I,
)
_HEDGE = re.compile(
    r"\b(?:may|might|could|however|although|but|only|whereas|while|despite|some|mixed|trend|tended|limited|unclear|"
    r"controvers\w*|further|inconclusive|depend\w*|partial\w*)\b",
    re.I,
)
_P_VALUE = re.compile(r"\bp\s*(?:-?values?)?\s*([<>=≤≥]|less than|greater than)\s*(0?\.\d+)", re.I)
_NOT_SIGNIFICANT = re.compile(r"\bn\.?s\.?\b|p\s*=\s*ns\b", re.I)
_SIGNIFICANT = 0.05

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


@dataclass(frozen=True, slots=True)
class Tone:
    """What one sentence says: findings, denials of findings, p-values on either side of 0.05, hedges."""

    null: float
    same: float
    negated: float
    finding: float
    hedged: float
    significant: float
    not_significant: float

    @property
    def polarity(self) -> float:
        """From -1, denies, to 1, affirms."""
        told = self.finding + self.significant - 2 * self.null - 2 * self.not_significant - self.same
        return math.tanh(told)


def answer_with_verdict(asking: Asking) -> Draft:
    """Yes, no or maybe with the sentences for and against; a refusal if the evidence is of something else."""
    sentences = sentences_of(asking.evidence)
    found = read(asking.question, asking.evidence, asking.reader) if asking.reader and asking.evidence else []
    sure = confidence(asking.question, asking.evidence, found)
    if not sentences or sure < LEAST_CONFIDENCE:
        return refusal(sure)
    chances = verdict_chances(asking.question, [sentence.text for sentence in sentences])
    supporting, opposing = _sides(asking, sentences)
    if not (supporting or opposing):
        return refusal(sure)
    said = max(LABELS, key=lambda label: chances[label])
    shown = {"yes": supporting, "no": opposing}.get(said) or [*supporting, *opposing]
    marks = "".join(f"[{citation.number}]" for citation in shown)
    verdict = Verdict(
        answer=said,
        **{label: round(chance, 3) for label, chance in chances.items()},
        supporting=tuple(citation.number for citation in supporting),
        opposing=tuple(citation.number for citation in opposing),
    )
    return Draft(
        f"{said.capitalize()} {marks}",
        round(sure * chances[said], 3),
        kind="yes_no",
        details=Details(verdict=verdict),
    )


def verdict_chances(question: str, sentences: Sequence[str]) -> dict[str, float]:
    """Probability of each label, given the evidence sentence by sentence."""
    weights = _weights()
    values = features(question, sentences)
    scores = {
        label: sum(w * (values[name] - mean) / scale for name, w, mean, scale in rows) + constant
        for label, (constant, rows) in weights.items()
    }
    highest = max(scores.values())
    exponents = {label: math.exp(score - highest) for label, score in scores.items()}
    return {label: exponents[label] / sum(exponents.values()) for label in LABELS}


def features(question: str, sentences: Sequence[str]) -> dict[str, float]:
    """What the logistic sees: tones weighed by closeness to the question, of the last and of the closest sentence."""
    wanted = content_words(question)
    tones = [tone_of(sentence) for sentence in sentences]
    weights = _closeness(wanted, sentences)
    last, closest = tones[-1], tones[max(range(len(tones)), key=lambda at: weights[at])]
    values = {
        name: sum(w * _of(t, name) for w, t in zip(weights, tones, strict=True)) for name in (*_TONES, "polarity")
    }
    values |= {f"last {name}": _of(last, name) for name in (*_TONES, "polarity")}
    values |= {f"closest {name}": _of(closest, name) for name in ("null", "finding", "negated")}
    values |= _overall(tones, sentences)
    values |= _of_question(question, values)
    return values


def tone_of(sentence: str) -> Tone:
    """Counts, none beyond the few that matter."""
    null = float(min(2, len(_NULL.findall(sentence))))
    significant, not_significant = _p_values(sentence)
    return Tone(
        null=null,
        same=float(bool(_SAME.search(sentence))),
        negated=float(bool(_NEGATION.search(sentence))),
        # "No significant increase" is no finding.
        finding=0.0 if null else float(min(3, len(_FINDING.findall(sentence)))),
        hedged=float(bool(_HEDGE.search(sentence))),
        significant=min(2.0, significant),
        not_significant=min(2.0, not_significant),
    )


_TONES = tuple(Tone.__slots__)


def _of(tone: Tone, name: str) -> float:
    value: float = getattr(tone, name)
    return value


def _closeness(wanted: frozenset[str], sentences: Sequence[str]) -> list[float]:
    """Weights that sum to 1: more for words of the question, and for what comes late."""
    last = max(1, len(sentences) - 1)
    raw = [math.exp(NEAR * coverage(wanted, text) + LATE * at / last) for at, text in enumerate(sentences)]
    return [weight / sum(raw) for weight in raw]


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
    return found | {
        "asks negated": float(bool(_NEGATION.search(asked))),
        "asks does": float(bool(re.search(_DOES, asked))),
        "asks is": float(bool(re.search(_IS, asked))),
        "asks should": float("should" in asked),
        "asks as title": float(bool(re.search(r":|--", asked))),
        "asks length": math.log(1 + len(asked.split())),
    }


def _p_values(sentence: str) -> tuple[float, float]:
    """How many are significant, and how many are not."""
    significant = other = 0
    for sign, number in _P_VALUE.findall(sentence):
        below = sign in ("<", "≤", "less than")
        is_significant = float(number) <= _SIGNIFICANT if below else sign == "=" and float(number) < _SIGNIFICANT
        significant, other = significant + is_significant, other + (not is_significant)
    return float(significant), float(other + len(_NOT_SIGNIFICANT.findall(sentence)))


def _sides(asking: Asking, sentences: Sequence[Sentence]) -> tuple[list[Citation], list[Citation]]:
    """Sentences for and against, closest to the question first. A denial of a denial is for it."""
    wanted = content_words(asking.question)
    scores = asking.scorer.scores(asking.question, sentences)
    ranked = sorted(zip(scores, sentences, strict=True), key=lambda pair: -pair[0])
    near = [s for at, (_, s) in enumerate(ranked) if at == 0 or coverage(wanted, s.text) >= LEAST_COVERED]
    sign = -1 if _NEGATION.search(asking.question) else 1
    leaning = [(sign * _lean(sentence.text), sentence) for sentence in near]
    supporting = [sentence for lean, sentence in leaning if lean > 0][:MOST_SHOWN]
    opposing = [sentence for lean, sentence in leaning if lean < 0][:MOST_SHOWN]
    return _cited(supporting, asking), _cited(opposing, asking)


def _lean(sentence: str) -> float:
    """Polarity where it is clear; what neither finds nor denies anything says that it is so."""
    tone = tone_of(sentence)
    if abs(tone.polarity) >= CLEAR:
        return tone.polarity
    return -1.0 if tone.negated else 1.0


def _cited(sentences: Sequence[Sentence], asking: Asking) -> list[Citation]:
    return [c for s in sentences if (c := asking.citer.cite(s.hit, s.text, 1.0)) is not None]


Rows = tuple[tuple[str, float, float, float], ...]


@cache
def _weights() -> dict[str, tuple[float, Rows]]:
    """By label: a constant, and (feature, weight, mean, scale) for each feature."""
    raw = json.loads(resources.files("ragqa.answer").joinpath(WEIGHTS_FILE).read_text(encoding="utf-8"))
    scaling = raw["scaling"]
    return {
        label: (one["constant"], tuple((name, w, *scaling[name]) for name, w in one["weights"].items()))
        for label, one in raw["labels"].items()
    }
