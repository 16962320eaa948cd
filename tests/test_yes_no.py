"""Yes, no or maybe: the side each sentence is on, the verdict they make, and that both agree in what is shown."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from ragqa.answer.asking import Asking
from ragqa.answer.citations import Citer
from ragqa.answer.evidence import Sentence
from ragqa.answer.kinds.stance import asked_of, stance
from ragqa.answer.kinds.tones import tone_of
from ragqa.answer.kinds.verdict_features import stances_of
from ragqa.answer.kinds.yes_no import ON_NO_SIDE, answer_with_verdict
from ragqa.details import Verdict
from ragqa.document import BlockKind, Page, Table
from ragqa.types import Filter, Hit, PaperDetails
from tests.tiny_library import make_page

PAIRS = json.loads(Path(__file__).with_name("yes_no_pairs.json").read_text(encoding="utf-8"))
LEAST_RIGHT = 0.93  # of the pairs


class OnePage:
    """A shelf of a single page."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def page(self, paper_id: str, number: int) -> Page:
        return self._page

    def tables(self, paper_id: str) -> list[Table]:
        return []

    def details(self, paper_id: str) -> PaperDetails:
        raise NotImplementedError


class InOrder:
    """A scorer that finds the first sentence nearest."""

    def scores(self, question: str, sentences: Sequence[Sentence]) -> list[float]:
        return [-float(at) for at in range(len(sentences))]


def ask(question: str, text: str, prose: str = "") -> tuple[str, Verdict, dict[int, str], str]:
    """Answer, verdict, quotes by number, and note, of a question asked of a passage, or of a row and prose."""
    hits = [_hit(text, BlockKind.TABLE), _hit(prose)] if prose else [_hit(text)]
    shelf = OnePage(make_page(f"{text} {prose}".strip()))
    citer = Citer("a", shelf)
    asking = Asking(question, hits, citer, InOrder(), None, shelf, _find_nothing, list)
    draft = answer_with_verdict(asking)
    assert draft.details.verdict is not None
    return draft.text, draft.details.verdict, {c.number: c.quote for c in citer.citations}, draft.note


def _hit(text: str, kind: BlockKind = BlockKind.PARAGRAPH) -> Hit:
    return Hit(
        chunk_id=kind, paper_id="p", file_name="p.pdf", title="A paper", page=1, section="", score=1.0, text=text,
        dense=0.9, kind=kind,
    )  # fmt: skip


def _find_nothing(question: str, only: Filter, k: int) -> list[Hit]:
    return []


def said(question: str, *sentences: str) -> str:
    return ask(question, " ".join(sentences))[1].answer


@pytest.mark.parametrize(
    ("question", "sentence", "right"),
    [
        ("Does the drug reduce mortality?", "The drug increased mortality (p < 0.01).", "no"),
        ("Does the drug reduce mortality?", "The drug reduced mortality (p < 0.01).", "yes"),
        ("Is the dataset balanced?", "The dataset is heavily skewed.", "no"),
        ("Do they experiment only on English?", "We experiment on English, German and Czech.", "no"),
        ("Do they experiment only on English?", "We experiment only on English.", "yes"),
        ("Do they not release their code?", "Our code is available at https://example.org.", "no"),
        ("Do they release their code?", "Our code is available at https://example.org.", "yes"),
        ("Does Mamba reach a higher F1 than BERT?", "BERT reaches a higher F1 than Mamba by two points.", "no"),
    ],
)
def test_the_verdict_follows_the_direction_of_the_sentence(question: str, sentence: str, right: str) -> None:
    assert said(question, sentence) == right


def test_pairs_of_several_sciences_are_told_right() -> None:
    right = [said(question, *sentences) == label for question, sentences, label in PAIRS]
    assert sum(right) / len(right) >= LEAST_RIGHT


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Does deep snow increase body mass of marmots?", "Marmots were caught in box traps."),
        ("Does deep snow increase body mass of marmots?", "We used tracking collars and scales."),
        ("Does snow depth affect body mass of badgers?", "Badgers do not hibernate in winter."),
        ("Do they evaluate on German?", "The authors thank two reviewers for help."),
        ("Does class size affect learning?", "It remains unclear whether class size affects learning."),
    ],
)
def test_what_does_not_bear_on_the_question_is_on_neither_side(question: str, sentence: str) -> None:
    assert stance(asked_of(question), sentence) == 0


@pytest.mark.parametrize(
    ("question", "sentence", "is_for"),
    [
        ("Is the drug safe?", "The drug was equally safe and effective in both groups.", True),
        ("Is there an advantage to the nail?", "There is no advantage to the nail, and a lack of trials of it.", False),
        ("Are the wing lengths similar?", "Wing lengths did not differ (p = 0.4).", True),
        ("Does X prevent falls?", "X did not increase falls.", False),
        ("Is miR-126 involved in heart failure?", "miR-126 is associated with heart failure.", True),
        ("Does warming affect growth?", "Growth was higher in warm plots (p = 0.61).", False),
        ("Do they fine-tune the encoder?", "Although the head is not fine-tuned, we fine-tune the encoder.", True),
        ("Does BERT outperform ELMo?", "BERT and ELMo perform similarly.", False),
        ("Do they use only two datasets?", "We use two datasets.", True),
    ],
)
def test_the_side_of_a_sentence(question: str, sentence: str, is_for: bool) -> None:
    side = stance(asked_of(question), sentence)
    assert side != 0
    assert (side > 0) is is_for


@pytest.mark.parametrize(
    ("question", "sentence", "is_for"),
    [
        ("Does BERT outperform ELMo?", "BERT outperforms ELMo on NER.", True),
        ("Does BERT outperform ELMo?", "ELMo outperforms BERT on NER.", False),
        ("Does BERT outperform ELMo?", "ELMo outperforms BERT by more than two points.", False),
        ("Does BERT outperform ELMo?", "BERT is outperformed by ELMo.", False),
        ("Does BERT outperform ELMo?", "ELMo does not outperform BERT.", True),
        ("Does BERT outperform GPT?", "GPT achieves higher accuracy than BERT.", False),
        ("Does BERT outperform GPT?", "GPT performs worse than BERT.", True),
        ("Does BERT outperform ELMo on names?", "ELMo outperforms BERT on names by a point.", False),
        ("Is aspirin superior to placebo?", "Placebo was superior to aspirin (p < 0.01).", False),
        ("Do oaks grow taller than pines?", "Pines grew twice as tall as oaks.", False),
        ("Is CNN superior to RNN?", "RNN was superior to CNN.", False),
        ("Is CNN superior to RNN?", "RNN was inferior to CNN.", True),
        ("Is aspirin better than placebo?", "Placebo was non-inferior to aspirin.", False),
        ("Does rain in the north exceed rain in the south?", "Rain in the south exceeded rain in the north.", False),
        ("Is mortality higher in men than in women?", "Mortality was higher in women compared with men.", False),
        ("Is mortality higher in men than in women?", "Compared with women, men had a higher mortality.", True),
    ],
)
def test_which_of_two_has_more_is_read_from_their_order(question: str, sentence: str, is_for: bool) -> None:
    assert (stance(asked_of(question), sentence) > 0) is is_for


@pytest.mark.parametrize(
    ("question", "sentence", "is_for"),
    [
        ("Is BERT faster than GPT?", "GPT is slower than BERT.", True),
        ("Is BERT faster than GPT?", "GPT is not slower than BERT.", False),
        ("Is BERT faster than GPT?", "BERT is slower than GPT.", False),
        ("Is lead denser than iron?", "Iron is less dense than lead.", True),
        ("Is lead less dense than iron?", "Lead is denser than iron.", False),
        ("Are males larger than females?", "Females are smaller than males.", True),
        ("Are males larger than females?", "Females are larger than males.", False),
    ],
)
def test_an_opposite_told_the_other_way_round_is_no_opposite(question: str, sentence: str, is_for: bool) -> None:
    assert (stance(asked_of(question), sentence) > 0) is is_for


def test_less_of_what_may_be_good_or_bad_is_on_neither_side() -> None:
    assert stance(asked_of("Does BERT outperform GPT?"), "GPT reached a lower F1 than BERT.") == 0


@pytest.mark.parametrize(
    ("question", "sentence", "is_for"),
    [
        ("Do they use only English data?", "We use English and German data.", False),
        ("Do they use only English data?", "We use German and English data.", False),
        ("Do they use only English data?", "We use not only English data.", False),
        ("Do they use only English data?", "We use English data and evaluate on the test set.", True),
        ("Do they only evaluate on English?", "We train and evaluate on English.", True),
        ("Do they use English only?", "We use English and German.", False),
        ("Do they use only labelled data?", "We use labelled and unlabelled data.", False),
        ("Is the survey limited to women?", "Women and men were asked in the survey.", False),
        ("Was the drug tested only in mice?", "The drug was tested in mice, rats.", False),
        ("Was the drug tested only in mice?", "The drug was tested in mice and survival was recorded.", True),
    ],
)
def test_another_beside_it_is_against_its_being_the_only_one(question: str, sentence: str, is_for: bool) -> None:
    assert (stance(asked_of(question), sentence) > 0) is is_for


@pytest.mark.parametrize(
    ("question", "sentence", "is_for"),
    [
        ("Does the parser use recurrence?", "The parser eschews recurrence.", False),
        ("Does the parser use recurrence?", "The parser dispenses with recurrence altogether.", False),
        ("Does the parser use recurrence?", "The parser has attention instead of the usual recurrence.", False),
        ("Does the parser use recurrence?", "The parser attends rather than relying on recurrence.", False),
        ("Does the parser use recurrence?", "In the parser, recurrence is omitted.", False),
        ("Does the parser use recurrence?", "In the parser, recurrence is not omitted.", True),
        ("Does the parser use recurrence?", "The parser uses recurrence instead of attention.", True),
        ("Does the parser use recurrence?", "The parser contains no recurrence and no convolution.", False),
        ("Does the parser omit recurrence?", "The parser omits recurrence.", True),
        ("Is dropout applied to the embeddings?", "We drop dropout from the embeddings.", False),
        ("Are the forecasts calibrated?", "The forecasts are badly miscalibrated.", False),
        ("Are the forecasts calibrated?", "Uncalibrated forecasts came from each model.", False),
    ],
)
def test_doing_without_a_thing_is_against_its_use(question: str, sentence: str, is_for: bool) -> None:
    side = stance(asked_of(question), sentence)
    assert side != 0
    assert (side > 0) is is_for


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        (
            "Is the lynx corpus smaller than the hare corpus?",
            "Names are part of the lynx corpus but absent in the hare's.",
        ),
        ("Is the lynx corpus smaller than the hare corpus?", "The lynx corpus gave lower scores than models of voles."),
        ("Does the probe require calibration?", "The probe further improves the calibration."),
        ("Does the parser use recurrence?", "The parser is faster than networks with recurrence."),
        ("Does the parser use recurrence?", "The parser is trained on eight cards in twelve hours."),
    ],
)
def test_a_sentence_without_what_is_claimed_is_on_neither_side(question: str, sentence: str) -> None:
    assert stance(asked_of(question), sentence) == 0


@pytest.mark.parametrize(
    ("question", "beside", "telling"),
    [
        (
            "Are lynx forecasts well calibrated?",
            "We evaluate the calibration of lynx forecasts by their errors.",
            "The figure demonstrates that lynx forecasts are uncalibrated.",
        ),
        (
            "Does LynxNet use next word prediction?",
            "Training with next word prediction can help.",
            "LynxNet does not use next word prediction.",
        ),
        (
            "Is LynxNet larger than HareNet?",
            "We trained a larger HareNet with more layers.",
            "LynxNet has 40 % fewer parameters than HareNet.",
        ),
    ],
)
def test_what_says_less_of_the_claim_gives_way_to_what_says_more(question: str, beside: str, telling: str) -> None:
    first, second = stances_of(question, [beside, telling])
    assert first == 0
    assert second < 0
    assert stances_of(question, [beside])[0] != 0


def test_lines_that_are_no_prose_are_on_no_side_if_there_is_prose() -> None:
    row, prose = "LynxNet larger HareNet 110", "LynxNet is smaller than HareNet."
    _, verdict, quotes, _ = ask("Is LynxNet larger than HareNet?", row, prose)
    assert verdict.answer == "no"
    assert list(quotes.values()) == [prose]
    _, verdict, quotes, _ = ask("Is LynxNet larger than HareNet?", row)
    assert list(quotes.values()) == [row]


def test_a_no_shows_the_sentences_against() -> None:
    text = "Marmots were weighed in spring each year. Deep snow did not increase body mass of marmots (p = 0.6)."
    answer, verdict, quotes, note = ask("Does deep snow increase body mass of marmots?", text)
    (against,) = verdict.opposing
    assert (verdict.answer, verdict.supporting, note) == ("no", (), "")
    assert quotes[against].startswith("Deep snow did not increase")
    assert answer == f"No [{against}]"


def test_what_no_sentence_says_is_not_said() -> None:
    text = "Marmots were caught in box traps. Snow depth and body mass of marmots follow."
    for question in ("Does deep snow not harm marmots in box traps?", "Does deep snow increase body mass of marmots?"):
        _, verdict, _, _ = ask(question, text)
        assert verdict.answer != "no" or verdict.opposing
        assert verdict.answer != "yes" or verdict.supporting


def test_neutral_sentences_are_shown_as_the_nearest_and_called_so() -> None:
    text = "Marmots were caught in box traps near snow. Scales were used for mass."
    answer, verdict, quotes, note = ask("Does deep snow increase body mass of alpine marmots?", text)
    assert (verdict.answer, verdict.supporting, verdict.opposing) == ("maybe", (), ())
    assert 0 < verdict.maybe < 1
    assert answer == "Maybe [1][2]"
    assert quotes[1].startswith("Marmots were caught")
    assert note == ON_NO_SIDE


@pytest.mark.parametrize(
    ("sentence", "affirms"),
    [
        ("Snow depth significantly increased body mass (p < 0.001).", True),
        ("There was no significant difference between the groups (p = 0.34).", False),
        ("The two drugs were comparable.", False),
        ("Treatment was associated with better survival.", True),
    ],
)
def test_the_tone_of_a_finding(sentence: str, affirms: bool) -> None:
    assert (tone_of(sentence).polarity > 0) is affirms


def test_denials_make_no_likelier() -> None:
    question = "Does snow depth affect body mass?"
    _, found, _, _ = ask(question, "Snow depth significantly increased body mass (p < 0.01).")
    _, denied, _, _ = ask(question, "Snow depth had no significant effect on body mass (p = 0.6).")
    assert denied.no > found.no
    assert found.yes + found.no + found.maybe == pytest.approx(1, abs=0.002)
