"""How evaluations look on a terminal: a table for each set, never pooled."""

from collections.abc import Sequence

from rich.table import Table

from ragqa.cli.output import out
from ragqa.evaluation.report import Difference, SetReport, difference


def print_reports(reports: Sequence[SetReport]) -> None:
    """Measures with their 95 % intervals, refusals, milliseconds."""
    for report in reports:
        summary = report.summary()
        about = ", ".join(f"{name} {value}" for name, value in report.about.items())
        table = Table("measure", "mean", "95 % interval", "questions", box=None, header_style="bold")
        for name, found in summary["measures"].items():
            span = f"{found['low']:.3f} to {found['high']:.3f}"
            table.add_row(name, f"{found['mean']:.3f}", span, str(found["n"]))
        for name, value in summary["refusal"].items():
            table.add_row(f"refusal: {name}", f"{value:.3f}", "", str(summary["questions"]))
        out.print(f"\n[bold]{report.name}[/] ({about})" if about else f"\n[bold]{report.name}[/]")
        out.print(table)
        out.print(f"[dim]{_times(report)}[/]")


def print_rankings(reports: Sequence[SetReport]) -> None:
    """A table for each set, a row for each way of searching it; p is that of the first measure against hybrid."""
    for name in dict.fromkeys(report.name for report in reports):
        of_set = [report for report in reports if report.name == name]
        measures = of_set[0].measures()
        fused = next((report for report in of_set if report.about["mode"] == "hybrid"), None)
        table = Table("mode", *measures, "p", box=None, header_style="bold")
        for report in of_set:
            told = report.summary()["measures"]
            cells = [f"{told[m]['mean']:.3f} ({told[m]['low']:.3f} to {told[m]['high']:.3f})" for m in measures]
            table.add_row(report.about["mode"], *cells, _p_against(fused, report, measures[0]))
        about = f"{of_set[0].about['documents']} documents, {len(of_set[0].questions)} queries"
        out.print(f"\n[bold]{name}[/] ({about}; 95 % intervals; p of {measures[0]} against hybrid)")
        out.print(table)
        for report in of_set:
            out.print(f"[dim]{report.about['mode']}: {_times(report)}[/]")


def _p_against(fused: SetReport | None, report: SetReport, measure: str) -> str:
    if fused is None or report is fused:
        return ""
    told = difference(report.name, measure, fused.values(measure), report.values(measure))
    return f"{told.p:.3f}" if told else ""


def _times(report: SetReport) -> str:
    stages = report.summary()["milliseconds"].items()
    return "milliseconds p50 / p95: " + " · ".join(f"{name} {time['p50']:g} / {time['p95']:g}" for name, time in stages)


def print_differences(differences: Sequence[Difference]) -> None:
    """The second run against the first."""
    table = Table("set", "measure", "questions", "first", "second", "difference", "p", box=None, header_style="bold")
    for found in differences:
        change = f"{found.second - found.first:+.3f}"
        told = (found.set, found.measure, str(found.n), f"{found.first:.3f}", f"{found.second:.3f}", change)
        table.add_row(*told, f"{found.p:.3f}")
    out.print(table)
