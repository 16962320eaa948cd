"""A model's words beside what is made without it: the evidence it gets, the answer its words choose, how sure it is."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragqa.answer.draft import Draft, refusal, without_support
from ragqa.answer.kinds.yes_no import ON_NO_SIDE
from ragqa.answer.prompts import NOT_IN_PAPERS, answer_messages, instructed, prompt_tokens
from ragqa.answer.written.chosen import said_choice, said_verdict
from ragqa.answer.written.combine import (
    NO_REASONS,
    NO_SUPPORT,
    NO_WORDS,
    evidence_to_write_from,
    in_turn,
    is_refusal_so_far,
    together,
    with_neighbours,
    without_words,
)
from ragqa.answer.written.generative import fit_evidence
from ragqa.details import Details, ScoredChoice, Verdict
from ragqa.types import Hit
from tests.test_answer import Counter, hit

DURATIONS = ("12 days", "201 days", "a week")


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Yes. Deep snow increased body mass [1].", "yes"),
        ("**No**, it decreased [1].", "no"),
        ("Yes [1].", "yes"),
        ("The answer is maybe: results were mixed [1].", "maybe"),
        ("No because the groups did not differ [1].", "no"),
        ("No significant effect was found [1].", None),
        ("Deep snow increased body mass, so yes [1].", None),
    ],
)
def test_a_verdict_is_what_the_text_begins_with(text: str, verdict: str | None) -> None:
    assert said_verdict(text) == verdict


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("201 days. [1] That is how long they hibernate.", "201 days"),
        ("The correct answer is “12 days” [1].", "12 days"),
        ("Marmots hibernate for 201 days each winter [1]. A week is too short.", "201 days"),
        ("Not for 12 days but longer [1].", None),
        ("Between 12 days and 201 days [1].", None),
        ("201.5 days [1].", None),
    ],
)
def test_a_choice_is_what_the_text_begins_with_or_alone_names(text: str, choice: str | None) -> None:
    assert said_choice(text, DURATIONS) == choice


def test_the_longer_of_two_choices_that_begin_alike_counts() -> None:
    assert said_choice("BERT large was better [1].", ("BERT", "BERT large")) == "BERT large"


def test_words_that_agree_are_as_sure_as_the_verdict_and_their_support() -> None:
    made = _verdict(0.45, yes=0.5, no=0.3, maybe=0.2)
    draft = together(Draft("Yes. Snow helps. [1] It is so. [unsupported]", 0.5), made, 0.9)
    assert (draft.confidence, draft.supported, draft.kind, draft.note) == (0.225, 0.5, "yes_no", "")
    assert draft.details.verdict == made.details.verdict


def test_words_that_disagree_are_as_sure_as_what_they_say_and_the_note_says_so() -> None:
    draft = together(Draft("No. Snow harms. [1]", 1.0), _verdict(0.45, yes=0.5, no=0.3, maybe=0.2), 0.9)
    assert draft.confidence == 0.27
    assert "“no” (30%)" in draft.note
    assert "“yes” (50%)" in draft.note
    choices = (ScoredChoice(text="12 days", probability=0.1), ScoredChoice(text="201 days", probability=0.9))
    made = Draft("201 days [1]", 0.81, kind="choice", details=Details(choices=choices))
    draft = together(Draft("12 days. They sleep for 12 days. [1]", 1.0), made, 0.9)
    assert draft.confidence == 0.09
    assert "“12 days” (10%)" in draft.note


def test_evidence_on_no_side_speaks_against_no_words() -> None:
    made = Draft(
        "Maybe [1]", 0.08, kind="yes_no", note=ON_NO_SIDE,
        details=Details(verdict=Verdict(answer="maybe", yes=0.7, no=0.2, maybe=0.1)),
    )  # fmt: skip
    draft = together(Draft("Yes, snow helps. [1]", 1.0), made, 0.8)
    assert (draft.confidence, draft.note) == (0.56, ON_NO_SIDE)
    assert together(Draft("Maybe, it is unclear. [1]", 1.0), made, 0.8).confidence == 0.08


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("Yes.", NO_REASONS),
        ("**No**", f"{NO_REASONS} The language model says “no” (30%); the evidence by itself speaks for “yes” (50%)."
         " See for yourself."),
        (NOT_IN_PAPERS, NO_WORDS),
        (f"No. {NOT_IN_PAPERS}", NO_WORDS),
    ],
)  # fmt: skip
def test_a_bare_verdict_is_no_want_of_an_answer(text: str, note: str) -> None:
    made = _verdict(0.45, yes=0.5, no=0.3, maybe=0.2)
    draft = without_words(made, refusal(0.0), text)
    assert (draft.text, draft.confidence, draft.note) == (made.text, made.confidence, note)


def test_a_choice_without_a_reason_is_noted_as_such() -> None:
    choices = (ScoredChoice(text="12 days", probability=0.1), ScoredChoice(text="201 days", probability=0.9))
    made = Draft("201 days [1]", 0.81, kind="choice", details=Details(choices=choices))
    assert without_words(made, refusal(0.0), "201 days").note == NO_REASONS
    assert "“12 days” (10%)" in without_words(made, refusal(0.0), "12 days").note
    assert without_words(made, without_support(["It is so."]), "201 days. It is so.").note == NO_SUPPORT
    assert without_words(made, refusal(0.0), "12 days? No. < /think> 201 days").note == NO_REASONS
    checked_by_words = replace(without_support(["It is so."]), note="By words.")
    assert without_words(made, checked_by_words, "It is so.").note == f"{NO_SUPPORT} By words."


def test_every_paper_of_a_comparison_comes_before_more_of_the_same() -> None:
    cited = [_piece(paper, n) for paper in range(8) for n in range(4)]
    others = [_piece(2, 9), _piece(99, 0)]
    hits = evidence_to_write_from("comparison", cited, others)
    assert [h.paper_id for h in hits[:8]] == [str(paper) for paper in range(8)]
    assert len(hits) == 33
    assert "99" not in {h.paper_id for h in hits}, "it is not compared"
    assert len(evidence_to_write_from("span", cited, others)) == 8


def test_the_text_around_the_best_hits_is_taken_while_there_is_room_and_never_twice() -> None:
    first = _piece(1, 0, before="the text before it", after="the text after it")
    second = _piece(1, 1, "the text after it", before=first.text)
    wide = with_neighbours([first, second], _count, 100)
    assert wide[0].text == f"the text before it {first.text}"
    assert wide[1] == second
    assert with_neighbours([first, second], _count, 3) == [first, second]


@given(
    st.integers(256, 4096), st.integers(1, 10), st.integers(1, 4), st.integers(1, 300), st.integers(0, 300),
    st.integers(-50, 4000),
)  # fmt: skip
def test_a_comparison_never_outgrows_the_window(
    window: int, papers: int, each: int, words: int, around: int, room: int
) -> None:
    model, question = Counter(window), instructed("Compare them", "comparison")
    cited = [_piece(p, n, "word " * words, "before " * around) for p in range(papers) for n in range(each)]
    hits = evidence_to_write_from("comparison", cited, [])
    wide = with_neighbours(hits, model.count_tokens, room)
    assert _tokens(question, wide, model) - _tokens(question, hits, model) <= max(0, room)
    fitting = fit_evidence(question, wide, model, 64)
    assert not fitting or _tokens(question, fitting, model) + 64 <= window
    assert len({h.paper_id for h in fitting}) == min(papers, len(fitting)), "no paper twice before all were there"


def test_papers_take_turns() -> None:
    hits = [_piece(1, 0), _piece(1, 1), _piece(2, 0), _piece(1, 2), _piece(3, 0)]
    assert [h.chunk_id for h in in_turn(hits)] == ["1-0", "2-0", "3-0", "1-1", "1-2"]


def test_a_refusal_is_known_by_how_it_begins() -> None:
    assert all(is_refusal_so_far(NOT_IN_PAPERS[:length]) for length in range(len(NOT_IN_PAPERS) + 1))
    assert not is_refusal_so_far("The papers do agree")


def _verdict(sure: float, yes: float, no: float, maybe: float) -> Draft:
    verdict = Verdict(answer="yes", yes=yes, no=no, maybe=maybe, supporting=(1,))
    return Draft("Yes [1]", sure, kind="yes_no", details=Details(verdict=verdict))


def _piece(paper: int, number: int, text: str = "", before: str = "", after: str = "") -> Hit:
    given = {
        "chunk_id": f"{paper}-{number}",
        "paper_id": str(paper),
        "text": (text or f"text {paper} {number}").strip(),
    }
    return hit("marmots").model_copy(update={**given, "before": before.strip(), "after": after.strip()})


def _count(text: str) -> int:
    return len(text.split())


def _tokens(question: str, evidence: Sequence[Hit], model: Counter) -> int:
    return prompt_tokens(answer_messages(question, evidence), model)
