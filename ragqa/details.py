"""What an answer of its kind has beyond its text: short answers, a verdict, choices, a table, parts of a summary."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from ragqa.document import Rect


class Model(BaseModel):
    """Base of all shapes: immutable, and unknown fields are an error rather than ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ShortAnswer(Model):
    """Words of a citation's quote that answer the question, and where they are drawn.

    ``probability`` that they do; ``row`` and ``column`` head the cell if they stand in a table.
    """

    text: str
    citation: int
    probability: float
    rects: tuple[Rect, ...]
    row: str = ""
    column: str = ""


class Verdict(Model):
    """Yes, no or maybe, with the probability of each and the numbers of the citations that speak for and against."""

    answer: Literal["yes", "no", "maybe"]
    yes: float
    no: float
    maybe: float
    supporting: tuple[int, ...] = ()
    opposing: tuple[int, ...] = ()


class ScoredChoice(Model):
    """One of the choices given, how probable it is, and the numbers of the citations that bear on it."""

    text: str
    probability: float
    citations: tuple[int, ...] = ()


class Cell(Model):
    """What a paper says of one aspect, with its citation's number; empty and None if nothing was found."""

    text: str = ""
    citation: int | None = None


class ComparedPaper(Model):
    """A row of a comparison: a cell for each aspect."""

    paper_id: str
    file_name: str
    title: str
    cells: tuple[Cell, ...]


class Comparison(Model):
    """Papers side by side, a column for each aspect."""

    aspects: tuple[str, ...]
    papers: tuple[ComparedPaper, ...]


class SummaryPart(Model):
    """The sentences that stand for one part of a paper, with the numbers of their citations."""

    heading: str
    text: str
    citations: tuple[int, ...]


class NearestPage(Model):
    """A page that came closest to a question that has no answer, or a paper (page 1) that may have been meant."""

    paper_id: str
    file_name: str
    title: str
    page: int
    section: str = ""


class Details(Model):
    """What an answer says beyond its text; which parts are filled depends on its kind."""

    short: tuple[ShortAnswer, ...] = ()
    verdict: Verdict | None = None
    choices: tuple[ScoredChoice, ...] = ()
    comparison: Comparison | None = None
    summary: tuple[SummaryPart, ...] = ()
    candidates: tuple[NearestPage, ...] = ()
    """Of a clarification: the papers that may be meant."""
    nearest: tuple[NearestPage, ...] = ()
    """Of a refusal: the pages that came closest."""
