"""Earlier conversations as the chat shows them: list, search, open, rename, delete. Knows the API, not Gradio."""

import re
from collections.abc import Sequence
from typing import Protocol
from urllib.parse import quote as url_quote

from ragqa.conversation import EXPORT_FORMATS, Conversation, ConversationDetails
from ragqa.errors import RagqaError
from ui.chat import Conversation as Talk
from ui.render import error_html, inert

MOST_LISTED = 100  # a browser draws more, but one finds older ones by their words
EXPORT_NAMES = {"markdown": "Markdown", "json": "JSON", "bibtex": "BibTeX"}
FOUND = re.compile(r"&#91;(.*?)&#93;")


class Kept(Protocol):
    """What the list of conversations needs of the library."""

    def conversations(self, query: str = "") -> list[Conversation]:
        """See ``Client``."""
        ...

    def conversation(self, conversation_id: str) -> ConversationDetails:
        """See ``Client``."""
        ...

    def rename_conversation(self, conversation_id: str, title: str) -> Conversation:
        """See ``Client``."""
        ...

    def delete_conversation(self, conversation_id: str) -> None:
        """See ``Client``."""
        ...


def list_html(kept: Kept, query: str, shown_id: str | None) -> str:
    """The conversations that have the words of ``query``, or why they cannot be listed."""
    try:
        found = kept.conversations(query)
    except RagqaError as exc:
        return error_html(exc)
    return conversations_html(found, query, shown_id)


def conversations_html(found: Sequence[Conversation], query: str, shown_id: str | None) -> str:
    """A row each; the one that is shown is marked."""
    if not found:
        said = "No conversation has these words." if query.strip() else "What you ask is kept here."
        return f'<div class="ragqa conversations"><p class="meta">{said}</p></div>'
    more = f'<p class="meta">and {len(found) - MOST_LISTED} more</p>' if len(found) > MOST_LISTED else ""
    rows = "".join(_row(each, each.id == shown_id) for each in found[:MOST_LISTED])
    return f'<div class="ragqa conversations"><ul>{rows}</ul>{more}</div>'


def opened(kept: Kept, conversation_id: str) -> Talk:
    """A conversation as the chat goes on with it. Raise ConversationNotFound."""
    details = kept.conversation(conversation_id)
    talk = Talk()
    for said in details.answered:
        talk = talk.asked(said.question).answered(said.answer)
    return talk


def rename(kept: Kept, conversation_id: str, title: str) -> str:
    """What went wrong as HTML, empty if nothing did."""
    try:
        kept.rename_conversation(conversation_id, title)
    except RagqaError as exc:
        return error_html(exc)
    return ""


def delete(kept: Kept, conversation_id: str) -> str:
    """What went wrong as HTML, empty if nothing did."""
    try:
        kept.delete_conversation(conversation_id)
    except RagqaError as exc:
        return error_html(exc)
    return ""


def _row(each: Conversation, is_shown: bool) -> str:
    count = "1 question" if each.questions == 1 else f"{each.questions} questions"
    excerpt = FOUND.sub(r"<mark>\1</mark>", inert(each.excerpt))
    found = f'<p class="excerpt">{excerpt}</p>' if excerpt else ""
    links = "".join(_export(each, form) for form in EXPORT_FORMATS)
    buttons = _button(each, "retitle", "Rename") + _button(each, "remove", "Delete")
    return (
        f'<li class="{"shown" if is_shown else "other"}">{_button(each, "choose", inert(each.title))}'
        f'<details><summary class="state">{count} · {inert(each.updated_at[:10])}</summary>'
        f'<div class="acts">{links}{buttons}</div></details>{found}</li>'
    )


def _button(each: Conversation, act: str, shown: str) -> str:
    return (
        f'<button type="button" data-act="{act}" data-conversation="{inert(each.id)}"'
        f' data-title="{inert(each.title)}">{shown}</button>'
    )


def _export(each: Conversation, form: str) -> str:
    address = f"api/v1/conversations/{url_quote(each.id, safe='')}/export?format={form}"
    return f'<a href="{address}" download>{EXPORT_NAMES[form]}</a>'
