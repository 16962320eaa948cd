"""Where sentences end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragqa.sentences import sentence_spans


@pytest.mark.parametrize(
    "text",
    [
        "We follow Smith et al. (2019) here. | It works.",
        "As shown in Fig. 3 the loss falls. | Then it rises.",
        "Several sets, e.g. SQuAD, are used. | Others, i.e. ours, are not.",
        "The score is 3.5 points. | In 1.2 % of cases it fails.",
        "We compare BERT vs. GPT. | Both are large.",
        "This was shown before [3]. | We repeat it.",
        "Marmots sleep. [4,5] | They wake in May.",
        "Domains were solved by X-ray. 21,22 | The linker was not.",
        "D. E. Knuth wrote it. | A. Turing read it.",
        "Is it true? | Yes! | No doubt.",
        'He said "stop." | They went on.',
        "It runs in the U.S. and elsewhere. | It also runs in the U.S. | The rest is unknown.",
        "We use words, sentences, etc. | The rest is dropped.",
        "See Sec. 4.2 and Eq. (3). | Results follow.",
        "1. Introduction of marmots to Scotland failed.",
        "no capital and no stop",
        "Protein binds DNA.12 | Another does not.",
    ],
)
def test_sentences_end_where_a_reader_ends_them(text):
    words = text.replace(" |", "").split()
    expected = [part.split() for part in text.split(" |")]
    assert [words[a:b] for a, b in sentence_spans(words)] == expected


@given(st.lists(st.text(alphabet="aB.?![]()1,\"'", min_size=1, max_size=5), max_size=40))
def test_spans_cover_every_word_once_and_in_order(words):
    spans = sentence_spans(words)
    assert [index for start, end in spans for index in range(start, end)] == list(range(len(words)))
    assert all(start < end for start, end in spans)
