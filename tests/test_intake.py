"""The intake follows the ingest folder: what is replaced, renamed, deleted or odd, and what uploads may not touch."""

import io
import os
import threading
import time
from pathlib import Path

import pytest

from ingest.folder.events import FolderEvents
from ingest.folder.files import content_hash, find_pdfs, remove_parts, save_stream
from ingest.folder.intake import Intake
from ingest.folder.scan import FolderScan
from ragqa.client import Client, _follow
from ragqa.errors import BadRequest, NotPdf, PathNotFound
from ragqa.page_images import PageImages
from ragqa.store.history import History
from ragqa.types import Paper, PaperState
from tests import papers
from tests.test_pipeline import MAX_BYTES, Library, ignore, library, reader

__all__ = ["library", "reader"]


class NoPicture:
    """A PageRenderer that draws nothing."""

    def render(self, path: Path, page: int, rects: object, scale: float, strong: object = ()) -> bytes:
        return b"png"


def followed(library: Library, intake: Intake, scan: FolderScan) -> dict[str, PaperState]:
    """States after the folder was looked at often enough for its files to count as stable."""
    for _ in range(2):
        intake.follower.follow(scan)
    return library.states()


@pytest.fixture
def folder(library: Library) -> Path:
    made = library.folder / "ingest"
    made.mkdir()
    papers.write_one_column(made / "marmots.pdf")
    papers.write_two_columns(made / "columns.pdf")
    return made


def test_no_box_is_drawn_on_other_bytes(library: Library, folder: Path) -> None:
    library.intake().ingest([folder / "marmots.pdf"], "", ignore)
    paper = library.catalogue.papers()[0]
    images = PageImages(library.catalogue, History(library.catalogue._db), NoPicture())
    assert images.png(paper.id, 1, "") == b"png"
    papers.write_many_pages(folder / "marmots.pdf", 4)
    with pytest.raises(PathNotFound, match="has changed since"):
        images.png(paper.id, 1, "")


def test_the_catalogue_follows_the_folder(library: Library, folder: Path) -> None:
    intake, scan = library.intake(), FolderScan(folder)
    assert set(followed(library, intake, scan)) == {"marmots.pdf", "columns.pdf"}
    before = {paper.id for paper in library.catalogue.papers()}
    (folder / "marmots.pdf").rename(folder / "renamed.pdf")
    assert set(followed(library, intake, scan)) == {"renamed.pdf", "columns.pdf"}
    assert {paper.id for paper in library.catalogue.papers()} == before, "a renamed paper is kept"
    papers.write_many_pages(folder / "renamed.pdf", 4)
    followed(library, intake, scan)
    assert len({paper.id for paper in library.catalogue.papers()} & before) == 1, "replaced"
    (folder / "columns.pdf").unlink()
    assert set(followed(library, intake, scan)) == {"renamed.pdf"}


def test_a_folder_that_is_not_there_loses_no_paper(library: Library, folder: Path) -> None:
    followed(library, library.intake(), FolderScan(folder))
    folder.rename(library.folder / "unmounted")
    assert len(followed(library, library.intake(), FolderScan(folder))) == 2


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_an_odd_name_stops_nothing(library: Library, folder: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(folder) + b"/a\xe9.pdf"))
    papers.write_superscript(folder / "x.pdf").rename(odd)
    assert set(followed(library, library.intake(), FolderScan(folder))) == {"marmots.pdf", "columns.pdf"}
    report = library.intake().ingest([folder], "", ignore)
    assert (report.found, report.ready, len(report.failed)) == (3, 2, 1)
    assert "Rename" in report.failed[0].reason


def test_papers_that_a_full_disk_left_behind_are_taken_up(library: Library, folder: Path) -> None:
    followed(library, library.intake(), FolderScan(folder))
    library.catalogue.set_state(library.catalogue.papers()[0].id, PaperState.EMBEDDING)
    assert library.intake().ingest([folder], "", ignore).ready == 2


def test_a_refused_upload_leaves_the_users_own_file(library: Library, folder: Path) -> None:
    (folder / "page.pdf").write_bytes(b"<html>")
    with pytest.raises(NotPdf, match=r"page\.pdf"):
        library.intake().upload(io.BytesIO(b"<html>"), "page.pdf", "")
    assert (folder / "page.pdf").exists()


def test_a_deleted_paper_takes_its_copies_along(library: Library, folder: Path) -> None:
    (folder / "copy.pdf").write_bytes((folder / "marmots.pdf").read_bytes())
    intake = library.intake()
    intake.ingest([folder / "marmots.pdf"], "", ignore)
    intake.delete(library.catalogue.papers()[0].id)
    assert [path.name for path in folder.iterdir()] == ["columns.pdf"]


def test_a_name_taken_at_the_last_moment_is_left_alone(tmp_path: Path) -> None:
    def taken_meanwhile(part: Path) -> None:
        (tmp_path / "x.pdf").write_bytes(b"theirs")

    assert save_stream(io.BytesIO(b"ours"), "x.pdf", tmp_path, "", known=taken_meanwhile).name == "x (2).pdf"
    assert (tmp_path / "x.pdf").read_bytes() == b"theirs"


@pytest.mark.skipif(os.name == "nt", reason="there are no pipes by name")
def test_a_pipe_is_no_paper(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pdf")
    with pytest.raises(BadRequest, match="neither a file"):
        list(find_pdfs([tmp_path / "pipe.pdf"]))


def test_a_file_over_the_limit_is_reported_and_not_read(library: Library, folder: Path) -> None:
    (folder / "big.pdf").write_bytes(b"%PDF-" + bytes(MAX_BYTES))
    report = library.intake().ingest([folder], "", ignore)
    assert [(paper.file_name, paper.reason_code) for paper in report.failed] == [("big.pdf", "file_too_large")]


def test_only_old_parts_are_removed(tmp_path: Path) -> None:
    for name in (".old.part", ".new.part"):
        (tmp_path / name).touch()
    os.utime(tmp_path / ".old.part", (time.time() - 7200,) * 2)
    remove_parts(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".new.part"]


def test_following_ends_when_the_paper_is_deleted() -> None:
    class Emptied(Client):
        """A server whose papers were all deleted."""

        def __init__(self) -> None:
            """Needs no server."""

        def papers(self, state: PaperState | None = None) -> list[Paper]:
            return []

    assert _follow(Emptied(), {"gone"}, ignore) == {}


def many(folder: Path, count: int) -> list[Path]:
    """Papers that differ in their last bytes only."""
    whole = papers.write_superscript(folder / "0.pdf").read_bytes()
    for n in range(count):
        (folder / f"{n}.pdf").write_bytes(whole + b"\n%% %d" % n)
    return [folder / f"{n}.pdf" for n in range(count)]


def test_a_copy_more_or_less_is_no_change(library: Library, folder: Path) -> None:
    intake, scan = library.intake(), FolderScan(folder)
    followed(library, intake, scan)
    before = {paper.id for paper in library.catalogue.papers()}
    (folder / "alps").mkdir()
    (folder / "alps" / "copy.pdf").write_bytes((folder / "marmots.pdf").read_bytes())
    assert len(followed(library, intake, scan)) == 2
    (folder / "marmots.pdf").unlink()
    assert set(followed(library, intake, scan)) == {"copy.pdf", "columns.pdf"}
    assert {paper.id for paper in library.catalogue.papers()} == before
    assert {paper.collection for paper in library.catalogue.papers()} == {"", "alps"}


def test_moving_a_file_to_a_sub_folder_changes_its_collection(library: Library, folder: Path) -> None:
    intake, scan = library.intake(), FolderScan(folder)
    followed(library, intake, scan)
    (folder / "alps" / "2024").mkdir(parents=True)
    (folder / "marmots.pdf").rename(folder / "alps" / "2024" / "marmots.pdf")
    followed(library, intake, scan)
    found = {paper.file_name: paper.collection for paper in library.catalogue.papers()}
    assert found == {"marmots.pdf": "alps", "columns.pdf": ""}


def test_a_folder_that_is_suddenly_empty_is_no_order_to_forget(library: Library, folder: Path, tmp_path: Path) -> None:
    files = many(folder, 12)
    intake, scan = library.intake(), FolderScan(folder)
    assert len(followed(library, intake, scan)) == 14
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for file in files:
        file.rename(elsewhere / file.name)
    assert len(followed(library, intake, scan)) == 14
    assert "12 of 14" in intake.held()
    for file in files:
        (elsewhere / file.name).rename(file)
    assert len(followed(library, intake, scan)) == 14
    assert intake.held() == ""
    for file in files:
        file.unlink()
    followed(library, intake, scan)
    assert len(intake.forget_missing()) == 12
    assert set(followed(library, intake, scan)) == {"marmots.pdf", "columns.pdf"}
    assert intake.held() == ""


def test_some_of_many_files_may_be_deleted_at_once(library: Library, folder: Path) -> None:
    files = many(folder, 12)
    intake, scan = library.intake(), FolderScan(folder)
    followed(library, intake, scan)
    for file in files[:6]:
        file.unlink()
    assert len(followed(library, intake, scan)) == 8


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_linked_papers_are_read_and_never_deleted(library: Library, folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "deep").mkdir(parents=True)
    own = papers.write_many_pages(outside / "own.pdf", 2)
    deep = papers.write_many_pages(outside / "deep" / "deep.pdf", 3)
    (folder / "link.pdf").symlink_to(own)
    (folder / "shelf").symlink_to(outside / "deep", target_is_directory=True)
    intake = library.intake()
    followed(library, intake, FolderScan(folder.resolve()))
    found = {paper.file_name: paper for paper in library.catalogue.papers()}
    assert (found["link.pdf"].collection, found["deep.pdf"].collection) == ("", "shelf")
    intake.delete(found["link.pdf"].id)
    assert own.is_file()
    assert not (folder / "link.pdf").is_symlink()
    with pytest.raises(BadRequest, match="only linked to"):
        intake.delete(found["deep.pdf"].id)
    assert deep.is_file()
    (folder / "shelf").unlink()
    assert "deep.pdf" not in followed(library, intake, FolderScan(folder.resolve()))


def test_a_restart_reads_no_file_that_was_not_touched(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def intake() -> Intake:
        return Intake(
            library.catalogue, library.intake()._pipeline, folder, MAX_BYTES, seen_note=library.folder / "files.json"
        )

    followed(library, intake(), FolderScan(folder))
    papers.write_many_pages(folder / "columns.pdf", 3)
    read: list[Path] = []
    monkeypatch.setattr("ingest.folder.register.content_hash", lambda path: read.append(path) or content_hash(path))
    scan, restarted = FolderScan(folder), intake()
    followed(library, restarted, scan)
    followed(library, restarted, scan)
    assert {path.name for path in read} == {"columns.pdf"}
    assert set(library.states()) == {"marmots.pdf", "columns.pdf"}
    assert len(library.catalogue.papers()) == 2


def test_what_changes_is_noticed_at_once_where_the_system_tells(tmp_path: Path) -> None:
    told = threading.Event()
    with FolderEvents(tmp_path, told.set):
        deadline = time.monotonic() + 10
        while not told.wait(0.3) and time.monotonic() < deadline:
            (tmp_path / "x.pdf").write_bytes(os.urandom(10))
    assert told.is_set()


def test_a_folder_that_cannot_be_listened_to_is_no_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*folders: object, **options: object) -> None:
        raise OSError("inotify watch limit reached")

    monkeypatch.setattr("watchfiles.watch", lambda *folders, **options: (refuse() for _ in [1]))
    with FolderEvents(tmp_path, pytest.fail):
        pass
