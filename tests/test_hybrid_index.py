"""Both indexes together: in step with the catalogue, and mended from it whatever has become of their files."""

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ragqa.adapters.chroma_index import ChromaIndex
from ragqa.adapters.tantivy_index import TantivyIndex
from ragqa.protocols import EVERYWHERE, Scope
from ragqa.search.filling import Progress
from ragqa.search.index import OPENING_MARK, HybridIndex
from ragqa.search.indexes import KEYWORD_FOLDER, VECTOR_FOLDER
from ragqa.search.seal import SEAL_FILE, SealState, break_seal, check_seal
from ragqa.store.catalogue import Catalogue
from ragqa.store.database import Database
from ragqa.types import PaperState
from tests.tiny_library import GENERATION, add_paper, paper_id_of, vector_of

PAPERS = 2
CHUNKS_EACH = 100
MANY_PAPERS = 11  # above a thousand chunks, Chroma writes its graph to files


@dataclass
class Opened:
    catalogue: Catalogue
    index: HybridIndex
    filling: Progress

    def found_by_vector(self, text: str, k: int = 3) -> list[str]:
        dense, _ = self.index.search("", vector_of(text), k, EVERYWHERE)
        return [scored.chunk_id for scored in dense]

    def found_by_words(self, text: str, k: int = 3) -> list[str]:
        _, keyword = self.index.search(text, None, k, EVERYWHERE)
        return [scored.chunk_id for scored in keyword]


@contextmanager
def opened(folder: Path) -> Iterator[Opened]:
    database = Database(folder / "catalogue.sqlite")
    catalogue = Catalogue(database)
    filling = Progress()
    index = HybridIndex(folder / "index", catalogue, GENERATION, ChromaIndex, TantivyIndex, filling)
    yield Opened(catalogue, index, filling)
    index.close()
    database.close()


def texts_of(paper: int) -> list[str]:
    """Each with words that no other has."""
    return [f"paper{paper} sentence{paper}x{n} about subject{n}" for n in range(CHUNKS_EACH)]


def make_library(folder: Path, papers: int) -> Path:
    with opened(folder) as library:
        for paper in range(papers):
            add_paper(library.catalogue, f"paper{paper}", texts_of(paper))
        library.index.update()
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_library(tmp_path_factory.mktemp("small"), PAPERS)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_library(tmp_path_factory.mktemp("large"), MANY_PAPERS)


@pytest.fixture
def folder(small: Path, tmp_path: Path) -> Path:
    """A closed library of a few hundred chunks."""
    return Path(shutil.copytree(small, tmp_path / "library"))


@pytest.fixture
def large_folder(large: Path, tmp_path: Path) -> Path:
    """A closed library whose vectors are in Chroma's graph files."""
    return Path(shutil.copytree(large, tmp_path / "library"))


def assert_whole(library: Opened, papers: int = PAPERS) -> None:
    """Each index holds exactly the catalogue's chunks, and finds them."""
    expected = library.catalogue.ledger.indexed_chunk_ids(GENERATION).all
    assert len(expected) == papers * CHUNKS_EACH
    assert library.catalogue.ledger.not_indexed(GENERATION) == []
    for index in library.index._indexes.both():
        assert index.chunk_ids() == expected
    for entry in (
        e for p in range(papers) for e in library.catalogue.ledger.entries([paper_id_of(f"paper{p}")], GENERATION)[::9]
    ):
        assert library.found_by_vector(entry.text)[0] == entry.chunk_id
        assert library.found_by_words(entry.text.split()[1])[0] == entry.chunk_id


def test_what_the_catalogue_learns_the_indexes_learn_on_update(tmp_path: Path) -> None:
    with opened(tmp_path) as library:
        assert library.found_by_words("marmots") == []
        paper_id = add_paper(library.catalogue, "marmots", ["Marmots sleep.", "Snow falls."])
        assert library.found_by_words("marmots") == []
        library.index.update()
        chunk_ids = [entry.chunk_id for entry in library.catalogue.ledger.entries([paper_id], GENERATION)]
        assert library.found_by_words("marmots") == chunk_ids[:1]
        assert library.found_by_vector("Snow falls.")[0] == chunk_ids[1]

        add_paper(library.catalogue, "marmots", ["Penguins swim."])
        library.index.update()
        assert library.found_by_words("marmots snow") == []
        assert library.found_by_words("penguins") == chunk_ids[:1]

        library.catalogue.delete(paper_id)
        library.index.update()
        assert library.found_by_words("penguins") == []
        assert library.found_by_vector("Penguins swim.") == []
        assert library.catalogue.ledger.removals(GENERATION) == []


def test_each_half_can_be_left_out(tmp_path: Path) -> None:
    with opened(tmp_path) as library:
        add_paper(library.catalogue, "marmots", ["Marmots sleep."])
        library.index.update()
        assert [len(half) for half in library.index.search("marmots", None, 5, EVERYWHERE)] == [0, 1]
        assert [len(half) for half in library.index.search("", vector_of("x"), 5, EVERYWHERE)] == [1, 0]
        assert [len(half) for half in library.index.search("marmots", vector_of("x"), 5, Scope(frozenset()))] == [0, 0]


def test_an_undamaged_library_is_opened_without_being_rebuilt(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), opened(folder) as library:
        assert_whole(library)
    assert caplog.messages == []


def test_a_paper_that_was_deleted_while_the_index_was_closed_is_forgotten(folder: Path) -> None:
    database = Database(folder / "catalogue.sqlite")
    Catalogue(database).delete(paper_id_of(f"paper{PAPERS - 1}"))
    database.close()
    with opened(folder) as library:
        assert_whole(library, PAPERS - 1)
        assert library.found_by_words(f"paper{PAPERS - 1}") == []


def test_a_paper_that_was_cut_off_half_way_is_put_in_again(folder: Path) -> None:
    """As after a kill between the first index's add and the catalogue's note of it."""
    with opened(folder) as library:
        paper_id = add_paper(library.catalogue, "paper0", texts_of(0)[:50])
        vectors, keywords = library.index._indexes.both()
        entries = library.catalogue.ledger.entries([paper_id], GENERATION)
        vectors.add(entries[:20])
        keywords.delete_papers([paper_id])
    with opened(folder) as library:
        expected = {entry.chunk_id for entry in entries}
        for index in library.index._indexes.both():
            assert {chunk_id for chunk_id in index.chunk_ids() if chunk_id.startswith(paper_id[:20])} == expected
        assert library.found_by_words("sentence0x7")[0] in expected
        assert library.found_by_words("sentence0x77") == []


def test_a_paper_that_waits_to_be_read_again_is_not_lost_from_the_indexes_for_good(folder: Path) -> None:
    paper_id = paper_id_of("paper0")
    with opened(folder) as library:
        library.catalogue.set_state(paper_id, PaperState.QUEUED)
    with opened(folder) as library:
        add_paper(library.catalogue, "paper0", texts_of(0))
        library.index.update()
        assert_whole(library)


# Damage. Each takes the folder of a closed library's indexes.


def graph_file(index: Path, name: str) -> Path:
    return next((index / VECTOR_FOLDER).glob(f"*/{name}"))


def cut_in_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def overwritten(path: Path) -> None:
    path.write_bytes(b"\xa5" * path.stat().st_size)


def flip_bits(path: Path) -> None:
    """A few bytes in the middle are others, as after a bad sector; length and everything around stay."""
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 8] = bytes(byte ^ 0x5A for byte in content[middle : middle + 8])
    path.write_bytes(content)


def keyword_file(index: Path, suffix: str) -> Path:
    return max((index / KEYWORD_FOLDER).glob(f"*{suffix}"), key=lambda path: path.stat().st_size)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "index folder gone": shutil.rmtree,
    "vector folder gone": lambda index: shutil.rmtree(index / VECTOR_FOLDER),
    "keyword folder gone": lambda index: shutil.rmtree(index / KEYWORD_FOLDER),
    "vector database gone": lambda index: (index / VECTOR_FOLDER / "chroma.sqlite3").unlink(),
    "vector database cut": lambda index: cut_in_half(index / VECTOR_FOLDER / "chroma.sqlite3"),
    "vector database empty": lambda index: (index / VECTOR_FOLDER / "chroma.sqlite3").write_bytes(b""),
    "vector database page flipped": lambda index: flip_bits(index / VECTOR_FOLDER / "chroma.sqlite3"),
    "vector database overwritten": lambda index: overwritten(index / VECTOR_FOLDER / "chroma.sqlite3"),
    "keyword terms gone": lambda index: keyword_file(index, ".term").unlink(),
    "keyword store gone": lambda index: keyword_file(index, ".store").unlink(),
    "keyword store cut": lambda index: cut_in_half(keyword_file(index, ".store")),
    "keyword postings cut": lambda index: cut_in_half(keyword_file(index, ".idx")),
    "keyword postings flipped": lambda index: flip_bits(keyword_file(index, ".idx")),
    "keyword store flipped": lambda index: flip_bits(keyword_file(index, ".store")),
    "keyword postings overwritten": lambda index: overwritten(keyword_file(index, ".idx")),
    "keyword meta gone": lambda index: (index / KEYWORD_FOLDER / "meta.json").unlink(),
    "keyword meta cut": lambda index: cut_in_half(index / KEYWORD_FOLDER / "meta.json"),
    "keyword meta overwritten": lambda index: overwritten(index / KEYWORD_FOLDER / "meta.json"),
}

GRAPH_DAMAGE: dict[str, Callable[[Path], object]] = {
    "graph folder gone": lambda index: shutil.rmtree(graph_file(index, "header.bin").parent),
    "graph metadata gone": lambda index: graph_file(index, "index_metadata.pickle").unlink(),
    "graph header flipped": lambda index: flip_bits(graph_file(index, "header.bin")),
    "graph vectors flipped": lambda index: flip_bits(graph_file(index, "data_level0.bin")),
    "graph links flipped": lambda index: flip_bits(graph_file(index, "link_lists.bin")),
    "graph metadata cut": lambda index: cut_in_half(graph_file(index, "index_metadata.pickle")),
    "graph header cut": lambda index: cut_in_half(graph_file(index, "header.bin")),
    "graph data cut": lambda index: cut_in_half(graph_file(index, "data_level0.bin")),
    "graph links gone": lambda index: graph_file(index, "link_lists.bin").unlink(),
}

OPEN = """
import sys
from pathlib import Path
from test_hybrid_index import assert_whole, opened, MANY_PAPERS
with opened(Path(sys.argv[1])) as library:
    assert_whole(library, MANY_PAPERS)
"""


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_noticed_and_mended_from_the_catalogue(folder: Path, damage: str) -> None:
    DAMAGE[damage](folder / "index" / "1")
    with opened(folder) as library:
        assert_whole(library)
    with opened(folder) as library:
        assert_whole(library)
    assert len(list((folder / "index").iterdir())) == 1, "what was damaged is gone"


@pytest.mark.parametrize("damage", GRAPH_DAMAGE)
def test_a_damaged_graph_costs_one_start_at_most(large_folder: Path, damage: str) -> None:
    """Chroma's native code takes the process with it on some of these; whoever comes next mends the index."""
    GRAPH_DAMAGE[damage](large_folder / "index" / "1")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    ended = subprocess.run([sys.executable, "-c", OPEN, str(large_folder)], env=environment, timeout=60, check=False)
    died = ended.returncode < 0
    assert died or ended.returncode == 0
    assert (large_folder / "index" / OPENING_MARK).exists() is died
    with opened(large_folder) as library:
        assert_whole(library, MANY_PAPERS)


# What a kill leaves has no seal; bits that flip in it are beyond what can be noticed.
NOTICED_WITHOUT_SEAL = {name: DAMAGE[name] for name in DAMAGE if "flipped" not in name}
GRAPH_NOTICED_WITHOUT_SEAL = {name: GRAPH_DAMAGE[name] for name in GRAPH_DAMAGE if "flipped" not in name}


@pytest.mark.parametrize("damage", NOTICED_WITHOUT_SEAL)
def test_damage_is_noticed_after_a_kill_too(folder: Path, damage: str) -> None:
    break_seal(folder / "index" / "1")
    DAMAGE[damage](folder / "index" / "1")
    with opened(folder) as library:
        assert_whole(library)


@pytest.mark.parametrize("damage", GRAPH_NOTICED_WITHOUT_SEAL)
def test_a_graph_damaged_by_a_kill_costs_one_start_at_most(large_folder: Path, damage: str) -> None:
    break_seal(large_folder / "index" / "1")
    GRAPH_DAMAGE[damage](large_folder / "index" / "1")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    subprocess.run([sys.executable, "-c", OPEN, str(large_folder)], env=environment, timeout=60, check=False)
    with opened(large_folder) as library:
        assert_whole(library, MANY_PAPERS)


def test_a_catalogue_that_was_put_back_from_a_backup_is_followed(folder: Path) -> None:
    """The indexes are whole, but know more than it."""
    shutil.copy(folder / "catalogue.sqlite", folder / "backup.sqlite")
    with opened(folder) as library:
        add_paper(library.catalogue, f"paper{PAPERS}", texts_of(PAPERS))
        library.index.update()
    for file in folder.glob("catalogue.sqlite*"):
        file.unlink()
    (folder / "backup.sqlite").rename(folder / "catalogue.sqlite")
    with opened(folder) as library:
        assert_whole(library)
        assert library.found_by_words(f"paper{PAPERS}") == []


def test_indexes_are_sealed_while_they_are_not_written_to(folder: Path) -> None:
    seal = folder / "index" / "1" / SEAL_FILE
    assert check_seal(seal.parent) is SealState.WHOLE
    with opened(folder) as library:
        assert library.found_by_vector(texts_of(0)[0])
        assert check_seal(seal.parent) is SealState.WHOLE, "a kill of a process that only searches costs no check"
        library.index.update()
        assert seal.is_file(), "there was nothing to do"
        add_paper(library.catalogue, f"paper{PAPERS}", texts_of(PAPERS))
        library.index.update()
        assert not seal.is_file()
    assert check_seal(seal.parent) is SealState.WHOLE


def test_many_papers_are_put_in_together_with_progress_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ragqa.search.filling.SAY_EVERY_S", -1.0)
    commits = []
    with opened(tmp_path) as library, caplog.at_level(logging.INFO):
        add = TantivyIndex.add

        def counted(self: TantivyIndex, *given: object) -> None:
            commits.append(library.filling.said)
            add(self, *given)

        monkeypatch.setattr(TantivyIndex, "add", counted)
        for paper in range(70):
            add_paper(library.catalogue, f"paper{paper}", texts_of(paper)[:2])
        library.index.update()
        assert library.catalogue.ledger.not_indexed(GENERATION) == []
        assert library.filling.said == ""
        assert len(library.found_by_words("about", 200)) == 140
    assert len(commits) == 3
    assert commits[1].startswith("32 of 70 papers, 64 chunks, ")
    assert any("Filling the indexes: 70 of 70 papers" in message for message in caplog.messages)


def test_an_index_of_an_earlier_version_is_made_anew_from_the_stored_vectors(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("ragqa.adapters.tantivy_index.TERMS_VERSION", 999)
    with caplog.at_level(logging.WARNING), opened(folder) as library:
        assert_whole(library)
    assert any("made by another version" in message for message in caplog.messages)
    caplog.clear()
    with caplog.at_level(logging.WARNING), opened(folder) as library:
        assert_whole(library)
    assert caplog.messages == []


def test_an_opening_that_was_killed_is_followed_by_a_rebuilding(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "index" / OPENING_MARK).touch()
    with caplog.at_level(logging.WARNING), opened(folder) as library:
        assert_whole(library)
    assert any("rebuilt from the catalogue" in message for message in caplog.messages)
    assert not (folder / "index" / OPENING_MARK).exists()


def test_a_mended_library_takes_new_papers(folder: Path) -> None:
    cut_in_half(folder / "index" / "1" / VECTOR_FOLDER / "chroma.sqlite3")
    with opened(folder) as library:
        add_paper(library.catalogue, f"paper{PAPERS}", texts_of(PAPERS))
        library.index.update()
        assert_whole(library, PAPERS + 1)
    with opened(folder) as library:
        assert_whole(library, PAPERS + 1)


def test_rebuilding_says_so(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    shutil.rmtree(folder / "index" / "1" / VECTOR_FOLDER)
    with caplog.at_level(logging.WARNING), opened(folder):
        pass
    assert any("rebuilt from the catalogue" in message for message in caplog.messages)


# Damage while the indexes are in use


class BrokenIndex:
    """A tantivy index that cannot be read any more."""

    def searcher(self) -> None:
        raise ValueError("Files are missing.")

    reload = searcher


def unreadable_keywords(library: Opened) -> None:
    keywords = library.index._indexes.keywords
    assert isinstance(keywords, TantivyIndex)
    keywords._index = BrokenIndex()


def vanished_vectors(library: Opened) -> None:
    vectors = library.index._indexes.vectors
    assert isinstance(vectors, ChromaIndex)
    vectors._client.delete_collection("chunks")


def folder_removed(library: Opened) -> None:
    """What is open can still be read, but nothing can be written."""
    shutil.rmtree(library.index._folder / "1")


@pytest.mark.parametrize("spoil", [unreadable_keywords, vanished_vectors, folder_removed])
def test_an_index_that_breaks_in_use_is_rebuilt_by_the_next_update(
    folder: Path, spoil: Callable[[Opened], None], caplog: pytest.LogCaptureFixture
) -> None:
    with opened(folder) as library:
        spoil(library)
        for paper in range(PAPERS, PAPERS + 2):
            add_paper(library.catalogue, f"paper{paper}", texts_of(paper))
            library.index.update()
        assert_whole(library, PAPERS + 2)
    with opened(folder) as library:
        assert_whole(library, PAPERS + 2)
    assert sum("rebuilt from the catalogue" in message for message in caplog.messages) == 1


@pytest.mark.parametrize("spoil", [unreadable_keywords, vanished_vectors])
def test_an_index_that_breaks_in_use_is_rebuilt_once_by_whoever_searches(
    folder: Path, spoil: Callable[[Opened], None], caplog: pytest.LogCaptureFixture
) -> None:
    with opened(folder) as library:
        spoil(library)

        def search(_: int) -> bool:
            dense, keyword = library.index.search("sentence0x7", vector_of(texts_of(0)[7]), 3, EVERYWHERE)
            return dense[0].chunk_id == keyword[0].chunk_id

        with ThreadPoolExecutor(6) as threads:
            assert all(threads.map(search, range(12)))
    assert sum("rebuilt from the catalogue" in message for message in caplog.messages) == 1
