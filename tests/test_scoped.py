"""Search within a scope: whichever way is taken, it finds what a comparison with every vector finds."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ragqa.adapters.chroma_index import ChromaIndex
from ragqa.document import BlockKind
from ragqa.protocols import EVERYWHERE, Scope, Scored, Vectors
from ragqa.search import scoped
from ragqa.search.scoped import ScopedSearch
from ragqa.store.catalogue import Catalogue
from ragqa.store.database import Database
from tests.tiny_library import GENERATION, add_paper, paper_id_of, vector_of

PAPERS, CHUNKS = 20, 30
K = 10
FIVE = Scope(frozenset(paper_id_of(f"paper{n}") for n in range(5)))


@dataclass
class Asked:
    """A vector index that notes what it is asked."""

    real: ChromaIndex
    asked: list[tuple[int, Scope]]

    def search(self, vector: Vectors, k: int, scope: Scope) -> list[Scored]:
        self.asked.append((k, scope))
        return self.real.search(vector, k, scope)


@dataclass
class Shelf:
    index: Asked
    catalogue: Catalogue

    def found(self, scope: Scope) -> list[str]:
        search = ScopedSearch(self.catalogue.ledger, GENERATION)
        hits = search.search(self.index, vector_of("a question"), K, scope)
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        return [hit.chunk_id for hit in hits]

    def exactly(self, scope: Scope) -> list[str]:
        names = [paper_id_of(f"paper{n}") for n in range(PAPERS)]
        entries = [
            entry
            for entry in self.catalogue.ledger.entries(names, GENERATION)
            if scope.paper_ids is None or entry.paper_id in scope.paper_ids
            if scope.kinds is None or entry.kind in scope.kinds
        ]
        question = vector_of("a question")
        return [e.chunk_id for e in sorted(entries, key=lambda e: -float(question @ e.vector))][:K]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    folder = tmp_path_factory.mktemp("scoped")
    database = Database(folder / "catalogue.sqlite")
    catalogue = Catalogue(database)
    index = ChromaIndex(folder / "vectors")
    for number in range(PAPERS):
        paper_id = add_paper(catalogue, f"paper{number}", [f"paper {number} text {n}" for n in range(CHUNKS)])
        index.add(catalogue.ledger.entries([paper_id], GENERATION))
        catalogue.ledger.mark_indexed([paper_id], GENERATION)
    yield Shelf(Asked(index, []), catalogue)
    index.close()
    database.close()


@pytest.fixture
def shelf(filled: Shelf) -> Shelf:
    filled.index.asked.clear()
    return filled


def test_without_a_scope_the_index_is_asked_at_once(shelf: Shelf) -> None:
    assert shelf.found(EVERYWHERE) == shelf.exactly(EVERYWHERE)
    assert shelf.index.asked == [(K, EVERYWHERE)]


def test_few_vectors_are_compared_one_by_one(shelf: Shelf) -> None:
    assert shelf.found(FIVE) == shelf.exactly(FIVE)
    assert shelf.index.asked == []


def test_a_wide_scope_is_looked_for_among_the_nearest_of_all(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoped, "FEW", 10)
    monkeypatch.setattr(scoped, "RUNGS", (40, 300))
    assert shelf.found(FIVE) == shelf.exactly(FIVE)
    assert [asked for asked, _ in shelf.index.asked] in ([40], [40, 300])


def test_too_few_among_the_nearest_are_compared_one_by_one_after_all(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoped, "FEW", 10)
    monkeypatch.setattr(scoped, "RUNGS", (11,))
    assert shelf.found(FIVE) == shelf.exactly(FIVE)
    assert shelf.index.asked == [(11, EVERYWHERE)]


def test_what_is_too_much_for_any_of_it_the_index_filters(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("FEW", 10), ("MANY", 20), ("RUNGS", (11,))):
        monkeypatch.setattr(scoped, name, value)
    assert shelf.found(FIVE) == shelf.exactly(FIVE)
    assert shelf.index.asked == [(11, EVERYWHERE), (K, FIVE)]


def test_a_scope_of_kinds_alone_is_looked_for_among_the_nearest(shelf: Shelf) -> None:
    paragraphs = Scope(kinds=frozenset({BlockKind.PARAGRAPH}))
    assert shelf.found(paragraphs) == shelf.exactly(paragraphs)
    assert shelf.found(Scope(kinds=frozenset({BlockKind.TABLE}))) == []


def test_nothing_is_found_in_papers_that_are_not_there(shelf: Shelf) -> None:
    assert shelf.found(Scope(frozenset({"unknown"}))) == []
    assert shelf.found(Scope(frozenset())) == []


def test_a_scope_is_read_anew_when_the_library_has_changed(tmp_path: Path) -> None:
    database = Database(tmp_path / "catalogue.sqlite")
    catalogue = Catalogue(database)
    search = ScopedSearch(catalogue.ledger, GENERATION)
    index = ChromaIndex(tmp_path / "vectors")
    scope = Scope(frozenset({paper_id_of("a"), paper_id_of("b")}))
    for count, name in enumerate("ab", start=1):
        paper_id = add_paper(catalogue, name, [f"{name} says this"])
        catalogue.ledger.mark_indexed([paper_id], GENERATION)
        assert len(search.search(index, vector_of("x"), 5, scope)) == count
    catalogue.delete(paper_id_of("a"))
    assert len(search.search(index, vector_of("x"), 5, scope)) == 1
    index.close()
    database.close()
