"""A folder that is sealed: whatever changes in it is noticed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ragqa.search.seal import SEAL_FILE, SealState, break_seal, check_seal, write_seal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "vectors.bin").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "meta.json").write_text("{}")
    (tmp_path / "writer.lock").touch()
    write_seal(tmp_path)
    return tmp_path


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


CHANGES: dict[str, Callable[[Path], object]] = {
    "a bit": lambda folder: flip(folder / "below" / "vectors.bin"),
    "a byte less": lambda folder: (folder / "below" / "vectors.bin").write_bytes((bytes(range(256)) * 20)[:-1]),
    "a file gone": lambda folder: (folder / "meta.json").unlink(),
    "a file more": lambda folder: (folder / "new.bin").touch(),
    "the seal itself": lambda folder: (folder / SEAL_FILE).write_text("{"),
    "the seal itself, still JSON": lambda folder: (folder / SEAL_FILE).write_text('{"meta.json": [1]}'),
}


def test_what_was_left_alone_is_whole(folder: Path) -> None:
    assert check_seal(folder) is SealState.WHOLE


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_changed_is_broken(folder: Path, change: str) -> None:
    CHANGES[change](folder)
    assert check_seal(folder) is SealState.BROKEN


def test_lock_files_come_and_go(folder: Path) -> None:
    (folder / "writer.lock").unlink()
    (folder / "other.lock").touch()
    assert check_seal(folder) is SealState.WHOLE


def test_a_broken_seal_says_nothing_until_the_folder_is_sealed_again(folder: Path) -> None:
    break_seal(folder)
    break_seal(folder)
    assert check_seal(folder) is SealState.NONE
    flip(folder / "below" / "vectors.bin")
    write_seal(folder)
    assert check_seal(folder) is SealState.WHOLE


def test_sealing_again_takes_in_what_has_changed_since(folder: Path) -> None:
    (folder / "meta.json").write_text('{"opened": true}')
    write_seal(folder)
    assert check_seal(folder) is SealState.WHOLE


def test_a_folder_that_is_not_there_is_not_sealed(tmp_path: Path) -> None:
    assert check_seal(tmp_path / "none") is SealState.NONE


def test_a_seal_that_cannot_be_written_leaves_none(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    write_seal(folder)
    assert check_seal(folder) is SealState.NONE
    assert "could not be sealed" in caplog.text
