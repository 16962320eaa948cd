"""Conversations with the passages that answer them: CANARD, ArgSciChat and MT-RAG files as turns, passages and golds.

Knows nothing of searching or rewriting.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ragqa.answer.words import content_words
from ragqa.evaluation.formats import TextDocument

NO_ANSWER = frozenset({"I don't know.", "CANNOTANSWER"})
SAME_SENTENCE = 0.6
"""Share of the shorter one's words that a gold sentence and a passage must share: the files split sentences twice."""

SHORTEST = 4  # content words of a sentence that can be told from others by them


@dataclass(frozen=True, slots=True)
class AskedTurn:
    """One turn: its golds are ids of passages, empty if it is history only; ``human`` is a person's rewriting.

    ``cites`` is the title of the paper that its answer rests on, empty if on none.
    """

    question: str
    answer: str
    golds: frozenset[str] = frozenset()
    human: str = ""
    cites: str = ""


@dataclass(frozen=True, slots=True)
class ConversationSet:
    """Conversations and the one pool that all are answered from."""

    name: str
    passages: tuple[TextDocument, ...]
    conversations: tuple[tuple[AskedTurn, ...], ...]


def load_set(file: Path) -> ConversationSet:
    """By the file's name."""
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return LOADERS[file.stem](rows)


def _canard(rows: Sequence[Mapping[str, Any]]) -> ConversationSet:
    """The gold of a question is its answer, which stands in the history of the next one; the pool is all answers."""
    dialogues: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        dialogues.setdefault(row["QuAC_dialog_id"], []).append(row)
    passages: dict[str, TextDocument] = {}
    conversations = []
    for name, asked in dialogues.items():
        turns = []
        for number, (row, after) in enumerate(zip(asked, [*asked[1:], None], strict=True)):
            answer = after["History"][-1] if after else ""
            golds: frozenset[str] = frozenset()
            if answer and answer not in NO_ANSWER:
                passages[f"{name}-{number}"] = TextDocument(id=f"{name}-{number}", title="", text=answer)
                golds = frozenset({f"{name}-{number}"})
            cites = row["History"][0] if golds else ""
            turns.append(AskedTurn(row["Question"], answer, golds, row["Rewrite"], cites))
        conversations.append(tuple(turns))
    return ConversationSet("canard", tuple(passages.values()), tuple(conversations))


def _argscichat(rows: Sequence[Mapping[str, Any]]) -> ConversationSet:
    """Talks about twelve papers; the pool is every sentence of their abstracts and introductions."""
    passages = []
    conversations = []
    for row in rows:
        sentences = [
            TextDocument(id=f"{row['title']}-{number}", title=row["title"], text=text)
            for number, text in enumerate(row["content"])
        ]
        passages += sentences
        for talk in _talks(row["message_pairs"]):
            turns = [
                AskedTurn(
                    pair["P_Message"],
                    pair["DE_Message"],
                    _sentences_of(pair["facts"], sentences),
                    cites=row["title"] if pair["facts"] else "",
                )
                for pair in talk
            ]
            conversations.append(tuple(turns))
    return ConversationSet("argscichat", tuple(passages), tuple(conversations))


def _talks(pairs: Sequence[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """All talks about a paper come in one list; each begins without a history."""
    talk: list[Mapping[str, Any]] = []
    for pair in pairs:
        if not pair["history"] and talk:
            yield talk
            talk = []
        talk.append(pair)
    yield talk


def _sentences_of(facts: Sequence[str], sentences: Sequence[TextDocument]) -> frozenset[str]:
    found = set()
    for fact in facts:
        wanted = content_words(fact)
        for sentence in sentences:
            words = content_words(sentence.text)
            smaller = min(len(wanted), len(words))
            if smaller >= SHORTEST and len(wanted & words) / smaller >= SAME_SENTENCE:
                found.add(sentence.id)
    return frozenset(found)


def _mtrag(rows: Sequence[Mapping[str, Any]]) -> ConversationSet:
    """Every row asks the last question of a history; the pool is the contexts of all rows."""
    passages: dict[str, TextDocument] = {}
    conversations = []
    for row in rows:
        for context in row["contexts"]:
            passages[context["document_id"]] = TextDocument(id=context["document_id"], title="", text=context["text"])
        said = [message["text"] for message in row["input"]]
        turns = [AskedTurn(question, answer) for question, answer in zip(said[:-1:2], said[1::2], strict=True)]
        golds = frozenset(context["document_id"] for context in row["contexts"])
        conversations.append((*turns, AskedTurn(said[-1], "", golds)))
    return ConversationSet("mtrag_un", tuple(passages.values()), tuple(conversations))


LOADERS: dict[str, Callable[[Sequence[Mapping[str, Any]]], ConversationSet]] = {
    "canard": _canard,
    "argscichat": _argscichat,
    "mtrag_un": _mtrag,
}
