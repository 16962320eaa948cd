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


PAPERS = {
    "marmots": {
        "Abstract": "Sleep of marmots remains poorly understood. We propose a collar that tracks marmots. "
        "We find that marmots sleep for 201 days.",
        "2 Methods": "We collected data of forty marmots in nine valleys. Table 2.",
        "3 Results": "We use samples of hair as in all of our work.",
        "A Forms": "The problem of this study is addressed by your answers. We propose that you sign.",
        "B Results of the pilot": "We collected data of one hundred hamsters.",
    },
    "badgers": {
        "1 Introduction": "The winter of badgers is hard to track. We present a camera for the burrows of badgers.",
        "Appendix": "The diet of badgers is worms and roots.",
    },
}


def cells(question: str, reader: FixedReader | None, *papers: Paper) -> list[list[str]]:
    comparison = answer_with_comparison(PaperShelf(PAPERS).asking(question, papers, reader=reader)).details.comparison
    assert comparison is not None
    return [[cell.text for cell in paper.cells] for paper in comparison.papers]


def test_what_is_usual_is_told_in_its_own_sections_and_not_in_the_appendix() -> None:
    reader = FixedReader({"one hundred hamsters": 9.0, "forty marmots": 6.0, "that you sign": 9.0})
    assert cells("Compare both papers", reader, MARMOTS, BADGERS) == [
        [
            "Sleep of marmots remains poorly understood.",
            "We propose a collar that tracks marmots.",
            "We collected data of forty marmots in nine valleys.",
            "We find that marmots sleep for 201 days.",
        ],
        ["The winter of badgers is hard to track.", "We present a camera for the burrows of badgers.", "", ""],
    ]


def test_one_sentence_fills_two_cells_if_it_alone_tells_both() -> None:
    both = "We propose a collar for marmots in our experiments on 40 recordings."
    shelf = PaperShelf({"marmots": {"Abstract": both}})
    draft = answer_with_comparison(shelf.asking("Compare both papers", [MARMOTS], reader=FixedReader([])))
    comparison = draft.details.comparison
    assert comparison is not None
    said = dict(zip(comparison.aspects, comparison.papers[0].cells, strict=True))
    assert said["Data"].text == said["Approach"].text == both
    assert said["Data"].citation == said["Approach"].citation


def test_what_the_question_names_may_stand_in_the_appendix_if_nowhere_else() -> None:
    reader = FixedReader({"worms and roots": 6.0})
    assert cells("Compare both papers by diet", reader, MARMOTS, BADGERS) == [
        [""],
        ["The diet of badgers is worms and roots."],
    ]


def test_of_spans_that_are_all_but_certain_the_surer_answers() -> None:
    reader = FixedReader({"forty animals": 20.0, "nine valleys": 30.0})
    shelf = PaperShelf({"marmots": {"1 Methods": "The size was forty animals. The size of it was nine valleys."}})
    draft = answer_with_comparison(shelf.asking("Compare both papers by size", [MARMOTS], reader=reader))
    assert draft.text.endswith("Size: The size of it was nine valleys. [1]")


def test_a_comparison_is_as_sure_as_its_cells() -> None:
    reader = FixedReader(["forty animals", "twelve animals"])
    both = answer_with_comparison(SHELF.asking("Compare both papers by sample size", [MARMOTS, BADGERS], reader=reader))
    half = answer_with_comparison(
        SHELF.asking("Compare both papers by sample size", [MARMOTS, BADGERS], reader=FixedReader(["forty animals"]))
    )
    assert 0 < half.confidence < both.confidence < 1
