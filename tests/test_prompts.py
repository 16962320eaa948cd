"""What a language model is told: a short form for each kind of answer, and every word of it in one file."""

from pathlib import Path

import pytest

import ragqa
from ragqa.answer.kinds.registry import KINDS
from ragqa.answer.prompts import FORMS, answer_messages, instructed
from ragqa.types import AnswerKind
from tests.test_answer import hit

LONGEST_FORM = 50  # words: a model of a billion parameters forgets the rest


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_answer_has_a_short_form_of_its_own(kind: AnswerKind) -> None:
    assert len(FORMS[kind].split()) <= LONGEST_FORM
    assert list(FORMS.values()).count(FORMS[kind]) == 1


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("yes_no", "Begin with the word Yes, No or Maybe"),
        ("list", "one item on each line"),
        ("comparison", "one line for each paper"),
        ("summary", "the aim, the methods, the results, the conclusion"),
        ("span", "one to three sentences"),
    ],
)
def test_the_form_stands_behind_the_question(kind: AnswerKind, told: str) -> None:
    content = answer_messages(instructed("Does snow matter?", kind), [hit("marmots")])[1].content
    question, form = content.splitlines()[-2:]
    assert question == "Question: Does snow matter?"
    assert told in form


def test_choices_stand_at_the_end_a_line_each() -> None:
    question, form, *lines = instructed("How long?", "choice", ("12 days", "201 days")).splitlines()
    assert (question, lines) == ("How long?", ["Choices:", "12 days", "201 days"])
    assert "word for word" in form


def test_every_word_that_is_said_to_a_model_stands_in_one_file() -> None:
    root = Path(ragqa.__file__).parent
    talking = {file.relative_to(root).as_posix() for file in root.rglob("*.py") if "ChatMessage(" in file.read_text()}
    assert {file for file in talking if not file.startswith("adapters/")} == {"answer/prompts.py"}
