"""A Hugging Face model of natural language inference as the judge of claims: does a passage entail a sentence?

Loaded on first use, from safetensors only. Knows which of a model's labels means entailment; knows no evidence.
"""

import math
import threading
import time
from collections.abc import Sequence
from typing import Any

from ragqa.adapters.pretrained import check_folder, load, place_of
from ragqa.errors import ModelError, ModelUnavailable
from ragqa.protocols import Passage

LONGEST = 512  # tokens of passage and claim
TINIEST = 1e-6
LOOK_AGAIN_S = 600.0  # asking a Hub that cannot be reached takes a minute, which few answers are to wait for


class HuggingFaceNli:
    """``HuggingFaceNli("cross-encoder/nli-deberta-v3-small", "auto")``, or the folder of such a model."""

    def __init__(self, name: str, device: str = "auto") -> None:
        self.name = f"nli:{name}"
        self._source = name
        self._device = device
        self._loading = threading.Lock()
        self._parts: tuple[Any, Any, int] | None = None
        self._failed: tuple[float, ModelError] | None = None
        check_folder(name)

    def relevance(self, question: str, passages: Sequence[Passage]) -> list[float]:
        """Logit that a passage entails the claim ``question``, for each passage."""
        import torch

        tokenizer, model, entailed = self._opened()
        given = tokenizer(
            [passage.text for passage in passages], [question] * len(passages), truncation="only_first",
            max_length=LONGEST, padding=True, return_tensors="pt",
        ).to(model.device)  # fmt: skip
        with torch.inference_mode():
            shares = torch.softmax(model(**given).logits.float(), dim=-1)[:, entailed]
        return [_logit(float(share)) for share in shares]

    def _opened(self) -> tuple[Any, Any, int]:
        """What ``_load`` gives, loaded once. Raise a ModelError if it cannot be had, or could not be just now."""
        with self._loading:
            if self._parts is None:
                if self._failed and time.monotonic() - self._failed[0] < LOOK_AGAIN_S:
                    raise self._failed[1]
                try:
                    self._parts = self._load()
                except ModelError as exc:
                    self._failed = time.monotonic(), exc
                    raise
            return self._parts

    def _load(self) -> tuple[Any, Any, int]:
        """Tokenizer, model and the number of its label for entailment."""
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        device, dtype = place_of(self._device)
        tokenizer = load(AutoTokenizer, self._source)
        model = load(AutoModelForSequenceClassification, self._source, use_safetensors=True, dtype=dtype)
        return tokenizer, model.to(device).eval(), _entailment(self._source, model.config.label2id)


def _entailment(name: str, labels: dict[str, int]) -> int:
    found = [number for label, number in labels.items() if "entail" in label.lower() and "not" not in label.lower()]
    if len(found) != 1:
        raise ModelUnavailable(
            f"{name!r} is no model of natural language inference: its labels are {', '.join(labels)}.",
            hint="Set RAGQA_SUPPORT to a model with a label for entailment, or to shipped or words.",
        )
    return found[0]


def _logit(share: float) -> float:
    inside = min(1 - TINIEST, max(TINIEST, share))
    return math.log(inside / (1 - inside))
