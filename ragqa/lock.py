"""One process owns a data folder at a time. The kernel frees the lock when the owner dies, however it dies."""

import json
import os
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ragqa.errors import LibraryLocked

LOCK_FILE = "lock"
OWNER_FILE = "owner.json"


class FolderLock:
    """Taken on construction; ``url`` is where the owner serves, empty if it does not."""

    def __init__(self, index_folder: Path, url: str = "") -> None:
        index_folder.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(index_folder / LOCK_FILE)
        self._owner = index_folder / OWNER_FILE
        try:
            self._lock.acquire(timeout=0)
        except Timeout as exc:
            raise _locked(index_folder) from exc
        self._owner.write_text(json.dumps({"pid": os.getpid(), "url": url}), encoding="utf-8")

    def release(self) -> None:
        """Let another process have the folder."""
        self._owner.unlink(missing_ok=True)
        self._lock.release()


def server_of(index_folder: Path) -> str:
    """Address of the server that owns the folder; empty if nobody owns it or the owner does not serve."""
    if not (index_folder / OWNER_FILE).is_file():
        return ""
    probe = FileLock(index_folder / LOCK_FILE)
    try:
        probe.acquire(timeout=0)
    except Timeout:
        return str(_owner(index_folder).get("url", ""))
    probe.release()
    return ""


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
