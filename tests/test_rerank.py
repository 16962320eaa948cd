"""Re-ranking: what is read, when reading ends, and what comes out."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragqa.protocols import Passage
from ragqa.search.candidates import Candidate
from ragqa.search.rerank import BATCH, DEPTH, reranked
from tests.test_candidates import candidate, ids


@dataclass
class Words:
    """A re-ranker: the logit stands in the text, as in "logit 2.5"."""

    name: str = "words"
    read: list[Passage] = field(default_factory=list)

    def relevance(self, question: str, passages: Sequence[Passage]) -> list[float]:
        self.read += passages
        return [float(one.text.split()[1]) for one in passages]


def of_logits(*logits: float) -> list[Candidate]:
    return [candidate(n, 1 - n / 100, f"logit {logit}") for n, logit in enumerate(logits)]


Logits = st.lists(st.floats(-10, 10, allow_nan=False), max_size=50)


@given(Logits, st.booleans())
def test_nothing_is_lost_and_scores_fall(logits: list[float], early_exit: bool) -> None:
    ranked = reranked("?", of_logits(*logits), Words(), 0.1, early_exit=early_exit)
    assert sorted(ids(ranked), key=int) == [str(n) for n in range(len(logits))]
    scores = [one.score for one in ranked]
    assert scores == sorted(scores, reverse=True)


@given(Logits)
def test_those_not_read_follow_in_their_order(logits: list[float]) -> None:
    reader = Words()
    ranked = reranked("?", of_logits(*logits), reader, 0.1)
    assert [one.relevance is None for one in ranked] == sorted(one.relevance is None for one in ranked)
    assert len(reader.read) <= DEPTH
    rest = ids([one for one in ranked if one.relevance is None])
    assert rest == sorted(rest, key=int)


@given(Logits)
def test_without_a_weight_the_order_stays(logits: list[float]) -> None:
    given_order = of_logits(*logits)
    assert ids(reranked("?", given_order, Words(), 0.0)) == ids(given_order)


def test_the_relevant_comes_first_and_says_why() -> None:
    best = reranked("?", of_logits(-3, -2, 4, -1), Words(), 0.1)[0]
    assert (best.chunk.id, best.relevance) == ("2", 4)


@pytest.mark.parametrize(
    ("logits", "read"),
    [
        ([5.0] * 5 + [-5.0] * 45, 2 * BATCH),
        ([-5.0] * 15 + [5.0] * 3 + [-5.0] * 32, 3 * BATCH),
        ([-5.0] * 50, 2 * BATCH),
        ([1.0] * 4, 4),
    ],
)
def test_reading_ends_when_a_batch_changes_nothing_in_the_first_places(logits: list[float], read: int) -> None:
    reader = Words()
    reranked("?", of_logits(*logits), reader, 0.1)
    assert len(reader.read) == read
    whole = Words()
    reranked("?", of_logits(*logits), whole, 0.1, early_exit=False)
    assert len(whole.read) == min(DEPTH, len(logits))


def test_a_passage_has_what_there_is_above_its_text() -> None:
    assert Passage.below("On marmots", "2 Methods", "We slept.") == Passage("On marmots\n2 Methods", "We slept.")
    assert Passage.below("", "", "We slept.") == Passage("", "We slept.")
