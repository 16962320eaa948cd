"""One question on its way to an answer: what was found, what else may be looked up, and what reads it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from ragqa.answer.citations import Citer
from ragqa.answer.scorer import SentenceScorer
from ragqa.document import Page, SectionKind, Table
from ragqa.protocols import PassageReader
from ragqa.types import Filter, Hit, Paper, PaperDetails


class Shelf(Protocol):
    """Where papers, pages and tables are looked up."""

    def page(self, paper_id: str, number: int) -> Page:
        """The page's words."""
        ...

    def tables(self, paper_id: str) -> list[Table]:
        """The tables of a paper, in reading order."""
        ...

    def details(self, paper_id: str) -> PaperDetails:
        """A paper with its abstract."""
        ...


class Find(Protocol):
    """Searches the papers that the question may be answered from."""

    def __call__(self, question: str, only: Filter, k: int) -> list[Hit]:
        """At most k hits, best first; ``only`` restricts the search further."""
        ...


@dataclass(frozen=True, slots=True)
class Asking:
    """A question, its evidence, and the means to answer it. ``scope`` lists the papers that may answer."""

    question: str
    evidence: Sequence[Hit]
    citer: Citer
    scorer: SentenceScorer
    reader: PassageReader | None
    shelf: Shelf
    find: Find
    scope: Callable[[], list[Paper]]
    choices: tuple[str, ...] = field(default=())

    def of(self, question: str, evidence: Sequence[Hit]) -> "Asking":
        """The same means for another question, its citations numbered on."""
        return replace(self, question=question, evidence=evidence)


def in_paper(paper_id: str, sections: Sequence[SectionKind] | None = None) -> Filter:
    """Only this paper, and only these sections of it if any are named."""
    return Filter(paper_ids=(paper_id,), sections=tuple(sections) if sections else None)
