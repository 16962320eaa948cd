"""Answers in the papers' words: a cell where the best words stand in a table, several spans for a plural."""

import pytest

from ragqa.answer.kinds.extractive import answer_with_list, answer_with_span
from ragqa.document import BlockKind, Table
from tests.fixed_reader import FixedReader
from tests.paper_shelf import PaperShelf

TABLE = "Model Speed F1 BERT 12 71.3 ELMo 30 68.9"
ROWS = tuple(tuple((at, at + 1) for at in range(row, row + 3)) for row in (0, 3, 6))
SHELF = PaperShelf({"scores": {"": TABLE}}, [Table(1, 0, 9, (0, 0), 1, ROWS)])
UNSURE = {"68.9": 1.5}
"""A logit at which the reader points at a place more than at the words."""


@pytest.mark.parametrize("question", ["How does ELMo do on F1?", "What does the ELMo model reach in F1?"])
def test_the_row_of_a_table_is_no_answer_where_the_cell_is_known(question: str) -> None:
    evidence = SHELF.hits("scores", BlockKind.TABLE)
    draft = answer_with_span(SHELF.asking(question, [], evidence, FixedReader(UNSURE)))
    assert (draft.kind, draft.text) == ("cell", "68.9 (ELMo, F1) [1]")


def test_a_row_of_no_known_table_stays_as_it_is() -> None:
    shelf = PaperShelf({"scores": {"": TABLE}})
    evidence = shelf.hits("scores", BlockKind.TABLE)
    draft = answer_with_span(shelf.asking("How does ELMo do on F1?", [], evidence, FixedReader(UNSURE)))
    assert (draft.kind, draft.text) == ("span", f"{TABLE} [1]")


def test_several_things_are_listed() -> None:
    shelf = PaperShelf({"trial": {"": "The antibiotics amoxicillin, colistin and rifampicin were tested on mice."}})
    reader = FixedReader(["amoxicillin, colistin and rifampicin"])
    draft = answer_with_list(shelf.asking("Which antibiotics were tested?", [], shelf.hits("trial"), reader))
    assert draft.kind == "list"
    assert [short.text for short in draft.details.short] == ["amoxicillin", "colistin", "rifampicin"]
