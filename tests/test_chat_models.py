"""Which language model is opened, by name or because it is there."""

import time
from pathlib import Path
from typing import Any

import pytest

from ragqa.adapters import chat_models
from ragqa.adapters.chat_langchain import ChatOptions
from ragqa.adapters.chat_llamacpp import LlamaCppChat
from ragqa.adapters.chat_models import STOPS, open_chat_model
from ragqa.errors import BadRequest, MissingExtra, ModelNotFound, ModelTimeout
from ragqa.protocols import ChatModel
from ragqa.settings import Settings
from tests.chat_contract import QUESTION, read
from tests.ollama_server import OllamaServer, model_entry
from tests.openai_server import OpenAIServer
from tests.server import free_port

# None of them a default, and no two the same.
SAMPLING: dict[str, Any] = {"context_window": 6000, "temperature": 0.5, "seed": 11}
WAITING: dict[str, Any] = {"queue": 3, "first_token_timeout": 41.0, "token_timeout": 7.0}
HELD_S, LONG_S = 2.0, 20.0  # what a server waits with that is to be given up; more than any test waits


def settings_for(**values: Any) -> Settings:
    """Settings that find nothing by themselves."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    return Settings(**({"ollama_url": nowhere} | values))


@pytest.fixture
def no_usual_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own LM Studio is not to be found by the tests."""
    monkeypatch.setattr(chat_models, "LOCAL_PORTS", (free_port(),))


def test_none_opens_nothing() -> None:
    assert open_chat_model(settings_for(llm="none")) is None


def test_a_named_model_is_opened_without_asking_its_server() -> None:
    chat = open_chat_model(settings_for(llm="ollama:llama3.2:1b"))
    assert chat is not None
    assert chat.name == "ollama:llama3.2:1b"


def test_openai_without_an_address_says_which_setting_is_missing() -> None:
    with pytest.raises(BadRequest, match="RAGQA_OPENAI_URL"):
        open_chat_model(settings_for(llm="openai:qwen3-4b"))


def test_a_missing_gguf_file_or_engine_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises((MissingExtra, ModelNotFound), match=r'pip install "ragqa\[gguf\]"|There is no file'):
        LlamaCppChat(tmp_path / "absent.gguf")


def opened(llm: str, **values: Any) -> ChatModel:
    """The model that these settings open."""
    chat = open_chat_model(settings_for(llm=llm, **values))
    assert chat is not None
    return chat


@pytest.mark.usefixtures("no_usual_ports")
@pytest.mark.parametrize("llm", ["ollama:llama3.2", "auto"])
def test_ollama_is_told_what_the_settings_say(ollama: OllamaServer, llm: str) -> None:
    chat = opened(llm, ollama_url=ollama.url, **SAMPLING)
    assert list(chat.stream(QUESTION, 37))
    assert ollama.log.bodies("/api/chat")[0]["options"] == {
        "num_ctx": 6000, "num_predict": 37, "temperature": 0.5, "seed": 11, "stop": list(STOPS),
    }  # fmt: skip


@pytest.mark.usefixtures("no_usual_ports")
@pytest.mark.parametrize("llm", ["openai:qwen3-4b", "auto"])
def test_an_openai_server_is_told_what_the_settings_say(openai: OpenAIServer, llm: str) -> None:
    chat = opened(llm, openai_url=openai.url, **SAMPLING)
    assert list(chat.stream(QUESTION, 37))
    told = openai.log.bodies("/v1/chat/completions")[0]
    assert (told["temperature"], told["seed"], told["stop"]) == (0.5, 11, list(STOPS))
    assert (told["max_tokens"], chat.context_window) == (37, 6000)


@pytest.mark.parametrize("llm", ["ollama:llama3.2", "openai:qwen3-4b"])
@pytest.mark.parametrize(
    ("setting", "held", "token"),
    [("first_token_timeout", "first_delay", "first"), ("token_timeout", "token_delay", "next")],
)
def test_a_token_is_waited_for_as_long_as_the_settings_say(
    ollama: OllamaServer, openai: OpenAIServer, llm: str, setting: str, held: str, token: str
) -> None:
    for server in (ollama, openai):
        server.behaviour.answer = "Two words"
        setattr(server.behaviour, held, HELD_S)
    patience = {"first_token_timeout": LONG_S, "token_timeout": LONG_S, setting: 0.2}
    _, error, _ = read(opened(llm, ollama_url=ollama.url, openai_url=openai.url, **patience))
    assert isinstance(error, ModelTimeout)
    assert f"the {token} token did not come within 0.2 s" in str(error)


@pytest.mark.parametrize(
    ("llm", "provider", "own"),
    [
        ("ollama:m", "OllamaChat", ("http://127.0.0.1:1", "m")),
        ("openai:m", "OpenAIChat", ("http://127.0.0.1:2/v1", "m", "secret")),
        ("hf:m", "HuggingFaceChat", ("m", "cpu", "4bit")),
        ("gguf:m", "LlamaCppChat", (Path("m"), "cpu")),
    ],
)
def test_every_provider_is_built_with_all_that_the_settings_say(
    monkeypatch: pytest.MonkeyPatch, llm: str, provider: str, own: tuple[Any, ...]
) -> None:
    given: list[Any] = []
    monkeypatch.setattr(chat_models, provider, lambda *arguments: given.extend(arguments))
    servers = {"ollama_url": "http://127.0.0.1:1", "openai_url": "http://127.0.0.1:2/v1", "openai_key": "secret"}
    open_chat_model(settings_for(llm=llm, device="cpu", quantize="4bit", **servers, **SAMPLING, **WAITING))
    assert ChatOptions(stop=STOPS, **SAMPLING, **WAITING) in given
    assert tuple(value for value in given if not isinstance(value, ChatOptions)) == own


@pytest.mark.usefixtures("no_usual_ports")
class TestAuto:
    """What ``auto`` finds on this machine."""

    def test_nothing_is_found_within_a_second(self) -> None:
        started = time.monotonic()
        assert open_chat_model(settings_for()) is None
        assert time.monotonic() - started < 1

    def test_ollama_is_found_and_its_embedding_models_are_passed_over(self, ollama: OllamaServer) -> None:
        ollama.models = [model_entry("minilm:latest", family=""), model_entry("llama3.2:latest")]
        ollama.capabilities = {"minilm:latest": ["embedding"]}
        chat = open_chat_model(settings_for(ollama_url=ollama.url))
        assert chat is not None
        assert chat.name == "ollama:llama3.2:latest"

    def test_an_ollama_without_models_is_passed_over(self, ollama: OllamaServer) -> None:
        ollama.models = []
        assert open_chat_model(settings_for(ollama_url=ollama.url)) is None

    def test_the_configured_server_comes_before_ollama(self, ollama: OllamaServer, openai: OpenAIServer) -> None:
        openai.models.insert(0, {"id": "text-embedding-nomic-embed-text-v1.5"})
        chat = open_chat_model(settings_for(ollama_url=ollama.url, openai_url=openai.url))
        assert chat is not None
        assert chat.name == "openai:qwen3-4b"

    def test_a_server_on_a_usual_port_is_found_and_never_sees_the_key(
        self, openai: OpenAIServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(chat_models, "LOCAL_PORTS", (int(openai.url.rsplit(":", 1)[1]),))
        chat = open_chat_model(settings_for(openai_key="secret"))
        assert chat is not None
        assert read(chat)[1] is None
        assert "secret" not in str(openai.log.requests)

    def test_another_ragqa_is_not_taken_for_a_language_model(
        self, openai: OpenAIServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        openai.models = [{"id": "ragqa"}]
        monkeypatch.setattr(chat_models, "LOCAL_PORTS", (int(openai.url.rsplit(":", 1)[1]),))
        assert open_chat_model(settings_for()) is None

    def test_some_other_program_on_a_usual_port_is_passed_over(
        self, ollama: OllamaServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(chat_models, "LOCAL_PORTS", (int(ollama.url.rsplit(":", 1)[1]),))
        assert open_chat_model(settings_for()) is None
