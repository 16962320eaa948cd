"""Runs the exported network of question and passage on the CPU. Owns OpenVINO; knows token numbers, no text."""

import json
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ragqa.adapters.padding import batches_by_width, padded
from ragqa.errors import ModelUnavailable

MOST_STREAMS = 8  # each holds its own memory
DIGITS = 8  # of the weights' digest: enough to tell two trainings apart
# See openvino_embedder: OpenVINO 2026.4 is wrong in bfloat16 for 32 tokens; elsewhere it would save a tenth.
EXACT = {"INFERENCE_PRECISION_HINT": "f32"}

Row = tuple[list[int], int]
"""Token numbers of "[CLS] question [SEP] passage [SEP]", and where the passage begins."""


@dataclass(frozen=True, slots=True)
class Logits:
    """Of one row: span logits (tokens, 4), padding included, and the passage's two."""

    span: NDArray[np.float32]
    passage: NDArray[np.float32]


class PairNetwork:
    """The network in ``folder``; loaded when first used. Several threads may use it, and wait for each other."""

    def __init__(self, folder: Path) -> None:
        self.recipe = _recipe(folder)
        self._folder = folder
        self._turn = threading.Lock()
        self._queue: Any = None

    def run(self, rows: Sequence[Row]) -> list[Logits]:
        """Logits of each row, in their order. One batch per core at a time: no core waits for another."""
        found: dict[int, Logits] = {}

        def keep(request: Any, batch: list[int]) -> None:
            # Copied: the next batch of this request is written to the same place.
            span, passage = (request.get_tensor(name).data.copy() for name in ("span", "passage"))
            found.update({row: Logits(span[place], passage[place]) for place, row in enumerate(batch)})

        with self._turn:
            queue = self._loaded()
            queue.set_callback(keep)
            for batch in batches_by_width([len(ids) for ids, _ in rows]):
                queue.start_async(_inputs([rows[i] for i in batch]), batch)
            queue.wait_all()
        return [found[row] for row in range(len(rows))]

    def _loaded(self) -> Any:
        if self._queue is None:
            self._queue = _opened(self._folder)
        return self._queue


def _recipe(folder: Path) -> str:
    """How the network was made and of which weights, by its card. Raise ModelUnavailable if there is none."""
    try:
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        return f"{card['recipe']}-{card['weights'][:DIGITS]}"
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise _unusable(folder, exc) from exc


def _opened(folder: Path) -> Any:
    """A queue of requests, one for each stream."""
    import openvino

    core = openvino.Core()
    streams = min(os.cpu_count() or 1, MOST_STREAMS)
    try:
        network = core.read_model(folder / "model.xml")
        model = core.compile_model(network, "CPU", {"NUM_STREAMS": str(streams), **EXACT})
    except RuntimeError as exc:
        raise _unusable(folder, exc) from exc
    return openvino.AsyncInferQueue(model, streams)


def _unusable(folder: Path, cause: Exception) -> ModelUnavailable:
    reason = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
    return ModelUnavailable(
        f"The reader in {folder} cannot be loaded: {reason}",
        hint="Install again with: pip install --force-reinstall ragqa; or go on without it: RAGQA_READER=none"
        " RAGQA_RERANKER=none.",
    )


def _inputs(rows: Sequence[Row]) -> dict[str, NDArray[np.int64]]:
    """Padded to the longest row."""
    width = padded(max(len(ids) for ids, _ in rows))
    ids, mask, types = (np.zeros((len(rows), width), dtype=np.int64) for _ in range(3))
    for i, (row, second) in enumerate(rows):
        ids[i, : len(row)] = row
        mask[i, : len(row)] = 1
        types[i, second : len(row)] = 1
    return {"ids": ids, "mask": mask, "types": types}
