"""The progress of an ingest on a terminal, and what Ctrl-C means meanwhile."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ragqa.cli.output import err
from ragqa.library import OnProgress
from ragqa.types import IngestProgress, PaperState

INTERRUPTED = 130
SHOWN_NAME = 32


class Pace:
    """Pages per second, and the time that the papers left will take if they are like those before."""

    def __init__(self, started: float) -> None:
        self._started = started

    def shown(self, step: IngestProgress, now: float) -> str:
        """For instance ``1,240 pages, 18.3 pages/s, 2:05 left``; no time before the first paper is done."""
        seconds = max(now - self._started, 1e-9)
        said = [f"{step.pages:,} pages", f"{step.pages / seconds:.1f} pages/s"] if step.pages else []
        if step.done:
            left = round(seconds / step.done * (step.total - step.done))
            hours, minutes = divmod(left // 60, 60)
            said.append(f"{f'{hours}:' if hours else ''}{minutes:02d}:{left % 60:02d} left")
        return ", ".join(said)


@contextmanager
def progress(shown: bool) -> Iterator[OnProgress]:
    """A bar on a terminal, nothing in a pipe."""
    if not shown:
        yield lambda step: None
        return
    columns = (
        TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TextColumn("{task.fields[pace]}"),
    )  # fmt: skip
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("Looking for papers", total=None, pace="")
        pace = Pace(time.monotonic())

        def on_progress(step: IngestProgress) -> None:
            name = step.paper.file_name[:SHOWN_NAME].encode("utf-8", "replace").decode()
            said = pace.shown(step, time.monotonic())
            bar.update(task, completed=step.done, total=step.total, pace=said, description=name)
            if step.paper.state is PaperState.FAILED:
                bar.console.print(f"[red]failed[/] {escape(name)}: {escape(step.paper.reason)}")

        yield on_progress


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C stops after tidying up, a second one at once: the next start tidies up then."""

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
        err.print("\nStopping …  (Ctrl-C again to stop at once)")
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
