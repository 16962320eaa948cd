"""Choices that a user gives: in their box, one a line, or listed behind or below the question."""

import pytest

from ragqa.errors import BadRequest
from ui.choices import listed, question_and_choices


@pytest.mark.parametrize(
    ("message", "choices"),
    [
        ("Which drug was given? A) aspirin B) ibuprofen C) none of these", ("aspirin", "ibuprofen", "none of these")),
        ("How long was it? (A) 1 day, (B) 2 days; (C) 3 days", ("1 day", "2 days", "3 days")),
        ("Where was it found:\na) liver\nb) kidney", ("liver", "kidney")),
        ("In which organ was it found:\na) liver\nb) kidney", ("liver", "kidney")),
        ("Which is it? A) BERT, or B) GPT", ("BERT", "GPT")),
        ("Which gate was it?\nA. the sum; or\nB. the logical or", ("the sum", "the logical or")),
        (
            "Which drug was given?\nA. aspirin\n\nB. a drug whose name\n   goes on",
            ("aspirin", "a drug whose name goes on"),
        ),
    ],
)
def test_choices_that_a_message_ends_with_are_recognised(message: str, choices: tuple[str, ...]) -> None:
    question, found = listed(message)
    assert found == choices
    assert message.startswith(question)
    assert "aspirin" not in question


@pytest.mark.parametrize(
    "message",
    [
        "What do (a) the authors and (b) the critics say?",
        "What do panels A) and B) of the figure show?",
        "Tell me:\n1. What was measured?\n2. Where was it measured?",
        "Compare these: (a) BERT and (b) GPT",
        "Summarize:\nA. the methods\nB. the results",
        "Explain the following:\na) the loss\nb) the optimizer",
        "Do the following:\na) compare the losses\nb) name the optimizer",
        "Give me an account of\na) the loss\nb) the optimizer",
        "Two things:\na) What was measured?\nb) Where was it measured?",
        "Which one?\nA) aspirin\nB) ibuprofen\n\nGive reasons.",
        "A) aspirin B) ibuprofen",
        "Which one? A) aspirin",
    ],
)
def test_other_lists_are_part_of_the_question(message: str) -> None:
    assert listed(message) == (message, ())


@pytest.mark.parametrize(
    ("box", "choices"),
    [
        ("aspirin\n\n  ibuprofen  \naspirin", ("aspirin", "ibuprofen")),
        ("A) aspirin\nB) ibuprofen", ("aspirin", "ibuprofen")),
        ("1. aspirin\n2. ibuprofen", ("aspirin", "ibuprofen")),
        ("- aspirin\n- ibuprofen", ("aspirin", "ibuprofen")),
        ("A. thaliana\nZ. mays", ("A. thaliana", "Z. mays")),
        ("  \n", ()),
    ],
)
def test_a_box_holds_a_choice_a_line(box: str, choices: tuple[str, ...]) -> None:
    assert question_and_choices("Which one? ", box) == ("Which one?", choices)


def test_the_box_goes_before_what_the_message_lists() -> None:
    message = "Which one? A) aspirin B) ibuprofen"
    assert question_and_choices(message, "yes\nno") == (message, ("yes", "no"))


@pytest.mark.parametrize(
    ("box", "said"),
    [
        ("aspirin\naspirin", "Only one choice was given."),
        ("\n".join(map(str, range(30))), "30 different choices were given."),
        ("a" * 1001 + "\nb", "longer than 1000 characters"),
    ],
)
def test_what_cannot_be_chosen_from_is_refused(box: str, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        question_and_choices("Which one?", box)
