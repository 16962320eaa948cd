"""A language model served by Ollama, through langchain-ollama.

Knows Ollama's answers and errors; knows nothing of prompts.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ragqa.adapters.chat_counts import ReadCounts
from ragqa.adapters.chat_http import client_arguments, lookup, lookup_entries
from ragqa.adapters.chat_langchain import ChatOptions, Pieces, Provider, stream_cut
from ragqa.adapters.chat_text import estimated_tokens, fewest_tokens
from ragqa.errors import ModelBusy, ModelError, ModelNotFound, ModelTimeout, ModelUnavailable, PromptTooLong
from ragqa.protocols import ChatMessage

START_HINT = "Start it with: ollama serve"
LEAST_WINDOW = 1024  # tokens; no model is served with less


def ollama_models(url: str) -> list[str]:
    """Names of the local chat models: those in memory, then the latest pulled. Raise ModelUnavailable."""
    try:
        there = lookup_entries(f"{_base(url)}/api/tags", "models")
    except ModelUnavailable as exc:
        raise ModelUnavailable(exc.message, hint=START_HINT) from exc
    chat = [entry["name"] for entry in there if entry.get("name") and _is_local_chat(entry)]
    loaded = [name for name in _loaded_models(url) if name in chat]
    return list(dict.fromkeys([*loaded, *chat]))


def _is_local_chat(entry: dict[str, Any]) -> bool:
    family = (entry.get("details") or {}).get("family") or ""
    # A model that runs on somebody else's machine is only used when it is asked for by name.
    remote = entry.get("remote_host") or entry["name"].endswith("-cloud")
    return not remote and "bert" not in family and "embed" not in entry["name"]


def _loaded_models(url: str) -> list[str]:
    try:
        running = lookup_entries(f"{_base(url)}/api/ps", "models")
    except ModelUnavailable:
        return []  # before 0.1.38 there was no /api/ps; the order is only a preference
    return [entry.get("name", "") for entry in running]


def can_chat(url: str, model: str) -> bool:
    """False if Ollama says that the model only embeds."""
    capabilities = _description(url, model).get("capabilities")
    return capabilities is None or "completion" in capabilities


def _description(url: str, model: str) -> dict[str, Any]:
    try:
        return lookup(f"{_base(url)}/api/show", body={"model": model})
    except ModelUnavailable:
        return {}  # the stream will say what is wrong, with the full error table


def _base(url: str) -> str:
    return (url if "://" in url else f"http://{url}").rstrip("/")


class OllamaChat:
    """``OllamaChat("http://127.0.0.1:11434", "llama3.2")``. Building it reaches no server."""

    def __init__(self, url: str, model: str, options: ChatOptions | None = None) -> None:
        from langchain_ollama import ChatOllama

        self.name = f"ollama:{model}"
        self._url = _base(url)
        self._model = model
        self._options = options or ChatOptions()
        self._window: int | None = None
        self._counts = ReadCounts()
        chat = ChatOllama(
            model=model,
            base_url=self._url,
            # Thinking would use up the answer's tokens; models that cannot think ignore this.
            reasoning=False,
            sync_client_kwargs=client_arguments(self._url, self._options),
        )
        self._provider = Provider(self.name, chat.stream, self._translate, self._options, self._judge)

    @property
    def context_window(self) -> int:
        """The smaller of what was asked for and what the model was trained for."""
        if self._window is None:
            trained = _trained_window(_description(self._url, self._model))
            if trained is None:
                return self._options.context_window
            self._window = min(trained, self._options.context_window)
        return self._window

    def count_tokens(self, text: str) -> int:
        """An estimate: Ollama has no call that counts."""
        return estimated_tokens(text)

    def stream(self, messages: Sequence[ChatMessage], max_tokens: int) -> Pieces:
        """See ChatModel."""
        settings = {
            # Without num_ctx Ollama takes its own small default and silently drops the start of the prompt.
            "num_ctx": self.context_window,
            "num_predict": max_tokens,
            "temperature": self._options.temperature,
            "seed": self._options.seed,
            "stop": list(self._options.stop),
        }
        return Pieces(self._provider, messages, max_tokens, {"options": settings})

    def close(self) -> None:
        """Nothing is kept open between answers."""

    def _judge(self, messages: Sequence[ChatMessage], facts: Mapping[str, Any]) -> None:
        """Raise PromptTooLong if Ollama read less than was sent: it cuts prompts without a word.

        The smaller window that it has turned out to have counts from then on, unless the count is too small for one:
        then part of the prompt was in the cache, which some versions do not count.
        """
        read: int | None = facts.get("prompt_eval_count")  # absent when all of the prompt was in its cache
        if not read:
            return
        sent = sum(fewest_tokens(message.content) for message in messages)
        if self._counts.is_cut(sent, read) or read >= self.context_window:
            if read >= LEAST_WINDOW:
                self._window = min(self.context_window, read)
            raise PromptTooLong(
                f"{self.name} read only {read} tokens of a prompt of {sent} or more.",
                hint="Ask a shorter question, or give the model a larger context window in Ollama.",
            )
        if sum(estimated_tokens(message.content) for message in messages) < LEAST_WINDOW // 2:
            self._counts.learn(sent, read)

    def _translate(self, error: Exception, started: bool) -> ModelError | None:
        import httpx
        from ollama import ResponseError

        if isinstance(error, ResponseError):
            return self._translate_response(error.status_code, error.error, started)
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            return ModelUnavailable(f"No Ollama server answers at {self._url}.", hint=START_HINT)
        if isinstance(error, httpx.TimeoutException):
            return ModelTimeout(f"{self.name}: nothing came within the time allowed.", hint="Use a smaller model.")
        # ValueError: half a JSON line, or a stream without a single chunk.
        if isinstance(error, httpx.TransportError | ValueError):
            return stream_cut(self.name)
        return None

    def _translate_response(self, status: int, text: str, started: bool) -> ModelError:
        if status == 404 and "model" in text:
            return ModelNotFound(
                f"Ollama at {self._url} has no model {self._model!r}.",
                hint=f"Pull it with: ollama pull {self._model}",
            )
        if started:
            cut = stream_cut(self.name)
            return type(cut)(f"{self.name}: the answer broke off: {text}", hint=cut.hint)
        if status == 503:
            return ModelBusy(f"{self.name} is busy: {text}", hint="Ask again in a moment.")
        return ModelUnavailable(
            f"{self.name} cannot answer: {text}",
            hint="Look at Ollama's log, or use a smaller model.",
        )


def _trained_window(description: dict[str, Any]) -> int | None:
    facts = description.get("model_info") or {}
    lengths = [value for key, value in facts.items() if key.endswith(".context_length")]
    return int(lengths[0]) if lengths else None
