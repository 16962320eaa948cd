"""What the chat shows of each kind of answer, and nothing that a paper could make active."""

from ragqa.types import Answer, Citation
from ui.answers import answer_html

EVIL = '<img src=x onerror="alert(1)">[9](javascript:x)'
PLACE = {"paper_id": "f" * 64, "file_name": "marmots.pdf", "title": EVIL, "page": 3, "section": EVIL}


def citation(number: int, quote: str) -> Citation:
    return Citation(
        id=f"a.{number}", number=number, paper_id="f" * 64, file_name="marmots.pdf", title="Marmots", page=3,
        quote=quote, rects=((1.0, 2.0, 3.0, 4.0),), score=0.9,
    )  # fmt: skip


def shown(**changed: object) -> str:
    given = {
        "answer": "201 days [1]", "kind": "span", "mode": "extractive", "abstained": False, "confidence": 0.8,
        "citations": (citation(1, "Marmots sleep for 201 days."),), "standalone_question": "How long?",
        "model": "extractive", "conversation_id": "c", **changed,
    }  # fmt: skip
    page = answer_html(Answer.model_validate(given), "How long?")
    assert "<img" not in page
    assert "javascript:x)" not in page
    return page


def test_a_short_answer_stands_above_its_sentence_with_its_probability() -> None:
    short = {"text": "201 days", "citation": 1, "probability": 0.9, "rects": ((1, 2, 3, 4),)}
    page = shown(short=(short,))
    assert '<p class="short">201 days <a class="citation"' in page
    assert ">90%</span></p>" in page
    assert "<blockquote>Marmots sleep for 201 days.</blockquote>" in page


def test_each_item_of_a_list_has_its_probability() -> None:
    items = (("201 days", "", 0.9), (EVIL, "Owls", 0.4))
    short = tuple({"text": t, "citation": 1, "probability": p, "rects": (), "row": row} for t, row, p in items)
    page = shown(kind="list", answer=f"201 days [1], {EVIL} (Owls) [1]", short=short)
    assert page.count('<li>201 days <a class="citation"') == 1
    assert ">90%</span></li>" in page
    assert "&#40;Owls&#41; <a" in page or "(Owls) <a" in page
    assert ">40%</span></li>" in page


def test_a_sentence_that_answers_names_the_words_that_do() -> None:
    sentence = "Marmots sleep for 201 days."
    short = {"text": "201 days", "citation": 1, "probability": 0.9, "rects": ()}
    page = shown(answer=f"{sentence} [1]", short=(short,))
    assert f'<p class="short"><q>{sentence}</q> <a class="citation"' in page
    assert "Words that answer: 201 days <span" in page
    assert ">90%</span></p>" in page


def test_choices_are_shown_with_their_chances() -> None:
    page = shown(
        kind="choice", choices=({"text": EVIL, "probability": 0.25}, {"text": "201 days", "probability": 0.75})
    )
    assert page.count("<meter") == 2
    assert "<td>75%</td>" in page


def test_a_verdict_says_what_speaks_for_and_against_it() -> None:
    verdict = {"answer": "yes", "yes": 0.7, "no": 0.2, "maybe": 0.1, "supporting": (1,)}
    page = shown(kind="yes_no", answer="Yes [1]", verdict=verdict)
    assert "yes 70% · no 20% · maybe 10%" in page
    assert "For: <a" in page
    assert "Against" not in page


def test_a_comparison_is_a_table_with_linked_cells() -> None:
    row = {
        "paper_id": "f" * 64,
        "file_name": "marmots.pdf",
        "title": EVIL,
        "cells": ({"text": EVIL, "citation": 1}, {}),
    }
    page = shown(kind="comparison", comparison={"aspects": ("Data", EVIL), "papers": (row,)})
    assert page.count("<th ") == 3
    assert page.count("<td") == 2
    assert "not found" in page


def test_a_summary_has_a_heading_for_each_part() -> None:
    part = {"heading": "Results", "text": "Marmots sleep for 201 days. [1] As in [3] here. [1]", "citations": (1,)}
    page = shown(kind="summary", summary=(part,))
    assert "<h3>Results</h3>" in page
    assert page.count('class="citation"') == 3  # two marks and the place of the quote


def test_a_refusal_says_where_it_looked_and_links_the_nearest_pages() -> None:
    page = shown(
        kind="refusal", abstained=True, answer="No.", citations=(), searched=f"1 paper: {EVIL}", nearest=(PLACE,)
    )
    assert "Searched 1 paper" in page
    assert f'<a class="citation" href="api/v1/papers/{"f" * 64}/pages/3.png" target' in page
    assert ", page 3</a> · " in page


def test_a_refusal_folds_away_what_the_model_wrote_without_support() -> None:
    page = shown(kind="refusal", abstained=True, answer="No.", citations=(), unsupported=("They dream.", EVIL))
    assert "<summary" in page
    assert "2 sentences that no words in the papers support" in page
    assert ">They dream.</mark>" in page
    assert "<details" not in shown(kind="refusal", abstained=True, answer="No.", citations=())


def test_a_refused_choice_still_says_how_the_choices_compare() -> None:
    given = ({"text": EVIL, "probability": 0.4}, {"text": "201 days", "probability": 0.6})
    page = shown(kind="refusal", abstained=True, answer="No.", citations=(), choices=given)
    assert page.index("<details>") < page.index("<td>60%</td>")


def test_a_question_back_offers_the_papers_that_may_be_meant() -> None:
    clarification = Answer(
        answer=f"Which paper? {EVIL}", kind="clarification", mode="extractive", abstained=False, confidence=0.0,
        citations=(), candidates=(PLACE, {**PLACE, "title": "Owls"}), standalone_question="How long?",
        model="extractive", conversation_id="c",
    )  # fmt: skip
    page = answer_html(clarification, "How long?", 3)
    assert "Which paper?" in page
    assert 'class="ragqa clarification"' in page
    assert '<button type="button" class="candidate" value="3.1" title="Ask about this paper">Owls</button>' in page
    assert page.count("<button") == 2
    assert "<img" not in page


def test_lines_and_bullets_of_a_written_answer_stay_lines() -> None:
    text = "They sleep: [1]\n- in snow [1]\n- in <b>burrows</b> [unsupported]"
    page = shown(kind="text", mode="generative", answer=text, unsupported=("in <b>burrows</b>",))
    assert "</a><br>- in snow <a" in page
    assert "</a><br>- <mark" in page
