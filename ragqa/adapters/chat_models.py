"""Chooses the language model that the settings ask for, or that is found running on this machine.

Knows the providers' names and usual addresses; each provider's ways are in its own file.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from ragqa.adapters.chat_huggingface import HuggingFaceChat
from ragqa.adapters.chat_langchain import ChatOptions
from ragqa.adapters.chat_llamacpp import LlamaCppChat
from ragqa.adapters.chat_ollama import OllamaChat, can_chat, ollama_models
from ragqa.adapters.chat_openai import OpenAIChat, openai_models
from ragqa.errors import BadRequest, ModelUnavailable
from ragqa.protocols import ChatModel
from ragqa.settings import Settings

# LM Studio, Jan, GPT4All, llama-server. Not vLLM's 8000: it is the port that ragqa itself listens on.
LOCAL_PORTS = (1234, 1337, 4891, 8080)

# A small model goes on with the turn after its own, and answers questions that nobody asked.
STOPS = ("\nQuestion:", "<evidence", "</evidence", "<|im_start|>")

Build = Callable[[], ChatModel]


def open_chat_model(settings: Settings) -> ChatModel | None:
    """The model that ``settings.llm`` names, loaded on first use; None for none, or if auto finds nothing.

    Raise BadRequest if a setting that the model needs is missing, and a ModelError for a missing file or package.
    """
    if settings.llm == "none":
        return None
    if settings.llm == "auto":
        return _running_model(settings)
    provider, _, model = settings.llm.partition(":")
    return _OPENERS[provider](model, settings)


def _options(settings: Settings) -> ChatOptions:
    return ChatOptions(
        context_window=settings.context_window,
        temperature=settings.temperature,
        seed=settings.seed,
        stop=STOPS,
        queue=settings.queue,
        first_token_timeout=settings.first_token_timeout,
        token_timeout=settings.token_timeout,
    )


def _open_ollama(model: str, settings: Settings) -> ChatModel:
    return OllamaChat(settings.ollama_url, model, _options(settings))


def _open_openai(model: str, settings: Settings) -> ChatModel:
    if not settings.openai_url:
        raise BadRequest(
            f"llm={settings.llm!r} needs the address of its server.",
            hint="Set RAGQA_OPENAI_URL, for instance to http://127.0.0.1:1234/v1.",
        )
    return OpenAIChat(settings.openai_url, model, settings.openai_key.get_secret_value(), _options(settings))


def _open_huggingface(model: str, settings: Settings) -> ChatModel:
    return HuggingFaceChat(model, settings.device, _options(settings), settings.quantize)


def _open_llamacpp(model: str, settings: Settings) -> ChatModel:
    return LlamaCppChat(Path(model), settings.device, _options(settings))


_OPENERS: dict[str, Callable[[str, Settings], ChatModel]] = {
    "ollama": _open_ollama,
    "openai": _open_openai,
    "hf": _open_huggingface,
    "gguf": _open_llamacpp,
}


def _running_model(settings: Settings) -> ChatModel | None:
    """The first of: the configured server, Ollama, a server on a usual port. All are asked at once."""
    finders = [partial(_find_ollama, settings)]
    if settings.openai_url:
        finders.insert(0, partial(_find_openai, settings.openai_url, settings))
    usual = [f"http://127.0.0.1:{port}/v1" for port in LOCAL_PORTS if port != settings.port]
    finders += [partial(_find_openai, url, settings) for url in usual]
    with ThreadPoolExecutor(len(finders)) as pool:
        found = [find.result() for find in [pool.submit(finder) for finder in finders]]
    build = next((build for build in found if build), None)
    return build() if build else None


def _find_ollama(settings: Settings) -> Build | None:
    try:
        models = ollama_models(settings.ollama_url)
    except ModelUnavailable:
        return None
    model = next((name for name in models if can_chat(settings.ollama_url, name)), None)
    return partial(_open_ollama, model, settings) if model else None


def _find_openai(url: str, settings: Settings) -> Build | None:
    # The key belongs to the configured server; others on this machine are not to see it.
    key = settings.openai_key.get_secret_value() if url == settings.openai_url else ""
    try:
        models = openai_models(url, key)
    except ModelUnavailable:
        return None
    # Another ragqa on this port would answer with its own model, perhaps by asking us.
    model = next((name for name in models if not name.startswith("ragqa")), None)
    return partial(OpenAIChat, url, model, key, _options(settings)) if model else None
