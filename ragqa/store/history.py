"""Conversations and their answers in SQLite, searched by their words. Knows nothing of models."""

import re
import sqlite3
import uuid
from datetime import UTC, datetime

from ragqa.conversation import AnsweredQuestion, CitedPaper, Conversation, ConversationDetails, Recap, Turn
from ragqa.errors import BadRequest, ConversationNotFound
from ragqa.store.database import Database
from ragqa.store.titles import title_of
from ragqa.types import Answer, Citation

MOST_LISTED = 500
SEARCHED_WORD = re.compile(r"\w+")
LISTED = (
    "SELECT id, title, created_at, updated_at,"
    " (SELECT count(*) FROM answers WHERE conversation_id = conversations.id) AS questions FROM conversations"
)


class History:
    """Reads and writes of conversations."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def new_id(self) -> str:
        """An id that nobody can guess, for a conversation or an answer."""
        return uuid.uuid4().hex

    def turns(self, conversation_id: str) -> list[Turn]:
        """What was asked and answered so far, oldest first. Raise ConversationNotFound."""
        return [_turn(said) for said in self.conversation(conversation_id).answered]

    def save(self, answer_id: str, question: str, answer: Answer) -> None:
        """Keep an answer at the end of its conversation, which is made if it is new."""
        now = datetime.now(UTC).isoformat(timespec="microseconds")
        name = answer.conversation_id
        with self._db.write() as db:
            db.execute(
                "INSERT OR IGNORE INTO conversations (id, created_at, title) VALUES (?, ?, ?)",
                (name, now, title_of(question)),
            )
            db.execute("UPDATE conversations SET updated_at = ? WHERE id = ?", (now, name))
            db.execute(
                "INSERT INTO answers VALUES (?, ?, ?, ?, ?)",
                (answer_id, name, now, question, answer.model_dump_json()),
            )
            db.execute("INSERT INTO said VALUES (?, ?, ?)", (question, answer.answer, name))

    def conversations(self, query: str = "") -> list[Conversation]:
        """Those that were used last come first; with a query, those that have all its words, whatever their endings.

        A conversation has its words in one of its questions or answers, or in its title.
        """
        words = SEARCHED_WORD.findall(query)
        with self._db.read() as db:
            if query.strip():
                return _found(db, words) if words else []
            rows = db.execute(f"{LISTED} ORDER BY updated_at DESC, rowid DESC LIMIT ?", (MOST_LISTED,)).fetchall()
        return [Conversation(**row) for row in rows]

    def conversation(self, conversation_id: str) -> ConversationDetails:
        """All that was said. Raise ConversationNotFound."""
        with self._db.read() as db:
            row = db.execute(f"{LISTED} WHERE id = ?", (conversation_id,)).fetchone()
            said = db.execute(
                "SELECT created_at, question, answer FROM answers WHERE conversation_id = ? ORDER BY rowid",
                (conversation_id,),
            ).fetchall()
        if row is None:
            raise _unknown(conversation_id)
        answered = [
            AnsweredQuestion(
                asked_at=each["created_at"],
                question=each["question"],
                answer=Answer.model_validate_json(each["answer"]),
            )
            for each in said
        ]
        return ConversationDetails(**row, answered=tuple(answered))

    def rename(self, conversation_id: str, title: str) -> Conversation:
        """Under its new title, on one line. Raise BadRequest if it is empty, ConversationNotFound."""
        plain = " ".join(title.split())
        if not plain:
            raise BadRequest("The title is empty.", hint="Give it a title of at least one letter.")
        with self._db.write() as db:
            done = db.execute("UPDATE conversations SET title = ? WHERE id = ?", (plain, conversation_id))
            if not done.rowcount:
                raise _unknown(conversation_id)
            row = db.execute(f"{LISTED} WHERE id = ?", (conversation_id,)).fetchone()
        return Conversation(**row)

    def delete(self, conversation_id: str) -> None:
        """Not only is it forgotten: its words are overwritten on the disk. Raise ConversationNotFound."""
        with self._db.erasing() as db:
            done = db.execute("DELETE FROM conversations WHERE id = ?", (conversation_id,))
            if not done.rowcount:
                raise _unknown(conversation_id)
            db.execute("DELETE FROM said WHERE conversation_id = ?", (conversation_id,))
            # A full-text index keeps deleted words until its parts are merged.
            db.execute("INSERT INTO said (said) VALUES ('optimize')")

    def recap(self, conversation_id: str) -> Recap:
        """What was kept of its beginning; empty if nothing was."""
        with self._db.read() as db:
            row = db.execute("SELECT recap FROM conversations WHERE id = ?", (conversation_id,)).fetchone()
        return Recap.model_validate_json(row["recap"]) if row else Recap()

    def keep_recap(self, conversation_id: str, recap: Recap) -> None:
        """For the questions to come."""
        with self._db.write() as db:
            db.execute("UPDATE conversations SET recap = ? WHERE id = ?", (recap.model_dump_json(), conversation_id))

    def cited(self, citation_id: str) -> tuple[Answer, Citation] | None:
        """A citation of any stored answer, and that answer."""
        answer_id, _, number = citation_id.rpartition(".")
        with self._db.read() as db:
            row = db.execute("SELECT answer FROM answers WHERE id = ?", (answer_id,)).fetchone()
        answer = Answer.model_validate_json(row["answer"]) if row else None
        return next(((answer, c) for c in answer.citations if str(c.number) == number), None) if answer else None


def _found(db: sqlite3.Connection, words: list[str]) -> list[Conversation]:
    """Conversations that have the words in a question, an answer or the title, those used last first."""
    # In quotation marks, words of FTS5's own language are words like others; the star lets one search while typing.
    excerpts = db.execute(
        "SELECT conversation_id, snippet(said, -1, '[', ']', '…', 12) FROM said WHERE said MATCH ? ORDER BY rank DESC",
        (" ".join(f'"{word}"*' for word in words),),
    ).fetchall()
    by_id: dict[str, str] = dict(excerpts)
    rows = db.execute(f"{LISTED} ORDER BY updated_at DESC, rowid DESC").fetchall()
    found = [row for row in rows if row["id"] in by_id or _has_all(row["title"], words)]
    return [Conversation(**row, excerpt=by_id.get(row["id"], "")) for row in found[:MOST_LISTED]]


def _has_all(title: str, words: list[str]) -> bool:
    return all(word.casefold() in title.casefold() for word in words)


def _unknown(conversation_id: str) -> ConversationNotFound:
    return ConversationNotFound(
        f"No conversation has the id {conversation_id!r}.", hint="Leave conversation_id out to start a new one."
    )


def _turn(said: AnsweredQuestion) -> Turn:
    answer = said.answer
    asked_back = answer.kind == "clarification"
    cited = () if answer.abstained else answer.citations  # earlier versions stored refusals with citations
    places = answer.candidates if asked_back else cited
    titles = {place.paper_id: place.title or place.file_name for place in places}
    return Turn(
        question=said.question,
        standalone_question=answer.standalone_question,
        answer=answer.answer,
        cited=tuple(CitedPaper(paper_id=paper_id, title=title) for paper_id, title in titles.items()),
        asked_back=asked_back,
    )
