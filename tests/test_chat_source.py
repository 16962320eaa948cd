"""The source of the language model: what keeps it away is kept and told, whatever it is."""

import time
from collections.abc import Iterator, Sequence

import pytest

from ragqa import chat
from ragqa.chat import ChatModelSource
from ragqa.errors import BadRequest, ModelNotFound, ModelUnavailable, RagqaError
from ragqa.protocols import ChatMessage, ChatModel
from tests.scripted_chat import ScriptedChat

PROBLEMS = [
    ModelNotFound("There is no file llama.gguf.", hint="Check RAGQA_LLM."),
    BadRequest("llm='openai:x' needs the address of its server.", hint="Set RAGQA_OPENAI_URL."),
]


class Finder:
    """Raises the problem until it is taken away; counts how often it was asked."""

    def __init__(self, problem: RagqaError | None) -> None:
        self.problem = problem
        self.asked = 0

    def __call__(self) -> ChatModel | None:
        self.asked += 1
        if self.problem:
            raise self.problem
        return None


@pytest.mark.parametrize("problem", PROBLEMS)
def test_what_keeps_the_model_away_stands_in_every_answer(problem: RagqaError) -> None:
    find = Finder(problem)
    source = ChatModelSource(find)
    for _ in range(3):
        assert source.wanted("auto") is None
        assert str(problem) in source.absence()
    assert source.problem() == str(problem)
    assert find.asked == 1


@pytest.mark.parametrize("problem", PROBLEMS)
def test_who_insists_on_a_model_gets_the_problem(problem: RagqaError) -> None:
    source = ChatModelSource(Finder(problem))
    for _ in range(2):
        with pytest.raises(type(problem)) as caught:
            source.wanted("generative")
        assert caught.value is problem


def test_no_model_is_no_problem_but_said() -> None:
    source = ChatModelSource(Finder(None))
    assert source.wanted("auto") is None
    assert source.absence().startswith("No language model is running")
    assert "ollama pull" in source.problem()
    with pytest.raises(ModelUnavailable):
        source.wanted("generative")


def test_a_problem_that_has_gone_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "LOOK_AGAIN_S", -1.0)
    find = Finder(PROBLEMS[0])
    source = ChatModelSource(find)
    assert source.problem() == str(PROBLEMS[0])
    find.problem = None
    source.wanted("auto")
    assert source.absence().startswith("No language model is running")


def test_an_extractive_answer_asks_for_no_model() -> None:
    find = Finder(PROBLEMS[0])
    assert ChatModelSource(find).wanted("extractive") is None
    assert find.asked == 0


class Stutters(ScriptedChat):
    """Begins with a piece that is empty, as some servers do; knows whether it was heard to the end."""

    heard = 0

    def stream(self, messages: Sequence[ChatMessage], max_tokens: int) -> Iterator[str]:
        yield from ("", "Hello")
        self.heard += 1


def test_an_empty_piece_does_not_end_a_greeting() -> None:
    model = Stutters("")
    ChatModelSource(lambda: model).warm_up()
    end = time.monotonic() + 2
    while model.heard < 2 and time.monotonic() < end:
        time.sleep(0.01)
    assert model.heard == 2
