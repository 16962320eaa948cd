"""Runs a ragqa command that kills itself, as ``kill -9`` would: ``python -m benchmarks.killed STAGE N WHEN COMMAND…``.

It dies before or after (WHEN) the N-th call of what STAGE names. Knows nothing of what is right afterwards.
"""

import functools
import itertools
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from ingest import pipeline
from ingest.folder import register
from ingest.worker import SubprocessReader
from ragqa.adapters.chroma_index import ChromaIndex
from ragqa.adapters.openvino_embedder import OpenVinoEmbedder
from ragqa.adapters.tantivy_index import TantivyIndex
from ragqa.cli.main import main as run_command
from ragqa.search.index import HybridIndex
from ragqa.store import known
from ragqa.store.catalogue import Catalogue
from ragqa.store.ledger import Ledger

STAGES: dict[str, tuple[Any, str]] = {
    "copy": (register, "bring_in"),
    "register": (Catalogue, "register"),
    "state": (Catalogue, "set_state"),
    "read": (SubprocessReader, "read"),
    "chunk": (pipeline, "chunk_document"),
    "embed": (OpenVinoEmbedder, "embed_passages"),
    "in the transaction": (known, "write_said"),
    "store": (Catalogue, "store"),
    "vectors": (ChromaIndex, "add"),
    "keywords": (TantivyIndex, "add"),
    "indexed": (Ledger, "mark_indexed"),
    "finish": (Catalogue, "finish"),
    "close": (HybridIndex, "close"),
}
WHEN = ("before", "after")


def dying(call: Callable[..., Any], number: int, when: str) -> Callable[..., Any]:
    """The same call, but for the one that nobody survives."""
    calls = itertools.count(1)

    @functools.wraps(call)
    def wrapped(*arguments: Any, **named: Any) -> Any:
        is_last = next(calls) == number
        if is_last and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = call(*arguments, **named)
        if is_last:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return wrapped


def main() -> None:
    """Arm the stage and run the command."""
    stage, number, when = sys.argv[1:4]
    owner, name = STAGES[stage]
    setattr(owner, name, dying(getattr(owner, name), int(number), when))
    sys.argv[1:] = sys.argv[4:]
    run_command()


if __name__ == "__main__":
    main()
