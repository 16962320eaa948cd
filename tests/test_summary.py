"""Summaries: which paper, whose headings, and how sure."""

import pytest

from ragqa.answer.asking import Asking
from ragqa.answer.kinds.registry import wanted_kind
from ragqa.answer.kinds.summary import answer_with_summary
from ragqa.types import Paper
from tests.paper_shelf import PaperShelf

MARMOTS = Paper(id="marmots", file_name="m.pdf", title="Hibernation of alpine marmots")
CASE = Paper(id="case", file_name="c.pdf", title="A patient with a rare fever")
BERT = Paper(id="bert", file_name="b.pdf", title="BERT: Language models for understanding")

SECTIONS = {
    "marmots": {
        "Abstract": "We show how long alpine marmots hibernate in nine valleys of the high Alps.",
        "2 Methods": "We tracked forty alpine marmots with collars during two long and cold winters.",
    },
    "case": {
        "Case presentation": "A patient of forty years came to us with a rare and stubborn fever.",
        "Acknowledgements": "We thank the patient and all of the nurses for their help and patience.",
    },
    "bert": {
        "Abstract": "We introduce language models that read text from both of its sides at once.",
        "3 BERT > 3.1 Masking": "Language models for understanding are trained to predict words that are masked.",
        "4 Experiments": "We fine-tune the models for understanding on eleven tasks of natural language.",
    },
}


def test_a_name_in_small_letters_is_a_paper_only_if_there_is_one() -> None:
    shelf = [MARMOTS, BERT]
    assert wanted_kind("summarize bert", (), lambda: shelf) == "summary"
    assert wanted_kind("What is hibernation of alpine marmots about?", (), lambda: shelf) == "summary"
    assert wanted_kind("summarize the adverse events", (), lambda: shelf) == "span"


def asking(question: str, *scope: Paper) -> Asking:
    return PaperShelf(SECTIONS).asking(question, scope)


def headings(question: str, *scope: Paper) -> list[str]:
    return [part.heading for part in answer_with_summary(asking(question, *scope)).details.summary]


def test_headings_of_the_papers_own_stand_in_the_summary() -> None:
    assert headings("Summarize BERT", MARMOTS, BERT) == ["In short", "BERT", "Methods"]


def test_a_paper_with_none_of_the_usual_headings_is_summarized_and_thanks_are_left_out() -> None:
    assert headings("Summarize this paper", CASE) == ["Case presentation"]


def test_without_headings_the_whole_paper_is_summarized(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SECTIONS, "case", {"": SECTIONS["case"]["Case presentation"]})
    assert headings("Summarize this paper", CASE) == ["Main points"]


def test_what_stands_before_the_first_heading_is_background(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        SECTIONS, "case", {"": "Rare fevers of a patient have been seen since long ago.", **SECTIONS["case"]}
    )
    assert headings("Summarize this paper", CASE) == ["Background", "Case presentation"]


def test_the_marmot_paper_needs_no_asking_back() -> None:
    draft = answer_with_summary(asking("Summarize the marmot paper", MARMOTS, CASE, BERT))
    assert draft.kind == "summary"
    assert "nine valleys" in draft.text


def test_what_may_be_any_paper_is_asked_back() -> None:
    draft = answer_with_summary(asking("Summarize this paper", MARMOTS, CASE))
    assert draft.kind == "clarification"


def test_a_second_file_of_the_same_work_is_no_reason_to_ask() -> None:
    again = BERT.model_copy(update={"id": "again", "same_as": "bert"})
    assert answer_with_summary(asking("Summarize BERT", BERT, again)).kind == "summary"


@pytest.mark.parametrize("question", ["Summarize each paper", "Summarize both", "Summarize BERT and the marmot paper"])
def test_several_papers_are_set_side_by_side(question: str) -> None:
    scope = (MARMOTS, BERT) if "BERT" not in question else (MARMOTS, BERT, CASE)
    draft = answer_with_summary(asking(question, *scope))
    assert draft.kind == "comparison"
    assert draft.details.comparison is not None
    assert {paper.paper_id for paper in draft.details.comparison.papers} == {"marmots", "bert"}


def test_how_sure_a_summary_is_depends_on_its_sentences() -> None:
    close = answer_with_summary(asking("Summarize this paper", CASE)).confidence
    odd = CASE.model_copy(update={"title": "A patient, two dogs, a house on a hill and the weather in May"})
    assert 0 < answer_with_summary(asking("Summarize this paper", odd)).confidence < close < 1


def test_page_furniture_is_left_out_of_a_summary(monkeypatch: pytest.MonkeyPatch) -> None:
    furniture = "Author manuscript on alpine marmots; available in PMC 2023 February 27 and hibernation."
    monkeypatch.setitem(SECTIONS, "marmots", {**SECTIONS["marmots"], "1 Introduction": furniture})
    assert headings("Summarize this paper", MARMOTS) == ["In short", "Methods"]
