"""The list of earlier conversations: found by words, opened, renamed, deleted; nothing in it becomes markup."""

from html.parser import HTMLParser

import pytest

from ragqa.conversation import AnsweredQuestion, Conversation, ConversationDetails
from ragqa.errors import ConversationNotFound
from ragqa.types import Answer, Citation
from ui import conversations
from ui.conversations import MOST_LISTED, conversations_html

TAGS = {"div", "ul", "li", "button", "details", "summary", "a", "p", "mark"}
HOSTILE = "<img src=x onerror=alert(1)> \" onclick='x' [b](javascript:x)\n# x"


def listed(name: str = "c", title: str = "Marmots", excerpt: str = "", questions: int = 2) -> Conversation:
    return Conversation(
        id=name, title=title, created_at="2026-01-02T03:04", updated_at="2026-01-03T03:04", questions=questions,
        excerpt=excerpt,
    )  # fmt: skip


class Seen(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: dict[str, list[str]] = {}
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, []).append(value or "")


class Shelf:
    """One conversation; any other is unknown."""

    def __init__(self) -> None:
        cited = Citation(
            id="a.1", number=1, paper_id="p", file_name="p.pdf", title="", page=1, quote="201 days", rects=(), score=1.0
        )
        answer = Answer(
            answer="201 days [1]", kind="span", mode="extractive", abstained=False, confidence=1.0, citations=(cited,),
            standalone_question="How long?", model="extractive", conversation_id="c",
        )  # fmt: skip
        said = AnsweredQuestion(asked_at="", question="How long?", answer=answer)
        self.kept = ConversationDetails(**listed().model_dump(), answered=(said,))
        self.queries: list[str] = []

    def conversations(self, query: str = "") -> list[Conversation]:
        self.queries.append(query)
        return [listed()]

    def conversation(self, conversation_id: str) -> ConversationDetails:
        if conversation_id != "c":
            raise ConversationNotFound("It is gone.")
        return self.kept

    def rename_conversation(self, conversation_id: str, title: str) -> Conversation:
        return self.conversation(conversation_id)

    def delete_conversation(self, conversation_id: str) -> None:
        self.conversation(conversation_id)


def test_nothing_in_the_list_becomes_markup() -> None:
    source = conversations_html([listed(HOSTILE, HOSTILE, f"[{HOSTILE}]")], "", None)
    seen = Seen(source)
    assert seen.tags <= TAGS
    assert set(seen.attributes) <= {"class", "type", "data-act", "data-conversation", "data-title", "href", "download"}
    assert all(href.startswith("api/v1/conversations/") for href in seen.attributes["href"])
    assert "\n" not in source


def test_a_row_opens_exports_renames_and_deletes() -> None:
    source = conversations_html([listed(), listed("d")], "", "d")
    assert {"choose", "retitle", "remove"} == set(Seen(source).attributes["data-act"])
    for form in ("markdown", "json", "bibtex"):
        assert f'href="api/v1/conversations/c/export?format={form}" download' in source
    assert source.count('class="shown"') == 1
    assert "2 questions" in source


def test_words_found_are_marked_and_a_long_list_ends() -> None:
    assert "<mark>sleep</mark>" in conversations_html([listed(excerpt="They [sleep] long")], "sleep", None)
    assert "and 3 more" in conversations_html([listed(str(n)) for n in range(MOST_LISTED + 3)], "", None)


@pytest.mark.parametrize(("query", "said"), [("", "What you ask is kept here."), ("owl", "No conversation has these")])
def test_an_empty_list_says_why(query: str, said: str) -> None:
    assert said in conversations_html([], query, None)


def test_an_opened_conversation_shows_its_answers_and_goes_on() -> None:
    talk = conversations.opened(Shelf(), "c")
    assert talk.id == "c"
    assert "201 days" in talk.messages()[-1]["content"]
    assert talk.latest is not None
    assert talk.pages.keys() == {"api/v1/papers/p/pages/1.png?highlight=a.1"}


def test_what_goes_wrong_is_said() -> None:
    shelf = Shelf()
    assert conversations.rename(shelf, "c", "New") == conversations.delete(shelf, "c") == ""
    assert "It is gone." in conversations.rename(shelf, "x", "New")
    assert "It is gone." in conversations.delete(shelf, "x")
