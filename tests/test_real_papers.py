"""Real papers through real parts: questions that people asked of them, with the pages that answer them.

The papers are other people's and lie beside the repository; where they are absent the tests are skipped.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ragqa.compose import open_engine
from ragqa.engine import Engine
from ragqa.quotes import locate
from ragqa.settings import Settings
from ragqa.types import Answer, AnswerDone, AnswerMode, AskRequest, SearchRequest
from tests.free_writer import INVENTION, write_freely
from tests.ollama_server import OllamaServer

E2E = Path(__file__).parents[2] / "shared" / "data" / "e2e"
PAPERS = E2E / "papers" / "restricted" / "m3sciqa"

pytestmark = pytest.mark.skipif(not PAPERS.is_dir(), reason="the real papers are not beside this repository")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Three papers of 95 pages in all, with a model that quotes, shortens and makes things up."""
    with OllamaServer() as model:
        model.behaviour.answer = write_freely
        data = tmp_path_factory.mktemp("real") / "data"
        engine = open_engine(Settings(data=data, llm="ollama:llama3.2", ollama_url=model.url))
        report = engine.ingest([PAPERS], "", lambda step: None)
        assert (report.ready, report.failed) == (3, ())
        yield engine
        engine.close()


def questions() -> list[dict[str, Any]]:
    """Those that were asked about these papers and have known pages."""
    lines = (E2E / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    asked = [json.loads(line) for line in lines]
    return [q for q in asked if q["set"] == "m3sciqa" and q["evidence_pages"]]


def test_titles_are_read_from_the_page(library: Engine) -> None:
    assert {paper.title for paper in library.papers()} == {
        "Attention Is All You Need",
        "SpanBERT: Improving Pre-training by Representing and Predicting Spans",
        "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer",
    }


def test_the_page_with_the_evidence_is_among_the_first_five(library: Engine) -> None:
    ids = {Path(doc).name: paper.id for doc in {q["docs"][0] for q in questions()} for paper in library.papers()
           if paper.file_name == Path(doc).name}  # fmt: skip
    found = 0
    for question in questions():
        hits = library.search(SearchRequest(question=question["question"], k=5)).hits
        right_paper = ids[Path(question["docs"][0]).name]
        found += any(hit.paper_id == right_paper and hit.page in question["evidence_pages"] for hit in hits)
    assert found >= 0.8 * len(questions())


KINDS = {
    "span": "How many attention heads does the Transformer employ?",
    "list": "Which datasets were used to evaluate SpanBERT?",
    "yes_no": "Does SpanBERT improve over BERT?",
    "comparison": "Compare SpanBERT and Attention Is All You Need by training data",
    "summary": "Summarize SpanBERT",
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_citation_of_every_kind_stands_on_its_page(kind: str, library: Engine) -> None:
    assert _cited(KINDS[kind], library) > 0


def test_every_choice_is_cited_from_its_page(library: Engine) -> None:
    question = "How many attention heads does the Transformer employ?"
    assert _cited(question, library, CHOICES) > 0


def test_every_citation_stands_on_its_page(library: Engine) -> None:
    assert sum(_cited(question["question"], library) for question in questions()) >= 0.5 * len(questions())


CHOICES = ("8", "12", "16 heads")


@pytest.mark.parametrize("kind", [*KINDS, "choice"])
def test_every_citation_of_a_written_answer_of_every_kind_stands_on_its_page(kind: str, library: Engine) -> None:
    question, choices = KINDS.get(kind, KINDS["span"]), CHOICES if kind == "choice" else None
    assert len(_written(question, library, choices).citations) > 0


def test_every_citation_of_what_a_model_writes_stands_on_its_page(library: Engine) -> None:
    answers = [_written(question["question"], library) for question in questions()]
    written = [answer for answer in answers if answer.mode == "generative" and not answer.abstained]
    assert len(written) >= 0.5 * len(answers)
    assert sum(len(answer.citations) for answer in written) >= 2 * len(written)
    assert all(any("turnstile" in sentence for sentence in answer.unsupported) for answer in written), INVENTION


def _written(question: str, library: Engine, choices: tuple[str, ...] | None = None) -> Answer:
    """The model's answer, after its citations were found on their pages and no mark was found without a citation."""
    answer = _answer(question, library, choices, "generative")
    marks = {int(mark) for mark in re.findall(r"\[(\d+)\]", answer.answer)}
    quoted = {int(mark) for c in answer.citations for mark in re.findall(r"\[(\d+)\]", c.quote)}
    assert marks <= {citation.number for citation in answer.citations} | quoted
    return answer


def _cited(question: str, library: Engine, choices: tuple[str, ...] | None = None) -> int:
    """How many citations the answer has, after all were found on their pages."""
    return len(_answer(question, library, choices, "extractive").citations)


def _answer(question: str, library: Engine, choices: tuple[str, ...] | None, mode: AnswerMode) -> Answer:
    """An answer whose every citation was found on its page."""
    *_, done = library.ask(AskRequest(question=question, mode=mode, choices=choices, keep=False))
    assert isinstance(done, AnswerDone)
    answer = done.answer
    for citation in answer.citations:
        assert locate(citation.quote, library.catalogue.page(citation.paper_id, citation.page)) is not None
        assert citation.rects
    numbers = {citation.number for citation in answer.citations}
    assert all(short.citation in numbers and short.rects for short in answer.short)
    return answer
