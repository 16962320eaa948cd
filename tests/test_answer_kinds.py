"""Answers of every kind in the papers' own words, each citation found on its page; refusals that help."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ragqa.answer.asking import Asking
from ragqa.answer.draft import Draft
from ragqa.answer.kinds import registry
from ragqa.answer.kinds.extractive import nearly_as_good
from ragqa.answer.prompts import NOT_IN_PAPERS
from ragqa.answer.scorer import EmbeddingScorer
from ragqa.answer.spans import Found
from ragqa.answer.written.combine import NO_REASONS, NO_SUPPORT, NO_WORDS
from ragqa.answer.written.generative import Writer
from ragqa.answer.written.support import WordSupport
from ragqa.ask import Asker, Limits, Means
from ragqa.chat import ChatModelSource
from ragqa.document import Block, BlockKind, Chunk, Document, Metadata, Table
from ragqa.protocols import AnswerSpan, ChatMessage, Embedder, PassageReader, Reading
from ragqa.quotes import locate
from ragqa.store.catalogue import Catalogue
from ragqa.store.database import Database
from ragqa.store.history import History
from ragqa.types import Answer, AnswerDone, AnswerKind, AskRequest, Exchange, Filter, Hit, SearchRequest, SearchResult
from tests.fixed_reader import FixedReader
from tests.scripted_chat import ScriptedChat
from tests.tiny_library import GENERATION, add_paper, make_page, paper_id_of

MARMOTS = [
    "We studied how alpine marmots sleep and what snow does to them in nine valleys.",
    "Alpine marmots hibernate for 201 days each winter. Groups that lose members sleep less.",
    "Deep snow significantly increased body mass in spring. We used tracking collars and scales.",
]
BADGERS = [
    "We asked whether badgers sleep through winter and how they find food in forests.",
    "Badgers do not hibernate in winter. We found no significant effect of snow depth on body mass.",
    "They eat earthworms, acorns and beetles. Cameras and microphones recorded every sett.",
]
TABLE = "Species Days Mass Marmot 201 4.5 Badger 0 11.2"
READ = Reading((), AnswerSpan(0, 2, 6.0), 6.0)
SLEEPING = "How long do alpine marmots hibernate?"


class WordSearch:
    """A Searcher that ranks by words in common, within the papers that are asked for."""

    def __init__(self, hits: Sequence[Hit]) -> None:
        self._hits = hits

    def search(self, request: SearchRequest) -> SearchResult:
        wanted = set(request.question.lower().strip("?.").split())
        allowed = [h for h in self._hits if request.filter.paper_ids is None or h.paper_id in request.filter.paper_ids]
        ranked = sorted(allowed, key=lambda hit: -len(wanted & set(hit.text.lower().split())))
        return SearchResult(hits=tuple(ranked[: request.k]), timings_ms={})


class Library:
    """Two papers and a table, asked without a language model unless one is given."""

    def __init__(self, database: Database, embedder: Embedder) -> None:
        self.catalogue, self._history, self._embedder = Catalogue(database), History(database), embedder
        hits = []
        for name, texts in (("marmots", MARMOTS), ("badgers", BADGERS)):
            paper_id = add_paper(
                self.catalogue, name, texts, Metadata(title=f"On {name}: a study"), "sleepers", embedder=embedder
            )
            hits += [_hit(paper_id, name, page, text) for page, text in enumerate(texts, start=1)]
        hits.append(_hit(self._add_table(), "table", 1, TABLE, BlockKind.TABLE))
        self._searcher = WordSearch(hits)

    def _add_table(self) -> str:
        page = make_page(TABLE)
        rows = tuple(tuple((at, at + 1) for at in range(row, row + 3)) for row in (0, 3, 6))
        document = Document(
            Metadata(title="Numbers"),
            (page,),
            (Block(BlockKind.TABLE, 1, 0, 9),),
            tables=(Table(1, 0, 9, (0, 0), 1, rows),),
        )
        chunks = [Chunk(1, 0, 9, "", BlockKind.TABLE, TABLE)]
        self.catalogue.register(paper_id_of("table"), Path("table.pdf"), 1000, "")
        self.catalogue.store(paper_id_of("table"), document, chunks, [None], GENERATION)
        return paper_id_of("table")

    def ask(
        self, question: str, reader: PassageReader | None = None, model: ScriptedChat | None = None,
        choices: tuple[str, ...] | None = None, paper: str = "", keep: bool = True, earlier: tuple[Exchange, ...] = (),
    ) -> Answer:  # fmt: skip
        means = Means(
            EmbeddingScorer(self._embedder), reader, ChatModelSource(lambda: model), Writer(WordSupport(), 64)
        )
        asker = Asker(self._searcher, means, self.catalogue, self._history, Limits(4000))
        only = Filter(paper_ids=(paper_id_of(paper),)) if paper else Filter()
        request = AskRequest(question=question, filter=only, choices=choices, keep=keep, earlier=earlier)
        *_, done = asker.ask(request)
        assert isinstance(done, AnswerDone)
        self._assert_verified(done.answer)
        return done.answer

    def _assert_verified(self, answer: Answer) -> None:
        numbers = [citation.number for citation in answer.citations]
        assert numbers == list(range(1, len(numbers) + 1))
        for citation in answer.citations:
            assert locate(citation.quote, self.catalogue.page(citation.paper_id, citation.page)) is not None
            assert citation.rects
        assert all(short.citation in numbers and short.rects for short in answer.short)


def _hit(paper_id: str, name: str, page: int, text: str, kind: BlockKind = BlockKind.PARAGRAPH) -> Hit:
    title = "Numbers" if kind is BlockKind.TABLE else f"On {name}: a study"
    return Hit(
        chunk_id=f"{name}-{page}", paper_id=paper_id, file_name=f"{name}.pdf", title=title, page=page, section="",
        text=text, score=1 / page, kind=kind, dense=0.6, keyword=9.0,
    )  # fmt: skip


@pytest.fixture
def library(tmp_path: Path, embedder: Embedder) -> Iterator[Library]:
    database = Database(tmp_path / "catalogue.sqlite")
    yield Library(database, embedder)
    database.close()


def test_a_few_words_answer_and_their_sentence_is_the_quote(library: Library) -> None:
    answer = library.ask(SLEEPING, FixedReader(["201 days"]), paper="marmots")
    assert (answer.kind, answer.answer) == ("span", "201 days [1]")
    assert answer.citations[0].quote == "Alpine marmots hibernate for 201 days each winter."
    assert answer.short[0].text == "201 days"
    assert answer.short[0].probability > 0.8
    assert answer.short[0].rects != answer.citations[0].rects


def test_a_reason_is_given_in_a_whole_sentence(library: Library) -> None:
    answer = library.ask(
        "Why do some groups of alpine marmots sleep less?", FixedReader(["lose members"]), paper="marmots"
    )
    assert answer.answer == "Groups that lose members sleep less. [1]"


@pytest.mark.parametrize(("later", "texts"), [(6.0, ["3 valleys"]), (9.0, ["3 valleys", "9 collars"])])
def test_a_list_takes_from_a_later_passage_only_what_is_clearly_better(later: float, texts: list[str]) -> None:
    hits = [_hit("marmots", "marmots", page, text) for page, text in enumerate(("in 3 valleys", "with 9 collars"), 1)]
    found = [
        Found(hits[0], 0, "3 valleys", "in 3 valleys", 3, 12, 6.0, 9.0, READ),
        Found(hits[0], 0, "in", "in 3 valleys", 0, 2, 4.5, 8.0, READ),
        Found(hits[1], 1, "9 collars", "with 9 collars", 5, 14, later, 5.0, READ),
    ]
    assert [f.text for f in nearly_as_good(found)] == texts


def test_an_enumeration_becomes_a_list(library: Library) -> None:
    reader = FixedReader(["earthworms, acorns and beetles"])
    answer = library.ask("Which types of food do badgers eat?", reader, paper="badgers")
    assert answer.kind == "list"
    assert [short.text for short in answer.short] == ["earthworms", "acorns", "beetles"]
    assert len(answer.citations) == 1
    assert len({short.rects for short in answer.short}) == 3


def test_papers_that_are_asked_for_are_listed_by_title_with_a_reason_each(library: Library) -> None:
    answer = library.ask("Which papers are on winter and snow?", FixedReader(["winter", "snow"]))
    assert answer.kind == "list"
    titles = [line.rpartition(" [")[0] for line in answer.answer.splitlines()]
    assert sorted(titles) == ["- On badgers: a study", "- On marmots: a study"]
    assert {citation.paper_id for citation in answer.citations} == {paper_id_of("marmots"), paper_id_of("badgers")}
    assert library.ask("Which papers are on whales and krill?", FixedReader(["krill"])).abstained


def test_a_cell_comes_with_the_heads_of_its_row_and_column(library: Library) -> None:
    answer = library.ask("What is the mass of a badger in the numbers?", FixedReader(["11.2"]), paper="table")
    assert (answer.kind, answer.answer) == ("cell", "11.2 (Badger, Mass) [1]")
    assert (answer.short[0].row, answer.short[0].column) == ("Badger", "Mass")
    assert answer.citations[0].quote == "Badger 0 11.2"


@pytest.mark.parametrize(
    ("question", "paper", "said"),
    [
        ("Does deep snow increase body mass of marmots in spring?", "marmots", "yes"),
        ("Does snow depth affect body mass of badgers?", "badgers", "no"),
    ],
)
def test_yes_and_no_come_with_evidence(question: str, paper: str, said: str, library: Library) -> None:
    answer = library.ask(question, FixedReader(["body mass"]), paper=paper)
    assert answer.kind == "yes_no"
    assert answer.verdict is not None
    (first, *_) = answer.verdict.supporting if said == "yes" else answer.verdict.opposing
    assert "body mass" in answer.citations[first - 1].quote
    assert answer.verdict.yes + answer.verdict.no + answer.verdict.maybe == pytest.approx(1, abs=0.01)


def test_every_choice_has_a_probability(library: Library) -> None:
    reader = FixedReader(["201 days"])
    answer = library.ask(SLEEPING, reader, choices=("12 days", "201 days", "a week"), paper="marmots")
    assert (answer.kind, answer.answer) == ("choice", "201 days [1]")
    assert [choice.text for choice in answer.choices] == ["12 days", "201 days", "a week"]
    assert sum(choice.probability for choice in answer.choices) == pytest.approx(1, abs=0.01)
    assert max(answer.choices, key=lambda choice: choice.probability).text == "201 days"


def test_papers_are_compared_cell_by_cell(library: Library) -> None:
    reader = FixedReader(["201 days", "do not hibernate"])
    answer = library.ask("Compare Marmots and Badgers by winter sleep", reader)
    assert answer.comparison is not None
    assert answer.comparison.aspects == ("Winter sleep",)
    cells = {paper.file_name: paper.cells[0] for paper in answer.comparison.papers}
    assert cells["marmots.pdf"].text.startswith("Alpine marmots hibernate")
    assert cells["badgers.pdf"].text == "Badgers do not hibernate in winter."
    assert {cell.citation for cell in cells.values()} == {1, 2}


def test_a_summary_says_something_of_each_part(library: Library) -> None:
    answer = library.ask("Summarize this paper", paper="marmots")
    assert answer.kind == "summary"
    assert answer.summary
    assert all(part.citations for part in answer.summary)


def test_which_paper_to_summarize_is_asked_if_it_is_not_clear(library: Library) -> None:
    answer = library.ask("Summarize this paper")
    assert (answer.kind, answer.abstained, answer.citations) == ("clarification", False, ())
    assert {place.file_name for place in answer.candidates} == {"marmots.pdf", "badgers.pdf", "table.pdf"}


def test_a_greeting_before_names_no_paper(library: Library) -> None:
    greeted = (Exchange(question="Hello!", answer="Glad to help."),)
    answer = library.ask("What do the authors of the study find?", FixedReader([]), earlier=greeted)
    assert answer.kind == "clarification"


@pytest.mark.parametrize("question", ["What about it?", "What do the authors of the study find?"])
def test_a_question_that_may_mean_any_paper_is_asked_back(question: str, library: Library) -> None:
    answer = library.ask(question, FixedReader([]))
    assert answer.kind == "clarification"
    assert "marmots" in answer.answer


def test_a_paper_that_is_named_needs_no_asking_back(library: Library) -> None:
    answer = library.ask("How long do they sleep in “On marmots: a study”?", FixedReader(["201 days"]))
    assert answer.kind == "span"


def test_a_refusal_names_what_was_searched_and_the_nearest_pages(library: Library) -> None:
    answer = library.ask("Who won the football world cup in 1998?", FixedReader([]), paper="marmots")
    assert (answer.kind, answer.abstained, answer.citations) == ("refusal", True, ())
    assert answer.searched == "1 paper: “On marmots: a study”"
    assert answer.nearest
    assert {place.paper_id for place in answer.nearest} == {paper_id_of("marmots")}


def test_with_a_model_a_verdict_is_kept_and_put_into_words(library: Library) -> None:
    model = ScriptedChat("Deep snow significantly increased body mass in spring [1].")
    question = "Does deep snow increase body mass of marmots in spring?"
    answer = library.ask(question, FixedReader(["body mass"]), model, paper="marmots")
    assert (answer.mode, answer.kind) == ("generative", "yes_no")
    assert answer.verdict is not None
    assert answer.answer.startswith("Deep snow")


@pytest.mark.parametrize(("kind", "choices"), [("yes_no", None), ("choice", ("rose", "fell"))])
def test_the_first_word_waits_for_no_verdict_and_no_choices(
    kind: AnswerKind, choices: tuple[str, ...] | None, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Recording(ScriptedChat):
        def stream(self, messages: Sequence[ChatMessage], max_tokens: int) -> Iterator[str]:
            order.append("words")
            yield from super().stream(messages, max_tokens)

    def weighed(asking: Asking) -> Draft:
        order.append("chances")
        return make(asking)

    order: list[str] = []
    make = registry.KINDS[kind]
    monkeypatch.setitem(registry.KINDS, kind, weighed)
    answer = library.ask(SNOW, FixedReader(["body mass"]), Recording(FINDING.capitalize()), choices, paper="marmots")
    assert (answer.kind, answer.mode) == (kind, "generative")
    assert order == ["words", "chances"]


def test_what_is_not_to_be_kept_is_in_no_conversation(library: Library) -> None:
    answer = library.ask(SLEEPING, FixedReader(["201 days"]), paper="marmots", keep=False)
    assert answer.conversation_id == ""


SNOW = "Does deep snow increase body mass of marmots in spring?"
FINDING = "deep snow significantly increased body mass in spring [1]."


@pytest.mark.parametrize(
    ("said", "why"),
    [("Penguins dive below the antarctic ice [1].", NO_SUPPORT), (NOT_IN_PAPERS, NO_WORDS), ("Yes.", NO_REASONS)],
)
def test_without_words_that_hold_the_verdict_answers_by_itself(said: str, why: str, library: Library) -> None:
    alone = library.ask(SNOW, FixedReader(["body mass"]), paper="marmots")
    answer = library.ask(SNOW, FixedReader(["body mass"]), ScriptedChat(said), paper="marmots")
    assert (answer.answer, answer.kind, answer.verdict) == (alone.answer, "yes_no", alone.verdict)
    assert (answer.mode, answer.abstained, answer.retried) == ("extractive", False, False)
    assert (answer.confidence, answer.unsupported) == (alone.confidence, ())
    assert answer.note == why
    assert answer.citations


def test_without_words_that_hold_choices_and_table_stay(library: Library) -> None:
    reader, made_up = FixedReader(["201 days", "do not hibernate"]), ScriptedChat("Penguins dive below the ice [1].")
    answer = library.ask(SLEEPING, reader, made_up, choices=("12 days", "201 days"), paper="marmots")
    assert (answer.kind, answer.answer) == ("choice", "201 days [1]")
    answer = library.ask("Compare Marmots and Badgers by winter sleep", reader, made_up)
    assert (answer.kind, answer.note) == ("comparison", NO_SUPPORT)
    assert answer.comparison is not None


def test_a_model_that_says_no_where_the_evidence_says_yes_does_not_do_so_silently(library: Library) -> None:
    reader = FixedReader(["body mass"])
    agreed = library.ask(SNOW, reader, ScriptedChat(f"Yes, {FINDING}"), paper="marmots")
    assert agreed.verdict is not None
    assert "The language model says" not in agreed.note
    opposite = "No" if agreed.verdict.answer == "yes" else "Yes"
    likeliest = agreed.verdict.answer
    answer = library.ask(SNOW, reader, ScriptedChat(f"{opposite}, {FINDING}"), paper="marmots")
    assert f"The language model says “{opposite.lower()}”" in answer.note
    assert f"“{likeliest}” ({getattr(agreed.verdict, likeliest):.0%})" in answer.note
    assert answer.confidence < agreed.confidence


def test_a_choice_against_the_probabilities_is_said(library: Library) -> None:
    reader, choices = FixedReader(["201 days"]), ("12 days", "201 days")
    model = ScriptedChat("12 days. Alpine marmots hibernate each winter [1].")
    answer = library.ask(SLEEPING, reader, model, choices=choices, paper="marmots")
    assert "The language model says “12 days”" in answer.note
    model = ScriptedChat("201 days. Alpine marmots hibernate for 201 days each winter [1].")
    answer = library.ask(SLEEPING, reader, model, choices=choices, paper="marmots")
    assert (answer.kind, answer.note) == ("choice", "")
    assert model.told[-1].content.endswith("Choices:\n12 days\n201 days")


@pytest.mark.parametrize("said", [None, "France. They won the cup [1]."])
def test_a_refused_choice_cites_nothing(said: str | None, library: Library) -> None:
    model = ScriptedChat(said) if said else None
    question = "Who won the football world cup in 1998?"
    answer = library.ask(question, FixedReader([]), model, choices=("France", "Brazil"), paper="marmots")
    assert (answer.kind, answer.citations) == ("refusal", ())
    assert [choice.text for choice in answer.choices] == ["France", "Brazil"]
    assert not any(choice.citations for choice in answer.choices)
    assert model is None or "<evidence>" not in "".join(message.content for message in model.told)


def test_every_paper_of_a_comparison_reaches_the_model(library: Library) -> None:
    model = ScriptedChat("Marmots: Alpine marmots hibernate for 201 days each winter [1].")
    answer = library.ask("Compare Marmots and Badgers by winter sleep", FixedReader(["201 days", "not"]), model)
    assert (answer.mode, answer.kind) == ("generative", "comparison")
    told = model.told[-1].content
    assert "[1] (On marmots: a study" in told
    assert "[2] (On badgers: a study" in told
    assert "one line for each paper" in told


def test_which_paper_to_summarize_is_for_no_model_to_guess(library: Library) -> None:
    model = ScriptedChat("Alpine marmots hibernate for 201 days each winter [1].")
    answer = library.ask("Summarize this paper", model=model)
    assert (answer.kind, answer.citations, model.told) == ("clarification", (), [])
    assert answer.answer.startswith("Which paper")


def test_of_several_papers_a_model_is_asked_for_a_line_each(library: Library) -> None:
    model = ScriptedChat("Marmots: Alpine marmots hibernate for 201 days each winter [1].")
    answer = library.ask("Summarize these papers", FixedReader(["201 days", "not"]), model)
    assert (answer.mode, answer.kind) == ("generative", "comparison")
    assert "one line for each paper" in model.told[-1].content
