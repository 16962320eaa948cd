"""Spans cut to words, cells with heads, aspects of a comparison, how sure one may be."""

import pytest

from ragqa.answer.asking import Asking
from ragqa.answer.citations import Citer
from ragqa.answer.confidence import confidence
from ragqa.answer.kinds.authors import answer_with_authors, asks_for_authors
from ragqa.answer.kinds.compared import USUAL_ASPECTS, asked_aspects
from ragqa.answer.kinds.extractive import enumerated
from ragqa.answer.kinds.fitting import fitting
from ragqa.answer.kinds.tables import cell_at
from ragqa.answer.spans import Found, read, sentences_around, trimmed
from ragqa.document import BlockKind, Page, Table
from ragqa.protocols import AnswerSpan, Reading
from ragqa.types import Hit, Paper
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


SCORES = "Data Metric BERT ELMo NCBI R 87 85 P 88 86 CoLA R 70 50"


def _scores() -> tuple[Page, Table]:
    rows = [((0, 1), (1, 2), (2, 3), (3, 4)), ((4, 5), (5, 6), (6, 7), (7, 8))]
    rows += [((8, 8), (8, 9), (9, 10), (10, 11)), ((11, 12), (12, 13), (13, 14), (14, 15))]
    return make_page(SCORES), Table(page=1, start=0, end=15, caption=(0, 0), header_rows=1, rows=tuple(rows))


@pytest.mark.parametrize(
    ("word", "text", "row"), [(9, "88", "NCBI P"), (6, "87", "NCBI"), (8, "P", "NCBI"), (11, "CoLA", "")]
)
def test_a_row_is_headed_by_what_stands_left_of_the_cell_or_above_that(word: int, text: str, row: str) -> None:
    page, table = _scores()
    cell = cell_at((word, word + 1), page, [table])
    assert cell is not None
    assert (cell.text, cell.row) == (text, row)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("What does BERT get on CoLA?", "70"),
        ("What is the P of ELMo on NCBI?", "86"),
        ("What does BERT get?", "R"),
        ("What do BERT and ELMo get on CoLA?", "R"),
    ],
)
def test_the_cell_that_the_question_names_goes_before_that_of_the_span(question: str, text: str) -> None:
    page, table = _scores()
    cell = cell_at((5, 6), page, [table], question)
    assert cell is not None
    assert cell.text == text


@pytest.mark.parametrize(
    ("span", "items"),
    [
        ("earthworms, acorns and beetles", ["earthworms", "acorns", "beetles"]),
        ("PyTorch (Paszke et al., 2017) and AllenNLP (Gardner et al., 2017)", ["PyTorch", "AllenNLP"]),
        ("Europarl and MultiUN (Eisele and Chen 2010", ["Europarl", "MultiUN"]),
        ("DCN+ and by the baseline on the development set", []),
        ("the hyperparameters α and β were set to 0.4 and 0.7", []),
        ("tasks that require tokens in context, sentences", []),
    ],
)
def test_only_things_are_enumerated(span: str, items: list[str]) -> None:
    assert enumerated(span) == items


def _span(text: str, kind: BlockKind = BlockKind.PARAGRAPH, behind: str = "") -> Found:
    hit = Hit(
        chunk_id="1", paper_id="p", file_name="p.pdf", title="", page=1, section="", score=1.0, text=text + behind,
        kind=kind,
    )  # fmt: skip
    return Found(hit, 0, text, text, 0, len(text), 1.0, 1.0, Reading((), AnswerSpan(0, 1, 1.0), 1.0))


@pytest.mark.parametrize(
    ("question", "unfit"),
    [
        ("In what four datasets was it tested?", _span("Table 3")),
        ("What was LLaMA trained on?", _span("Chung et al.", behind=" (2022)")),
        ("What percentage of words was masked?", _span("not lowercasing")),
        ("How many heads are there?", _span("attention heads")),
        ("What types of media did they consider?", _span("Youngseo Son", BlockKind.AUTHORS)),
        ("What is knowledge distillation?", _span("Knowledge distillation")),
    ],
)
def test_what_cannot_answer_is_passed_over_unless_nothing_can(question: str, unfit: Found) -> None:
    other = _span("eight of them")
    assert fitting(question, [unfit, other]) == [other]
    assert fitting(question, [unfit]) == [unfit]


@pytest.mark.parametrize(
    ("question", "fit"),
    [
        ("Which table shows the scores?", _span("Table 3")),
        ("Whose corpus is it?", _span("Chung et al.", behind=" (2022)")),
        ("How many heads are there?", _span("eight")),
        ("Who wrote it?", _span("Youngseo Son", BlockKind.AUTHORS)),
        ("Is R or Python taught?", _span("Python")),
    ],
)
def test_what_the_question_asks_for_is_not_passed_over(question: str, fit: Found) -> None:
    assert fitting(question, [fit, _span("eight of them")])[0] == fit


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


class _OnePage:
    """A catalogue of one page."""

    def page(self, paper_id: str, number: int) -> Page:
        return make_page("On whales Ann Lee Bo Chu Cy Day We saw whales .")


def _asking(question: str, *papers: Paper) -> Asking:
    hit = Hit(
        chunk_id="1", paper_id="whales", file_name="whales.pdf", title="On whales", page=1, section="", score=1.0,
        text="We saw whales .",
    )  # fmt: skip
    return Asking(
        question, [], Citer("a", _OnePage()), None, None, None, lambda question, only, k: [hit], lambda: list(papers)
    )  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who wrote it?", "Ann Lee [1], Bo Chu [2], Cy Day [3]"),
        ("Who are the authors of the paper on whales?", "Ann Lee [1], Bo Chu [2], Cy Day [3]"),
        ("Who is the first author?", "Ann Lee [1]"),
        ("Who was the last author?", "Cy Day [1]"),
    ],
)
def test_authors_are_cited_on_the_first_page(question: str, answer: str) -> None:
    whales = Paper(id="whales", file_name="whales.pdf", title="On whales", authors=("Ann Lee", "Bo Chu", "Cy Day"))
    draft = answer_with_authors(_asking(question, whales))
    assert draft is not None
    assert draft.text == answer
    assert asks_for_authors(question)


def test_authors_of_no_certain_paper_or_not_on_its_page_are_not_given() -> None:
    whales, seals = (Paper(id=name, file_name=f"{name}.pdf", authors=("Ed Fox",)) for name in ("whales", "seals"))
    assert answer_with_authors(_asking("Who wrote it?", whales, seals)) is None
    assert answer_with_authors(_asking("Who wrote it?", whales)) is None
