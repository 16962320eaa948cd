"""Conversations exported: nothing of a paper becomes markup, and BibTeX has what was cited."""

import json

import pytest

from ragqa.answer.retry import DID_NOT_HELP, HELPED
from ragqa.conversation import AnsweredQuestion, ConversationDetails
from ragqa.details import NearestPage, Verdict
from ragqa.exports import exported
from ragqa.types import Answer, Citation, Paper

MARMOTS = Paper(id="m", file_name="m.pdf", title="Marmots Asleep", authors=("Ada Lovelace",), year=1843)
NEVER_CITED = Paper(id="n", file_name="n.pdf", title="Never Cited")


def cite(number: int, paper_id: str, title: str, quote: str = "They sleep.") -> Citation:
    return Citation(
        id=f"a.{number}", number=number, paper_id=paper_id, file_name=f"{paper_id}.pdf", title=title, page=3,
        quote=quote, rects=(), score=1.0,
    )  # fmt: skip


def answered(question: str, text: str, *citations: Citation) -> AnsweredQuestion:
    answer = Answer(
        answer=text, kind="text", mode="generative", abstained=False, confidence=0.875, citations=citations,
        unsupported=("They fly.",), standalone_question="How long do marmots sleep?", model="ollama:llama3.2",
        conversation_id="c",
    )  # fmt: skip
    return AnsweredQuestion(asked_at="2026-01-02T03:04:05", question=question, answer=answer)


TALK = ConversationDetails(
    id="c", title="Marmots & <sleep>", created_at="2026-01-02T03:04:05", updated_at="2026-01-03", questions=2,
    answered=(
        answered("How long do they sleep?", "Two hundred days. [1]", cite(1, "m", "Marmots Asleep", "200 *days*")),
        answered("And owls?", "Less. [1]", cite(1, "o", "Owls: Gone"), cite(2, "m", "Marmots Asleep")),
    ),
)  # fmt: skip


def test_markdown_has_questions_answers_and_quotes_with_pages() -> None:
    text = exported(TALK, "markdown", [MARMOTS])
    assert text.startswith("# Marmots \\& \\<sleep\\>\n\nBegun 2026-01-02 with ragqa.\n\n## How long do they sleep?\n")
    assert "*Understood as: How long do marmots sleep?*" in text
    assert "1. Marmots Asleep, page 3: “200 \\*days\\*”" in text
    assert "Not supported by the papers: They fly." in text
    assert "*generative, ollama:llama3.2, confidence 0.88*" in text


REFUSED = AnsweredQuestion(
    asked_at="2026-01-03T00:00:00", question="How do they swim?",
    answer=Answer(
        answer="I could not find an answer in these papers.", kind="refusal", mode="extractive", abstained=True,
        confidence=0.02, citations=(cite(1, "n", "Never Cited"),), searched="2 papers of the collection “cells”",
        standalone_question="How do they swim?", model="extractive", conversation_id="c", retried=True,
        note="No language model is running.",
        nearest=(NearestPage(paper_id="m", file_name="m.pdf", title="Marmots [Asleep]", page=4, section="2 Burrows"),),
    ),
)  # fmt: skip


def with_refusal() -> ConversationDetails:
    """As an earlier version may have stored it: with what was cited before the answer was refused."""
    return TALK.model_copy(update={"answered": (*TALK.answered, REFUSED)})


def test_markdown_of_a_refusal_says_where_it_looked_and_that_it_looked_twice() -> None:
    text = exported(with_refusal(), "markdown", [MARMOTS]).partition("## How do they swim?")[2]
    assert "Searched 2 papers of the collection “cells”." in text
    assert "Nearest pages:\n\n- Marmots \\[Asleep\\], page 4 (2 Burrows)" in text
    assert "*Searched again, more widely.*\n\n*No language model is running.*" in text


def test_a_refusal_cites_nothing_in_any_form_even_if_it_was_stored_with_citations() -> None:
    assert "Never Cited" not in exported(with_refusal(), "markdown", [MARMOTS, NEVER_CITED])
    assert "Never" not in exported(with_refusal(), "bibtex", [MARMOTS, NEVER_CITED])
    whole = ConversationDetails.model_validate_json(exported(with_refusal(), "json", []))
    assert whole.answered[-1].answer.citations == ()
    assert whole.answered[:-1] == TALK.answered


def test_markdown_has_what_stands_beside_an_answer() -> None:
    verdict = Verdict(answer="yes", yes=0.7, no=0.2, maybe=0.1, supporting=(1,), opposing=(2, 3))
    said = TALK.answered[0].model_copy(
        update={"answer": TALK.answered[0].answer.model_copy(update={"verdict": verdict})}
    )
    text = exported(TALK.model_copy(update={"answered": (said,)}), "markdown", [])
    assert "Yes 70%, no 20%, maybe 10%; for: \\[1\\]; against: \\[2\\]\\[3\\]" in text


@pytest.mark.parametrize("note", [HELPED, DID_NOT_HELP])
def test_markdown_says_once_that_it_looked_twice(note: str) -> None:
    refused = REFUSED.answer.model_copy(update={"note": f"No language model is running. {note}"})
    asked = REFUSED.model_copy(update={"answer": refused})
    text = exported(TALK.model_copy(update={"answered": (asked,)}), "markdown", [])
    assert note in text
    assert "Searched again" not in text


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ("They sleep:\n- in snow\n- in burrows", "They sleep:\n\n- in snow\n- in burrows\n"),
        (
            "They sleep:\n- in snow\n- in burrows\nIn sum, they sleep.\nAll winter.",
            "They sleep:\n\n- in snow\n- in burrows\n\nIn sum, they sleep.\n\nAll winter.\n",
        ),
        (
            "1. In snow [1]\n2. In *burrows*\n\nThat is all.",
            "1. In snow \\[1\\]\n2. In \\*burrows\\*\n\nThat is all.\n",
        ),
        ("* in snow\n  * in burrows", "* in snow\n* in burrows\n"),
        ("-5 °C was measured.\n2019. That was late.", "-5 °C was measured.\n\n2019. That was late.\n"),
    ],
    ids=["after a line", "before a line", "numbered", "stars", "no list"],
)
def test_markdown_keeps_the_list_that_an_answer_gives_apart_from_the_rest(answer: str, shown: str) -> None:
    text = exported(with_refusal().model_copy(update={"answered": (answered("Where?", answer),)}), "markdown", [])
    assert f"\n\n{shown}" in text


def test_json_is_the_conversation_whole() -> None:
    assert ConversationDetails.model_validate(json.loads(exported(TALK, "json", []))) == TALK


def test_bibtex_has_each_paper_cited_once_even_one_that_is_gone() -> None:
    text = exported(TALK, "bibtex", [NEVER_CITED, MARMOTS])
    assert text.count("@misc{") == 2
    assert "@misc{lovelace1843marmots," in text
    assert "title = {Owls: Gone}" in text
    assert "Never" not in text
    assert text.index("Marmots") < text.index("Owls")
