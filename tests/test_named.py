"""Which papers a question names."""

import pytest

from ragqa.answer.questions.cited import quoted
from ragqa.answer.questions.named import meant_papers, named_papers
from ragqa.conversation import CitedPaper
from ragqa.types import Paper

PAPERS = [
    Paper(id="1", file_name="distilbert.pdf", title="DistilBERT, a distilled version of BERT: smaller and faster"),
    Paper(
        id="2", file_name="1706.03762.pdf", title="Attention Is All You Need", authors=("Ashish Vaswani", "N S"),
        year=2017,
    ),
    Paper(id="3", file_name="llama.pdf", title="LLaMA: Open and Efficient Foundation Language Models"),
    Paper(id="4", file_name="a.pdf", title="Hibernation of alpine marmots"),
    Paper(id="5", file_name="b.pdf", title="Body mass of alpine marmots"),
    Paper(id="6", file_name="main.pdf", title="Owls of the north"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("question", "ids"),
    [
        ("Compare DistilBERT and LLaMA.", ["1", "3"]),
        ("What is LLaMA's data?", ["3"]),
        ("Compare Attention Is All You Need with distilbert", ["2", "1"]),
        ("What do Vaswani et al. propose?", ["2"]),
        ("What did Vaswani (2017) show?", ["2"]),
        ("How does BERT work?", []),
        ("What is attention?", []),
        ("Is 1706.03762 about translation?", ["2"]),
        ("What are the main results of LLaMA?", ["3"]),
        ("What is in main.pdf?", ["6"]),
        ("What are the results of Main?", ["6"]),
    ],
)
def test_papers_are_named_by_title_short_name_file_and_author(question: str, ids: list[str]) -> None:
    assert [paper.id for paper in named_papers(question, PAPERS)] == ids


@pytest.mark.parametrize(
    ("question", "ids"),
    [
        ("What does the marmots paper find?", ["4", "5"]),
        ("Summarize the old marmot hibernation paper", ["4"]),
        ("What does the study on hibernation find?", ["4"]),
        ("What do marmots eat?", []),
    ],
)
def test_a_word_of_a_title_may_mean_several(question: str, ids: list[str]) -> None:
    assert [paper.id for paper in meant_papers(question, PAPERS)] == ids


def test_a_name_inside_a_longer_name_names_nothing() -> None:
    papers = [*PAPERS, Paper(id="7", file_name="c.pdf", title="BERT: Pre-training of transformers")]
    whole = "Summarize DistilBERT, a distilled version of BERT: smaller and faster"
    assert [paper.id for paper in named_papers(whole, papers)] == ["1"]
    assert [paper.id for paper in named_papers("Compare BERT and DistilBERT", papers)] == ["7", "1"]


def test_a_long_title_is_known_by_the_part_that_a_question_carries() -> None:
    long = Paper(id="7", file_name="d.pdf", title="Marmots and " + "very " * 30 + "deep snow")
    name = quoted(CitedPaper(paper_id=long.id, title=long.title))
    assert len(name) < len(long.title)
    assert named_papers(f"Summarize this paper, in {name}?", [*PAPERS, long]) == [long]
