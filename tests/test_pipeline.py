"""From PDFs to ready papers: real files, the real reader and the shipped embedder; then the same under kill -9."""

import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from ingest.folder.files import content_hash
from ingest.folder.intake import Intake
from ingest.pipeline import Pipeline, generation
from ingest.worker import SubprocessReader
from ragqa.adapters.chroma_index import ChromaIndex
from ragqa.adapters.tantivy_index import TantivyIndex
from ragqa.compose import open_engine
from ragqa.document import BlockKind, Document, Metadata
from ragqa.errors import DiskFull, EmptyFile, LibraryDamaged, NotPdf, PathNotFound, RegisterUnavailable, UploadTooLarge
from ragqa.protocols import EVERYWHERE, Embedder, PdfReader, Scope
from ragqa.search.generations import Generation, Generations
from ragqa.search.index import HybridIndex
from ragqa.search.retrieve import Retriever
from ragqa.settings import Settings
from ragqa.store.catalogue import Catalogue
from ragqa.store.database import Database
from ragqa.store.ledger import Ledger, Recipe
from ragqa.types import Filter, IngestProgress, Paper, PaperState, SearchRequest
from tests import papers

CHUNK_TOKENS = 200
MAX_BYTES = 5 << 20
KILLS = 3
ROOT = Path(__file__).resolve().parents[1]


class ReaderThatStopsAt:
    """A PdfReader that does something before it reads its n-th paper, then reads for real."""

    def __init__(self, real: PdfReader, number: int, do: Callable[[Path], None]) -> None:
        self._real = real
        self._number = number
        self._do = do

    def read(self, path: Path) -> Document:
        self._number -= 1
        if self._number == 0:
            self._do(path)
        return self._real.read(path)

    def close(self) -> None:
        self._real.close()


@dataclass
class Library:
    """The parts of a library that bring papers in."""

    folder: Path
    catalogue: Catalogue
    generations: Generations
    reader: PdfReader

    def intake(self, reader: PdfReader | None = None) -> Intake:
        pipeline = Pipeline(self.catalogue, [reader or self.reader], self.generations)
        return Intake(self.catalogue, pipeline, self.folder / "ingest", MAX_BYTES)

    def states(self) -> dict[str, PaperState]:
        return {paper.file_name: paper.state for paper in self.catalogue.papers()}

    @property
    def index(self) -> HybridIndex:
        return self.generations.wanted.index

    @property
    def ledger(self) -> Ledger:
        return self.catalogue.ledger

    def found(self, words: str) -> set[str]:
        _, keyword = self.index.search(words, None, 10, EVERYWHERE)
        return {chunk.file_name for chunk in self.catalogue.stored_chunks([s.chunk_id for s in keyword]).values()}


@pytest.fixture(scope="module")
def reader() -> Iterator[SubprocessReader]:
    opened = SubprocessReader(timeout_s=30, memory_mb=1500, max_pages=100)
    yield opened
    opened.close()


@pytest.fixture
def library(tmp_path: Path, embedder: Embedder, reader: PdfReader) -> Iterator[Library]:
    database = Database(tmp_path / "index" / "catalogue.sqlite")
    catalogue = Catalogue(database)

    def opened(recipe: Recipe, folder: Path) -> Generation:
        index = HybridIndex(folder, catalogue, recipe.name, ChromaIndex, TantivyIndex)
        return Generation(recipe, embedder, index, Retriever(catalogue, index, embedder, 1000))

    recipe = Recipe(generation(embedder, CHUNK_TOKENS), "", CHUNK_TOKENS)
    generations = Generations(catalogue.ledger, tmp_path / "index", recipe, opened)
    yield Library(tmp_path, catalogue, generations, reader)
    generations.wanted.index.close()
    database.close()


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four papers that can be read."""
    folder = tmp_path_factory.mktemp("good")
    papers.write_one_column(folder / "marmots.pdf")
    papers.write_two_columns(folder / "columns.pdf")
    papers.write_many_pages(folder / "pages.pdf", 4)
    papers.write_superscript(folder / "superscript.pdf")
    return folder


def ignore(step: object) -> None:
    """For progress that nobody looks at."""


def test_pdfs_become_papers_that_are_found(library: Library, good: Path) -> None:
    steps: list[IngestProgress] = []
    report = library.intake().ingest([good], "", steps.append)
    assert (report.found, report.ready, report.failed, report.queued) == (4, 4, (), 0)
    assert report.pages == sum(paper.pages for paper in library.catalogue.papers()) == 9
    assert set(library.states().values()) == {PaperState.READY}
    assert library.found("telemetry") >= {"marmots.pdf"}
    assert {path.name for path in (library.folder / "ingest").iterdir()} == {path.name for path in good.iterdir()}
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert (steps[-1].done, steps[-1].total, steps[-1].pages) == (4, 4, 9)
    own = [step.paper.state for step in steps if step.paper.file_name == "pages.pdf"]
    assert own == [PaperState.READING, PaperState.EMBEDDING, PaperState.READY]


def test_references_are_searched_only_on_request(library: Library, good: Path) -> None:
    library.intake().ingest([good / "marmots.pdf"], "", ignore)
    paper = library.catalogue.papers()[0]
    assert 0 < library.generations.chunk_count() < paper.chunks
    assert "References" in library.catalogue.page(paper.id, 3).text
    assert library.found("Author study of marmots part 2") != set(), "other chunks speak of marmots"
    wanted = "Author study of marmots part 2"
    entries = {
        entry.chunk_id: entry for entry in library.ledger.entries([paper.id], library.generations.wanted.recipe.name)
    }
    by_default = library.index.search(wanted, None, 50, EVERYWHERE)[1]
    on_request = library.index.search(wanted, None, 50, Scope(kinds=frozenset({BlockKind.REFERENCE})))[1]
    assert by_default
    assert BlockKind.REFERENCE not in {entries[found.chunk_id].kind for found in by_default}
    assert {entries[found.chunk_id].kind for found in on_request} == {BlockKind.REFERENCE}


def test_doing_it_twice_changes_nothing(library: Library, good: Path) -> None:
    library.intake().ingest([good], "", ignore)
    before = library.catalogue.papers()
    steps: list[IngestProgress] = []
    report = library.intake().ingest([good, good / "marmots.pdf"], "", steps.append)
    assert (report.found, report.unchanged, report.ready, report.pages) == (5, 5, 4, 0)
    assert steps == []
    assert library.catalogue.papers() == before


BAD = {
    "empty.pdf": (papers.write_empty, "empty_file"),
    "page.pdf": (papers.write_not_pdf, "not_pdf"),
    "cut.pdf": (papers.write_truncated, "damaged_pdf"),
    "picture.pdf": (papers.write_picture_only, "no_text_layer"),
    "locked.pdf": (lambda path: papers.write_encrypted(path, "secret"), "encrypted_pdf"),
    "long.pdf": (lambda path: papers.write_many_pages(path, 101), "too_many_pages"),
}


def test_a_bad_file_fails_with_its_reason_and_stops_nothing(library: Library, good: Path, tmp_path: Path) -> None:
    mixed = Path(shutil.copytree(good, tmp_path / "mixed"))
    for name, (write, _) in BAD.items():
        write(mixed / name)
    report = library.intake().ingest([mixed], "", ignore)
    assert (report.found, report.ready, report.queued) == (10, 4, 0)
    assert {paper.file_name: paper.reason_code for paper in report.failed} == {n: code for n, (_, code) in BAD.items()}
    for paper in report.failed:
        assert paper.file_name in paper.reason
    assert library.index.search("marmots", None, 5, EVERYWHERE)[1]


def test_a_failed_paper_is_read_again_on_request(library: Library, tmp_path: Path) -> None:
    bad = papers.write_truncated(tmp_path / "cut.pdf")
    intake = library.intake()
    failed = intake.ingest([bad], "", ignore).failed[0]
    assert intake.ingest([bad], "", ignore).failed == (failed,), "not read again unasked"
    assert intake.retry(failed.id).state == PaperState.QUEUED
    assert [paper.id for paper in intake.ingest([bad], "", ignore).failed] == [failed.id]


def test_a_repaired_file_is_a_new_paper(library: Library, good: Path, tmp_path: Path) -> None:
    path = papers.write_truncated(tmp_path / "x.pdf")
    intake = library.intake()
    intake.ingest([path], "", ignore)
    shutil.copy(good / "marmots.pdf", path)
    report = intake.ingest([path], "", ignore)
    assert (report.ready, len(report.failed)) == (1, 0)


def test_when_told_to_stop_what_has_not_begun_stays_queued(
    library: Library, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.pipeline.GROUP_CHUNKS", 1)
    intake = library.intake()

    def stop_at_first(step: IngestProgress) -> None:
        if step.done == 1:
            intake.close()

    report = intake.ingest([good], "", stop_at_first)
    assert report.ready == 1
    assert report.queued == 3
    assert set(library.states().values()) == {PaperState.READY, PaperState.QUEUED}
    assert library.intake().ingest([good], "", ignore).ready == 4


@pytest.mark.parametrize("problem", [KeyboardInterrupt(), DiskFull("The disk is full."), MemoryError()])
def test_any_other_trouble_puts_the_papers_back_in_the_queue(
    library: Library, good: Path, problem: BaseException
) -> None:
    def fail(path: Path) -> None:
        raise problem

    with pytest.raises(type(problem)):
        library.intake(ReaderThatStopsAt(library.reader, 2, fail)).ingest([good], "", ignore)
    states = list(library.states().values())
    assert set(states) == {PaperState.READY, PaperState.QUEUED}
    assert states.count(PaperState.READY) == 1
    assert library.intake().ingest([good], "", ignore).ready == 4


def test_an_error_while_telling_of_progress_loses_nothing(library: Library, good: Path) -> None:
    def fail(step: IngestProgress) -> None:
        if step.paper.state == PaperState.EMBEDDING:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        library.intake().ingest([good], "", fail)
    assert set(library.states().values()) == {PaperState.QUEUED}


@pytest.mark.parametrize("file_is_open_already", [True, False])
def test_a_paper_that_is_deleted_while_it_is_read_stays_deleted(
    library: Library, good: Path, file_is_open_already: bool
) -> None:
    def delete(path: Path) -> None:
        library.intake().delete(next(p.id for p in library.catalogue.papers() if p.file_name == path.name))
        if file_is_open_already:
            shutil.copy(good / path.name, path)

    report = library.intake(ReaderThatStopsAt(library.reader, 1, delete)).ingest([good], "", ignore)
    assert (report.found, report.ready, report.failed) == (4, 3, ())
    assert len(library.catalogue.papers()) == 3
    assert library.ledger.removals(library.generations.wanted.recipe.name) == []


def test_a_file_that_is_gone_when_its_turn_comes_says_so(library: Library, good: Path) -> None:
    intake = library.intake()
    with (good / "marmots.pdf").open("rb") as file:
        intake.upload(file, "gone.pdf", "")
    (library.folder / "ingest" / "gone.pdf").unlink()
    intake.ingest([good / "columns.pdf"], "", ignore)
    assert library.states() == {"gone.pdf": PaperState.FAILED, "columns.pdf": PaperState.READY}
    failed = library.catalogue.papers(PaperState.FAILED)[0]
    assert failed.reason_code == PathNotFound.code
    assert "gone.pdf" in failed.reason


def test_only_one_run_at_a_time_and_both_see_the_papers_ready(library: Library, good: Path) -> None:
    intake = library.intake()
    reports = []
    threads = [
        threading.Thread(target=lambda name=name: reports.append(intake.ingest([good / name], "", ignore)))
        for name in ("marmots.pdf", "columns.pdf")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [report.ready for report in reports] == [1, 1]


# Uploads and the ingest folder


def test_an_upload_is_kept_and_queued_and_the_same_bytes_are_known(library: Library, good: Path) -> None:
    intake = library.intake()
    with (good / "marmots.pdf").open("rb") as file:
        first = intake.upload(file, "../Marmots: a study.pdf", "alps")
    with (good / "marmots.pdf").open("rb") as file:
        second = intake.upload(file, "other name.pdf", "")
    assert (first.created, second.created) == (True, False)
    assert first.paper.id == second.paper.id == first.job.paper_id
    assert (first.paper.state, first.paper.collection) == (PaperState.QUEUED, "alps")
    names = [path.name for path in (library.folder / "ingest").rglob("*.pdf")]
    assert names == ["Marmots_ a study.pdf"]


@pytest.mark.parametrize(
    ("content", "error"), [(b"", EmptyFile), (b"<html>", NotPdf), (b"%PDF-" + b"x" * MAX_BYTES, UploadTooLarge)]
)
def test_a_bad_upload_is_refused_and_leaves_nothing(
    library: Library, tmp_path: Path, content: bytes, error: type[Exception]
) -> None:
    (tmp_path / "sent").write_bytes(content)
    with (tmp_path / "sent").open("rb") as file, pytest.raises(error):
        library.intake().upload(file, "x.pdf", "")
    assert library.catalogue.papers() == []
    assert list((library.folder / "ingest").rglob("*")) == []


def test_a_deleted_paper_takes_its_file_along_but_never_one_outside(library: Library, good: Path) -> None:
    intake = library.intake()
    outside = papers.write_not_pdf(library.folder / "outside.pdf")
    intake.ingest([good / "marmots.pdf", outside], "", ignore)
    for paper in library.catalogue.papers():
        intake.delete(paper.id)
    assert outside.exists()
    assert (good / "marmots.pdf").exists()
    assert list((library.folder / "ingest").rglob("*.pdf")) == []
    assert library.catalogue.papers() == []
    assert library.found("telemetry") == set()


def test_a_file_dropped_into_the_folder_is_read_in_the_background(
    library: Library, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.folder.follow.SETTLE_S", 0.05)
    intake = library.intake()
    intake.start()
    try:
        dropped = library.folder / "ingest" / "alps" / "dropped.pdf"
        dropped.parent.mkdir(parents=True)
        shutil.copy(good / "marmots.pdf", dropped)
        deadline = time.monotonic() + 20
        while library.states() != {"dropped.pdf": PaperState.READY} and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        intake.close()
    paper = library.catalogue.papers()[0]
    assert (paper.state, paper.collection) == (PaperState.READY, "alps")


# kill -9


@dataclass(frozen=True)
class Kept:
    """All that a library knows of a paper, in a form that can be compared."""

    paper: Paper
    chunks: tuple[tuple[str, str], ...]
    vectors: bytes


def kept(data: Path) -> dict[str, Kept]:
    """By file name. Each paper's vectors are found, and no others."""
    engine = open_engine(Settings(data=data, llm="none"))
    try:
        result = {}
        for paper in engine.papers():
            entries = engine.catalogue.ledger.entries([paper.id], engine.generations.wanted.recipe.name)
            searched = {entry.chunk_id: entry.vector for entry in entries if entry.vector is not None}
            result[paper.file_name] = Kept(
                paper.model_copy(update={"added_at": ""}),
                tuple((entry.chunk_id, entry.text) for entry in entries),
                b"".join(vector.astype(np.float16).tobytes() for vector in searched.values()),
            )
            here = SearchRequest(question="marmots", k=100, mode="dense", filter=Filter(paper_ids=(paper.id,)))
            assert {hit.chunk_id for hit in engine.search(here).hits} == searched.keys()
        return result
    finally:
        engine.close()


def start_ingest(source: Path, data: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "ragqa", "ingest", str(source), "--data", str(data), "--json"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_after_kill_9_at_any_moment_the_same_library_comes_out(good: Path, tmp_path: Path, embedder: Embedder) -> None:
    source = Path(shutil.copytree(good, tmp_path / "papers"))
    for pages in range(5, 15):
        papers.write_many_pages(source / f"pages{pages}.pdf", pages)
    papers.write_truncated(source / "cut.pdf")

    began = time.monotonic()
    undisturbed = start_ingest(source, tmp_path / "undisturbed")
    assert undisturbed.wait(timeout=120) == 1, "one paper cannot be read"
    duration = time.monotonic() - began

    moments = random.Random(9)
    killed = 0
    for _ in range(KILLS):
        process = start_ingest(source, tmp_path / "killed")
        time.sleep(duration * moments.uniform(0.3, 0.8))
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
    assert killed > 0, "the machine was too fast to be killed"
    assert start_ingest(source, tmp_path / "killed").wait(timeout=120) == 1

    expected = kept(tmp_path / "undisturbed")
    assert len(expected) == 15
    assert kept(tmp_path / "killed") == expected


def test_after_kill_9_at_each_stage_the_same_library_comes_out(good: Path, tmp_path: Path) -> None:
    """The soak that kills more than a hundred times is benchmarks/kill.py."""
    undisturbed = start_ingest(good, tmp_path / "undisturbed")
    for stage, number in (("register", 3), ("read", 2), ("in the transaction", 2), ("vectors", 1), ("indexed", 1)):
        command = [sys.executable, "-m", "benchmarks.killed", stage, str(number), "after", "ingest", str(good)]
        ended = subprocess.run(
            [*command, "--data", str(tmp_path / "killed")], cwd=ROOT, capture_output=True, timeout=120
        )
        assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert start_ingest(good, tmp_path / "killed").wait(timeout=120) == 0
    assert undisturbed.wait(timeout=120) == 0
    assert kept(tmp_path / "killed") == kept(tmp_path / "undisturbed")


def test_a_damaged_catalogue_is_reported_and_the_folder_is_free_again(tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / "catalogue.sqlite").write_bytes(b"no catalogue" * 1000)
    for _ in range(2):
        with pytest.raises(LibraryDamaged):
            open_engine(Settings(data=tmp_path, llm="none"))


class DeadRegister:
    """A ``PaperRegister`` that cannot be reached."""

    name = "crossref"

    def look_up(self, said: Metadata) -> Metadata | None:
        raise RegisterUnavailable("http://register.example could not be asked.")

    def close(self) -> None:
        """Nothing is open."""


def test_a_register_that_cannot_be_asked_costs_a_note(library: Library, good: Path) -> None:
    pipeline = Pipeline(library.catalogue, [library.reader], library.generations, DeadRegister())
    intake = Intake(library.catalogue, pipeline, library.folder / "ingest", MAX_BYTES)
    report = intake.ingest([good / "marmots.pdf"], "", ignore)
    [paper] = library.catalogue.papers()
    assert (report.ready, paper.title) == (1, papers.TITLE)
    assert "could not be asked" in paper.reason


def test_what_zotero_says_of_a_paper_wins(library: Library, good: Path) -> None:
    library.catalogue.give_metadata(
        content_hash(good / "marmots.pdf"), "zotero", Metadata(title="The Sleep of Marmots")
    )
    library.intake().ingest([good / "marmots.pdf"], "", ignore)
    [paper] = library.catalogue.papers()
    assert (paper.title, paper.authors[0]) == ("The Sleep of Marmots", "Ada Lovelace")
    assert library.found("Sleep of Marmots") == {"marmots.pdf"}
