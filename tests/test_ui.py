"""The chat's own logic: nothing from a paper becomes markup, and a conversation shows what the server said."""

import html
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragqa.details import NearestPage, ScoredChoice, ShortAnswer
from ragqa.errors import InputError, ModelUnavailable, NotPdf, RagqaError, ServerUnreachable
from ragqa.types import (
    Answer,
    AnswerDone,
    AnswerEvent,
    AnswerPiece,
    AnswerStarted,
    AskRequest,
    Citation,
    Job,
    Paper,
    PaperState,
    Uploaded,
)
from ui import chat, papers
from ui.answers import answer_html
from ui.chat import Conversation, Wanted
from ui.render import (
    draft_html,
    error_html,
    inert,
    page_html,
    papers_html,
    question_html,
    refused_html,
    stopped_html,
)

OUR_TAGS = {
    "a", "b", "blockquote", "br", "button", "details", "div", "figcaption", "figure", "h2", "h3", "img", "li",
    "mark", "meter", "ol", "p", "progress", "q", "span", "summary", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
OUR_ATTRIBUTES = {
    "alt", "aria-label", "class", "data-retry", "href", "max", "min", "rel", "role", "scope", "src", "target", "title",
    "type", "value",
}  # fmt: skip

HOSTILE = st.sampled_from(
    [
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '" onmouseover="alert(1)', "' autofocus '",
        "</div><iframe src=//evil.example>", "![pixel](http://evil.example/p.png)", "[click](javascript:alert(1))",
        "\n\n# heading\n\n- item\n\n```\ncode\n```", "$$\\href{javascript:alert(1)}{x}$$", "&lt;b&gt;", "[1]",
        "\x00\x1b[31m", "<!--", "<![CDATA[", "{{value}}", "${value}", "| a | b |\n|---|---|",
    ]
)  # fmt: skip
# Code points that are no characters are left out: Python's reader of entities drops them.
PLAIN = st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=12)
TEXT = st.lists(HOSTILE | PLAIN, max_size=6).map("".join)


class Seen(HTMLParser):
    """Collects the tags and attributes that a browser would see."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: dict[str, list[str]] = {}
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, []).append(value or "")

    def handle_comment(self, data: str) -> None:
        self.tags.append("comment")

    def handle_decl(self, decl: str) -> None:
        self.tags.append("declaration")


def assert_harmless(source: str) -> None:
    """One line, only our tags and attributes, links only to page images of this server."""
    seen = Seen(source)
    assert "\n" not in source
    assert set(seen.tags) <= OUR_TAGS
    assert set(seen.attributes) <= OUR_ATTRIBUTES
    assert all(href.startswith("api/v1/papers/") for href in seen.attributes.get("href", []))
    assert all(src.startswith("data:image/png;base64,") for src in seen.attributes.get("src", []))


def citation(**changed: object) -> Citation:
    return Citation.model_validate(
        {
            "id": "a1.1", "number": 1, "paper_id": "f" * 64, "file_name": "marmots.pdf", "title": "On Marmots",
            "page": 2, "quote": "Marmots sleep for 201 days.", "rects": (), "score": 0.9, **changed,
        }
    )  # fmt: skip


def answer(**changed: object) -> Answer:
    return Answer.model_validate(
        {
            "answer": "Marmots sleep for 201 days. [1]", "kind": "span", "mode": "extractive", "abstained": False,
            "confidence": 0.82, "citations": (citation(),), "standalone_question": "How long do marmots sleep?",
            "model": "extractive", "conversation_id": "c1", **changed,
        }
    )  # fmt: skip


def paper(state: PaperState, **changed: object) -> Paper:
    return Paper.model_validate({"id": "f" * 64, "file_name": "marmots.pdf", "state": state, **changed})


@given(TEXT)
def test_inert_text_reads_the_same_and_means_nothing_to_html_or_markdown(text: str) -> None:
    shown = inert(text)
    assert not set(shown) & set("<>\"'*_`[]$\\~|{}\n")
    assert html.unescape(shown).split() == "".join(" " if category(c) == "Cc" else c for c in text).split()


@given(TEXT, TEXT, TEXT, TEXT)
def test_no_word_of_a_paper_or_model_becomes_a_tag(title: str, quote: str, written: str, note: str) -> None:
    cited = citation(title=title, quote=quote, file_name=title, id=note, paper_id=quote)
    said = answer(
        answer=f"{quote} [1] {written}", citations=(cited,), unsupported=(written, note), note=note, model=note,
        mode="generative", standalone_question=written,
    )  # fmt: skip
    place = NearestPage(paper_id=quote, file_name=title, title=written, page=1, section=note)
    short = ShortAnswer(text=written, citation=1, probability=0.5, rects=(), row=note, column=title)
    chosen = ScoredChoice(text=note, probability=0.5)
    refused = {"abstained": True, "nearest": (place,), "choices": (chosen,)}
    failed = paper(PaperState.FAILED, title=title, reason=note, file_name=quote, id=written)
    for source in (
        answer_html(said, "How long?"),
        answer_html(said.model_copy(update=refused), "How long?"),
        answer_html(said.model_copy(update={"kind": "clarification", "candidates": (place,)}), "How long?"),
        answer_html(said.model_copy(update={"mode": "extractive", "short": (short, short)}), "How long?"),
        page_html(cited, b"\x89PNG"),
        page_html(place, b"\x89PNG"),
        papers_html([failed, paper(PaperState.READING, title=written)]),
        refused_html([(title, NotPdf(quote, hint=note))]),
        error_html(RagqaError(written, hint=note)),
        draft_html(written),
        stopped_html(written),
        question_html(written, (note, title)),
    ):
        assert_harmless(source)


def test_marks_become_links_to_the_page_image() -> None:
    shown = answer_html(answer(), "How long do marmots sleep?")
    assert 'href="api/v1/papers/' + "f" * 64 + '/pages/2.png?highlight=a1.1"' in shown
    assert "<q>Marmots sleep for 201 days.</q>" in shown
    assert "Understood as" not in shown
    assert "confidence 82&nbsp;%" in shown


def test_a_mark_that_the_paper_printed_itself_is_no_citation() -> None:
    words = "Others found 180 days [1]."
    shown = answer_html(answer(answer=f"{words} [1]", citations=(citation(quote=words),)), "How long?")
    assert "<q>Others found 180 days &#91;1&#93;.</q> <a " in shown
    assert answer_html(answer(answer="It was so [7].", citations=()), "Was it?").count("<a ") == 0


def test_unsupported_sentences_are_marked_and_counted() -> None:
    doubtful = "They dream of clover."
    said = answer(answer=f"They sleep long. [1] {doubtful}", unsupported=(doubtful,), mode="generative", model="m")
    shown = answer_html(said, "Do they dream?")
    assert f">{doubtful}</mark>" in shown
    assert "1 sentence is not supported" in shown
    assert "Written by a language model (m)" in shown


def test_a_refusal_looks_like_one_and_says_what_to_try() -> None:
    shown = answer_html(answer(answer="I could not find it.", abstained=True, citations=()), "What?")
    assert shown.startswith('<div class="ragqa refusal">')
    assert "Ask it another way" in shown


def test_papers_being_read_come_first_and_failures_say_why() -> None:
    shown = papers_html(
        [
            paper(PaperState.READY, title="Ready", pages=3),
            paper(PaperState.FAILED, title="Failed", reason="A password is needed."),
            paper(PaperState.READING, title="Read now"),
        ]
    )
    assert shown.index("Read now") < shown.index("Failed") < shown.index(">Ready<")
    assert "Reading: 2 of 3 done" in shown
    assert "A password is needed." in shown
    assert "Upload PDFs to begin" in papers_html([])


def test_a_paper_that_another_file_holds_too_says_so() -> None:
    first = paper(PaperState.READY)
    second = first.model_copy(update={"id": "b" * 64, "same_as": first.id})
    assert papers_html([first, second]).count(f"same paper as {first.file_name}") == 1
    gone = second.model_copy(update={"same_as": "c" * 64})
    assert "same paper as" not in papers_html([first, gone])


@dataclass
class SmallLibrary:
    """A library that answers from a script and remembers what it was asked."""

    events: list[AnswerEvent] = field(default_factory=list)
    error: RagqaError | None = None
    shelf: list[Paper] = field(default_factory=list)
    requests: list[AskRequest] = field(default_factory=list)
    closed: bool = False

    def ask(self, request: AskRequest) -> Iterator[AnswerEvent]:
        self.requests.append(request)
        try:
            yield from self.events
            if self.error:
                raise self.error
        finally:
            self.closed = True

    def page_image(self, paper_id: str, page: int, highlight: str) -> bytes:
        if self.error:
            raise self.error
        return b"\x89PNG"

    def papers(self, state: PaperState | None = None) -> list[Paper]:
        if self.error:
            raise self.error
        return self.shelf

    def upload(self, path: Path, collection: str) -> Uploaded:
        if not path.read_bytes().startswith(b"%PDF"):
            raise NotPdf(f"{path.name} is not a PDF.", hint="Print it as PDF.")
        added = paper(PaperState.QUEUED, file_name=path.name)
        self.shelf.append(added)
        return Uploaded(paper=added, job=Job.of(added), created=True)

    def retry(self, paper_id: str) -> Paper:
        raise InputError("No such paper.")


STARTED = AnswerStarted(standalone_question="How long?", mode="extractive", model="extractive")


def last_shown(conversation: Conversation) -> str:
    return conversation.messages()[-1]["content"]


def test_the_checked_answer_replaces_the_draft() -> None:
    library = SmallLibrary([STARTED, AnswerPiece(text="They sl"), AnswerDone(answer=answer())])
    grown = list(chat.ask(library, "How long?", Wanted(), Conversation()))
    assert [len(step.messages()) for step in grown] == [2, 2, 2]
    assert "Searching" in last_shown(grown[0])
    assert "They sl" in last_shown(grown[1])
    assert "They sl<" not in last_shown(grown[2])
    assert grown[2].latest == citation()


def test_a_follow_up_belongs_to_the_conversation_and_the_chosen_papers() -> None:
    library = SmallLibrary([STARTED, AnswerDone(answer=answer())])
    [*_, first] = chat.ask(library, "How long?", Wanted(), Conversation())
    [*_, second] = chat.ask(library, "Why?", Wanted("extractive", ("f" * 64,)), first)
    assert [request.conversation_id for request in library.requests] == [None, "c1"]
    assert [request.filter.paper_ids for request in library.requests] == [None, ("f" * 64,)]
    assert len(second.messages()) == 4


def test_the_same_note_is_shown_once_in_a_row() -> None:
    library = SmallLibrary([STARTED, AnswerDone(answer=answer(note="No language model."))])
    [*_, first] = chat.ask(library, "How long?", Wanted(), Conversation())
    [*_, second] = chat.ask(library, "Why?", Wanted(), first)
    assert "No language model." in last_shown(first)
    assert "No language model." not in last_shown(second)


def test_a_second_search_is_told_of_each_time() -> None:
    said = answer(abstained=True, citations=(), retried=True, note="A second, wider search did not help.")
    library = SmallLibrary([STARTED, AnswerDone(answer=said)])
    [*_, first] = chat.ask(library, "How long?", Wanted(), Conversation())
    [*_, second] = chat.ask(library, "Why?", Wanted(), first)
    assert "A second, wider search did not help." in last_shown(first)
    assert "A second, wider search did not help." in last_shown(second)


def test_an_error_is_shown_with_what_to_do_and_the_conversation_goes_on() -> None:
    error = ModelUnavailable("No model answers.", hint="Start one.")
    library = SmallLibrary([STARTED, AnswerPiece(text="They")], error)
    [*_, failed] = chat.ask(library, "How long?", Wanted("generative"), Conversation())
    assert 'role="alert"' in last_shown(failed)
    assert "No model answers." in last_shown(failed)
    assert "Start one." in last_shown(failed)
    assert len(failed.asked("Again?").messages()) == 4


def test_stopping_closes_the_request_and_keeps_what_was_written() -> None:
    library = SmallLibrary([STARTED, AnswerPiece(text="They sleep"), AnswerDone(answer=answer())])
    growing = chat.ask(library, "How long?", Wanted(), Conversation())
    next(growing)
    drafted = next(growing)
    growing.close()  # type: ignore[attr-defined]
    assert library.closed
    assert "They sleep" in last_shown(drafted.stopped())
    assert "Stopped" in last_shown(drafted.stopped())


def test_stopping_after_the_answer_changes_nothing() -> None:
    library = SmallLibrary([STARTED, AnswerDone(answer=answer())])
    [*_, done] = chat.ask(library, "How long?", Wanted(), Conversation())
    assert done.stopped() == done
    assert Conversation().stopped() == Conversation()


def test_a_page_that_cannot_be_drawn_says_why() -> None:
    assert "data:image/png;base64," in chat.show_page(SmallLibrary(), citation())
    assert "Gone." in chat.show_page(SmallLibrary(error=InputError("Gone.")), citation())
    assert "appears here" in chat.show_page(SmallLibrary(), None)


def test_only_ready_papers_can_be_chosen_and_others_are_looked_at_often() -> None:
    shelf = [paper(PaperState.READY, title="A" * 100), paper(PaperState.READING, id="e" * 64)]
    view = papers.view_papers(SmallLibrary(shelf=shelf))
    assert view.choices == (("A" * 47 + "…", "f" * 64, ""),)
    assert view.again_s == papers.BUSY_EVERY_S
    assert papers.still_there(["f" * 64, "e" * 64], view) == ["f" * 64]


def test_a_server_that_is_away_is_named_in_place_of_the_papers() -> None:
    view = papers.view_papers(SmallLibrary(error=ServerUnreachable("It does not answer.", hint="Start it.")))
    assert "It does not answer." in view.html


@pytest.mark.parametrize(
    ("shelf", "said"),
    [
        ([], "Upload PDFs first."),
        ([paper(PaperState.EMBEDDING)], "Wait until"),
        ([paper(PaperState.FAILED)], "Upload PDFs first."),
    ],
)
def test_a_library_without_ready_papers_says_what_to_do(shelf: list[Paper], said: str) -> None:
    reason = papers.nothing_to_ask(SmallLibrary(shelf=shelf))
    assert reason is not None
    assert said in reason.hint
    assert papers.nothing_to_ask(SmallLibrary(shelf=[paper(PaperState.READY)])) is None


def test_files_that_are_refused_are_named_and_no_copies_stay(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.pdf", tmp_path / "bad.pdf"
    good.write_bytes(b"%PDF-1.7")
    bad.write_bytes(b"hello")
    library = SmallLibrary()
    refused = papers.upload(library, [good, bad])
    assert [added.file_name for added in library.shelf] == ["good.pdf"]
    assert "bad.pdf is not a PDF. <span class='hint'>Print it as PDF.</span>" in refused
    assert list(tmp_path.iterdir()) == []


def test_a_retry_that_fails_says_so() -> None:
    assert "No such paper." in papers.retry(SmallLibrary(), "x")
