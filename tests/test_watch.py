"""ragqa watch, retries and the progress of an ingest, as a user meets them."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from ragqa.cli.progress import Pace
from ragqa.types import IngestProgress, Paper
from tests import papers
from tests.server import QUIET, running_server
from tests.test_cli import ragqa


def step(done: int, total: int, pages: int) -> IngestProgress:
    return IngestProgress(done=done, total=total, pages=pages, paper=Paper(id="x", file_name="x.pdf"))


@pytest.mark.parametrize(
    ("done", "seconds", "said"),
    [
        (0, 5, ""),
        (10, 20, "200 pages, 10.0 pages/s, 03:00 left"),
        (1, 100, "20 pages, 0.2 pages/s, 2:43:20 left"),
        (99, 990, "1,980 pages, 2.0 pages/s, 00:10 left"),
        (100, 1000, "2,000 pages, 2.0 pages/s, 00:00 left"),
    ],
)
def test_rate_and_time_left(done: int, seconds: float, said: str) -> None:
    total = 99 if done == 1 else 100
    assert Pace(1000.0).shown(step(done, total, 20 * done), 1000.0 + seconds) == said


def lines_of(process: "subprocess.Popen[str]", count: int) -> list[dict[str, object]]:
    assert process.stdout is not None
    return [json.loads(process.stdout.readline()) for _ in range(count)]


@pytest.mark.skipif(os.name == "nt", reason="signals differ there")
def test_watch_tells_of_every_change_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    inbox = tmp_path / "data" / "ingest"
    inbox.mkdir(parents=True)
    papers.write_one_column(inbox / "marmots.pdf")
    command = [sys.executable, "-m", "ragqa", "watch", "--data", str(tmp_path / "data"), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | QUIET) as process:
        seen = lines_of(process, 1)
        papers.write_not_pdf(inbox / "page.pdf")
        seen += lines_of(process, 1)
        (inbox / "marmots.pdf").rename(inbox / "renamed.pdf")
        time.sleep(0.5)
        (inbox / "page.pdf").unlink()
        seen += lines_of(process, 1)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
    changes = [(line["change"], line["paper"]["file_name"]) for line in seen]  # type: ignore[index]
    assert changes == [("ready", "marmots.pdf"), ("failed", "page.pdf"), ("removed", "page.pdf")]
    listed = json.loads(ragqa("papers", "--data", tmp_path / "data", "--json").stdout)
    assert [(paper["file_name"], paper["state"]) for paper in listed] == [("renamed.pdf", "ready")]


def test_watch_leaves_a_folder_to_the_server_that_has_it(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as url:
        ended = ragqa("watch", "--data", tmp_path / "data")
    assert ended.returncode == 3
    assert url in ended.stderr
    assert "already" in ended.stderr


def test_failed_papers_are_read_again_on_request(tmp_path: Path) -> None:
    data = tmp_path / "data"
    papers.write_many_pages(tmp_path / "long.pdf", 3)
    assert ragqa("ingest", tmp_path / "long.pdf", "--data", data, RAGQA_MAX_PAGES="2").returncode == 1
    ended = ragqa("papers", "--retry-failed", "--data", data, "--json")
    assert [paper["state"] for paper in json.loads(ended.stdout)] == ["ready"], ended.stderr
    assert ragqa("papers", "--retry", "nobody", "--data", data).returncode == 2


def states(data: Path) -> Counter[str]:
    """How many papers are in each state; none before there is a catalogue."""
    file = data / "index" / "catalogue.sqlite"
    if not file.is_file():
        return Counter()
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=10)) as catalogue:
            return Counter(state for (state,) in catalogue.execute("SELECT state FROM papers"))
    except sqlite3.OperationalError:  # its tables are being made
        return Counter()


@pytest.mark.skipif(os.name == "nt", reason="signals differ there")
def test_ctrl_c_keeps_what_is_finished_and_says_how_to_go_on(tmp_path: Path) -> None:
    for n in range(60):
        papers.write_many_pages(tmp_path / f"{n}.pdf", 60 + n)
    data = tmp_path / "data"
    command = [sys.executable, "-m", "ragqa", "ingest", str(tmp_path), "--data", str(data)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | QUIET)
    deadline = time.monotonic() + 60
    while not states(data)["ready"] and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "run the command again to go on" in said
    assert "Traceback" not in said
    assert states(data)["ready"] >= 1
    assert states(data).keys() <= {"ready", "queued"}
    again = json.loads(ragqa("ingest", tmp_path, "--data", data, "--json").stdout)
    assert again["unchanged"] >= 1
    assert states(data) == {"ready": 60}
