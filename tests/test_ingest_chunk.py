"""Chunks: whole sentences of one section on one page, within a token limit."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.chunk import chunk_document, with_sections
from ingest.reader import read_pdf
from ragqa.document import Block, BlockKind, Document, Metadata, Page, Word
from tests import papers, table_papers


class LetterTokenizer:
    """Four letters make a token; longer words count more, as with word pieces."""

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        return [sum(-(-len(word) // 4) for word in text.split()) for text in texts]


KINDS = st.sampled_from([BlockKind.PARAGRAPH] * 4 + [BlockKind.HEADING, BlockKind.CAPTION, BlockKind.REFERENCE])
WORDS = st.lists(
    st.sampled_from(["Marmots", "sleep", "long", "winter.", "They", "wake?", "e.g."]), min_size=1, max_size=60
)


@st.composite
def documents(draw) -> Document:
    """Up to three pages of blocks of any kind."""
    pages, blocks = [], []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        words: list[Word] = []
        for kind, texts in draw(st.lists(st.tuples(KINDS, WORDS), max_size=5)):
            start = len(words)
            words += [Word(text, ((0.0, 0.0, 1.0, 1.0),)) for text in texts]
            blocks.append(Block(kind, number, start, len(words), 1 if kind is BlockKind.HEADING else 0))
        pages.append(Page(number, 500, 700, tuple(words)))
    return Document(Metadata(), tuple(pages), tuple(blocks))


@given(documents(), st.integers(8, 60))
def test_chunks_cover_every_word_but_headings_once(document, limit):
    covered = sorted(
        (c.page, i) for c in chunk_document(document, LetterTokenizer(), limit) for i in range(c.start, c.end)
    )
    wanted = [(b.page, i) for b in document.blocks if b.kind is not BlockKind.HEADING for i in range(b.start, b.end)]
    assert covered == sorted(wanted)


@given(documents(), st.integers(8, 60))
def test_chunks_stay_within_block_kind_section_and_limit(document, limit):
    homes = {(b.page, i): (b.kind, s) for b, s in with_sections(document) for i in range(b.start, b.end)}
    for chunk in chunk_document(document, LetterTokenizer(), limit):
        assert {homes[chunk.page, i] for i in range(chunk.start, chunk.end)} == {(chunk.kind, chunk.section)}
        words = document.pages[chunk.page - 1].words[chunk.start : chunk.end]
        assert chunk.text == " ".join(word.text for word in words)
        assert LetterTokenizer().token_counts([chunk.text])[0] <= limit


def test_a_short_rest_takes_sentences_from_the_chunk_before():
    document = one_paragraph("Marmots sleep in winter because food is scarce. " * 12)
    sizes = [LetterTokenizer().token_counts([c.text])[0] for c in chunk_document(document, LetterTokenizer(), 110)]
    assert min(sizes) >= 40


def test_a_sentence_flows_from_one_column_into_the_next():
    document = one_paragraph("Marmots sleep for a very long", "time in winter. They wake in May.")
    assert [chunk.text for chunk in chunk_document(document, LetterTokenizer(), 12)] == [
        "Marmots sleep for a very long time in winter.",
        "They wake in May.",
    ]


def test_sections_are_heading_paths(tmp_path):
    document = read_pdf(papers.write_one_column(tmp_path / "a.pdf"), 20)
    sections = {chunk.section for chunk in chunk_document(document, LetterTokenizer(), 200)}
    assert {"Abstract", "1 Introduction", "2 Method > 2.1 Study sites", "References"} <= sections


def test_references_are_chunks_of_their_own_kind(tmp_path):
    document = read_pdf(papers.write_one_column(tmp_path / "a.pdf"), 20)
    kinds = {c.kind for c in chunk_document(document, LetterTokenizer(), 200) if c.section == "References"}
    assert kinds == {BlockKind.REFERENCE}


@pytest.mark.parametrize("limit", [4, 20])
def test_a_sentence_over_the_limit_is_cut_between_words(limit):
    chunks = chunk_document(one_paragraph("marmot " * 30), LetterTokenizer(), limit)
    assert all(LetterTokenizer().token_counts([chunk.text])[0] <= limit for chunk in chunks)


def one_paragraph(*blocks: str) -> Document:
    """One page with a paragraph per text."""
    words: list[Word] = []
    ranges: list[Block] = []
    for text in blocks:
        start = len(words)
        words += [Word(word, ((0.0, 0.0, 1.0, 1.0),)) for word in text.split()]
        ranges.append(Block(BlockKind.PARAGRAPH, 1, start, len(words)))
    return Document(Metadata(), (Page(1, 500, 700, tuple(words)),), tuple(ranges))


def test_a_table_is_one_chunk_with_its_caption(tmp_path):
    document = read_pdf(papers.write_one_column(tmp_path / "a.pdf"), 20)
    tables = [c.text for c in chunk_document(document, LetterTokenizer(), 200) if c.kind is BlockKind.TABLE]
    assert tables == ["Table 1: Days asleep by site. Site Days Error Alp A 201 3.5 Alp B 188 4.1"]


def test_a_long_table_is_cut_between_rows_and_its_parts_know_caption_and_head(tmp_path):
    document = read_pdf(table_papers.write_long(tmp_path / "a.pdf"), 20)
    parts = [c for c in chunk_document(document, LetterTokenizer(), 120) if c.kind is BlockKind.TABLE]
    assert len(parts) > 2
    assert [part.end for part in parts[:-1]] == [part.start for part in parts[1:]]
    assert parts[0].text.startswith("Table 1: Days asleep of each animal that we followed. Animal Site Days Marmot 0")
    assert parts[0].context == ""
    for part in parts[1:]:
        assert part.text.startswith("Marmot ")
        assert part.text.split()[-1].isdigit()
        assert part.context == "Table 1: Days asleep of each animal that we followed. Animal Site Days"
        assert "Animal" not in part.text


def test_tables_side_by_side_are_chunks_of_their_own(tmp_path):
    document = read_pdf(table_papers.write_two_columns(tmp_path / "a.pdf"), 20)
    found = [c.text for c in chunk_document(document, LetterTokenizer(), 200) if c.kind is BlockKind.TABLE]
    assert [text.count("Table") for text in found] == [1, 1]
    assert found[0].endswith("Low meadow 92.5 12.0 0.4 Table 1: Days asleep.")


def test_ticks_of_a_figure_are_no_chunk_but_its_caption_is(tmp_path):
    document = read_pdf(table_papers.write_plot(tmp_path / "a.pdf"), 20)
    chunks = chunk_document(document, LetterTokenizer(), 200)
    assert [c.text[:9] for c in chunks if c.kind is BlockKind.CAPTION] == ["Figure 1:"]
    assert not any("2010" in c.text for c in chunks)


def one_page(*blocks: tuple[BlockKind, str]) -> Document:
    """Blocks of one page, headings of the first level."""
    words: list[Word] = []
    placed: list[Block] = []
    for kind, text in blocks:
        start = len(words)
        words += [Word(word, ((0.0, 0.0, 1.0, 1.0),)) for word in text.split()]
        placed.append(Block(kind, 1, start, len(words), 1 if kind is BlockKind.HEADING else 0))
    return Document(Metadata(), (Page(1, 500, 700, tuple(words)),), tuple(placed))


def test_references_are_never_cut_between_their_sentences():
    entries = [f"[{n}] A. Author. Marmots sleep. They wake in May. Alpine Journal, 201{n}." for n in range(1, 7)]
    document = one_page((BlockKind.HEADING, "References"), *((BlockKind.REFERENCE, entry) for entry in entries))
    chunks = chunk_document(document, LetterTokenizer(), 50)
    assert len(chunks) == 3
    assert [chunk.text for chunk in chunks] == [" ".join(entries[n : n + 2]) for n in (0, 2, 4)]
    assert {(chunk.kind, chunk.section) for chunk in chunks} == {(BlockKind.REFERENCE, "References")}


def test_a_displayed_formula_stays_with_its_sentence():
    document = one_page(
        (BlockKind.PARAGRAPH, "Marmots sleep long. The length of their sleep is given by"),
        (BlockKind.PARAGRAPH, "L = a h + b (2)"),
        (BlockKind.PARAGRAPH, "where h is the height of the burrow. Snow adds to it."),
    )
    texts = [chunk.text for chunk in chunk_document(document, LetterTokenizer(), 32)]
    assert "The length of their sleep is given by L = a h + b (2) where h is the height of the burrow." in texts[1]


def test_a_run_in_heading_names_the_section_without_its_stop():
    document = one_page((BlockKind.HEADING, "Study sites."), (BlockKind.PARAGRAPH, "Marmots sleep long."))
    assert [chunk.section for chunk in chunk_document(document, LetterTokenizer(), 32)] == ["Study sites"]
