"""The page's own events, called as the browser would have them called: what each changes of what is shown."""

import asyncio
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from ragqa.errors import ServerUnreachable
from ragqa.types import AnswerDone, PaperState
from tests.test_ui import STARTED, SmallLibrary, answer, paper
from tests.test_ui_conversations import Shelf
from ui.chat import Conversation
from ui.page import ChatPage

PENDING = Conversation(id="d").asked("Where do zebras graze?", ("in Kenya", "in Peru"))
SKIPPED = {"__type__": "update"}


class FullLibrary(SmallLibrary, Shelf):
    """Papers and one conversation, "c"."""

    def __init__(self) -> None:
        SmallLibrary.__init__(self, [STARTED, AnswerDone(answer=answer())], shelf=[paper(PaperState.READY)])
        Shelf.__init__(self)


@pytest.fixture(scope="module")
def page() -> ChatPage:
    """The page over a small library, without a server."""

    async def built() -> ChatPage:  # Gradio opens a loop of its own, and leaves it open, where none runs
        with gr.Blocks(analytics_enabled=False) as blocks:
            return ChatPage(FullLibrary(), blocks)  # type: ignore[arg-type]

    return asyncio.run(built())


def asking(page: ChatPage, question: str, talk: Conversation, choices: str | None = None) -> list[tuple[Any, ...]]:
    """What is shown one after the other: question, choices, messages, conversation, Ask, Stop."""
    said = {
        page.question: question, page.choices: choices, page.mode: "auto", page.collection: "", page.only: [],
        page.conversation: talk, page.seen: SimpleNamespace(choices=("a paper",)),
    }  # fmt: skip
    return list(page._on_ask(said))


def clicked(conversation: str) -> Any:
    return SimpleNamespace(conversation=conversation)


def test_what_is_left_cancels_the_answer_before_anything_else_is_shown(page: ChatPage) -> None:
    events = list(page._blocks.fns.values())
    answering = {each._id for each in events if getattr(each.fn, "__name__", "") in ("_on_ask", "_on_pick")}
    assert len(answering) == 2
    on_a_talk = ((page.stop, "click"), (page.new, "click"), (page.chatbot, "clear"))
    for component, name in (*on_a_talk, (page.kept, "choose"), (page.kept, "remove")):
        ours = [each for each in events if (component._id, name) in each.targets]
        cancels = [bool(answering & set(each.cancels)) for each in ours]
        works = [each.fn is not None and not each.cancels for each in ours]
        assert cancels.index(True) < works.index(True), f"{name} shows before it cancels"


def test_an_opened_conversation_takes_the_place_of_one_that_waits(page: ChatPage) -> None:
    trouble, messages, talk, ask, stop, _ = page._on_choose(PENDING, clicked("c"))
    assert (trouble, talk.id, talk.pending) == ("", "c", False)
    assert "201 days" in messages[-1]["content"]
    assert (ask["visible"], stop["visible"]) == (True, False)


def test_one_that_is_gone_leaves_the_question_stopped(page: ChatPage) -> None:
    trouble, messages, talk, ask, stop, _ = page._on_choose(PENDING, clicked("x"))
    assert "It is gone." in trouble
    assert "Stopped." in messages[-1]["content"]
    assert (talk.pending, ask["visible"], stop["visible"]) == (False, True, False)


def test_the_shown_conversation_goes_when_it_is_deleted_and_any_other_stays(page: ChatPage) -> None:
    shown = Conversation(id="c").asked("Where do zebras graze?")
    assert page._on_remove(shown, clicked("c"))[1:3] == ([], Conversation())
    assert page._on_remove(PENDING, clicked("c"))[2].exchanges[-1].question == "Where do zebras graze?"


def test_a_question_waits_for_the_one_before_it(page: ChatPage) -> None:
    assert asking(page, "How long?", PENDING) == [(SKIPPED,) * 6]


def test_both_boxes_are_emptied_once_when_they_are_asked(page: ChatPage) -> None:
    first, *later = asking(page, "How long?", Conversation(), "201 days\n180 days")
    assert first[:2] == ("", "")
    assert later
    assert all(step[:2] == (SKIPPED, SKIPPED) for step in later)
    assert first[3].exchanges[-1].choices == ("201 days", "180 days")


def test_choices_that_cannot_be_chosen_from_stay_to_be_mended(page: ChatPage) -> None:
    [only] = asking(page, "How long?", Conversation(), "201 days")
    assert only[:2] == ("", SKIPPED)


def test_choices_come_back_where_they_got_no_answer_unless_others_were_typed(page: ChatPage) -> None:
    failed = PENDING.failed(ServerUnreachable("It is away."))
    assert page._on_asked(failed, "")[1] == "in Kenya\nin Peru"
    assert page._on_asked(failed, "in Chad")[1] == SKIPPED
    assert page._on_asked(PENDING.answered(answer()), "in Chad")[1] == SKIPPED


def test_a_defect_leaves_the_page_ready_for_the_next_question(page: ChatPage) -> None:
    after = [each for each in page._blocks.fns.values() if each.trigger_only_on_failure]
    assert {each.fn.__name__ for each in after} == {"_on_stop"}
    assert len(after) == 2
    messages, talk, ask, stop, _ = page._on_stop(PENDING)
    assert "Stopped." in messages[-1]["content"]
    assert (talk.pending, ask["visible"], stop["visible"]) == (False, True, False)
    assert page._on_stop(Conversation(id="c"))[:2] == (SKIPPED, SKIPPED), "what was opened meanwhile stays"
