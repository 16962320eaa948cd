"""Language models behind a server: one contract, and what goes wrong between us and any of them.

Ollama and OpenAI-compatible servers are small real ones (ollama_server.py, openai_server.py) behind the real clients.
"""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from ragqa.adapters.chat_langchain import ChatOptions
from ragqa.adapters.chat_ollama import OllamaChat
from ragqa.adapters.chat_openai import OpenAIChat
from ragqa.cancelling import Cancellation, cancelled_by
from ragqa.errors import ClientGone, ModelBusy, ModelStreamCut, ModelTimeout, ModelUnavailable
from ragqa.protocols import ChatModel
from tests.chat_contract import LONG_ANSWER, QUESTION, ChatModelContract, read, wait_until
from tests.model_server import ModelServer
from tests.ollama_server import OllamaServer
from tests.openai_server import OpenAIServer
from tests.server import free_port

HASTY = ChatOptions(first_token_timeout=1.0, token_timeout=0.5)


class ServedModelContract(ChatModelContract):
    """The contract, for a model behind one of the small servers."""

    server: ModelServer

    def upstream_ended(self, chat: ChatModel) -> bool:
        return self.server.log.client_left.wait(2)


class TestOllama(ServedModelContract):
    """OllamaChat keeps the contract."""

    provider = "ollama"

    @pytest.fixture
    def chat(self, ollama: OllamaServer) -> ChatModel:
        self.server = ollama
        ollama.behaviour.answer = LONG_ANSWER
        ollama.behaviour.token_delay = 0.02
        return OllamaChat(ollama.url, "llama3.2")


class TestOpenAI(ServedModelContract):
    """OpenAIChat keeps the contract."""

    provider = "openai"

    @pytest.fixture
    def chat(self, openai: OpenAIServer) -> Iterator[ChatModel]:
        self.server = openai
        openai.behaviour.answer = LONG_ANSWER
        openai.behaviour.token_delay = 0.02
        chat = OpenAIChat(openai.url, "qwen3-4b")
        yield chat
        chat.close()


Served = tuple[ModelServer, Callable[[ChatOptions], ChatModel]]


@pytest.fixture(params=["ollama", "openai"])
def served(request: pytest.FixtureRequest) -> Served:
    """A server, and what makes a chat model that uses it."""
    server = request.getfixturevalue(request.param)
    if request.param == "ollama":
        return server, lambda options: OllamaChat(server.url, "llama3.2", options)
    return server, lambda options: OpenAIChat(server.url, "qwen3-4b", "", options)


@pytest.mark.parametrize("cut", ["error_after", "reset_after", "quiet_end_after"])
def test_a_broken_answer_keeps_its_pieces_and_raises_stream_cut(served: Served, cut: str) -> None:
    server, open_chat = served
    setattr(server.behaviour, cut, 2)
    text, error, _ = read(open_chat(ChatOptions()))
    assert text == "Attention weighs"
    assert isinstance(error, ModelStreamCut)
    assert error.hint


def test_the_servers_own_words_are_in_the_error(served: Served) -> None:
    server, open_chat = served
    server.behaviour.error_after = 2
    _, error, _ = read(open_chat(ChatOptions()))
    assert "the runner ran out of memory" in str(error)


@pytest.mark.parametrize("cut", ["reset_after", "quiet_end_after"])
def test_an_answer_cut_before_its_first_word_is_a_cut_too(served: Served, cut: str) -> None:
    server, open_chat = served
    setattr(server.behaviour, cut, 0)
    text, error, _ = read(open_chat(ChatOptions()))
    assert text == ""
    assert isinstance(error, ModelStreamCut)


@pytest.mark.parametrize("delay", ["header_delay", "first_delay"])
def test_a_cold_start_longer_than_allowed_is_a_timeout_and_hangs_up(served: Served, delay: str) -> None:
    server, open_chat = served
    setattr(server.behaviour, delay, 30)
    _, error, seconds = read(open_chat(HASTY))
    assert isinstance(error, ModelTimeout)
    assert "RAGQA_FIRST_TOKEN_TIMEOUT" in error.hint
    assert 0.9 < seconds < 2
    assert server.log.client_left.wait(2)


def test_a_cold_start_may_take_longer_than_a_pause_between_words(served: Served) -> None:
    server, open_chat = served
    server.behaviour.first_delay = 0.75
    text, error, _ = read(open_chat(HASTY))
    assert error is None
    assert text == server.behaviour.answer


def test_a_pause_between_words_longer_than_allowed_is_a_timeout(served: Served) -> None:
    server, open_chat = served
    server.behaviour.token_delay = 30
    text, error, seconds = read(open_chat(HASTY))
    assert text == "Attention"
    assert isinstance(error, ModelTimeout)
    assert "RAGQA_TOKEN_TIMEOUT" in error.hint
    assert seconds < 1.5


def test_the_stream_can_be_closed_while_the_model_is_still_loading(served: Served) -> None:
    server, open_chat = served
    server.behaviour.header_delay = 30
    stream = open_chat(ChatOptions()).stream(QUESTION, 50)
    reader = threading.Thread(target=lambda: list(stream))
    reader.start()
    wait_until(lambda: any("chat" in request.path for request in server.log.requests))
    stream.close()  # type: ignore[attr-defined]
    reader.join(2)
    assert not reader.is_alive()
    assert server.log.client_left.wait(2)


def test_cancelling_the_question_ends_what_it_asks_of_the_model_now_and_later(served: Served) -> None:
    server, open_chat = served
    server.behaviour.header_delay = 30
    chat, question = open_chat(ChatOptions()), Cancellation()
    threading.Timer(0.5, question.cancel).start()
    started = time.monotonic()
    with cancelled_by(question):
        with pytest.raises(ClientGone):
            list(chat.stream(QUESTION, 50))
        assert time.monotonic() - started < 2
        with pytest.raises(ClientGone):
            list(chat.stream(QUESTION, 50))
    assert server.log.client_left.wait(2)
    assert len([request for request in server.log.requests if "chat" in request.path]) == 1


def test_a_full_queue_is_reported_as_busy(served: Served) -> None:
    server, open_chat = served
    server.behaviour.refuse = (503, "maximum pending requests exceeded")
    _, error, _ = read(open_chat(ChatOptions()))
    assert isinstance(error, ModelBusy)
    assert "busy" in str(error)
    assert len([request for request in server.log.requests if "chat" in request.path]) == 1


def test_a_model_that_does_not_fit_in_memory_is_unavailable_in_the_servers_words(served: Served) -> None:
    server, open_chat = served
    server.behaviour.refuse = (500, "model requires more system memory (5.6 GiB) than is available")
    _, error, _ = read(open_chat(ChatOptions()))
    assert isinstance(error, ModelUnavailable)
    assert "5.6 GiB" in str(error)


def test_a_server_that_ignores_the_limit_is_cut_off(served: Served) -> None:
    server, open_chat = served
    server.behaviour.ignore_limit = True
    server.behaviour.answer = LONG_ANSWER
    assert len(list(open_chat(ChatOptions()).stream(QUESTION, 5))) == 5


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("<think>\nLet me see. </think>\n\nThe answer is 42.", "The answer is 42."),
        ("<thinking machines> are old.", "<thinking machines> are old."),
        ("\n The answer.", "The answer."),
        ("a < b and <think> is a tag", "a < b and <think> is a tag"),
        ("<", "<"),
    ],
)
def test_thinking_before_the_answer_is_not_shown(served: Served, written: str, shown: str) -> None:
    server, open_chat = served
    server.behaviour.answer = written
    assert read(open_chat(ChatOptions()))[:2] == (shown, None)


@pytest.mark.parametrize("written", ["<think> and on and on", "", "<think>So.</think>"])
def test_an_answer_of_nothing_but_thinking_is_an_error_that_says_so(served: Served, written: str) -> None:
    server, open_chat = served
    server.behaviour.answer = written
    _, error, _ = read(open_chat(ChatOptions()))
    assert "RAGQA_MAX_ANSWER_TOKENS" in str(error)


def test_all_turns_reach_the_server_in_order_with_the_limits(served: Served) -> None:
    server, open_chat = served
    list(open_chat(ChatOptions(temperature=0.5)).stream(QUESTION, 7))
    body = server.log.requests[-1].body
    assert [(turn["role"], turn["content"]) for turn in body["messages"]] == [
        (message.role, message.content) for message in QUESTION
    ]
    sent = body.get("options") or body
    assert sent["temperature"] == 0.5
    assert 7 in (sent.get("num_predict"), sent.get("max_tokens"))


def test_seed_and_stop_sequences_reach_the_server(served: Served) -> None:
    server, open_chat = served
    list(open_chat(ChatOptions(seed=11, stop=("\nQuestion:",))).stream(QUESTION, 7))
    body = server.log.requests[-1].body
    sent = body.get("options") or body
    assert (sent["seed"], sent["stop"]) == (11, ["\nQuestion:"])


def test_a_server_that_knows_no_stop_sequences_is_hung_up_on(served: Served) -> None:
    server, open_chat = served
    server.behaviour.answer = "It weighs words. \nQuestion: and what else? " + LONG_ANSWER
    server.behaviour.token_delay = 0.05
    assert read(open_chat(ChatOptions(stop=("\nQuestion:",))))[:2] == ("It weighs words. ", None)
    assert server.log.client_left.wait(2)


def test_an_answer_can_be_a_function_of_the_evidence_that_was_sent(served: Served) -> None:
    server, open_chat = served
    server.behaviour.answer = lambda messages: messages[-1]["content"].upper()
    assert read(open_chat(ChatOptions()))[0] == "TO WHAT?"


def test_nothing_is_traced_though_langsmith_is_switched_on(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    _, open_chat = served
    with OpenAIServer() as tracer:
        monkeypatch.setenv("LANGSMITH_TRACING", "true")
        monkeypatch.setenv("LANGSMITH_API_KEY", "lsv2_pt_0")
        monkeypatch.setenv("LANGSMITH_ENDPOINT", tracer.url)
        assert read(open_chat(ChatOptions()))[1] is None
        time.sleep(0.5)  # the tracer sends in the background
        assert tracer.log.requests == []


def test_a_proxy_of_the_environment_is_not_asked_for_a_local_address(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, open_chat = served
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    assert read(open_chat(ChatOptions()))[:2] == (server.behaviour.answer, None)
