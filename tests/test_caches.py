"""What is remembered between questions, and what makes it forgotten."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from ragqa.document import Metadata
from ragqa.protocols import Embedder
from ragqa.search.caches import RememberingEmbedder, RememberingSearcher
from ragqa.search.lru import LeastRecentlyUsed
from ragqa.store.catalogue import Catalogue
from ragqa.store.database import Database
from ragqa.store.ledger import Ledger
from ragqa.types import Filter, PaperState, SearchRequest, SearchResult
from tests.tiny_library import GENERATION, add_paper


def test_the_one_that_was_not_asked_for_the_longest_goes_first() -> None:
    kept = LeastRecentlyUsed[str, int](2)
    kept.put("a", 1)
    kept.put("b", 2)
    assert kept.get("a") == 1
    kept.put("c", 3)
    assert [kept.get(key) for key in "abc"] == [1, None, 3]
    assert (len(kept), kept.hits, kept.misses) == (2, 3, 1)


def test_it_stays_bounded_whoever_puts_into_it() -> None:
    kept = LeastRecentlyUsed[int, int](10)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: (kept.put(n % 50, n), kept.get(n % 7)), range(5000)))
    assert len(kept) == 10
    assert kept.hits + kept.misses == 5000


def test_a_question_is_embedded_once_and_as_it_would_be_without_memory(embedder: Embedder) -> None:
    remembering = RememberingEmbedder(embedder)
    first, again = (
        remembering.embed_query("Where do marmots sleep?"),
        remembering.embed_query("Where do marmots sleep?"),
    )
    assert np.array_equal(first, embedder.embed_query("Where do marmots sleep?"))
    assert again is first
    assert (remembering.queries.hits, remembering.queries.misses) == (1, 1)
    with pytest.raises(ValueError, match="read-only"):
        again[0] = 1.0
    assert remembering.fingerprint == embedder.fingerprint
    assert remembering.token_counts(["snow"]) == embedder.token_counts(["snow"])
    assert np.array_equal(remembering.embed_passages(["snow"]), embedder.embed_passages(["snow"]))


class Counting:
    """A searcher that finds nothing and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def search(self, request: SearchRequest) -> SearchResult:
        self.asked += 1
        return SearchResult(hits=(), timings_ms={"search": 1.0}, note=request.question)


def test_the_same_request_is_searched_once_and_says_that_it_was_remembered() -> None:
    real = Counting()
    searcher = RememberingSearcher(real, lambda: 1)
    first = searcher.search(SearchRequest(question="snow"))
    again = searcher.search(SearchRequest(question="snow"))
    assert real.asked == 1
    assert (again.hits, again.note) == (first.hits, first.note)
    assert set(first.timings_ms) == {"search"}
    assert set(again.timings_ms) == {"cached"}
    for other in (
        SearchRequest(question="Snow"),
        SearchRequest(question="snow", k=3),
        SearchRequest(question="snow", mode="dense"),
        SearchRequest(question="snow", collection="a"),
        SearchRequest(question="snow", filter=Filter(year_from=2000)),
    ):
        searcher.search(other)
    assert real.asked == 6
    assert (searcher.results.hits, searcher.results.misses) == (1, 6)


def test_a_result_of_an_earlier_version_is_not_given() -> None:
    real, versions = Counting(), iter([1, 2, 2])
    searcher = RememberingSearcher(real, lambda: next(versions))
    for _ in range(3):
        searcher.search(SearchRequest(question="snow"))
    assert real.asked == 2


def test_every_change_that_a_search_could_show_is_a_new_version(tmp_path: Path) -> None:
    database = Database(tmp_path / "catalogue.sqlite")
    catalogue, ledger = Catalogue(database), Ledger(database)
    versions = [ledger.version()]

    def changed() -> bool:
        versions.append(ledger.version())
        return versions[-1] > versions[-2]

    paper_id = add_paper(catalogue, "marmots", ["Marmots sleep."])
    assert changed(), "stored"
    ledger.mark_indexed([paper_id], GENERATION)
    assert changed(), "indexed"
    catalogue.give_metadata(paper_id, "zotero", Metadata("On marmots", ("Ada",), 2001))
    assert changed(), "given metadata"
    catalogue.move(paper_id, tmp_path / "other.pdf")
    assert changed(), "moved"
    catalogue.set_state(paper_id, PaperState.QUEUED)
    assert changed(), "queued"
    catalogue.delete(paper_id)
    assert changed(), "deleted"
    ledger.version()
    assert not changed(), "only read"
    database.close()
