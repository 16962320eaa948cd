"""What is OpenAI-compatible servers' own: their keys, their words, the windows they report."""

from typing import Any

import pytest

from ragqa.adapters.chat_openai import OpenAIChat, openai_models
from ragqa.errors import ModelNotFound, ModelUnavailable, PromptTooLong
from tests.chat_contract import QUESTION, read
from tests.openai_server import OpenAIServer
from tests.server import free_port


@pytest.mark.parametrize("facts", [{"max_model_len": 4096}, {"meta": {"n_ctx_train": 4096}}, {"context_length": 4096}])
def test_the_window_is_what_the_server_reports(openai: OpenAIServer, facts: dict[str, Any]) -> None:
    openai.models[0] |= facts
    assert OpenAIChat(openai.url, "qwen3-4b").context_window == 4096


def test_a_server_that_wants_a_key_says_which_setting_holds_it(openai: OpenAIServer) -> None:
    openai.key = "secret"
    _, error, _ = read(OpenAIChat(openai.url, "qwen3-4b"))
    assert isinstance(error, ModelUnavailable)
    assert "RAGQA_OPENAI_KEY" in error.hint
    assert read(OpenAIChat(openai.url, "qwen3-4b", "secret"))[1] is None
    assert openai_models(openai.api_url, "secret") == ["qwen3-4b"]


def test_the_openai_key_of_another_project_is_not_sent(openai: OpenAIServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-other")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    assert read(OpenAIChat(openai.url, "qwen3-4b"))[1] is None
    assert "sk-other" not in str(openai.log.requests[-1].headers)


@pytest.mark.parametrize(
    "words",
    [
        "the request exceeds the available context size, try increasing it",
        "This model's maximum context length is 4096 tokens.",
    ],
)
def test_a_prompt_over_the_servers_window_is_told_from_other_refusals(openai: OpenAIServer, words: str) -> None:
    openai.behaviour.refuse = (400, words)
    _, error, _ = read(OpenAIChat(openai.url, "qwen3-4b"))
    assert isinstance(error, PromptTooLong)
    assert "RAGQA_CONTEXT_WINDOW" in error.hint


def test_an_unknown_model_of_an_openai_server_is_named(openai: OpenAIServer) -> None:
    _, error, _ = read(OpenAIChat(openai.url, "gpt-9"))
    assert isinstance(error, ModelNotFound)
    assert "gpt-9" in str(error)


def test_no_openai_server_names_the_address() -> None:
    url = f"http://127.0.0.1:{free_port()}/v1"
    _, error, seconds = read(OpenAIChat(url, "qwen3-4b"))
    assert isinstance(error, ModelUnavailable)
    assert url in str(error)
    assert seconds < 1


def test_a_server_that_cannot_stream_answers_in_one_piece(openai: OpenAIServer) -> None:
    openai.can_stream = False
    assert list(OpenAIChat(openai.url, "qwen3-4b").stream(QUESTION, 50)) == [openai.behaviour.answer]
