"""Figures from two pipelines' answers, and how they are printed. Knows no pipeline."""

from collections.abc import Sequence
from statistics import mean, median
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.pipelines import Found, Run
from benchmarks.questions import Question, outcomes, percentile, sign_test

Row = dict[str, Any]
NAMES = ("ragqa", "tutorial")
WIDTH = 110  # in a pipe, rich would cut columns to 80


def quality_rows(questions: Sequence[Question], ours: Sequence[Found], tutorial: Sequence[Found]) -> list[Row]:
    """One row for each set and measure, and for all sets together."""
    pairs: dict[tuple[str, str, str], list[tuple[bool, bool]]] = {}
    for question, our, their in zip(questions, ours, tutorial, strict=True):
        setting = "given" if question.given else "open"
        theirs = outcomes(question, their.hits)
        for measure, found in outcomes(question, our.hits).items():
            for name in (question.set, "all"):
                pairs.setdefault((setting, name, measure), []).append((found, theirs[measure]))
    return [_quality_row(*key, pairs[key]) for key in sorted(pairs, key=_row_order)]


def _row_order(key: tuple[str, str, str]) -> tuple[str, bool, str, str, int]:
    """Sets by name with *all* last; page@10 after page@5."""
    setting, name, measure = key
    kind, cutoff = measure.split("@")
    return setting, name == "all", name, kind, int(cutoff)


def _quality_row(setting: str, name: str, measure: str, pairs: Sequence[tuple[bool, bool]]) -> Row:
    gained = sum(our and not their for our, their in pairs)
    lost = sum(their and not our for our, their in pairs)
    return {
        "set": name, "setting": setting, "measure": measure, "n": len(pairs),
        "ragqa": sum(our for our, _ in pairs), "tutorial": sum(their for _, their in pairs),
        "gained": gained, "lost": lost, "p": round(sign_test(gained, lost), 4),
    }  # fmt: skip


def mean_distinct_pages(answers: Sequence[Found], k: int = 5) -> float:
    """Distinct pages among the first k hits; a pipeline that spreads its hits has an easier page@k."""
    return round(mean(len(set(found.hits[:k])) for found in answers), 2)


def print_quality(rows: Sequence[Row]) -> None:
    """Counts as per cent; gained and lost count questions that one pipeline found and the other did not."""
    table = Table("set", "setting", "measure", "n", "ragqa %", "tutorial %", "gained", "lost", "p (sign test)")
    for row in rows:
        shares = [f"{100 * row[name] / row['n']:.1f}" for name in NAMES]
        told = [row["set"], row["setting"], row["measure"], row["n"], *shares]
        table.add_row(*map(str, [*told, row["gained"], row["lost"], row["p"] or "<0.0001"]))
    Console(width=WIDTH).print(table)


def speed_summary(rounds: Sequence[dict[str, Run]]) -> Row:
    """Each pipeline's own figures, and the ratios of the rounds: median, smallest, largest."""
    return {
        "rounds": len(rounds),
        "pipelines": {name: _pipeline_figures([runs[name] for runs in rounds]) for name in NAMES},
        "ratios": {
            name: _spread([_ratio(runs, name) for runs in rounds])
            for name in ("pages/s", "pages/s without start-up", "query p50", "query p95")
        },
    }


def _ratio(runs: dict[str, Run], name: str) -> float:
    """ragqa's figure over the tutorial's."""
    ours, theirs = (_figures(runs[pipeline])[name] for pipeline in NAMES)
    return ours / theirs


def _figures(run: Run) -> dict[str, float]:
    waits = [found.seconds * 1000 for found in run.answers]
    return {
        "pages/s": run.ingested.pages / run.ingested.seconds,
        "pages/s without start-up": run.ingested.pages / run.ingested.working,
        "query p50": percentile(waits, 0.5),
        "query p95": percentile(waits, 0.95),
        "peak MB ingest": run.ingested.peak_mb,
        "peak MB search": run.searching_mb,
    }


def _pipeline_figures(runs: Sequence[Run]) -> Row:
    figures = [_figures(run) for run in runs]
    names = list(figures[0])
    return {"pages": runs[0].ingested.pages, "failed": list(runs[0].ingested.failed)} | {
        name: round(median(figure[name] for figure in figures), 2) for name in names
    }


def _spread(ratios: Sequence[float]) -> dict[str, float]:
    return {"median": round(median(ratios), 3), "min": round(min(ratios), 3), "max": round(max(ratios), 3)}


def print_speed(summary: Row) -> None:
    """Medians over the rounds; the ratio's spread shows how far one can trust it."""
    table = Table("figure", *NAMES, "ratio, median (min to max)")
    ours, theirs = (summary["pipelines"][name] for name in NAMES)
    for figure in (key for key in ours if key != "failed"):
        ratio = summary["ratios"].get(figure)
        told = f"{ratio['median']} ({ratio['min']} to {ratio['max']})" if ratio else ""
        table.add_row(figure, str(ours[figure]), str(theirs[figure]), told)
    Console(width=WIDTH).print(table)
    for name in NAMES:
        for paper in summary["pipelines"][name]["failed"]:
            print(f"{name} could not read {paper}")
