"""One process owns a data folder at a time. The kernel frees the lock when the owner dies, however it dies."""

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ragqa.errors import DiskFull, LibraryError, LibraryLocked

LOCK_FILE = "lock"
OWNER_FILE = "owner.json"


class FolderLock:
    """Taken on construction; ``url`` is where the owner serves, empty if it does not."""

    def __init__(self, index_folder: Path, url: str = "") -> None:
        self._lock = FileLock(index_folder / LOCK_FILE)
        self._owner = index_folder / OWNER_FILE
        with _translated(index_folder):
            index_folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
            try:
                self._owner.write_text(json.dumps({"pid": os.getpid(), "url": url}), encoding="utf-8")
            except OSError:
                self._lock.release()
                raise

    def release(self) -> None:
        """Let another process have the folder."""
        self._owner.unlink(missing_ok=True)
        self._lock.release()


def server_of(index_folder: Path) -> str:
    """Address of the server that owns the folder; empty if nobody owns it or the owner does not serve."""
    probe = FileLock(index_folder / LOCK_FILE)
    try:
        with _translated(index_folder):
            if (index_folder / OWNER_FILE).is_file():
                probe.acquire(timeout=0)
    except LibraryLocked:
        return str(_owner(index_folder).get("url", ""))
    probe.release()
    return ""


@contextmanager
def _translated(index_folder: Path) -> Iterator[None]:
    # A timeout is an OSError too.
    try:
        yield
    except Timeout as exc:
        raise _locked(index_folder) from exc
    except OSError as exc:
        if exc.errno == errno.ENOSPC:
            raise DiskFull("The disk is full.", hint="Free some space and try again; nothing was lost.") from exc
        raise LibraryError(
            f"The data folder {index_folder.parent} cannot be written: {exc.strerror or exc}.",
            hint="Check its rights, or use another folder with --data DIR.",
        ) from exc


def _locked(index_folder: Path) -> LibraryLocked:
    owner = _owner(index_folder)
    return LibraryLocked(
        f"The data folder {index_folder.parent} is in use by process {owner.get('pid', 'unknown')}.",
        hint="Wait until it ends, stop it, or use another folder with --data DIR.",
    )


def _owner(index_folder: Path) -> dict[str, Any]:
    try:
        owner: dict[str, Any] = json.loads((index_folder / OWNER_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return owner
