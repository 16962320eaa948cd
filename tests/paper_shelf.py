"""A few papers as sections of text, a page for each section; what answers are made from, without a store or a model."""

from collections.abc import Mapping, Sequence

from ragqa.answer.asking import Asking
from ragqa.answer.citations import Citer
from ragqa.answer.evidence import Sentence
from ragqa.answer.words import content_words, coverage
from ragqa.document import BlockKind, Page, Table
from ragqa.protocols import PassageReader
from ragqa.section_kinds import section_kind
from ragqa.types import Filter, Hit, Paper, PaperDetails, SectionPlace
from tests.tiny_library import make_page


class PaperShelf:
    """A Shelf and a Find: id of a paper → heading path → text. Every section that a filter lets pass is found."""

    def __init__(self, sections: Mapping[str, Mapping[str, str]], tables: Sequence[Table] = ()) -> None:
        self._sections, self._tables = sections, list(tables)

    def page(self, paper_id: str, number: int) -> Page:
        return make_page(list(self._sections[paper_id].values())[number - 1], number)

    def tables(self, paper_id: str) -> list[Table]:
        return self._tables

    def details(self, paper_id: str) -> PaperDetails:
        sections = self._sections[paper_id]
        outline = tuple(SectionPlace(heading=heading, level=1, page=1) for heading in sections if heading)
        return PaperDetails(id=paper_id, file_name="", abstract=sections.get("Abstract", ""), outline=outline)

    def find(self, question: str, only: Filter, k: int) -> list[Hit]:
        return [
            hit
            for paper_id in only.paper_ids or ()
            for hit in self.hits(paper_id)
            if (only.sections is None or section_kind(hit.section) in only.sections)
            and (only.kinds is None or hit.kind in only.kinds)
        ][:k]

    def hits(self, paper_id: str, kind: BlockKind = BlockKind.PARAGRAPH) -> list[Hit]:
        """All sections of a paper as hits."""
        return [
            Hit(
                chunk_id=f"{paper_id}-{page}", paper_id=paper_id, file_name=f"{paper_id}.pdf", title="", page=page,
                section=section, text=text, score=1.0, kind=kind, dense=0.6,
            )
            for page, (section, text) in enumerate(self._sections[paper_id].items(), start=1)
        ]  # fmt: skip

    def asking(
        self, question: str, scope: Sequence[Paper], evidence: Sequence[Hit] = (), reader: PassageReader | None = None
    ) -> Asking:
        """A question about these papers."""
        return Asking(
            question, evidence, Citer("a", self), CoverageScorer(), reader, self, self.find, lambda: list(scope)
        )


class CoverageScorer:
    """A SentenceScorer: the share of the question's words that a sentence has."""

    def scores(self, question: str, sentences: Sequence[Sentence]) -> list[float]:
        return [coverage(content_words(question), sentence.text) for sentence in sentences]
