"""Stored conversations: a citation is found by its id, and any other text is the id of none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ragqa.store.database import Database
from ragqa.store.history import History
from ragqa.types import Answer, Citation


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    """It holds one answer, "a", with one citation, "a.1"."""
    database = Database(tmp_path / "catalogue.sqlite")
    stored = History(database)
    cited = Citation(
        id="a.1", number=1, paper_id="p", file_name="p.pdf", title="", page=1, quote="Snow fell.", rects=(), score=1.0
    )
    answer = Answer(
        answer="Snow fell. [1]", kind="text", mode="extractive", abstained=False, confidence=1.0, citations=(cited,),
        standalone_question="What fell?", model="extractive", conversation_id="c",
    )  # fmt: skip
    stored.save("a", "What fell?", answer)
    yield stored
    database.close()


def test_a_citation_is_found_by_its_id(history: History) -> None:
    found = history.citation("a.1")
    assert found is not None
    assert found.quote == "Snow fell."


@pytest.mark.parametrize("name", ["a.2", "a.01", "a.", "a", "", "b.1", "a.1.1", "a.²", "a.-1", "a." + "1" * 5000])
def test_any_other_id_is_that_of_no_citation(history: History, name: str) -> None:
    assert history.citation(name) is None
