"""Papers that another embedder or chunker made than the settings ask for: noticed, named, queued to be made anew.

Knows the catalogue and where the indexes lie; knows no model.
"""

import hashlib
import shutil
from pathlib import Path

from ragqa.catalogue import Catalogue
from ragqa.errors import LibraryError
from ragqa.types import PaperState

FOLDER_PREFIX = "index-"
UNFINISHED = (PaperState.QUEUED, PaperState.READING, PaperState.EMBEDDING)


class Generations:
    """Tells ``current``, what the settings ask for, from what the papers were made with."""

    def __init__(self, catalogue: Catalogue, current: str, index_folder: Path, ingest_folder: Path) -> None:
        self._catalogue = catalogue
        self._current = current
        self._index_folder = index_folder
        self._ingest_folder = ingest_folder
        self._agree = False

    @property
    def folder(self) -> Path:
        """Where the indexes of the current generation lie."""
        return self._index_folder / f"{FOLDER_PREFIX}{hashlib.sha256(self._current.encode()).hexdigest()[:12]}"

    def mismatch(self) -> LibraryError | None:
        """What to raise when a question is asked, if there are ready papers of another generation."""
        # Papers are only ever made of the current generation: once they agree, they go on agreeing.
        others = set() if self._agree else self._catalogue.generations(PaperState.READY) - {self._current}
        self._agree = not others
        if not others:
            return None
        return LibraryError(
            f"The library was made with {', '.join(sorted(others))}; these settings ask for {self._current}.",
            hint=f"Undo the setting, or run: ragqa ingest {self._ingest_folder}",
        )

    def check(self) -> None:
        """Raise LibraryError rather than answer from a part of the library, or from nothing."""
        if mismatch := self.mismatch():
            raise mismatch

    def requeue_others(self) -> None:
        """To be called when papers are about to be read, and never to answer a question."""
        self._catalogue.requeue_other_generations(self._current)

    def remove_other_indexes(self) -> None:
        """Unless some papers can still be found in them by going back to another setting."""
        if self._catalogue.generations(PaperState.READY, *UNFINISHED) <= {self._current}:
            for folder in set(self._index_folder.glob(f"{FOLDER_PREFIX}*")) - {self.folder}:
                shutil.rmtree(folder, ignore_errors=True)
