"""Walks folders for PDFs, and notices what is new, changed or gone. Opens no file."""

import contextlib
import os
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

Stamp = tuple[int, int]
"""Size, and time of the last change in nanoseconds."""


def pdf_entries(folder: str | Path) -> Iterator["os.DirEntry[str]"]:
    """The PDFs below a folder; hidden ones and what cannot be looked at are left out.

    Links are followed, to files and to folders. Each folder is entered once, real ones first, so circles end.
    """
    entered: set[Stamp] = set()
    own, linked = deque([str(folder)]), deque[str]()
    while own or linked:
        for entry in _entries_once((own or linked).popleft(), entered):
            kind = _kind(entry)
            if kind == "folder":
                (linked if entry.is_symlink() else own).append(entry.path)
            elif kind == "file" and entry.name.lower().endswith(".pdf"):
                yield entry


def _entries_once(folder: str, entered: set[Stamp]) -> list["os.DirEntry[str]"]:
    try:
        about = os.stat(folder)  # noqa: PTH116 - ten thousand paths a scan: objects would cost more than the calls
        place = (about.st_dev, about.st_ino)
        if place in entered:
            return []
        entered.add(place)
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not entry.name.startswith(".")]
    except OSError:
        return []


def _kind(entry: "os.DirEntry[str]") -> Literal["folder", "file", ""]:
    try:
        return "folder" if entry.is_dir() else "file" if entry.is_file() else ""
    except OSError:  # a link to itself
        return ""


class FolderScan:
    """Notices files that are new in a folder, changed or gone, once they have stayed the same for ``settle_s``."""

    def __init__(self, folder: Path, settle_s: float = 0.0) -> None:
        self._folder = folder
        self._settle_s = settle_s
        self._seen: dict[str, tuple[Stamp, float]] = {}
        self._reported: dict[str, Stamp] = {}
        self._disk: Stamp | None = None
        self._same_disk = False
        self.changed = True
        self.seconds = 0.0

    @property
    def is_settled(self) -> bool:
        """Whether no file is waited for."""
        return self._seen.keys() == self._reported.keys()

    def new_files(self) -> list[Path]:
        """Files that were the same at the last call too, and were not reported before.

        Afterwards ``changed`` tells whether anything is not as it was at the last call, and ``seconds`` what the
        look cost.
        """
        now, started = time.monotonic(), time.thread_time()
        self._folder.mkdir(parents=True, exist_ok=True)
        stamps = dict(_stamps(self._folder))
        self._same_disk = self._is_same_disk(bool(stamps))
        seen = {path: (stamp, self._since(path, stamp, now)) for path, stamp in stamps.items()}
        stable = {path: stamp for path, (stamp, since) in seen.items() if self._has_settled(path, since, now)}
        new = sorted(path for path, stamp in stable.items() if self._reported.get(path) != stamp)
        self.changed = bool(new) or seen.keys() != self._seen.keys() or len(stable) != len(seen)
        self._seen, self._reported = seen, stable
        self.seconds = time.thread_time() - started
        return [Path(path) for path in new]

    def stamp(self, file: Path) -> Stamp | None:
        """What the last look saw of a file."""
        known = self._seen.get(str(file))
        return known[0] if known else None

    def has_lost(self, file: Path) -> bool:
        """Whether a file of this folder is gone for good: not while others may be it under a new name.

        An empty folder in the place of one that was full is a disk that is not there: nothing is lost then.
        """
        if str(file) in self._seen or not (self._same_disk and self.is_settled):
            return False
        try:
            return not file.is_file()
        except OSError:  # its folder cannot be looked into
            return False

    def collection_of(self, file: Path) -> str:
        """The first sub-folder that the file lies in; empty for the ingest folder itself."""
        return file.relative_to(self._folder).parts[0] if file.parent != self._folder else ""

    def _since(self, path: str, stamp: Stamp, now: float) -> float:
        known = self._seen.get(path)
        return known[1] if known and known[0] == stamp else now

    def _has_settled(self, path: str, since: float, now: float) -> bool:
        return path in self._seen and self._seen[path][1] == since and now - since >= self._settle_s

    def _is_same_disk(self, holds_files: bool) -> bool:
        """Whether this is the folder in which files were seen first."""
        stat = self._folder.stat()
        if self._disk is None and holds_files:
            self._disk = (stat.st_dev, stat.st_ino)
        return self._disk == (stat.st_dev, stat.st_ino)


def _stamps(folder: Path) -> Iterator[tuple[str, Stamp]]:
    for entry in pdf_entries(folder):
        with contextlib.suppress(OSError):  # deleted between listing and looking
            stat = entry.stat()
            yield entry.path, (stat.st_size, stat.st_mtime_ns)
