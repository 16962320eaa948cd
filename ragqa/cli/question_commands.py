"""ragqa search, ask, chat."""

import sys
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.markup import escape

from ragqa.cli.options import (
    AsJson,
    Collection,
    Data,
    Kinds,
    Papers,
    Sections,
    one_of,
    opened,
    paper_filter,
    settings_from,
)
from ragqa.cli.output import err, out, print_error, print_hits, print_json, print_sources
from ragqa.errors import InputError, ModelError
from ragqa.library import Library, resolve_conversation
from ragqa.types import (
    ANSWER_MODES,
    LEAST_CHOICES,
    MOST_CHOICES,
    SEARCH_MODES,
    Answer,
    AnswerDone,
    AnswerPiece,
    AskRequest,
    SearchRequest,
    different_choices,
)

NOTHING_FOUND = 1
PROMPT = "[bold green]?[/] "
GIVE_CHOICES = f"Give --choice {LEAST_CHOICES} to {MOST_CHOICES} times."
LEAVE = frozenset({"/quit", "/exit", "quit", "exit"})

Question = Annotated[str, typer.Argument(help="The question, in quotation marks.", show_default=False)]


def search(
    question: Question,
    data: Data = None,
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="How many hits.")] = 10,
    mode: Annotated[str, typer.Option(help="hybrid, dense or keyword.")] = "hybrid",
    paper: Papers = None,
    collection: Collection = None,
    kind: Kinds = None,
    section: Sections = None,
    rerank: Annotated[bool, typer.Option(help="Let a model read the best hits and put them in order.")] = True,
    as_json: AsJson = False,
) -> None:
    """Find the places that fit a question best."""
    chosen = one_of(mode, SEARCH_MODES, "search mode")
    with opened(settings_from(data=data)) as library:
        wanted = paper_filter(paper, library, kind, section)
        request = SearchRequest(
            question=question, k=k, mode=chosen, collection=collection, filter=wanted, rerank=rerank
        )
        result = library.search(request)
    if as_json:
        print_json(result)
    else:
        print_hits(result.hits, result.note)
    if not result.hits:
        raise typer.Exit(NOTHING_FOUND)


def ask(
    question: Question,
    data: Data = None,
    mode: Annotated[str, typer.Option(help="auto, extractive or generative.")] = "auto",
    llm: Annotated[str | None, typer.Option(metavar="MODEL", help="Language model, as in RAGQA_LLM.")] = None,
    paper: Papers = None,
    collection: Collection = None,
    choice: Annotated[
        list[str] | None, typer.Option(metavar="ANSWER", help="An answer to choose from; give two or more.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Answer a question, with the page and the words behind every claim."""
    chosen = one_of(mode, ANSWER_MODES, "answer mode")
    with opened(settings_from(data=data, llm=llm)) as library:
        wanted = paper_filter(paper, library)
        request = AskRequest(
            question=question,
            mode=chosen,
            collection=collection,
            filter=wanted,
            choices=different_choices(choice or (), GIVE_CHOICES) or None,
        )
        answer = _answered(library, request, shown=not as_json)
    if as_json:
        print_json(answer)
    if answer.abstained:
        raise typer.Exit(NOTHING_FOUND)


def chat(
    data: Data = None,
    mode: Annotated[str, typer.Option(help="auto, extractive or generative.")] = "auto",
    llm: Annotated[str | None, typer.Option(metavar="MODEL", help="Language model, as in RAGQA_LLM.")] = None,
    paper: Papers = None,
    collection: Collection = None,
    conversation: Annotated[
        str | None, typer.Option("--conversation", metavar="ID", help="Go on with this one; last for the latest.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Converse: follow-up questions are understood. Reads one question a line; /quit or Ctrl-D ends."""
    chosen = one_of(mode, ANSWER_MODES, "answer mode")
    with opened(settings_from(data=data, llm=llm)) as library:
        wanted = paper_filter(paper, library)
        conversation_id = resolve_conversation(conversation, library.conversations()) if conversation else None
        for question in _questions():
            request = AskRequest(
                question=question, mode=chosen, conversation_id=conversation_id, collection=collection, filter=wanted
            )
            try:
                answer = _answered(library, request, shown=not as_json)
            except (InputError, ModelError) as exc:
                print_error(exc, as_json)
                continue
            conversation_id = answer.conversation_id
            if as_json:
                out.out(answer.model_dump_json())


def _questions() -> Iterator[str]:
    """Lines of standard input, with a prompt if somebody is typing."""
    asked = sys.stdin.isatty()
    if asked:
        err.print("Ask about your papers. /quit ends.")
    while True:
        if asked:
            err.print(PROMPT, end="")
        line = sys.stdin.readline()
        if not line or line.strip().lower() in LEAVE:
            return
        if line.strip():
            yield line.strip()


def _answered(library: Library, request: AskRequest, shown: bool) -> Answer:
    """The answer, its pieces printed as they come; on a terminal the checked text follows if it reads differently."""
    pieces = []
    for event in library.ask(request):
        if isinstance(event, AnswerPiece) and shown:
            pieces.append(event.text)
            out.print(escape(event.text), end="")
        if isinstance(event, AnswerDone):
            if shown:
                _finish(event.answer, "".join(pieces))
            return event.answer
    raise ModelError("The answer broke off.", hint="Ask again.")


def _finish(answer: Answer, streamed: str) -> None:
    if not streamed.strip():
        out.print(escape(answer.answer))
        print_sources(answer)
        return
    out.print()
    if streamed.strip() != answer.answer.strip():
        # The marks of the draft are numbers of evidence; those of the checked answer are numbers of citations.
        out.print(f"\n[bold]Checked:[/] {escape(answer.answer)}")
    print_sources(answer)
