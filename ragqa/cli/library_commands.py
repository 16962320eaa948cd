"""ragqa ingest, papers, doctor."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from ragqa.bibtex import bibtex, cite_keys
from ragqa.cli.options import AsJson, Collection, Data, opened, settings_from
from ragqa.cli.output import err, out, print_health, print_json, print_paper, print_papers, print_report
from ragqa.cli.progress import interruptible, progress
from ragqa.library import Library, resolve_papers
from ragqa.types import IngestReport, PaperState

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
    with interruptible(), opened(settings_from(data=data), may_be_new=True) as library:
        if retry:
            for paper in library.papers(PaperState.FAILED):
                library.retry(paper.id)
        report = _ingested(library, paths, collection, as_json)
    if as_json:
        print_json(report)
    else:
        print_report(report)
    if report.failed or report.queued:
        raise typer.Exit(INCOMPLETE)


def _ingested(library: Library, paths: list[Path], collection: str, as_json: bool) -> IngestReport:
    with progress(shown=not as_json and err.is_terminal) as on_progress:
        return library.ingest(paths, collection, on_progress)


def papers(
    paper: Annotated[
        str | None, typer.Argument(metavar="[NAME|ID]", help="Show this one, with abstract and outline.")
    ] = None,
    data: Data = None,
    state: Annotated[PaperState | None, typer.Option(help="Only papers in this state.")] = None,
    delete: Annotated[
        list[str] | None, typer.Option("--delete", metavar="NAME|ID", help="Remove this paper; repeatable.")
    ] = None,
    retry: Annotated[
        list[str] | None, typer.Option("--retry", metavar="NAME|ID", help="Read this paper again; repeatable.")
    ] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Read all failed papers again.")] = False,
    forget_missing: Annotated[
        bool, typer.Option("--forget-missing", help="Remove the papers whose files are gone.")
    ] = False,
    collection: Collection = None,
    as_bibtex: Annotated[bool, typer.Option("--bibtex", help="Print BibTeX.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the papers, show one, remove some, or read some again."""
    with opened(settings_from(data=data)) as library:
        for paper_id in resolve_papers(delete or [], library.papers()):
            library.delete(paper_id)
            err.print(f"Removed {paper_id[:12]}.")
        for gone in library.forget_missing() if forget_missing else []:
            err.print(f"Removed {gone.id[:12]} {gone.file_name}.", markup=False)
        _retry(library, retry or [], retry_failed, as_json)
        known = library.papers()
        shown = library.paper(*resolve_papers([paper], known)) if paper else None
    found = [each for each in known if state in (None, each.state) and collection in (None, each.collection)]
    if as_bibtex:
        out.out(bibtex([shown] if shown else found, cite_keys(known)), end="")
    elif shown:
        print_json(shown) if as_json else print_paper(shown)
    elif as_json:
        print_json(found)
    elif found:
        print_papers(found)
    else:
        out.print("No papers. Add some with: ragqa ingest FOLDER")


def _retry(library: Library, names: list[str], all_failed: bool, as_json: bool) -> None:
    """Read papers again: here and now, or soon, where a server does it."""
    again = {*resolve_papers(names, library.papers())}
    if all_failed:
        again |= {paper.id for paper in library.papers(PaperState.FAILED)}
    for paper_id in again:
        library.retry(paper_id)
    if again:
        with interruptible():
            _ingested(library, [], "", as_json)


def doctor(data: Data = None, as_json: AsJson = False) -> None:
    """Say what works, what is missing, and what to do about it."""
    with opened(settings_from(data=data), may_be_new=True) as library:
        health = library.health()
    if as_json:
        print_json(health)
    else:
        print_health(health)
