"""From a question to its answer, with a language model that has room, has none, or makes things up."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ragqa.answer.draft import NO_SUPPORT
from ragqa.answer.generative import Writer
from ragqa.answer.prompts import prompt_tokens
from ragqa.answer.retry import DID_NOT_HELP, HELPED, WIDER
from ragqa.answer.scorer import EmbeddingScorer
from ragqa.answer.support import WordSupport
from ragqa.ask import Asker, Limits, Means
from ragqa.chat import ChatModelSource
from ragqa.errors import ModelError
from ragqa.protocols import Embedder
from ragqa.search.retrieve import Retriever
from ragqa.store.catalogue import Catalogue
from ragqa.store.database import Database
from ragqa.store.history import History
from ragqa.types import Answer, AnswerDone, AnswerMode, AnswerStarted, AskRequest, Hit, SearchRequest, SearchResult
from tests.scripted_chat import ScriptedChat
from tests.tiny_library import add_paper

TEXTS = ["Alpine marmots hibernate for 201 days each winter.", "Snow depth explains most of the body mass."]
QUESTION = "How long do alpine marmots hibernate?"
TRUE = "Alpine marmots hibernate for 201 days [1]."
LIMITS, ANSWER_TOKENS = Limits(question_chars=4000), 64


class FindsAll(Retriever):
    """A Retriever that finds the same hits for every question; what is ``hidden`` only by a wide search."""

    def __init__(self, hits: Sequence[Hit]) -> None:
        self._all = tuple(hits)
        self.hidden: frozenset[str] = frozenset()

    def search(self, request: SearchRequest) -> SearchResult:
        hidden = self.hidden if request.k < WIDER else frozenset()
        return SearchResult(hits=tuple(hit for hit in self._all if hit.chunk_id not in hidden), timings_ms={})


class Library:
    """One paper, and the parts of a library that answer questions about it."""

    def __init__(self, database: Database, embedder: Embedder) -> None:
        self._catalogue, self._history, self._embedder = Catalogue(database), History(database), embedder
        paper_id = add_paper(self._catalogue, "marmots", TEXTS, embedder=embedder)
        self.retriever = FindsAll([
            Hit(
                chunk_id=str(page), paper_id=paper_id, file_name="marmots.pdf", title="On marmots", page=page,
                section="", text=text, score=1 / page, dense=0.5,
            )
            for page, text in enumerate(TEXTS, start=1)
        ])  # fmt: skip

    def ask(self, model: ScriptedChat | None, mode: AnswerMode = "auto") -> Answer:
        writer = Writer(WordSupport(), ANSWER_TOKENS)
        means = Means(EmbeddingScorer(self._embedder), None, ChatModelSource(lambda: model), writer)
        asker = Asker(self.retriever, means, self._catalogue, self._history, LIMITS)
        started, *_, done = asker.ask(AskRequest(question=QUESTION, mode=mode))
        assert isinstance(started, AnswerStarted)
        assert isinstance(done, AnswerDone)
        return done.answer


@pytest.fixture
def library(tmp_path: Path, embedder: Embedder) -> Iterator[Library]:
    database = Database(tmp_path / "catalogue.sqlite")
    yield Library(database, embedder)
    database.close()


def test_a_written_answer_says_what_it_used(library: Library) -> None:
    model = ScriptedChat(TRUE)
    answer = library.ask(model)
    assert (answer.mode, answer.kind, answer.unsupported) == ("generative", "text", ())
    assert [citation.page for citation in answer.citations] == [1]
    assert answer.usage == {
        "evidence_chunks": 2,
        "prompt_tokens": prompt_tokens(model.told, model),
        "answer_tokens": len(TRUE.split()),
    }


def test_a_quoted_answer_used_no_tokens(library: Library) -> None:
    answer = library.ask(None)
    assert (answer.mode, answer.usage) == ("extractive", {})
    assert answer.citations[0].quote == "Alpine marmots hibernate for 201 days each winter."


def test_an_answer_made_up_from_end_to_end_is_a_refusal_that_lists_it(library: Library) -> None:
    answer = library.ask(ScriptedChat("Alpine marmots hibernate for 365 days [1]."))
    assert (answer.answer, answer.kind, answer.abstained) == (NO_SUPPORT, "refusal", True)
    assert answer.unsupported == ("Alpine marmots hibernate for 365 days.",)
    assert (answer.citations, answer.confidence, answer.mode) == ((), 0.0, "generative")


def test_without_room_for_evidence_auto_quotes_and_says_why(library: Library) -> None:
    model = ScriptedChat(TRUE, context_window=100)
    answer = library.ask(model)
    assert (answer.mode, answer.model, answer.usage) == ("extractive", "extractive", {})
    assert "no room for evidence" in answer.note
    assert "RAGQA_CONTEXT_WINDOW" in answer.note
    assert answer.citations
    assert model.told == []


def test_without_room_for_evidence_generative_is_an_error(library: Library) -> None:
    with pytest.raises(ModelError, match="no room for evidence"):
        library.ask(ScriptedChat(TRUE, context_window=100), mode="generative")


@pytest.mark.parametrize("said", [None, "Penguins dive below the ice [1]."])
def test_what_only_a_wider_search_finds_is_answered_and_said(said: str | None, library: Library) -> None:
    library.retriever.hidden = frozenset({"1"})
    answer = library.ask(ScriptedChat(said, "marmot hibernation duration", TRUE) if said else None)
    assert (answer.abstained, answer.retried) == (False, True)
    assert [citation.page for citation in answer.citations] == [1]
    assert HELPED in answer.note


def test_a_wider_search_that_gives_no_better_answer_is_said_too(library: Library) -> None:
    library.retriever.hidden = frozenset({"1"})
    answer = library.ask(ScriptedChat("Penguins dive below the ice [1]."))
    assert (answer.abstained, answer.retried) == (True, True)
    assert DID_NOT_HELP in answer.note
