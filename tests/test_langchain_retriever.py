"""The library as a LangChain retriever: the hits of a real library as LangChain documents."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from langchain_core.documents import Document
from langchain_core.runnables import RunnableLambda

from ragqa.adapters.langchain_retriever import LibraryRetriever
from ragqa.compose import open_engine
from ragqa.engine import Engine
from ragqa.errors import BadQuestion
from ragqa.settings import Settings
from ragqa.types import SEARCH_MODES, Filter, SearchMode, SearchRequest
from tests import papers


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("library")
    (folder / "sent").mkdir()
    papers.write_one_column(folder / "sent" / "marmots.pdf")
    papers.write_many_pages(folder / "sent" / "pages.pdf", 6)
    opened = open_engine(Settings(data=folder / "data", llm="none"))
    report = opened.ingest([folder / "sent"], "", lambda step: None)
    assert report.ready == 2
    yield opened
    opened.close()


def test_documents_are_hits_with_all_that_is_known_of_them(engine: Engine) -> None:
    question = "How many days do marmots hibernate?"
    hits = engine.search(SearchRequest(question=question, k=3)).hits
    documents = LibraryRetriever(library=engine, k=3).invoke(question)
    assert all(isinstance(document, Document) for document in documents)
    assert [document.id for document in documents] == [hit.chunk_id for hit in hits]
    assert [document.page_content for document in documents] == [hit.text for hit in hits]
    best = documents[0].metadata
    assert best == hits[0].model_dump(exclude={"text"})
    assert {"paper_id", "file_name", "title", "page", "section", "score"} <= best.keys()
    assert best["file_name"] == "marmots.pdf"


def test_several_questions_at_once_give_what_each_gives_alone(engine: Engine) -> None:
    retriever = LibraryRetriever(library=engine, k=2)
    questions = ["How long do marmots sleep?", "Which method is the state of the art?", "snow depth", "page 3"]
    assert retriever.batch(questions) == [retriever.invoke(question) for question in questions]


@pytest.mark.parametrize("mode", SEARCH_MODES)
def test_mode_and_k_are_passed_on(engine: Engine, mode: SearchMode) -> None:
    documents = LibraryRetriever(library=engine, k=1, mode=mode).invoke("telemetry of marmots")
    assert len(documents) == 1
    assert (documents[0].metadata["dense"] is None) == (mode == "keyword")


def test_a_filter_restricts_to_papers(engine: Engine) -> None:
    pages = next(paper.id for paper in engine.papers() if paper.file_name == "pages.pdf")
    documents = LibraryRetriever(library=engine, filter=Filter(paper_ids=(pages,))).invoke("marmots")
    assert {document.metadata["paper_id"] for document in documents} == {pages}
    assert LibraryRetriever(library=engine, collection="nobody's").invoke("marmots") == []


def test_it_fits_into_a_chain(engine: Engine) -> None:
    chain = LibraryRetriever(library=engine, k=2) | RunnableLambda(
        lambda documents: [d.metadata["page"] for d in documents]
    )
    assert all(page >= 1 for page in chain.invoke("How long do marmots sleep?"))


def test_a_bad_question_is_an_error_and_not_an_empty_answer(engine: Engine) -> None:
    with pytest.raises(BadQuestion):
        LibraryRetriever(library=engine).invoke("  ")


def test_any_library_will_do(tmp_path: Path) -> None:
    opened = open_engine(Settings(data=tmp_path, llm="none"))
    assert LibraryRetriever(library=opened).invoke("marmots") == []
    opened.close()
