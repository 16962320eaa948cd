"""Conversations exported: nothing of a paper becomes markup, and BibTeX has what was cited."""

import json

from ragqa.conversation import AnsweredQuestion, ConversationDetails
from ragqa.exports import exported
from ragqa.types import Answer, Citation, Paper

MARMOTS = Paper(id="m", file_name="m.pdf", title="Marmots Asleep", authors=("Ada Lovelace",), year=1843)
NEVER_CITED = Paper(id="n", file_name="n.pdf", title="Never Cited")


def cite(number: int, paper_id: str, title: str, quote: str = "They sleep.") -> Citation:
    return Citation(
        id=f"a.{number}", number=number, paper_id=paper_id, file_name=f"{paper_id}.pdf", title=title, page=3,
        quote=quote, rects=(), score=1.0,
    )  # fmt: skip


def answered(question: str, text: str, *citations: Citation) -> AnsweredQuestion:
    answer = Answer(
        answer=text, kind="text", mode="generative", abstained=False, confidence=0.875, citations=citations,
        unsupported=("They fly.",), standalone_question="How long do marmots sleep?", model="ollama:llama3.2",
        conversation_id="c",
    )  # fmt: skip
    return AnsweredQuestion(asked_at="2026-01-02T03:04:05", question=question, answer=answer)


TALK = ConversationDetails(
    id="c", title="Marmots & <sleep>", created_at="2026-01-02T03:04:05", updated_at="2026-01-03", questions=2,
    answered=(
        answered("How long do they sleep?", "Two hundred days. [1]", cite(1, "m", "Marmots Asleep", "200 *days*")),
        answered("And owls?", "Less. [1]", cite(1, "o", "Owls: Gone"), cite(2, "m", "Marmots Asleep")),
    ),
)  # fmt: skip


def test_markdown_has_questions_answers_and_quotes_with_pages() -> None:
    text = exported(TALK, "markdown", [MARMOTS])
    assert text.startswith("# Marmots \\& \\<sleep\\>\n\nBegun 2026-01-02 with ragqa.\n\n## How long do they sleep?\n")
    assert "*Understood as: How long do marmots sleep?*" in text
    assert "1. Marmots Asleep, page 3: “200 \\*days\\*”" in text
    assert "Not supported by the papers: They fly." in text
    assert "*generative, ollama:llama3.2, confidence 0.88*" in text


def test_json_is_the_conversation_whole() -> None:
    assert ConversationDetails.model_validate(json.loads(exported(TALK, "json", []))) == TALK


def test_bibtex_has_each_paper_cited_once_even_one_that_is_gone() -> None:
    text = exported(TALK, "bibtex", [NEVER_CITED, MARMOTS])
    assert text.count("@misc{") == 2
    assert "@misc{lovelace1843marmots," in text
    assert "title = {Owls: Gone}" in text
    assert "Never" not in text
    assert text.index("Marmots") < text.index("Owls")
