"""The check of written sentences: by words, by a judge that reads them, and by a model of language inference."""

import math
from collections.abc import Sequence
from pathlib import Path

import pytest

from ragqa.adapters import huggingface_nli
from ragqa.adapters.huggingface_nli import LONGEST, HuggingFaceNli
from ragqa.adapters.pretrained import place_of
from ragqa.answer.citations import Citer
from ragqa.answer.draft import Draft
from ragqa.answer.evidence import sentences_of
from ragqa.answer.written.claims import carries, compare
from ragqa.answer.written.generative import Writer, check
from ragqa.answer.written.support import JudgedSupport, Support, Weights, WordSupport, neighbours, shipped_weights
from ragqa.compose import open_support
from ragqa.errors import ModelError, ModelUnavailable
from ragqa.protocols import Passage
from ragqa.settings import Settings
from tests.scripted_chat import ScriptedChat
from tests.test_answer import EVIDENCE, OneBook, hit
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


class Fails(Judge):
    """Gives out at a passage that has a word."""

    def relevance(self, question: str, passages: Sequence[Passage]) -> list[float]:
        if any(self._liked in passage.text for passage in passages[:1]):
            raise ModelUnavailable("No memory is left.")
        return [3.0 for _ in passages]


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


def make_nli_model(folder: Path, labels: list[str], logits: Sequence[float] = ()) -> Path:
    """A tiny BERT with a head over ``labels``, as NLI models are saved: random, or one that always gives ``logits``."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    tokenizer = trained_tokenizer(None)
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2,
        initializer_range=1.0,  # far from zero, so that other words give clearly other logits
        id2label=dict(enumerate(labels)), label2id={label: number for number, label in enumerate(labels)},
    )  # fmt: skip
    model = BertForSequenceClassification(config)
    with torch.no_grad():
        model.classifier.weight.mul_(0.3)  # no share is so near to one that its logit is cut off
        if logits:
            model.classifier.weight.zero_()
            model.classifier.bias.copy_(torch.tensor(logits))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


LABELS = ["contradiction", "entailment", "neutral"]
LOGITS = {"contradiction": 0.5, "entailment": 2.0, "neutral": -1.0, "not_entailment": 0.5}
TWO = [Passage("", "The encoder maps symbols."), Passage("", "We train on eight cards.")]
CLAIM = "Marmots hibernate for 201 days each winter."


@pytest.mark.parametrize(
    "labels", [LABELS, ["entailment", "neutral", "contradiction"], ["not_entailment", "ENTAILMENT"]]
)
def test_a_model_of_language_inference_gives_its_logit_of_entailment(labels: list[str], tmp_path: Path) -> None:
    folder = make_nli_model(tmp_path, labels, [LOGITS[label.lower()] for label in labels])
    judge = HuggingFaceNli(str(folder), "cpu")
    others = sum(math.exp(LOGITS[label]) for label in labels if label.lower() != "entailment")
    assert judge.relevance(CLAIM, TWO) == pytest.approx([2.0 - math.log(others)] * 2, abs=1e-3)
    assert judge.name == f"nli:{folder}"


def test_a_model_of_language_inference_reads_the_passage_before_the_claim(tmp_path: Path) -> None:
    folder = make_nli_model(tmp_path, LABELS)
    long = Passage("", TWO[0].text * LONGEST)
    judge = HuggingFaceNli(str(folder), "cpu")
    for passage in (TWO[0], long):
        assert judge.relevance(CLAIM, [passage]) == pytest.approx([_entailed(folder, passage.text, CLAIM)], abs=0.05)
    assert judge.relevance(CLAIM, TWO[:1])[0] != pytest.approx(_entailed(folder, CLAIM, TWO[0].text), abs=0.2)


def _entailed(folder: Path, premise: str, hypothesis: str) -> float:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    _, dtype = place_of("cpu")
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=dtype).eval()
    given = AutoTokenizer.from_pretrained(folder)(
        premise, hypothesis, truncation="only_first", max_length=LONGEST, return_tensors="pt"
    )
    with torch.inference_mode():
        shares = model(**given).logits.float().softmax(-1)[0]
    share = float(shares[LABELS.index("entailment")])
    return math.log(share / (1 - share))


@pytest.mark.parametrize(("likeliest", "unsupported"), [("entailment", ()), ("neutral", (CLAIM,))])
def test_a_model_that_the_user_names_checks_an_answer(
    likeliest: str, unsupported: tuple[str, ...], tmp_path: Path
) -> None:
    folder = make_nli_model(tmp_path, LABELS, [2.0 if label == likeliest else -1.0 for label in LABELS])
    support = open_support(Settings(support=str(folder), device="cpu"))
    assert support.name == f"nli:{folder}"
    draft = check(CLAIM, EVIDENCE, support, Citer("answer", OneBook()))
    assert (draft.unsupported, draft.abstained) == (unsupported, bool(unsupported))


def written(support: Support, *said: str) -> Draft:
    writing = Writer(support, 64).write("How long?", EVIDENCE, ScriptedChat(*said), Citer("answer", OneBook()))
    try:
        while True:
            next(writing)
    except StopIteration as ended:
        draft: Draft = ended.value
        return draft


def test_without_its_judge_an_answer_is_checked_by_words_and_says_so(tmp_path: Path) -> None:
    support = open_support(Settings(support=str(make_nli_model(tmp_path, ["negative", "positive"])), device="cpu"))
    draft = written(support, f"{CLAIM} [1] Penguins dive below the ice [1].")
    assert draft.text == f"{CLAIM} [1] Penguins dive below the ice. [unsupported]"
    assert "by its words alone" in draft.note
    assert "labels are negative, positive. Set RAGQA_SUPPORT to" in draft.note
    assert written(WordSupport(), CLAIM).note == ""


def test_a_judge_that_fails_half_way_leaves_no_citation_behind() -> None:
    citer = Citer("answer", OneBook())
    with pytest.raises(ModelUnavailable):
        check(f"{CLAIM} Snow depth explains 64% of the variance.", EVIDENCE, JudgedSupport(Fails("64%"), EVEN), citer)
    assert citer.citations == ()


def test_a_model_that_could_not_be_had_is_not_looked_for_by_every_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = HuggingFaceNli(str(make_nli_model(tmp_path, LABELS, (0.0, 2.0, 0.0))), "cpu")
    looked: list[object] = []

    def nowhere(*given: object, **told: object) -> None:
        looked.append(given)
        raise ModelUnavailable("The Hub cannot be reached.")

    with monkeypatch.context() as patch:
        patch.setattr(huggingface_nli, "load", nowhere)
        for _ in range(2):
            with pytest.raises(ModelUnavailable):
                judge.relevance(CLAIM, TWO)
    assert len(looked) == 1
    monkeypatch.setattr(huggingface_nli, "LOOK_AGAIN_S", 0.0)
    assert len(judge.relevance(CLAIM, TWO)) == 2


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f"Okay, evidence 1 says 201 days.\n</think>\n\n{CLAIM} [1]", f"{CLAIM} [1]"),
        (f"Is it 365 days? </think>{CLAIM} [1]", f"{CLAIM} [1]"),
        (
            f"{CLAIM} [1] It writes <think> and </think>.",
            f"{CLAIM} [1] It writes < think> and < /think>. [unsupported]",
        ),
    ],
)
def test_thinking_whose_beginning_was_not_sent_is_no_part_of_the_checked_answer(said: str, shown: str) -> None:
    assert written(WordSupport(), said).text == shown


def test_thinking_without_an_answer_is_an_error_that_says_so() -> None:
    with pytest.raises(ModelError, match="RAGQA_MAX_ANSWER_TOKENS"):
        written(WordSupport(), "Okay, evidence 1 says 201 days. </think>")


def test_a_model_without_a_label_for_entailment_is_refused(tmp_path: Path) -> None:
    folder = make_nli_model(tmp_path, ["negative", "positive"])
    with pytest.raises(ModelUnavailable, match="labels are negative, positive"):
        HuggingFaceNli(str(folder), "cpu").relevance("So it is.", [Passage("", "It is so.")])
