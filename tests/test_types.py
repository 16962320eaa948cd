"""What a request may hold: short text that can be stored, and years that there are."""

import pytest
from pydantic import ValidationError

from ragqa.details import Model
from ragqa.types import AskRequest, Filter, SearchRequest

NO_TEXT = ["x" * 201, "lone \ud800 surrogate"]


@pytest.mark.parametrize("text", NO_TEXT)
@pytest.mark.parametrize(
    ("shape", "name"),
    [(SearchRequest, "collection"), (AskRequest, "collection"), (AskRequest, "conversation_id"), (Filter, "author")],
)
def test_a_name_or_id_is_short_and_can_be_stored(shape: type[Model], name: str, text: str) -> None:
    with pytest.raises(ValidationError, match=name):
        shape.model_validate({"question": "Why?", name: text} if shape is not Filter else {name: text})


@pytest.mark.parametrize("text", NO_TEXT)
def test_each_paper_id_too(text: str) -> None:
    with pytest.raises(ValidationError, match="paper_ids"):
        Filter(paper_ids=("a" * 64, text))


@pytest.mark.parametrize("year", [-1, 10_000, 10**30])
def test_a_year_has_at_most_four_digits(year: int) -> None:
    for name in ("year_from", "year_to"):
        with pytest.raises(ValidationError, match=name):
            Filter.model_validate({name: year})
    assert Filter(year_from=0, year_to=9999).year_to == 9999
