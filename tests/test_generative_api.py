"""Written answers over HTTP: the real server, the real clients, and a small model server that notices hang-ups."""

import json
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from ragqa.client import Client
from tests import papers
from tests.ollama_server import OllamaServer
from tests.server import running_server
from tests.test_api import upload, wait_until_ended
from ui import chat
from ui.chat import Conversation, Wanted

QUESTION = "What was the mean duration and its standard deviation?"
TRUE = "The mean duration was 201 days with a standard deviation of 3.5 days [1]."
LOADED_WITHIN_S = 30
TOLD = {"RAGQA_SEED": "11", "RAGQA_TEMPERATURE": "0.5", "RAGQA_MAX_ANSWER_TOKENS": "300"}


@pytest.fixture(scope="module")
def model() -> Iterator[OllamaServer]:
    with OllamaServer() as server:
        yield server


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, model: OllamaServer) -> Iterator[httpx.Client]:
    with served(tmp_path_factory.mktemp("generative"), model) as client:
        yield client


@contextmanager
def served(folder: Path, model: OllamaServer) -> Iterator[httpx.Client]:
    """A client of a server that knows one paper about marmots."""
    settings = {"RAGQA_LLM": "ollama:llama3.2", "RAGQA_OLLAMA_URL": model.url, **TOLD}
    with running_server(folder / "data", **settings) as url, httpx.Client(base_url=url, timeout=120) as client:
        pdf = papers.write_one_column(folder / "marmots.pdf")
        assert upload(client, pdf.name, pdf.read_bytes()).status_code == 202
        wait_until_ended(client)
        yield client


@pytest.fixture(autouse=True)
def behaves(model: OllamaServer) -> None:
    """Each test begins with a model that tells the truth at once."""
    model.behaviour = type(model.behaviour)(answer=TRUE)
    model.reads_at_most = None
    model.log.client_left.clear()


def ask(api: httpx.Client, **body: Any) -> httpx.Response:
    return api.post("/api/v1/ask", json={"question": QUESTION, "mode": "generative", **body})


def complete(api: httpx.Client, *said: tuple[str, Any], **body: Any) -> httpx.Response:
    messages = [{"role": role, "content": content} for role, content in said or [("user", QUESTION)]]
    return api.post("/v1/chat/completions", json={"model": "ragqa", "messages": messages, **body})


def test_the_model_was_loaded_before_the_first_question(api: httpx.Client, model: OllamaServer) -> None:
    end = time.monotonic() + LOADED_WITHIN_S
    while not model.log.bodies("/api/chat") and time.monotonic() < end:
        time.sleep(0.1)
    greeted = [body["messages"][-1]["content"] for body in model.log.bodies("/api/chat")]
    assert greeted[:1] == ["Hello"]
    assert model.log.bodies("/api/chat")[0]["options"]["num_ctx"] == 8192, "or Ollama would load it a second time"


def test_what_the_variables_say_of_writing_reaches_the_model(api: httpx.Client, model: OllamaServer) -> None:
    assert ask(api).is_success
    told = model.log.bodies("/api/chat")[-1]["options"]
    assert (told["seed"], told["temperature"], told["num_predict"]) == (11, 0.5, 300)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/ask", {"question": QUESTION, "mode": "generative", "stream": True}),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": QUESTION}], "stream": True}),
    ],
)
def test_a_client_that_goes_ends_the_models_work(
    api: httpx.Client, model: OllamaServer, path: str, body: dict[str, Any]
) -> None:
    model.behaviour.answer, model.behaviour.token_delay = " ".join(["word"] * 400), 0.1
    before = model.log.tokens_sent
    with api.stream("POST", path, json=body) as response:
        lines = response.iter_lines()
        while model.log.tokens_sent == before:
            next(lines)
        sent = model.log.tokens_sent
    assert model.log.client_left.wait(5)
    assert model.log.tokens_sent - sent < 100


TALK = {"earlier": [{"question": QUESTION, "answer": TRUE}], "question": "And how deep was it there?"}
SAID = [
    {"role": "user", "content": QUESTION},
    {"role": "assistant", "content": TRUE},
    {"role": "user", "content": "And how deep was it there?"},
]


@pytest.mark.parametrize("held", ["header_delay", "first_delay"])
@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/ask", {"question": QUESTION, "mode": "generative"}),
        ("/api/v1/ask", {**TALK, "keep": False}),  # the model is at the rewriting
        ("/v1/chat/completions", {"messages": SAID[:1]}),
        ("/v1/chat/completions", {"messages": SAID}),
    ],
)
def test_a_client_that_goes_before_the_first_word_ends_the_models_work(
    api: httpx.Client, model: OllamaServer, path: str, body: dict[str, Any], stream: bool, held: str
) -> None:
    setattr(model.behaviour, held, 30.0)
    asked = len(model.log.bodies("/api/chat"))
    hasty = httpx.Client(base_url=api.base_url, timeout=httpx.Timeout(10, read=0.7))
    with hasty, pytest.raises(httpx.ReadTimeout):
        hasty.post(path, json={**body, "stream": stream})
    assert model.log.client_left.wait(2), "the model server is still at work"
    assert len(model.log.bodies("/api/chat")) == asked + 1, "nothing else is asked of the model then"


WRITTEN = Wanted(mode="generative")
FOLLOW_UP = "And how deep was it there?"


@pytest.fixture
def library(api: httpx.Client) -> Iterator[Client]:
    client = Client(str(api.base_url))
    yield client
    client.close()


def wait_until(condition: Callable[[], bool], within_s: float = 10.0) -> None:
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def close_as_gradio_does(growing: Generator[Conversation]) -> None:
    """Again and again while a thread is blocked in it, which makes it a ValueError."""

    def closed() -> bool:
        with suppress(ValueError):
            growing.close()
            return True
        return False

    wait_until(closed)


@pytest.mark.parametrize("held", ["header_delay", "first_delay"])
@pytest.mark.parametrize("question", [QUESTION, FOLLOW_UP])  # of a follow-up the model is at the rewriting
def test_stopping_the_chat_before_the_first_word_ends_the_models_work(
    library: Client, model: OllamaServer, question: str, held: str
) -> None:
    talk = Conversation()
    if question == FOLLOW_UP:
        [*_, talk] = chat.ask(library, QUESTION, WRITTEN, talk)
    setattr(model.behaviour, held, 30.0)
    asked = len(model.log.bodies("/api/chat"))
    growing = chat.ask(library, question, WRITTEN, talk)
    stopped = threading.Event()
    # Gradio asks for no more once it is to stop, but the thread that it has sent to ask comes back in its own time.
    showing = threading.Thread(target=lambda: next((step for step in growing if stopped.is_set()), None))
    showing.start()
    wait_until(lambda: len(model.log.bodies("/api/chat")) > asked)

    stopped.set()
    stopped_at = time.monotonic()
    close_as_gradio_does(growing)
    assert model.log.client_left.wait(2), "the model server is still at work"
    assert time.monotonic() - stopped_at < 2
    showing.join(2)
    assert not showing.is_alive()
    wait_until(lambda: not any(thread.name.startswith("question") for thread in threading.enumerate()), 2)
    assert len(model.log.bodies("/api/chat")) == asked + 1, "nothing else is asked of the model then"


def test_the_chat_shows_an_answer_while_it_is_written(library: Client, model: OllamaServer) -> None:
    model.behaviour.token_delay, model.behaviour.first_delay = 0.12, 1.2
    grown = list(chat.ask(library, QUESTION, WRITTEN, Conversation()))
    drafts = [step.exchanges[-1].draft for step in grown]
    assert grown[1] == grown[0], "nothing new is shown while nothing comes"
    assert len(set(drafts)) > 3
    assert drafts[-1] == ""
    assert "201 days" in grown[-1].messages()[-1]["content"]
    assert not grown[-1].pending


BUSY = (503, "maximum pending requests exceeded")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/ask", {"question": QUESTION, "mode": "generative"}),
        ("/api/v1/ask", {**TALK, "mode": "generative", "keep": False}),  # the model is at the rewriting
        ("/v1/chat/completions", {"messages": SAID[:1], "model": "ragqa-generative"}),
    ],
)
def test_a_busy_model_that_must_write_is_a_503_that_says_when_to_come_back(
    api: httpx.Client, model: OllamaServer, path: str, body: dict[str, Any], stream: bool
) -> None:
    model.behaviour.refuse = BUSY
    response = api.post(path, json={**body, "stream": stream})
    problem = response.json()
    assert (response.status_code, problem.get("error", problem)["code"]) == (503, "model_busy")
    assert int(response.headers["retry-after"]) > 0


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("path", "body"),
    [("/api/v1/ask", {"question": QUESTION}), ("/v1/chat/completions", {"messages": SAID[:1], "model": "ragqa"})],
)
def test_a_busy_model_is_done_without_where_it_need_not_write(
    api: httpx.Client, model: OllamaServer, path: str, body: dict[str, Any], stream: bool
) -> None:
    model.behaviour.refuse = BUSY
    response = api.post(path, json={**body, "stream": stream})
    assert response.status_code == 200
    assert "201 days" in response.text
    assert "since the language model is busy: ollama:llama3.2" in response.text


def test_an_answer_from_a_prompt_that_was_cut_is_written_again_from_less(tmp_path: Path, model: OllamaServer) -> None:
    # A server that has seen no prompt: what a window has held before, it is taken to have room for.
    model.reads_at_most = 280  # more than rules, question and half of the evidence have
    with served(tmp_path, model) as api:
        answer = ask(api).json()
    assert (answer["mode"], answer["abstained"]) == ("generative", False)
    assert "written again from less" in answer["note"]


def test_a_prompt_that_is_cut_however_short_ends_in_an_extractive_answer_that_says_so(
    tmp_path: Path, model: OllamaServer
) -> None:
    model.reads_at_most = 90
    with served(tmp_path, model) as api:
        answer = ask(api, mode="auto").json()
    assert answer["mode"] == "extractive"
    assert "read only 90 tokens of a prompt" in answer["note"]


def test_a_draft_without_support_is_refused_and_not_searched_for_where_there_is_no_more_to_find(
    api: httpx.Client, model: OllamaServer
) -> None:
    model.behaviour.answer = "Penguins swim below the antarctic ice [1]."
    answer = ask(api).json()
    assert answer["abstained"]
    # The paper is so short that the first search has found all of it; tests/test_retry.py has longer ones.
    assert not answer["retried"]


def test_the_library_is_listed_as_models(api: httpx.Client) -> None:
    listed = api.get("/v1/models").json()
    assert listed["object"] == "list"
    assert [entry["id"] for entry in listed["data"]] == ["ragqa", "ragqa-extractive", "ragqa-generative"]


def test_a_chat_client_gets_the_checked_answer_with_its_sources(api: httpx.Client) -> None:
    completion = complete(api).json()
    choice = completion["choices"][0]
    assert (completion["object"], choice["finish_reason"], choice["message"]["role"]) == (
        "chat.completion",
        "stop",
        "assistant",
    )
    assert "201 days" in choice["message"]["content"]
    assert "\n\nSources:\n[1] Alpine Marmots and the Length of Winter, page 2: “" in choice["message"]["content"]
    assert completion["usage"]["total_tokens"] > 0


def test_a_chat_client_may_stream_and_gets_the_same_text(api: httpx.Client) -> None:
    whole = complete(api).json()["choices"][0]["message"]["content"]
    messages = [{"role": "user", "content": QUESTION}]
    with api.stream("POST", "/v1/chat/completions", json={"messages": messages, "stream": True}) as response:
        lines = [line.removeprefix("data: ") for line in response.iter_lines() if line.startswith("data: ")]
    assert lines[-1] == "[DONE]"
    events = [json.loads(line) for line in lines[:-1]]
    assert "".join(event["choices"][0]["delta"].get("content", "") for event in events) == whole
    assert events[-1]["choices"][0]["finish_reason"] == "stop"


def test_the_messages_before_the_last_are_the_conversation(api: httpx.Client, model: OllamaServer) -> None:
    model.behaviour.answer = lambda messages: "How deep was the snow?" if "Last question" in str(messages) else TRUE
    parts = [{"type": "text", "text": "And how deep was it?"}, {"type": "image_url", "image_url": {"url": "x"}}]
    before = len(model.log.requests)
    assert complete(api, ("system", "Be brief."), ("user", QUESTION), ("assistant", TRUE), ("user", parts)).is_success
    told = str([request.body for request in model.log.requests[before:]])
    assert "Last question: And how deep was it?" in told
    assert "Be brief." not in told


def test_a_follow_up_may_point_at_a_paper_that_the_messages_cite(api: httpx.Client, model: OllamaServer) -> None:
    earlier = complete(api).json()["choices"][0]["message"]["content"]
    before = len(model.log.requests)
    complete(api, ("user", QUESTION), ("assistant", earlier), ("user", "How deep was the snow in the same paper?"))
    told = str([request.body for request in model.log.requests[before:]])
    assert "How deep was the snow in “Alpine Marmots and the Length of Winter”?" in told
    assert "Sources:" not in told


def test_completions_leave_no_conversation_behind(api: httpx.Client) -> None:
    earlier = ask(api, keep=False).json()
    assert earlier["conversation_id"] == ""
    assert api.post("/api/v1/ask", json={"question": "Why?", "conversation_id": "x"}).status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"model": "gpt-9", "messages": [{"role": "user", "content": "Why?"}]}, 404, "model_not_found"),
        ({"messages": [{"role": "assistant", "content": "So."}]}, 422, "bad_question"),
        ({"messages": []}, 422, "bad_question"),
        ({"messages": [{"role": "user", "content": "  "}]}, 422, "bad_question"),
    ],
)
def test_errors_have_the_shape_that_chat_clients_read(
    api: httpx.Client, body: dict[str, Any], status: int, code: str
) -> None:
    response = api.post("/v1/chat/completions", json=body)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (status, code)
    assert error["message"]


def test_what_a_model_writes_loads_nothing_in_a_chat_client(api: httpx.Client, model: OllamaServer) -> None:
    model.behaviour.answer = f"{TRUE} ![x](http://evil.example/?q=marmots) <img src=http://evil.example>"
    content = complete(api).json()["choices"][0]["message"]["content"]
    assert "![" not in content
    assert "](" not in content
    assert "<img" not in content
