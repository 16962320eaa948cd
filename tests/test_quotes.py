"""Quotes: found however the PDF sets them, and never found where they do not stand."""

import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ragqa.document import Page, Word
from ragqa.quotes import find_words, fold, line_rects, locate
from tests.tiny_library import WORDS_PER_LINE, make_page, rect_at

# Letters, figures, what is folded away, what stays, ligatures, accents alone and on letters, other scripts.
Characters = st.sampled_from("abcXYZ019.,;()[]%-–—'’“”\u00adﬁﬀßéÅ\u0301µ²½…øжд中文אב")
WordTexts = st.text(Characters, min_size=1, max_size=8)
PageTexts = st.lists(WordTexts, min_size=1, max_size=30)
PlainWords = st.text("abcdefg", min_size=2, max_size=6)

PAGE = make_page(
    "We fine-tune the ﬁnal layer of a state-of-the-art encoder. Accuracy rises from 71.3% to “74.8%” on the "
    "co-occurrence test, while Müller’s baseline (ResNet–50) stays at 70%. Self\u00adattention needs no recurrence."
)


def page_of(texts: list[str]) -> Page:
    return Page(1, 595.0, 842.0, tuple(Word(text, (rect_at(n),)) for n, text in enumerate(texts)))


def letters(text: str) -> str:
    """All of a text that carries meaning: punctuation at the ends of a quote may be left out."""
    return "".join(c for c in fold(text) if c.isalnum())


def words_at(page: Page, found: tuple[int, int] | None) -> str:
    assert found is not None
    return " ".join(word.text for word in page.words[slice(*found)])


@given(PageTexts, st.data())
def test_any_run_of_words_is_found_and_says_the_same(texts: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(texts) - 1))
    end = data.draw(st.integers(start + 1, len(texts)))
    quote = " ".join(texts[start:end])
    assume(fold(quote))
    page = page_of(texts)
    assert letters(words_at(page, locate(quote, page))) == letters(quote)


@given(PageTexts, WordTexts)
def test_letters_that_the_page_has_not_are_never_found(texts: list[str], quote: str) -> None:
    assume(letters(quote) and letters(quote) not in letters(" ".join(texts)))
    assert locate(quote, page_of(texts)) is None


@given(PlainWords, st.data())
def test_part_of_a_word_is_not_a_quote(word: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(word) - 1))
    end = data.draw(st.integers(start + 1, len(word)))
    assume((start, end) != (0, len(word)))
    assert locate(word[start:end], page_of(["9", word, "8"])) is None


@given(st.lists(PlainWords, min_size=3, max_size=12, unique=True))
def test_words_in_another_order_are_not_a_quote(texts: list[str]) -> None:
    quote = " ".join([texts[-1], *texts[:-1]])
    assume(letters(quote) not in letters(" ".join(texts)))
    assert locate(quote, page_of(texts)) is None


@pytest.mark.parametrize(
    ("quote", "on_the_page"),
    [
        ("fine-tune the final layer", "fine-tune the ﬁnal layer"),
        ("ﬁne-tune the ﬁnal layer", "fine-tune the ﬁnal layer"),
        ("finetune the final layer", "fine-tune the ﬁnal layer"),
        ("FINE-TUNE The Final LAYER", "fine-tune the ﬁnal layer"),
        ("fine-tune\n the\u00a0final   layer", "fine-tune the ﬁnal layer"),
        ("fine-\ntune the final layer", "fine-tune the ﬁnal layer"),
        ("state‑of‑the‑art", "state-of-the-art"),
        ("state of the art", "state-of-the-art"),
        ('to "74.8%" on the cooccurrence test', "to “74.8%” on the co-occurrence test,"),
        ("Muller's baseline".replace("u", "u\u0308"), "Müller’s baseline"),
        ("ResNet-50", "(ResNet–50)"),
        ("self-attention needs no recurrence", "Self\u00adattention needs no recurrence."),
        ("  recurrence. ", "recurrence."),
        ("We", "We"),
    ],
)
def test_a_quote_survives_how_a_pdf_sets_it(quote: str, on_the_page: str) -> None:
    assert words_at(PAGE, locate(quote, PAGE)) == on_the_page


@pytest.mark.parametrize(
    "quote",
    [
        "",
        " \n",
        "-",
        "Accuracy rises from 71.3% to 74.9%",
        "Accuracy falls from 71.3%",
        "Accuracy rises 71.3%",
        "code",
        "ccuracy rises",
        "Accuracy rises from 7",
        "Muller's baseline",
        "attention is all you need",
    ],
)
def test_what_does_not_stand_there_is_not_found(quote: str) -> None:
    assert locate(quote, PAGE) is None


def test_the_first_of_equal_places_is_taken_and_a_false_start_is_passed_over() -> None:
    page = make_page("The transformers beat the transformer and the transformer stays.")
    assert locate("the transformer", page) == (3, 5)


def test_inside_its_passage_a_quote_is_found_there_and_elsewhere_all_the_same() -> None:
    page = make_page("Groups sleep less. Snow is deep. In spring groups sleep less. Snow melts.")
    assert locate("groups sleep less", page) == (0, 3)
    assert locate("groups sleep less", page, passage="In spring groups sleep less.") == (8, 11)
    assert locate("snow is deep", page, passage="In spring groups sleep less.") == (3, 6)
    assert locate("groups sleep less", page, passage="Words of another page.") == (0, 3)


@pytest.mark.parametrize(
    ("quote", "words"),
    [
        ("by -3.5 points", "by 3.5 points"),
        ("by 3.5 points", "by -3.5 points"),
        ("3.5", "\u22123.5"),
        ("able to generalize", "unable to generalize"),
        ("------ ------ ----", "any words at all"),
    ],
)
def test_a_sign_or_half_a_word_makes_another_quote(quote: str, words: str) -> None:
    assert find_words(quote, words.split()) is None


@pytest.mark.parametrize(
    ("quote", "words"),
    [
        ("by -3.5 points", "by \u22123.5 points"),
        ("(-3.5)", "(\u20133.5)"),
        ("2-3", "2\u20133"),
        ("23", "2-3"),
        ("GPT-2", "GPT\u20132"),
        ("pages 2 - 3", "pages 2\u20133"),
        ("fine- tuned", "fine-tuned"),
    ],
)
def test_minus_signs_are_told_from_hyphens_and_ranges(quote: str, words: str) -> None:
    assert find_words(quote, words.split()) == (0, len(words.split()))


def test_a_page_without_words_holds_no_quote() -> None:
    assert locate("anything", page_of([])) is None


@given(st.text(Characters))
def test_folding_twice_changes_nothing_and_forms_of_unicode_are_equal(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))
    assert not any(c.isspace() for c in fold(text))


@given(st.integers(0, 60), st.integers(1, 60))
def test_one_rectangle_per_line_each_around_its_words(start: int, count: int) -> None:
    words = [Word("word", (rect_at(n),)) for n in range(start, start + count)]
    rects = line_rects(words)
    lines = range(start // WORDS_PER_LINE, (start + count - 1) // WORDS_PER_LINE + 1)
    assert len(rects) == len(lines)
    for word in words:
        x0, y0, x1, y1 = word.rects[0]
        assert sum(r[0] <= x0 and r[1] <= y0 and x1 <= r[2] and y1 <= r[3] for r in rects) == 1


def test_a_word_mended_over_a_line_break_is_marked_on_both_lines() -> None:
    rects = ((500.0, 100.0, 540.0, 111.0), (72.0, 114.0, 90.0, 125.0))
    assert line_rects([Word("recurrence", rects)]) == rects


def test_words_of_one_line_that_differ_a_little_in_height_share_a_rectangle() -> None:
    words = [Word("x", ((72.0, 100.0, 80.0, 111.0),)), Word("2", ((80.0, 97.0, 84.0, 104.0),))]
    assert line_rects(words) == ((72.0, 97.0, 84.0, 111.0),)


def test_a_line_that_goes_on_at_the_top_of_the_next_column_gets_a_rectangle_of_its_own() -> None:
    words = [Word("left", ((72.0, 700.0, 100.0, 711.0),)), Word("right", ((310.0, 90.0, 340.0, 101.0),))]
    assert len(line_rects(words)) == 2


def test_no_words_need_no_rectangle() -> None:
    assert line_rects([]) == ()
