"""Entry point of the ``ragqa`` command: registers the commands and turns errors into exit codes.

0 done · 1 done, but something is missing (papers failed, no answer) · 2 bad input · 3 the data folder ·
4 a model · 5 the server · 130 interrupted
"""

import importlib
import logging
import sys
from typing import Annotated

import typer
from pydantic import ValidationError

from ragqa import __version__
from ragqa.cli import conversation_commands, eval_commands
from ragqa.cli.folder_commands import watch, zotero
from ragqa.cli.library_commands import doctor, ingest, papers
from ragqa.cli.options import Data, settings_from
from ragqa.cli.output import err, print_error
from ragqa.cli.question_commands import ask, chat, search
from ragqa.errors import BadRequest, InputError, LibraryError, ModelError, RagqaError, ReadError, ServiceError

EXIT_CODES: dict[type[RagqaError], int] = {
    RagqaError: 1, InputError: 2, ReadError: 1, LibraryError: 3, ModelError: 4, ServiceError: 5,
}  # fmt: skip
INTERRUPTED = 130

app = typer.Typer(
    name="ragqa",
    help="Ask a folder of research papers; every answer points at the words on the page.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (ingest, zotero, watch, search, ask, chat, papers, doctor):
    app.command()(command)
app.add_typer(conversation_commands.app)
app.add_typer(eval_commands.app)


@app.command()
def serve(
    data: Data = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on [default: 127.0.0.1].")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on [default: 8000].")] = None,
    llm: Annotated[str | None, typer.Option(metavar="MODEL", help="Language model, as in RAGQA_LLM.")] = None,
) -> None:
    """Serve the chat and the API, and read papers dropped into the ingest folder."""
    settings = settings_from(data=data, host=host, port=port, llm=llm)
    logging.getLogger().setLevel(logging.INFO)
    # The chat speaks to the API over HTTP; the server logs these requests once already.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    # FastAPI and uvicorn cost half a second that the other commands need not pay.
    importlib.import_module("ragqa.api.server").run(settings)


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what is done.")] = False,
) -> None:
    """Ask a folder of research papers; every answer points at the words on the page."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO if verbose else logging.WARNING, format="%(levelname).1s %(message)s"
    )
    if version:
        typer.echo(f"ragqa {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command; errors of ours become a message, a next step and an exit code."""
    try:
        app()
    except RagqaError as exc:
        print_error(exc, as_json="--json" in sys.argv)
        sys.exit(next(EXIT_CODES[cls] for cls in type(exc).__mro__ if cls in EXIT_CODES))
    except ValidationError as exc:  # an option that no request can carry, such as a collection of 300 letters
        wrong = exc.errors()[0]
        print_error(BadRequest(f"{wrong['loc'][0]}: {wrong['msg']}."), as_json="--json" in sys.argv)
        sys.exit(EXIT_CODES[InputError])
    except SystemExit as exc:
        if exc.code == INTERRUPTED:  # what Typer makes of Ctrl-C
            err.print("\nInterrupted. What was finished is kept; run the command again to go on.")
        raise
