"""Reciprocal rank fusion: what must hold for any rankings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragqa.search.fusion import RRF_K, one_per_place_first, reciprocal_rank_fusion, weighted_fusion
from ragqa.search.steps import DEFAULT

Ids = st.lists(st.sampled_from("abcdefghijklm"), unique=True)
Rankings = st.lists(Ids, min_size=1, max_size=4)


@given(Rankings)
def test_every_id_comes_out_exactly_once(rankings: list[list[str]]) -> None:
    fused = [item for item, _ in reciprocal_rank_fusion(rankings)]
    assert len(fused) == len(set(fused))
    assert set(fused) == {item for ranking in rankings for item in ranking}


@given(Rankings)
def test_scores_fall_and_are_the_sum_of_reciprocal_ranks(rankings: list[list[str]]) -> None:
    fused = reciprocal_rank_fusion(rankings)
    scores = [score for _, score in fused]
    assert scores == sorted(scores, reverse=True)
    for item, score in fused:
        assert score == pytest.approx(sum(1 / (RRF_K + r.index(item) + 1) for r in rankings if item in r))


@given(Ids)
def test_a_single_ranking_keeps_its_order(ranking: list[str]) -> None:
    assert [item for item, _ in reciprocal_rank_fusion([ranking])] == ranking


@given(Rankings, st.data())
def test_moving_up_in_one_ranking_never_costs_a_place(rankings: list[list[str]], data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(rankings) - 1))
    if len(rankings[number]) < 2:
        return
    place = data.draw(st.integers(1, len(rankings[number]) - 1))
    item = rankings[number][place]
    better = [list(ranking) for ranking in rankings]
    better[number][place - 1 : place + 1] = [item, better[number][place - 1]]
    assert _place(better, item) <= _place(rankings, item)


def _place(rankings: list[list[str]], item: str) -> int:
    return [found for found, _ in reciprocal_rank_fusion(rankings)].index(item)


def test_equal_scores_keep_the_order_of_the_first_ranking() -> None:
    assert [item for item, _ in reciprocal_rank_fusion([["a", "b"], ["b", "a"]])] == ["a", "b"]


def test_found_by_both_beats_found_first_by_one() -> None:
    fused = reciprocal_rank_fusion([["only dense", "both"], ["only keyword", "both"]])
    assert fused[0][0] == "both"


def test_a_weight_makes_a_ranking_count_more() -> None:
    assert reciprocal_rank_fusion([["a"], ["b"]], weights=[1.0, 2.0])[0] == ("b", pytest.approx(2 / (RRF_K + 1)))


def test_nothing_found_stays_nothing() -> None:
    assert reciprocal_rank_fusion([[], []]) == []


def test_weights_must_be_as_many_as_rankings() -> None:
    with pytest.raises(ValueError, match="shorter"):
        reciprocal_rank_fusion([["a"], ["b"]], weights=[1.0])


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers())))
def test_every_place_comes_once_before_any_comes_twice(found: list[tuple[str, int]]) -> None:
    spread = one_per_place_first(found, lambda item: item[0])
    places = {place for place, _ in found}
    assert sorted(spread) == sorted(found)
    assert {place for place, _ in spread[: len(places)]} == places
    for place in places:
        assert [item for item in spread if item[0] == place] == [item for item in found if item[0] == place]


Scores = st.lists(
    st.dictionaries(st.sampled_from("abcdefgh"), st.floats(-5, 5, allow_nan=False)), min_size=2, max_size=2
)


@given(Scores, st.floats(0, 3))
def test_weighted_scores_lie_between_nothing_and_the_sum_of_weights(
    found: list[dict[str, float]], weight: float
) -> None:
    fused = weighted_fusion([list(scores.items()) for scores in found], (1.0, weight))
    assert {item for item, _ in fused} == set(found[0]) | set(found[1])
    assert all(0 <= score <= 1 + weight + 1e-9 for _, score in fused)
    assert [score for _, score in fused] == sorted((score for _, score in fused), reverse=True)


def test_exact_words_count_less_the_longer_the_question() -> None:
    short, long = ("word " * n for n in (10, 40))
    assert DEFAULT.weight_of_words(short) == DEFAULT.keyword_weight == DEFAULT.weight_of_words("")
    assert DEFAULT.weight_of_words(long) == DEFAULT.keyword_weight / 4
