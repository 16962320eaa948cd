"""Any extractive question-answering model from Hugging Face as the reader, on a GPU or the CPU.

Loaded on first use. Knows the task; pretrained.py knows folders, devices and the Hub.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ragqa.adapters.pretrained import check_folder, load, place_of
from ragqa.adapters.spans import SURELY_NONE, Numbers, Tokenized, Window, best_spans, sentence_around
from ragqa.errors import ModelUnavailable
from ragqa.protocols import AnswerSpan, Passage, Reading

MOST_TOKENS = 384  # of a window, as these models are usually trained
MOST_QUESTION = 64
SHARED = 128  # tokens of two neighbouring windows
BATCH = 16  # windows
SECOND = 1  # of two sequences: the text
EXAMPLE = "deepset/tinyroberta-squad2"


@dataclass(frozen=True, slots=True)
class _Parts:
    """A loaded model and its tokenizer; tokens of a window, of its question, and shared with the next window."""

    model: Any
    tokenizer: Any
    most: int
    question: int
    shared: int


class HuggingFaceReader:
    """A ``PassageReader``: ``HuggingFaceReader("deepset/tinyroberta-squad2", "auto")``, or a folder.

    Such models have seen no headings, so they are given the text alone. The evidence is the sentence of the best
    span; that there is an answer is as likely as this span against none, which only models of SQuAD 2.0 have learnt.
    """

    def __init__(self, name: str, device: str = "auto") -> None:
        self.name = f"hf:{name}"
        check_folder(name)
        self._model_name = name
        self._device = device
        self._loading = threading.Lock()
        self._loaded: _Parts | None = None

    def read(self, question: str, passages: Sequence[Passage]) -> list[Reading]:
        """See PassageReader. Raise a ModelError if the model cannot be had."""
        if not passages:
            return []
        parts = self._parts()
        question = _shortened(parts, question)
        return [_read(parts, question, passage.text) for passage in passages]

    def _parts(self) -> _Parts:
        with self._loading:
            if self._loaded is None:
                self._loaded = _load(self._model_name, self._device)
            return self._loaded


def _load(name: str, device: str) -> _Parts:
    """Raise a ModelError if the model cannot be had, or is none that finds answers."""
    from transformers import AutoModelForQuestionAnswering, AutoTokenizer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    place, dtype = place_of(device)
    # Logits rounded to bfloat16 no longer tell neighbouring spans apart.
    exact = "float32" if place == "cpu" else dtype
    tokenizer = load(AutoTokenizer, name)
    model, report = load(
        AutoModelForQuestionAnswering, name, use_safetensors=True, output_loading_info=True, dtype=exact
    )
    if any(not key.startswith(model.base_model_prefix) for key in report["missing_keys"]):
        raise _unfit(name, "was not trained to find answers in passages")
    if not tokenizer.is_fast:
        raise _unfit(name, "has a tokenizer that does not tell where its tokens stand")
    positions = getattr(model.config, "max_position_embeddings", None)  # absent for models without positions
    most = min(MOST_TOKENS, tokenizer.model_max_length, positions or MOST_TOKENS)
    return _Parts(model.to(place).eval(), tokenizer, most, min(MOST_QUESTION, most // 4), min(SHARED, most // 4))


def _unfit(name: str, why: str) -> ModelUnavailable:
    return ModelUnavailable(
        f"The model {name!r} {why}.",
        hint=f"Give RAGQA_READER an extractive question-answering model, such as {EXAMPLE}, or shipped.",
    )


def _shortened(parts: _Parts, question: str) -> str:
    """So much of the question that most of a window is left to the text."""
    places = parts.tokenizer(question, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    return question[: places[parts.question - 1][1]] if len(places) > parts.question else question


def _read(parts: _Parts, question: str, text: str) -> Reading:
    tokenized, windows = _windows(parts, question, text)
    spans = best_spans(tokenized, windows)
    if not spans:
        return Reading((), AnswerSpan(0, 0, SURELY_NONE), SURELY_NONE)
    return Reading(spans, sentence_around(text, spans[0]), spans[0].score)


def _windows(parts: _Parts, question: str, text: str) -> tuple[Tokenized, list[Window]]:
    """The text's tokens, put together from overlapping windows, and the logits of each window."""
    rows = _encoded(parts, question, text)
    offsets = rows.pop("offset_mapping").tolist()
    starts, ends = _logits(parts, rows)
    places: dict[int, tuple[int, int]] = {}
    words: dict[int, int | None] = {}
    windows: list[Window] = []
    first = 0
    for row in range(len(offsets)):
        inside = [i for i, sequence in enumerate(rows.sequence_ids(row)) if sequence == SECOND]
        none = _place_of_none(rows["input_ids"][row].tolist(), parts.tokenizer.cls_token_id)
        windows.append(Window(first, starts[row, inside] - starts[row, none], ends[row, inside] - ends[row, none]))
        numbers = rows.word_ids(row)
        places |= {first + n: tuple(offsets[row][i]) for n, i in enumerate(inside)}
        words |= {first + n: numbers[i] for n, i in enumerate(inside)}
        first += len(inside) - parts.shared
    return Tokenized(text, list(places.values()), list(words.values())), windows


def _encoded(parts: _Parts, question: str, text: str) -> Any:
    rows = parts.tokenizer(
        question,
        text,
        max_length=parts.most,
        truncation="only_second",
        stride=parts.shared,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
        padding=True,
        return_tensors="pt",
    )
    rows.pop("overflow_to_sample_mapping")
    return rows


def _logits(parts: _Parts, rows: Any) -> tuple[Numbers, Numbers]:
    """Logits to start and to end at each token, (windows, tokens) each."""
    import torch

    starts, ends = [], []
    with torch.inference_mode():
        for at in range(0, len(rows["input_ids"]), BATCH):
            part = {name: value[at : at + BATCH].to(parts.model.device) for name, value in rows.items()}
            found = parts.model(**part)
            starts.append(found.start_logits.float().cpu().numpy())
            ends.append(found.end_logits.float().cpu().numpy())
    return np.concatenate(starts), np.concatenate(ends)


def _place_of_none(ids: list[int], mark: int | None) -> int:
    """Where such models point if there is no answer: at [CLS], mostly the first token."""
    return ids.index(mark) if mark in ids else 0
