"""Drafts of a language model: cut into claims where a reader would, and each claim held to the evidence."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragqa.answer.citations import Citer
from ragqa.answer.draft import NO_SUPPORT, REFUSAL, Draft
from ragqa.answer.untrusted import harmless
from ragqa.answer.written.claimless import claims_nothing
from ragqa.answer.written.claims import MARK
from ragqa.answer.written.generative import check
from ragqa.answer.written.parts import BULLET, numbers_of, parts
from ragqa.answer.written.support import Support, WordSupport
from ragqa.compose import open_support
from ragqa.document import Page
from ragqa.settings import Settings
from ragqa.types import Hit
from tests.tiny_library import make_page, paper_id_of

TEXTS = {
    "marmots": "Alpine marmots hibernate for 201 days each winter. Snow depth explains 64% of the variance in "
    "body mass. Groups that lose members sleep less, as was shown before [12] for ground squirrels.",
    "bert": "On the test set BERT reached an F1 of 71.3. Dropout was set to 0.1 in all layers.",
    "gpt": "In our experiments GPT reached an F1 of 68.2. Deep snow increases the survival of young marmots.",
}


class Books:
    """Pages of papers, as the catalogue gives them."""

    def page(self, paper_id: str, number: int) -> Page:
        return make_page({paper_id_of(name): text for name, text in TEXTS.items()}[paper_id], number)


EVIDENCE = [
    Hit(
        chunk_id=f"{name}-0", paper_id=paper_id_of(name), file_name=f"{name}.pdf", title=f"A study of {name}", page=1,
        section="3 Results", text=text, score=0.03,
    )
    for name, text in TEXTS.items()
]  # fmt: skip
WORDS = WordSupport()


@pytest.fixture(scope="module")
def shipped() -> Support:
    """As answers are checked unless the user wants it otherwise: by the shipped reader."""
    return open_support(Settings())


def checked(written: str, support: Support = WORDS, question: str = "") -> Draft:
    return check(written, EVIDENCE, support, Citer("answer", Books()), question)


def claims(written: str) -> list[str]:
    return [part.claim for part in parts(written, len(EVIDENCE)) if not claims_nothing(part)]


# Lines, bullets, lists and tables


def test_every_item_of_a_list_is_a_claim_and_the_list_stays_one() -> None:
    draft = checked(
        "The main findings are:\n\n- Marmots hibernate for 201 days [1]\n- Marmots eat cheese [1]\n"
        "- Dropout was set to 0.1 [2]"
    )
    assert draft.text == (
        "The main findings are:\n\n- Marmots hibernate for 201 days [1]\n- Marmots eat cheese [unsupported]\n"
        "- Dropout was set to 0.1 [2]"
    )
    assert draft.unsupported == ("Marmots eat cheese",)
    assert draft.confidence == pytest.approx(2 / 3, abs=0.001)


@pytest.mark.parametrize(
    "bullets", ["1. 2.", "1) 2)", "(1) (2)", "a) b)", "* *", "• •", "– –", "> >", "- - ", "1.\t2.\t"]
)
def test_the_number_of_an_item_is_no_figure(bullets: str) -> None:
    first, second = bullets.split()
    draft = checked(
        f"{first} Marmots hibernate for 201 days [1]\n   {second} Snow depth explains 64% of the variance [1]"
    )
    assert draft.unsupported == ()
    assert draft.text == (
        f"{first} Marmots hibernate for 201 days [1]\n   {second} Snow depth explains 64% of the variance [2]"
    )


def test_a_numbered_list_in_one_line_is_one_claim_each() -> None:
    draft = checked("1. Marmots hibernate for 201 days [1]. 2. Marmots eat cheese [1].")
    assert draft.text == "1. Marmots hibernate for 201 days. [1] 2. Marmots eat cheese. [unsupported]"


def test_rows_of_a_table_are_checked_cell_by_cell() -> None:
    draft = checked("| Model | F1 |\n|---|---|\n| BERT | 71.3 [2] |\n| GPT | 71.3 [3] |\n| GPT | 68.2 [3] |")
    assert draft.text == (
        "| Model | F1 |\n|---|---|\n| BERT | 71.3 [1] |\n| GPT | 71.3 [unsupported] |\n| GPT | 68.2 [2] |"
    )
    assert draft.unsupported == ("GPT | 71.3",)


def test_a_line_that_was_only_full_goes_on_in_the_next() -> None:
    draft = checked("In the alpine meadows, the marmots hibernate for\n201 days each winter [1].")
    assert draft.text == "In the alpine meadows, the marmots hibernate for 201 days each winter. [1]"


def test_a_mark_on_the_next_line_belongs_to_the_claim_before() -> None:
    found = parts("Marmots hibernate.\n[1]\n\nThey wake.", 2)
    assert [(part.text, part.numbers) for part in found] == [
        ("Marmots hibernate.", frozenset({1})), ("They wake.", frozenset()),
    ]  # fmt: skip


def test_an_item_of_few_words_is_read_with_the_line_above_the_list() -> None:
    assert checked("The F1 was reported for:\n- BERT [2]\n- GPT [3]").unsupported == ()
    assert checked("The survival of young marmots decreases with:\n- deep snow [3]").abstained
    assert not checked("The survival of young marmots increases with:\n- deep snow [3]").abstained


def test_a_line_for_each_paper_is_held_to_that_paper() -> None:
    draft = checked("BERT study: the F1 was 71.3 [2].\nGPT study: the F1 was 71.3 [3].")
    assert draft.unsupported == ("GPT study: the F1 was 71.3.",)


@pytest.mark.parametrize(
    "above", ["- {}:\n  - {}", "1. {}:\n- {}", "- **{}**\n  - {}", "**{}**\n- {}", "## {}\n- {}", "{}:\n- {}"]
)
def test_what_stands_below_a_name_is_held_to_it(above: str) -> None:
    true = f"{above.format('BERT', 'F1 of 71.3 [2]')}\n{above.format('GPT', 'F1 of 68.2 [3]')}"
    assert checked(true).unsupported == ()
    swapped = f"{above.format('BERT', 'F1 of 68.2 [2]')}\n{above.format('GPT', 'F1 of 71.3 [3]')}"
    assert checked(swapped).unsupported == ("F1 of 68.2", "F1 of 71.3")


def test_a_heading_of_no_names_and_an_item_without_colon_hold_nothing_up() -> None:
    assert checked("## Key Findings\n**Snow Depth**\n- explains 64% of the variance [1]").unsupported == ()
    assert checked("- BERT reached 71.3 [2]\n  - GPT reached 68.2 [3]").unsupported == ()
    assert checked("Key points:\n* **BERT:**\n    * F1: 71.3 [2]\n    * Dropout: 0.1 [2]").unsupported == ()


def test_the_line_above_does_not_bear_out_an_item_that_is_said_nowhere() -> None:
    assert checked("Marmots hibernate for 201 days each winter:\n- Penguins [1]").unsupported[-1] == "Penguins"


# What claims nothing


@pytest.mark.parametrize(
    "said",
    [
        "Yes.", "No.", "Maybe.", "**Yes**.", "Yes:", "In summary:", "The main findings are:", "Answer: Yes.",
        "There are two main findings:", "## Results", "### 2. Hibernation and snow", "**Findings**", "Short answer:",
        "B", "(B)", "B.", "The answer is B.", "Option (C).", "Final answer: A", "Yes, it does.", "---",
        "The datasets used were:", "What explains body mass?",
    ],
)  # fmt: skip
def test_what_claims_nothing_is_neither_supported_nor_unsupported(said: str) -> None:
    draft = checked(f"{said}\nMarmots hibernate for 201 days [1].")
    assert draft.text == f"{said}\nMarmots hibernate for 201 days. [1]"
    assert (draft.unsupported, draft.confidence) == ((), 1.0)
    alone = checked(said)
    assert (alone.text, alone.abstained, alone.unsupported) == (REFUSAL, True, ())


def test_a_verdict_before_its_reason_is_not_marked() -> None:
    draft = checked("Yes. Deep snow increases the survival of young marmots [3].")
    assert draft.text == "Yes. Deep snow increases the survival of young marmots. [1]"
    assert checked("Yes, deep snow increases the survival of young marmots [3].").unsupported == ()
    assert checked("No. Deep snow does not increase the survival of young marmots [3].").abstained


def test_the_choice_that_was_picked_claims_nothing() -> None:
    question = "How long do marmots sleep?\nChoices:\n- Half a year or more\n- For 365 days\nBegin with one of them."
    written = "For 365 days. Marmots hibernate for 201 days [1]."
    assert checked(written, question=question).text == "For 365 days. Marmots hibernate for 201 days. [1]"
    assert checked(written, question="Do they sleep\nfor 365 days or less?").unsupported == ("For 365 days.",)


@pytest.mark.parametrize(
    "said",
    [
        "## Marmots never hibernate", "## BERT reached 99.9", "**Marmots do not hibernate.**",
        "Marmots were found on the moon:", "The result is 365 days.", "GPT was not tested on:", "Penguins fly.",
        "Did you know that 365 marmots fly?",
    ],
)  # fmt: skip
def test_a_claim_does_not_pass_for_a_heading(said: str) -> None:
    assert checked(said).unsupported == (said.strip(),) or checked(said).unsupported == (said.removeprefix("## "),)


def test_a_draft_without_support_says_so_although_it_begins_with_a_verdict() -> None:
    draft = checked("Yes. Marmots are made of cheese [1].")
    assert (draft.text, draft.unsupported) == (NO_SUPPORT, ("Marmots are made of cheese.",))


# Sentences with two sources


@pytest.mark.parametrize(
    "written",
    [
        "BERT reached 71.3 [2] while GPT reached 68.2 [3].",
        "BERT reached 71.3 while GPT reached 68.2 [2][3].",
        "BERT reached an F1 of 71.3 [2] and GPT reached 68.2 [3].",
        "BERT reached an F1 of 71.3; GPT reached 68.2.",
        "While BERT reached 71.3, GPT reached 68.2 [2, 3].",
        "Whereas BERT reached 71.3 [2], GPT only reached 68.2 [3].",
        "BERT reached 71.3 [2], but GPT reached only 68.2 [3].",
    ],
)
def test_a_sentence_of_two_sources_cites_both(written: str) -> None:
    draft = checked(written)
    assert draft.unsupported == ()
    assert draft.text.endswith("[1][2]")


@pytest.mark.parametrize(
    "written",
    [
        "BERT reached 68.2 [2] while GPT reached 71.3 [3].",
        "BERT reached 71.3 [2] while GPT reached 86.2 [3].",
        "BERT reached 71.3 [2] and GPT did not reach 68.2 [3].",
        "BERT reached 71.3 [2], but LLaMA reached 68.2 [3].",
    ],
)
def test_a_sentence_of_two_sources_is_as_weak_as_its_weakest_clause(written: str) -> None:
    draft = checked(written)
    assert (draft.text, len(draft.unsupported)) == (NO_SUPPORT, 1)


# Marks


@pytest.mark.parametrize(
    "mark",
    [
        "[1-3]", "[1–3]", "[1; 2]", "[1, 2]", "[1 and 3]", "[Evidence 2]", "[Source 2]", "[Evidence 1, Evidence 2]",
        "(Evidence 2)", "【1】", "【1†source】", "[1][2]", "[1] [2]", "[[1]]", "[^1]", "(1)", "(1, 2)", "[9]", "[1-99]",
        "[Evidence 9]", "[999999999999]", "[1, page 1]", "(Evidence 1, page 1)", "[1, p. 3]", "(p. 1) [1]", "(1, p. 2)",
        "[1, pp. 3–4; 2, page 9]", "(page 1)", "(see p. 1) [1]", "[99 ]", "[Passage 99]", "[1, and 99]", "[#99]",
        "[E99]", "[see 99]", "[1†L99]", "[Paper 1, Paper 99]", "(see Evidence 99)", "([1], [99])", "[1], and [99]",
    ],
)  # fmt: skip
@pytest.mark.parametrize("sentence", ["Marmots hibernate for 201 days{}.", "Marmots hibernate for 201 days.{}"])
def test_marks_are_read_however_they_are_written(mark: str, sentence: str) -> None:
    draft = checked(f"{sentence.format(f' {mark}')} Dropout was set to 0.1.")
    assert draft.text == "Marmots hibernate for 201 days. [1] Dropout was set to 0.1. [2]"


def test_marks_give_the_numbers_of_evidence_that_there_is() -> None:
    assert numbers_of("[1-3; 99]", 8) == {1, 2, 3}
    assert numbers_of("[7–12]", 8) == {7, 8}
    assert numbers_of("【4:0†source 2】", 8) == {4}
    assert numbers_of("[0]", 8) == frozenset()
    assert numbers_of("[1, page 3; 2, pp. 4-5]", 8) == {1, 2}
    assert numbers_of("[1†L3-L5]", 8) == numbers_of("[#1, and 99]", 8) == {1}


@pytest.mark.parametrize(
    "said",
    [
        "as in Eq. (1).", "in the range [12, 15].", "scaled to [0, 1].", "(95% CI [12, 15]).", "in 2019 (7).",
        "of windows of [3, 4, 5].", "with sizes [1, 2].", "Model (1) above Model (2).", "of cells (passage 3) here.",
        "of cells (passage 3).", "where [E2] rose.", "of windows of [3, 4, and 5].", "scaled to [ 0, 1 ].",
    ],
)  # fmt: skip
def test_other_numbers_in_brackets_stay(said: str) -> None:
    assert parts(f"It is {said}", len(EVIDENCE))[0].text == f"It is {said}"


def test_evidence_that_is_named_in_the_sentence_is_no_figure() -> None:
    assert checked("According to Evidence 1, marmots hibernate for 201 days.").unsupported == ()
    assert checked("Based on the provided evidence, marmots hibernate for 201 days.").unsupported == ()
    assert checked("Marmots hibernate for 201 days [1], page 1.").unsupported == ()


@pytest.mark.parametrize(
    "named", ["In “A study of marmots”, {}", "“A study of marmots”: {}", "“A study of mar…” says that {}"]
)
def test_a_paper_may_be_named_by_its_title_in_quotation_marks(named: str) -> None:
    assert checked(named.format("marmots hibernate for 201 days [1].")).unsupported == ()
    assert checked(named.format("BERT reached an F1 of 71.3 [2].")).abstained


@pytest.mark.parametrize(
    "quoted",
    [
        "“sleep less, as was shown before [12] for ground squirrels” [1].",
        "“sleep less, as was shown before for ground squirrels” [1].",
        '"sleep less, as was shown before [12] for ground squirrels [1]".',
        '"sleep less, as was shown before [12]" [1].',
    ],
)
def test_a_quotation_may_hold_the_papers_own_references(quoted: str) -> None:
    written = f"Groups that lose members {quoted}"
    draft = checked(written)
    assert draft.unsupported == ()
    assert ("[12]" in draft.text) == ("[12]" in written)
    assert draft.text.endswith(" [1]")
    assert draft.text.count("[1]") == 1


def test_an_invented_quotation_is_not_saved_by_a_reference_in_it() -> None:
    assert checked("They “sleep longer, as was shown before [12] for ground squirrels” [1].").abstained


# By the shipped reader


@pytest.mark.parametrize(
    "written",
    [
        "Snow depth accounts for 64% of the variance in body mass [1].",
        "The survival of young marmots increases in deep snow [3].",
        "Yes. Deep snow increases the survival of young marmots [3].",
        "BERT reached an F1 of 71.3 [2] while GPT reached 68.2 [3].",
        "The models tested were:\n- BERT [2]\n- GPT [3]",
        "| Model | F1 |\n|---|---|\n| BERT | 71.3 [2] |\n| GPT | 68.2 [3] |",
    ],
)
def test_what_is_true_passes_the_shipped_reader(written: str, shipped: Support) -> None:
    draft = checked(written, shipped)
    assert (draft.unsupported, draft.confidence) == ((), 1.0)


@pytest.mark.parametrize(
    "written",
    [
        "Snow depth accounts for 46% of the variance in body mass [1].",
        "The survival of young marmots decreases in deep snow [3].",
        "Yes. Deep snow reduces the survival of young marmots [3].",
        "BERT reached an F1 of 68.2 [2] while GPT reached 71.3 [3].",
        "The survival of young marmots decreases with:\n- deep snow [3]",
        "| Model | F1 |\n|---|---|\n| BERT | 68.2 [2] |",
    ],
)
def test_what_is_false_does_not(written: str, shipped: Support) -> None:
    draft = checked(written, shipped)
    assert (draft.text, len(draft.unsupported)) == (NO_SUPPORT, 1)


# Any text


MARKS = ("[1]", "[2][1]", "[1-2]", "【2】", "[Evidence 1]", "[17]")
PARTS = st.sampled_from(
    ["Marmots", "sleep", "less", "201", "days", "but", "while", "end.", "so:", '"', "“", "”", "|", "**", "Yes.", "No.",
     "et", "al.", *MARKS]
)  # fmt: skip
LINES = st.builds(
    "{}{}".format,
    st.sampled_from(["", "- ", "1. ", "  2) ", "* ", "## ", "| ", "• 3. ", "> "]),
    st.lists(PARTS, max_size=12).map(" ".join),
)
DRAFTS = st.lists(LINES, max_size=6).map("\n".join)


@given(DRAFTS)
def test_what_is_shown_are_the_words_of_the_draft_without_its_marks(written: str) -> None:
    found = parts(written, 2)
    shown = "".join(f"{part.before}{part.text}{part.after}" for part in found)
    assert plain_words(shown) == plain_words(written)


def plain_words(text: str) -> list[str]:
    """Without marks, those inside quotations included."""
    return re.findall(r"\w+", MARK.sub(" ", re.sub(r'["“”]', " ", text)))


@given(DRAFTS)
def test_no_claim_holds_a_bullet_or_goes_over_a_line(written: str) -> None:
    for part in parts(written, 2):
        assert not BULLET.match(part.text)
        assert "\n" not in part.text
        assert part.text == part.text.strip()


@given(st.one_of(DRAFTS, st.text(), st.text(alphabet='!]<[(1)a/\n| "”【】', max_size=40)))
def test_what_is_shown_can_be_neither_link_nor_tag(written: str) -> None:
    shown = checked(f"{written}\n\nMarmots hibernate for 201 days.").text
    assert harmless(shown) == shown


def test_a_mark_behind_a_broken_quotation_or_a_symbol_is_a_mark() -> None:
    (part,) = parts('grown to a third in" [4], and p = hq, ci [4][98].', 5)
    assert (part.text, part.numbers) == ('grown to a third in", and p = hq, ci.', frozenset({4}))
