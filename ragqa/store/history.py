"""Conversations and their answers in SQLite. Knows nothing of models."""

import json
import uuid
from datetime import UTC, datetime

from ragqa.errors import ConversationNotFound
from ragqa.store.database import Database
from ragqa.types import Answer, Citation, Turn


class History:
    """Reads and writes of conversations."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def new_id(self) -> str:
        """An id that nobody can guess, for a conversation or an answer."""
        return uuid.uuid4().hex

    def turns(self, conversation_id: str) -> list[Turn]:
        """What was asked and answered so far, oldest first."""
        with self._db.read() as db:
            known = db.execute("SELECT 1 FROM conversations WHERE id = ?", (conversation_id,)).fetchone()
            rows = db.execute(
                "SELECT question, answer FROM answers WHERE conversation_id = ? ORDER BY rowid", (conversation_id,)
            ).fetchall()
        if known is None:
            raise ConversationNotFound(
                f"No conversation has the id {conversation_id!r}.", hint="Leave conversation_id out to start a new one."
            )
        return [_turn(row["question"], Answer.model_validate_json(row["answer"])) for row in rows]

    def save(self, answer_id: str, question: str, answer: Answer) -> None:
        """Keep an answer at the end of its conversation, which is made if it is new."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        with self._db.write() as db:
            db.execute("INSERT OR IGNORE INTO conversations VALUES (?, ?)", (answer.conversation_id, now))
            db.execute(
                "INSERT INTO answers VALUES (?, ?, ?, ?, ?)",
                (answer_id, answer.conversation_id, now, question, answer.model_dump_json()),
            )

    def citation(self, citation_id: str) -> Citation | None:
        """A citation of any stored answer."""
        answer_id, _, number = citation_id.rpartition(".")
        with self._db.read() as db:
            row = db.execute("SELECT answer FROM answers WHERE id = ?", (answer_id,)).fetchone()
        if row is None:
            return None
        found = (c for c in json.loads(row["answer"])["citations"] if str(c["number"]) == number)
        return next((Citation.model_validate(c) for c in found), None)


def _turn(question: str, answer: Answer) -> Turn:
    return Turn(
        question=question,
        standalone_question=answer.standalone_question,
        answer=answer.answer,
    )
