"""What every ``Library`` must do, in this process or behind a server; subclasses give the ``library`` fixture."""

from pathlib import Path

import pytest

from ragqa.errors import BadQuestion, ConversationNotFound, PaperNotFound, PathNotFound
from ragqa.library import Library, resolve_papers
from ragqa.quotes import fold
from ragqa.types import Answer, AnswerDone, AnswerStarted, AskRequest, Filter, PaperState, SearchRequest
from tests import papers

QUESTION = "What was the mean duration and its standard deviation?"


def ignore(step: object) -> None:
    """No progress is shown."""


def answer_of(library: Library, **request: object) -> Answer:
    """The whole answer; events come in their order."""
    events = list(library.ask(AskRequest.model_validate(request)))
    assert isinstance(events[0], AnswerStarted)
    assert isinstance(events[-1], AnswerDone)
    return events[-1].answer


class LibraryContract:
    """Inherit, and give a ``library`` fixture that is empty."""

    @pytest.fixture
    def marmots(self, library: Library, tmp_path: Path) -> str:
        """Id of a ready paper about marmots."""
        report = library.ingest([papers.write_one_column(tmp_path / "marmots.pdf")], "", ignore)
        assert (report.found, report.ready, report.failed) == (1, 1, ())
        return library.papers()[0].id

    def test_a_paper_is_ready_after_ingest(self, library: Library, marmots: str) -> None:
        paper = library.papers(PaperState.READY)[0]
        assert (paper.id, paper.file_name, paper.title, paper.pages) == (marmots, "marmots.pdf", papers.TITLE, 3)
        assert library.papers(PaperState.FAILED) == []

    def test_a_paper_has_abstract_and_outline(self, library: Library, marmots: str) -> None:
        found = library.paper(marmots)
        assert (found.title, found.abstract) == (papers.TITLE, papers.ABSTRACT)
        assert found.authors == ("Ada Lovelace", "Grace Hopper", "Alan Turing")
        assert ("2.1 Study sites", 2, 2) in [(place.heading, place.level, place.page) for place in found.outline]
        with pytest.raises(PaperNotFound):
            library.paper("nobody")

    def test_the_same_work_in_another_file_is_flagged(self, library: Library, marmots: str, tmp_path: Path) -> None:
        library.ingest([papers.write_one_column(tmp_path / "longer.pdf", pages=4)], "", ignore)
        second = next(paper for paper in library.papers() if paper.id != marmots)
        assert (second.state, second.same_as) == (PaperState.READY, marmots)
        library.delete(marmots)
        assert library.paper(second.id).same_as == ""

    def test_a_paper_has_its_tables_as_rows_of_cells(self, library: Library, marmots: str) -> None:
        table = library.tables(marmots)[0]
        assert (table.page, table.caption, table.header_rows) == (2, "Table 1: Days asleep by site.", 1)
        assert table.rows == (("Site", "Days", "Error"), ("Alp A", "201", "3.5"), ("Alp B", "188", "4.1"))
        with pytest.raises(PaperNotFound):
            library.tables("nobody")

    def test_the_same_bytes_twice_are_one_paper(self, library: Library, marmots: str, tmp_path: Path) -> None:
        other_name = tmp_path / "copy.pdf"
        other_name.write_bytes((tmp_path / "marmots.pdf").read_bytes())
        report = library.ingest([other_name, tmp_path / "marmots.pdf"], "", ignore)
        assert (report.found, report.unchanged, report.ready) == (2, 2, 1)
        assert len(library.papers()) == 1

    def test_a_bad_file_is_reported_and_stops_nothing(self, library: Library, tmp_path: Path) -> None:
        folder = tmp_path / "mixed"
        folder.mkdir()
        papers.write_one_column(folder / "b-good.pdf")
        papers.write_not_pdf(folder / "a-bad.pdf")
        papers.write_encrypted(folder / "c-locked.pdf", "secret")
        report = library.ingest([folder], "", ignore)
        assert (report.found, report.ready) == (3, 1)
        assert {(paper.file_name, paper.reason_code) for paper in report.failed} == {
            ("a-bad.pdf", "not_pdf"),
            ("c-locked.pdf", "encrypted_pdf"),
        }
        assert all(paper.reason for paper in report.failed)

    def test_a_missing_path_is_an_error_before_anything_is_read(self, library: Library, tmp_path: Path) -> None:
        good = papers.write_one_column(tmp_path / "good.pdf")
        with pytest.raises(PathNotFound, match="nowhere"):
            library.ingest([good, tmp_path / "nowhere"], "", ignore)
        assert library.papers() == []

    def test_search_finds_page_and_section(self, library: Library, marmots: str) -> None:
        result = library.search(SearchRequest(question=QUESTION, k=3))
        best = result.hits[0]
        assert (best.paper_id, best.page) == (marmots, 2)
        assert "201 days" in best.text
        assert "2.1 Study sites" in best.section
        assert best.score > 0
        assert set(result.timings_ms) >= {"embed", "search"}

    def test_a_filter_keeps_other_papers_out(self, library: Library, marmots: str, tmp_path: Path) -> None:
        library.ingest([papers.write_two_columns(tmp_path / "columns.pdf")], "winter", ignore)
        wanted = Filter(paper_ids=resolve_papers(["columns"], library.papers()))
        assert {hit.file_name for hit in library.search(SearchRequest(question=QUESTION, filter=wanted)).hits} == {
            "columns.pdf"
        }
        in_collection = library.search(SearchRequest(question=QUESTION, collection="winter")).hits
        assert {hit.file_name for hit in in_collection} == {"columns.pdf"}

    def test_an_answer_quotes_its_page(self, library: Library, marmots: str) -> None:
        answer = answer_of(library, question=QUESTION, mode="extractive")
        first = answer.citations[0]
        assert (first.paper_id, first.page, first.number) == (marmots, 2, 1)
        assert fold("The mean duration was 201 days") in fold(first.quote)
        assert "[1]" in answer.answer
        assert (answer.mode, answer.kind, answer.abstained, answer.model) == ("extractive", "span", False, "extractive")
        assert all(0 <= x0 < x1 <= 596 and 0 <= y0 < y1 <= 842 for x0, y0, x1, y1 in first.rects)

    def test_a_follow_up_continues_the_conversation(self, library: Library, marmots: str) -> None:
        first = answer_of(library, question="How long do Alpine Marmots sleep in winter?")
        second = answer_of(library, question="How were they visited?", conversation_id=first.conversation_id)
        assert second.conversation_id == first.conversation_id
        assert "Marmots" in second.standalone_question

    def test_conversations_are_listed_searched_renamed_exported_and_deleted(
        self, library: Library, marmots: str
    ) -> None:
        first = answer_of(library, question=QUESTION, mode="extractive")
        name = first.conversation_id
        listed = next(each for each in library.conversations() if each.id == name)
        assert (listed.title, listed.questions) == (QUESTION, 1)
        assert library.conversations("durations")[0].id == name
        assert library.conversations("unheard-of words") == []
        assert library.conversation(name).answered[0].answer == first
        assert library.rename_conversation(name, "Sleep").title == library.conversation(name).title == "Sleep"
        assert f"## {QUESTION}" in library.export_conversation(name, "markdown")
        assert "lovelace" in library.export_conversation(name, "bibtex")
        assert name in library.export_conversation(name, "json")
        library.delete_conversation(name)
        for call in (library.conversation, library.delete_conversation):
            with pytest.raises(ConversationNotFound):
                call(name)

    def test_auto_says_that_it_answered_extractively(self, library: Library, marmots: str) -> None:
        answer = answer_of(library, question=QUESTION, mode="auto")
        assert answer.mode == "extractive"
        assert "extractive" in answer.note

    def test_an_empty_library_refuses(self, library: Library) -> None:
        answer = answer_of(library, question=QUESTION)
        assert (answer.abstained, answer.kind, answer.citations) == (True, "refusal", ())

    @pytest.mark.parametrize("question", ["", " \n\t ", "x" * 100_000], ids=["empty", "blank", "too long"])
    def test_a_bad_question_is_an_error(self, library: Library, question: str) -> None:
        with pytest.raises(BadQuestion):
            library.search(SearchRequest(question=question))
        with pytest.raises(BadQuestion):
            list(library.ask(AskRequest(question=question)))

    def test_an_unknown_conversation_is_an_error(self, library: Library) -> None:
        with pytest.raises(ConversationNotFound):
            list(library.ask(AskRequest(question=QUESTION, conversation_id="nobody")))

    def test_a_deleted_paper_is_gone_with_its_file(self, library: Library, marmots: str) -> None:
        library.delete(marmots)
        assert library.papers() == []
        assert library.search(SearchRequest(question=QUESTION)).hits == ()
        with pytest.raises(PaperNotFound):
            library.delete(marmots)

    def test_health_counts_papers(self, library: Library, marmots: str) -> None:
        health = library.health()
        assert health.ready
        assert health.papers["ready"] == 1
        assert health.chunks > 3
