"""ragqa watch: follows the ingest folder without a server. ragqa zotero: brings in what Zotero has."""

import json
import signal
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from ingest.folder.files import content_hash
from ingest.folder.zotero import link_in, links_in, read_zotero
from ragqa.cli.options import AsJson, Data, opened, opened_alone, settings_from
from ragqa.cli.output import err, out, print_json, print_report
from ragqa.cli.progress import interruptible, progress
from ragqa.types import FolderChange, GivenMetadata

INCOMPLETE = 1

COLOURS = {"ready": "green", "failed": "red", "moved": "cyan", "removed": "yellow"}


def watch(data: Data = None, as_json: AsJson = False) -> None:
    """Follow the ingest folder until Ctrl-C: one line for each paper that comes, moves or goes."""
    settings = settings_from(data=data)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with opened_alone(settings) as engine:
        engine.start_reading(_print_json if as_json else _print_line)
        err.print(f"Following {escape(str(settings.ingest_folder))}; Ctrl-C stops.")
        stop.wait()
        err.print("Stopping …")


def zotero(
    folder: Annotated[Path, typer.Argument(help="Zotero's data folder.", show_default="~/Zotero")] = Path("~/Zotero"),
    data: Data = None,
    collection: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only this Zotero collection, with those below it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring in the PDFs that Zotero has, as links; its titles and authors win. Run it again to bring in what is new."""
    settings = settings_from(data=data)
    found = read_zotero(folder.expanduser(), collection)
    settings.ingest_folder.mkdir(parents=True, exist_ok=True)
    with interruptible(), opened(settings, may_be_new=True) as library:
        linked = links_in(settings.ingest_folder)
        files = []
        for paper in found:
            if paper.said is not None:
                # Said before the link is there: the paper is then read once, with the right title.
                library.give_metadata(content_hash(paper.file), GivenMetadata(**asdict(paper.said)))
            files.append(link_in(paper, settings.ingest_folder, linked))
        with progress(shown=not as_json and err.is_terminal) as on_progress:
            report = library.take_in(files, on_progress)
    print_json(report) if as_json else print_report(report)
    if report.failed or report.queued:
        raise typer.Exit(INCOMPLETE)


def _print_json(change: FolderChange) -> None:
    out.out(json.dumps(change.model_dump(mode="json"), ensure_ascii=False))


def _print_line(change: FolderChange) -> None:
    paper, colour = change.paper, COLOURS.get(change.change, "white")
    said = " — ".join(filter(None, (paper.title, f"{paper.pages} pages" if paper.pages else "", paper.reason)))
    out.print(f"[{colour}]{change.change}[/] {escape(paper.file_name)} {escape(said)}")
