"""The ingest folder: what is found in it, what is let in, and under which name."""

import errno
import hashlib
import io
import os
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.folder.files import (
    bring_in,
    check_pdf,
    collection_folder,
    content_hash,
    find_pdfs,
    safe_name,
    save_stream,
)
from ingest.folder.scan import FolderScan
from ragqa.errors import BadRequest, DiskFull, EmptyFile, FileTooLarge, NotPdf, PathNotFound, UploadTooLarge

PDF = b"%PDF-1.7\n1 0 obj\n"


def put(path: Path, content: bytes = PDF) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


# Finding


def test_pdfs_are_found_in_sub_folders_in_order_and_nothing_else_is(tmp_path: Path) -> None:
    wanted = [put(tmp_path / name) for name in ("a.pdf", "b/c.PDF", "b/d/e.pdf", "z ü.pdf")]
    for name in ("notes.txt", "a.pdf.part", ".hidden.pdf", ".git/x.pdf", "b/.cache/y.pdf", "pdf"):
        put(tmp_path / name)
    (tmp_path / "folder.pdf").mkdir()
    assert list(find_pdfs([tmp_path])) == sorted(wanted)


def test_links_to_files_and_folders_are_followed_and_dangling_ones_are_not(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    paper = put(outside / "deep" / "x.pdf")
    inside.mkdir()
    (inside / "file.pdf").symlink_to(paper)
    (inside / "folder").symlink_to(outside, target_is_directory=True)
    (inside / "gone.pdf").symlink_to(tmp_path / "nowhere.pdf")
    (inside / "nowhere").symlink_to(tmp_path / "nowhere", target_is_directory=True)
    (inside / "self.pdf").symlink_to(inside / "self.pdf")
    found = [path.relative_to(inside).as_posix() for path in find_pdfs([inside])]
    assert found == ["file.pdf", "folder/deep/x.pdf"]


def test_a_folder_that_is_there_by_itself_and_as_a_link_counts_once_under_its_own_name(tmp_path: Path) -> None:
    put(tmp_path / "papers" / "x.pdf")
    (tmp_path / "a link").symlink_to(tmp_path / "papers", target_is_directory=True)
    assert [path.parent.name for path in find_pdfs([tmp_path])] == ["papers"]


def test_a_link_in_the_folder_lies_inside_whatever_it_leads_to(tmp_path: Path) -> None:
    outside, folder = put(tmp_path / "outside" / "x.pdf"), tmp_path / "ingest"
    folder.mkdir()
    (folder / "link.pdf").symlink_to(outside)
    assert bring_in(folder / "link.pdf", folder, "") == folder.resolve() / "link.pdf"
    assert [path.name for path in folder.iterdir()] == ["link.pdf"]


def test_a_file_that_is_named_is_taken_whatever_it_is_called(tmp_path: Path) -> None:
    named = put(tmp_path / ".paper")
    assert list(find_pdfs([named])) == [named]


def test_a_path_that_does_not_exist_stops_everything_before_it_begins(tmp_path: Path) -> None:
    put(tmp_path / "a.pdf")
    with pytest.raises(PathNotFound, match="nowhere") as caught:
        next(find_pdfs([tmp_path, tmp_path / "nowhere"]))
    assert caught.value.hint


def test_a_circle_of_links_ends(tmp_path: Path) -> None:
    put(tmp_path / "a" / "x.pdf")
    (tmp_path / "a" / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert [path.name for path in find_pdfs([tmp_path])] == ["x.pdf"]


# Checking


@pytest.mark.parametrize("content", [PDF, b"\x00junk\r\n" * 100 + PDF, b" " * 1024 + PDF])
def test_a_pdf_is_let_in(tmp_path: Path, content: bytes) -> None:
    check_pdf(put(tmp_path / "x.pdf", content), 2000)


@pytest.mark.parametrize("content", [b"<html>", b"PK\x03\x04", b"%PDF", b" " * 1025 + PDF, b"\x00" * 1500])
def test_what_is_no_pdf_is_not(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(NotPdf, match=r"x\.pdf is not a PDF"):
        check_pdf(put(tmp_path / "x.pdf", content), 2000)


def test_empty_and_oversized_files_say_so(tmp_path: Path) -> None:
    with pytest.raises(EmptyFile, match=r"x\.pdf is empty"):
        check_pdf(put(tmp_path / "x.pdf", b""), 2000)
    with pytest.raises(FileTooLarge, match="2 MB, more than 1") as caught:
        check_pdf(put(tmp_path / "x.pdf", PDF * 125_000), 1 << 20)
    assert "RAGQA_MAX_FILE_MB" in caught.value.hint


# Names

HOSTILE = [
    "", " ", ".", "..", "...", "/", "\\", "../../etc/passwd", "..\\..\\windows\\system32", "/etc/shadow", "C:\\x.pdf",
    "C:", "con", "CON.pdf", "nul.PDF", "aux.pdf.pdf", "lpt1", "com9.pdf", ".pdf", "..pdf", ".hidden.pdf", "a/b.pdf",
    "a\\b.pdf", "a\x00b.pdf", "a\nb.pdf", "a\x1b[31mb.pdf", "a\x7fb.pdf", "<script>alert(1)</script>.pdf", 'a"b.pdf',
    "a|b?.pdf", "a*b.pdf", "a:b.pdf", "x" * 300, "x" * 300 + ".pdf", "ü" * 200, "🧪" * 200 + ".pdf", "\ud800.pdf",
    "a\ud800b", "\u202efdp.exe", "name.pdf ", "name.pdf.", " name .pdf", "~", "$(rm -rf).pdf", "`id`.pdf", "-rf.pdf",
    "%2e%2e%2f.pdf", "a.pdf/..", "a.pdf\\", "\ufeff.pdf", "名前.pdf", "paper.PDF", "paper.Pdf",
]  # fmt: skip
SEPARATORS = set('/\\:*?"<>|\x00\n\r\t\x1b\x7f')


def assert_safe(name: str) -> None:
    assert not SEPARATORS & set(name)
    assert name.endswith(".pdf")
    assert name not in (".pdf", "..pdf")
    assert not name.startswith((".", " "))
    assert len(name.encode()) <= 255
    assert len(unicodedata.normalize("NFD", name).encode()) <= 1000
    assert name.removesuffix(".pdf").casefold() not in {"con", "nul", "aux", "prn", "com1", "lpt1"}


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: ascii(name)[:30])
def test_a_hostile_name_becomes_a_safe_one(name: str, tmp_path: Path) -> None:
    assert_safe(safe_name(name))
    saved = save_stream(io.BytesIO(PDF), name, tmp_path / "ingest", "")
    assert saved.parent == (tmp_path / "ingest").resolve()
    assert [path.name for path in (tmp_path / "ingest").iterdir()] == [saved.name]


@given(st.text(st.characters(), max_size=400))
def test_any_name_becomes_a_safe_one_and_stays_it(name: str) -> None:
    assert_safe(safe_name(name))
    assert safe_name(safe_name(name)) == safe_name(name)


@pytest.mark.parametrize("name", ["Attention is all you need.pdf", "1706.03762v7.pdf", "Müller – Überblick (2).pdf"])
def test_an_ordinary_name_is_kept(name: str) -> None:
    assert safe_name(name) == name


# Saving


class BreaksOff(io.BytesIO):
    """A stream whose second read fails."""

    def __init__(self, problem: OSError) -> None:
        super().__init__(PDF * 100_000)
        self._problem = problem
        self._reads = 0

    def read(self, size: int | None = -1) -> bytes:
        self._reads += 1
        if self._reads > 1:
            raise self._problem
        return super().read(size)


def test_what_is_saved_is_what_was_sent(tmp_path: Path) -> None:
    content = PDF + os.urandom(3 << 20)
    saved = save_stream(io.BytesIO(content), "big.pdf", tmp_path, "alps")
    assert saved == (tmp_path / "alps" / "big.pdf").resolve()
    assert saved.read_bytes() == content
    assert saved.stat().st_mode & 0o777 == 0o644
    assert content_hash(saved) == hashlib.sha256(content).hexdigest()


def test_other_bytes_under_a_taken_name_get_a_number_and_the_same_bytes_do_not(tmp_path: Path) -> None:
    names = [save_stream(io.BytesIO(PDF + content), "x.pdf", tmp_path, "").name for content in (b"1", b"2", b"3", b"2")]
    assert names == ["x.pdf", "x (2).pdf", "x (3).pdf", "x (2).pdf"]
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("problem", [OSError(errno.EIO, "cable out"), ConnectionResetError()])
def test_a_stream_that_breaks_off_leaves_nothing(tmp_path: Path, problem: OSError) -> None:
    with pytest.raises(type(problem)):
        save_stream(BreaksOff(problem), "x.pdf", tmp_path, "")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(DiskFull):
        save_stream(BreaksOff(OSError(errno.ENOSPC, "full")), "x.pdf", tmp_path, "")
    assert list(tmp_path.iterdir()) == []


def test_a_file_over_the_limit_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    content = b"x" * (2 << 20)
    assert save_stream(io.BytesIO(content), "x.pdf", tmp_path, "", max_bytes=2 << 20).exists()
    with pytest.raises(UploadTooLarge, match="larger than 2 MB"):
        save_stream(io.BytesIO(content + b"x"), "y.pdf", tmp_path, "", max_bytes=2 << 20)
    assert [path.name for path in tmp_path.iterdir()] == ["x.pdf"]


@pytest.mark.parametrize("name", ["../up", "a/b", "a\\b", ".hidden", "..", "x" * 121, "a\x00b", "a:b", "*"])
def test_a_collection_cannot_leave_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadRequest, match="name of a collection"):
        collection_folder(tmp_path, name)


@pytest.mark.parametrize("name", ["alps", "My papers 2024", "数学", "x" * 120])
def test_a_collection_is_a_sub_folder(tmp_path: Path, name: str) -> None:
    assert collection_folder(tmp_path, name) == tmp_path / name
    assert collection_folder(tmp_path, "") == tmp_path


def test_a_file_comes_in_as_a_copy_unless_it_is_inside_already(tmp_path: Path) -> None:
    outside, folder = put(tmp_path / "outside" / "x.pdf"), tmp_path / "ingest"
    copy = bring_in(outside, folder, "alps")
    assert copy == (folder / "alps" / "x.pdf").resolve()
    assert outside.exists()
    assert bring_in(copy, folder, "") == copy
    assert len(list(find_pdfs([folder]))) == 1


# Watching


def test_a_file_is_reported_once_it_has_stopped_growing(tmp_path: Path) -> None:
    scan = FolderScan(tmp_path / "ingest")
    assert scan.new_files() == []
    paper = put(tmp_path / "ingest" / "slow.pdf", PDF)
    assert scan.new_files() == [], "seen for the first time"
    put(paper, PDF * 2)
    assert scan.new_files() == [], "it has grown"
    assert scan.new_files() == [paper]
    assert scan.new_files() == [], "reported before"


def test_a_replaced_file_is_reported_again_and_so_is_one_that_came_back(tmp_path: Path) -> None:
    scan = FolderScan(tmp_path)
    paper = put(tmp_path / "x.pdf")
    assert [scan.new_files() for _ in range(2)] == [[], [paper]]
    put(paper, PDF * 3)
    assert [scan.new_files() for _ in range(3)] == [[], [paper], []]
    paper.unlink()
    assert scan.new_files() == []
    put(paper, PDF * 3)
    assert [scan.new_files() for _ in range(2)] == [[], [paper]]


def test_the_same_size_with_another_time_is_another_file(tmp_path: Path) -> None:
    scan = FolderScan(tmp_path)
    paper = put(tmp_path / "x.pdf", PDF + b"1")
    assert [scan.new_files() for _ in range(2)] == [[], [paper]]
    put(paper, PDF + b"2")
    os.utime(paper, (1, 1))
    assert [scan.new_files() for _ in range(2)] == [[], [paper]]


def test_several_files_are_followed_apart(tmp_path: Path) -> None:
    scan = FolderScan(tmp_path)
    first = put(tmp_path / "a.pdf")
    scan.new_files()
    second = put(tmp_path / "sub" / "b.pdf")
    assert scan.new_files() == [first]
    assert scan.new_files() == [second]


def test_the_collection_of_a_file_is_its_sub_folder(tmp_path: Path) -> None:
    scan = FolderScan(tmp_path)
    assert scan.collection_of(tmp_path / "x.pdf") == ""
    assert scan.collection_of(tmp_path / "alps" / "x.pdf") == "alps"
    assert scan.collection_of(tmp_path / "alps" / "2024" / "x.pdf") == "alps"


def test_a_file_has_to_stay_the_same_for_a_while(tmp_path: Path) -> None:
    scan = FolderScan(tmp_path, settle_s=0.2)
    paper = put(tmp_path / "x.pdf")
    assert [scan.new_files() for _ in range(3)] == [[], [], []]
    time.sleep(0.25)
    assert scan.new_files() == [paper]


def test_ten_thousand_files_cost_little(tmp_path: Path) -> None:
    for n in range(100):
        (tmp_path / str(n)).mkdir()
        for m in range(100):
            (tmp_path / str(n) / f"{m}.pdf").touch()
    scan = FolderScan(tmp_path)
    costs = []
    for _ in range(5):
        scan.new_files()
        costs.append(scan.seconds)
    assert min(costs) < 0.2
    assert not scan.changed
