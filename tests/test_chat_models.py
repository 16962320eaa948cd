"""Which language model is opened, by name or because it is there."""

import time
from pathlib import Path
from typing import Any

import pytest

from ragqa.adapters import chat_models
from ragqa.adapters.chat_llamacpp import LlamaCppChat
from ragqa.adapters.chat_models import open_chat_model
from ragqa.errors import BadRequest, MissingExtra, ModelNotFound
from ragqa.settings import Settings
from tests.chat_contract import read
from tests.ollama_server import OllamaServer, model_entry
from tests.openai_server import OpenAIServer
from tests.server import free_port


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
