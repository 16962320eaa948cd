"""Long conversations: recapped by the model now and then, or by what they named, so that they fit its window."""

from ragqa.answer.prompts import prompt_tokens
from ragqa.answer.questions.follow_up import REWRITE_TOKENS, standalone_question
from ragqa.answer.questions.recap import MOST_NAMES, RECAP_EVERY, TURNS_SHOWN, extended, named
from ragqa.conversation import CitedPaper, Recap, Turn
from tests.scripted_chat import ScriptedChat


def talk(length: int) -> list[Turn]:
    """Each turn names an animal of its own."""
    return [
        Turn(question=question, standalone_question=question, answer="Here.")
        for question in (f"Where does Animal{n} sleep?" for n in range(length))
    ]


def test_a_short_talk_needs_no_recap() -> None:
    model = ScriptedChat("They spoke of animals.")
    assert extended(Recap(), talk(TURNS_SHOWN + RECAP_EVERY - 1), model) == Recap()
    assert model.told == []


def test_a_long_talk_is_recapped_now_and_then_on_top_of_what_is_known() -> None:
    model = ScriptedChat("They spoke\nof animals.")
    first = extended(Recap(), talk(8), model)
    assert first == Recap(text="They spoke of animals.", turns=4)
    assert extended(first, talk(11), ScriptedChat("Not asked.")) == first
    second = extended(first, talk(12), model)
    assert second.turns == 8
    said = model.told[-1].content
    assert "They spoke of animals." in said
    assert ("Animal3" in said, "Animal4" in said, "Animal8" in said) == (False, True, False)


def test_a_recap_that_does_not_fit_or_is_empty_names_what_was_said() -> None:
    assert "Animal3" in extended(Recap(), talk(8), ScriptedChat("Not asked.", context_window=50)).text
    assert "Animal3" in extended(Recap(), talk(8), ScriptedChat("  ")).text
    assert extended(Recap(), talk(8), ScriptedChat("Hm.</think>Of animals.")).text == "Of animals."


def test_names_are_few_and_the_latest_first() -> None:
    cited = Turn(
        question="Who?", standalone_question="Who?", answer="BERT did.", cited=(CitedPaper(paper_id="p", title="Owls"),)
    )
    names = named([*talk(40), cited]).split("; ")
    assert names[:2] == ["“Owls”", "BERT"]
    assert len(names) == MOST_NAMES
    assert "Animal39" in names


def test_the_model_rewrites_from_the_recap_and_the_turns_after_it() -> None:
    model = ScriptedChat("Where does Animal0 sleep?")
    standalone_question("And the first?", talk(10), model, Recap(text="They began with zebras.", turns=5))
    said = model.told[1].content
    assert "zebras" in said
    assert ("Animal4" in said, "Animal5" in said) == (False, True)


def test_without_a_recap_the_older_turns_are_there_by_name() -> None:
    model = ScriptedChat("Where does Animal0 sleep?")
    standalone_question("And the first?", talk(10), model)
    assert "Animal5" in model.told[1].content.partition("Question:")[0]


def test_a_small_window_does_without_the_recap_last() -> None:
    recap = Recap(text="zebra " * 100, turns=6)
    model = ScriptedChat("Why is that?", context_window=REWRITE_TOKENS + 120)
    assert standalone_question("Why?", talk(10), model, recap) == "Why is that?"
    assert prompt_tokens(model.told, model) <= 120
    assert "zebra" not in model.told[1].content
