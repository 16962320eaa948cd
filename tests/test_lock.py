"""The lock on a data folder: one owner at a time, and none left behind by a dead one."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ragqa.errors import DiskFull, LibraryError, LibraryLocked
from ragqa.lock import LOCK_FILE, OWNER_FILE, FolderLock, server_of

HOLD = """
import sys
from pathlib import Path
from ragqa.lock import FolderLock
lock = FolderLock(Path(sys.argv[1]), sys.argv[2])
print("held", flush=True)
sys.stdin.read()
lock.release()
"""
URL = "http://127.0.0.1:8123"


@contextmanager
def other_process_holding(folder: Path, url: str = "") -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", HOLD, str(folder), url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_a_second_owner_is_told_who_the_first_is(tmp_path: Path) -> None:
    with other_process_holding(tmp_path / "index") as process:
        with pytest.raises(LibraryLocked, match=str(process.pid)) as caught:
            FolderLock(tmp_path / "index")
        assert str(tmp_path) in caught.value.message
        assert "--data" in caught.value.hint


def test_within_one_process_too_there_is_one_owner(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    with pytest.raises(LibraryLocked, match=str(os.getpid())):
        FolderLock(tmp_path)
    lock.release()


def test_a_released_folder_can_be_taken_again(tmp_path: Path) -> None:
    for _ in range(3):
        lock = FolderLock(tmp_path)
        assert json.loads((tmp_path / OWNER_FILE).read_text(encoding="utf-8")) == {"pid": os.getpid(), "url": ""}
        lock.release()
    assert not (tmp_path / OWNER_FILE).exists()


def test_the_folder_is_free_when_its_owner_is_killed(tmp_path: Path) -> None:
    with other_process_holding(tmp_path, URL) as process:
        assert server_of(tmp_path) == URL
        process.kill()
        process.wait()
        assert (tmp_path / OWNER_FILE).exists(), "a killed owner cannot clear up"
        assert server_of(tmp_path) == ""
        FolderLock(tmp_path).release()


def test_an_owner_that_does_not_serve_has_no_address(tmp_path: Path) -> None:
    with other_process_holding(tmp_path):
        assert server_of(tmp_path) == ""


def test_nobody_owns_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    assert server_of(tmp_path / "nowhere") == ""
    assert not (tmp_path / "nowhere").exists(), "looking must not make it"


@pytest.mark.parametrize("note", ["", "{", '{"pid": 1, "url": "http'])
def test_a_half_written_note_of_the_owner_hurts_nobody(tmp_path: Path, note: str) -> None:
    with other_process_holding(tmp_path, URL):
        (tmp_path / OWNER_FILE).write_text(note, encoding="utf-8")
        assert server_of(tmp_path) == ""
        with pytest.raises(LibraryLocked, match="in use by"):
            FolderLock(tmp_path)


def test_asking_who_serves_does_not_take_the_folder(tmp_path: Path) -> None:
    (tmp_path / OWNER_FILE).write_text("{}", encoding="utf-8")
    assert server_of(tmp_path) == ""
    assert (tmp_path / LOCK_FILE).exists()
    FolderLock(tmp_path).release()


def test_a_data_folder_that_is_a_file_is_no_data_folder(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("words", encoding="utf-8")
    with pytest.raises(LibraryError, match=r"notes\.txt cannot be written: Not a directory\.") as caught:
        FolderLock(tmp_path / "notes.txt" / "index")
    assert "--data DIR" in caught.value.hint
    assert server_of(tmp_path / "notes.txt" / "index") == ""


def test_a_folder_that_cannot_be_locked_is_said_so(tmp_path: Path) -> None:
    """A folder in the place of the lock file stands for missing rights, which the superuser never lacks."""
    (tmp_path / LOCK_FILE).mkdir()
    (tmp_path / OWNER_FILE).write_text("{}", encoding="utf-8")
    with pytest.raises(LibraryError, match="cannot be written"):
        FolderLock(tmp_path)
    with pytest.raises(LibraryError, match="cannot be written"):
        server_of(tmp_path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is always full")
def test_a_full_disk_is_said_and_the_folder_is_free_again(tmp_path: Path) -> None:
    (tmp_path / OWNER_FILE).symlink_to("/dev/full")
    with pytest.raises(DiskFull, match="The disk is full"):
        FolderLock(tmp_path)
    (tmp_path / OWNER_FILE).unlink()
    FolderLock(tmp_path).release()
