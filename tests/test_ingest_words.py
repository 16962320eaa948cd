"""Characters made fit to search, and kept where they mean something."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.words import clean_text


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
