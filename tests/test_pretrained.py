"""Devices and precisions chosen by what the machine has."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from ragqa.adapters.pretrained import place_of


def machine(*, cuda: bool = False, bf16_on_gpu: bool = False, mps: bool = False, cpu: str = "") -> Any:
    """What torch says of a machine; ``cpu`` names an instruction that its processor has."""
    return SimpleNamespace(
        cuda=SimpleNamespace(is_available=lambda: cuda, is_bf16_supported=lambda: bf16_on_gpu),
        backends=SimpleNamespace(mps=SimpleNamespace(is_available=lambda: mps)),
        cpu=SimpleNamespace(get_capabilities=lambda: {"avx2": True, "architecture": "x86_64"} | {cpu: True}),
        bfloat16=torch.bfloat16,
        float16=torch.float16,
        float32=torch.float32,
    )


@pytest.mark.parametrize(
    ("has", "asked", "device", "dtype"),
    [
        ({}, "auto", "cpu", torch.float32),
        ({"cpu": "amx_bf16"}, "auto", "cpu", torch.bfloat16),
        ({"cpu": "avx512_bf16"}, "cpu", "cpu", torch.bfloat16),
        ({"cuda": True, "bf16_on_gpu": True}, "auto", "cuda", torch.bfloat16),
        ({"cuda": True}, "auto", "cuda", torch.float16),
        ({"cuda": True, "bf16_on_gpu": True, "mps": True}, "auto", "cuda", torch.bfloat16),
        ({"mps": True}, "auto", "mps", torch.float16),
        ({"cuda": True, "bf16_on_gpu": True}, "cpu", "cpu", torch.float32),
        ({"mps": True}, "cpu", "cpu", torch.float32),
    ],
)
def test_half_precision_where_it_is_fast_and_the_gpu_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, has: dict[str, Any], asked: str, device: str, dtype: torch.dtype
) -> None:
    monkeypatch.setitem(sys.modules, "torch", machine(**has))
    assert place_of(asked) == (device, dtype)


def test_this_machine_has_a_place_and_a_precision_that_it_can_multiply_in() -> None:
    device, dtype = place_of("cpu")
    assert device == "cpu"
    assert (torch.ones(2, 2, dtype=dtype) @ torch.ones(2, 2, dtype=dtype)).sum() == 8
