"""Loads what lies in Hugging Face layout: from the disk first, from safetensors only, never with code of its own.

Knows folders, the Hub's errors, devices and precisions; knows no task.
"""

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ragqa.adapters.chat_langchain import causes
from ragqa.errors import MissingExtra, ModelError, ModelNotFound, ModelUnavailable


def check_folder(name: str) -> None:
    """Raise ModelNotFound if ``name`` is a folder that holds no model that can be loaded safely."""
    folder = Path(name).expanduser()
    if not folder.is_dir() and not name.startswith(("/", ".", "~")):
        return
    if not (folder / "config.json").is_file():
        raise ModelNotFound(
            f"The folder {folder} holds no Hugging Face model (no config.json).",
            hint="Name the folder that was downloaded, or a model of the Hugging Face Hub.",
        )
    if not any(folder.glob("*.safetensors")):
        raise ModelNotFound(
            f"The folder {folder} holds no safetensors weights.",
            hint="Other formats can run code when opened; download the model's safetensors files.",
        )


def load(loader: Any, name: str, **arguments: Any) -> Any:
    """``loader.from_pretrained`` of a folder or a model of the Hub. Raise a ModelError that names the cause."""
    place = Path(name).expanduser()
    calling = partial(loader.from_pretrained, str(place), trust_remote_code=False, **arguments)
    try:
        return _local_first(calling, place)
    except (OSError, ValueError, ImportError) as exc:
        raise _load_error(name, exc) from exc


def _local_first(load: Callable[..., Any], place: Path) -> Any:
    """What is on the disk, without asking the Hub whether it is the latest; else from the Hub."""
    try:
        return load(local_files_only=True)
    except OSError:
        if place.is_dir():
            raise
        return load()


def place_of(asked: str) -> tuple[str, Any]:
    """Device and precision: half on a GPU; on a CPU bfloat16 only where it has instructions for it."""
    import torch

    device = asked
    if asked == "auto":
        mps = "mps" if torch.backends.mps.is_available() else "cpu"
        device = "cuda" if torch.cuda.is_available() else mps
    if device == "cuda":
        return device, torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if device == "mps":
        return device, torch.float16
    known = torch.cpu.get_capabilities()
    fast = known.get("amx_bf16") or known.get("avx512_bf16")
    return device, torch.bfloat16 if fast else torch.float32


def _load_error(name: str, error: Exception) -> ModelError:
    from huggingface_hub import errors

    led = causes(error)
    if any(isinstance(cause, errors.GatedRepoError) for cause in led):
        return ModelNotFound(
            f"The model {name!r} wants its licence accepted.",
            hint=f"Accept it on huggingface.co/{name}, then run: hf auth login",
        )
    absent = (errors.RepositoryNotFoundError, errors.HFValidationError)
    if any(isinstance(cause, absent) for cause in led):
        return ModelNotFound(f"The Hugging Face Hub has no model {name!r}.", hint="Correct the name.")
    offline = (errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled, ConnectionError)
    if any(isinstance(cause, offline) for cause in led):
        return ModelNotFound(
            f"The model {name!r} is not on this machine, and the Hugging Face Hub cannot be reached.",
            hint=f"Where there is a network, run: hf download {name}; or give the folder that holds it.",
        )
    return ModelUnavailable(
        f"The model {name!r} cannot be loaded: {str(error).splitlines()[0]}",
        hint="Use a model for this task that transformers knows, with safetensors weights.",
    )


def check_quantisation(wanted: str, device: str) -> None:
    """Raise a ModelError unless weights can be loaded in ``8bit`` or ``4bit`` here; ``none`` always can."""
    if wanted == "none":
        return
    if place_of(device)[0] != "cuda":
        raise ModelUnavailable(
            f"Loading in {wanted} needs an NVIDIA GPU, and none is used here.",
            hint="Unset RAGQA_QUANTIZE; on a CPU use a GGUF file, which is quantised for it (RAGQA_LLM=gguf:FILE).",
        )
    if find_spec("bitsandbytes") is None or find_spec("accelerate") is None:
        raise MissingExtra(
            f"Loading in {wanted} needs bitsandbytes, which is not installed.",
            hint='Run: pip install "ragqa[quantize]"',
        )


def weights_as(wanted: str, device: str, dtype: Any) -> dict[str, Any]:
    """What ``from_pretrained`` is told of precision and place; quantised weights cannot be moved afterwards."""
    from transformers import BitsAndBytesConfig

    if wanted == "none":
        return {"dtype": dtype}
    if wanted == "8bit":
        config = BitsAndBytesConfig(load_in_8bit=True)
    else:
        config = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype)
    return {"dtype": dtype, "quantization_config": config, "device_map": {"": device}}
