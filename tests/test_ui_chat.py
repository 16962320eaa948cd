"""What a click or a setting of the chat asks for: choices, collections, papers that may be meant, nearest pages."""

import threading
import time
from collections.abc import Generator

import pytest

from ragqa.cancelling import question_under_way
from ragqa.client import Client
from ragqa.details import NearestPage, ScoredChoice
from ragqa.errors import ClientGone, InputError
from ragqa.types import AnswerDone, AnswerEvent, AnswerPiece, AskRequest, PaperState
from tests.server import free_port
from tests.test_ui import STARTED, SmallLibrary, answer, citation, last_shown, paper
from ui import chat, papers
from ui.chat import Conversation, Wanted

MARMOTS = NearestPage(paper_id="f" * 64, file_name="marmots.pdf", title="On “Marmots”", page=1)
OWLS = NearestPage(paper_id="e" * 64, file_name="owls.pdf", title="", page=4)
WHICH = answer(kind="clarification", answer="Which paper do you mean?", citations=(), candidates=(MARMOTS, OWLS))

AS_IT_IS = Wanted()


def asked(library: SmallLibrary, message: str, before: Conversation, wanted: Wanted = AS_IT_IS) -> Conversation:
    [*_, after] = chat.ask(library, message, wanted, before)
    return after


def test_choices_are_asked_shown_with_the_question_and_answered_with_their_chances() -> None:
    scored = (ScoredChoice(text="201 days", probability=0.9), ScoredChoice(text="180 days", probability=0.1))
    library = SmallLibrary([STARTED, AnswerDone(answer=answer(kind="choice", choices=scored))])
    talk = asked(library, "How long do they sleep?", Conversation(), Wanted(choices="201 days\n180 days"))
    assert library.requests[0].choices == ("201 days", "180 days")
    assert '<ol class="given" type="A"><li>201 days</li><li>180 days</li></ol>' in talk.messages()[0]["content"]
    assert "<td>90%</td>" in last_shown(talk)
    asked(library, "How long? A) 201 days B) 180 days", talk)
    assert library.requests[1].question == "How long?"
    assert library.requests[1].choices == ("201 days", "180 days")
    assert asked(library, "Why?", talk).exchanges[-1].choices == ()


def test_a_single_choice_is_refused_before_anything_is_asked() -> None:
    library = SmallLibrary()
    talk = asked(library, "How long?", Conversation(), Wanted(choices="201 days"))
    assert "Only one choice was given." in last_shown(talk)
    assert library.requests == []
    assert not talk.pending


def test_only_the_chosen_collection_is_asked() -> None:
    library = SmallLibrary([STARTED, AnswerDone(answer=answer())])
    asked(library, "How long?", Conversation(), Wanted(collection="alps"))
    asked(library, "How long?", Conversation())
    assert [request.collection for request in library.requests] == ["alps", None]


def test_papers_of_other_collections_cannot_be_chosen_beside_it() -> None:
    shelf = [
        paper(PaperState.READY, collection="alps"),
        paper(PaperState.READY, id="e" * 64, collection="Birds"),
        paper(PaperState.READY, id="d" * 64),
        paper(PaperState.FAILED, id="c" * 64, collection="broken"),
    ]
    view = papers.view_papers(SmallLibrary(shelf=shelf))
    assert view.collections == ["alps", "Birds"]
    assert [paper_id for _, paper_id in view.papers_of("alps")] == ["f" * 64]
    assert len(view.papers_of("")) == 3
    assert papers.still_there(["f" * 64, "e" * 64], view, "alps") == ["f" * 64]


def test_a_chosen_candidate_answers_the_question_back_with_its_title() -> None:
    talk = asked(SmallLibrary([STARTED, AnswerDone(answer=WHICH)]), "How long do they sleep?", Conversation())
    assert 'value="0.1"' in last_shown(talk)
    assert talk.meaning("0.0") == ("“On 'Marmots'”", "f" * 64)
    assert talk.meaning("0.1") == ("“owls.pdf”", "e" * 64)
    for unknown in ("0.2", "1.0", "", "x", "0.-1"):
        assert talk.meaning(unknown) is None


def test_a_candidate_of_an_earlier_question_asks_that_question_again() -> None:
    library = SmallLibrary([STARTED, AnswerDone(answer=WHICH)])
    talk = asked(library, "How long do they sleep?", Conversation())
    failed = talk.asked("Why?").failed(InputError("No."))
    assert failed.meaning("0.1") == ("“owls.pdf”", "e" * 64), "nothing was said since"
    library.events = [STARTED, AnswerDone(answer=answer())]
    assert asked(library, "Where do zebras graze?", talk).meaning("0.1") == ("How long do they sleep?", "e" * 64)


def test_a_nearest_page_can_be_opened_and_is_not_shown_as_cited() -> None:
    library = SmallLibrary([STARTED, AnswerDone(answer=answer(abstained=True, citations=(), nearest=(OWLS,)))])
    talk = asked(library, "Do owls sleep?", Conversation())
    page = talk.pages[f"api/v1/papers/{'e' * 64}/pages/4.png"]
    shown = chat.show_page(library, page)
    assert "owls.pdf, page 4" in shown
    assert "One of the nearest pages; no words of it are cited." in shown
    assert "highlighted" not in shown


def test_a_refusal_leaves_no_page_open_as_if_it_were_its_own() -> None:
    library = SmallLibrary([STARTED, AnswerDone(answer=answer())])
    talk = asked(library, "How long?", Conversation())
    assert talk.latest == citation()
    for cited in ((), (citation(),)):
        library.events = [STARTED, AnswerDone(answer=answer(abstained=True, citations=cited))]
        refused = asked(library, "Why?", talk)
        assert refused.latest is None
        assert "appears here" in chat.show_page(library, refused.latest)


class HeldLibrary(SmallLibrary):
    """Its model waits for its first word until the question is cancelled; ``deaf`` ones work on for a second."""

    deaf = False

    def ask(self, request: AskRequest) -> Generator[AnswerEvent]:
        ended = threading.Event()
        question_under_way().on_cancel(ended.set)
        try:
            if not self.deaf:
                assert ended.wait(30)
                raise ClientGone("Who asked has gone.")
            time.sleep(1)
            yield STARTED
        finally:
            self.closed = True


class PausingLibrary(SmallLibrary):
    """Its model writes two pieces at once and then thinks for longer than the chat waits before it looks up."""

    def ask(self, request: AskRequest) -> Generator[AnswerEvent]:
        yield from (STARTED, AnswerPiece(text="They sleep"), AnswerPiece(text=" for long."))
        time.sleep(0.7)
        yield AnswerDone(answer=answer())


def test_words_that_came_close_upon_others_are_shown_while_the_model_pauses() -> None:
    grown = list(chat.ask(PausingLibrary(), "How long?", AS_IT_IS, Conversation()))
    drafts = [step.exchanges[-1].draft for step in grown]
    assert drafts == ["", "They sleep", "They sleep for long.", ""]
    assert "They sleep for long." in last_shown(grown[2].stopped())


def test_half_a_character_of_a_broken_paste_is_left_out() -> None:
    library = SmallLibrary([STARTED, AnswerDone(answer=answer())])
    talk = asked(library, "How long\ud83d?", Conversation(), Wanted(choices="201 days\udc00\n180 days"))
    assert library.requests[0].question == "How long?"
    assert library.requests[0].choices == ("201 days", "180 days")
    assert not talk.pending


def test_choices_that_got_no_answer_are_known() -> None:
    choices = ("201 days", "180 days")
    talk = Conversation().asked("How long?", choices)
    assert talk.stopped().unanswered_choices == talk.failed(InputError("No.")).unanswered_choices == choices
    assert Conversation().unanswered_choices == talk.answered(answer()).unanswered_choices == ()


def threads_of_questions() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("question")]


def test_a_question_can_be_stopped_while_nothing_has_come_yet() -> None:
    library = HeldLibrary()
    growing = chat.ask(library, "How long?", AS_IT_IS, Conversation())
    first, second = next(growing), next(growing)
    assert first == second
    [thread] = threads_of_questions()
    growing.close()
    assert library.closed
    thread.join(2)
    assert threads_of_questions() == []


def test_work_that_cannot_be_ended_holds_up_nobody_and_is_closed_when_it_ends() -> None:
    library = HeldLibrary()
    library.deaf = True
    growing = chat.ask(library, "How long?", AS_IT_IS, Conversation())
    next(growing), next(growing)
    [thread] = threads_of_questions()
    started = time.monotonic()
    growing.close()
    assert time.monotonic() - started < 0.4
    assert not library.closed
    thread.join(2)
    assert library.closed
    assert threads_of_questions() == []


def test_a_defect_of_ours_is_not_swallowed_on_its_way_to_the_chat() -> None:
    class Broken(SmallLibrary):
        def ask(self, request: AskRequest) -> Generator[AnswerEvent]:
            yield STARTED
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asked(Broken(), "How long?", Conversation())


def test_a_server_that_cannot_be_reached_is_told_of_with_what_to_do() -> None:
    client = Client(f"http://127.0.0.1:{free_port()}")
    [*_, failed] = chat.ask(client, "How long?", AS_IT_IS, Conversation())
    client.close()
    assert "does not answer" in last_shown(failed)
    assert "ragqa serve" in last_shown(failed)
    assert not failed.pending
