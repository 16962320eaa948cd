"""Claims: what other words bear out, and what only looks like them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragqa.answer.words import content_words, coverage
from ragqa.answer.written.claims import carries, figures

IMPROVES = "Our model does improve accuracy on GLUE by 3.5 points over the unable to generalize baseline."
NEITHER = "Neither dropout nor weight decay changed the final accuracy of 12,000 runs."


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        (IMPROVES, "Our model improves accuracy on GLUE by 3.5 points over the baseline."),
        (IMPROVES, "On GLUE, accuracy improves by 3.5 points."),
        (NEITHER, "The final accuracy was not changed by dropout nor by weight decay."),
        (NEITHER, "Dropout did not change the final accuracy of 12000 runs."),
        ("Voles sleep not only in winter but also in summer.", "Voles sleep in winter and in summer."),
        ("Voles sleep in winter and in summer.", "Voles sleep not only in winter but also in summer."),
        ("We trained on 3 data sets.", "Three."),
        ("Dropout didn’t help in the twelve runs.", "In the 12 runs dropout did not help."),
    ],
)
def test_a_claim_in_other_words_is_carried(text: str, claim: str) -> None:
    assert carries(text, claim)


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        (IMPROVES, "Our model does not improve accuracy on GLUE by 3.5 points over the baseline."),
        (IMPROVES, "Our model never improves accuracy on GLUE by 3.5 points over the baseline."),
        (IMPROVES, "Our model doesn’t improve accuracy on GLUE by 3.5 points over the baseline."),
        (IMPROVES, "Our model cannot improve accuracy on GLUE by 3.5 points over the baseline."),
        (IMPROVES, "Without our model accuracy on GLUE improves by 3.5 points over the baseline."),
        (IMPROVES, "Our model improves accuracy on GLUE by 5.3 points over the baseline."),
        (IMPROVES, "Our model improves accuracy on GLUE by 35 points over the baseline."),
        (IMPROVES, "Our model improves accuracy on GLUE by 3.5% over the baseline."),
        (IMPROVES, "Our model improves accuracy on GLUE by −3.5 points over the baseline."),
        (IMPROVES, "Our model improves accuracy on GLUE by three points over the baseline."),
        (IMPROVES, "Penguins swim below the antarctic ice."),
        (NEITHER, "Dropout and weight decay changed the final accuracy of 12,000 runs."),
        (NEITHER, "Neither dropout nor weight decay changed the final accuracy of 12 runs."),
        ("Accuracy rises [12] with depth.", "Accuracy rises by 12 with depth."),
        ("HUVECs (passage 3) were seeded in wells.", "HUVECs were seeded in wells at passage 30."),
        ("We use windows of [3, 4, 5].", "We use windows of [3, 4, 6]."),
        ("Model (1) outperforms Model (2).", "Model 2 outperforms Model 3."),
        ("", ""),
    ],
)
def test_an_invented_claim_is_not_carried(text: str, claim: str) -> None:
    assert not carries(text, claim)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rose by 3.5 to −0.2", {"3.5", "-0.2"}),
        ("1,000 of 12,000.5 pairs", {"1000", "12000.5"}),
        ("64 % and 5 percent", {"64%", "5%"}),
        ("pages 2-3 of GPT-2 [7, 12]", {"2", "3"}),
        ("0,5 and twelve", {"0,5", "12"}),
        ("windows of [3, 4, 5], as shown in [1, 2]", {"3", "4", "5"}),
        ("at passage 3 (p. 7) [2, page 8]", {"3"}),
        ("cells (Passage 3) rose by 4 [ 12 ] [see 13, and 14]", {"3", "4"}),
    ],
)
def test_figures_are_whole(text: str, said: set[str]) -> None:
    assert figures(text) == said


def test_content_words_leave_out_what_says_nothing_and_cut_endings() -> None:
    assert content_words("The marmots were hibernating") == content_words("marmot hibernates")
    assert content_words("the of and was") == frozenset()
    assert content_words("71.3% of n=120") >= {"120"}


@given(st.text(), st.text())
def test_coverage_is_a_share(wanted: str, text: str) -> None:
    assert 0 <= coverage(content_words(wanted), text) <= 1
    assert coverage(content_words(wanted), wanted) in (0, 1)
