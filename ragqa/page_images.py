"""Pictures of pages, with the cited words highlighted."""

from ragqa.catalogue import Catalogue
from ragqa.document import Rect
from ragqa.errors import CitationNotFound, PaperNotFound
from ragqa.history import History
from ragqa.protocols import PageRenderer

SCALE = 1.6  # pixels per point: readable on a screen, about 150 kB


class PageImages:
    """Draws pages of papers in the library."""

    def __init__(self, catalogue: Catalogue, history: History, renderer: PageRenderer) -> None:
        self._catalogue = catalogue
        self._history = history
        self._renderer = renderer

    def png(self, paper_id: str, page: int, highlight: str) -> bytes:
        """Raise PaperNotFound or CitationNotFound if paper, page or citation do not exist."""
        paper = self._catalogue.paper(paper_id)
        if not 1 <= page <= paper.pages:
            raise PaperNotFound(f"{paper.file_name} has no page {page}.", hint=f"It has pages 1 to {paper.pages}.")
        rects = self._rects(paper_id, page, highlight) if highlight else ()
        return self._renderer.render(self._catalogue.path(paper_id), page, rects, SCALE)

    def _rects(self, paper_id: str, page: int, citation_id: str) -> tuple[Rect, ...]:
        citation = self._history.citation(citation_id)
        if citation is None or (citation.paper_id, citation.page) != (paper_id, page):
            raise CitationNotFound(f"No citation {citation_id!r} stands on this page.")
        return citation.rects
