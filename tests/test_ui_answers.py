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


def test_a_short_answer_stands_above_its_sentence() -> None:
    short = {"text": "201 days", "citation": 1, "probability": 0.9, "rects": ((1, 2, 3, 4),)}
    page = shown(short=(short,))
    assert '<p class="short">201 days <a class="citation"' in page
    assert "<blockquote>Marmots sleep for 201 days.</blockquote>" in page


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


def test_a_refusal_says_where_it_looked() -> None:
    page = shown(
        kind="refusal", abstained=True, answer="No.", citations=(), searched=f"1 paper: {EVIL}", nearest=(PLACE,)
    )
    assert "Searched 1 paper" in page
    assert "page 3" in page


def test_a_question_back_is_no_answer() -> None:
    page = shown(kind="clarification", answer=f"Which paper? {EVIL}", citations=(), candidates=(PLACE,))
    assert "Which paper?" in page
    assert 'class="ragqa clarification"' in page
