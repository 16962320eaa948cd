"""ragqa conversations: list, search, show, rename, export, delete."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from ragqa.cli.options import AsJson, Data, one_of, opened, settings_from
from ragqa.cli.output import SHOWN_ID, err, out, print_json, print_sources
from ragqa.conversation import EXPORT_FORMATS, Conversation, ConversationDetails
from ragqa.library import resolve_conversation

NOTHING_FOUND = 1

app = typer.Typer(
    name="conversations",
    help="What was asked before: list, search, show, rename, export or delete conversations.",
    rich_markup_mode=None,
)

Which = Annotated[str, typer.Argument(metavar="ID", help="Beginning of its id, or last.", show_default=False)]


@app.callback(invoke_without_command=True)
def default(context: typer.Context, data: Data = None, as_json: AsJson = False) -> None:
    """What was asked before: list, search, show, rename, export or delete conversations."""
    if context.invoked_subcommand is None:
        list_all(data, as_json)


@app.command("list")
def list_all(data: Data = None, as_json: AsJson = False) -> None:
    """List them, those used last first."""
    _print_found("", data, as_json, "No conversations yet. Begin one with: ragqa chat")


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(help="Words in a question or an answer.", show_default=False)],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Find those that have all the words, whatever their endings."""
    if not _print_found(" ".join(words), data, as_json, "No conversation has these words."):
        raise typer.Exit(NOTHING_FOUND)


@app.command()
def show(which: Which, data: Data = None, as_json: AsJson = False) -> None:
    """Print one with its quotes."""
    with opened(settings_from(data=data)) as library:
        found = library.conversation(resolve_conversation(which, library.conversations()))
    if as_json:
        print_json(found)
    else:
        _print_whole(found)


@app.command()
def rename(
    which: Which,
    title: Annotated[str, typer.Argument(help="The new title.", show_default=False)],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Give one another title."""
    with opened(settings_from(data=data)) as library:
        renamed = library.rename_conversation(resolve_conversation(which, library.conversations()), title)
    if as_json:
        print_json(renamed)
    else:
        err.print(f"Renamed {renamed.id[:SHOWN_ID]} to: {renamed.title}", markup=False)


@app.command()
def export(
    which: Which,
    form: Annotated[str, typer.Option("--format", help="markdown, json or bibtex (what it cites).")] = "markdown",
    to: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write to this file.")] = None,
    data: Data = None,
) -> None:
    """Print the whole of one, or the papers that it cites, for use elsewhere."""
    chosen = one_of(form, EXPORT_FORMATS, "export format")
    with opened(settings_from(data=data)) as library:
        text = library.export_conversation(resolve_conversation(which, library.conversations()), chosen)
    if to is None:
        out.out(text, end="")
        return
    to.write_text(text, encoding="utf-8")
    err.print(f"Written to {to}.", markup=False)


@app.command()
def delete(
    which: Annotated[
        list[str], typer.Argument(metavar="ID...", help="Beginnings of their ids, or last.", show_default=False)
    ],
    data: Data = None,
) -> None:
    """Remove some for good; their words are overwritten on the disk."""
    with opened(settings_from(data=data)) as library:
        known = library.conversations()
        for conversation_id in dict.fromkeys(resolve_conversation(name, known) for name in which):
            library.delete_conversation(conversation_id)
            err.print(f"Deleted {conversation_id[:SHOWN_ID]}.")


def _print_found(query: str, data: Path | None, as_json: bool, nothing: str) -> bool:
    with opened(settings_from(data=data)) as library:
        found = library.conversations(query)
    if as_json:
        print_json(found)
    elif found:
        out.print(_table(found))
    else:
        out.print(nothing)
    return bool(found)


def _table(conversations: Sequence[Conversation]) -> Table:
    table = Table("id", "last used", "questions", "title", box=None, header_style="bold")
    for each in conversations:
        title = " — ".join(filter(None, (each.title, each.excerpt)))
        used = each.updated_at[:16].replace("T", " ")
        table.add_row(each.id[:SHOWN_ID], used, str(each.questions), escape(title))
    return table


def _print_whole(conversation: ConversationDetails) -> None:
    out.print(f"[bold]{escape(conversation.title)}[/]")
    for said in conversation.answered:
        out.print(f"\n[bold green]?[/] {escape(said.question)}")
        if said.answer.standalone_question != said.question:
            out.print(f"[dim]{escape(said.answer.standalone_question)}[/]")
        out.print(escape(said.answer.answer))
        print_sources(said.answer)
