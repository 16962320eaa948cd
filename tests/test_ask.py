"""From a question to its answer, with a language model that has room, has none, or makes things up."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ragqa.answer.confidence import LEAST_CONFIDENCE
from ragqa.answer.draft import NO_SUPPORT, REFUSAL
from ragqa.answer.prompts import NOT_IN_PAPERS, prompt_tokens
from ragqa.answer.retry import DID_NOT_HELP, HELPED, WIDER
from ragqa.answer.scorer import EmbeddingScorer
from ragqa.answer.written.generative import EVIDENCE_CUT, Writer
from ragqa.answer.written.support import WordSupport
from ragqa.ask import Asker, Limits, Means
from ragqa.chat import ChatModelSource
from ragqa.errors import ModelError, PromptTooLong
from ragqa.protocols import ChatMessage, Embedder
from ragqa.search.retrieve import Retriever
from ragqa.store.catalogue import Catalogue
from ragqa.store.database import Database
from ragqa.store.history import History
from ragqa.types import (
    Answer,
    AnswerDone,
    AnswerMode,
    AnswerPiece,
    AnswerStarted,
    AskRequest,
    Hit,
    SearchRequest,
    SearchResult,
)
from tests.scripted_chat import ScriptedChat
from tests.tiny_library import add_paper

TEXTS = ["Alpine marmots hibernate for 201 days each winter.", "Snow depth explains most of the body mass."]
QUESTION = "How long do alpine marmots hibernate?"
ABOUT_SNOW = "How does snow depth relate to how long alpine marmots hibernate?"  # the second text says a part of it
TRUE = "Alpine marmots hibernate for 201 days [1]."
LIMITS, ANSWER_TOKENS = Limits(question_chars=4000), 64


class FindsAll(Retriever):
    """A Retriever that finds the same hits for every question; what is ``hidden`` only by a wide search."""

    def __init__(self, hits: Sequence[Hit]) -> None:
        self._all = tuple(hits)
        self.hidden: frozenset[str] = frozenset()

    def widen(self, after: str) -> None:
        """Let the first hit have text behind it."""
        first, *others = self._all
        self._all = (first.model_copy(update={"after": after}), *others)

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

    def ask(self, model: ScriptedChat | None, mode: AnswerMode = "auto", question: str = QUESTION) -> Answer:
        return self.streamed(model, mode, question)[1]

    def streamed(
        self, model: ScriptedChat | None, mode: AnswerMode = "auto", question: str = QUESTION
    ) -> tuple[str, Answer]:
        """What was shown before the answer was checked, and the answer."""
        writer = Writer(WordSupport(), ANSWER_TOKENS)
        means = Means(EmbeddingScorer(self._embedder), None, ChatModelSource(lambda: model), writer)
        asker = Asker(self.retriever, means, self._catalogue, self._history, LIMITS)
        started, *pieces, done = asker.ask(AskRequest(question=question, mode=mode))
        assert isinstance(started, AnswerStarted)
        assert isinstance(done, AnswerDone)
        return "".join(piece.text for piece in pieces if isinstance(piece, AnswerPiece)), done.answer


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
    model = ScriptedChat(said, "marmot hibernation duration", TRUE) if said else None
    answer = library.ask(model, question=ABOUT_SNOW if said else QUESTION)
    assert (answer.abstained, answer.retried) == (False, True)
    assert [citation.page for citation in answer.citations] == [1]
    assert HELPED in answer.note


def test_a_wider_search_that_gives_no_better_answer_is_said_too(library: Library) -> None:
    library.retriever.hidden = frozenset({"1"})
    answer = library.ask(ScriptedChat("Penguins dive below the ice [1]."), question=ABOUT_SNOW)
    assert (answer.abstained, answer.retried) == (True, True)
    assert DID_NOT_HELP in answer.note


ELSEWHERE = "Who won the football world cup in 1998?"


def test_nothing_is_written_where_the_evidence_is_of_something_else(library: Library) -> None:
    model = ScriptedChat("Snow depth explains most of the body mass [2].")
    answer = library.ask(model, question=ELSEWHERE)
    assert (answer.answer, answer.mode, answer.citations, answer.usage) == (REFUSAL, "generative", (), {})
    assert answer.confidence < LEAST_CONFIDENCE
    assert "<evidence>" not in "".join(message.content for message in model.told)


def test_confidence_means_the_same_whoever_puts_the_answer_into_words(library: Library) -> None:
    quoted = library.ask(None).confidence
    assert 0 < quoted < 1
    assert library.ask(ScriptedChat(TRUE)).confidence == quoted
    half = library.ask(ScriptedChat(f"{TRUE} Penguins dive below the ice [1]."))
    assert half.unsupported
    assert half.confidence == pytest.approx(quoted / 2, abs=0.001)
    assert not half.retried


@pytest.mark.parametrize("model", [None, ScriptedChat(NOT_IN_PAPERS, "marmot hibernation duration", TRUE)])
def test_a_refusal_is_not_shown_where_a_wider_search_finds_an_answer(
    model: ScriptedChat | None, library: Library
) -> None:
    library.retriever.hidden = frozenset({"1"})
    shown, answer = library.streamed(model, question=ABOUT_SNOW if model else QUESTION)
    assert (answer.abstained, answer.retried) == (False, True)
    assert shown.strip() == (TRUE if model else answer.answer)


def test_a_refusal_that_stays_is_shown_once(library: Library) -> None:
    library.retriever.hidden = frozenset({"1"})
    shown, answer = library.streamed(None, question=ELSEWHERE)
    assert (answer.abstained, answer.retried) == (True, True)
    assert shown == REFUSAL
    shown, answer = library.streamed(ScriptedChat(NOT_IN_PAPERS), question=ABOUT_SNOW)
    assert (shown, answer.answer, answer.mode) == (REFUSAL, REFUSAL, "generative")


class ReadsLess(ScriptedChat):
    """Says that it has a window which it has not: every prompt that is longer is cut, and that is noticed."""

    def __init__(self, said: str, reads: int) -> None:
        super().__init__(said)
        self._reads = reads

    def stream(self, messages: Sequence[ChatMessage], max_tokens: int) -> Iterator[str]:
        if sum(len(message.content.split()) for message in messages) > self._reads:
            raise PromptTooLong("The prompt was cut.", hint="Ask a shorter question.")
        return super().stream(messages, max_tokens)


def test_the_text_around_the_evidence_is_read_with_it_unless_the_model_reads_less(library: Library) -> None:
    around = "Tracking collars told when burrows were closed and opened. " * 20
    library.retriever.widen(around.strip())
    model = ScriptedChat(TRUE)
    assert not library.ask(model).note
    assert around.strip() in model.told[-1].content
    cut = ReadsLess(TRUE, reads=200)
    answer = library.ask(cut)
    assert (answer.mode, answer.abstained, answer.note) == ("generative", False, EVIDENCE_CUT)
    assert "Tracking collars" not in cut.told[-1].content
    with pytest.raises(PromptTooLong):
        library.ask(ReadsLess(TRUE, reads=20), mode="generative")
