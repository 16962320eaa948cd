"""The catalogue: what is stored comes back, whatever it is, and a file that cannot be used says why."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ragqa.document import Block, BlockKind, Chunk, Document, Metadata, Page, Table, Word
from ragqa.errors import LibraryDamaged, LibraryError, LibraryTooNew, PaperNotFound
from ragqa.store.catalogue import Catalogue
from ragqa.store.database import MIGRATIONS, Database
from ragqa.types import Filter, PaperState
from tests.tiny_library import GENERATION, add_paper, chunks_of, make_document, paper_id_of, vector_of

TEXTS = ["Marmots sleep for two hundred days.", "Snow depth explains most of the variance."]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "catalogue.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def catalogue(database: Database) -> Catalogue:
    return Catalogue(database)


def register(catalogue: Catalogue, path: Path, collection: str = "") -> str:
    path.write_bytes(path.name.encode())
    paper_id = paper_id_of(path.name)
    assert catalogue.register(paper_id, path, path.stat().st_size, collection)
    return paper_id


def test_a_registered_file_is_a_queued_paper(catalogue: Catalogue, tmp_path: Path) -> None:
    paper_id = register(catalogue, tmp_path / "marmots.pdf", "alps")
    paper = catalogue.paper(paper_id)
    assert (paper.file_name, paper.collection, paper.state) == ("marmots.pdf", "alps", PaperState.QUEUED)
    assert paper.bytes == len("marmots.pdf")
    assert paper.added_at
    assert catalogue.path(paper_id) == tmp_path / "marmots.pdf"
    assert catalogue.has_file(paper_id)


def test_the_tables_of_a_paper_come_back_as_spans_and_as_texts(catalogue: Catalogue, tmp_path: Path) -> None:
    paper_id = register(catalogue, tmp_path / "marmots.pdf")
    text = make_document(["Table 1: Days asleep. Site Days Alp A 201 Alp B"])
    table = Table(1, 4, 10, (0, 4), 1, (((4, 5), (5, 6)), ((6, 8), (8, 9)), ((9, 11), (11, 11))))
    document = replace(text, tables=(table,))
    catalogue.store(paper_id, document, [], [], GENERATION)
    assert catalogue.tables(paper_id) == [table]
    (shown,) = catalogue.paper_tables(paper_id)
    assert (shown.page, shown.caption, shown.header_rows) == (1, "Table 1: Days asleep.", 1)
    assert shown.rows == (("Site", "Days"), ("Alp A", "201"), ("Alp B", ""))
    catalogue.store(paper_id, text, [], [], GENERATION)
    assert catalogue.tables(paper_id) == []
    catalogue.delete(paper_id)
    with pytest.raises(PaperNotFound):
        catalogue.paper_tables(paper_id)


def test_the_same_bytes_are_one_paper(catalogue: Catalogue, tmp_path: Path) -> None:
    paper_id = register(catalogue, tmp_path / "first.pdf")
    (tmp_path / "copy.pdf").write_bytes(b"first.pdf")
    assert not catalogue.register(paper_id, tmp_path / "copy.pdf", 9, "")
    assert [paper.file_name for paper in catalogue.papers()] == ["first.pdf"]


def test_a_renamed_file_keeps_its_paper(catalogue: Catalogue, tmp_path: Path) -> None:
    paper_id = register(catalogue, tmp_path / "old.pdf")
    (tmp_path / "old.pdf").rename(tmp_path / "new.pdf")
    assert not catalogue.has_file(paper_id)
    assert not catalogue.register(paper_id, tmp_path / "new.pdf", 7, "")
    assert catalogue.path(paper_id) == tmp_path / "new.pdf"
    assert catalogue.paper(paper_id).file_name == "new.pdf"


def test_states_are_counted_and_a_reason_is_forgotten_when_a_paper_moves_on(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    paper_id = register(catalogue, tmp_path / "a.pdf")
    register(catalogue, tmp_path / "b.pdf")
    catalogue.fail(paper_id, "damaged_pdf", "Neither reader could open it.")
    failed = catalogue.papers(PaperState.FAILED)
    assert [(paper.reason_code, paper.reason) for paper in failed] == [("damaged_pdf", "Neither reader could open it.")]
    assert catalogue.counts() == {"queued": 1, "reading": 0, "embedding": 0, "ready": 0, "failed": 1}
    catalogue.set_state(paper_id, PaperState.QUEUED)
    assert (catalogue.paper(paper_id).reason_code, catalogue.paper(paper_id).reason) == ("", "")


def test_a_stored_paper_is_ready_with_all_that_it_says(catalogue: Catalogue) -> None:
    said = Metadata("Alpine Marmots", ("Ada Lovelace", "Łukasz 'O’Neil' \"Q\" 李"), 2015, "10.1000/1")
    paper_id = add_paper(catalogue, "marmots", TEXTS, said)
    paper = catalogue.paper(paper_id)
    assert (paper.title, paper.authors, paper.year, paper.doi) == (said.title, said.authors, said.year, said.doi)
    assert (paper.pages, paper.chunks, paper.state) == (2, 2, PaperState.READY)
    entries = catalogue.ledger.entries([paper_id], GENERATION)
    assert [entry.text for entry in entries] == TEXTS
    for entry in entries:
        assert float(entry.vector @ vector_of(entry.text)) == pytest.approx(1.0, abs=1e-3)
    chunks = catalogue.stored_chunks([entry.chunk_id for entry in entries])
    assert [(chunk.page, chunk.text, chunk.title) for chunk in chunks.values()] == [
        (1, TEXTS[0], "Alpine Marmots"),
        (2, TEXTS[1], "Alpine Marmots"),
    ]


def test_storing_again_replaces(catalogue: Catalogue) -> None:
    paper_id = add_paper(catalogue, "marmots", TEXTS)
    catalogue.ledger.mark_indexed([paper_id], GENERATION)
    add_paper(catalogue, "marmots", TEXTS[:1])
    assert (catalogue.paper(paper_id).pages, catalogue.ledger.chunk_count(GENERATION)) == (1, 1)
    assert catalogue.ledger.not_indexed(GENERATION) == [paper_id], "the indexes hold the old chunks"
    with pytest.raises(PaperNotFound, match="no page 2"):
        catalogue.page(paper_id, 2)


def test_chunks_without_a_vector_are_for_the_keyword_index_alone(catalogue: Catalogue) -> None:
    paper_id = paper_id_of("marmots")
    document = make_document(TEXTS)
    catalogue.register(paper_id, Path("marmots.pdf"), 1, "")
    catalogue.store(paper_id, document, chunks_of(document), [vector_of(TEXTS[0]), None], GENERATION)
    catalogue.ledger.mark_indexed([paper_id], GENERATION)
    assert [entry.text for entry in catalogue.ledger.entries([paper_id], GENERATION)] == TEXTS
    assert [entry.vector is None for entry in catalogue.ledger.entries([paper_id], GENERATION)] == [False, True]
    assert (catalogue.paper(paper_id).chunks, catalogue.ledger.chunk_count(GENERATION)) == (2, 1)
    indexed = catalogue.ledger.indexed_chunk_ids(GENERATION)
    assert (len(indexed.all), len(indexed.with_vector)) == (2, 1)


def test_a_paper_that_was_deleted_while_it_was_read_is_not_stored(catalogue: Catalogue) -> None:
    paper_id = add_paper(catalogue, "marmots", TEXTS)
    catalogue.delete(paper_id)
    document = make_document(TEXTS)
    with pytest.raises(PaperNotFound, match="was deleted while it was read"):
        catalogue.store(paper_id, document, chunks_of(document), [None, None], GENERATION)
    assert catalogue.papers() == []


def test_nothing_of_a_deleted_paper_is_left_but_a_word_to_the_indexes(catalogue: Catalogue, database: Database) -> None:
    paper_id = add_paper(catalogue, "marmots", TEXTS)
    chunk_ids = [entry.chunk_id for entry in catalogue.ledger.entries([paper_id], GENERATION)]
    catalogue.delete(paper_id)
    assert catalogue.stored_chunks(chunk_ids) == {}
    assert catalogue.ledger.removals(GENERATION) == [paper_id]
    with database.read() as db:
        for table in ("pages", "blocks", "chunks"):
            assert db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0
    catalogue.ledger.mark_removed([paper_id], GENERATION)
    assert catalogue.ledger.removals(GENERATION) == []


@pytest.mark.parametrize("missing", ["unknown", "", "'; DROP TABLE papers; --"])
def test_an_id_that_nobody_has_is_not_found(catalogue: Catalogue, missing: str) -> None:
    for look in (catalogue.paper, catalogue.path, lambda paper_id: catalogue.page(paper_id, 1)):
        with pytest.raises(PaperNotFound):
            look(missing)
    assert not catalogue.has_file(missing)
    assert catalogue.stored_chunks([missing]) == {}
    assert catalogue.ledger.entries([missing], GENERATION) == []


# Filters


@pytest.fixture
def shelf(catalogue: Catalogue) -> dict[str, str]:
    """Four ready papers and a queued one: names by id."""
    papers = {
        "alps": (Metadata("Alps", ("Ada Lovelace", "Seán O'Neil"), 2015), "mountains"),
        "andes": (Metadata("Andes", ('Jürgen "Jay" Müller',), 2019), "mountains"),
        "deep": (Metadata("Deep", ("李明", "Ada Byron"), 2021), "seas"),
        "undated": (Metadata("Undated", ("A\\B 100%",)), ""),
    }
    ids = {
        add_paper(catalogue, name, [f"About {name}."], metadata, collection): name
        for name, (metadata, collection) in papers.items()
    }
    catalogue.register(paper_id_of("queued"), Path("queued.pdf"), 1, "mountains")
    return ids


@pytest.mark.parametrize(
    ("wanted", "collection", "found"),
    [
        (Filter(author="Lovelace"), None, "alps"),
        (Filter(author="ada"), None, "alps deep"),
        (Filter(author="O'Neil"), None, "alps"),
        (Filter(author="Seán"), None, "alps"),
        (Filter(author='"Jay"'), None, "andes"),
        (Filter(author="müller"), None, "andes"),
        (Filter(author="MÜLLER"), None, "andes"),
        (Filter(author="李"), None, "deep"),
        (Filter(author="A\\B"), None, "undated"),
        (Filter(author="100%"), None, "undated"),
        (Filter(author="100_"), None, ""),
        (Filter(author="u00fc"), None, ""),
        (Filter(author='Lovelace", "Seán'), None, ""),
        (Filter(author="nobody"), None, ""),
        (Filter(year_from=2019), None, "andes deep"),
        (Filter(year_to=2019), None, "alps andes"),
        (Filter(year_from=2016, year_to=2020), None, "andes"),
        (Filter(year_from=2022), None, ""),
        (Filter(), "mountains", "alps andes"),
        (Filter(), "mountains' OR 1=1 --", ""),
        (Filter(), "", "undated"),
        (Filter(author="Ada", year_from=2016), "seas", "deep"),
        (Filter(paper_ids=(paper_id_of("alps"), paper_id_of("queued"), "unknown")), None, "alps"),
        (Filter(paper_ids=()), None, ""),
    ],
)
def test_a_filter_lets_the_right_papers_pass(
    catalogue: Catalogue, shelf: dict[str, str], wanted: Filter, collection: str | None, found: str
) -> None:
    passed = catalogue.matching_papers(wanted, collection)
    assert passed is not None
    assert {shelf[paper_id] for paper_id in passed} == set(found.split())


def test_no_filter_is_not_a_filter_that_all_pass(catalogue: Catalogue, shelf: dict[str, str]) -> None:
    assert catalogue.matching_papers(Filter(), None) is None


# Pages

Tokens = st.text(st.characters(exclude_categories=("Cs", "Zs", "Zl", "Zp", "Cc")), min_size=1, max_size=12)
Edges = st.integers(0, 100_000).map(lambda hundredths: hundredths / 100)
Words = st.builds(Word, Tokens, st.lists(st.tuples(Edges, Edges, Edges, Edges), min_size=1, max_size=2).map(tuple))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(Words, max_size=40))
def test_a_page_comes_back_word_for_word_and_rectangle_for_rectangle(catalogue: Catalogue, words: list[Word]) -> None:
    paper_id = paper_id_of("page")
    page = Page(1, 595.276, 841.89, tuple(words))
    catalogue.register(paper_id, Path("page.pdf"), 1, "")
    catalogue.store(paper_id, Document(Metadata(), (page,), ()), [], [], GENERATION)
    stored = catalogue.page(paper_id, 1)
    assert [word.text for word in stored.words] == [word.text for word in words]
    assert [len(word.rects) for word in stored.words] == [len(word.rects) for word in words]
    ours = np.array([rect for word in stored.words for rect in word.rects])
    theirs = np.array([rect for word in words for rect in word.rects])
    assert np.allclose(ours, theirs, atol=0.011)
    assert (stored.width, stored.height) == (page.width, page.height)


def test_two_papers_never_share_a_chunk_id(catalogue: Catalogue) -> None:
    first, second = add_paper(catalogue, "first", TEXTS), add_paper(catalogue, "second", TEXTS)
    ids = [entry.chunk_id for paper_id in (first, second) for entry in catalogue.ledger.entries([paper_id], GENERATION)]
    assert len(set(ids)) == 4


def test_a_store_that_breaks_off_leaves_the_paper_as_it_was(catalogue: Catalogue) -> None:
    paper_id = add_paper(catalogue, "marmots", TEXTS)
    broken = Chunk(1, 0, 1, "", BlockKind.PARAGRAPH, None)  # type: ignore[arg-type]
    with pytest.raises(LibraryError, match="NOT NULL"):
        catalogue.store(paper_id, make_document(["Other words."]), [broken], [None], GENERATION)
    assert catalogue.page(paper_id, 1).text == TEXTS[0]
    assert [entry.text for entry in catalogue.ledger.entries([paper_id], GENERATION)] == TEXTS


# Restarts


def test_after_a_restart_what_was_cut_off_is_queued(catalogue: Catalogue, tmp_path: Path) -> None:
    ready = add_paper(catalogue, "ready", TEXTS)
    failed = register(catalogue, tmp_path / "failed.pdf")
    catalogue.fail(failed, "not_pdf", "It is not a PDF.")
    cut_off = [register(catalogue, tmp_path / f"{state}.pdf") for state in ("reading", "embedding")]
    for paper_id, state in zip(cut_off, (PaperState.READING, PaperState.EMBEDDING), strict=True):
        catalogue.set_state(paper_id, state)

    catalogue.requeue_unfinished()
    assert {paper.id for paper in catalogue.papers(PaperState.QUEUED)} == set(cut_off)
    assert catalogue.paper(ready).state == PaperState.READY
    assert catalogue.paper(failed).reason_code == "not_pdf"


def test_a_paper_made_in_two_ways_is_kept_in_both_until_one_is_dropped(catalogue: Catalogue) -> None:
    paper_id = add_paper(catalogue, "marmots", TEXTS)
    other = make_document(TEXTS[:1])
    catalogue.store(paper_id, other, chunks_of(other), [vector_of("x")], "another model")
    assert catalogue.ledger.made() == {GENERATION, "another model"}
    first = catalogue.ledger.entries([paper_id], GENERATION)
    second = catalogue.ledger.entries([paper_id], "another model")
    assert [entry.text for entry in first] == TEXTS
    assert [entry.text for entry in second] == TEXTS[:1]
    assert not {entry.chunk_id for entry in first} & {entry.chunk_id for entry in second}
    catalogue.ledger.drop("another model")
    assert catalogue.ledger.made() == {GENERATION}
    assert catalogue.ledger.not_made("another model") == [paper_id]
    assert catalogue.stored_chunks([entry.chunk_id for entry in second]) == {}
    assert [entry.text for entry in catalogue.ledger.entries([paper_id], GENERATION)] == TEXTS


def test_each_generation_has_its_own_account_of_what_is_indexed(catalogue: Catalogue) -> None:
    paper_id = add_paper(catalogue, "marmots", TEXTS)
    catalogue.ledger.mark_indexed([paper_id], GENERATION)
    catalogue.ledger.mark_none_indexed("another model")
    assert len(catalogue.ledger.indexed_chunk_ids(GENERATION).all) == len(TEXTS)
    assert catalogue.ledger.indexed_chunk_ids("another model").all == set()
    assert list(catalogue.ledger.some_indexed("another model", 5)) == []
    catalogue.ledger.mark_none_indexed(GENERATION)
    assert catalogue.ledger.not_indexed(GENERATION) == [paper_id]
    assert catalogue.ledger.not_indexed("another model") == []


def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    database = Database(path)
    paper_id = add_paper(Catalogue(database), "marmots", TEXTS)
    database.close()
    again = Database(path)
    assert Catalogue(again).paper(paper_id).state == PaperState.READY
    again.close()


def test_the_catalogue_of_a_newer_ragqa_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    Database(path).close()
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    db.close()
    before = path.read_bytes()
    with pytest.raises(LibraryTooNew, match="newer ragqa") as caught:
        Database(path)
    assert "pip install --upgrade" in caught.value.hint
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"%PDF-1.7 this is no catalogue" * 100, b"\x00" * 5000])
def test_a_file_that_is_no_catalogue_says_what_to_do(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "index" / "catalogue.sqlite"
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(LibraryDamaged, match=r"catalogue\.sqlite") as caught:
        Database(path)
    assert str(path.parent) in caught.value.hint


def test_a_catalogue_with_a_hole_in_it_is_damaged_and_not_half_read(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    database = Database(path)
    for number in range(30):
        add_paper(Catalogue(database), f"paper {number}", TEXTS)
    database.close()
    content = bytearray(path.read_bytes())
    content[4096 : len(content)] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(LibraryDamaged):
        Catalogue(Database(path)).papers()


def test_blocks_are_stored_with_their_kind(catalogue: Catalogue, database: Database) -> None:
    document = make_document(["1 Method We measured snow."])
    blocks = (Block(BlockKind.HEADING, 1, 0, 2, 1), Block(BlockKind.PARAGRAPH, 1, 2, 5))
    paper_id = paper_id_of("blocks")
    catalogue.register(paper_id, Path("blocks.pdf"), 1, "")
    catalogue.store(paper_id, Document(Metadata(), document.pages, blocks), [], [], GENERATION)
    with database.read() as db:
        rows = db.execute("SELECT kind, page, start, end, level FROM blocks ORDER BY ordinal").fetchall()
    assert [tuple(row) for row in rows] == [("heading", 1, 0, 2, 1), ("paragraph", 1, 2, 5, 0)]


def test_a_ready_paper_says_what_of_it_could_not_be_read(catalogue: Catalogue) -> None:
    paper_id = paper_id_of("holes")
    whole = make_document(["Marmots sleep."])
    document = Document(whole.metadata, whole.pages, whole.blocks, ("Pages that cannot be loaded: 2.",))
    catalogue.register(paper_id, Path("holes.pdf"), 1000, "")
    catalogue.store(paper_id, document, chunks_of(document), [vector_of("x")], GENERATION)
    assert (catalogue.paper(paper_id).state, catalogue.paper(paper_id).reason) == (
        PaperState.READY,
        "Pages that cannot be loaded: 2.",
    )
