"""How evaluations look on a terminal: a table for each set, never pooled."""

from collections.abc import Sequence

from rich.table import Table

from ragqa.cli.output import out
from ragqa.evaluation.report import Difference, SetReport


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
        stages = (f"{stage} {time['p50']:g} / {time['p95']:g}" for stage, time in summary["milliseconds"].items())
        out.print(f"[dim]milliseconds p50 / p95: {' · '.join(stages)}[/]")


def print_differences(differences: Sequence[Difference]) -> None:
    """The second run against the first."""
    table = Table("set", "measure", "questions", "first", "second", "difference", "p", box=None, header_style="bold")
    for found in differences:
        change = f"{found.second - found.first:+.3f}"
        told = (found.set, found.measure, str(found.n), f"{found.first:.3f}", f"{found.second:.3f}", change)
        table.add_row(*told, f"{found.p:.3f}")
    out.print(table)
