"""A conversation as the chat shows it, and how a question changes it. Knows the API, not Gradio."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Protocol

from ragqa.errors import RagqaError
from ragqa.types import Answer, AnswerDone, AnswerEvent, AnswerMode, AnswerPiece, AskRequest, Citation, Filter
from ui.answers import answer_html
from ui.render import (
    draft_html,
    error_html,
    no_page_html,
    page_html,
    question_html,
    searching_html,
    stopped_html,
)

SHOW_EVERY_S = 0.1  # faster than this, drawing costs more than reading gains


class Asked(Protocol):
    """What the chat needs of the library."""

    def ask(self, request: AskRequest) -> Iterator[AnswerEvent]:
        """See ``Client``."""
        ...

    def page_image(self, paper_id: str, page: int, highlight: str) -> bytes:
        """See ``Client``."""
        ...


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question and what is shown below it; ``draft`` holds the words while they are being written."""

    question: str
    shown: str
    draft: str = ""
    pending: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """What one browser tab shows. ``id`` is the server's, None before the first answer."""

    id: str | None = None
    exchanges: tuple[Exchange, ...] = ()
    citations: dict[str, Citation] = field(default_factory=dict)
    latest: Citation | None = None
    note: str = ""

    def messages(self) -> list[dict[str, str]]:
        """The conversation in the shape that chat components take."""
        shown = []
        for exchange in self.exchanges:
            shown.append({"role": "user", "content": question_html(exchange.question)})
            shown.append({"role": "assistant", "content": exchange.shown})
        return shown

    def asked(self, question: str) -> "Conversation":
        """With a new question at the end."""
        exchange = Exchange(question, searching_html(), pending=True)
        return replace(self, exchanges=(*self.exchanges, exchange), latest=None)

    def drafted(self, draft: str) -> "Conversation":
        """With the words written so far."""
        return self._ended(Exchange(self.exchanges[-1].question, draft_html(draft), draft, pending=True))

    def answered(self, answer: Answer) -> "Conversation":
        """With the checked answer in place of the draft."""
        citations = {**self.citations, **{citation.id: citation for citation in answer.citations}}
        question = self.exchanges[-1].question
        # What was noted under the last answer need not be said again.
        shown = answer.model_copy(update={"note": "" if answer.note == self.note else answer.note})
        done = self._ended(Exchange(question, answer_html(shown, question)))
        latest = min(answer.citations, key=lambda citation: citation.number, default=None)
        return replace(done, id=answer.conversation_id, citations=citations, latest=latest, note=answer.note)

    def failed(self, error: RagqaError) -> "Conversation":
        """With the error where the answer would be."""
        return self._ended(Exchange(self.exchanges[-1].question, error_html(error)))

    def stopped(self) -> "Conversation":
        """With what was written so far, marked as unfinished."""
        if not self.exchanges or not self.exchanges[-1].pending:
            return self
        last = self.exchanges[-1]
        return self._ended(Exchange(last.question, stopped_html(last.draft)))

    def _ended(self, last: Exchange) -> "Conversation":
        return replace(self, exchanges=(*self.exchanges[:-1], last))


def ask(
    library: Asked, question: str, mode: AnswerMode, paper_ids: Sequence[str], before: Conversation
) -> Iterator[Conversation]:
    """The conversation as it grows; closing the iterator ends the request."""
    conversation = before.asked(question)
    yield conversation
    only = Filter(paper_ids=tuple(paper_ids) or None)
    request = AskRequest(question=question, mode=mode, conversation_id=before.id, filter=only)
    draft, shown_at = "", 0.0
    try:
        # A generator, whatever its type says: closing it hangs up.
        with closing(library.ask(request)) as events:  # type: ignore[type-var]
            for event in events:
                if isinstance(event, AnswerDone):
                    yield conversation.answered(event.answer)
                elif isinstance(event, AnswerPiece):
                    draft += event.text
                    if time.monotonic() - shown_at > SHOW_EVERY_S:
                        conversation, shown_at = conversation.drafted(draft), time.monotonic()
                        yield conversation
    except RagqaError as exc:
        yield conversation.failed(exc)


def show_page(library: Asked, citation: Citation | None) -> str:
    """The cited page, or why it cannot be shown."""
    if citation is None:
        return no_page_html()
    try:
        return page_html(citation, library.page_image(citation.paper_id, citation.page, citation.id))
    except RagqaError as exc:
        return error_html(exc)
