"""A language model from Hugging Face, run in this process by transformers on a GPU or the CPU.

Loaded on first use, from safetensors only and without code of the model's own; one answer at a time.
"""

import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ragqa.adapters.chat_langchain import ChatOptions, Pieces, Provider
from ragqa.adapters.chat_local import (
    Turns,
    Turnstile,
    folded,
    local_chat_model,
    overlong_prompt,
    plain_prompt,
)
from ragqa.adapters.chat_text import THINK_OPEN
from ragqa.adapters.pretrained import check_folder, check_quantisation, load, place_of, weights_as
from ragqa.errors import ModelError, ModelUnavailable
from ragqa.protocols import ChatMessage


class HuggingFaceChat:
    """``HuggingFaceChat("Qwen/Qwen3-0.6B", "auto")``, or a folder that such a model was saved in.

    langchain-huggingface streams a pipeline too, but cannot stop it: closing its stream leaves the model
    writing to the end, and an error in its thread makes it wait a minute and then raise queue.Empty.
    """

    def __init__(
        self, name: str, device: str = "auto", options: ChatOptions | None = None, quantize: str = "none"
    ) -> None:
        self.name = f"hf:{name}"
        self._options = options or ChatOptions()
        check_folder(name)
        check_quantisation(quantize, device)
        self._engine = _TransformersEngine(name, device, self._options, quantize)
        self._turnstile = Turnstile(self.name, self._options.queue)
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

    def prompt(self, messages: Sequence[ChatMessage]) -> str:
        """What the model reads, control tokens included."""
        turns = [{"role": message.role, "content": message.content} for message in messages]
        return str(self._engine.tokenizer.decode(self._engine.prompt_ids(turns)[0]))

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


@dataclass(frozen=True, slots=True)
class _Writing:
    """One call of generate: its inputs, the seed of its sampling, and the event that stops it."""

    model: Any
    inputs: dict[str, Any]
    settings: dict[str, Any]
    seed: int
    stop: threading.Event

    def run(self, streamer: Any) -> None:
        """Write until done or stopped; the text goes to the streamer."""
        from torch import manual_seed

        manual_seed(self.seed)
        self.model.generate(
            **self.inputs,
            **self.settings,
            streamer=streamer,
            stopping_criteria=[lambda ids, scores, **_: self.stop.is_set()],
        )


class _TransformersEngine:
    """A causal language model and its tokenizer; see chat_local.Engine."""

    def __init__(self, name: str, device: str, options: ChatOptions, quantize: str) -> None:
        self._name = name
        self._asked_device = device
        self._options = options
        self._quantize = quantize
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
                device, dtype = place_of(self._asked_device)
                told = weights_as(self._quantize, device, dtype)
                weights = self._loaded(AutoModelForCausalLM, use_safetensors=True, **told)
                self._model = (weights if "device_map" in told else weights.to(device)).eval()
            return self._model

    def forget(self) -> None:
        """Drop the weights."""
        with self._loading:
            self._model = None

    def _loaded(self, loader: Any, **arguments: Any) -> Any:
        with self._loading:
            return load(loader, self._name, **arguments)

    def write(self, turns: Turns, max_tokens: int) -> Generator[str]:
        """See chat_local.Engine."""
        from transformers import TextIteratorStreamer

        model = self.model()
        ids = self.prompt_ids(turns).to(model.device)
        room = self.window - ids.shape[1]
        if room < 1:
            raise overlong_prompt(self._name, ids.shape[1], self.window)
        settings = self._settings(min(max_tokens, room))
        inputs = {"input_ids": ids, "attention_mask": ids.new_ones(ids.shape)}
        writing = _Writing(model, inputs, settings, self._options.seed, threading.Event())
        streamer = TextIteratorStreamer(self.tokenizer, skip_prompt=True, skip_special_tokens=True)
        with ThreadPoolExecutor(1, thread_name_prefix="generate") as pool:
            done = pool.submit(writing.run, streamer)
            # generate ends the stream itself, unless it fails.
            done.add_done_callback(lambda _: streamer.end())
            try:
                if self._begins_thinking(ids):
                    yield THINK_OPEN
                yield from streamer
            finally:
                writing.stop.set()
            done.result()

    def prompt_ids(self, turns: Turns) -> Any:
        """(1, tokens) token ids of the conversation, by the model's chat template if it has one."""
        from jinja2 import TemplateError

        if not self.tokenizer.chat_template:
            return self.tokenizer(plain_prompt(turns), return_tensors="pt")["input_ids"]
        try:
            return self._templated(turns)
        except TemplateError:  # Gemma's template, for one, refuses a system turn
            return self._templated(folded(turns))

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

    def _begins_thinking(self, ids: Any) -> bool:
        """True if the chat template has opened the thinking, so that the model writes only its end."""
        return str(self.tokenizer.decode(ids[0, -8:])).rstrip().endswith(THINK_OPEN)

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
