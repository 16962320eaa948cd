"""Which bytes a file held when it was last looked at, so that a restart need not read every file again.

A note, no truth: it may be lost or out of date at any time.
"""

import json
from contextlib import suppress
from pathlib import Path

from ingest.folder.scan import Stamp


class SeenFiles:
    """Paper ids by path, good as long as size and time of the file are the same. Kept in ``note``, if there is one."""

    def __init__(self, note: Path | None) -> None:
        self._note = note
        self._known: dict[str, tuple[Stamp, str]] = {}
        self._is_saved = True
        with suppress(OSError, ValueError, TypeError):
            if note is not None:
                rows = json.loads(note.read_text(encoding="utf-8")).items()
                self._known = {path: ((int(size), int(time)), str(paper)) for path, (size, time, paper) in rows}

    def paper_id(self, file: Path, stamp: Stamp | None) -> str | None:
        """What the file holds, if it is known and was not touched since."""
        known = self._known.get(str(file))
        return known[1] if known and known[0] == stamp else None

    def keep(self, file: Path, stamp: Stamp | None, paper_id: str) -> None:
        """Remember what was just read."""
        if stamp is not None:
            self._known[str(file)] = (stamp, paper_id)
            self._is_saved = False

    def forget(self, file: Path) -> None:
        """The file is gone, or holds no paper."""
        self._is_saved = self._known.pop(str(file), None) is None and self._is_saved

    def papers(self) -> dict[str, list[Path]]:
        """Where each paper's bytes were seen."""
        found: dict[str, list[Path]] = {}
        for path, (_, paper_id) in self._known.items():
            found.setdefault(paper_id, []).append(Path(path))
        return found

    def save(self) -> None:
        """Write the note if something is new; all or nothing. What cannot be written is read again next time."""
        if self._note is None or self._is_saved:
            return
        rows = {path: (*stamp, paper_id) for path, (stamp, paper_id) in self._known.items()}
        part = self._note.with_suffix(".part")
        with suppress(OSError, UnicodeError):
            part.write_text(json.dumps(rows), encoding="utf-8")
            part.replace(self._note)
            self._is_saved = True
