"""Every index of chunks: what a vector index and a keyword index have in common, then each one's own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ragqa.adapters.chroma_index import ChromaIndex
from ragqa.adapters.tantivy_index import TantivyIndex
from ragqa.document import BlockKind, SectionKind
from ragqa.protocols import EVERYWHERE, ChunkIndex, IndexEntry, Scope, Scored
from tests.tiny_library import DIMENSION, vector_of

TEXTS = {
    "a1": ("a", "Marmots hibernate for two hundred days."),
    "a2": ("a", "Snow depth explains most of the variance."),
    "b1": ("b", "The encoder maps an input sequence to representations."),
    "b2": ("b", "Recall at twenty rises when both rankings are fused."),
    "c1": ("c", "Patients received five milligrams twice daily."),
}


def entry(
    chunk_id: str,
    paper_id: str,
    text: str,
    kind: BlockKind = BlockKind.PARAGRAPH,
    section_kind: SectionKind = SectionKind.INTRODUCTION,
) -> IndexEntry:
    title, section, vector = f"Title of {paper_id}", "1 Introduction", vector_of(text)
    return IndexEntry(chunk_id, paper_id, title, section, text, vector, kind, section_kind)


def reference(chunk_id: str, text: str) -> IndexEntry:
    return IndexEntry(chunk_id, "r", "Title of r", "References", text, None, BlockKind.REFERENCE)


ENTRIES = [entry(chunk_id, paper_id, text) for chunk_id, (paper_id, text) in TEXTS.items()]


def ids(found: list[Scored]) -> list[str]:
    return [scored.chunk_id for scored in found]


class ChunkIndexContract:
    """What every ChunkIndex must do. Subclass it, give ``open`` and say how to ask for an entry."""

    open: Callable[[Path], ChunkIndex]

    def ask(self, index: ChunkIndex, wanted: IndexEntry, k: int, scope: Scope) -> list[str]:
        """Ids found for what the entry holds."""
        raise NotImplementedError

    @pytest.fixture
    def index(self, tmp_path: Path) -> Iterator[ChunkIndex]:
        opened = self.open(tmp_path / "index")
        yield opened
        opened.close()

    @pytest.fixture
    def filled(self, index: ChunkIndex) -> ChunkIndex:
        index.add(ENTRIES)
        return index

    def test_an_empty_index_finds_nothing(self, index: ChunkIndex) -> None:
        assert index.chunk_ids() == set()
        assert self.ask(index, ENTRIES[0], 10, EVERYWHERE) == []
        assert self.ask(index, ENTRIES[0], 10, Scope(frozenset({"a"}))) == []

    def test_every_entry_is_found_first_by_what_it_holds(self, filled: ChunkIndex) -> None:
        assert filled.chunk_ids() == TEXTS.keys()
        for wanted in ENTRIES:
            assert self.ask(filled, wanted, 3, EVERYWHERE)[0] == wanted.chunk_id

    def test_at_most_k_come_back_and_k_may_be_larger_than_the_index(self, filled: ChunkIndex) -> None:
        assert len(self.ask(filled, ENTRIES[0], 1, EVERYWHERE)) == 1
        assert len(self.ask(filled, ENTRIES[0], 1000, EVERYWHERE)) <= len(ENTRIES)

    def test_adding_again_replaces(self, filled: ChunkIndex) -> None:
        changed = entry("a1", "a", "Penguins swim below the antarctic ice.")
        filled.add([changed])
        filled.add([changed])
        assert filled.chunk_ids() == TEXTS.keys()
        assert self.ask(filled, changed, 1, EVERYWHERE) == ["a1"]
        found = self.ask(filled, changed, 100, EVERYWHERE)
        assert len(found) == len(set(found))

    def test_adding_nothing_changes_nothing(self, filled: ChunkIndex) -> None:
        filled.add([])
        assert filled.chunk_ids() == TEXTS.keys()

    def test_a_deleted_paper_is_not_found_and_the_others_are(self, filled: ChunkIndex) -> None:
        filled.delete_papers(["a"])
        assert filled.chunk_ids() == {"b1", "b2", "c1"}
        assert "a1" not in self.ask(filled, ENTRIES[0], 10, EVERYWHERE)
        assert self.ask(filled, ENTRIES[2], 1, EVERYWHERE) == ["b1"]

    def test_a_paper_that_is_replaced_keeps_none_of_its_old_chunks(self, filled: ChunkIndex) -> None:
        filled.add([entry("a3", "a", "Penguins swim.")], ["a", "unknown"])
        assert filled.chunk_ids() == {"a3", "b1", "b2", "c1"}
        changed = entry("b1", "b", "Walruses dive.")
        filled.add([changed], ["b"])
        assert filled.chunk_ids() == {"a3", "b1", "c1"}
        assert self.ask(filled, changed, 1, EVERYWHERE) == ["b1"]
        filled.add([], ["b", "c"])
        assert filled.chunk_ids() == {"a3"}

    def test_chunks_are_counted_and_looked_up(self, filled: ChunkIndex) -> None:
        assert filled.count() == len(TEXTS)
        assert filled.known({"a1", "c1", "unknown"}) == {"a1", "c1"}
        assert filled.known(set()) == set()
        filled.delete_papers(["a"])
        assert filled.count() == 3
        assert filled.known({"a1", "c1"}) == {"c1"}

    def test_deleting_what_is_not_there_changes_nothing(self, filled: ChunkIndex) -> None:
        filled.delete_papers(["unknown", ""])
        filled.delete_papers([])
        assert filled.chunk_ids() == TEXTS.keys()

    def test_a_deleted_paper_can_come_back(self, filled: ChunkIndex) -> None:
        filled.delete_papers(["a", "b"])
        filled.add(ENTRIES[:1])
        assert filled.chunk_ids() == {"a1", "c1"}
        assert self.ask(filled, ENTRIES[0], 1, EVERYWHERE) == ["a1"]

    def test_a_filter_is_applied_before_k_is_counted(self, filled: ChunkIndex) -> None:
        filled.add([entry(f"d{n}", "d", ENTRIES[0].text) for n in range(30)])
        assert self.ask(filled, ENTRIES[0], 1, Scope(frozenset({"a"}))) == ["a1"]
        found = self.ask(filled, ENTRIES[0], 20, Scope(frozenset({"a", "c", "unknown"})))
        assert set(found) <= {"a1", "a2", "c1"}

    def test_a_filter_that_lets_nothing_pass_finds_nothing(self, filled: ChunkIndex) -> None:
        assert self.ask(filled, ENTRIES[0], 10, Scope(frozenset())) == []
        assert self.ask(filled, ENTRIES[0], 10, Scope(frozenset({"unknown"}))) == []

    def test_a_scope_of_kinds_or_sections_lets_only_these_pass(self, filled: ChunkIndex) -> None:
        text = ENTRIES[0].text
        table = entry("d1", "d", text, BlockKind.TABLE, SectionKind.RESULTS)
        method = entry("d2", "d", text, BlockKind.PARAGRAPH, SectionKind.METHODS)
        filled.add([table, method])
        only_tables = Scope(kinds=frozenset({BlockKind.TABLE}))
        only_methods = Scope(sections=frozenset({SectionKind.METHODS, SectionKind.APPENDIX}))
        assert self.ask(filled, table, 10, only_tables) == ["d1"]
        assert self.ask(filled, table, 10, only_methods) == ["d2"]
        assert self.ask(filled, table, 10, Scope(frozenset({"a"}), kinds=frozenset({BlockKind.TABLE}))) == []
        assert self.ask(filled, table, 10, Scope(kinds=frozenset())) == []

    def test_all_is_there_when_the_index_is_opened_again(self, tmp_path: Path) -> None:
        first = self.open(tmp_path / "index")
        first.add(ENTRIES)
        first.delete_papers(["c"])
        first.close()
        again = self.open(tmp_path / "index")
        assert again.chunk_ids() == TEXTS.keys() - {"c1"}
        assert self.ask(again, ENTRIES[3], 1, EVERYWHERE) == ["b2"]
        again.add(ENTRIES[4:])
        assert self.ask(again, ENTRIES[4], 1, EVERYWHERE) == ["c1"]
        again.close()

    def test_two_indexes_in_two_folders_know_nothing_of_each_other(self, filled: ChunkIndex, tmp_path: Path) -> None:
        other = self.open(tmp_path / "other")
        assert other.chunk_ids() == set()
        other.close()
        assert self.ask(filled, ENTRIES[0], 1, EVERYWHERE) == ["a1"]


class TestChromaIndex(ChunkIndexContract):
    open = ChromaIndex

    def ask(self, index: ChunkIndex, wanted: IndexEntry, k: int, scope: Scope) -> list[str]:
        assert isinstance(index, ChromaIndex)
        return ids(index.search(wanted.vector, k, scope))

    def test_the_score_is_the_cosine_best_first(self, filled: ChromaIndex) -> None:
        question = vector_of("a question")
        found = filled.search(question, 5, EVERYWHERE)
        cosines = {e.chunk_id: float(question @ e.vector) for e in ENTRIES}
        assert ids(found) == sorted(cosines, key=lambda chunk_id: -cosines[chunk_id])
        for scored in found:
            assert scored.score == pytest.approx(cosines[scored.chunk_id], abs=1e-4)

    def test_an_entry_without_a_vector_is_left_out(self, filled: ChromaIndex) -> None:
        filled.add([reference("r1", "Smith J. Marmots. 1999.")])
        assert filled.chunk_ids() == TEXTS.keys()

    def test_more_entries_than_chroma_takes_at_once(self, index: ChromaIndex) -> None:
        many = [entry(f"x{n}", "x", f"sentence {n}") for n in range(2500)]
        index.add(many)
        assert len(index.chunk_ids()) == 2500
        exact = np.stack([e.vector for e in many]) @ vector_of("a question")
        nearest = {f"x{n}" for n in np.argsort(-exact)[:10]}
        assert len(nearest & set(ids(index.search(vector_of("a question"), 10, EVERYWHERE)))) >= 9
        assert vector_of("a question").shape == (DIMENSION,)


class TestTantivyIndex(ChunkIndexContract):
    open = TantivyIndex

    def ask(self, index: ChunkIndex, wanted: IndexEntry, k: int, scope: Scope) -> list[str]:
        assert isinstance(index, TantivyIndex)
        return ids(index.search(wanted.text, k, scope))

    def test_references_are_found_only_on_request(self, filled: TantivyIndex) -> None:
        filled.add([reference("r1", "Smith J. Marmots. 1999.")])
        assert "r1" in filled.chunk_ids()
        assert ids(filled.search("marmots", 5, EVERYWHERE)) == ["a1"]
        assert ids(filled.search("marmots", 5, Scope(kinds=frozenset({BlockKind.REFERENCE})))) == ["r1"]
        assert ids(filled.search("marmots", 5, Scope(kinds=frozenset(BlockKind)))) == ["r1", "a1"]

    def test_scores_fall_and_the_filter_adds_nothing_to_them(self, filled: TantivyIndex) -> None:
        everywhere = filled.search("rankings variance recall", 10, EVERYWHERE)
        scores = [scored.score for scored in everywhere]
        assert scores == sorted(scores, reverse=True)
        within = filled.search("rankings variance recall", 10, Scope(frozenset({"b"})))
        assert within == [scored for scored in everywhere if scored.chunk_id.startswith("b")]

    @pytest.mark.parametrize("question", ["hibernating marmot", "HIBERNATES", "Mármots", "marmots' hibernation?"])
    def test_endings_case_and_accents_do_not_matter(self, filled: TantivyIndex, question: str) -> None:
        assert ids(filled.search(question, 1, EVERYWHERE)) == ["a1"]

    def test_the_title_and_the_section_count_but_the_text_counts_more(self, index: TantivyIndex) -> None:
        index.add(
            [
                IndexEntry("title", "t", "Zebras", "", "Nothing to see.", vector_of("1")),
                IndexEntry("section", "s", "", "2 Zebras", "Nothing to see.", vector_of("2")),
                IndexEntry("text", "x", "", "", "Zebras to see.", vector_of("3")),
            ]
        )
        assert ids(index.search("zebras", 3, EVERYWHERE))[0] == "text"
        assert set(ids(index.search("zebras", 3, EVERYWHERE))) == {"title", "section", "text"}

    @pytest.mark.parametrize(
        "question",
        [
            "",
            "   ",
            "the of and",
            "?!…",
            'title:marmots AND "snow depth"~2 +recall -days',
            "text:[a TO z}",
            "marmots^5 OR (snow",
            '"unclosed',
            "a\\b\\",
            "*",
            "snow*",
            "/regex(/",
            "IN [1 2 3]",
            "marmots\x00snow",
            "\ud7ff\ufffe\U0001f9ea",
            "marmots " * 5000,
            "x" * 100_000,
            "'; DROP TABLE chunks; --",
        ],
        ids=lambda question: ascii(question)[:24],
    )
    def test_any_text_is_a_question(self, filled: TantivyIndex, question: str) -> None:
        assert set(ids(filled.search(question, 10, EVERYWHERE))) <= TEXTS.keys()

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
    def test_whatever_is_asked_the_marmots_are_found(self, filled: TantivyIndex, noise: str) -> None:
        assert "a1" in ids(filled.search(f"{noise} hibernate", 10, EVERYWHERE))

    def test_more_words_than_are_read_still_find(self, filled: TantivyIndex) -> None:
        assert ids(filled.search("hibernate " + "filler " * 1000, 1, EVERYWHERE)) == ["a1"]
