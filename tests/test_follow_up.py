"""Follow-up questions: rewritten so that they stand alone, and left alone where they do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragqa.answer.prompts import prompt_tokens
from ragqa.answer.questions.follow_up import REWRITE_TOKENS, standalone_question
from ragqa.answer.questions.topics import LONGEST_TOPIC, topic
from ragqa.conversation import Turn
from tests.scripted_chat import ScriptedChat


def asked(question: str, standalone: str = "", answer: str = "Two hundred days.") -> Turn:
    return Turn(question=question, standalone_question=standalone or question, answer=answer)


MARMOTS = asked("How long do alpine marmots hibernate?")
BLEU = asked("What BLEU score does the base Transformer reach on English-German?")


@pytest.mark.parametrize("question", ["How long do they sleep?", "Why?", "what about BERT"])
def test_the_first_question_stands_alone(question: str) -> None:
    assert standalone_question(question, [], None) == question
    assert standalone_question(question, [], ScriptedChat("Something else?")) == question


# By rules


@pytest.mark.parametrize(
    ("last", "question", "standalone"),
    [
        (BLEU, "What about English-French?", BLEU.question.replace("German", "French")),
        (BLEU, "and English-French?", BLEU.question.replace("German", "French")),
        (BLEU, "And for the big model?", f"{BLEU.question[:-1]}, for the big model?"),
        (BLEU, "how about French", f"{BLEU.question[:-1]}, for French?"),
        (MARMOTS, "Why?", f"Why ({MARMOTS.question[:-1]})?"),
        (MARMOTS, "At which altitude?", f"At which altitude ({MARMOTS.question[:-1]})?"),
    ],
)
def test_what_is_left_unsaid_comes_from_the_last_question(last: Turn, question: str, standalone: str) -> None:
    assert standalone_question(question, [last], None) == standalone


@pytest.mark.parametrize(
    ("last", "question", "kept", "gained"),
    [
        (MARMOTS, "Where do they live?", ["Where do", "live?"], "alpine marmots"),
        (MARMOTS, "What is their body mass?", ["What is", "' body mass?"], "alpine marmots"),
        (BLEU, "How many layers does it have?", ["How many layers does", "have?"], "Transformer"),
        (BLEU, "How many layers does this model have?", ["How many layers does this model have"], "Transformer"),
    ],
)
def test_a_pronoun_gives_way_to_the_topic(last: Turn, question: str, kept: list[str], gained: str) -> None:
    standalone = standalone_question(question, [last], None)
    assert all(words in standalone for words in kept)
    assert gained in standalone


@pytest.mark.parametrize(
    "question",
    [
        "Which optimizer and learning rate schedule were used to train the Transformer?",
        "What adverse events were reported in the trial of XR-1729?",
        "And what did the reviewers say about reproducibility across laboratories?",
        "Who funded the ResNet study?",
    ],
)
def test_a_new_topic_is_kept_as_it_is(question: str) -> None:
    assert standalone_question(question, [MARMOTS], None) == question


BERT = asked("How does BERT-large perform on SQuAD?")
OPTIMIZER = asked("Which optimizer did the authors choose?")


@pytest.mark.parametrize(
    ("last", "question", "standalone"),
    [
        (MARMOTS, "Where do they live?", "Where do alpine marmots live?"),
        (MARMOTS, "What is their body mass?", "What is alpine marmots' body mass?"),
        (BLEU, "How large is it?", "How large is base Transformer?"),
        (BLEU, "And on English-French?", BLEU.question.replace("German", "French")),
        (BERT, "What about its accuracy on GLUE?", "What about BERT-large's accuracy on GLUE?"),
        (BERT, "What about RoBERTa?", "How does RoBERTa perform on SQuAD?"),
        (BERT, "How many GPUs did they use?", "How many GPUs did they use (BERT-large)?"),
        (OPTIMIZER, "Why did they choose it?", "Why did they choose optimizer?"),
        (OPTIMIZER, "Why?", "Why (Which optimizer did the authors choose)?"),
        (OPTIMIZER, "What is attention?", "What is attention?"),
        (MARMOTS, "What evidence shows that attention helps?", "What evidence shows that attention helps?"),
        (MARMOTS, "Is it true that dropout helps?", "Is it true that dropout helps?"),
        (BERT, "How do marmots feed their young?", "How do marmots feed their young?"),
    ],
)
def test_conversations_as_people_have_them(last: Turn, question: str, standalone: str) -> None:
    assert standalone_question(question, [last], None) == standalone


def test_a_long_conversation_does_not_grow() -> None:
    turns = [MARMOTS]
    for question in [
        "Where do they live?",
        "What do they eat?",
        "Why?",
        "At which altitude?",
        "And on islands?",
        "Why?",
    ]:
        turns.append(asked(question, standalone_question(question, turns, None)))
    assert turns[2].standalone_question == "What do alpine marmots eat?"
    assert turns[4].standalone_question == "At which altitude (What do alpine marmots eat)?"
    assert turns[5].standalone_question == "What do alpine marmots eat, on islands?"
    assert turns[6].standalone_question == "Why (What do alpine marmots eat)?"


@given(st.text(st.sampled_from("aB2 ?,'()-"), max_size=80))
def test_a_topic_is_short(question: str) -> None:
    assert len(topic(question).split()) <= LONGEST_TOPIC


def test_the_topic_goes_on_over_several_turns() -> None:
    second = standalone_question("Where do they live?", [MARMOTS], None)
    third = standalone_question("What do they eat?", [MARMOTS, asked("Where do they live?", second)], None)
    assert "alpine marmots" in third


@pytest.mark.parametrize(
    ("question", "about"),
    [
        ("How long do alpine marmots hibernate?", "alpine marmots"),
        ("What is the dropout rate of BERT-large?", "BERT-large"),
        ("How is the base Transformer trained?", "base Transformer"),
        (
            "Does a large multilingual sequence labelling encoder baseline model work?",
            "multilingual sequence labelling encoder baseline model",
        ),
        ("Describe it", ""),
        ("Can you please summarize it?", ""),
        ("Give me a short summary of it.", ""),
        ("Explain dropout", "dropout"),
        ("Discuss the training of marmots", "marmots"),
        ("Why?", ""),
        ("", ""),
    ],
)
def test_the_topic_of_a_question(question: str, about: str) -> None:
    assert topic(question) == about


@pytest.mark.parametrize("question", ["?", "???", "it", "what about", "and?", "(", "\\1", "they they they", "🧪"])
def test_no_question_is_too_odd_for_the_rules(question: str) -> None:
    for last in (MARMOTS, asked("?"), asked("it"), asked("\\g<0> (")):
        assert standalone_question(question, [last], None)


# By a language model


def test_a_models_rewriting_is_taken() -> None:
    model = ScriptedChat("Where do alpine marmots live?\n")
    assert standalone_question("Where do they live?", [MARMOTS], model) == "Where do alpine marmots live?"


def test_thinking_that_was_begun_by_the_template_is_no_rewriting() -> None:
    model = ScriptedChat("They are marmots.\n</think>\n\nWhere do alpine marmots live?")
    assert standalone_question("Where do they live?", [MARMOTS], model) == "Where do alpine marmots live?"


@pytest.mark.parametrize(
    "said",
    [
        "",
        "  \n",
        "They live in the Alps.",
        "They live in the Alps.\nWhere do they live?",
        "What they eat is grass.",
        f"Where do {'very ' * 100}alpine marmots live?",
    ],
)
def test_what_is_no_rewriting_gives_way_to_the_rules(said: str) -> None:
    standalone = standalone_question("Where do they live?", [MARMOTS], ScriptedChat(said))
    assert standalone == "Where do alpine marmots live?"


@pytest.mark.parametrize(
    "said",
    [
        "Rewritten question: Where do alpine marmots live?",
        "**Standalone question:** Where do alpine marmots live?",
        "Here is the rewritten question:\n\nWhere do alpine marmots live?",
        'Sure! Here\'s the standalone question: "Where do alpine marmots live?"',
        "Question:\nWhere do alpine marmots live?",
    ],
)
def test_a_label_is_no_part_of_the_question(said: str) -> None:
    standalone = standalone_question("Where do they live?", [asked("What is a marmot?")], ScriptedChat(said))
    assert standalone == "Where do alpine marmots live?"


@pytest.mark.parametrize("said", ["Explain dropout in BERT-large.", "What dropout does BERT-large use"])
def test_an_order_may_be_a_rewriting(said: str) -> None:
    assert standalone_question("Explain it.", [BERT], ScriptedChat(said)) == said


def test_a_rewriting_keeps_what_the_question_names() -> None:
    model = ScriptedChat("What is BERT-large's accuracy on SQuAD?")
    question = "What is its accuracy on GLUE?"
    assert standalone_question(question, [BERT], model) == "What is BERT-large's accuracy on GLUE?"


@pytest.mark.parametrize(
    "question",
    [
        "How does the Reformer mask its tokens?",
        "Which learning rates work best for deep residual networks?",
        "Summarize recent work on protein structure prediction.",
    ],
)
def test_a_model_is_not_asked_to_tie_a_new_topic_to_the_old_one(question: str) -> None:
    model = ScriptedChat("How does BERT-large perform on SQuAD?")
    assert standalone_question(question, [BERT], model) == question
    assert model.told == []


@pytest.mark.parametrize(
    "question", ["What was the accuracy on ImageNet?", "How does RoBERTa differ?", "Is RoBERTa any better at it?"]
)
def test_a_question_that_looks_back_is_for_the_model(question: str) -> None:
    model = ScriptedChat(f"{question[:-1]} from BERT-large?")
    assert standalone_question(question, [BERT], model) == f"{question[:-1]} from BERT-large?"


def test_the_model_is_shown_the_last_turns_and_told_rules_apart_from_them() -> None:
    model = ScriptedChat("Why is that?")
    turns = [asked(f"Question {n}?", answer=f"Answer {n}. " + "x" * 5000) for n in range(9)]
    standalone_question("Why?", turns, model)
    system, user = model.told
    assert (system.role, user.role) == ("system", "user")
    assert "Question 8?" in user.content
    assert "Question 4?" not in user.content
    assert "Question" not in system.content
    assert user.content.endswith("Last question: Why?")
    assert len(user.content) < 4000


@pytest.mark.parametrize("window", [240, 310, 500])
def test_the_oldest_turns_make_room_in_a_small_window(window: int) -> None:
    model = ScriptedChat("Why is that?", context_window=window)
    turns = [asked(f"Question {n}?", answer="word " * 60) for n in range(4)]
    assert standalone_question("Why?", turns, model) == "Why is that?"
    assert prompt_tokens(model.told, model) + REWRITE_TOKENS <= window
    shown = [n for n in range(4) if f"Question {n}?" in model.told[1].content]
    assert shown == list(range(4 - len(shown), 4)), "the last ones stay"
    assert len(shown) >= 1


def test_without_room_for_one_turn_the_rules_rewrite() -> None:
    model = ScriptedChat("Why is that?", context_window=100)
    assert standalone_question("Why?", [MARMOTS], model) == f"Why ({MARMOTS.question[:-1]})?"
    assert model.told == []
