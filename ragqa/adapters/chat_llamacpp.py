"""A language model in a GGUF file, run in this process by llama.cpp (the extra ``ragqa[gguf]``).

Loaded on first use; one answer at a time.
"""

import threading
from collections.abc import Generator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ragqa.adapters.chat_langchain import ChatOptions, Pieces, Provider
from ragqa.adapters.chat_local import Turns, Turnstile, folded, local_chat_model, overlong_prompt
from ragqa.errors import MissingExtra, ModelError, ModelNotFound, ModelUnavailable
from ragqa.protocols import ChatMessage


class LlamaCppChat:
    """``LlamaCppChat(Path("qwen3-4b-q4_k_m.gguf"))``. Raise MissingExtra or ModelNotFound at once."""

    def __init__(self, file: Path, device: str = "auto", options: ChatOptions | None = None) -> None:
        self.name = f"gguf:{file.name}"
        self._options = options or ChatOptions()
        _check(file)
        self._engine = _LlamaEngine(file.expanduser(), device, self._options)
        self._turnstile = Turnstile(self.name, self._options.queue)
        chat = local_chat_model(self._engine, self.name, self._turnstile)
        self._provider = Provider(self.name, chat.stream, self._translate, self._options)

    @property
    def context_window(self) -> int:
        """The smaller of what was asked for and what the model was trained for."""
        return self._engine.window()

    def count_tokens(self, text: str) -> int:
        """Tokens as the model's own tokenizer counts them, special tokens left out."""
        return len(self._engine.llama().tokenize(text.encode(), add_bos=False))

    def stream(self, messages: Sequence[ChatMessage], max_tokens: int) -> Pieces:
        """See ChatModel."""
        return Pieces(self._provider, messages, max_tokens, {"max_tokens": max_tokens})

    def close(self) -> None:
        """Free the model's memory; an answer under way keeps it until it ends."""
        self._engine.forget()

    def _translate(self, error: Exception, started: bool) -> ModelError | None:
        # llama.cpp reports a failed evaluation, such as too little memory, as a RuntimeError with a number.
        if isinstance(error, RuntimeError | MemoryError):
            return ModelUnavailable(f"{self.name} failed: {error}", hint="Use a smaller model or context window.")
        return None


def _check(file: Path) -> None:
    if find_spec("llama_cpp") is None:
        raise MissingExtra(
            "A GGUF file needs llama.cpp, which is not installed.", hint='Run: pip install "ragqa[gguf]"'
        )
    if not file.expanduser().is_file():
        raise ModelNotFound(f"There is no file {file}.", hint="Give the path of a .gguf file after gguf:")


class _LlamaEngine:
    """One llama.cpp model; see chat_local.Engine."""

    def __init__(self, file: Path, device: str, options: ChatOptions) -> None:
        self._file = file
        self._layers_on_gpu = 0 if device == "cpu" else -1
        self._options = options
        self._loading = threading.Lock()
        self._llama: Any = None

    def llama(self) -> Any:
        """The model, loaded by the first caller. Raise ModelUnavailable if the file is no model."""
        from llama_cpp import Llama

        with self._loading:
            if self._llama is None:
                try:
                    self._llama = Llama(
                        str(self._file),
                        n_ctx=self._options.context_window,
                        n_gpu_layers=self._layers_on_gpu,
                        verbose=False,
                    )
                except ValueError as exc:
                    raise ModelUnavailable(
                        f"llama.cpp cannot load {self._file}: {exc}",
                        hint="Download the GGUF file again, or use a newer llama-cpp-python.",
                    ) from exc
            return self._llama

    def window(self) -> int:
        """Tokens of prompt and answer."""
        facts = self.llama().metadata
        trained = [int(value) for key, value in facts.items() if key.endswith(".context_length")]
        return min([self._options.context_window, *trained])

    def forget(self) -> None:
        """Drop the model; its memory is freed with the last answer that uses it."""
        with self._loading:
            self._llama = None

    def write(self, turns: Turns, max_tokens: int) -> Generator[str]:
        """See chat_local.Engine."""
        llama = self.llama()
        try:
            chunks = self._answer(llama, turns, max_tokens)
        except ValueError:  # Gemma's template, for one, refuses a system turn
            chunks = self._answer(llama, folded(turns), max_tokens)
        try:
            for chunk in chunks:
                yield chunk["choices"][0]["delta"].get("content") or ""
        except ValueError as exc:
            needed = sum(len(llama.tokenize(turn["content"].encode())) for turn in turns)
            raise overlong_prompt(self._file.name, needed, self.window()) from exc

    def _answer(self, llama: Any, turns: Turns, max_tokens: int) -> Any:
        return llama.create_chat_completion(
            turns,
            max_tokens=max_tokens,
            temperature=self._options.temperature,
            seed=self._options.seed,
            stop=list(self._options.stop),
            stream=True,
        )
