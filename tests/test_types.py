"""What a request may hold: short text that can be stored, and years that there are."""

import pytest
from pydantic import ValidationError

from ragqa.details import Model
from ragqa.errors import BadRequest
from ragqa.types import LONGEST_CHOICE, MOST_CHOICES, AskRequest, Filter, SearchRequest, different_choices

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


def test_choices_are_those_that_differ() -> None:
    assert different_choices(["yes", " no ", "yes", ""], "Say more.") == ("yes", "no")
    assert different_choices([], "Say more.") == ()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["yes"], "Only one choice"),
        (["yes", "yes "], "Only one choice"),
        ([""], "0 different choices"),
        ([str(number) for number in range(MOST_CHOICES + 1)], "27 different choices"),
        (["yes", "n" * (LONGEST_CHOICE + 1)], "longer than 1000 characters"),
    ],
)
def test_what_cannot_be_chosen_from_is_refused_with_how_to_give_choices(given: list[str], said: str) -> None:
    with pytest.raises(BadRequest, match=said) as refused:
        different_choices(given, "Say more.")
    assert refused.value.hint.endswith("Say more.")
