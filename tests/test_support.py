"""The check of written sentences: by words, by a judge that reads them, and by a model of language inference."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from ragqa.adapters.huggingface_nli import HuggingFaceNli
from ragqa.answer.evidence import sentences_of
from ragqa.answer.written.claims import carries, compare
from ragqa.answer.written.support import JudgedSupport, Weights, WordSupport, neighbours, shipped_weights
from ragqa.errors import ModelUnavailable
from ragqa.protocols import Passage
from tests.test_answer import EVIDENCE, hit
from tests.tiny_models import trained_tokenizer

EVEN = Weights(intercept=0.0, judge=1.0, features={"covered": 0.0, "in_order": 0.0, "names": 0.0}, least=0.5)
ROSE = "Accuracy increased on all tasks after the larger model was trained longer."


class Judge:
    """Likes passages that have a word; keeps what it was asked."""

    name = "test:judge"

    def __init__(self, liked: str) -> None:
        self._liked = liked
        self.read: list[str] = []

    def relevance(self, question: str, passages: Sequence[Passage]) -> list[float]:
        self.read += [passage.text for passage in passages]
        return [3.0 if self._liked in passage.text else -3.0 for passage in passages]


@pytest.mark.parametrize(
    "claim",
    [
        "Accuracy decreased on all tasks after the larger model was trained longer.",
        "Accuracy increased on all tasks after the smaller model was trained longer.",
        "Accuracy increased on all tasks before the larger model was trained longer.",
        "Accuracy increased on all tasks after the larger model was untrained longer.",
        "Accuracy fell on all tasks after the larger model was trained longer.",
        "Accuracy increased on all tasks after the larger model was trained shorter.",
    ],
)
def test_a_word_swapped_for_its_opposite_is_seen_through(claim: str) -> None:
    assert carries(ROSE, ROSE)
    assert not carries(ROSE, claim)


def test_both_sides_of_a_comparison_may_be_named() -> None:
    assert carries("Recall rose while precision fell by 2 points.", "Precision fell by 2 points.")
    assert carries("Reducing the rate improves accuracy.", "Accuracy improves when the rate is reduced.")


def test_names_may_be_said_near_the_sentence() -> None:
    assert compare("We find that BERT improves.", "Our model improves.", "BERT: a study").names == 1
    assert compare("We find that BERT improves.", "Our model improves.").names == 0
    assert compare("Our model improves.", "Our model improves.").names == 1


def test_by_words_the_sentence_most_alike_comes_first() -> None:
    found = WordSupport().among("Snow depth explains 64% of body mass.", sentences_of(EVIDENCE))
    assert found[0][0].text == "Snow depth explains 64% of the variance in body mass."


def test_a_judge_decides_among_sentences_that_share_words() -> None:
    claim, sentences = "Snow explains the mass of bodies.", sentences_of(EVIDENCE)
    judge = Judge("64%")
    found = JudgedSupport(judge, EVEN).among(claim, sentences)
    assert [sentence.text for sentence, _ in found] == ["Snow depth explains 64% of the variance in body mass."]
    assert found[0][1] == pytest.approx(0.953, abs=0.001)
    assert JudgedSupport(Judge("nothing"), EVEN).among(claim, sentences) == []


@pytest.mark.parametrize(
    "claim", ["Snow depth explains 46% of the variance.", "Snow depth does not explain 64% of the variance."]
)
def test_no_judge_lets_a_changed_figure_or_a_negation_pass(claim: str) -> None:
    judge = Judge("Snow")
    assert JudgedSupport(judge, EVEN).among(claim, sentences_of(EVIDENCE)) == []


def test_a_claim_out_of_two_sentences_is_borne_out_by_both_together() -> None:
    claim = "Marmots hibernate for 201 days, and snow depth explains 64% of the variance."
    found = JudgedSupport(Judge("64%"), EVEN).among(claim, sentences_of(EVIDENCE))
    assert found[0][0].text.startswith("Alpine marmots hibernate for 201 days")
    assert found[0][0].text.endswith("in body mass.")


def test_sentences_of_different_hits_are_no_neighbours() -> None:
    two = [hit("marmots", text="One day. Two days."), hit("training", text="Three days.")]
    assert [sentence.text for sentence in neighbours(sentences_of(two))] == ["One day. Two days."]


def test_sentences_with_another_between_them_are_no_neighbours() -> None:
    first, _, last = sentences_of([hit("marmots", text="One day. Two days. Three days.")])
    assert neighbours([first, last]) == []


def test_the_shipped_weights_can_be_read() -> None:
    weights = shipped_weights()
    assert 0 < weights.least < 1
    agreement = compare(ROSE, ROSE)
    assert weights.probability(9.0, agreement) > weights.probability(-9.0, agreement)


def make_nli_model(folder: Path, labels: list[str]) -> Path:
    """A tiny BERT with a random head over ``labels``, as NLI models are saved."""
    from transformers import BertConfig, BertForSequenceClassification
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    tokenizer = trained_tokenizer(None)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2,
        id2label=dict(enumerate(labels)), label2id={label: number for number, label in enumerate(labels)},
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_a_model_of_language_inference_gives_its_logit_of_entailment(tmp_path: Path) -> None:
    folder = make_nli_model(tmp_path, ["contradiction", "entailment", "neutral"])
    judge = HuggingFaceNli(str(folder), "cpu")
    given = [Passage("", "The encoder maps symbols."), Passage("", "We train on eight cards.")]
    logits = judge.relevance("Symbols are mapped.", given)
    assert len(logits) == 2
    assert logits == pytest.approx(judge.relevance("Symbols are mapped.", given))
    assert judge.name == f"nli:{folder}"


def test_a_model_without_a_label_for_entailment_is_refused(tmp_path: Path) -> None:
    folder = make_nli_model(tmp_path, ["negative", "positive"])
    with pytest.raises(ModelUnavailable, match="labels are negative, positive"):
        HuggingFaceNli(str(folder), "cpu").relevance("So it is.", [Passage("", "It is so.")])
