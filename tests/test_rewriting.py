"""Rules for follow-ups: papers that were cited, what a yes takes up, topics that change, and questions left alone."""

import json
import random
from pathlib import Path

import pytest

from ragqa.answer.questions.cited import point_at_cited, within
from ragqa.answer.questions.clarify import AT_YOUR_SERVICE, clarification
from ragqa.answer.questions.courtesies import is_courtesy
from ragqa.answer.questions.follow_up import standalone_question
from ragqa.answer.questions.question_kind import kind_of
from ragqa.answer.questions.rewriting import rewrite_by_rules
from ragqa.answer.questions.substitution import in_its_place
from ragqa.conversation import CitedPaper, Turn
from tests.scripted_chat import ScriptedChat

E2E = Path(__file__).resolve().parents[2] / "shared" / "data" / "e2e" / "questions.jsonl"
OPEN_SETS = ("litqa2", "aragog", "m3sciqa")
"""Sets whose questions name what they ask about; those of the others are asked of one paper that was chosen."""

UNCHANGED = 0.98

BATS = CitedPaper(paper_id="bats", title="Bats in Winter")
OWLS = CitedPaper(paper_id="owls", title="Owls: A Survey")


def said(question: str, *cited: CitedPaper, answer: str = "Two hundred days.", asked_back: bool = False) -> Turn:
    return Turn(question=question, standalone_question=question, answer=answer, cited=cited, asked_back=asked_back)


SLEEP = said("How long do bats sleep?", BATS)
BOTH = said("Which animals hunt at night?", BATS, OWLS)


@pytest.mark.parametrize(
    ("question", "standalone"),
    [
        ("And what does the second one say about hearing?", "And what does “Owls: A Survey” say about hearing?"),
        ("What does the first paper measure?", "What does “Bats in Winter” measure?"),
        ("How large is the sample of the latter?", "How large is the sample of “Owls: A Survey”?"),
        ("What else does the same paper report?", "What else does “Bats in Winter” report?"),
        ("Does the last one agree?", "Does “Owls: A Survey” agree?"),
    ],
)
def test_a_follow_up_may_count_the_papers_cited(question: str, standalone: str) -> None:
    assert rewrite_by_rules(question, [BOTH]) == standalone


@pytest.mark.parametrize(
    ("question", "standalone"),
    [
        ("Where was this paper published?", "Where was “Bats in Winter” published?"),
        ("Who funded the study?", "Who funded “Bats in Winter”?"),
        ("What else did those authors find?", "What else did the authors of “Bats in Winter” find?"),
    ],
)
def test_the_paper_is_the_only_one_cited(question: str, standalone: str) -> None:
    assert rewrite_by_rules(question, [SLEEP]) == standalone


@pytest.mark.parametrize(
    "question",
    [
        "What happened in the second experiment?",
        "What does the fifth paper say?",
        "What does the second paper of the series say?",
        "Who wrote the paper on frogs?",
    ],
)
def test_what_counts_or_names_something_else_points_at_no_paper(question: str) -> None:
    assert point_at_cited(question, [BOTH]) == question


def test_the_papers_are_those_of_the_last_answer_that_cites_any() -> None:
    refused = said("Do frogs sleep?", answer="The papers do not answer this question.")
    assert point_at_cited("What does the second one say?", [BOTH, refused]) == "What does “Owls: A Survey” say?"
    assert point_at_cited("What does the second one say?", [refused]) == "What does the second one say?"


def test_a_title_in_a_question_cannot_end_its_own_quotation() -> None:
    odd = CitedPaper(paper_id="odd", title="“Why” " + "long " * 60)
    rewritten = point_at_cited("What does this paper say?", [said("Why?", odd)])
    assert rewritten.count("“") == rewritten.count("”") == 1
    assert len(rewritten) < 200


def test_a_question_that_goes_on_is_asked_of_the_paper_that_was_cited() -> None:
    first = rewrite_by_rules("Which error metrics are used?", [SLEEP])
    assert first == "Which error metrics are used, in “Bats in Winter”?"
    second = Turn(question="Which error metrics are used?", standalone_question=first, answer="F1.", cited=(BATS,))
    assert rewrite_by_rules("Why?", [SLEEP, second]) == "Why (Which error metrics are used), in “Bats in Winter”?"
    third = "Are error metrics good, in “Bats in Winter”?"
    assert rewrite_by_rules("Are they good?", [SLEEP, second]) == third
    assert rewrite_by_rules("Which error metrics are used?", [BOTH]) == "Which error metrics are used?"


@pytest.mark.parametrize(
    "question",
    [
        "How does SpanBERT mask its tokens?",
        "Which hyperparameters matter most when training deep residual networks?",
        "How does SuperGLUE's design ensure that it is harder than GLUE?",
    ],
)
def test_a_change_of_topic_is_seen(question: str) -> None:
    assert rewrite_by_rules(question, [SLEEP]) == question


@pytest.mark.parametrize("question", ["Yes, please.", "yes", "Sure, go ahead!", "OK, thanks"])
def test_a_yes_takes_up_what_was_offered(question: str) -> None:
    offered = said("How do owls hunt?", answer="By hearing. Do you want to know how they locate prey?")
    assert rewrite_by_rules(question, [offered]) == "Do you want to know how they locate prey?"


def test_the_answer_to_our_own_question_completes_the_one_before() -> None:
    which = said("What was measured?", BATS, OWLS, answer="Which paper do you mean?", asked_back=True)
    assert rewrite_by_rules("the second one", [which]) == "What was measured, in “Owls: A Survey”?"
    assert rewrite_by_rules("Bats in Winter", [which]) == "What was measured, in Bats in Winter?"
    assert rewrite_by_rules("What is an owl?", [which]) == "What is an owl?"


@pytest.mark.parametrize(
    ("reply", "standalone"),
    [
        ("the second one", "Summarize this paper, in “Owls: A Survey”?"),
        ("What about the second one?", "Summarize this paper, in “Owls: A Survey”?"),
        ("the owl one", "Summarize this paper, in the owl paper?"),
        ("both", "Summarize this paper, in “Bats in Winter” and “Owls: A Survey”?"),
        ("How does the second one end?", "How does “Owls: A Survey” end?"),
        ("Summarize the second one", "Summarize “Owls: A Survey”"),
    ],
)
def test_the_answer_to_our_own_question_needs_no_model(reply: str, standalone: str) -> None:
    which = said("Summarize this paper", BATS, OWLS, answer="Which paper should I summarize?", asked_back=True)
    model = ScriptedChat("Something else?")
    assert standalone_question(reply, [which], model) == standalone
    if reply != "How does the second one end?":
        assert kind_of(standalone) == "summary"


@pytest.mark.parametrize(
    ("question", "standalone"),
    [
        ("Compare them", "Compare “Bats in Winter” and “Owls: A Survey”"),
        ("Compare these two by sample size", "Compare “Bats in Winter” and “Owls: A Survey” by sample size"),
        ("Please summarize both papers.", "Please summarize “Bats in Winter” and “Owls: A Survey”."),
        ("Compare both methods", "Compare both methods"),
    ],
)
def test_several_papers_may_be_pointed_at_together(question: str, standalone: str) -> None:
    assert point_at_cited(question, [BOTH]) == standalone
    assert point_at_cited(question, [SLEEP]) == question


@pytest.mark.parametrize(
    ("question", "standalone"),
    [
        ("How can I build one?", "How can I build base Transformer?"),
        ("If a network overfits, what does it learn?", "If a network overfits, what does it learn?"),
        ("When did they leave, and when did they arrive?", "When did pilgrims leave, and when did they arrive?"),
    ],
)
def test_a_pronoun_whose_noun_is_near_stays(question: str, standalone: str) -> None:
    last = said("Where did the pilgrims live?" if "leave" in question else "How is the base Transformer trained?")
    assert rewrite_by_rules(question, [last]) == standalone


@pytest.mark.parametrize(
    ("question", "subject", "put"),
    [
        ("How was BioBERT trained", "SpanBERT", "How was SpanBERT trained"),
        ("What is BERT-large's learning rate", "RoBERTa", "What is RoBERTa's learning rate"),
        ("What are the main results of PAL", "of CodeNet", "What are the main results of CodeNet"),
        ("How well does BERT do on SQuAD", "on GLUE", "How well does BERT do on GLUE"),
        ("How well does BERT do on SQuAD 1.1", "SQuAD 2.0", "How well does BERT do on SQuAD 2.0"),
        ("What BLEU score does the Transformer reach", "ByteNet", "What BLEU score does the ByteNet reach"),
        ("What BLEU score is that of the Transformer", "ByteNet", ""),
        ("What does the PAL paper conclude", "the CodeNet paper", "What does the CodeNet paper conclude"),
        ("What does PAL conclude", "the CodeNet paper", "What does the CodeNet paper conclude"),
        ("How was “BioBERT: A Model” trained", "SpanBERT", "How was SpanBERT trained"),
        ("How large was it in 2018", "2019", "How large was it in 2019"),
        ("How well does BERT do on SQuAD", "GLUE", ""),
        ("How was BioBERT trained", "the big model", ""),
        ("How was BioBERT trained", "in 2019", ""),
        ("How long do marmots sleep", "BERT", ""),
    ],
)
def test_a_new_name_takes_the_place_of_the_one_that_it_stands_against(question: str, subject: str, put: str) -> None:
    assert in_its_place(question, subject) == put


BIOBERT = CitedPaper(paper_id="biobert", title="BioBERT: A Biomedical Language Model")


def test_the_talk_goes_on_about_the_new_subject_and_not_in_the_old_paper() -> None:
    turns = [said("How was BioBERT trained?", BIOBERT, answer="On PubMed.")]
    assert rewrite_by_rules("What about PubMed?", turns).endswith(f", in “{BIOBERT.title}”?"), "a part of the paper"
    standalone = rewrite_by_rules("What about SpanBERT?", turns)
    assert standalone == "How was SpanBERT trained?"
    found = Turn(question="What about SpanBERT?", standalone_question=standalone, answer="On words.", cited=(BIOBERT,))
    after = "Which datasets were used to evaluate SpanBERT?"
    assert rewrite_by_rules("Which datasets were used to evaluate it?", [*turns, found]) == after
    found = found.model_copy(update={"answer": "BioBERT and SpanBERT were trained on words."})
    after = f"Which datasets were used to evaluate SpanBERT, in “{BIOBERT.title}”?"
    assert rewrite_by_rules("Which datasets were used to evaluate it?", [*turns, found]) == after


def test_another_paper_of_the_list_takes_the_place_of_the_one_before() -> None:
    first = "How long do bats sleep, in “Bats in Winter”?"
    turns = [BOTH, SLEEP.model_copy(update={"standalone_question": first, "cited": (BATS, OWLS)})]
    assert rewrite_by_rules("And the second one?", turns) == "How long do bats sleep, in “Owls: A Survey”?"


def test_an_order_is_no_topic_and_its_paper_is() -> None:
    order = Turn(
        question="Summarize the second one", standalone_question="Summarize “Owls: A Survey”", answer="…", cited=(OWLS,)
    )
    assert rewrite_by_rules("What datasets does it use?", [BOTH, order]) == "What datasets does “Owls: A Survey” use?"


def test_what_was_specified_gives_way_to_what_is_named_next() -> None:
    pal = CitedPaper(paper_id="pal", title="PAL: Programs")
    net = CitedPaper(paper_id="net", title="CodeNet: A Dataset")
    which = said("What are the main results?", pal, net, answer="Which paper do you mean?", asked_back=True)
    standalone = rewrite_by_rules("The PAL paper", [which])
    assert standalone == "What are the main results, in The PAL paper?"
    chosen = Turn(question="The PAL paper", standalone_question=standalone, answer="It works.", cited=(pal,))
    assert rewrite_by_rules("And of CodeNet?", [which, chosen]) == "What are the main results, of CodeNet?"
    assert "PAL paper, of the ablations" in rewrite_by_rules("And of the ablations?", [which, chosen])
    again = chosen.model_copy(update={"asked_back": True, "cited": (pal, net)})
    assert rewrite_by_rules("CodeNet", [which, again]) == "What are the main results, in CodeNet?"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Thanks!", True),
        ("thank you so much for your help", True),
        ("Great, thanks, bye 👋", True),
        ("Hi there", True),
        ("Ok, thank you! That's all I wanted to know", True),
        ("No, thanks.", True),
        ("Hello, can you please help me?", True),
        ("Thanks! And what about owls?", False),
        ("Is it clear?", False),
        ("How good is it?", False),
        ("Which one is useful?", False),
        ("What is it good for?", False),
        ("yes", False),
        ("Why?", False),
        ("", False),
    ],
)
def test_a_message_of_courtesies_only(message: str, expected: bool) -> None:
    assert is_courtesy(message) is expected


@pytest.mark.parametrize("model", [None, ScriptedChat("Which dataset was used?")])
def test_courtesies_are_not_searched_for_and_not_gone_on_from(model: ScriptedChat | None) -> None:
    assert standalone_question("Thanks!", [SLEEP], model) == "Thanks!"
    draft = clarification("Thanks!", "span", [], True, list)
    assert draft is not None
    assert (draft.kind, draft.text) == ("clarification", AT_YOUR_SERVICE)
    thanks = said("Thanks!", answer=AT_YOUR_SERVICE, asked_back=True)
    assert standalone_question("Why?", [SLEEP, thanks], None) == standalone_question("Why?", [SLEEP], None)
    assert standalone_question("Why?", [thanks], model) == "Why?"


def test_greetings_are_no_topic() -> None:
    turns = [said("Hi! Thanks for the papers."), said("How long do bats sleep?"), said("Great, thanks!")]
    assert rewrite_by_rules("Why?", turns) == "Why (How long do bats sleep)?"


def test_a_talk_about_other_papers_than_those_chosen_now_is_over() -> None:
    assert within([SLEEP, BOTH], None) == [SLEEP, BOTH]
    assert [turn.cited for turn in within([SLEEP, BOTH], ["owls"])] == [(), (OWLS,)]
    assert list(within([SLEEP], ["owls"])) == []


def test_questions_that_stand_alone_are_left_alone() -> None:
    """Real questions, each after a question and answer about some other paper."""
    if not E2E.is_file():
        pytest.skip("the questions about real papers are not here")
    rows = [json.loads(line) for line in E2E.read_text(encoding="utf-8").splitlines()]
    chance = random.Random(0)
    unchanged = []
    for row in rows:
        other = chance.choice([each for each in rows if each["docs"] != row["docs"]])
        cited = CitedPaper(paper_id=other["docs"][0], title=Path(other["docs"][0]).stem)
        last = said(other["question"], cited, answer=" ".join(map(str, other["answers"][:1])))
        chosen = None if row["set"] in OPEN_SETS else row["docs"]
        asked_first = standalone_question(row["question"], [], None)
        asked_next = standalone_question(row["question"], within([last], chosen), None)
        unchanged.append((asked_first, asked_next) == (row["question"], row["question"]))
    assert sum(unchanged) / len(unchanged) >= UNCHANGED
