"""Follow-up questions: rewritten so that they stand alone, and left alone where they do."""

from collections.abc import Iterator, Sequence

import pytest

from ragqa.answer.follow_up import standalone_question, topic
from ragqa.protocols import ChatMessage
from ragqa.types import Turn


class Rewriter:
    """A ChatModel that says what it was given to say, and keeps what it was told."""

    name = "test:rewriter"
    context_window = 4096

    def __init__(self, said: str) -> None:
        self._said = said
        self.told: list[ChatMessage] = []

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def stream(self, messages: Sequence[ChatMessage], max_tokens: int) -> Iterator[str]:
        self.told = list(messages)
        yield from self._said.partition(" ")

    def close(self) -> None:
        pass


def asked(question: str, standalone: str = "", answer: str = "Two hundred days.") -> Turn:
    return Turn(question=question, standalone_question=standalone or question, answer=answer)


MARMOTS = asked("How long do alpine marmots hibernate?")
BLEU = asked("What BLEU score does the base Transformer reach on English-German?")


@pytest.mark.parametrize("question", ["How long do they sleep?", "Why?", "what about BERT"])
def test_the_first_question_stands_alone(question: str) -> None:
    assert standalone_question(question, [], None) == question
    assert standalone_question(question, [], Rewriter("Something else?")) == question


# By rules


@pytest.mark.parametrize(
    ("last", "question", "standalone"),
    [
        (BLEU, "What about English-French?", f"{BLEU.question[:-1]}, for English-French?"),
        (BLEU, "and English-French?", f"{BLEU.question[:-1]}, for English-French?"),
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
        (MARMOTS, "What is their body mass?", ["What is", "'s body mass?"], "alpine marmots"),
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


def test_the_topic_goes_on_over_several_turns() -> None:
    second = standalone_question("Where do they live?", [MARMOTS], None)
    third = standalone_question("What do they eat?", [MARMOTS, asked("Where do they live?", second)], None)
    assert "alpine marmots" in third


@pytest.mark.parametrize(
    ("question", "about"),
    [
        ("How long do alpine marmots hibernate?", "alpine marmots"),
        ("What is the dropout rate of BERT-large?", "BERT-large"),
        ("Why?", ""),
        ("", ""),
    ],
)
def test_the_topic_of_a_question(question: str, about: str) -> None:
    assert topic(question).startswith(about)
    assert bool(topic(question)) == bool(about)


@pytest.mark.parametrize("question", ["?", "???", "it", "what about", "and?", "(", "\\1", "they they they", "🧪"])
def test_no_question_is_too_odd_for_the_rules(question: str) -> None:
    for last in (MARMOTS, asked("?"), asked("it"), asked("\\g<0> (")):
        assert standalone_question(question, [last], None)


# By a language model


def test_a_models_rewriting_is_taken() -> None:
    model = Rewriter("Where do alpine marmots live?\n")
    assert standalone_question("Where do they live?", [MARMOTS], model) == "Where do alpine marmots live?"


@pytest.mark.parametrize(
    "said",
    [
        "",
        "  \n",
        "They live in the Alps.",
        "They live in the Alps.\nWhere do they live?",
        f"Where do {'very ' * 100}alpine marmots live?",
    ],
)
def test_what_is_no_rewriting_leaves_the_question_as_it_was(said: str) -> None:
    assert standalone_question("Where do they live?", [MARMOTS], Rewriter(said)) == "Where do they live?"


def test_the_model_is_shown_the_last_turns_and_told_rules_apart_from_them() -> None:
    model = Rewriter("Why is that?")
    turns = [asked(f"Question {n}?", answer=f"Answer {n}. " + "x" * 5000) for n in range(9)]
    standalone_question("Why?", turns, model)
    system, user = model.told
    assert (system.role, user.role) == ("system", "user")
    assert "Question 8?" in user.content
    assert "Question 4?" not in user.content
    assert "Question" not in system.content
    assert user.content.endswith("Last question: Why?")
    assert len(user.content) < 4000
