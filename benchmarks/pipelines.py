"""The two pipelines behind one shape: each a process of its own, measured from outside. Knows no scores."""

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx

from benchmarks.memory import PeakMemory
from benchmarks.questions import Hit

HITS = 10
START_SECONDS = 180.0
"""How long a server may take until it answers; includes the first conversion of the embedder."""


@dataclass(frozen=True, slots=True)
class Ingested:
    """What an ingest cost. ``seconds`` is what a user waits, ``working`` leaves start-up out."""

    pages: int
    seconds: float
    working: float
    failed: tuple[str, ...]
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Found:
    """At most HITS hits, best first, and how long the caller waited."""

    hits: tuple[Hit, ...]
    seconds: float


@dataclass(slots=True)
class Run:
    """One pipeline's ingest and its answers, in the order of the questions."""

    ingested: Ingested
    answers: list[Found] = field(default_factory=list)
    searching_mb: float = 0.0


class Pipeline(Protocol):
    """Ingests once into an empty folder, then answers searches."""

    name: str

    def ingest(self, papers: Sequence[Path], folder: Path) -> Ingested:
        """Read and index ``papers``; everything that is written goes to ``folder``."""
        ...

    def search(self, question: str, paper: Path | None) -> Found:
        """Search one paper, or all when ``paper`` is None."""
        ...

    def close(self) -> float:
        """End the processes, if any were started; the peak memory of searching in MB."""
        ...


class Tutorial:
    """``tutorial.py`` in its own environment, spoken to by JSON lines."""

    name = "tutorial"

    def __init__(self, python: Path, chunk: int, overlap: int) -> None:
        script = Path(__file__).with_name("tutorial.py")
        self._command = [str(python), str(script), f"--chunk={chunk}", f"--overlap={overlap}"]
        self._process: subprocess.Popen[str] | None = None
        self._searching: PeakMemory | None = None

    def ingest(self, papers: Sequence[Path], folder: Path) -> Ingested:
        """Time runs from the start of the process to its reply."""
        folder.mkdir(parents=True)
        started = time.perf_counter()
        with (folder / "log.txt").open("w") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        with PeakMemory(self._process.pid) as memory:
            reply = self._call(do="ingest", papers=[str(paper) for paper in papers], folder=str(folder))
        seconds = time.perf_counter() - started
        self._searching = PeakMemory(self._process.pid)
        self._searching.start()
        failed = tuple(Path(paper).name for paper in reply["failed"])
        return Ingested(reply["pages"], seconds, reply["seconds"], failed, memory.megabytes)

    def search(self, question: str, paper: Path | None) -> Found:
        """Time of the retriever's call alone, which favours the tutorial: no HTTP, no JSON."""
        reply = self._call(do="search", question=question, paper=str(paper) if paper else None)
        return Found(tuple((Path(name), page) for name, page in reply["hits"]), reply["seconds"])

    def close(self) -> float:
        """The process ends when its input does."""
        peak = _stopped(self._searching)
        if self._process:
            self._process.communicate()
        self._process = self._searching = None
        return peak

    def _call(self, **request: Any) -> dict[str, Any]:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise RuntimeError("The tutorial pipeline is not running.")
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"The tutorial pipeline ended with status {process.wait()}.")
        reply: dict[str, Any] = json.loads(line)
        return reply


class Ragqa:
    """The product as a user runs it: ``ragqa ingest``, then searches over HTTP from ``ragqa serve``."""

    name = "ragqa"

    def __init__(self) -> None:
        self._program = str(Path(sys.executable).with_name("ragqa"))
        self._papers: dict[str, Path] = {}
        self._client = httpx.Client()
        self._server: subprocess.Popen[bytes] | None = None
        self._searching: PeakMemory | None = None

    def ingest(self, papers: Sequence[Path], folder: Path) -> Ingested:
        """Time runs from the start of ``ragqa ingest`` to its end; the server is started after that."""
        data, inbox = folder / "data", folder / "papers"
        self._papers = {hashlib.sha256(paper.read_bytes()).hexdigest(): paper for paper in papers}
        _copy(papers, inbox)
        started = time.perf_counter()
        process = self._start(folder, "ingest", str(inbox), "--data", str(data), "--json")
        with PeakMemory(process.pid) as memory:
            process.wait()
        seconds = time.perf_counter() - started
        report = _report(folder)
        self._serve(folder, data)
        failed = tuple(f"{paper['file_name']}: {paper['reason_code']}" for paper in report["failed"])
        return Ingested(report["pages"], seconds, report["seconds"], failed, memory.megabytes)

    def search(self, question: str, paper: Path | None) -> Found:
        """Time of the whole HTTP request, from the client's side."""
        body: dict[str, Any] = {"question": question, "k": HITS}
        if paper:
            body["filter"] = {"paper_ids": [self._id(paper)]}
        started = time.perf_counter()
        reply = self._client.post("/api/v1/search", json=body)
        seconds = time.perf_counter() - started
        hits = reply.raise_for_status().json()["hits"]
        return Found(tuple((self._papers[hit["paper_id"]], hit["page"]) for hit in hits), seconds)

    def close(self) -> float:
        """Stop the server."""
        peak = _stopped(self._searching)
        self._client.close()
        if self._server:
            self._server.terminate()
            self._server.wait()
        self._server = self._searching = None
        return peak

    def _id(self, paper: Path) -> str:
        return next(paper_id for paper_id, known in self._papers.items() if known == paper)

    def _start(self, folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
        command, environment = [self._program, *arguments], os.environ | {"RAGQA_LLM": "none"}
        with (folder / f"{arguments[0]}.out").open("w") as out, (folder / "log.txt").open("a") as log:
            return subprocess.Popen(command, stdout=out, stderr=log, env=environment)

    def _serve(self, folder: Path, data: Path) -> None:
        port = _free_port()
        self._server = self._start(folder, "serve", "--data", str(data), "--port", str(port))
        self._searching = PeakMemory(self._server.pid)
        self._searching.start()
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60.0)
        deadline = time.monotonic() + START_SECONDS
        while not _ready(self._client):
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"ragqa serve did not become ready: {_log_end(folder)}")
            time.sleep(0.2)


def _stopped(memory: PeakMemory | None) -> float:
    """The peak of a span that has begun, else 0."""
    if memory is None:
        return 0.0
    memory.stop()
    return memory.megabytes


def _log_end(folder: Path) -> str:
    """The folder is temporary, so the message must carry what the log says."""
    return (folder / "log.txt").read_text(encoding="utf-8")[-1000:]


def _copy(papers: Sequence[Path], inbox: Path) -> None:
    """Into folders of their own parents' names, since two papers may share a file name."""
    for paper in papers:
        target = inbox / paper.parent.name / paper.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(paper, target)


def _report(folder: Path) -> dict[str, Any]:
    """What ``ragqa ingest --json`` printed; failed papers make its status non-zero but are in the report."""
    output = (folder / "ingest.out").read_text(encoding="utf-8")
    if not output.strip():
        raise RuntimeError(f"ragqa ingest printed no report: {_log_end(folder)}")
    report: dict[str, Any] = json.loads(output)
    return report


def _ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").is_success
    except httpx.TransportError:
        return False


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
