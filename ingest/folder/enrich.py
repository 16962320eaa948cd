"""Lets what other sources know of a paper win over what was read from its PDF. Nobody is asked unless that is set."""

import logging
import time
from dataclasses import replace

from ragqa.document import Document, Metadata
from ragqa.errors import RegisterUnavailable
from ragqa.protocols import PaperRegister
from ragqa.store.catalogue import Catalogue
from ragqa.store.known import merged
from ragqa.works import folded

log = logging.getLogger(__name__)

PAUSE_S = 120.0
"""After a failure the register is left alone: papers should not wait for it one after the other."""


class Enricher:
    """Asks a register once for each paper, and applies what Zotero or the register said."""

    def __init__(self, catalogue: Catalogue, register: PaperRegister | None) -> None:
        self._catalogue = catalogue
        self._register = register
        self._asks_from = 0.0

    def enriched(self, paper_id: str, document: Document) -> Document:
        """The document with the metadata that counts; a register that fails costs a note and nothing else."""
        given = self._catalogue.given_metadata(paper_id)
        note = ""
        if given is None and self._register is not None and time.monotonic() >= self._asks_from:
            try:
                given = self._asked(self._register, paper_id, document.metadata)
            except RegisterUnavailable as exc:
                self._asks_from = time.monotonic() + PAUSE_S
                log.warning("%s", exc)
                note = f"Not checked against the register: {exc.message}"
        metadata = merged(document.metadata, given)
        return replace(document, metadata=metadata, warnings=(*document.warnings, *filter(None, [note])))

    def _asked(self, register: PaperRegister, paper_id: str, said: Metadata) -> Metadata | None:
        found = register.look_up(said)
        if found is not None:
            found = found if _is_about(found, said) else Metadata()
            self._catalogue.give_metadata(paper_id, register.name, found)
        return found


def _is_about(found: Metadata, said: Metadata) -> bool:
    """A page may print the DOI of another paper: half the words of the title must be the same."""
    known, read = ({folded(word) for word in title.split()} for title in (found.title, said.title))
    return not read or len(known & read) >= 0.5 * min(len(known), len(read))
