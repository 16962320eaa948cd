"""From a question to its answer, as a list of steps. Follow ``Asker.ask`` from top to bottom."""

from collections.abc import Generator
from dataclasses import dataclass, replace

from ragqa.answer.citations import Citer, Pages
from ragqa.answer.draft import Draft, refusal
from ragqa.answer.evidence import choose_evidence
from ragqa.answer.extractive import answer_extractively
from ragqa.answer.follow_up import standalone_question
from ragqa.answer.generative import check, fit_evidence, write
from ragqa.answer.prompts import answer_messages, prompt_tokens
from ragqa.answer.scorer import SentenceScorer
from ragqa.chat import ChatModelSource
from ragqa.errors import ModelError
from ragqa.protocols import ChatModel
from ragqa.search.retrieve import Searcher, Timings, checked_question
from ragqa.store.history import History
from ragqa.types import (
    Answer,
    AnswerDone,
    AnswerEvent,
    AnswerPiece,
    AnswerStarted,
    AskRequest,
    Hit,
    SearchRequest,
    SearchResult,
    Turn,
)

HITS_READ = 20
EXTRACTIVE_MODEL = "extractive"

Drafting = Generator[AnswerEvent, None, tuple[Draft, ChatModel | None, str]]
"""Yields pieces; returns the draft, the model that wrote it (None: extractive), and a note for the reader."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read and written."""

    question_chars: int
    answer_tokens: int


class Asker:
    """Answers questions from the library."""

    def __init__(
        self,
        retriever: Searcher,
        scorer: SentenceScorer,
        pages: Pages,
        history: History,
        models: ChatModelSource,
        limits: Limits,
    ) -> None:
        self._retriever = retriever
        self._scorer = scorer
        self._pages = pages
        self._history = history
        self._models = models
        self._limits = limits

    def ask(self, request: AskRequest) -> Generator[AnswerEvent]:
        """One ``started``, any number of ``piece``, one ``done``. Input errors are raised before the first event."""
        timings = Timings()
        question = checked_question(request.question, self._limits.question_chars)
        turns = self._history.turns(request.conversation_id) if request.conversation_id else []
        model, note = self._model(request)
        with timings.stage("rewrite"):
            standalone, model, note = self._standalone(question, turns, model, request, note)
        with timings.stage("retrieve"):
            found = self._retrieve(standalone, request)
        evidence, note = choose_evidence(list(found.hits)), " ".join(filter(None, (note, found.note)))

        answering = _Answering(request, standalone, evidence, Citer(self._history.new_id(), self._pages))
        yield AnswerStarted(
            standalone_question=standalone, mode="generative" if model else "extractive", model=_name(model)
        )
        with timings.stage("answer"):
            draft, model, note = yield from self._draft(answering, model, note)

        answer = self._answer(answering, draft, model, note, timings)
        self._history.save(answering.answer_id, question, answer)
        yield AnswerDone(answer=answer)

    def _model(self, request: AskRequest) -> tuple[ChatModel | None, str]:
        model = self._models.wanted(request.mode)
        note = self._models.absence() if request.mode == "auto" and model is None else ""
        return model, note

    def _standalone(
        self, question: str, turns: list[Turn], model: ChatModel | None, request: AskRequest, note: str
    ) -> tuple[str, ChatModel | None, str]:
        try:
            return standalone_question(question, turns, model), model, note
        except ModelError as exc:
            if request.mode == "generative":
                raise
            return standalone_question(question, turns, None), None, _fell_back(exc)

    def _retrieve(self, standalone: str, request: AskRequest) -> SearchResult:
        # A rewritten question may be longer than a user's may be.
        search = SearchRequest(
            question=standalone[: self._limits.question_chars],
            k=HITS_READ,
            collection=request.collection,
            filter=request.filter,
        )
        return self._retriever.search(search)

    def _draft(self, answering: "_Answering", model: ChatModel | None, note: str) -> Drafting:
        if not answering.evidence:
            return refusal(0.0), model, note
        if model is not None:
            try:
                draft = yield from self._written(answering, model)
            except ModelError as exc:
                if answering.request.mode == "generative":
                    raise
                note = _fell_back(exc)
            else:
                return draft, model, note
        draft = answer_extractively(answering.standalone, answering.evidence, self._scorer, answering.citer)
        yield AnswerPiece(text=draft.text)
        return draft, None, note

    def _written(self, answering: "_Answering", model: ChatModel) -> Generator[AnswerEvent, None, Draft]:
        evidence = fit_evidence(answering.standalone, answering.evidence, model, self._limits.answer_tokens)
        if not evidence:
            raise _no_room(model)
        messages = answer_messages(answering.standalone, evidence)
        pieces = []
        for piece in write(messages, model, self._limits.answer_tokens):
            pieces.append(piece)
            yield AnswerPiece(text=piece)
        written = "".join(pieces)
        usage = {
            "evidence_chunks": len(evidence),
            "prompt_tokens": prompt_tokens(messages, model),
            "answer_tokens": model.count_tokens(written),
        }
        # What did not fit was never read by the model, but may still bear its words out.
        return replace(check(written, answering.evidence, self._scorer, answering.citer), usage=usage)

    def _answer(
        self, answering: "_Answering", draft: Draft, model: ChatModel | None, note: str, timings: Timings
    ) -> Answer:
        return Answer(
            answer=draft.text,
            kind="refusal" if draft.abstained else ("text" if model else "span"),
            mode="generative" if model else "extractive",
            abstained=draft.abstained,
            confidence=draft.confidence,
            citations=answering.citer.citations,
            unsupported=draft.unsupported,
            standalone_question=answering.standalone,
            model=_name(model),
            note=note,
            usage=draft.usage,
            conversation_id=answering.request.conversation_id or self._history.new_id(),
            timings_ms=dict(timings),
        )


@dataclass(frozen=True, slots=True)
class _Answering:
    """One question on its way to an answer."""

    request: AskRequest
    standalone: str
    evidence: list[Hit]
    citer: Citer

    @property
    def answer_id(self) -> str:
        return self.citer.answer_id


def _name(model: ChatModel | None) -> str:
    return model.name if model else EXTRACTIVE_MODEL


def _fell_back(exc: ModelError) -> str:
    return f"Answered extractively, since the language model failed: {exc}"


def _no_room(model: ChatModel) -> ModelError:
    return ModelError(
        f"The question leaves no room for evidence in the model's context window of {model.context_window} tokens.",
        hint="Ask a shorter question, or set RAGQA_CONTEXT_WINDOW higher if the model allows it.",
    )
