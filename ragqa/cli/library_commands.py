"""ragqa ingest, papers, doctor."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ragqa.cli.options import AsJson, Data, opened, settings_from
from ragqa.cli.output import err, out, print_health, print_json, print_papers, print_report
from ragqa.library import OnProgress, resolve_papers
from ragqa.types import IngestProgress, PaperState

log = logging.getLogger(__name__)

INCOMPLETE = 1


def ingest(
    paths: Annotated[list[Path], typer.Argument(help="PDFs, or folders with PDFs in them.", show_default=False)],
    data: Data = None,
    collection: Annotated[str, typer.Option(metavar="NAME", help="Put the papers into this collection.")] = "",
    retry: Annotated[bool, typer.Option("--retry", help="Also read again what failed before.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add papers. PDFs that are known already cost nothing; one that cannot be read stops nothing."""
    with opened(settings_from(data=data), may_be_new=True) as library:
        if retry:
            for paper in library.papers(PaperState.FAILED):
                library.retry(paper.id)
        with _progress(shown=not as_json and err.is_terminal) as on_progress:
            report = library.ingest(paths, collection, on_progress)
    if as_json:
        print_json(report)
    else:
        print_report(report)
    if report.failed or report.queued:
        raise typer.Exit(INCOMPLETE)


def papers(
    data: Data = None,
    state: Annotated[PaperState | None, typer.Option(help="Only papers in this state.")] = None,
    delete: Annotated[
        list[str] | None, typer.Option("--delete", metavar="NAME|ID", help="Remove this paper; repeatable.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the papers, or remove some."""
    with opened(settings_from(data=data)) as library:
        for paper_id in resolve_papers(delete or [], library.papers()):
            library.delete(paper_id)
            err.print(f"Removed {paper_id[:12]}.")
        found = library.papers(state)
    if as_json:
        print_json(found)
    elif found:
        print_papers(found)
    else:
        out.print("No papers. Add some with: ragqa ingest FOLDER")


def doctor(data: Data = None, as_json: AsJson = False) -> None:
    """Say what works, what is missing, and what to do about it."""
    with opened(settings_from(data=data), may_be_new=True) as library:
        health = library.health()
    if as_json:
        print_json(health)
    else:
        print_health(health)


@contextmanager
def _progress(shown: bool) -> Iterator[OnProgress]:
    """A bar on a terminal, nothing in a pipe."""
    if not shown:
        yield lambda step: None
        return
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("Reading papers", total=None, rate="")

        def on_progress(step: IngestProgress) -> None:
            seconds = bar.tasks[0].elapsed or 0.0
            rate = f"{step.pages / seconds:.0f} pages/s" if seconds else ""
            bar.update(task, completed=step.done, total=step.total, rate=rate, description=step.paper.file_name[:40])
            if step.paper.state is PaperState.FAILED:
                bar.console.print(f"[red]failed[/] {step.paper.file_name}: {step.paper.reason}")

        yield on_progress
