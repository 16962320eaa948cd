"""Metadata given from outside, and papers that are the same work, as the catalogue keeps them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ragqa.document import Block, BlockKind, Chunk, Document, Metadata, Page, Word
from ragqa.errors import PaperNotFound
from ragqa.store.catalogue import Catalogue
from ragqa.store.database import Database

READ = Metadata(
    "How Marmots Sleep in Winter", ("Ada Lovelace",), 2019, "10.1000/182", "Alpine Journal", "", "They sleep."
)
TEXT = "1 Burrows Marmots dig."


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    """An empty one."""
    database = Database(tmp_path / "catalogue.sqlite")
    yield Catalogue(database)
    database.close()


def add(catalogue: Catalogue, paper_id: str, said: Metadata) -> None:
    """A ready paper of one page."""
    catalogue.register(paper_id, Path(f"/papers/{paper_id}.pdf"), 10, "")
    store(catalogue, paper_id, said)


def store(catalogue: Catalogue, paper_id: str, said: Metadata) -> None:
    words = tuple(Word(text, ((1.0, 2.0, 3.0, 4.0),)) for text in TEXT.split())
    blocks = (Block(BlockKind.HEADING, 1, 0, 2, level=1), Block(BlockKind.PARAGRAPH, 1, 2, 4))
    chunk = Chunk(1, 2, 4, "1 Burrows", BlockKind.PARAGRAPH, "Marmots dig.")
    document = Document(said, (Page(1, 600.0, 800.0, words),), blocks)
    catalogue.store(paper_id, document, [chunk], [np.ones(4, np.float32) / 2], "model")


def same_as(catalogue: Catalogue) -> dict[str, str]:
    return {paper.id: paper.same_as for paper in catalogue.papers()}


def test_details_hold_abstract_and_outline(catalogue: Catalogue) -> None:
    add(catalogue, "a", READ)
    found = catalogue.details("a")
    assert (found.title, found.venue, found.abstract) == (READ.title, READ.venue, READ.abstract)
    assert [(place.heading, place.level, place.page) for place in found.outline] == [("1 Burrows", 1, 1)]
    with pytest.raises(PaperNotFound):
        catalogue.details("b")


def test_what_is_given_before_reading_wins_field_by_field(catalogue: Catalogue) -> None:
    catalogue.give_metadata("a", "zotero", Metadata(title="The Sleep of Marmots", year=2020))
    add(catalogue, "a", READ)
    paper = catalogue.paper("a")
    assert (paper.title, paper.year, paper.authors, paper.doi) == ("The Sleep of Marmots", 2020, READ.authors, READ.doi)


def test_what_is_given_to_a_ready_paper_counts_at_once(catalogue: Catalogue) -> None:
    add(catalogue, "a", READ)
    catalogue.give_metadata("a", "crossref", Metadata(title="The Sleep of Marmots"))
    assert catalogue.paper("a").title == "The Sleep of Marmots"
    store(catalogue, "a", READ)
    assert catalogue.paper("a").title == "The Sleep of Marmots"


@pytest.mark.parametrize("order", [("zotero", "crossref"), ("crossref", "zotero")])
def test_zotero_wins_over_the_register(catalogue: Catalogue, order: tuple[str, str]) -> None:
    add(catalogue, "a", READ)
    for source in order:
        catalogue.give_metadata("a", source, Metadata(title=f"From {source}"))
    assert catalogue.paper("a").title == "From zotero"


def test_what_was_given_is_forgotten_with_the_paper(catalogue: Catalogue) -> None:
    add(catalogue, "a", READ)
    catalogue.give_metadata("a", "zotero", Metadata(title="The Sleep of Marmots"))
    assert catalogue.given_metadata("a") == Metadata(title="The Sleep of Marmots")
    catalogue.delete("a")
    assert catalogue.given_metadata("a") is None


def test_the_same_work_points_at_the_oldest(catalogue: Catalogue) -> None:
    add(catalogue, "a", READ)
    add(catalogue, "b", replace(READ, title="Something Else", authors=("Alan Turing",), doi=""))
    add(catalogue, "c", replace(READ, doi="10.1000/182", title="How marmots sleep in winter"))
    add(catalogue, "d", replace(READ, doi=""))
    assert same_as(catalogue) == {"a": "", "b": "", "c": "a", "d": "a"}


def test_deleting_the_oldest_lets_the_next_take_its_place(catalogue: Catalogue) -> None:
    for paper_id in "abc":
        add(catalogue, paper_id, READ)
    catalogue.delete("a")
    assert same_as(catalogue) == {"b": "", "c": "b"}
    catalogue.delete("c")
    assert same_as(catalogue) == {"b": ""}


def test_papers_that_turn_out_to_be_others_are_parted(catalogue: Catalogue) -> None:
    add(catalogue, "a", READ)
    add(catalogue, "b", READ)
    store(catalogue, "a", Metadata("Another Work Entirely", ("Alan Turing",), 2001, "10.1000/999"))
    assert same_as(catalogue) == {"a": "", "b": ""}
    catalogue.give_metadata("b", "zotero", Metadata("Another Work Entirely", ("Alan Turing",), 2001, "10.1000/999"))
    assert same_as(catalogue) == {"a": "", "b": "a"}


@pytest.mark.parametrize("said", ["sleep of marmots", "Erdős"])
def test_papers_are_found_by_what_they_are_called_now(catalogue: Catalogue, said: str) -> None:
    add(catalogue, "a", READ)
    add(catalogue, "b", Metadata("Another Work", ("Alan Turing",), 2001))
    assert catalogue.papers_like([said]) == []
    catalogue.give_metadata("a", "zotero", Metadata("The Sleep of Marmots", ("Paul Erdős",)))
    assert [paper.id for paper in catalogue.papers_like(["nothing", said])] == ["a"]


def test_papers_are_found_by_their_files(catalogue: Catalogue) -> None:
    add(catalogue, "a", READ)
    add(catalogue, "b", READ)
    assert [paper.id for paper in catalogue.papers_like(["A.PDF"])] == ["a"]
