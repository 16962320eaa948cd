"""What is printed on every page is left out, what only looks like it is kept."""

from ingest.layout.lines import Line, line_of
from ingest.layout.margins import drop_line_numbers, drop_running_lines
from ingest.pdf.words import PlacedPage, PlacedWord

HEIGHT = 800.0


def line(text: str, y: float) -> Line:
    """One line at a height."""
    words = [PlacedWord(word, 72.0 + 40 * n, y, 105.0 + 40 * n, y + 10, 10.0) for n, word in enumerate(text.split())]
    return line_of(words)


def kept(*pages: list[Line]) -> list[list[str]]:
    """Texts that are left."""
    return [[each.text for each in page] for page in drop_running_lines(pages, [HEIGHT] * len(pages))]


def test_headers_of_small_books_stand_far_from_the_edge():
    pages = [[line(f"{n} A. Author", 115), line(f"Marmots sleep {n} months", 140)] for n in (2, 4, 6)]
    assert kept(*pages) == [[f"Marmots sleep {n} months"] for n in (2, 4, 6)]


def test_the_last_page_of_a_reference_is_no_page_number():
    assert kept([line("pages 480–", 738), line("491.", 750), line("7", 770)]) == [["pages 480–", "491."]]


def test_a_formula_number_on_top_of_the_text_is_kept():
    assert kept([line("(5)", 120), line("Marmots sleep", 140)]) == [["(5)", "Marmots sleep"]]


def numbered_page(number: int, first: int, count: int) -> PlacedPage:
    """Lines of a manuscript with their numbers."""
    words: list[PlacedWord] = []
    for n in range(count):
        y = 100.0 + 24 * n
        words += [PlacedWord(str(first + n), 40, y, 52, y + 10, 10.0), PlacedWord("Marmots", 72, y, 110, y + 10, 10.0)]
    return PlacedPage(number, 600, HEIGHT, tuple(words))


def test_line_numbers_are_dropped_on_short_pages_too():
    pages = drop_line_numbers([numbered_page(1, 1, 20), numbered_page(2, 21, 20), numbered_page(3, 41, 3)])
    assert {word.text for page in pages for word in page.words} == {"Marmots"}


def test_a_short_column_of_numbers_alone_is_kept():
    assert len(drop_line_numbers([numbered_page(1, 1, 3)])[0].words) == 6
