"""Language models behind every provider: one contract, and each provider's ways to fail.

Ollama and OpenAI-compatible servers are small real ones (ollama_server.py, openai_server.py) behind the
real clients; the Hugging Face model is a real one with random weights.
"""

import json
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ragqa.adapters import chat_models
from ragqa.adapters.chat_huggingface import HuggingFaceChat
from ragqa.adapters.chat_langchain import ChatOptions, Request
from ragqa.adapters.chat_llamacpp import LlamaCppChat
from ragqa.adapters.chat_local import Turnstile, folded, plain_prompt
from ragqa.adapters.chat_models import open_chat_model
from ragqa.adapters.chat_ollama import OllamaChat, ollama_models
from ragqa.adapters.chat_openai import OpenAIChat, openai_models
from ragqa.adapters.chat_text import estimated_tokens
from ragqa.adapters.pretrained import weights_as
from ragqa.errors import (
    BadRequest,
    MissingExtra,
    ModelBusy,
    ModelError,
    ModelNotFound,
    ModelStreamCut,
    ModelTimeout,
    ModelUnavailable,
    PromptTooLong,
)
from ragqa.protocols import ChatMessage, ChatModel
from ragqa.settings import Settings
from tests.chat_contract import QUESTION, ChatModelContract, answers_promptly, wait_until
from tests.model_server import ModelServer
from tests.ollama_server import OllamaServer, model_entry
from tests.openai_server import OpenAIServer
from tests.tiny_models import SENTENCES, TEMPLATE, TEMPLATE_WITHOUT_SYSTEM, WINDOW, make_huggingface_model

LONG_ANSWER = " ".join(SENTENCES * 10)
HASTY = ChatOptions(first_token_timeout=1.0, token_timeout=0.5)


def free_port() -> int:
    """A port of this machine on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def ollama() -> Iterator[OllamaServer]:
    with OllamaServer() as server:
        yield server


@pytest.fixture
def openai() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


@pytest.fixture(scope="module")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_huggingface_model(tmp_path_factory.mktemp("tiny-llama"))


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


class TestHuggingFace(ChatModelContract):
    """HuggingFaceChat keeps the contract."""

    provider = "hf"

    @pytest.fixture
    def chat(self, tiny_folder: Path) -> Iterator[ChatModel]:
        chat = HuggingFaceChat(str(tiny_folder), "cpu")
        yield chat
        chat.close()

    def upstream_ended(self, chat: ChatModel) -> bool:
        return answers_promptly(chat) and wait_until(lambda: not _writing_threads())


def _writing_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("generate")]


Served = tuple[ModelServer, Callable[[ChatOptions], ChatModel]]


@pytest.fixture(params=["ollama", "openai"])
def served(request: pytest.FixtureRequest) -> Served:
    """A server, and what makes a chat model that uses it."""
    server = request.getfixturevalue(request.param)
    if request.param == "ollama":
        return server, lambda options: OllamaChat(server.url, "llama3.2", options)
    return server, lambda options: OpenAIChat(server.url, "qwen3-4b", "", options)


def read(chat: ChatModel) -> tuple[str, Exception | None, float]:
    """What came, the error that ended it, and the seconds it took."""
    started = time.monotonic()
    pieces = []
    try:
        for piece in chat.stream(QUESTION, 50):
            pieces.append(piece)
    except ModelError as error:
        return "".join(pieces), error, time.monotonic() - started
    return "".join(pieces), None, time.monotonic() - started


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


# Ollama


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


# OpenAI-compatible servers


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


# Hugging Face


def test_the_models_own_tokenizer_counts(tiny_folder: Path) -> None:
    chat = HuggingFaceChat(str(tiny_folder), "cpu")
    assert chat.count_tokens(SENTENCES[0]) == 15  # 14 words and a full stop
    assert chat.context_window == WINDOW


def test_without_temperature_the_same_question_gets_the_same_answer(tiny_folder: Path) -> None:
    chat = HuggingFaceChat(str(tiny_folder), "cpu")
    assert list(chat.stream(QUESTION, 8)) == list(chat.stream(QUESTION, 8))
    assert len(list(HuggingFaceChat(str(tiny_folder), "cpu", ChatOptions(temperature=1)).stream(QUESTION, 8)))


def test_a_prompt_over_the_window_is_refused_with_both_numbers(tiny_folder: Path) -> None:
    chat = HuggingFaceChat(str(tiny_folder), "cpu", ChatOptions(context_window=128))
    with pytest.raises(ModelError, match=r"has \d+ tokens; .* window of 128"):
        list(chat.stream([ChatMessage("user", LONG_ANSWER)], 5))


def test_sampling_with_the_same_seed_gives_the_same_answer(tiny_folder: Path) -> None:
    first, second = (
        list(HuggingFaceChat(str(tiny_folder), "cpu", ChatOptions(temperature=1, seed=seed)).stream(QUESTION, 12))
        for seed in (3, 3)
    )
    assert first == second


def test_thinking_that_the_template_has_opened_is_not_shown(tmp_path: Path) -> None:
    chat = HuggingFaceChat(str(make_huggingface_model(tmp_path, f"{TEMPLATE}<think>")), "cpu")
    _, error, _ = read(chat)
    assert "RAGQA_MAX_ANSWER_TOKENS" in str(error), "the tiny model never ends its thinking"


def test_loading_in_fewer_bits_without_a_gpu_says_what_to_use_instead(tiny_folder: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"4bit needs an NVIDIA GPU.*gguf:FILE"):
        HuggingFaceChat(str(tiny_folder), "cpu", quantize="4bit")


def test_weights_are_asked_for_in_the_bits_that_were_wanted() -> None:
    import torch

    four = weights_as("4bit", "cuda", torch.bfloat16)
    assert four["quantization_config"].load_in_4bit
    assert four["quantization_config"].bnb_4bit_compute_dtype == torch.bfloat16
    assert weights_as("8bit", "cuda", torch.bfloat16)["quantization_config"].load_in_8bit
    assert four["device_map"] == {"": "cuda"}
    assert weights_as("none", "cpu", torch.float32) == {"dtype": torch.float32}


@pytest.mark.parametrize("template", [None, TEMPLATE_WITHOUT_SYSTEM], ids=["no template", "no system turn"])
def test_models_with_a_poor_chat_template_can_be_asked(tmp_path: Path, template: str | None) -> None:
    chat = HuggingFaceChat(str(make_huggingface_model(tmp_path, template)), "cpu")
    assert list(chat.stream(QUESTION, 3))


def test_a_folder_without_a_model_is_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="no Hugging Face model"):
        HuggingFaceChat(str(tmp_path))


def test_weights_that_are_not_safetensors_are_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(ModelNotFound, match="safetensors"):
        HuggingFaceChat(str(tmp_path))


def test_a_folder_with_a_damaged_configuration_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "no-such-architecture"}')
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(ModelUnavailable, match="cannot be loaded"):
        list(HuggingFaceChat(str(tmp_path)).stream(QUESTION, 3))


def test_code_that_comes_with_a_model_is_never_run(tiny_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_folder, tmp_path / "model"))
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "ours", "auto_map": {"AutoConfig": "ours.Config", "AutoModelForCausalLM": "ours.Model"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "ours.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()")
    with pytest.raises(ModelUnavailable, match="cannot be loaded"):
        list(HuggingFaceChat(str(folder)).stream(QUESTION, 3))
    assert not (tmp_path / "ran").exists()


def test_a_hub_model_that_is_not_here_offline_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelNotFound, match="hf download Example/absent"):
        list(HuggingFaceChat("Example/absent").stream(QUESTION, 3))


# What the models in this process share


def test_a_full_line_of_waiters_is_turned_away() -> None:
    turnstile = Turnstile("hf:tiny", places=0)
    request = Request()
    with (
        turnstile.turn(request),
        pytest.raises(ModelBusy, match="queue is full"),
        turnstile.turn(request),
    ):
        pass
    with turnstile.turn(request):
        pass


def test_a_cancelled_waiter_leaves_the_line() -> None:
    turnstile = Turnstile("hf:tiny", places=1)
    waiting = Request()
    waiting.cancel()
    with turnstile.turn(Request()), pytest.raises(ModelStreamCut), turnstile.turn(waiting):
        pass


def test_a_plain_prompt_reads_as_a_conversation() -> None:
    turns = [{"role": message.role, "content": message.content} for message in QUESTION[:2]]
    assert plain_prompt(turns).endswith("User: What does the encoder do?\n\nAssistant:")
    assert folded(turns) == [{"role": "user", "content": "Answer from the passage only.\n\nWhat does the encoder do?"}]


# How many tokens a text has, where nobody can say


@pytest.mark.parametrize(
    ("text", "at_least"),
    [
        ("Recall rises when both rankings are fused.", 8),
        ("0.6213 0.7149 0.8830", 18),
        ("α ≤ β₁ ∈ ℝ", 6),
        ("神经网络", 4),
        ("", 0),
    ],
)
def test_the_estimate_is_cautious_with_numbers_signs_and_scripts(text: str, at_least: int) -> None:
    assert estimated_tokens(text) >= at_least


# Which model is opened


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
