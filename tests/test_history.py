"""Stored conversations: found by their words, renamed, deleted so that nothing is left; citations by their ids."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ragqa.conversation import CitedPaper, Recap
from ragqa.details import NearestPage
from ragqa.errors import BadRequest, ConversationNotFound
from ragqa.store.database import Database
from ragqa.store.history import History
from ragqa.store.titles import LONGEST_TITLE, title_of
from ragqa.types import Answer, AnswerKind, Citation


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    """It holds one answer, "a", with one citation, "a.1"."""
    database = Database(tmp_path / "catalogue.sqlite")
    stored = History(database)
    stored.save("a", "What fell?", answer("Snow fell. [1]", "c"))
    yield stored
    database.close()


def answer(text: str, conversation_id: str, kind: AnswerKind = "text") -> Answer:
    """It cites "Snow fell." from the paper p, or asks whether that is meant."""
    cited = Citation(
        id="a.1", number=1, paper_id="p", file_name="p.pdf", title="", page=1, quote="Snow fell.", rects=(), score=1.0
    )
    meant = NearestPage(paper_id="q", file_name="q.pdf", title="Rain", page=1)
    asks = kind == "clarification"
    return Answer(
        answer=text, kind=kind, mode="extractive", abstained=False, confidence=1.0, citations=() if asks else (cited,),
        candidates=(meant,) if asks else (), standalone_question="What fell?", model="extractive",
        conversation_id=conversation_id,
    )  # fmt: skip


def test_a_citation_is_found_by_its_id(history: History) -> None:
    found = history.cited("a.1")
    assert found is not None
    answer, citation = found
    assert citation in answer.citations
    assert citation.quote == "Snow fell."


@pytest.mark.parametrize("name", ["a.2", "a.01", "a.", "a", "", "b.1", "a.1.1", "a.²", "a.-1", "a." + "1" * 5000])
def test_any_other_id_is_that_of_no_citation(history: History, name: str) -> None:
    assert history.cited(name) is None


def test_turns_tell_which_papers_were_cited_or_may_be_meant(history: History) -> None:
    history.save("b", "And then?", answer("Which do you mean?", "c", "clarification"))
    first, second = history.turns("c")
    assert (first.cited, first.asked_back) == ((CitedPaper(paper_id="p", title="p.pdf"),), False)
    assert (second.cited, second.asked_back) == ((CitedPaper(paper_id="q", title="Rain"),), True)


def test_turns_of_a_refusal_cite_nothing_even_if_it_was_stored_with_citations(history: History) -> None:
    refused = answer("I could not find an answer.", "c").model_copy(update={"kind": "refusal", "abstained": True})
    assert refused.citations
    history.save("b", "Where do whales sing?", refused)
    assert history.turns("c")[1].cited == ()


def test_conversations_are_listed_with_the_one_used_last_first(history: History) -> None:
    history.save("b", "How do owls hunt?", answer("By hearing.", "d"))
    history.save("c", "And what rose?", answer("Steam rose.", "c"))
    assert [(each.id, each.title, each.questions) for each in history.conversations()] == [
        ("c", "What fell?", 2), ("d", "How do owls hunt?", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("hunting", ["d"]),
        ("hearing owl", ["d"]),
        ("SNOW", ["c"]),
        ("hea", ["d"]),
        ("owls snow", []),
        ('"', []),
        ("hearing OR snow", []),
        ("_", []),
        ("  ", ["d", "c"]),
        ("rodents", ["d"]),
    ],
)
def test_a_conversation_is_found_by_words_of_its_questions_answers_and_title(
    history: History, query: str, found: list[str]
) -> None:
    history.save("b", "How do owls hunt?", answer("By hearing.", "d"))
    history.rename("d", "Rodents beware")
    assert [each.id for each in history.conversations(query)] == found


def test_a_search_shows_where_the_words_are(history: History) -> None:
    assert history.conversations("snow")[0].excerpt == "[Snow] fell. [1]"


def test_a_title_is_one_line_and_not_empty(history: History) -> None:
    assert history.rename("c", " Snow\n and  ice ").title == "Snow and ice"
    with pytest.raises(BadRequest):
        history.rename("c", " \n")
    with pytest.raises(ConversationNotFound):
        history.rename("nobody", "Snow")


def test_of_a_deleted_conversation_no_word_is_left_on_the_disk(history: History, tmp_path: Path) -> None:
    for number in range(50):
        history.save(f"x{number}", f"Where do zanzibars {number} live?", answer(f"In xylophones {number}.", "x"))
    history.keep_recap("x", Recap(text="quetzals", turns=4))
    assert any(b"zanzibar" in file.read_bytes() for file in tmp_path.iterdir())
    history.delete("x")
    left = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert [word for word in (b"zanzibar", b"xylophon", b"quetzal") if word in left] == []
    assert [each.id for each in history.conversations()] == ["c"]
    assert history.conversations("xylophones") == []
    with pytest.raises(ConversationNotFound):
        history.delete("x")


def test_a_recap_is_kept(history: History) -> None:
    assert history.recap("c") == history.recap("nobody") == Recap()
    history.keep_recap("c", Recap(text="Snow.", turns=4))
    assert history.recap("c") == Recap(text="Snow.", turns=4)


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("Hi, can you tell me how the encoder was trained? I need it.", "How the encoder was trained?"),
        ("hello there! what is\n attention", "What is attention"),
        ("Why?", "Why?"),
        ("Hello", "Hello"),
        ("  ", "Untitled"),
        ("How high do bar-headed geese fly?", "How high do bar-headed geese fly?"),
        (
            "What is the effect of very long questions about the encoder and the decoder on the title?",
            "What is the effect of very long questions about the encoder…",
        ),
        ("x" * 200, "X" + "x" * (LONGEST_TITLE - 1) + "…"),
    ],
)
def test_the_title_comes_from_the_first_question(question: str, title: str) -> None:
    assert title_of(question) == title
