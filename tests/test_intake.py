"""The intake follows the ingest folder: what is replaced, renamed, deleted or odd, and what uploads may not touch."""

import io
import os
import time
from pathlib import Path

import pytest

from ingest.folder import FolderScan, find_pdfs, remove_parts, save_stream
from ingest.intake import Intake
from ragqa.client import Client, _follow
from ragqa.errors import BadRequest, NotPdf, PathNotFound
from ragqa.history import History
from ragqa.page_images import PageImages
from ragqa.types import Paper, PaperState
from tests import papers
from tests.test_pipeline import MAX_BYTES, Library, ignore, library, reader

__all__ = ["library", "reader"]


class NoPicture:
    """A PageRenderer that draws nothing."""

    def render(self, path: Path, page: int, rects: object, scale: float) -> bytes:
        return b"png"


def followed(library: Library, intake: Intake, scan: FolderScan) -> dict[str, PaperState]:
    """States after the folder was looked at often enough for its files to count as stable."""
    for _ in range(2):
        intake._follow(scan)
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
