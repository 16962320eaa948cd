"""Any cross-encoder from Hugging Face as the re-ranker, on a GPU or the CPU, run by sentence-transformers.

Loaded on first use. pretrained.py knows folders, devices and the Hub.
"""

import threading
from collections.abc import Sequence
from typing import Any

from ragqa.adapters.pretrained import check_folder, load, place_of
from ragqa.errors import ModelUnavailable
from ragqa.protocols import Passage

BATCH = 16
JUDGES = ("ForSequenceClassification", "ForCausalLM")
EXAMPLE = "cross-encoder/ms-marco-MiniLM-L6-v2"


class CrossEncoderReranker:
    """A ``Reranker``: ``CrossEncoderReranker("cross-encoder/ms-marco-MiniLM-L6-v2", "auto")``, or a folder.

    Heading and text are read as one; what is longer than the model can read is cut at its end.
    """

    def __init__(self, name: str, device: str = "auto") -> None:
        self.name = f"hf:{name}"
        check_folder(name)
        self._model_name = name
        self._device = device
        self._loading = threading.Lock()
        self._loaded: Any = None

    def relevance(self, question: str, passages: Sequence[Passage]) -> list[float]:
        """See Reranker. Raise a ModelError if the model cannot be had."""
        if not passages:
            return []
        pairs = [(question, "\n".join(filter(None, (passage.heading, passage.text)))) for passage in passages]
        logits = self._model().predict(pairs, batch_size=BATCH, show_progress_bar=False)
        return [float(logit) for logit in logits]

    def _model(self) -> Any:
        with self._loading:
            if self._loaded is None:
                self._loaded = _load(self._model_name, self._device)
            return self._loaded


class _Loader:
    """The one class of transformers' kin that has no ``from_pretrained``."""

    @staticmethod
    def from_pretrained(name: str, **arguments: Any) -> Any:
        """A cross-encoder that gives logits, not probabilities."""
        from sentence_transformers import CrossEncoder
        from torch.nn import Identity

        return CrossEncoder(name, activation_fn=Identity(), **arguments)


def _load(name: str, device: str) -> Any:
    """Raise a ModelError if the model cannot be had, or is none that judges pairs."""
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    place, dtype = place_of(device)
    # Logits rounded to bfloat16 no longer tell similar passages apart.
    weights = {"use_safetensors": True, "dtype": "float32" if place == "cpu" else dtype}
    model = load(_Loader, name, device=place, model_kwargs=weights)
    trained_as = (model.config.architectures or [JUDGES[0]])[0]
    if not trained_as.endswith(JUDGES) or model.num_labels != 1:
        raise ModelUnavailable(
            f"The model {name!r} was not trained to tell how relevant a passage is: it is a {trained_as}"
            f" with {model.num_labels} outputs.",
            hint=f"Give RAGQA_RERANKER a cross-encoder with one output, such as {EXAMPLE}, or shipped.",
        )
    return model
