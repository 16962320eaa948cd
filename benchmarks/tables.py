"""Figures from the pipelines' answers, and how they are printed. Knows no pipeline."""

from collections.abc import Mapping, Sequence
from statistics import mean, median
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.pipelines import Found, Run
from benchmarks.questions import Question, outcomes, sign_test
from ragqa.evaluation.measures import percentile

Row = dict[str, Any]
OURS = "ragqa"
WIDTH = 150  # in a pipe, rich would cut columns to 80
RATIOS = ("pages/s", "pages/s without start-up", "query p50", "query p95", "peak MB ingest", "peak MB search")


def quality_rows(questions: Sequence[Question], answers: Mapping[str, Sequence[Found]]) -> list[Row]:
    """One row for each set and measure, never over several sets; ``answers`` by the pipeline's name."""
    found: dict[tuple[str, str, str], list[dict[str, bool]]] = {}
    for number, question in enumerate(questions):
        told = {name: outcomes(question, given[number].hits) for name, given in answers.items()}
        setting = "given" if question.given else "open"
        for measure in told[OURS]:
            key = setting, question.set, measure
            found.setdefault(key, []).append({name: outcome[measure] for name, outcome in told.items()})
    return [_quality_row(*key, found[key]) for key in sorted(found, key=_row_order)]


def _row_order(key: tuple[str, str, str]) -> tuple[str, str, str, int]:
    """page@10 after page@5."""
    setting, name, measure = key
    kind, cutoff = measure.split("@")
    return setting, name, kind, int(cutoff)


def _quality_row(setting: str, name: str, measure: str, found: Sequence[dict[str, bool]]) -> Row:
    peers = [peer for peer in found[0] if peer != OURS]
    return {
        "set": name, "setting": setting, "measure": measure, "n": len(found),
        "found": {pipeline: sum(one[pipeline] for one in found) for pipeline in found[0]},
        "against": {peer: _paired([(one[OURS], one[peer]) for one in found]) for peer in peers},
    }  # fmt: skip


def _paired(pairs: Sequence[tuple[bool, bool]]) -> Row:
    """Questions that only ragqa found and that only the peer found."""
    gained = sum(our and not their for our, their in pairs)
    lost = sum(their and not our for our, their in pairs)
    return {"gained": gained, "lost": lost, "p": round(sign_test(gained, lost), 4)}


def best_of(row: Row, names: Sequence[str]) -> str | None:
    """Which of the pipelines ``names`` found most in this row; None if none of them ran."""
    return max((name for name in names if name in row["found"]), key=lambda name: row["found"][name], default=None)


def mean_pages_covered(answers: Sequence[Found], k: int = 5) -> float:
    """Distinct pages that the first k hits cover; a pipeline that covers more has an easier page@k."""
    covered = [{(hit.paper, page) for hit in found.hits[:k] for page in hit.pages} for found in answers]
    return round(mean(map(len, covered)), 2)


def print_quality(rows: Sequence[Row], bar: Sequence[str]) -> None:
    """Counts as per cent; the last columns compare ragqa with the better of the pipelines in ``bar``."""
    names = list(rows[0]["found"])
    table = Table("set", "setting", "measure", "n", *names, "above bar", "gained", "lost", "p (sign test)")
    for row in rows:
        shares = [100 * row["found"][name] / row["n"] for name in names]
        told = [row["set"], row["setting"], row["measure"], row["n"], *(f"{share:.1f}" for share in shares)]
        table.add_row(*map(str, told), *_against_bar(row, bar))
    Console(width=WIDTH).print(table)


def _against_bar(row: Row, bar: Sequence[str]) -> list[str]:
    best = best_of(row, bar)
    if best is None:
        return []
    above = 100 * (row["found"][OURS] - row["found"][best]) / row["n"]
    paired = row["against"][best]
    return [f"{above:+.1f}", str(paired["gained"]), str(paired["lost"]), str(paired["p"] or "<0.0001")]


def speed_summary(rounds: Sequence[dict[str, Run]]) -> Row:
    """Each pipeline's own figures, and for each peer ragqa's ratios within the rounds: median, smallest, largest."""
    names = list(rounds[0])
    return {
        "rounds": len(rounds),
        "pipelines": {name: _pipeline_figures([runs[name] for runs in rounds]) for name in names},
        "ratios": {
            name: {figure: _spread([_ratio(runs, name, figure) for runs in rounds]) for figure in RATIOS}
            for name in names
            if name != OURS
        },
    }


def _ratio(runs: dict[str, Run], peer: str, figure: str) -> float:
    """ragqa's figure over the peer's, of one round."""
    return _figures(runs[OURS])[figure] / _figures(runs[peer])[figure]


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
    return {"pages": runs[0].ingested.pages, "failed": list(runs[0].ingested.failed)} | {
        name: round(median(figure[name] for figure in figures), 2) for name in RATIOS
    }


def _spread(ratios: Sequence[float]) -> dict[str, float]:
    return {"median": round(median(ratios), 3), "min": round(min(ratios), 3), "max": round(max(ratios), 3)}


def print_speed(summary: Row) -> None:
    """Medians over the rounds; the ratio's spread shows how far one can trust it."""
    figures, ratios = Table("pipeline", "pages", *RATIOS), Table("ragqa / peer, median (min to max)", *RATIOS)
    for name, told in summary["pipelines"].items():
        figures.add_row(name, str(told["pages"]), *(str(told[figure]) for figure in RATIOS))
    for name, told in summary["ratios"].items():
        ratios.add_row(name, *(f"{r['median']} ({r['min']} to {r['max']})" for r in map(told.get, RATIOS)))
    for table in (figures, ratios):
        Console(width=WIDTH).print(table)


def print_failed(failed: Mapping[str, Sequence[str]]) -> None:
    """Papers that a pipeline could not read, by its name."""
    for name, papers in failed.items():
        for paper in papers:
            print(f"{name} could not read {paper}")
