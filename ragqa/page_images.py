"""Pictures of pages, with the cited words highlighted and those that answer in a stronger colour."""

from itertools import chain
from pathlib import Path

from ingest.folder.files import content_hash
from ragqa.document import Rect
from ragqa.errors import CitationNotFound, PaperNotFound, PathNotFound
from ragqa.protocols import PageRenderer
from ragqa.store.catalogue import Catalogue
from ragqa.store.history import History

SCALE = 1.6  # pixels per point: readable on a screen, about 150 kB


class PageImages:
    """Draws pages of papers in the library."""

    def __init__(self, catalogue: Catalogue, history: History, renderer: PageRenderer) -> None:
        self._catalogue = catalogue
        self._history = history
        self._renderer = renderer
        self._hashes: dict[tuple[Path, int, int], str] = {}

    def png(self, paper_id: str, page: int, highlight: str) -> bytes:
        """Raise PaperNotFound or CitationNotFound if paper, page or citation do not exist.

        Raise PathNotFound if the file is gone or holds other bytes than those that were read.
        """
        paper = self._catalogue.paper(paper_id)
        if not 1 <= page <= paper.pages:
            raise PaperNotFound(f"{paper.file_name} has no page {page}.", hint=f"It has pages 1 to {paper.pages}.")
        rects, strong = self._rects(paper_id, page, highlight) if highlight else ((), ())
        return self._renderer.render(self._unchanged(paper_id), page, rects, SCALE, strong)

    def _unchanged(self, paper_id: str) -> Path:
        """The paper's file; a box on other bytes would mark words that nobody cited."""
        path = self._catalogue.path(paper_id)
        if not path.is_file():
            raise PathNotFound(f"{path} is gone.", hint="Put it back and ingest it again, or delete the paper.")
        stat = path.stat()
        stamp = (path, stat.st_mtime_ns, stat.st_size)
        if stamp not in self._hashes:
            self._hashes[stamp] = content_hash(path)
        if self._hashes[stamp] != paper_id:
            raise PathNotFound(f"{path} has changed since it was read.", hint="Ingest it again.")
        return path

    def _rects(self, paper_id: str, page: int, citation_id: str) -> tuple[tuple[Rect, ...], tuple[Rect, ...]]:
        """Of the cited words, and of those among them that answer by themselves. Raise CitationNotFound."""
        found = self._history.cited(citation_id)
        if found is None or (found[1].paper_id, found[1].page) != (paper_id, page):
            raise CitationNotFound(f"No citation {citation_id!r} stands on this page.")
        answer, citation = found
        short = (short.rects for short in answer.short if short.citation == citation.number)
        return citation.rects, tuple(chain.from_iterable(short))
