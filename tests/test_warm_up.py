"""Warming up: what the first question needs is used once before it, and nothing that goes wrong keeps a server down."""

import threading
import time
from collections.abc import Sequence

import pytest

from ragqa import warm_up
from ragqa.answer.written.support import WordSupport
from ragqa.chat import ChatModelSource
from ragqa.checkup import Trial
from ragqa.errors import ModelError, ModelUnavailable
from ragqa.protocols import Passage, Reading
from ragqa.types import SearchRequest, SearchResult
from ragqa.warm_up import WarmUp
from tests.fixed_reader import FixedReader
from tests.scripted_chat import ScriptedChat


class Used:
    """Searches nothing, judges nothing, reads what a FixedReader reads, and notes in which order; may take its time."""

    name = "test:used"

    def __init__(self, seconds: float = 0.0, broken: bool = False) -> None:
        self.used: list[str] = []
        self.loaded = threading.Event()
        self._seconds = seconds
        self._broken = broken

    def search(self, request: SearchRequest) -> SearchResult:
        if self._broken:
            raise ModelUnavailable("The embedder is gone.")
        self.used.append("search")
        return SearchResult(hits=(), timings_ms={})

    def relevance(self, question: str, passages: Sequence[Passage]) -> list[float]:
        self.used.append("relevance")
        return [0.0 for _ in passages]

    def read(self, question: str, passages: Sequence[Passage]) -> list[Reading]:
        time.sleep(self._seconds)
        self.used.append("read")
        self.loaded.set()
        return FixedReader([]).read(question, passages)

    def try_out(self) -> None:
        self.used.append("judge")


class Broken:
    """A judge that cannot be used until it is mended; counts how often it was tried."""

    def __init__(self) -> None:
        self.tried = 0
        self.is_mended = False

    def try_out(self) -> None:
        self.tried += 1
        if not self.is_mended:
            raise ModelUnavailable("'bert' is no judge.", hint="Set RAGQA_SUPPORT.")


def no_model() -> None:
    """What finds no language model."""


def no_trial() -> Trial:
    return Trial(WordSupport().try_out, when_asked=True)


def test_search_re_ranker_reader_and_judge_are_used_once_before_a_server_is_ready() -> None:
    parts = Used()
    WarmUp(ChatModelSource(no_model), parts, parts, parts, Trial(parts.try_out, when_asked=True)).begin()
    assert parts.used == ["search", "relevance", "read", "judge"]


def test_what_is_not_there_is_not_warmed_up() -> None:
    parts = Used()
    WarmUp(ChatModelSource(no_model), parts, None, None, no_trial()).begin()
    assert parts.used == ["search"]


def test_a_reader_that_loads_for_long_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm_up, "WAITED_S", 0.1)
    parts, started = Used(seconds=0.6), time.monotonic()
    WarmUp(ChatModelSource(no_model), parts, parts, parts, no_trial()).begin()
    assert time.monotonic() - started < 0.5
    assert parts.loaded.wait(2)


def test_what_cannot_be_loaded_is_told_when_it_is_asked_for_not_before() -> None:
    parts = Used(broken=True)
    WarmUp(ChatModelSource(no_model), parts, parts, parts, no_trial()).begin()
    assert parts.used == []


def test_the_language_model_is_greeted_and_then_given_its_rules_as_before_every_answer() -> None:
    model = ScriptedChat("Hello!")
    parts = Used()
    WarmUp(ChatModelSource(lambda: model), parts, parts, parts, no_trial()).begin()
    end = time.monotonic() + 2
    while len(model.told) < 2 and time.monotonic() < end:
        time.sleep(0.01)
    assert [message.role for message in model.told] == ["system", "user"]


@pytest.mark.parametrize("searches", [True, False])
def test_a_judge_that_cannot_be_used_is_a_problem_once_it_was_warmed_up(searches: bool) -> None:
    parts, judge = Used(broken=not searches), Broken()
    trial = Trial(judge.try_out, when_asked=False)
    assert (trial.problem(), judge.tried) == ("", 0)
    WarmUp(ChatModelSource(no_model), parts, parts, parts, trial).begin()
    assert trial.problem() == "'bert' is no judge. Set RAGQA_SUPPORT."


def test_whoever_asks_for_problems_first_has_the_judge_tried_until_it_works() -> None:
    judge = Broken()
    trial = Trial(judge.try_out, when_asked=True)
    assert "no judge" in trial.problem()
    with pytest.raises(ModelError):
        trial.run()
    judge.is_mended = True
    assert (trial.problem(), trial.problem(), judge.tried) == ("", "", 3)


def test_nobody_waits_for_a_judge_that_is_being_loaded() -> None:
    loading, done = threading.Event(), threading.Event()

    def load() -> None:
        loading.set()
        done.wait(5)

    trial = Trial(load, when_asked=True)
    thread = threading.Thread(target=trial.run)
    thread.start()
    assert loading.wait(5)
    assert trial.problem() == ""
    done.set()
    thread.join(5)
