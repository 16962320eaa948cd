"""The shapes of conversations: what was said, as lists, exports and the next question see it."""

from typing import Annotated, Literal

from pydantic import Field

from ragqa.details import Model
from ragqa.types import Answer

ExportFormat = Literal["markdown", "json", "bibtex"]
EXPORT_FORMATS: tuple[ExportFormat, ...] = ("markdown", "json", "bibtex")


class CitedPaper(Model):
    """A paper that an answer quoted, or asked whether it was meant."""

    paper_id: str
    title: str


class Turn(Model):
    """One question and its answer in a conversation, with the papers cited, in order.

    With ``asked_back`` the answer was a question to the user, and the papers are those that may be meant.
    """

    question: str
    standalone_question: str
    answer: str
    cited: tuple[CitedPaper, ...] = ()
    asked_back: bool = False


class Recap(Model):
    """What the first ``turns`` of a long conversation were about, in a few sentences."""

    text: str = ""
    turns: int = 0


class Conversation(Model):
    """A conversation in a list. ``excerpt`` is where it fits a search, the words found in [brackets]."""

    id: str
    title: str
    created_at: str
    updated_at: str
    questions: int
    excerpt: str = ""


class AnsweredQuestion(Model):
    """A question of a conversation with its whole answer."""

    asked_at: str
    question: str
    answer: Answer


class ConversationDetails(Conversation):
    """A conversation with all that was said, oldest first."""

    answered: tuple[AnsweredQuestion, ...] = ()


class NewTitle(Model):
    """What a conversation is to be called."""

    title: Annotated[str, Field(min_length=1, max_length=200)]
