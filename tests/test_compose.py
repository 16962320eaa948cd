"""A library that is opened with another setting than it was made with: it answers all the time and mixes nothing."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ragqa.compose import open_engine
from ragqa.engine import Engine
from ragqa.settings import Settings
from ragqa.store.database import Database
from ragqa.store.ledger import Ledger, Recipe
from ragqa.types import AskRequest, IngestProgress, PaperState, SearchRequest, SearchResult
from tests import papers

QUESTION = "How long do marmots hibernate?"
OTHER = {"chunk_tokens": 64}
WAIT_S = 60


@contextmanager
def opened(data: Path, **given: int | str) -> Iterator[Engine]:
    engine = open_engine(Settings(data=data, llm="none", **given))
    try:
        yield engine
    finally:
        engine.close()


def ignore(step: object) -> None:
    """No progress is shown."""


def search(engine: Engine) -> SearchResult:
    return engine.search(SearchRequest(question=QUESTION, k=100))


def found(engine: Engine) -> set[str]:
    return {hit.text for hit in search(engine).hits}


def files_found(engine: Engine) -> set[str]:
    return {hit.file_name for hit in search(engine).hits}


def index_folders(data: Path) -> set[str]:
    return {path.name for path in (data / "index").glob("index-*")}


def ingest(engine: Engine, data: Path) -> None:
    engine.ingest([data / "ingest"], "", ignore)


class Stopped(Exception):
    """An ingest that was broken off."""


def stop_at_first(step: IngestProgress) -> None:
    if step.paper.state is PaperState.READY:
        raise Stopped


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A library of two papers, made with the default settings."""
    (tmp_path / "papers").mkdir()
    papers.write_one_column(tmp_path / "papers" / "marmots.pdf")
    papers.write_two_columns(tmp_path / "papers" / "columns.pdf")
    with opened(tmp_path / "data") as engine:
        engine.ingest([tmp_path / "papers"], "", ignore)
    return tmp_path / "data"


def test_trying_another_setting_changes_no_answer_until_papers_are_read(
    data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(data) as engine:
        before, folders = found(engine), index_folders(data)
    with opened(data, **OTHER) as engine:
        assert found(engine) == before
        assert search(engine).note == ""
        assert [event.event for event in engine.ask(AskRequest(question=QUESTION))][-1] == "done"
        assert "2 papers are to be made anew" in engine.health().problems[0]
        assert "ragqa ingest" in engine.health().problems[0]
        assert len(engine.papers(PaperState.READY)) == 2
    with caplog.at_level(logging.WARNING), opened(data) as engine:
        assert found(engine) == before
    assert caplog.messages == [], "nothing is rebuilt"
    assert index_folders(data) == folders, "the index that was tried is gone"


def test_a_judge_that_cannot_be_used_is_among_the_problems(tmp_path: Path) -> None:
    with opened(tmp_path / "named", support="cross-encoder/not-here") as engine:
        assert "RAGQA_SUPPORT" in engine.health().problems[-1]
        assert "'cross-encoder/not-here' is not on this machine" in engine.health().problems[-1]
    with opened(tmp_path / "shipped") as engine:
        assert not any("RAGQA_SUPPORT" in problem for problem in engine.health().problems)


def test_ingesting_makes_the_library_anew_and_clears_up(data: Path) -> None:
    with opened(data) as engine:
        before, folders = found(engine), index_folders(data)
    with opened(data, **OTHER) as engine:
        assert engine.ingest([data / "ingest"], "", ignore).ready == 2
        after = found(engine)
        assert max(map(len, after)) < max(map(len, before)), "chunks are shorter"
        assert after.isdisjoint(before - after)
        assert engine.health().problems == (engine.health().problems[-1],), "only that there is no language model"
        assert index_folders(data).isdisjoint(folders)
    with opened(data, **OTHER) as engine:
        assert found(engine) == after
    with opened(data) as engine:
        assert found(engine) == after, "until it is made anew"
        ingest(engine, data)
        assert found(engine) == before
        assert index_folders(data) == folders


def test_a_server_makes_the_library_anew_by_itself_and_every_question_is_answered_by_one_generation(data: Path) -> None:
    with opened(data) as engine:
        before = found(engine)
    answers: list[set[str]] = []
    with opened(data, **OTHER) as engine:
        engine.start_reading()
        until = time.monotonic() + WAIT_S
        while engine.generations.is_changing() and time.monotonic() < until:
            answers.append(found(engine))
            # A result that is remembered would hide what the indexes say.
            engine.catalogue.move(engine.papers()[0].id, engine.catalogue.path(engine.papers()[0].id))
        after = found(engine)
        assert not engine.generations.is_changing()
        assert not any("wait" in problem or "anew" in problem for problem in engine.health().problems)
    assert after != before
    assert answers[0] == before
    assert all(answer in (before, after) for answer in answers)


def test_a_question_that_began_before_the_change_ends_in_the_generation_in_which_it_began(data: Path) -> None:
    with opened(data) as engine:
        before = found(engine)
    with opened(data, **OTHER) as engine:
        earlier = engine.generations._answering
        begun, go_on = threading.Event(), threading.Event()
        answers: list[set[str]] = []

        class Slow:
            def search(self, request: SearchRequest) -> SearchResult:
                begun.set()
                go_on.wait(WAIT_S)
                return earlier.searcher.search(request)

        engine.generations._answering = type(earlier)(earlier.recipe, earlier.embedder, earlier.index, Slow())
        asking = threading.Thread(target=lambda: answers.append(found(engine)))
        asking.start()
        begun.wait(WAIT_S)
        making = threading.Thread(target=lambda: ingest(engine, data))
        making.start()
        until = time.monotonic() + WAIT_S
        while engine.generations.is_changing() and time.monotonic() < until:
            time.sleep(0.05)
        assert found(engine) != before, "who asks now is answered by the new one"
        assert making.is_alive(), "the old one is not dropped while it is in use"
        go_on.set()
        asking.join(WAIT_S)
        making.join(WAIT_S)
        assert answers == [before]
        assert engine.catalogue.ledger.made() == {engine.generations.wanted.recipe.name}


def test_a_paper_that_comes_meanwhile_is_found_at_once_and_after_the_change(data: Path, tmp_path: Path) -> None:
    papers.write_many_pages(tmp_path / "papers" / "new.pdf", 3)
    while_changing: list[set[str]] = []
    with opened(data, **OTHER) as engine:

        def look(step: IngestProgress) -> None:
            if step.paper.state is PaperState.READY and engine.generations.is_changing():
                while_changing.append(files_found(engine))

        engine.ingest([tmp_path / "papers" / "new.pdf"], "", look)
        assert while_changing[0] == {"marmots.pdf", "columns.pdf", "new.pdf"}
        assert files_found(engine) == {"marmots.pdf", "columns.pdf", "new.pdf"}
        assert not engine.generations.is_changing()


def test_a_paper_deleted_under_another_setting_does_not_come_back(data: Path) -> None:
    with opened(data, **OTHER) as engine:
        engine.delete(next(paper.id for paper in engine.papers() if paper.file_name == "columns.pdf"))
        assert files_found(engine) == {"marmots.pdf"}
    with opened(data) as engine:
        assert files_found(engine) == {"marmots.pdf"}


def test_half_made_anew_can_be_gone_on_with_or_given_up(data: Path) -> None:
    with opened(data) as engine:
        before = found(engine)
        own = engine.generations.wanted.recipe.name
    with opened(data, **OTHER) as engine:
        with pytest.raises(Stopped):
            engine.ingest([data / "ingest"], "", stop_at_first)
        assert len(engine.generations.not_made()) == 1
        assert found(engine) == before
    with opened(data, **OTHER) as engine:
        assert found(engine) == before
        assert len(engine.generations.not_made()) == 1, "what was made is kept"
    with opened(data) as engine:
        assert found(engine) == before
        assert engine.catalogue.ledger.made() == {own}, "what was made is dropped"
        assert not engine.generations.is_changing()
    with opened(data, **OTHER) as engine:
        assert len(engine.generations.not_made()) == 2
        ingest(engine, data)
        assert found(engine) != before


INGEST = """
import sys
from pathlib import Path
from ragqa.compose import open_engine
from ragqa.settings import Settings
data = Path(sys.argv[1])
engine = open_engine(Settings(data=data, llm="none", chunk_tokens=64))
engine.ingest([data / "ingest"], "", lambda step: print(step.paper.state, flush=True))
print("changed", flush=True)
engine.close()
"""


@pytest.mark.parametrize("moment", ["ready", "changed"])
def test_killed_while_it_is_made_anew_it_goes_on_at_the_next_start(data: Path, moment: str) -> None:
    with opened(data) as engine:
        before = found(engine)
    with subprocess.Popen([sys.executable, "-c", INGEST, str(data)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == moment:
                os.kill(process.pid, signal.SIGKILL)
                break
    with opened(data, **OTHER) as engine:
        assert (found(engine) == before) is (moment == "ready")
        ingest(engine, data)
        after = found(engine)
        assert max(map(len, after)) < max(map(len, before))
        assert len(index_folders(data)) == 1
        assert len(engine.catalogue.ledger.made()) == 1


def rename_generation(data: Path, recipe: Recipe) -> None:
    """As if another model had made the library."""
    database = Database(data / "index" / "catalogue.sqlite")
    with database.write() as db:
        db.execute("UPDATE chunks SET generation = ?, id = 'earlier-' || id", (recipe.name,))
        db.execute("UPDATE made SET generation = ?, indexed = 0", (recipe.name,))
    Ledger(database).let_answer(recipe)
    database.close()


def test_without_the_model_that_made_it_a_library_is_searched_by_its_words_and_says_so(data: Path) -> None:
    rename_generation(data, Recipe("lost-model+chunks-1-128", str(data / "no model"), 128))
    with opened(data) as engine:
        result = search(engine)
        assert {hit.file_name for hit in result.hits} >= {"marmots.pdf"}
        assert all(hit.dense is None and hit.keyword is not None for hit in result.hits)
        assert "only words were searched" in result.note
        dense = engine.search(SearchRequest(question=QUESTION, mode="dense"))
        assert dense.hits
        assert "only words were searched" in dense.note
        *_, done = engine.ask(AskRequest(question=QUESTION))
        assert done.event == "done"
        assert "only words were searched" in done.answer.note
        ingest(engine, data)
        again = search(engine)
        assert again.note == ""
        assert any(hit.dense is not None for hit in again.hits)
