"""What of a written draft is a claim, and what only announces, counts the lines below, or is polite."""

import pytest

from tests.test_drafts import checked

TRUE = "Marmots hibernate for 201 days [1]."
SHOWN = "Marmots hibernate for 201 days. [1]"


@pytest.mark.parametrize(
    "said",
    [
        "Three.", "There were three.", "The answer is three.", "There are ten methods.", "**Ten datasets**",
        "The method has no limitations.", "There are no main findings:", "Yes, no important limitations.",
    ],
)  # fmt: skip
def test_number_words_and_denials_are_claims(said: str) -> None:
    draft = checked(f"{said}\n{TRUE}")
    assert draft.text == f"{said} [unsupported]\n{SHOWN}"
    assert draft.unsupported == (said,)


def test_a_number_word_that_the_evidence_has_is_borne_out() -> None:
    assert checked("The answer is 201 [1].").text == "The answer is 201. [1]"


@pytest.mark.parametrize(
    "said",
    [
        "Sure!", "Certainly.", "Hope this helps!", "I hope this helps.", "Let me know if you need more.",
        "Here is the answer:", "Sure, here is what the evidence says:", "No, it does not.", "Answer: No.",
        "No – the answer is B.", "There are two main findings:", "### Two-stage training", "Not reported in the paper.",
    ],
)  # fmt: skip
def test_courtesies_verdicts_and_announcements_are_none(said: str) -> None:
    assert checked(f"{said}\n{TRUE}").text == f"{said}\n{SHOWN}"
    assert checked(f"{TRUE}\n{said}").text == f"{SHOWN}\n{said}"


def test_a_line_above_a_list_may_count_its_items() -> None:
    items = "- BERT [2]\n- GPT [3]"
    assert checked(f"Two models were compared:\n{items}").unsupported == ()
    assert checked(f"The following models were compared:\n{items}").unsupported == ()
    assert checked(f"The R2 and F1 of the following 2 models were compared:\n{items}").unsupported == ()
    assert checked(f"Three models were compared:\n{items}").unsupported == ("Three models were compared:",)
    assert checked(f"These were not compared:\n{items}").unsupported[0] == "These were not compared:"
    assert checked(f"Two models were compared:\n{TRUE}").unsupported == ("Two models were compared:",)


def test_what_is_left_open_is_neither_true_nor_false() -> None:
    table = (
        "| Model | F1 | Speed |\n|---|---|---|\n| BERT | 71.3 | not reported |\n| GPT | – | 68.2 |\n| T5 | n/a | – |"
    )
    draft = checked(table)
    assert (draft.unsupported, draft.confidence) == ((), 1.0)
    assert draft.text.endswith("| BERT | 71.3 | not reported [1] |\n| GPT | – | 68.2 [2] |\n| T5 | n/a | – |")
    assert checked(table.replace("71.3", "72.4")).unsupported == ("BERT | 72.4 | not reported",)
    assert checked("- BERT: F1 of 71.3 [2]\n- T5: not reported").text == "- BERT: F1 of 71.3 [1]\n- T5: not reported"


@pytest.mark.parametrize(
    ("sources", "shown"),
    [
        ("Sources: [1], [2]", ""),
        ("**References:** [1][2]", ""),
        ("Sources: A study of bert, page 1 [2]; bert [1]", "Sources: A study of bert, page 1; bert [unsupported]"),
        ("Sources: A study of bert, page 1 [2]; A study of gpt", "Sources: A study of bert, page 1; A study of gpt"),
        ("Sources:\n- [1] A study of marmots\n- [2]", "Sources:\n- A study of marmots"),
        ("Sources: penguins fly [1]", "Sources: penguins fly [unsupported]"),
    ],
)  # fmt: skip
def test_a_list_of_sources_claims_nothing(sources: str, shown: str) -> None:
    assert checked(f"{TRUE}\n\n{sources}").text == f"{SHOWN}\n\n{shown}".strip()
