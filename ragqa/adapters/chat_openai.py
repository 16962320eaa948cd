"""A language model behind any OpenAI-compatible server, through langchain-openai.

vLLM, llama-server, LM Studio, Jan and GPT4All differ in what they refuse; the differences are kept here.
Nothing is sent to api.openai.com unless that address is given.
"""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ragqa.adapters.chat_http import client_arguments, is_loopback, lookup_entries
from ragqa.adapters.chat_langchain import ChatOptions, Pieces, Provider, causes, stream_cut
from ragqa.adapters.chat_text import estimated_tokens
from ragqa.errors import ModelBusy, ModelError, ModelNotFound, ModelTimeout, ModelUnavailable, PromptTooLong
from ragqa.protocols import ChatMessage

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

# Under which names servers report the window of a model: vLLM, LM Studio, llama-server.
_WINDOW_NAMES = ("max_model_len", "loaded_context_length", "context_length", "n_ctx", "n_ctx_train")
# How servers say that a prompt is longer than the window: llama-server, vLLM, LM Studio.
_TOO_LONG = re.compile(r"context (?:size|length|window)|maximum context|exceed_context", re.I)
_START_HINT = "Start the server, or correct RAGQA_OPENAI_URL."


def openai_models(url: str, key: str = "") -> list[str]:
    """Ids of the models that can chat, in the server's order. Raise ModelUnavailable."""
    ids = [str(entry.get("id", "")) for entry in _model_entries(url, key)]
    return [name for name in ids if name and "embed" not in name.lower()]


def _model_entries(url: str, key: str) -> list[dict[str, Any]]:
    try:
        return lookup_entries(f"{api_base(url)}/models", "data", key=key)
    except ModelUnavailable as exc:
        raise ModelUnavailable(exc.message, hint=_START_HINT) from exc


def api_base(url: str) -> str:
    """The address with its ``/v1``, which users often leave out."""
    full = (url if "://" in url else f"http://{url}").rstrip("/")
    return full if urlsplit(full).path else f"{full}/v1"


class OpenAIChat:
    """``OpenAIChat("http://127.0.0.1:1234/v1", "qwen3-4b")``. Building it reaches no server."""

    def __init__(self, url: str, model: str, key: str = "", options: ChatOptions | None = None) -> None:
        import httpx
        from langchain_openai import ChatOpenAI
        from pydantic import SecretStr

        self.name = f"openai:{model}"
        self._url = api_base(url)
        self._model = model
        self._key = key
        self._options = options or ChatOptions()
        self._window: int | None = None
        self._client = httpx.Client(**client_arguments(self._url, self._options))
        self._chat = ChatOpenAI(
            model=model,
            base_url=self._url,
            # Never the OPENAI_API_KEY of another project: a local server has no business with it.
            api_key=SecretStr(key or "none"),
            http_client=self._client,
            temperature=self._options.temperature,
            seed=self._options.seed,
            stop_sequences=list(self._options.stop) or None,
            # Retrying is the use case's decision, and never right once a token was shown.
            max_retries=0,
            stream_usage=False,
            use_responses_api=False,
        )
        self._provider = Provider(self.name, self._chunks, self._translate, self._options)

    @property
    def context_window(self) -> int:
        """The smaller of what was asked for and what the server reports for the model, if it does."""
        if self._window is None:
            self._window = min(self._options.context_window, *self._reported_windows())
        return self._window

    def _reported_windows(self) -> list[int]:
        asked = self._options.context_window
        try:
            entries = _model_entries(self._url, self._key)
        except ModelUnavailable:
            return [asked]  # the stream will say what is wrong
        facts = [entry | (entry.get("meta") or {}) for entry in entries if entry.get("id") == self._model]
        return [asked, *(int(fact[name]) for fact in facts for name in _WINDOW_NAMES if fact.get(name))]

    def count_tokens(self, text: str) -> int:
        """An estimate: the protocol has no call that counts."""
        return estimated_tokens(text)

    def stream(self, messages: Sequence[ChatMessage], max_tokens: int) -> Pieces:
        """See ChatModel."""
        return Pieces(self._provider, messages, max_tokens, self._limit(max_tokens))

    def _chunks(self, messages: list["BaseMessage"], **arguments: Any) -> Iterator["BaseMessage"]:
        import openai

        try:
            yield from self._chat.stream(messages, **arguments)
        except openai.BadRequestError as exc:
            if "stream" not in exc.message:
                raise
            # GPT4All's server refuses to stream: its answer comes as one piece.
            yield self._chat.invoke(messages, **arguments)

    def _limit(self, max_tokens: int) -> dict[str, Any]:
        # langchain-openai only writes OpenAI's newer name of the limit, which local servers ignore.
        if urlsplit(self._url).hostname == "api.openai.com":
            return {"max_tokens": max_tokens}
        return {"extra_body": {"max_tokens": max_tokens}}

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _translate(self, error: Exception, started: bool) -> ModelError | None:
        import httpx
        import openai

        if any(isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout) for cause in causes(error)):
            return ModelUnavailable(f"No model server answers at {self._url}.", hint=_START_HINT)
        if isinstance(error, openai.APITimeoutError):
            return ModelTimeout(f"{self.name}: nothing came within the time allowed.")
        if isinstance(error, openai.APIStatusError):
            return self._translate_status(error.status_code, error.message)
        if isinstance(error, openai.APIError):
            cut = stream_cut(self.name)
            return type(cut)(f"{self.name}: the answer broke off: {error.message}", hint=cut.hint)
        # ValueError: half a JSON event, or a stream without a single chunk.
        if isinstance(error, httpx.TransportError | ValueError):
            return stream_cut(self.name)
        return None

    def _translate_status(self, status: int, text: str) -> ModelError:
        if status == 404 and "model" in text.lower():
            return ModelNotFound(
                f"The server at {self._url} has no model {self._model!r}.",
                hint="Load it there, or choose one that the server lists.",
            )
        if status in (401, 403):
            return ModelUnavailable(
                f"The server at {self._url} refused the key.", hint="Set RAGQA_OPENAI_KEY to its API key."
            )
        if status in (429, 503):
            return ModelBusy(f"{self.name} is busy: {text}", hint="Ask again in a moment.")
        if status in (400, 413) and _TOO_LONG.search(text):
            return PromptTooLong(f"{self.name}: {text}", hint="Set RAGQA_CONTEXT_WINDOW to the model's own window.")
        where = "the server's log" if is_loopback(self._url) else "the address and the model's name"
        return ModelUnavailable(f"{self.name} cannot answer (status {status}): {text}", hint=f"Check {where}.")
