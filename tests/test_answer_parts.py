"""Spans cut to words, cells with heads, aspects of a comparison, how sure one may be."""

import pytest

from ragqa.answer.confidence import confidence
from ragqa.answer.kinds.compared import USUAL_ASPECTS, asked_aspects
from ragqa.answer.kinds.tables import cell_at
from ragqa.answer.spans import read, sentences_around, trimmed
from ragqa.document import Table
from ragqa.types import Hit
from tests.fixed_reader import FixedReader
from tests.tiny_library import make_page


@pytest.mark.parametrize(
    ("span", "shown"),
    [("201 days.", "201 days"), ("(Smith", "Smith"), ("F1 (macro)", "F1 (macro)"), ("[3]", "[3]"), ("64%", "64%")],
)
def test_a_span_loses_punctuation_and_half_brackets(span: str, shown: str) -> None:
    assert trimmed(span) == shown


def test_the_sentence_around_a_span_is_whole() -> None:
    text = "Marmots sleep. They wake up in April. Then they eat."
    start = text.index("April")
    assert sentences_around(text, start, start + 5) == "They wake up in April."


def test_a_cell_below_two_rows_of_heads_has_both() -> None:
    page = make_page("Mass Method Before After SGD 1.5 2.5")
    rows = (((0, 0), (0, 1), (1, 1)), ((1, 2), (2, 3), (3, 4)), ((4, 5), (5, 6), (6, 7)))
    table = Table(page=1, start=0, end=7, caption=(0, 0), header_rows=2, rows=rows)
    cell = cell_at((6, 7), page, [table])
    assert cell is not None
    assert (cell.text, cell.row, cell.column) == ("2.5", "SGD", "Mass After")
    assert cell_at((3, 4), page, [table]) is None, "a head is no answer"
    assert cell_at((6, 7), page, []) is None


@pytest.mark.parametrize(
    ("question", "aspects"),
    [
        ("Compare A and B by training data and model size", ["Training data", "Model size"]),
        ("Compare the datasets and metrics used in all papers", ["Datasets", "Metrics"]),
        ("Which baselines do the papers use?", ["Baselines"]),
        ("Compare all papers", list(USUAL_ASPECTS)),
        ("What are the differences between these papers?", list(USUAL_ASPECTS)),
    ],
)
def test_aspects_are_what_the_question_names(question: str, aspects: list[str]) -> None:
    assert list(asked_aspects(question, [])) == aspects


def test_a_question_of_something_else_is_less_sure() -> None:
    hit = Hit(
        chunk_id="1", paper_id="p", file_name="p.pdf", title="Marmots", page=1, section="", score=1.0, dense=0.6,
        text="Alpine marmots hibernate for 201 days.",
    )  # fmt: skip
    reader = FixedReader(["201 days"])
    own = "How long do alpine marmots hibernate?"
    foreign = "Which F1 does SpanBERT reach on TACRED?"
    assert confidence(own, [hit], read(own, [hit], reader)) > confidence(foreign, [hit], read(foreign, [hit], reader))
    assert confidence(own, [hit], ()) > confidence(foreign, [hit], ())
    assert confidence(own, [], ()) < 0.1
