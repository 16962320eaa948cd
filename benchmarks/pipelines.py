"""ragqa and the peers behind one shape: each a process of its own, measured from outside. Knows no scores."""

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx

from benchmarks.environment import HERE, Peer
from benchmarks.memory import PeakMemory
from benchmarks.questions import Hit

HITS = 10
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "ANONYMIZED_TELEMETRY": "False",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
}
"""What keeps the peers from the network: nobody's figures shall hang on it."""

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


class PeerPipeline:
    """A driver of ``peers/`` in its own environment, spoken to by JSON lines."""

    def __init__(self, peer: Peer, python: Path) -> None:
        self.name = peer.name
        self._command = [str(python), "-m", f"benchmarks.peers.{peer.driver}", *peer.arguments]
        self._process: subprocess.Popen[str] | None = None
        self._searching: PeakMemory | None = None
        self._log = Path()

    def ingest(self, papers: Sequence[Path], folder: Path) -> Ingested:
        """Time runs from the start of the process to its reply."""
        folder.mkdir(parents=True)
        self._log = folder / "log.txt"
        started = time.perf_counter()
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
                cwd=HERE.parent, env=os.environ | OFFLINE,
            )  # fmt: skip
        with PeakMemory(self._process.pid) as memory:
            reply = self._call(do="ingest", papers=[str(paper) for paper in papers], folder=str(folder))
        seconds = time.perf_counter() - started
        self._searching = PeakMemory(self._process.pid)
        self._searching.start()
        failed = tuple(Path(paper).name for paper in reply["failed"])
        return Ingested(reply["pages"], seconds, reply["seconds"], failed, memory.megabytes)

    def search(self, question: str, paper: Path | None) -> Found:
        """Time of the peer's own call, which favours it: no HTTP, no JSON."""
        reply = self._call(do="search", question=question, paper=str(paper) if paper else None)
        return Found(tuple(Hit(Path(name), first, last) for name, first, last in reply["hits"]), reply["seconds"])

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
            raise RuntimeError(f"{self.name} is not running.")
        with suppress(BrokenPipeError):  # a driver that died is told below, with its log
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended with status {process.wait()}: {_log_end(self._log)}")
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
        return Found(tuple(Hit(self._papers[hit["paper_id"]], hit["page"], hit["page"]) for hit in hits), seconds)

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
                raise RuntimeError(f"ragqa serve did not become ready: {_log_end(folder / 'log.txt')}")
            time.sleep(0.2)


def _stopped(memory: PeakMemory | None) -> float:
    """The peak of a span that has begun, else 0."""
    if memory is None:
        return 0.0
    memory.stop()
    return memory.megabytes


def _log_end(log: Path) -> str:
    """The folder is temporary, so the message must carry what the log says."""
    return log.read_text(encoding="utf-8", errors="replace")[-1000:]


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
        raise RuntimeError(f"ragqa ingest printed no report: {_log_end(folder / 'log.txt')}")
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
