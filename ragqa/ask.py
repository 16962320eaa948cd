"""From a question to its answer, as a list of steps. Follow ``Asker.ask`` from top to bottom."""

from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import cache
from typing import Protocol

from ragqa.answer.asking import Asking, Find, Shelf
from ragqa.answer.citations import Citer
from ragqa.answer.confidence import LEAST_CONFIDENCE, confidence_of
from ragqa.answer.draft import Draft, refusal
from ragqa.answer.evidence import choose_evidence
from ragqa.answer.kinds import registry
from ragqa.answer.prompts import answer_messages, instructed, prompt_tokens
from ragqa.answer.questions.cited import within
from ragqa.answer.questions.clarify import clarification
from ragqa.answer.questions.courtesies import without_courtesies
from ragqa.answer.questions.follow_up import standalone_question
from ragqa.answer.questions.recap import extended
from ragqa.answer.refusals import nearest_pages, searched
from ragqa.answer.retry import DID_NOT_HELP, HELPED, WIDER, is_better, is_weak, reworded, wider_evidence
from ragqa.answer.scorer import SentenceScorer
from ragqa.answer.spans import MOST_READ
from ragqa.answer.written.combine import (
    BESIDE_WORDS,
    OF_WHOLE_PAPERS,
    evidence_to_write_from,
    is_refusal_so_far,
    together,
    with_neighbours,
    without_words,
)
from ragqa.answer.written.generative import EVIDENCE_CUT, Writer
from ragqa.chat import ChatModelSource
from ragqa.conversation import CitedPaper, Recap, Turn
from ragqa.errors import ModelBusy, ModelError, PromptTooLong
from ragqa.protocols import ChatModel, PassageReader
from ragqa.search.retrieve import Searcher, Timings, checked_question
from ragqa.store.history import History
from ragqa.types import (
    Answer,
    AnswerDone,
    AnswerEvent,
    AnswerKind,
    AnswerPiece,
    AnswerStarted,
    AskRequest,
    Exchange,
    Filter,
    Hit,
    Paper,
    PaperState,
    SearchRequest,
    SearchResult,
)

HITS_READ = 20
EXTRACTIVE_MODEL = "extractive"
WIDENED_TO = 0.5  # of the context window: a CPU reads slowly, and small models lose the middle of a long text

Drafting = Generator[AnswerEvent, None, "_Drafted"]
"""Yields pieces of what a model writes; what is made without one is only shown once it is the answer."""

Redrafting = Generator[AnswerEvent, None, tuple["_Answering", "_Drafted"]]
"""The same with what the better draft was made from."""


class Papers(Shelf, Protocol):
    """What is known of papers: the catalogue."""

    def matching_papers(self, wanted: Filter, collection: str | None) -> frozenset[str] | None:
        """Ids of papers that pass; None if every paper does."""
        ...

    def papers_of(self, paper_ids: list[str]) -> list[Paper]:
        """Papers by id."""
        ...

    def papers(self, state: PaperState | None = None) -> list[Paper]:
        """All papers in a state."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read."""

    question_chars: int


@dataclass(frozen=True, slots=True)
class Means:
    """What answers: sentences are scored, passages are read, text is written."""

    scorer: SentenceScorer
    reader: PassageReader | None
    models: ChatModelSource
    writer: Writer


class Asker:
    """Answers questions from the library."""

    def __init__(self, retriever: Searcher, means: Means, papers: Papers, history: History, limits: Limits) -> None:
        self._retriever = retriever
        self._means = means
        self._papers = papers
        self._history = history
        self._limits = limits

    def ask(self, request: AskRequest) -> Generator[AnswerEvent]:
        """One ``started``, any number of ``piece``, one ``done``. Input errors are raised before the first event."""
        timings = Timings()
        question = checked_question(request.question, self._limits.question_chars)
        turns = self._turns(request)
        model, note = self._model(request)
        with timings.stage("rewrite"):
            standalone, model, note = self._standalone(question, turns, model, request, note)
        with timings.stage("retrieve"):
            found = self._retrieve(standalone, request.filter, request.collection, HITS_READ)
        note = " ".join(filter(None, (note, found.note)))

        answering = self._answering(request, standalone, found, is_follow_up=bool(without_courtesies(turns)))
        yield AnswerStarted(
            standalone_question=standalone, mode="generative" if model else "extractive", model=_name(model)
        )
        with timings.stage("answer"):
            drafted = yield from self._draft(answering, model, note)
        if answering.may_try_again and is_weak(drafted.draft):
            with timings.stage("retry"):
                answering, drafted = yield from self._again(answering, drafted)
        if not drafted.shown:
            yield AnswerPiece(text=drafted.draft.text)

        answer = self._answer(answering, drafted, timings)
        if request.keep:
            self._history.save(answering.answer_id, question, answer)
        yield AnswerDone(answer=answer)

    def _turns(self, request: AskRequest) -> list[Turn]:
        """What was said before, as the caller or the library remembers it."""
        if request.earlier:
            return [self._turn(exchange) for exchange in request.earlier]
        if not request.conversation_id:
            return []
        return list(within(self._history.turns(request.conversation_id), request.filter.paper_ids))

    def _turn(self, said: Exchange) -> Turn:
        known = {paper.id: paper.title or paper.file_name for paper in self._papers.papers_of(list(said.cited))}
        cited = tuple(CitedPaper(paper_id=each, title=known[each]) for each in said.cited if each in known)
        return Turn(question=said.question, standalone_question=said.question, answer=said.answer, cited=cited)

    def _model(self, request: AskRequest) -> tuple[ChatModel | None, str]:
        model = self._means.models.wanted(request.mode)
        note = self._means.models.absence() if request.mode == "auto" and model is None else ""
        return model, note

    def _standalone(
        self, question: str, turns: list[Turn], model: ChatModel | None, request: AskRequest, note: str
    ) -> tuple[str, ChatModel | None, str]:
        try:
            return standalone_question(question, turns, model, self._recap(request, turns, model)), model, note
        except ModelError as exc:
            if request.mode == "generative":
                raise
            return standalone_question(question, turns, None), None, _fell_back(exc)

    def _recap(self, request: AskRequest, turns: list[Turn], model: ChatModel | None) -> Recap:
        """What the model wrote of the oldest turns, kept with the conversation; empty without one."""
        if model is None or request.conversation_id is None or not turns:
            return Recap()
        known = self._history.recap(request.conversation_id)
        recap = extended(known, turns, model)
        if recap != known:
            self._history.keep_recap(request.conversation_id, recap)
        return recap

    def _retrieve(
        self, standalone: str, only: Filter, collection: str | None, k: int, rerank: bool = True
    ) -> SearchResult:
        # A rewritten question may be longer than a user's may be.
        question = standalone[: self._limits.question_chars]
        return self._retriever.search(
            SearchRequest(question=question, k=k, collection=collection, filter=only, rerank=rerank)
        )

    def _answering(self, request: AskRequest, standalone: str, found: SearchResult, is_follow_up: bool) -> "_Answering":
        """What is asked for, and everything to answer it with."""
        citer = Citer(self._history.new_id(), self._papers)
        scope = cache(lambda: self._scope(request))
        choices = request.choices or ()
        kind = registry.wanted_kind(standalone, choices, scope)
        asking = Asking(
            question=standalone,
            evidence=choose_evidence(list(found.hits), MOST_READ),
            citer=citer,
            scorer=self._means.scorer,
            reader=self._means.reader,
            shelf=self._papers,
            find=self._finder(request),
            scope=scope,
            choices=choices,
        )
        asked_back = clarification(standalone, kind, asking.evidence, is_follow_up, scope)
        return _Answering(request, kind, asking, asked_back, found.hits)

    def _scope(self, request: AskRequest) -> list[Paper]:
        """The papers that the question may be answered from."""
        ids = self._papers.matching_papers(request.filter, request.collection)
        return self._papers.papers(PaperState.READY) if ids is None else self._papers.papers_of(list(ids))

    def _finder(self, request: AskRequest) -> Find:
        """Further searches inside what the request allows: not re-ranked, as there may be many of them."""

        def find(question: str, only: Filter, k: int) -> list[Hit]:
            given = {name: value for name, value in only.model_dump().items() if value is not None}
            within = request.filter.model_copy(update=given)
            return list(self._retrieve(question, within, request.collection, k, rerank=False).hits)

        return find

    def _draft(self, answering: "_Answering", model: ChatModel | None, note: str) -> Drafting:
        if answering.asked_back is not None:
            return _Drafted(answering.asked_back, None, "")
        if not answering.hits:
            return _Drafted(refusal(0.0), model, note)
        if model is not None:
            try:
                return (yield from self._written(answering, model, note))
            except ModelError as exc:
                if answering.request.mode == "generative":
                    raise
                note = _fell_back(exc)
        return _Drafted(registry.answer(answering.kind, answering.asking), None, note)

    def _again(self, answering: "_Answering", first: "_Drafted") -> Redrafting:
        """Once more with what a wider search finds: the better of the two drafts, and a note that says so."""
        wider = self._wider(answering, first.model)
        if wider is None:
            return answering, first
        if first.shown:
            yield AnswerPiece(text="\n\n")
        retried = replace(answering, retried=True)
        try:
            second = yield from self._draft(wider, first.model, first.note)
        except ModelError as exc:  # what there is already is better than an error
            return retried, first.noted(f"There is no second answer: {exc}")
        if is_better(second.draft, first.draft):
            return wider, second.noted(HELPED)
        return retried, replace(first.noted(DID_NOT_HELP), shown=first.shown or second.shown)

    def _wider(self, answering: "_Answering", model: ChatModel | None) -> "_Answering | None":
        """The same question over the evidence of a second search; None if that finds nothing new."""
        request, asking = answering.request, answering.asking
        try:
            search = reworded(asking.question, model)
        except ModelError:  # the search can do without it
            search = reworded(asking.question, None)
        found = self._retrieve(search, request.filter, request.collection, WIDER)
        evidence = wider_evidence(asking.evidence, found.hits, MOST_READ)
        if not evidence:
            return None
        asking = replace(asking, evidence=evidence, citer=Citer(self._history.new_id(), self._papers))
        return replace(answering, asking=asking, retried=True)

    def _written(self, answering: "_Answering", model: ChatModel, note: str) -> Drafting:
        """In the model's words, where an answer is likely. A verdict, choices, a table or the parts of a summary are
        made without it; they stay, and answer alone where nothing bears the words out."""
        asking, kind = answering.asking, answering.kind
        made = registry.answer(kind, asking) if kind in OF_WHOLE_PAPERS else None
        if made is not None and made.kind == "clarification":
            return _Drafted(made, None, note)
        made = None if made is None or made.abstained else made
        kind = (made.kind if made else None) or kind  # a summary of several papers is a comparison
        sure = made.confidence if made else confidence_of(asking)
        if made is None and sure < LEAST_CONFIDENCE:
            return _Drafted(registry.answer(kind, asking) if kind in BESIDE_WORDS else refusal(sure), model, note)
        draft, text, shown = yield from _as_events(self._writing(kind, asking, model))
        if kind in BESIDE_WORDS:  # after the words: weighing sentences would keep the first of them waiting
            made = registry.answer(kind, asking)
            made = None if made.abstained else made
        if draft.abstained and made is not None:
            return _Drafted(without_words(made, draft, text), None, note, shown)
        return _Drafted(together(draft, made, sure), model, note, shown)

    def _writing(self, kind: AnswerKind, asking: Asking, model: ChatModel) -> Generator[str, None, Draft]:
        """What the model is asked to write from, and the form that its answer is to have."""
        question = instructed(asking.question, kind, asking.choices)
        evidence = evidence_to_write_from(kind, asking.citer.hits, asking.evidence)
        taken = prompt_tokens(answer_messages(question, evidence), model)
        wide = with_neighbours(evidence, model.count_tokens, int(WIDENED_TO * model.context_window) - taken)
        try:
            return (yield from self._means.writer.write(question, wide, model, asking.citer))
        except PromptTooLong:
            if wide == evidence:
                raise
        # The model reads less than it says, and not even half of the widened evidence.
        yield "\n\n"
        draft = yield from self._means.writer.write(question, evidence[: (len(evidence) + 1) // 2], model, asking.citer)
        return replace(draft, note=" ".join(filter(None, (draft.note, EVIDENCE_CUT))))

    def _answer(self, answering: "_Answering", drafted: "_Drafted", timings: Timings) -> Answer:
        draft, model = drafted.draft, drafted.model
        request, details = answering.request, draft.details
        if draft.abstained:
            details = details.model_copy(update={"nearest": nearest_pages(answering.hits)})
        return Answer(
            **dict(details),
            answer=draft.text,
            kind="refusal" if draft.abstained else draft.kind or ("text" if model else "span"),
            mode="generative" if model else "extractive",
            abstained=draft.abstained,
            confidence=draft.confidence,
            # What was cited before the refusal bears nothing out.
            citations=() if draft.abstained else answering.asking.citer.citations,
            searched=searched(request, answering.asking.scope()) if draft.abstained else "",
            unsupported=draft.unsupported,
            standalone_question=answering.asking.question,
            model=_name(model),
            retried=answering.retried,
            note=" ".join(filter(None, (drafted.note, draft.note))),
            usage=draft.usage,
            conversation_id=request.conversation_id or (self._history.new_id() if request.keep else ""),
            timings_ms=dict(timings),
        )


@dataclass(frozen=True, slots=True)
class _Answering:
    """One question on its way to an answer; ``asked_back`` is what to ask instead of answering.

    ``retried`` is true once a second search was made.
    """

    request: AskRequest
    kind: AnswerKind
    asking: Asking
    asked_back: Draft | None
    hits: tuple[Hit, ...]
    retried: bool = False

    @property
    def may_try_again(self) -> bool:
        """Tables and summaries search by themselves; a question asked back needs no evidence."""
        return self.asked_back is None and self.kind not in OF_WHOLE_PAPERS

    @property
    def answer_id(self) -> str:
        return self.asking.citer.answer_id


@dataclass(frozen=True, slots=True)
class _Drafted:
    """A draft, the model that wrote it (None: extractive), a note for the reader, and whether pieces were streamed."""

    draft: Draft
    model: ChatModel | None
    note: str
    shown: bool = False

    def noted(self, more: str) -> "_Drafted":
        """With one more sentence in the note."""
        return replace(self, note=f"{self.note} {more}".strip())


def _as_events(writing: Generator[str, None, Draft]) -> Generator[AnswerEvent, None, tuple[Draft, str, bool]]:
    """The pieces as events, but for the sentence of refusal, after which the search may be repeated.

    Returns the draft, the text as it was written, and whether any of it was shown; closing it closes the writing.
    """
    text, at = "", 0
    try:
        while True:
            text += next(writing)
            if at or not is_refusal_so_far(text):
                yield AnswerPiece(text=text[at:])
                at = len(text)
    except StopIteration as ended:
        draft: Draft = ended.value
        return draft, text, at > 0
    finally:
        writing.close()


def _name(model: ChatModel | None) -> str:
    return model.name if model else EXTRACTIVE_MODEL


def _fell_back(exc: ModelError) -> str:
    why = "is busy" if isinstance(exc, ModelBusy) else "failed"
    return f"Answered extractively, since the language model {why}: {exc}"
