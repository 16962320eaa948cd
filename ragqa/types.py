"""The shapes that users and other programs see: the API, the CLI's ``--json`` and the client share them."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, field_validator

from ragqa.details import Details, Model
from ragqa.document import BlockKind, Rect, SectionKind
from ragqa.errors import BadRequest

SearchMode = Literal["hybrid", "dense", "keyword"]
AnswerMode = Literal["auto", "extractive", "generative"]
SEARCH_MODES: tuple[SearchMode, ...] = ("hybrid", "dense", "keyword")
ANSWER_MODES: tuple[AnswerMode, ...] = ("auto", "extractive", "generative")
AnswerKind = Literal[
    "span", "list", "cell", "yes_no", "choice", "comparison", "summary", "clarification", "text", "refusal"
]


Text = Annotated[str, Field(max_length=200)]
"""A name or an id in a request. The limit also makes pydantic refuse lone surrogates, which no store can keep."""

Year = Annotated[int, Field(ge=0, le=9999)]

LEAST_CHOICES, MOST_CHOICES, LONGEST_CHOICE = 2, 26, 1000
Choices = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=LONGEST_CHOICE)], ...],
    Field(min_length=LEAST_CHOICES, max_length=MOST_CHOICES),
]
"""Answers to choose from."""


def different_choices(given: Sequence[str], how: str) -> tuple[str, ...]:
    """Each once; () for none given. Raise BadRequest, with ``how`` to give them, if there are too few or too many,
    or if one is too long.
    """
    choices = tuple(dict.fromkeys(filter(None, map(str.strip, given))))
    if given and not LEAST_CHOICES <= len(choices) <= MOST_CHOICES:
        said = "Only one choice was given." if len(choices) == 1 else f"{len(choices)} different choices were given."
        raise BadRequest(said, hint=how)
    if any(len(choice) > LONGEST_CHOICE for choice in choices):
        raise BadRequest(f"A choice is longer than {LONGEST_CHOICE} characters.", hint=f"Shorten it. {how}")
    return choices


class PaperState(StrEnum):
    """Where a paper is on its way into the library."""

    QUEUED = "queued"
    READING = "reading"
    EMBEDDING = "embedding"
    READY = "ready"
    FAILED = "failed"


ENDED = (PaperState.READY, PaperState.FAILED)
"""A paper in one of these states stays there until somebody asks for it to be read again."""


class Paper(Model):
    """One PDF, identified by the SHA-256 of its bytes.

    ``reason`` says why a failed paper failed, and what of a ready one could not be read. ``same_as`` is the id of an
    older paper that seems to be the same work in another file.
    """

    id: str
    file_name: str
    title: str = ""
    authors: tuple[str, ...] = ()
    year: int | None = None
    doi: str = ""
    venue: str = ""
    arxiv_id: str = ""
    same_as: str = ""
    hidden_words: int = 0
    pages: int = 0
    chunks: int = 0
    bytes: int = 0
    collection: str = ""
    state: PaperState = PaperState.QUEUED
    reason_code: str = ""
    reason: str = ""
    added_at: str = ""


class SectionPlace(Model):
    """A heading: its text, its depth from 1, and its page."""

    heading: str
    level: int
    page: int


class PaperDetails(Paper):
    """A paper with its abstract and the outline of its sections, in reading order."""

    abstract: str = ""
    outline: tuple[SectionPlace, ...] = ()


class PaperTable(Model):
    """A table as rows of cells; ``header_rows`` of them name the columns, a name above several stands in the first."""

    page: int
    caption: str
    header_rows: int
    rows: tuple[tuple[str, ...], ...]


class Filter(Model):
    """Restricts a search; conditions are joined by *and*. References are searched only if ``kinds`` names them."""

    paper_ids: tuple[Text, ...] | None = None
    author: Text | None = None
    year_from: Year | None = None
    year_to: Year | None = None
    kinds: tuple[BlockKind, ...] | None = None
    sections: tuple[SectionKind, ...] | None = None


class SearchRequest(Model):
    """What to search for, and where."""

    question: str
    k: Annotated[int, Field(ge=1, le=100)] = 10
    mode: SearchMode = "hybrid"
    collection: Text | None = None
    filter: Filter = Filter()
    rerank: bool = True


class Hit(Model):
    """A chunk with its scores. ``score`` ranks; ``dense`` is the cosine, ``keyword`` the BM25 score, if found there.

    ``relevance`` is the re-ranker's logit, if it has read the chunk. ``before`` and ``after`` are the texts that adjoin
    the chunk on its page, within its section.
    """

    chunk_id: str
    paper_id: str
    file_name: str
    title: str
    page: int
    section: str
    text: str
    score: float
    kind: BlockKind = BlockKind.PARAGRAPH
    dense: float | None = None
    keyword: float | None = None
    relevance: float | None = None
    before: str = ""
    after: str = ""


class SearchResult(Model):
    """Hits, best first, with the time of each stage in milliseconds; ``cached`` is the only one of a known result.

    ``note`` says what the search had to do without, and where it looked if the question itself restricts it.
    """

    hits: tuple[Hit, ...]
    timings_ms: dict[str, float]
    note: str = ""


class Exchange(Model):
    """A question and its answer that the caller remembers instead of the library; ``cited`` are ids of papers."""

    question: str
    answer: str
    cited: tuple[Text, ...] = ()


class AskRequest(Model):
    """A question to answer. With ``earlier`` it follows these exchanges; without ``keep`` no conversation is stored."""

    question: str
    mode: AnswerMode = "auto"
    conversation_id: Text | None = None
    collection: Text | None = None
    filter: Filter = Filter()
    choices: Choices | None = None
    earlier: tuple[Exchange, ...] = ()
    keep: bool = True
    stream: bool = False

    @field_validator("choices", mode="before")
    @classmethod
    def _no_choices_are_none(cls, choices: object) -> object:
        """An empty list asks for no choice; two are the least that one can choose from."""
        return choices or None


class Citation(Model):
    """Words that stand on a page, found there by string match; ``number`` is the ``[number]`` of the answer's text."""

    id: str
    number: int
    paper_id: str
    file_name: str
    title: str
    page: int
    quote: str
    rects: tuple[Rect, ...]
    score: float


class Answer(Details):
    """What was answered, how, and the words behind it. ``searched`` names what a refusal looked through.

    ``confidence`` is, in every mode, the probability that the papers bear out what is said. It is that of there being
    an answer in the evidence, calibrated on search and reader (without a reader on search alone), times that of the
    verdict or choice given, times the share of a model's sentences that have support; a refusal's is that of what was
    refused. In place of the first, a table has the share of its cells that were filled, and a summary how close its
    sentences are to title and abstract: neither is calibrated.

    ``retried`` is true if a second, wider search was made because the first draft was weak.
    """

    answer: str
    kind: AnswerKind
    mode: Literal["extractive", "generative"]
    abstained: bool
    confidence: float
    citations: tuple[Citation, ...]
    searched: str = ""
    unsupported: tuple[str, ...] = ()
    standalone_question: str
    model: str
    retried: bool = False
    note: str = ""
    conversation_id: str
    usage: dict[str, int] = Field(default_factory=dict)
    timings_ms: dict[str, float] = Field(default_factory=dict)


class AnswerStarted(Model):
    """First event of a streamed answer."""

    event: Literal["started"] = "started"
    standalone_question: str
    mode: Literal["extractive", "generative"]
    model: str


class AnswerPiece(Model):
    """A piece of the answer's text, in order."""

    event: Literal["piece"] = "piece"
    text: str


class AnswerDone(Model):
    """Last event of a streamed answer: the whole answer, checked; it replaces the pieces."""

    event: Literal["done"] = "done"
    answer: Answer


AnswerEvent = AnswerStarted | AnswerPiece | AnswerDone


class Job(Model):
    """The work that an upload or a retry started; follow it by the paper's state."""

    id: str
    paper_id: str
    state: PaperState

    @classmethod
    def of(cls, paper: Paper) -> "Job":
        """The job that brings a paper to ``ready`` or ``failed``."""
        return cls(id=f"read-{paper.id[:16]}", paper_id=paper.id, state=paper.state)


class Uploaded(Model):
    """The paper of an upload and the job that reads it; ``created`` is false when the same bytes were here before."""

    paper: Paper
    job: Job
    created: bool


class IngestReport(Model):
    """What an ingest did, counted. ``failed`` lists the papers that could not be read, with reasons."""

    found: int = 0
    ready: int = 0
    unchanged: int = 0
    failed: tuple[Paper, ...] = ()
    queued: int = 0
    pages: int = 0
    seconds: float = 0.0


class IngestProgress(Model):
    """One step of an ingest: ``done`` of ``total`` papers have ended; ``paper`` has just changed state."""

    done: int
    total: int
    pages: int
    paper: Paper


class GivenMetadata(Model):
    """What a person keeps of a paper elsewhere; it wins over what the PDF says. Empty fields say nothing."""

    title: str = ""
    authors: tuple[str, ...] = ()
    year: int | None = None
    doi: str = ""
    venue: str = ""
    arxiv_id: str = ""
    abstract: str = ""


class FolderChange(Model):
    """What became of a paper of the ingest folder: ready, failed, moved or removed."""

    change: str
    paper: Paper


class Health(Model):
    """What works, what is missing, and what to do about it."""

    ready: bool
    version: str
    papers: dict[str, int]
    chunks: int
    embedder: str
    llm: str
    ocr: str = ""
    problems: tuple[str, ...] = ()
