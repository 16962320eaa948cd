"""A library that is opened with another setting than it was made with: it loses nothing and mixes nothing."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ragqa.compose import open_engine
from ragqa.engine import Engine
from ragqa.errors import LibraryError
from ragqa.settings import Settings
from ragqa.types import AskRequest, PaperState, SearchRequest
from tests import papers

QUESTION = "How long do marmots hibernate?"
OTHER = {"chunk_tokens": 64}


@contextmanager
def opened(data: Path, **given: int) -> Iterator[Engine]:
    engine = open_engine(Settings(data=data, llm="none", **given))
    yield engine
    engine.close()


def ignore(step: object) -> None:
    """No progress is shown."""


def found(engine: Engine) -> set[str]:
    return {hit.text for hit in engine.search(SearchRequest(question=QUESTION, k=100)).hits}


def index_folders(data: Path) -> set[str]:
    return {path.name for path in (data / "index").glob("index-*")}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A library of two papers, made with the default settings."""
    (tmp_path / "papers").mkdir()
    papers.write_one_column(tmp_path / "papers" / "marmots.pdf")
    papers.write_two_columns(tmp_path / "papers" / "columns.pdf")
    with opened(tmp_path / "data") as engine:
        engine.ingest([tmp_path / "papers"], "", ignore)
    return tmp_path / "data"


def test_trying_another_setting_says_so_and_going_back_finds_all_again(
    data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(data) as engine:
        before, folders = found(engine), index_folders(data)
    with opened(data, **OTHER) as engine:
        with pytest.raises(LibraryError, match=r"was made with .*-128; these settings ask for .*-64\.") as caught:
            engine.search(SearchRequest(question=QUESTION))
        assert f"ragqa ingest {data / 'ingest'}" in caught.value.hint
        with pytest.raises(LibraryError, match="was made with"):
            next(engine.ask(AskRequest(question=QUESTION)))
        assert str(caught.value) in engine.health().problems
        assert len(engine.papers(PaperState.READY)) == 2
    with caplog.at_level(logging.WARNING), opened(data) as engine:
        assert found(engine) == before
    assert caplog.messages == [], "nothing is rebuilt"
    assert index_folders(data) == folders, "the index that was tried is gone"


def test_ingesting_makes_the_library_anew_and_clears_up(data: Path) -> None:
    with opened(data) as engine:
        before, folders = found(engine), index_folders(data)
    with opened(data, **OTHER) as engine:
        report = engine.ingest([data / "ingest"], "", ignore)
        assert report.ready == 2
        after = found(engine)
        assert max(map(len, after)) < max(map(len, before)), "chunks are shorter"
        assert engine.health().problems == (engine.health().problems[-1],), "only that there is no language model"
        assert index_folders(data).isdisjoint(folders)
    with opened(data) as engine, pytest.raises(LibraryError, match="was made with"):
        found(engine)
    with opened(data) as engine:
        engine.ingest([data / "ingest"], "", ignore)
        assert found(engine) == before
        assert index_folders(data) == folders


def test_a_paper_deleted_under_another_setting_does_not_come_back(data: Path) -> None:
    with opened(data) as engine:
        before = found(engine)
    with opened(data, **OTHER) as engine:
        engine.delete(next(paper.id for paper in engine.papers() if paper.file_name == "columns.pdf"))
    with opened(data) as engine:
        left = found(engine)
        assert left < before


def test_half_made_anew_is_not_mixed_with_the_other_half(data: Path) -> None:
    """As after an ingest under another setting that was interrupted."""
    with opened(data, **OTHER) as engine:
        engine.ingest([data / "ingest"], "", ignore)
        engine.catalogue.set_state(engine.papers()[0].id, PaperState.QUEUED)
        assert "1 papers wait to be read. Start ragqa serve or run ragqa ingest." in engine.health().problems
    with opened(data) as engine, pytest.raises(LibraryError, match="was made with"):
        found(engine)


def test_a_server_reads_what_waits_and_has_no_problem_with_it(data: Path) -> None:
    with opened(data, **OTHER) as engine:
        engine.start_reading()
        assert not any("wait to be read" in problem for problem in engine.health().problems)
        assert engine.generations.mismatch() is None
