"""What a run measured: one value per question and measure, kept apart by set; means with intervals are made from it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from ragqa.errors import BadRequest, PathNotFound
from ragqa.evaluation.measures import area_under_risk, auroc, interval, paired_p, percentile, risk_at

COVERAGES = (0.5, 0.8, 1.0)
"""Shares of the questions that are answered, the surest first, at which the risk is told."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One question's values; ``confidence`` and ``answerable`` tell how well the refusals are placed."""

    qid: str
    values: dict[str, float]
    milliseconds: dict[str, float]
    confidence: float | None = None
    answerable: bool = True


@dataclass(frozen=True, slots=True)
class SetReport:
    """All questions of one set."""

    name: str
    questions: tuple[Judged, ...]
    about: dict[str, Any] = field(default_factory=dict)

    def measures(self) -> list[str]:
        """Names, in the order in which they first came."""
        return list(dict.fromkeys(name for judged in self.questions for name in judged.values))

    def values(self, measure: str) -> dict[str, float]:
        """By question id, of the questions that the measure fits."""
        return {judged.qid: judged.values[measure] for judged in self.questions if measure in judged.values}

    def summary(self) -> dict[str, Any]:
        """Means with 95 % intervals, refusal figures, milliseconds by stage."""
        return {
            "set": self.name,
            "questions": len(self.questions),
            **self.about,
            "measures": {name: _mean(list(self.values(name).values())) for name in self.measures()},
            "refusal": self._refusal(),
            "milliseconds": self._milliseconds(),
        }

    def _refusal(self) -> dict[str, float]:
        """AUROC of the confidence for answerable questions; area under risk–coverage, the risk being 1 - F1."""
        told = [judged for judged in self.questions if judged.confidence is not None]
        scores: dict[bool, list[float]] = {True: [], False: []}
        outcomes = []
        for judged in told:
            confidence = judged.confidence or 0.0
            scores[judged.answerable].append(confidence)
            if "F1" in judged.values:
                outcomes.append((confidence, 1.0 - judged.values["F1"]))
        found = {"AUROC": auroc(scores[True], scores[False]), "area under risk": area_under_risk(outcomes)}
        found |= {f"risk at {coverage:.0%} coverage": risk_at(outcomes, coverage) for coverage in COVERAGES}
        return {name: round(value, 4) for name, value in found.items() if value is not None}

    def _milliseconds(self) -> dict[str, dict[str, float]]:
        stages = dict.fromkeys(stage for judged in self.questions for stage in judged.milliseconds)
        found = {}
        for stage in stages:
            times = [judged.milliseconds[stage] for judged in self.questions if stage in judged.milliseconds]
            found[stage] = {"p50": round(percentile(times, 0.5), 2), "p95": round(percentile(times, 0.95), 2)}
        return found


def _mean(values: Sequence[float]) -> dict[str, float]:
    low, high = interval(values)
    return {"mean": round(fmean(values), 4), "low": round(low, 4), "high": round(high, 4), "n": len(values)}


def to_json(reports: Iterable[SetReport], made_by: Mapping[str, Any]) -> str:
    """Summaries for people, every question's values for comparisons."""
    sets = [
        report.summary() | {"values": {judged.qid: judged.values for judged in report.questions}} for report in reports
    ]
    return json.dumps({"made_by": dict(made_by), "sets": sets}, indent=1, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Difference:
    """The second run against the first, on the questions that both have."""

    set: str
    measure: str
    n: int
    first: float
    second: float
    p: float


def compare(first: Path, second: Path) -> list[Difference]:
    """Set by set and measure by measure; p from a paired randomisation test.

    Where both searched a set in several modes, each mode is compared with itself.
    """
    runs = [_values(first), _values(second)]
    if all(len({mode for name, mode, _ in run if name == one}) == 1 for run in runs for one, _, _ in run):
        runs = [{(name, "", measure): values for (name, _, measure), values in run.items()} for run in runs]
    found = []
    for key in (key for key in runs[0] if key in runs[1]):
        name, mode, measure = key
        told = difference(f"{name}, {mode}" if mode else name, measure, runs[0][key], runs[1][key])
        found += [told] if told else []
    if not found:
        raise BadRequest(f"{first} and {second} have no question in common.", hint="Compare two runs on one set.")
    return found


def difference(name: str, measure: str, first: Mapping[str, float], second: Mapping[str, float]) -> Difference | None:
    """Values by question id; None if the two have no question in common."""
    both = sorted(first.keys() & second.keys())
    if not both:
        return None
    one, two = ([values[qid] for qid in both] for values in (first, second))
    p = paired_p([b - a for a, b in zip(one, two, strict=True)])
    return Difference(name, measure, len(both), round(fmean(one), 4), round(fmean(two), 4), round(p, 4))


def _values(file: Path) -> dict[tuple[str, str, str], dict[str, float]]:
    """By set, mode (empty if there are no modes) and measure."""
    if not file.is_file():
        raise PathNotFound(f"There is no file {file}.", hint="Write one with: ragqa eval … --json > FILE")
    found: dict[tuple[str, str, str], dict[str, float]] = {}
    try:
        for row in json.loads(file.read_text(encoding="utf-8"))["sets"]:
            for qid, values in row["values"].items():
                for measure, value in values.items():
                    found.setdefault((row["set"], row.get("mode", ""), measure), {})[qid] = float(value)
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise BadRequest(f"{file} is no result of ragqa eval: {exc!r}.") from exc
    return found
