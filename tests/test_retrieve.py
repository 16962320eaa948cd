"""From a question to hits, over a small real library with the shipped embedder."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ragqa.adapters.chroma_index import ChromaIndex
from ragqa.adapters.tantivy_index import TantivyIndex
from ragqa.document import Metadata
from ragqa.errors import BadQuestion
from ragqa.protocols import EVERYWHERE, Embedder, Passage
from ragqa.search.index import HybridIndex
from ragqa.search.retrieve import Retriever, checked_question
from ragqa.search.steps import DEFAULT
from ragqa.store.catalogue import Catalogue
from ragqa.store.database import Database
from ragqa.types import SEARCH_MODES, Filter, SearchMode, SearchRequest
from tests.tiny_library import GENERATION, add_paper, paper_id_of

PAPERS = {
    "marmots": [
        "Alpine marmots hibernate for two hundred days each winter.",
        "Snow depth explains most of the variance in body mass.",
    ],
    "transformers": [
        "The encoder maps an input sequence of symbols to continuous representations.",
        "We trained the base model for twelve hours on eight graphics cards.",
    ],
    "trial": [
        "Patients received five milligrams of the drug XR-1729 twice daily.",
        "Headache was the most common adverse event in both arms.",
    ],
}
LONGEST = 200


@pytest.fixture(scope="module")
def library(
    tmp_path_factory: pytest.TempPathFactory, embedder: Embedder
) -> Iterator[tuple[Catalogue, HybridIndex, Retriever]]:
    folder = tmp_path_factory.mktemp("library")
    database = Database(folder / "catalogue.sqlite")
    catalogue = Catalogue(database)
    for name, texts in PAPERS.items():
        add_paper(catalogue, name, texts, Metadata(f"On {name}", ("Ada Lovelace",)), "biology", embedder)
    index = HybridIndex(folder / "index", catalogue, GENERATION, ChromaIndex, TantivyIndex)
    yield catalogue, index, Retriever(catalogue, index, embedder, LONGEST)
    index.close()
    database.close()


@pytest.fixture
def retriever(library: tuple[Catalogue, HybridIndex, Retriever]) -> Retriever:
    return library[2]


@pytest.mark.parametrize("mode", SEARCH_MODES)
def test_each_mode_finds_the_place_and_says_where_it_is(retriever: Retriever, mode: SearchMode) -> None:
    result = retriever.search(SearchRequest(question="How long do marmots hibernate?", mode=mode))
    best = result.hits[0]
    assert (best.paper_id, best.page, best.text) == (paper_id_of("marmots"), 1, PAPERS["marmots"][0])
    assert (best.file_name, best.title) == ("marmots.pdf", "On marmots")
    assert [hit.score for hit in result.hits] == sorted((hit.score for hit in result.hits), reverse=True)
    assert set(result.timings_ms) == {"filter", "embed", "search", "read", "join"}


def test_meaning_finds_what_shares_no_word(retriever: Retriever) -> None:
    question = "How much GPU time did training take?"
    best = retriever.search(SearchRequest(question=question, mode="dense")).hits[0]
    assert best.text == PAPERS["transformers"][1]
    assert best.dense is not None
    assert best.keyword is None


def test_words_find_what_has_no_meaning_to_the_model(retriever: Retriever) -> None:
    hits = retriever.search(SearchRequest(question="XR-1729", mode="keyword")).hits
    assert [hit.text for hit in hits] == [PAPERS["trial"][0]]
    assert hits[0].dense is None
    assert hits[0].keyword is not None
    assert hits[0].keyword > 0


def test_a_hybrid_hit_has_both_scores(retriever: Retriever) -> None:
    best = retriever.search(SearchRequest(question="Which drug did patients receive daily?")).hits[0]
    assert best.text == PAPERS["trial"][0]
    assert best.dense is not None
    assert best.keyword is not None


@pytest.mark.parametrize("k", [1, 3, 6, 100])
def test_at_most_k_hits_come_back_each_once(retriever: Retriever, k: int) -> None:
    hits = retriever.search(SearchRequest(question="the marmots the model the drug", k=k)).hits
    assert len(hits) == min(k, 6)
    assert len({hit.chunk_id for hit in hits}) == len(hits)


@pytest.mark.parametrize("mode", SEARCH_MODES)
def test_a_filter_leaves_nothing_else(retriever: Retriever, mode: SearchMode) -> None:
    only = Filter(paper_ids=(paper_id_of("trial"),))
    hits = retriever.search(SearchRequest(question="marmots hibernate, headache", mode=mode, filter=only)).hits
    assert hits
    assert {hit.paper_id for hit in hits} == {paper_id_of("trial")}


def test_a_filter_that_no_paper_passes_finds_nothing(retriever: Retriever) -> None:
    for request in (
        SearchRequest(question="marmots", filter=Filter(author="Nobody")),
        SearchRequest(question="marmots", collection="physics"),
        SearchRequest(question="marmots", filter=Filter(paper_ids=())),
    ):
        assert retriever.search(request).hits == ()


def test_a_deleted_paper_is_gone_before_the_indexes_know(
    library: tuple[Catalogue, HybridIndex, Retriever], embedder: Embedder
) -> None:
    catalogue, index, retriever = library
    doomed = add_paper(catalogue, "doomed", ["Penguins swim below the antarctic ice."], embedder=embedder)
    index.update()
    request = SearchRequest(question="Where do penguins swim?")
    assert retriever.search(request).hits[0].paper_id == doomed
    catalogue.delete(doomed)
    assert any(scored.chunk_id.startswith(doomed[:20]) for scored in index.search("penguins", None, 5, EVERYWHERE)[1])
    assert all(hit.paper_id != doomed for hit in retriever.search(request).hits)
    index.update()


@pytest.mark.parametrize("question", ["", "   ", "\n\t", "\x00\x1b", "\ud800", "\u200b\u2060"])
def test_a_question_of_nothing_is_refused(retriever: Retriever, question: str) -> None:
    with pytest.raises(BadQuestion, match="empty") as caught:
        retriever.search(SearchRequest.model_construct(question=question, k=10, mode="hybrid", filter=Filter()))
    assert caught.value.hint


def test_a_question_that_is_too_long_is_refused_with_both_figures(retriever: Retriever) -> None:
    assert retriever.search(SearchRequest(question="x" * LONGEST)).timings_ms
    with pytest.raises(BadQuestion, match="201 characters; at most 200"):
        retriever.search(SearchRequest(question="x" * (LONGEST + 1)))


@pytest.mark.parametrize(
    ("question", "read_as"),
    [
        ("  What is snow?\n", "What is snow?"),
        ("What\nis\x00snow?", "What is snow?"),
        ("What is\ud83d snow?", "What is snow?"),
        ("Was ist Schnee – „Firn“? 雪 🧪", "Was ist Schnee – „Firn“? 雪 🧪"),
        ("\u202eWhat is snow?", "What is snow?"),
    ],
)
def test_a_question_is_cleaned_and_not_changed(question: str, read_as: str) -> None:
    assert checked_question(question, LONGEST) == read_as


@pytest.mark.parametrize("question", ["title:x AND (", '"', "*", "🧪🧪", "雪", "the of and", "a" * LONGEST])
def test_any_other_text_is_a_question(retriever: Retriever, question: str) -> None:
    for mode in SEARCH_MODES:
        retriever.search(SearchRequest(question=question, mode=mode))


def test_an_empty_library_finds_nothing(tmp_path: Path, embedder: Embedder) -> None:
    database = Database(tmp_path / "catalogue.sqlite")
    catalogue = Catalogue(database)
    index = HybridIndex(tmp_path / "index", catalogue, GENERATION, ChromaIndex, TantivyIndex)
    assert Retriever(catalogue, index, embedder, LONGEST).search(SearchRequest(question="snow")).hits == ()
    index.close()
    database.close()


class Longest:
    """A re-ranker that likes long texts."""

    name = "longest"

    def relevance(self, question: str, passages: Sequence[Passage]) -> list[float]:
        return [float(len(one.text)) for one in passages]


def test_a_re_ranker_puts_hits_in_order_and_says_why(
    library: tuple[Catalogue, HybridIndex, Retriever], embedder: Embedder
) -> None:
    catalogue, index, plain = library
    request = SearchRequest(question="How long do marmots hibernate?")
    reranking = Retriever(catalogue, index, embedder, LONGEST, Longest())
    result = reranking.search(request)
    assert result.hits[0].text == max((text for texts in PAPERS.values() for text in texts), key=len)
    assert result.hits[0].relevance == len(result.hits[0].text)
    assert "rerank" in result.timings_ms
    unread = reranking.search(request.model_copy(update={"rerank": False}))
    assert unread.hits == plain.search(request).hits
    assert all(hit.relevance is None for hit in unread.hits)


def test_papers_that_the_question_asks_for_are_searched_and_named_in_the_note(retriever: Retriever) -> None:
    result = retriever.search(SearchRequest(question="What do papers by Ada Lovelace say of marmots?"))
    assert result.note == "Looked only in papers by Lovelace."
    assert result.hits
    result = retriever.search(SearchRequest(question="What do papers by Charles Babbage say of marmots?"))
    assert result.note == "There are no papers by Babbage here: looked in all."
    assert result.hits[0].paper_id == paper_id_of("marmots")


def test_a_named_paper_comes_up_and_hides_no_other(
    library: tuple[Catalogue, HybridIndex, Retriever], embedder: Embedder
) -> None:
    catalogue, index, retriever = library
    request = SearchRequest(question="How long do marmots hibernate, says trial.pdf?")
    unhinted = Retriever(catalogue, index, embedder, LONGEST, steps=replace(DEFAULT, hints=False))
    best, without = (
        max(hit.score for hit in searcher.search(request).hits if hit.paper_id == paper_id_of("trial"))
        for searcher in (retriever, unhinted)
    )
    assert best > without
    assert paper_id_of("marmots") in {hit.paper_id for hit in retriever.search(request).hits}


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_reading_no_more_than_is_needed_changes_no_hit(
    retriever: Retriever, k: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = SearchRequest(question="the marmots the model the drug patients", k=k)
    whole = retriever.search(request).hits
    monkeypatch.setattr("ragqa.search.retrieve.READ_AHEAD", 1)
    monkeypatch.setattr("ragqa.search.retrieve.READ_AT_MOST", 1)
    assert retriever.search(request).hits == whole
