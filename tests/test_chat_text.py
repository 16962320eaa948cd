"""What is done to a model's text as it streams, whatever the pieces."""

from collections.abc import Generator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragqa.adapters.chat_text import estimated_tokens, fewest_tokens, until_stop, without_thinking

STOPS = ("\nQuestion:", "<evidence")


class Source:
    """Pieces that remember whether somebody closed them."""

    def __init__(self, pieces: list[str]) -> None:
        self._pieces = pieces
        self.closed = False

    def texts(self) -> Generator[str]:
        try:
            yield from self._pieces
        finally:
            self.closed = True


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        (["It rose.", "\n", "Question", ": why?"], "It rose."),
        (["It rose.\nQuestion:"], "It rose."),
        (["It rose.", "\nQuest", "s followed."], "It rose.\nQuests followed."),
        (["It < rose", "<evi"], "It < rose<evi"),
        ([], ""),
    ],
)
def test_nothing_is_shown_from_a_stop_sequence_on(pieces: list[str], shown: str) -> None:
    assert "".join(until_stop(Source(pieces).texts(), STOPS)) == shown


def test_the_source_is_closed_at_the_stop() -> None:
    source = Source(["It rose.", "\nQuestion: why?", "never read"])
    assert "".join(until_stop(source.texts(), STOPS)) == "It rose."
    assert source.closed


@given(st.lists(st.text(alphabet="ab\nQ", max_size=5), max_size=6))
def test_without_a_stop_nothing_is_lost(pieces: list[str]) -> None:
    assert "".join(until_stop(Source(pieces).texts(), STOPS)) == "".join(pieces)


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        (["<think>So. ", "</thi", "nk> 42."], "42."),
        (["</", "think>", "\n\n", "42."], "42."),
        (["Okay, so it is 42.\n</think>\n\n42."], "42."),
        (["Okay.\n</think>\n"], ""),
        (["</think>"], ""),
        (["It writes <think> and </think>."], "It writes <think> and </think>."),
        (["</", "b>"], "</b>"),
    ],
)
def test_thinking_is_left_out_if_its_end_comes_before_anything_is_shown(pieces: list[str], shown: str) -> None:
    assert "".join(without_thinking(iter(pieces))) == shown


def test_the_fewest_tokens_are_the_words() -> None:
    assert fewest_tokens("the encoder  maps\nsymbols") == 4


@pytest.mark.parametrize(
    ("text", "at_least"),
    [
        ("Recall rises when both rankings are fused.", 8),
        ("0.6213 0.7149 0.8830", 18),
        ("α ≤ β₁ ∈ ℝ", 6),
        ("神经网络", 4),
        ("", 0),
    ],
)
def test_the_estimate_is_cautious_with_numbers_signs_and_scripts(text: str, at_least: int) -> None:
    assert estimated_tokens(text) >= at_least
