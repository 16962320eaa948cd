"""What a comparison sets side by side: papers, names of no paper, and aspects."""

import pytest

from ragqa.answer.kinds.compared import USUAL_ASPECTS, asked_aspects, compared
from ragqa.answer.kinds.comparison import compared_papers
from ragqa.answer.kinds.registry import wanted_kind
from ragqa.types import Paper

BERT = Paper(id="bert", file_name="a.pdf", title="BERT: Pre-training of Deep Bidirectional Transformers")
DISTIL = Paper(id="distil", file_name="b.pdf", title="DistilBERT, a distilled version of BERT: smaller and faster")
ELMO = Paper(id="elmo", file_name="c.pdf", title="ELMo: Deep contextualized word representations")
MARMOTS = Paper(id="marmots", file_name="d.pdf", title="Hibernation of alpine marmots")
SHELF = [BERT, DISTIL, ELMO, MARMOTS]


def aspects_of(question: str) -> list[str]:
    return list(asked_aspects(question, compared(question, SHELF).papers))


@pytest.mark.parametrize(
    ("question", "aspects"),
    [
        ("How do BERT and ELMo differ in training data?", ["Training data"]),
        ("What is the difference between BERT and ELMo in model size?", ["Model size"]),
        ("What is the difference in training data between BERT and ELMo?", ["Training data"]),
        ("Compare BERT and ELMo's training data", ["Training data"]),
        ("Compare BERT's and ELMo's training data.", ["Training data"]),
        ("Compare BERT and ELMo: training data, model size", ["Training data", "Model size"]),
        ("Compare BERT with ELMo on training data", ["Training data"]),
        ("Compare the performance of BERT and ELMo on GLUE", ["Performance on GLUE"]),
        ("How does the sample size differ between the papers?", ["Sample size"]),
        ("How do the papers differ in sample size?", ["Sample size"]),
        ("Compare these two by sample size", ["Sample size"]),
        ("Compare BERT: Pre-training of Deep Bidirectional Transformers and ELMo", list(USUAL_ASPECTS)),
        ("Compare BERT and ELMo in detail, please", list(USUAL_ASPECTS)),
        ("Compare BERT with Foo", list(USUAL_ASPECTS)),
        ("Compare the papers on sentiment", list(USUAL_ASPECTS)),
        ("Compare BERT and ELMo in terms of accuracy", ["Accuracy"]),
        ("Compare BERT and ELMo in terms of accuracy on GLUE", ["Accuracy on GLUE"]),
        ("Compare all papers in terms of accuracy", ["Accuracy"]),
    ],
)
def test_aspects_are_found_wherever_they_stand(question: str, aspects: list[str]) -> None:
    assert aspects_of(question) == aspects


@pytest.mark.parametrize(
    ("question", "papers", "absent"),
    [
        ("Compare BERT and Foo", ["bert"], ("Foo",)),
        ("Compare BERT, ELMo and GPT-2 by training data", ["bert", "elmo"], ("GPT-2",)),
        ("Compare the training data of BERT vs. XLNet", ["bert"], ("XLNet",)),
        ("Compare BERT and Attention Is All You Need", ["bert"], ("Attention Is All You Need",)),
        ("Compare DistilBERT, a distilled version of BERT: smaller and faster, and ELMo", ["distil", "elmo"], ()),
        ("Compare the marmot paper and ELMo", ["elmo", "marmots"], ()),
        ("Compare DistilBERT's performance with GPT on GLUE", ["distil"], ()),
        ("Compare BERT and humans", ["bert"], ()),
        ("Compare Foo and Bar", [], ()),
    ],
)
def test_names_that_no_paper_has_are_told_apart(question: str, papers: list[str], absent: tuple[str, ...]) -> None:
    found = compared(question, SHELF)
    assert [paper.id for paper in found.papers] == papers
    assert found.absent == absent


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Compare BERT and ELMo", "comparison"),
        ("Compare BERT and Foo", "comparison"),
        ("Compare them", "comparison"),
        ("Compare these two", "comparison"),
        ("Compare all of them by sample size", "comparison"),
        ("Compare both papers in detail, please", "comparison"),
        ("Compare both side by side", "comparison"),
        ("Compare both treatments in spring and autumn", "span"),
        ("Compare the two groups", "span"),
        ("Compare these methods", "span"),
        ("Compare all models on SQuAD", "span"),
        ("Show a table of all results in the paper", "span"),
        ("How do the results differ from previous studies?", "span"),
        ("How do the results compare to other published studies?", "span"),
        ("How do BERT and ELMo differ?", "comparison"),
        ("How do BERT and Foo differ?", "span"),
        ("Compare mice and rats", "span"),
        ("Compare DistilBERT's performance with GPT on GLUE", "span"),
    ],
)
def test_only_papers_are_compared(question: str, kind: str) -> None:
    assert wanted_kind(question, (), lambda: SHELF) == kind


def test_them_is_not_a_whole_library() -> None:
    many = [Paper(id=str(n), file_name=f"{n}.pdf", title=f"Title number {n} of many") for n in range(9)]
    assert wanted_kind("Compare them", (), lambda: many) == "span"
    assert wanted_kind("Compare them", (), lambda: many[:1]) == "span"
    assert wanted_kind("Compare all papers", (), lambda: many) == "comparison"


def test_what_is_named_and_not_there_is_said() -> None:
    papers, note = compared_papers("Compare BERT and Foo", [], SHELF)
    assert papers == [BERT]
    assert note == "There is no paper “Foo” among those searched."


def test_two_files_of_a_work_are_one_row() -> None:
    again = BERT.model_copy(update={"id": "again", "same_as": "bert"})
    papers, note = compared_papers("Compare BERT and ELMo", [], [*SHELF, again])
    assert ([paper.id for paper in papers], note) == (["bert", "elmo"], "")


@pytest.mark.parametrize(
    ("sentence", "cue"),
    [
        ("We evaluate our model on the English Gigaword and DUC 2004 datasets.", 1.0),
        ("We trained on the standard WMT 2014 English-German dataset of 4.5 million sentence pairs.", 1.0),
        ("We use 242 questions on 80 papers with 932 pages.", 1.0),
        ("We use chunks of at most 200 tokens.", 0.0),
        ("In all, 212 patients were recruited at three hospitals.", 1.0),
        ("Experiments on the IMDB dataset show that accuracy is improved.", 1.0),
        ("Models are trained on publicly available data.", 1 / 2),
        ("We use data that is cheap to obtain.", 1 / 2),
        ("Data for all our experiments is taken from the shared task.", 1 / 2),
        ("Our code uses data of any kind.", 0.0),
        ("Previous datasets were collected from Wikipedia.", 0.0),
        ("The model has eight layers.", 0.0),
    ],
)
def test_authors_tell_of_their_data_in_known_words(sentence: str, cue: float) -> None:
    assert USUAL_ASPECTS["Data"].cue(sentence) == cue
