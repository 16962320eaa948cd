"""Exact terms: each kind found in a real index however it is written, and any text is a valid passage and question."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragqa.adapters.tantivy_index import TantivyIndex
from ragqa.document import SectionKind
from ragqa.errors import IndexDamaged
from ragqa.protocols import EVERYWHERE, IndexEntry
from ragqa.search import terms
from ragqa.search.terms import folded, passage_terms, question_terms

PASSAGES = {
    "gpt": "We prompt GPT-4 with five examples of each task.",
    "cola": "Accuracy on CoLA falls when the encoder is frozen.",
    "drink": "Participants drank a can of cola every day.",
    "bert": "BERT-base is fine-tuned for three epochs.",
    "imagenet": "All networks saw ImageNet-1k before.",
    "score": "The kappa of the annotators was 0.85 on average.",
    "other score": "In 85 of 0 cases the annotators disagreed.",
    "percent": "Accuracy rises by 3.2% on the second corpus.",
    "rate": "Adam was used with a learning rate of 2.5 × 10−5 and warm-up.",
    "power": "Weights decay at 1e-4 per step.",
    "count": "The corpus has 12,500 sentences.",
    "water": "Samples were diluted in H₂O overnight.",
    "iron": "Only Fe3+ binds to the receptor.",
    "variable": "Each state x_i depends on the one before.",
    "whole": "It is the state-of-the-art for parsing.",
    "covid": "Patients with COVID-19 were excluded.",
    "interleukin": "Serum IL-6 was measured twice.",
    "synuclein": "Aggregates of α-synuclein were found in neurons.",
    "length": "Sections of 5 µm (U+00B5) were stained.",
    "growth": "TGF-β signalling was blocked.",
    "name": "We follow the procedure of Müller and colleagues.",
    "ligature": "The ﬁlters of the ﬁrst layer detect edges.",
    "acronym": "Two LSTMs read the sentence in both directions.",
    "health": "According to the WHO the drug is essential.",
    "pretraining": "Pre-training took nine days.",
    "dose": "Mice received 5mg daily.",
    "language": "The server is written in C++ throughout.",
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TantivyIndex]:
    opened = TantivyIndex(tmp_path_factory.mktemp("terms"))
    opened.add([IndexEntry(name, name, "", "", text, None) for name, text in PASSAGES.items()])
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("Where is GPT-4 prompted?", "gpt"),
        ("GPT4", "gpt"),
        ("gpt 4", "gpt"),
        ("How good is CoLA?", "cola"),
        ("cola accuracy", "cola"),
        ("Bert base", "bert"),
        ("imagenet1k", "imagenet"),
        ("A kappa of 0.85", "score"),
        (".850", "score"),
        ("3.2 %", "percent"),
        ("3.2 percent", "percent"),
        ("2.5e-5", "rate"),
        ("2.5 x 10^-5", "rate"),
        ("0.000025", "rate"),
        ("10⁻⁴", "power"),
        ("10^{-4}", "power"),
        ("0.0001", "power"),
        ("12500", "count"),
        ("H2O", "water"),
        ("Fe³⁺", "iron"),
        ("Fe3+", "iron"),
        ("x_{i}", "variable"),
        ("stateoftheart", "whole"),
        ("parsing state of the art", "whole"),
        ("covid19", "covid"),
        ("Covid 19", "covid"),
        ("IL6", "interleukin"),
        ("IL 6", "interleukin"),
        ("alpha-synuclein", "synuclein"),
        ("α‑synuclein", "synuclein"),
        ("5 μm", "length"),
        ("5um", "length"),
        ("TGF-beta", "growth"),
        ("TGFβ", "growth"),
        ("tgf-β", "growth"),
        ("Muller", "name"),
        ("MÜLLER", "name"),
        ("first filters", "ligature"),
        ("LSTM", "acronym"),
        ("lstm", "acronym"),
        ("WHO", "health"),
        ("pretraining", "pretraining"),
        ("pre-trained", "pretraining"),
        ("5 mg", "dose"),
        ("C++", "language"),
    ],
)
def test_a_term_is_found_first_however_it_is_written(index: TantivyIndex, question: str, found: str) -> None:
    assert index.search(question, 1, EVERYWHERE)[0].chunk_id == found


def test_a_plain_word_counts_beside_the_name(index: TantivyIndex) -> None:
    assert [hit.chunk_id for hit in index.search("cola", 5, EVERYWHERE)] == ["cola", "drink"]


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("GPT-3.5-turbo, v1.5.", {"gpt3.5turbo", "gpt", "v1.5"}),
        ("from 10-15 in 2019 to 3 [12, 13]", set()),
        ("F1=0.85±0.02 (p<.05)", {"f1", "0.85", "0.02", "0.05"}),
        ("e.g. the U.S. and Fig. 2", set()),
        ("word2vec's mRNAs", {"word2vec", "mrna"}),
        ("5 °C, 7 km and 95 % of 1,000", {"7km", "95%", "1000"}),
        ("O(n^2) and C#", {"n2", "c#"}),
        ("Parsing is plain. Words are words", set()),
        ("0.00 and 1e300", {"0", "1e300"}),
    ],
)
def test_a_passage_gives_only_what_stemming_would_blur(text: str, exact: set[str]) -> None:
    assert set(passage_terms(text).exact) == exact


ALPHABET = "aAbB09 .,-–_^+#%{}()×µμβΔéﬁ²⁻’'°eExx10"
TEXTS = st.one_of(st.text(max_size=60), st.text(ALPHABET, max_size=60))


@given(TEXTS)
def test_any_text_has_terms_that_stand_alone(text: str) -> None:
    for read in (passage_terms(text), question_terms(text)):
        assert all(term and not any(map(str.isspace, term)) for term in read.exact)
        assert len(set(read.exact)) == len(read.exact)


@given(TEXTS)
def test_a_question_has_all_terms_of_the_same_passage(text: str) -> None:
    passage, question = passage_terms(text), question_terms(text)
    assert set(passage.exact) <= set(question.exact)
    assert passage.words == question.words


@given(TEXTS)
def test_what_is_folded_once_stays_as_it_is(text: str) -> None:
    assert folded(folded(text)) == folded(text)


@given(TEXTS)
def test_no_text_with_letters_or_figures_is_left_without_terms(text: str) -> None:
    read = passage_terms(text)
    if any(map(str.isalnum, text)):
        assert read.exact or any(map(str.isalnum, read.words))


def test_an_index_of_other_terms_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = TantivyIndex(tmp_path)
    first.add([IndexEntry("a", "a", "", "", "Marmots sleep.", None, section_kind=SectionKind.OTHER)])
    first.close()
    monkeypatch.setattr("ragqa.adapters.tantivy_index.TERMS_VERSION", terms.TERMS_VERSION + 1)
    with pytest.raises(IndexDamaged, match="another version"):
        TantivyIndex(tmp_path)
