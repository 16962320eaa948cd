"""Converts the shipped embedder to int8 for CPUs; run once, in a process of its own.

Needs torch, transformers and nncf; serving needs none of them. ``python -m ragqa.adapters.openvino_export OUT``.
"""

import os
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

CALIBRATION = "calibration.txt"
MAX_LENGTH = 256


def export(weights: Path, target: Path) -> None:
    """Write ``model.xml`` and ``model.bin`` (OpenVINO IR, int8) into the folder ``target``.

    Post-training quantisation calibrated on our own passages: NNCF, transformer preset (SmoothQuant, Xiao et
    al. 2023). Output: (batch, dimension) mean-pooled vectors of unit length.
    """
    # NNCF reports usage to a server unless this is set before it is imported.
    os.environ["NNCF_CI"] = "1"
    import nncf
    import openvino

    model = openvino.convert_model(_pooled(weights), example_input=_example())
    _name_inputs(model)
    passages = nncf.Dataset(list(_calibration_inputs(weights)))
    quantised = nncf.quantize(model, passages, model_type=nncf.ModelType.TRANSFORMER, subset_size=300)
    openvino.save_model(quantised, target / "model.xml")


def _pooled(weights: Path) -> Any:
    """The encoder with mean pooling and normalisation inside the graph."""
    import torch
    from transformers import AutoModel

    encoder = AutoModel.from_pretrained(weights, local_files_only=True, attn_implementation="eager")

    class Pooled(torch.nn.Module):  # type: ignore[misc, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.encoder = encoder

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            mask = attention_mask.unsqueeze(-1).to(states.dtype)
            mean = (states * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(mean, dim=1)

    return Pooled().eval()


def _example() -> dict[str, Any]:
    import torch

    ones = torch.ones((2, 16), dtype=torch.int64)
    return {"input_ids": ones, "attention_mask": ones}


def _name_inputs(model: Any) -> None:
    """Fixed names and free batch and length, whatever the tracer called them."""
    for port, name in zip(model.inputs, ("input_ids", "attention_mask"), strict=True):
        port.get_tensor().set_names({name})
    model.reshape({"input_ids": [-1, -1], "attention_mask": [-1, -1]})


def _calibration_inputs(weights: Path) -> Iterator[dict[str, Any]]:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(weights / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_LENGTH)
    text = resources.files("ragqa.adapters").joinpath(CALIBRATION).read_text(encoding="utf-8")
    for passage in filter(None, map(str.strip, text.splitlines())):
        ids = np.array([tokenizer.encode(passage).ids], dtype=np.int64)
        yield {"input_ids": ids, "attention_mask": np.ones_like(ids)}


if __name__ == "__main__":
    export(Path(sys.argv[1]), Path(sys.argv[2]))
