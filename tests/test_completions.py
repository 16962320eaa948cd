"""What chat clients of OpenAI's protocol read of an answer, and what their messages tell of the conversation."""

from ragqa.api.completions import CompletionRequest, Said, asked, said
from ragqa.details import Cell, ComparedPaper, Comparison, Details, NearestPage, ScoredChoice, SummaryPart, Verdict
from ragqa.types import Answer, AskRequest, Citation, Paper

MARMOTS = Paper(id="m" * 64, file_name="m.pdf", title="Marmots, page 1: Asleep")
OWLS = Paper(id="o" * 64, file_name="owls <3>.pdf")
LINES = ["Choices:", "- 201 days: 80% [1]", "- 90 days: 20%"]


def cite(number: int, paper: Paper) -> Citation:
    return Citation(
        id=f"a.{number}", number=number, paper_id=paper.id, file_name=paper.file_name, title=paper.title, page=number,
        quote="They slept for 201 days.", rects=(), score=1.0,
    )  # fmt: skip


def answer(text: str, *citations: Citation, details: Details | None = None, **more: object) -> Answer:
    given = {
        "answer": text, "kind": "text", "mode": "generative", "abstained": False, "confidence": 0.9,
        "citations": citations, "standalone_question": "How long?", "model": "ollama:llama3.2", "conversation_id": "",
    }  # fmt: skip
    return Answer.model_validate({**dict(details or Details()), **given, **more})


def earlier(text: str, *library: Paper) -> AskRequest:
    """The next question of a client that was answered so."""
    request = CompletionRequest(
        messages=[
            Said(role="user", content="Do they sleep?"), Said(role="assistant", content=text),
            Said(role="user", content="What does the second paper say of depth?"),
        ]
    )  # fmt: skip
    return asked(request, lambda: library or (MARMOTS, OWLS))


def test_an_answer_has_its_sources_below() -> None:
    text = said(answer("They slept for 201 days. [1]", cite(1, MARMOTS)))
    assert text == (
        "They slept for 201 days. [1]\n\nSources:\n[1] Marmots, page 1: Asleep, page 1: “They slept for 201 days.”"
    )


def test_a_refusal_says_where_it_looked_and_cites_nothing() -> None:
    nearest = NearestPage(paper_id="m", file_name="m.pdf", title="Marmots", page=4, section="2 Burrows")
    refused = answer(
        "I could not find an answer in these papers.", cite(1, OWLS), details=Details(nearest=(nearest,)),
        abstained=True, kind="refusal", searched="2 papers", note="The search was repeated.",
    )  # fmt: skip
    text = said(refused)
    assert text == (
        "I could not find an answer in these papers.\n\nAbout this answer:\nSearched 2 papers.\n\nNearest pages:\n"
        "- Marmots, page 4 (2 Burrows)\n\nThe search was repeated."
    )
    before = earlier(text).earlier[0]
    assert (before.answer, before.cited) == ("I could not find an answer in these papers.", ())


def test_a_verdict_and_choices_can_be_read() -> None:
    verdict = Verdict(answer="yes", yes=0.7, no=0.2, maybe=0.1, supporting=(1,), opposing=(2,))
    choices = (
        ScoredChoice(text="201 days", probability=0.8, citations=(1,)), ScoredChoice(text="90 days", probability=0.2)
    )  # fmt: skip
    text = said(answer("Yes. [1]", details=Details(verdict=verdict, choices=choices)))
    assert text.split("\n\n") == [
        "Yes. [1]", "About this answer:\nYes 70%, no 20%, maybe 10%; for: [1]; against: [2]", "\n".join(LINES)
    ]  # fmt: skip


def test_what_stands_below_an_answer_is_no_part_of_the_conversation() -> None:
    verdict = Verdict(answer="yes", yes=0.7, no=0.2, maybe=0.1, supporting=(1,))
    told = answer("Yes. [1]", cite(1, MARMOTS), details=Details(verdict=verdict), note="The model answers slowly.")
    before = earlier(said(told)).earlier[0]
    assert (before.answer, before.cited) == ("Yes. [1]", (MARMOTS.id,))


def test_a_table_and_the_parts_of_a_summary_stand_below_a_models_words_and_once_without_a_model() -> None:
    row = ComparedPaper(paper_id="m", file_name="m.pdf", title="Marmots", cells=(Cell(text="201", citation=1), Cell()))
    details = Details(
        comparison=Comparison(aspects=("days", "depth"), papers=(row,)),
        summary=(SummaryPart(heading="Aim", text="To count days. [2]", citations=(2,)),),
    )
    written = said(answer("One slept long.", details=details))
    assert written.split("\n\n")[1:] == [
        "About this answer:\n- Marmots. days: 201 [1]; depth: not found", "- Aim: To count days. [2]"
    ]  # fmt: skip
    assert said(answer("Marmots: 201 [1]", details=details, mode="extractive")) == "Marmots: 201 [1]"


def test_which_papers_were_cited_is_read_from_the_sources_of_earlier_answers() -> None:
    text = said(answer("They did. [1] [2] [3]", cite(1, OWLS), cite(2, MARMOTS), cite(3, OWLS)))
    exchange = earlier(text).earlier[0]
    assert (exchange.question, exchange.answer) == ("Do they sleep?", "They did. [1] [2] [3]")
    assert exchange.cited == (OWLS.id, MARMOTS.id)
    assert earlier(text, MARMOTS).earlier[0].cited == (MARMOTS.id,)


def test_messages_of_another_model_cite_nothing_and_no_paper_is_looked_up() -> None:
    request = CompletionRequest(
        messages=[
            Said(role="user", content="Hello"), Said(role="assistant", content="Hello!"),
            Said(role="user", content="Do marmots sleep?"),
        ]
    )  # fmt: skip
    assert asked(request, lambda: 1 / 0).earlier[0].cited == ()  # type: ignore[arg-type, return-value]
