"""Names of authors as papers set them: in lists, grids and columns, with marks, degrees, accents and addresses."""

from collections.abc import Sequence

import pytest

from ingest.layout.lines import Line, lines_of
from ingest.pdf.words import PlacedPage, PlacedWord
from ingest.structure.authors import authors_of, is_person

BOLD = "Times-Bold"
PLAIN = "Times-Roman"


def row(y: float, text: str, *, x: float = 100.0, font: str = BOLD, size: float = 12.0) -> list[PlacedWord]:
    """Words of one row; ``^`` opens a raised mark, two spaces part two columns."""
    words: list[PlacedWord] = []
    for column in text.split("  "):
        for token in column.split():
            name, _, mark = token.partition("^")
            if name:
                width = 0.5 * size * len(name)
                words.append(PlacedWord(name, x, y, x + width, y + size, size, font, font == BOLD))
                x += width
            if mark:
                width = 0.3 * size * len(mark)
                words.append(PlacedWord(mark, x, y - 2, x + width, y - 2 + 0.6 * size, 0.6 * size, PLAIN))
                x += width
            x += 0.25 * size
        x += 3 * size
    return words


def names(*rows: Sequence[PlacedWord], known: Sequence[str] = (), opens_abstract: bool = True) -> list[str]:
    """Authors among the rows; the words of each row come in the order of the page."""
    words = tuple(word for each in rows for word in each)
    lines: list[Line] = lines_of(PlacedPage(1, 600, 800, words))
    return list(authors_of(lines, known, opens_abstract))


TWO = ["Ada Lovelace", "Grace Hopper"]
THREE = [*TWO, "Alan M. Turing"]


@pytest.mark.parametrize(
    "text",
    [
        "Ada Lovelace, Grace Hopper, and Alan M. Turing",
        "Ada Lovelace , Grace Hopper & Alan M. Turing",
        "Ada Lovelace^1,2 Grace Hopper^∗ Alan M. Turing^3",
        "Ada Lovelace^1, Grace Hopper^2,∗, Alan M. Turing^†",
        "Ada Lovelace1,2, Grace Hopper2*, and Alan M. Turing3",
        "Ada Lovelace∗ Grace Hopper† Alan M. Turing‡",
        "Ada Lovelace · Grace Hopper · Alan M. Turing",
        "Ada Lovelace  Grace Hopper  Alan M. Turing",
        "Ada Lovelace, PhD, Grace Hopper, MD, Alan M. Turing",
        "By Ada Lovelace, Grace Hopper and Alan M. Turing",
        "Ada Lovelace; Grace Hopper; Alan M. Turing",
        "Ada Lovelace,Grace Hopper,Alan M. Turing",
    ],
)
def test_lists_in_one_row(text):
    assert names(row(100, text), row(120, "University of London", font=PLAIN)) == THREE


def test_a_grid_of_names_and_places_is_read_row_by_row():
    found = names(
        row(100, "Ada Lovelace  Grace Hopper"),
        row(114, "Google Brain  Yale University", font=PLAIN),
        row(128, "ada@google.com  grace@yale.edu", font="Courier"),
        row(160, "Alan M. Turing"),
        row(174, "Bletchley Park", font=PLAIN),
    )
    assert found == THREE


def test_what_is_set_like_the_places_is_no_name():
    found = names(
        row(100, "Ada Lovelace, Grace Hopper"),
        row(114, "Hugging Face, Santa Barbara", font=PLAIN),
        row(128, "University of California, San Diego", font=PLAIN),
    )
    assert found == TWO


def test_names_and_places_in_one_typeface_are_told_by_their_order():
    found = names(
        row(100, "Ada Lovelace", font=PLAIN),
        row(114, "Analytical Society", font=PLAIN),
        row(128, "Palo Alto", font=PLAIN),
        row(142, "ada@society.org", font=PLAIN),
        row(170, "Grace Hopper", font=PLAIN),
        row(184, "Yale University", font=PLAIN),
    )
    assert found == TWO


def test_a_lone_line_below_a_finished_list_is_where_they_work():
    assert names(row(100, "Ada Lovelace, Grace Hopper", font=PLAIN), row(114, "Hugging Face", font=PLAIN)) == TWO


def test_a_list_may_break_between_given_and_family_name():
    found = names(
        row(100, "Ada Lovelace^1, Grace Hopper^2, Alan", font=PLAIN),
        row(114, "M. Turing^3 and Emmy Noether^1", font=PLAIN),
        row(128, "^1 Department of Numbers, London", font=PLAIN),
    )
    assert found == [*THREE, "Emmy Noether"]


def test_marks_before_a_line_make_it_a_place():
    found = names(row(100, "Ada Lovelace^1 Grace Hopper^2", font=PLAIN), row(114, "1 Santa Barbara", font=PLAIN))
    assert found == TWO


def test_a_place_behind_the_name_in_one_line():
    found = names(
        row(100, "Ada Lovelace, University of London", font=PLAIN),
        row(114, "Grace Hopper, Yale University", font=PLAIN),
    )
    assert found == TWO


def test_the_cover_sheet_of_a_repository_puts_the_family_first():
    assert names(row(100, "Lovelace, Ada", font=PLAIN), row(116, "Hopper, Grace", font=PLAIN)) == TWO


def test_a_lone_accent_returns_to_its_letter():
    # The word ends at 157.
    accent = PlacedWord("´", 153, 100, 157, 112, 12.0, BOLD, bold=True)
    assert names([*row(100, "Jose Marti"), accent]) == ["Jose Martí"]


def test_an_accent_that_cut_a_word_in_two():
    left = [
        PlacedWord("Ada", 100, 100, 118, 112, 12.0, BOLD, True),
        PlacedWord("Kageb", 121, 100, 151, 112, 12.0, BOLD, True),
    ]
    rest = [
        PlacedWord("˚", 127, 100, 133, 112, 12.0, BOLD, True),
        PlacedWord("ack", 151, 100, 169, 112, 12.0, BOLD, True),
        PlacedWord("¨", 151, 100, 157, 112, 12.0, BOLD, True),
    ]
    assert names([*left, *rest]) == ["Ada Kågebäck"]


@pytest.mark.parametrize(
    "name",
    ["Gerard de Melo", "Marie-Anne Lachaux", "Łukasz Kaiser", "Yaser Al-Onaizan", "J. R. R. Tolkien", "Sinéad O’Connor",
     "Victor SANH", "Юрий Гагарин", "王小明", "김철수", "محمد علي", "Jean le Rond d'Alembert", "Wei Li", "Peer Bork",
     "Larry Page", "June Almeida", "Ai Weiwei"],
)  # fmt: skip
def test_persons(name):
    assert is_person(name)


@pytest.mark.parametrize(
    "text",
    ["University of London", "Google Brain", "Received 4 May", "Abstract", "A study of marmots", "北京大学", "Madonna",
     "New York, NY", "J. K.", "جامعة القاهرة", "the quick fox", "Equal contribution by both"],
)  # fmt: skip
def test_no_persons(text):
    assert not is_person(text)


def test_a_lone_line_without_any_sign_of_a_byline_is_no_author():
    assert names(row(100, "General Topics"), opens_abstract=False) == []
    assert names(row(100, "Ada Lovelace"), known=["Ada Lovelace"], opens_abstract=False) == ["Ada Lovelace"]


def test_a_name_that_the_file_knows_settles_doubt():
    rows = (row(100, "Ada Lovelace", font=PLAIN), row(114, "Grace Hopper", font=PLAIN))
    assert names(*rows) == ["Ada Lovelace"]
    assert names(*rows, known=TWO) == TWO


def test_generations_stay_with_the_name():
    assert names(row(100, "Ada Lovelace, Sammy Davis, Jr., Grace Hopper")) == [
        "Ada Lovelace",
        "Sammy Davis Jr.",
        "Grace Hopper",
    ]
