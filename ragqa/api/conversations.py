"""Conversations over HTTP: list, search, show, rename, delete, export."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from ragqa.api.holder import EngineDep
from ragqa.conversation import Conversation, ConversationDetails, ExportFormat, NewTitle

MEDIA_TYPES: dict[ExportFormat, tuple[str, str]] = {
    "markdown": ("text/markdown", "md"),
    "json": ("application/json", "json"),
    "bibtex": ("application/x-bibtex", "bib"),
}
EXPORTED: dict[int | str, dict[str, Any]] = {200: {"content": {kind: {} for kind, _ in MEDIA_TYPES.values()}}}

router = APIRouter(prefix="/api/v1/conversations", tags=["conversations"])


@router.get("")
def list_conversations(
    engine: EngineDep, query: Annotated[str, Query(max_length=500, description="Words that it must have.")] = ""
) -> list[Conversation]:
    """All conversations, those used last first, or those that have the words."""
    return engine.conversations(query)


@router.get("/{conversation_id}")
def get_conversation(engine: EngineDep, conversation_id: str) -> ConversationDetails:
    """One conversation with its questions and answers."""
    return engine.conversation(conversation_id)


@router.patch("/{conversation_id}")
def rename_conversation(engine: EngineDep, conversation_id: str, new: NewTitle) -> Conversation:
    """Give it another title."""
    return engine.rename_conversation(conversation_id, new.title)


@router.delete("/{conversation_id}", status_code=204)
def delete_conversation(engine: EngineDep, conversation_id: str) -> None:
    """Remove it for good; its words are overwritten on the disk."""
    engine.delete_conversation(conversation_id)


@router.get("/{conversation_id}/export", response_class=Response, responses=EXPORTED)
def export_conversation(
    engine: EngineDep,
    conversation_id: str,
    form: Annotated[ExportFormat, Query(alias="format")] = "markdown",
) -> Response:
    """The whole of it as Markdown or JSON, or what it cites as BibTeX."""
    content = engine.export_conversation(conversation_id, form)
    kind, ending = MEDIA_TYPES[form]
    # Shown as a file to keep: what papers say must not become a page of this server.
    headers = {"Content-Disposition": f'attachment; filename="conversation.{ending}"'}
    return Response(content, media_type=kind, headers=headers)
