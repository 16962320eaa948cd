"""A trained reader to what the product loads: an int8 network for CPUs (OpenVINO IR) and a card that says what it is.

Owns the reader's quantisation; knows nothing of how it was trained.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from ragqa.training.features import ROOM, STRIDE, Example, Tokens, windows
from ragqa.training.model import Reader
from ragqa.training.perturb import WordIndex

RECIPE = "int8-1"  # to be raised when the same weights are to give another network
INPUTS, OUTPUTS = ("ids", "mask", "types"), ("span", "passage")
ALIKE = 2  # passages that each question is paired with: its own and one that shares words with it
HEADINGS = ("", "Reading papers by machine\nResults > Main findings")
# Six numbers a token cost next to nothing, and rounding them would be seen at once.
IN_FLOAT = (".*[.]span/.*", ".*[.]passage/.*")


def export(reader: Reader, tokens: Tokens, target: Path, origin: Mapping[str, str]) -> None:
    """Write ``model.xml``, ``model.bin`` and ``card.json`` into the folder ``target``.

    Post-training quantisation calibrated on our own questions and passages: NNCF, transformer preset (SmoothQuant,
    Xiao et al. 2023). Outputs: span logits (rows, tokens, 4) and passage logits (rows, 2).
    """
    # NNCF reports usage to a server unless this is set before it is imported.
    os.environ["NNCF_CI"] = "1"
    import nncf
    import openvino

    # The product of queries and keys is quantised only where the graph shows it.
    reader.eval().encoder.set_attn_implementation("eager")
    model = openvino.convert_model(reader, example_input=_example())
    _name_ports(model)
    rows = list(_rows(tokens, calibration_pairs()))
    quantised = nncf.quantize(
        model,
        nncf.Dataset(rows),
        model_type=nncf.ModelType.TRANSFORMER,
        subset_size=len(rows),
        ignored_scope=nncf.IgnoredScope(patterns=list(IN_FLOAT)),
    )
    target.mkdir(parents=True, exist_ok=True)
    openvino.save_model(quantised, target / "model.xml")
    card = {"recipe": RECIPE, "weights": _digest(reader), "calibration_pairs": len(rows), **origin}
    (target / "card.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")


def calibration_pairs() -> list[Example]:
    """Each question with the passages that share the most rare words with it, one of them under a heading."""
    passages = _lines("ragqa.adapters", "calibration.txt")
    index = WordIndex(passages)
    headings = cycle(HEADINGS)
    return [
        Example(question, passages[number], next(headings))
        for question in _lines("ragqa.training", "calibration_questions.txt")
        for number in index.best(question, ALIKE)
    ]


def _lines(package: str, file: str) -> list[str]:
    text = resources.files(package).joinpath(file).read_text(encoding="utf-8")
    return [line.strip() for line in text.splitlines() if line.strip()]


def _example() -> dict[str, Any]:
    import torch

    ones = torch.ones((2, 16), dtype=torch.int64)
    return dict.fromkeys(INPUTS, ones)


def _name_ports(model: Any) -> None:
    """Fixed names and free numbers of rows and tokens, whatever the tracer called them."""
    for ports, names in ((model.inputs, INPUTS), (model.outputs, OUTPUTS)):
        for port, name in zip(ports, names, strict=True):
            port.get_tensor().set_names({name})
    model.reshape({name: [-1, -1] for name in INPUTS})


def _rows(tokens: Tokens, pairs: Sequence[Example]) -> Iterator[dict[str, Any]]:
    for pair in pairs:
        features = windows(pair, tokens, ROOM, STRIDE)[0]
        ids = np.array([features.ids], dtype=np.int64)
        types = (np.arange(ids.shape[1]) >= features.second).astype(np.int64)[None]
        yield {"ids": ids, "mask": np.ones_like(ids), "types": types}


def _digest(reader: Reader) -> str:
    """Tells weights apart."""
    digest = hashlib.sha256()
    for _, weight in sorted(reader.state_dict().items()):
        digest.update(weight.detach().numpy().tobytes())
    return digest.hexdigest()[:16]
