"""Turns sentences of evidence into citations whose words were found on the page. Nothing else becomes a citation."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from ragqa.document import Page, Rect, Span, Word
from ragqa.quotes import find_words, line_rects, locate
from ragqa.types import Citation, Hit


class Pages(Protocol):
    """Where pages are looked up."""

    def page(self, paper_id: str, number: int) -> Page:
        """The page's words."""
        ...


class Citer:
    """Numbers the citations of one answer; the same words get the same number."""

    def __init__(self, answer_id: str, pages: Pages) -> None:
        self.answer_id = answer_id
        self._pages = pages
        self._made: dict[tuple[str, int, int, int], Citation] = {}
        self._hits: dict[str, Hit] = {}

    def cite(self, hit: Hit, quote: str, score: float) -> Citation | None:
        """A citation of the words as they stand on the hit's page, in the hit if they can; None if they do not."""
        page = self.page(hit)
        found = locate(quote, page, passage=hit.text)
        if found is None:
            return None
        key = (hit.paper_id, hit.page, *found)
        if key not in self._made:
            self._hits.setdefault(hit.chunk_id, hit)
            self._made[key] = self._citation(hit, page.words[slice(*found)], score)
        return self._made[key]

    def place(self, hit: Hit, start: int, end: int) -> Span | None:
        """The words of the hit's page that its characters [start, end) are; None if they do not stand there."""
        page = self.page(hit)
        around = find_words(hit.text, [word.text for word in page.words])
        if around is not None and around[1] - around[0] == hit.text.count(" ") + 1:
            first, last = hit.text[:start].count(" "), hit.text[:end].rstrip().count(" ")
            return around[0] + first, around[0] + last + 1
        return locate(hit.text[start:end], page, passage=hit.text)

    def page(self, hit: Hit) -> Page:
        """The page that the hit stands on."""
        return self._pages.page(hit.paper_id, hit.page)

    def rects(self, hit: Hit, place: Span | None) -> tuple[Rect, ...]:
        """Where to draw words of the hit's page."""
        return line_rects(self.page(hit).words[slice(*place)]) if place else ()

    @property
    def hits(self) -> tuple[Hit, ...]:
        """The hits that were cited, each once."""
        return tuple(self._hits.values())

    @property
    def citations(self) -> tuple[Citation, ...]:
        """All that were made, in the order of their numbers."""
        return tuple(self._made.values())

    def _citation(self, hit: Hit, words: Sequence[Word], score: float) -> Citation:
        number = len(self._made) + 1
        return Citation(
            id=f"{self.answer_id}.{number}", number=number, paper_id=hit.paper_id, file_name=hit.file_name,
            title=hit.title, page=hit.page, quote=" ".join(word.text for word in words), rects=line_rects(words),
            score=round(score, 4),
        )  # fmt: skip


def marked(text: str, citations: Iterable[Citation]) -> str:
    """The text followed by its citation marks: ``Text. [1][2]``."""
    marks = "".join(f"[{number}]" for number in sorted({citation.number for citation in citations}))
    return f"{text} {marks}".strip()
