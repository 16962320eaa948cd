"""A conversation as the chat shows it, and how a question changes it. Knows the API, not Gradio."""

import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Protocol

from ragqa.details import NearestPage
from ragqa.errors import BadRequest, RagqaError
from ragqa.types import Answer, AnswerDone, AnswerEvent, AnswerMode, AnswerPiece, AskRequest, Citation, Filter
from ui.answers import answer_html, candidate_key
from ui.choices import question_and_choices
from ui.render import (
    draft_html,
    error_html,
    no_page_html,
    page_address,
    page_html,
    question_html,
    searching_html,
    stopped_html,
)
from ui.waiting import looking_up

SHOW_EVERY_S = 0.1  # faster than this, drawing costs more than reading gains
QUOTATION_MARKS = str.maketrans('“”"', "'''")


class Asked(Protocol):
    """What the chat needs of the library."""

    def ask(self, request: AskRequest) -> Generator[AnswerEvent]:
        """See ``Client``."""
        ...

    def page_image(self, paper_id: str, page: int, highlight: str) -> bytes:
        """See ``Client``."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a question is asked of and how, as the page is set; ``choices`` is the text of their box, one a line."""

    mode: AnswerMode = "auto"
    paper_ids: tuple[str, ...] = ()
    collection: str = ""
    choices: str = ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question and what is shown below it; ``draft`` holds the words while they are being written.

    ``answer`` is what the server said, None while or where it said nothing.
    """

    question: str
    shown: str
    draft: str = ""
    pending: bool = False
    choices: tuple[str, ...] = ()
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """What one browser tab shows. ``id`` is the server's, None before the first answer.

    ``pages`` are those that answers link to, by their address; ``latest`` is what the last answer cites first.
    """

    id: str | None = None
    exchanges: tuple[Exchange, ...] = ()
    pages: dict[str, Citation | NearestPage] = field(default_factory=dict)
    latest: Citation | None = None
    note: str = ""

    @property
    def pending(self) -> bool:
        """True while an answer is on its way."""
        return bool(self.exchanges) and self.exchanges[-1].pending

    @property
    def unanswered_choices(self) -> tuple[str, ...]:
        """Those of the last question if nothing was said to it."""
        last = self.exchanges[-1] if self.exchanges else None
        return last.choices if last and last.answer is None else ()

    def messages(self) -> list[dict[str, str]]:
        """The conversation in the shape that chat components take."""
        shown = []
        for exchange in self.exchanges:
            shown.append({"role": "user", "content": question_html(exchange.question, exchange.choices)})
            shown.append({"role": "assistant", "content": exchange.shown})
        return shown

    def asked(self, question: str, choices: tuple[str, ...] = ()) -> "Conversation":
        """With a new question at the end."""
        exchange = Exchange(question, searching_html(), pending=True, choices=choices)
        return replace(self, exchanges=(*self.exchanges, exchange), latest=None)

    def drafted(self, draft: str) -> "Conversation":
        """With the words written so far."""
        return self._ended(replace(self.exchanges[-1], shown=draft_html(draft), draft=draft))

    def answered(self, answer: Answer) -> "Conversation":
        """With the checked answer in place of the draft."""
        last = self.exchanges[-1]
        # What was noted under the last answer need not be said again, but a second search is always told of.
        is_known = answer.note == self.note and not answer.retried
        shown = answer.model_copy(update={"note": "" if is_known else answer.note})
        source = answer_html(shown, last.question, len(self.exchanges) - 1)
        done = self._ended(replace(last, shown=source, draft="", pending=False, answer=answer))
        linked: tuple[Citation | NearestPage, ...] = (*answer.citations, *answer.nearest)
        pages = {**self.pages, **{page_address(page): page for page in linked}}
        # A refusal rests on no page, whatever it was drafted from.
        cited = () if answer.abstained else answer.citations
        latest = min(cited, key=lambda citation: citation.number, default=None)
        return replace(done, id=answer.conversation_id, pages=pages, latest=latest, note=answer.note)

    def failed(self, error: RagqaError) -> "Conversation":
        """With the error where the answer would be."""
        return self._ended(replace(self.exchanges[-1], shown=error_html(error), draft="", pending=False))

    def stopped(self) -> "Conversation":
        """With what was written so far, marked as unfinished."""
        if not self.pending:
            return self
        last = self.exchanges[-1]
        return self._ended(replace(last, shown=stopped_html(last.draft), draft="", pending=False))

    def meaning(self, key: str) -> tuple[str, str] | None:
        """The message that says that a candidate is meant, and its paper's id; None if nothing of that key is shown."""
        for at, exchange in enumerate(self.exchanges):
            for number, paper in enumerate(exchange.answer.candidates if exchange.answer else ()):
                if key == candidate_key(at, number):
                    is_last = all(later.answer is None for later in self.exchanges[at + 1 :])
                    # Behind its question back a title is an answer; later it would be one to nothing.
                    return _titled(paper) if is_last else exchange.question, paper.paper_id
        return None

    def _ended(self, last: Exchange) -> "Conversation":
        return replace(self, exchanges=(*self.exchanges[:-1], last))


def _titled(paper: NearestPage) -> str:
    """The title as a message; its own quotation marks would end it early."""
    return f"“{(paper.title or paper.file_name).translate(QUOTATION_MARKS)}”"


def ask(library: Asked, message: str, wanted: Wanted, before: Conversation) -> Generator[Conversation]:
    """The conversation as it grows, or as it was while nothing comes; closing the generator ends the request."""
    # Half a character, as a broken paste leaves one, can be neither sent nor stored.
    message, box = (text.encode("utf-8", "ignore").decode() for text in (message, wanted.choices))
    try:
        question, choices = question_and_choices(message, box)
    except BadRequest as exc:
        yield before.asked(message).failed(exc)
        return
    conversation = before.asked(question, choices)
    yield conversation
    request = AskRequest(
        question=question,
        mode=wanted.mode,
        conversation_id=before.id,
        collection=wanted.collection or None,
        filter=Filter(paper_ids=wanted.paper_ids or None),
        choices=choices or None,
    )
    draft, shown_at = "", 0.0
    try:
        with closing(looking_up(library.ask(request))) as events:
            for event in events:
                if event is None:
                    conversation = conversation.drafted(draft) if draft else conversation
                    yield conversation  # Gradio can stop a question only where it gets something
                elif isinstance(event, AnswerDone):
                    yield conversation.answered(event.answer)
                elif isinstance(event, AnswerPiece):
                    draft += event.text
                    if time.monotonic() - shown_at > SHOW_EVERY_S:
                        conversation, shown_at = conversation.drafted(draft), time.monotonic()
                        yield conversation
    except RagqaError as exc:
        yield conversation.failed(exc)


def show_page(library: Asked, place: Citation | NearestPage | None) -> str:
    """The page, its cited words marked if it is cited, or why it cannot be shown."""
    if place is None:
        return no_page_html()
    highlight = place.id if isinstance(place, Citation) else ""
    try:
        return page_html(place, library.page_image(place.paper_id, place.page, highlight))
    except RagqaError as exc:
        return error_html(exc)
