"""The corrective retry: when a draft is weak, what is searched for instead, and which draft counts."""

import pytest

from ragqa.answer.draft import Draft, refusal
from ragqa.answer.retry import is_better, is_weak, reworded, wider_evidence
from tests.scripted_chat import ScriptedChat
from tests.test_answer import hit

QUESTION = "What do the authors of the paper report about the duration of hibernation?"


@pytest.mark.parametrize(
    ("draft", "weak"),
    [
        (refusal(0.0), True),
        (refusal(0.05), True),
        (Draft("So it is. And so. And so. [1]", 0.3, supported=0.4), True),
        (Draft("So it is. [1]", 0.4), False),
        (Draft("So it is. [1] And so.", 0.3, supported=0.5), False),
    ],
)
def test_a_refusal_is_weak_and_so_is_a_draft_of_which_most_has_no_support(draft: Draft, weak: bool) -> None:
    assert is_weak(draft) is weak


def test_the_surer_draft_counts_and_a_refusal_never_does() -> None:
    assert is_better(Draft("So.", 0.4), refusal(0.9))
    assert is_better(Draft("So.", 0.6), Draft("Hm.", 0.4))
    assert not is_better(Draft("So.", 0.4), Draft("Hm.", 0.4))
    assert not is_better(refusal(0.9), Draft("Hm.", 0.1))


def test_without_a_model_the_content_words_are_searched() -> None:
    assert reworded(QUESTION, None) == "duration hibernation"
    assert reworded("Why is it so?", None) == "Why is it so?"


def test_a_model_adds_its_keywords_to_the_questions_own() -> None:
    model = ScriptedChat("torpor length winter sleep\nAnd more.")
    assert reworded(QUESTION, model) == "duration hibernation torpor length winter sleep"
    assert QUESTION in model.told[-1].content
    assert reworded(QUESTION, ScriptedChat("", context_window=20)) == "duration hibernation"
    thought = ScriptedChat("Let me see.\n</think>\ntorpor length")
    assert reworded(QUESTION, thought) == "duration hibernation torpor length"


def test_the_second_search_adds_what_the_first_did_not_give_with_the_text_around_it() -> None:
    first = [hit("marmots"), hit("training")]
    new = hit("glue").model_copy(update={"before": "Before.", "after": "After."})
    evidence = wider_evidence(first, [*first, new], 3)
    assert evidence[:2] == first
    assert evidence[2].text == f"Before. {new.text} After."
    assert wider_evidence(first, first, 3) == []
