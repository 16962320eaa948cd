"""The line protocol that every driver speaks: one request a line on stdin, one reply a line on stdout.

{"do": "ingest", "papers": [path], "folder": path}      → {"pages", "chunks", "seconds", "failed": [path]}
{"do": "search", "question": text, "paper": path|null}  → {"hits": [[path, first page, last page]], "seconds"}
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol, TextIO

HITS = 10
"""A search returns at most so many hits."""

Json = dict[str, Any]
Place = tuple[str, int, int]
"""Path, first page and last page of a hit; pages count from 1."""


class Driver(Protocol):
    """One peer. Imports and models are loaded when it is made, and count as start-up."""

    def ingest(self, papers: list[str], folder: str) -> Json:
        """Read, split, embed and store; a paper that the peer cannot read is named in ``failed`` and left out."""
        ...

    def search(self, question: str, paper: str | None) -> Json:
        """At most HITS hits, best first; ``paper`` restricts the search to one path."""
        ...


def answer_requests(driver: Driver, requests: Iterator[str], replies: TextIO) -> None:
    """Until the input ends."""
    verbs: dict[str, Callable[..., Json]] = {"ingest": driver.ingest, "search": driver.search}
    for line in requests:
        request: Json = json.loads(line)
        reply = verbs[request.pop("do")](**request)
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


def serve(make: Callable[[], Driver]) -> None:
    """What libraries print must not mix with the replies, so it goes to stderr."""
    replies, sys.stdout = sys.stdout, sys.stderr
    answer_requests(make(), iter(sys.stdin), replies)


def report_unreadable(paper: str, exc: Exception) -> None:
    """To the log, where the comparison shows it if the driver dies later."""
    sys.stderr.write(f"{Path(paper).name}: {type(exc).__name__}: {exc}\n")
