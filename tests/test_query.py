"""What a question says of where its answer stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragqa.document import SectionKind
from ragqa.search.query import LATEST, NOTHING, Analysis, analysed


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What does SpanBERT offer over BERT?", Analysis(names=("SpanBERT", "BERT"))),
        ("How does DistilBERT's loss work?", Analysis(names=("DistilBERT",))),
        ('What does "Attention is all you need" say?', Analysis(names=("Attention is all you need",))),
        ("What is measured in llama-2.pdf?", Analysis(names=("llama-2.pdf",))),
        ("What is 10.1101/2024.02.13.580051 on?", Analysis(names=("10.1101/2024.02.13.580051",))),
        ("Which loss does 1706.03762 use?", Analysis(names=("1706.03762",))),
        ("What did Vaswani et al. (2017) use?", Analysis(works=(("Vaswani", 2017),))),
        ("How do Smith and Jones (2019) sample?", Analysis(works=(("Smith", 2019),))),
        ("What was Lovelace et al.'s sample?", Analysis(works=(("Lovelace", 0),))),
        ("papers by Ada Lovelace on engines", Analysis(only_authors=("Lovelace",))),
        ("parsing papers published since 2019", Analysis(only_years=(2019, LATEST))),
        ("studies published after 2019 on mice", Analysis(only_years=(2020, LATEST))),
        ("articles from 2015 to 2018 on mice", Analysis(only_years=(2015, 2018))),
        ("studies of 2016 on mice", Analysis(only_years=(2016, 2016))),
        ("What is in Table 2 and Fig. 3?", Analysis(labels=(("table", "2"), ("figure", "3")))),
        ("What does the second figure show?", Analysis(labels=(("figure", "2"),))),
        ("What stands on page 9?", Analysis(pages=frozenset({9}))),
        ("What does section 4.1 say?", Analysis(headings=("4.1",))),
        (
            "Who is cited in the related work section?",
            Analysis(sections=frozenset({SectionKind.BACKGROUND}), headings=("related work",)),
        ),
        ("What is the paper about?", Analysis(is_of_whole_paper=True)),
        ("What problem does the paper address?", Analysis(is_of_whole_paper=True)),
        ("Summarise this study.", Analysis(is_of_whole_paper=True)),
        ("Which papers use mice?", Analysis(is_of_whole_paper=True, asks_for_papers=True)),
    ],
)
def test_what_is_said_is_understood(question: str, said: Analysis) -> None:
    assert analysed(question) == said


@pytest.mark.parametrize(
    "question",
    [
        "How long do marmots hibernate?",
        "Which baselines did they compare with?",
        "What happened in May 2019?",
        "What are the main experimental results reported in the paper?",
        "WHAT IS THE LOSS",
        "How many annotators were there in 2004?",
        "The table shows what?",
    ],
)
def test_what_is_not_said_is_not_understood(question: str) -> None:
    assert analysed(question) == NOTHING


@given(st.text(max_size=300))
def test_any_text_can_be_analysed(question: str) -> None:
    said = analysed(question)
    assert all(name.strip() for name in said.names)
    if said.only_years:
        assert said.only_years[0] <= said.only_years[1]
        assert said.years_in_words
    assert analysed(question) == said


@given(st.integers(1600, 2099), st.integers(1600, 2099))
def test_years_come_in_order(first: int, last: int) -> None:
    years = analysed(f"papers published between {first} and {last}").only_years
    assert years == (min(first, last), max(first, last))
