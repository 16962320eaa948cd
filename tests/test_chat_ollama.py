"""What is Ollama's own: its window, its cut prompts, its list of models."""

import socket
import time
from typing import Any

import pytest

from ragqa.adapters.chat_counts import ReadCounts
from ragqa.adapters.chat_langchain import ChatOptions
from ragqa.adapters.chat_ollama import OllamaChat, ollama_models
from ragqa.adapters.chat_text import fewest_tokens
from ragqa.errors import ModelError, ModelNotFound, ModelUnavailable, PromptTooLong
from ragqa.protocols import ChatMessage, ChatModel
from tests.chat_contract import LONG_ANSWER, QUESTION, read
from tests.ollama_server import OllamaServer, model_entry, tokens_read
from tests.server import free_port
from tests.tiny_models import SENTENCES


def test_ollama_gets_the_context_window_that_the_prompt_was_made_for(ollama: OllamaServer) -> None:
    list(OllamaChat(ollama.url, "llama3.2", ChatOptions(context_window=6000)).stream(QUESTION, 5))
    assert ollama.log.bodies("/api/chat")[0]["options"]["num_ctx"] == 6000


def test_ollama_window_is_no_more_than_the_model_was_trained_for(ollama: OllamaServer) -> None:
    ollama.context_length = 2048
    chat = OllamaChat(ollama.url, "llama3.2")
    assert chat.context_window == 2048
    list(chat.stream(QUESTION, 5))
    assert ollama.log.bodies("/api/chat")[0]["options"]["num_ctx"] == 2048
    assert len(ollama.log.bodies("/api/show")) == 1


def test_a_prompt_that_ollama_has_cut_is_an_error_and_the_real_window_counts_from_then_on(
    ollama: OllamaServer,
) -> None:
    chat, ollama.reads_at_most = OllamaChat(ollama.url, "llama3.2"), 1100
    stream = chat.stream([ChatMessage("user", "word " * 2000)], 50)
    with pytest.raises(PromptTooLong, match="read only 1100 tokens"):
        list(stream)
    assert chat.context_window == 1100


def test_a_count_too_small_for_a_window_makes_the_window_no_smaller(ollama: OllamaServer) -> None:
    chat, ollama.reads_at_most = OllamaChat(ollama.url, "llama3.2"), 120
    assert isinstance(read_all(chat, LONG_ANSWER), PromptTooLong)
    assert chat.context_window == 8192
    ollama.reads_at_most = None
    assert read_all(chat, LONG_ANSWER) is None


def test_a_prompt_that_fills_the_window_to_its_end_was_cut(ollama: OllamaServer) -> None:
    chat = OllamaChat(ollama.url, "llama3.2", ChatOptions(context_window=600))
    assert isinstance(read_all(chat, " ".join(SENTENCES * 6)), type(None)), "it fits"
    assert isinstance(read_all(chat, " ".join(SENTENCES * 12)), PromptTooLong)


def test_a_prompt_that_was_half_in_the_cache_makes_the_window_no_smaller(ollama: OllamaServer) -> None:
    chat = OllamaChat(ollama.url, "llama3.2")
    assert read_all(chat, " ".join(SENTENCES * 60)) is None
    ollama.reads_at_most = 2100
    assert read_all(chat, EVIDENCE) is None, "2,100 of 2,943 tokens, the rest from the cache"
    assert chat.context_window == 8192


PLAIN = " ".join(SENTENCES * 2)
EVIDENCE = " ".join(SENTENCES * 40)


def warmed_up(ollama: OllamaServer) -> OllamaChat:
    """A model that has been greeted and given its instructions, as a server does before the first question."""
    chat = OllamaChat(ollama.url, "llama3.2")
    assert [read_all(chat, "Hello"), read_all(chat, PLAIN)] == [None, None]
    return chat


@pytest.mark.parametrize("share", [0.8, 0.7, 0.5, 0.3])
def test_a_prompt_that_lost_a_third_is_noticed_by_a_model_that_has_read_short_ones(
    ollama: OllamaServer, share: float
) -> None:
    chat = warmed_up(ollama)
    ollama.reads_at_most = int(share * tokens_read(body_of(EVIDENCE), None))
    assert isinstance(read_all(chat, EVIDENCE), PromptTooLong)
    assert isinstance(read_all(chat, EVIDENCE), PromptTooLong), "and again, as long as it is cut"
    ollama.reads_at_most = None
    assert read_all(chat, PLAIN) is None


@pytest.mark.parametrize("tokens_per_word", [1.25, 4 / 3, 1.6, 2.0])
def test_whole_prompts_are_no_false_alarm_however_many_tokens_their_words_have(
    ollama: OllamaServer, tokens_per_word: float
) -> None:
    chat = warmed_up(ollama)
    ollama.tokens_per_word = tokens_per_word
    for prompt in (PLAIN, EVIDENCE, PLAIN + EVIDENCE, EVIDENCE):
        assert read_all(chat, prompt) is None
    assert chat.context_window == 8192


def test_what_ollama_found_in_its_cache_and_did_not_count_is_not_taken_for_cut() -> None:
    counts = ReadCounts()
    for pieces, tokens in ((1, 10), (200, 268), (1000, 1340)):
        assert not counts.is_cut(pieces, tokens)
        counts.learn(pieces, tokens)
    assert not counts.is_cut(1100, 1100), "the window has held 1,340"
    assert counts.is_cut(2000, 1800)
    assert not counts.is_cut(1500, 700), "the window has held 1,800, so that the rest was in the cache"
    counts.learn(150, 70)
    assert counts.is_cut(3000, 3300), "what was not counted is not learnt from"


@pytest.mark.parametrize(
    ("text", "fewest"),
    [("", 0), ("The encoder maps symbols.", 5), ("IL-6 (95% CI 1.2-3.4)", 15), ("don't", 2), ("2019 … ----", 3)],
)
def test_the_fewest_tokens_are_words_numbers_and_runs_of_signs(text: str, fewest: int) -> None:
    assert fewest_tokens(text) == fewest


def body_of(prompt: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": prompt}], "options": {"num_ctx": 8192}}


def read_all(chat: ChatModel, prompt: str) -> ModelError | None:
    """The error that ends the answer to a prompt."""
    try:
        list(chat.stream([ChatMessage("user", prompt)], 50))
    except ModelError as error:
        return error
    return None


def test_a_model_that_is_not_pulled_comes_with_the_command_that_pulls_it(ollama: OllamaServer) -> None:
    _, error, _ = read(OllamaChat(ollama.url, "mistral"))
    assert isinstance(error, ModelNotFound)
    assert error.hint == "Pull it with: ollama pull mistral"


def test_no_ollama_says_how_to_start_it() -> None:
    chat = OllamaChat(f"http://127.0.0.1:{free_port()}", "llama3.2")
    assert chat.context_window == 8192
    _, error, seconds = read(chat)
    assert isinstance(error, ModelUnavailable)
    assert error.hint == "Start it with: ollama serve"
    assert seconds < 1


def test_listing_the_models_of_no_ollama_fails_fast() -> None:
    started = time.monotonic()
    with pytest.raises(ModelUnavailable, match="ollama serve"):
        ollama_models(f"127.0.0.1:{free_port()}")
    assert time.monotonic() - started < 1


def test_listing_the_models_of_a_server_that_hangs_fails_within_a_second() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        started = time.monotonic()
        with pytest.raises(ModelUnavailable):
            ollama_models(f"http://127.0.0.1:{deaf.getsockname()[1]}")
        assert time.monotonic() - started < 1.1


def test_ollama_models_are_local_chat_models_the_loaded_one_first(ollama: OllamaServer) -> None:
    ollama.models = [
        model_entry("nomic-embed-text:latest", family="nomic-bert"),
        model_entry("gpt-oss:120b-cloud", remote_host="https://ollama.com:443"),
        model_entry("llama3.2:latest"),
        model_entry("qwen3:4b", family="qwen3"),
    ]
    ollama.loaded = ["qwen3:4b"]
    assert ollama_models(ollama.url) == ["qwen3:4b", "llama3.2:latest"]
