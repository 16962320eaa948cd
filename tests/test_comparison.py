"""Papers side by side: rows, aspects that are left out, and names of no paper."""

from ragqa.answer.kinds.comparison import MOST_ASPECTS, answer_with_comparison
from ragqa.types import Paper
from tests.fixed_reader import FixedReader
from tests.paper_shelf import PaperShelf

MARMOTS = Paper(id="marmots", file_name="marmots.pdf", title="Marmots: sleep in the Alps")
BADGERS = Paper(id="badgers", file_name="badgers.pdf", title="Badgers: winter in the forest")
SHELF = PaperShelf(
    {
        "marmots": {"1 Methods": "The sample size of marmots was forty animals in nine valleys."},
        "badgers": {"1 Methods": "The sample size of badgers was twelve animals in two forests."},
    }
)
READER = FixedReader(["forty animals", "twelve animals"])


def test_a_named_aspect_is_the_only_column() -> None:
    draft = answer_with_comparison(
        SHELF.asking("How do Marmots and Badgers differ in sample size?", [MARMOTS, BADGERS], reader=READER)
    )
    assert draft.details.comparison is not None
    assert draft.details.comparison.aspects == ("Sample size",)
    assert [paper.cells[0].citation for paper in draft.details.comparison.papers] == [1, 2]
    assert draft.note == ""


def test_aspects_that_are_too_many_are_said_to_be_left_out() -> None:
    question = "Compare Marmots and Badgers by sample size, age, mass, food and predators"
    draft = answer_with_comparison(SHELF.asking(question, [MARMOTS, BADGERS], reader=READER))
    assert draft.details.comparison is not None
    assert len(draft.details.comparison.aspects) == MOST_ASPECTS
    assert draft.note == "Compared by 4 aspects; left out: Predators."


def test_what_is_no_paper_here_is_noted_beside_what_is() -> None:
    question = "Compare Marmots and Foo by sample size"
    draft = answer_with_comparison(SHELF.asking(question, [MARMOTS, BADGERS], reader=READER))
    assert draft.details.comparison is not None
    assert [paper.paper_id for paper in draft.details.comparison.papers] == ["marmots"]
    assert draft.note == "There is no paper “Foo” among those searched."
