"""A language model from Hugging Face, run in this process by transformers on a GPU or the CPU.

Loaded on first use, from safetensors only and without code of the model's own; one answer at a time.
"""

import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from ragqa.adapters.chat_langchain import ChatOptions, Pieces, Provider, causes
from ragqa.adapters.chat_local import (
    Turns,
    Turnstile,
    local_chat_model,
    overlong_prompt,
    plain_prompt,
    without_system,
)
from ragqa.errors import ModelError, ModelNotFound, ModelUnavailable
from ragqa.protocols import ChatMessage


class HuggingFaceChat:
    """``HuggingFaceChat("Qwen/Qwen3-0.6B", "auto")``, or a folder that such a model was saved in.

    langchain-huggingface streams a pipeline too, but cannot stop it: closing its stream leaves the model
    writing to the end, and an error in its thread makes it wait a minute and then raise queue.Empty.
    """

    def __init__(self, name: str, device: str = "auto", options: ChatOptions | None = None) -> None:
        self.name = f"hf:{name}"
        self._options = options or ChatOptions()
        _check_folder(name)
        self._engine = _TransformersEngine(name, device, self._options)
        self._turnstile = Turnstile(self.name)
        chat = local_chat_model(self._engine, self.name, self._turnstile)
        self._provider = Provider(self.name, chat.stream, self._translate, self._options)

    @property
    def context_window(self) -> int:
        """The smaller of what was asked for and what the model was trained for."""
        return self._engine.window

    def count_tokens(self, text: str) -> int:
        """Tokens as the model's own tokenizer counts them, special tokens left out."""
        return len(self._engine.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])

    def stream(self, messages: Sequence[ChatMessage], max_tokens: int) -> Pieces:
        """See ChatModel."""
        return Pieces(self._provider, messages, max_tokens, {"max_tokens": max_tokens})

    def close(self) -> None:
        """Forget the weights; an answer under way keeps them until it ends."""
        self._engine.forget()

    def _translate(self, error: Exception, started: bool) -> ModelError | None:
        from torch import OutOfMemoryError

        if isinstance(error, OutOfMemoryError | MemoryError):
            return ModelUnavailable(
                f"{self.name} needs more memory than there is.",
                hint="Use a smaller model, or RAGQA_DEVICE=cpu.",
            )
        return None


def _check_folder(name: str) -> None:
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


@dataclass(frozen=True, slots=True)
class _Writing:
    """One call of generate: its inputs, and the event that stops it."""

    model: Any
    inputs: dict[str, Any]
    settings: dict[str, Any]
    stop: threading.Event

    def run(self, streamer: Any) -> None:
        """Write until done or stopped; the text goes to the streamer."""
        self.model.generate(
            **self.inputs,
            **self.settings,
            streamer=streamer,
            stopping_criteria=[lambda ids, scores, **_: self.stop.is_set()],
        )


class _TransformersEngine:
    """A causal language model and its tokenizer; see chat_local.Engine."""

    def __init__(self, name: str, device: str, options: ChatOptions) -> None:
        self._name = name
        self._asked_device = device
        self._options = options
        self._loading = threading.RLock()
        self._model: Any = None

    @cached_property
    def tokenizer(self) -> Any:
        """The model's tokenizer. Raise a ModelError if the model cannot be had."""
        from transformers import AutoTokenizer

        return self._loaded(AutoTokenizer)

    @cached_property
    def window(self) -> int:
        """Tokens of prompt and answer. Raise a ModelError if the model cannot be had."""
        from transformers import AutoConfig

        config = self._loaded(AutoConfig).get_text_config()
        trained = getattr(config, "max_position_embeddings", None)  # absent for models without positions
        return min(trained or self._options.context_window, self._options.context_window)

    def model(self) -> Any:
        """The model on its device, loaded by the first caller. Raise a ModelError if it cannot be had."""
        from transformers import AutoModelForCausalLM
        from transformers.utils.logging import disable_progress_bar

        with self._loading:
            if self._model is None:
                disable_progress_bar()
                device, dtype = _place(self._asked_device)
                weights = self._loaded(AutoModelForCausalLM, use_safetensors=True, dtype=dtype)
                self._model = weights.to(device).eval()
            return self._model

    def forget(self) -> None:
        """Drop the weights."""
        with self._loading:
            self._model = None

    def _loaded(self, loader: Any, **arguments: Any) -> Any:
        place = Path(self._name).expanduser()
        load = partial(loader.from_pretrained, str(place), trust_remote_code=False, **arguments)
        with self._loading:
            try:
                return _local_first(load, place)
            except (OSError, ValueError, ImportError) as exc:
                raise _load_error(self._name, exc) from exc

    def write(self, turns: Turns, max_tokens: int) -> Generator[str]:
        """See chat_local.Engine."""
        from transformers import TextIteratorStreamer

        model = self.model()
        ids = self._prompt_ids(turns).to(model.device)
        room = self.window - ids.shape[1]
        if room < 1:
            raise overlong_prompt(self._name, ids.shape[1], self.window)
        settings = self._settings(min(max_tokens, room))
        inputs = {"input_ids": ids, "attention_mask": ids.new_ones(ids.shape)}
        writing = _Writing(model, inputs, settings, threading.Event())
        streamer = TextIteratorStreamer(self.tokenizer, skip_prompt=True, skip_special_tokens=True)
        with ThreadPoolExecutor(1, thread_name_prefix="generate") as pool:
            done = pool.submit(writing.run, streamer)
            # generate ends the stream itself, unless it fails.
            done.add_done_callback(lambda _: streamer.end())
            try:
                yield from streamer
            finally:
                writing.stop.set()
            done.result()

    def _prompt_ids(self, turns: Turns) -> Any:
        """(1, tokens) token ids of the conversation, by the model's chat template if it has one."""
        from jinja2 import TemplateError

        if not self.tokenizer.chat_template:
            return self.tokenizer(plain_prompt(turns), return_tensors="pt")["input_ids"]
        try:
            return self._templated(turns)
        except TemplateError:  # Gemma's template, for one, refuses a system turn
            return self._templated(without_system(turns))

    def _templated(self, turns: Turns) -> Any:
        encoded = self.tokenizer.apply_chat_template(
            turns,
            add_generation_prompt=True,
            return_tensors="pt",
            return_dict=True,
            # Read by the templates of models that would think first; others ignore it.
            enable_thinking=False,
        )
        return encoded["input_ids"]

    def _settings(self, max_tokens: int) -> dict[str, Any]:
        warm = self._options.temperature > 0
        pad = self.tokenizer.pad_token_id
        return {
            "max_new_tokens": max_tokens,
            "do_sample": warm,
            "temperature": self._options.temperature if warm else None,
            "top_p": None,
            "top_k": None,
            "pad_token_id": self.tokenizer.eos_token_id if pad is None else pad,
        }


def _local_first(load: Callable[..., Any], place: Path) -> Any:
    """What is on the disk, without asking the Hub whether it is the latest; else from the Hub."""
    try:
        return load(local_files_only=True)
    except OSError:
        if place.is_dir():
            raise
        return load()


def _place(asked: str) -> tuple[str, Any]:
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
        return ModelNotFound(f"The Hugging Face Hub has no model {name!r}.", hint="Correct the name after hf:")
    offline = (errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled, ConnectionError)
    if any(isinstance(cause, offline) for cause in led):
        return ModelNotFound(
            f"The model {name!r} is not on this machine, and the Hugging Face Hub cannot be reached.",
            hint=f"Where there is a network, run: hf download {name}; or give the folder that holds it.",
        )
    return ModelUnavailable(
        f"The model {name!r} cannot be loaded: {str(error).splitlines()[0]}",
        hint="Use a causal language model that transformers knows, with safetensors weights.",
    )
