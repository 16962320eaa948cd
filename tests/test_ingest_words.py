"""Characters made fit to search, and kept where they mean something."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.pdf.words import PlacedPage, PlacedWord, clean_text, turn_upright


@pytest.mark.parametrize(
    ("drawn", "searched"),
    [
        ("eﬃcient", "efficient"),
        ("G¨odel", "Gödel"),
        ("na¨ıve", "naïve"),
        ("e\u0301tude", "étude"),
        ("a\x00b\u200bc", "abc"),
        ("𝑥", "x"),
        ("x²", "x²"),
        ("½", "½"),
        ("µm", "μm"),
        ("\ud800", ""),
    ],
)
def test_clean_text(drawn, searched):
    assert clean_text(drawn) == searched


@given(st.text(max_size=30))
def test_cleaned_words_hold_no_controls_and_can_be_encoded(text):
    cleaned = clean_text("".join(text.split()))
    cleaned.encode()
    assert cleaned == "".join(cleaned.split())
    assert not any(ord(character) < 32 for character in cleaned)


def placed(text, quarter):
    return PlacedWord(text, 10, 10, 20, 20, 10, quarter=quarter)


def test_a_caption_stays_under_a_drawing_with_more_words_set_sideways():
    page = PlacedPage(1, 600, 800, (*[placed("label", 1)] * 40, *[placed("caption", 0)] * 20))
    assert {word.text for word in turn_upright(page).words} == {"caption"}


def test_a_table_set_sideways_is_turned_and_the_header_left_out():
    page = PlacedPage(1, 600, 800, (*[placed("cell", 1)] * 100, *[placed("header", 0)] * 5))
    turned = turn_upright(page)
    assert {word.text for word in turned.words} == {"cell"}
    assert (turned.width, turned.height) == (800, 600)
