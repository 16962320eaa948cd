"""Options that several commands share, and how they open the library."""

import difflib
import importlib
import logging
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from ragqa.client import Client
from ragqa.document import BlockKind, SectionKind
from ragqa.errors import BadRequest, LibraryLocked, PathNotFound
from ragqa.library import Library, resolve_papers
from ragqa.lock import server_of
from ragqa.settings import Settings, load_settings
from ragqa.types import Filter

if TYPE_CHECKING:
    from ragqa.engine import Engine
    from ragqa.evaluation.texts import TextLibrary

log = logging.getLogger(__name__)

PREFIX = "RAGQA_"

Mode = TypeVar("Mode", bound=str)

Data = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="Folder of ingest folder and index [default: ./data].")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Papers = Annotated[
    list[str] | None,
    typer.Option("--paper", metavar="NAME|ID", help="Only this paper: file name, title or id; repeatable."),
]
Collection = Annotated[str | None, typer.Option("--collection", metavar="NAME", help="Only this collection.")]

Kinds = Annotated[
    list[BlockKind] | None, typer.Option("--kind", help="Only such text, for instance table or reference; repeatable.")
]
Sections = Annotated[
    list[SectionKind] | None, typer.Option("--section", help="Only sections of this kind, such as methods; repeatable.")
]


def settings_from(**given: Any) -> Settings:
    """Settings with the options that were given on top. Raise BadRequest if a value cannot be used."""
    _warn_of_unknown_variables()
    return load_settings(**{name: value for name, value in given.items() if value is not None})


def _warn_of_unknown_variables() -> None:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    for name in sorted(set(filter(lambda name: name.startswith(PREFIX), os.environ)) - known):
        near = difflib.get_close_matches(name, known, 1)
        log.warning("%s is no setting%s", name, f"; do you mean {near[0]}?" if near else ".")


@contextmanager
def opened(settings: Settings, *, may_be_new: bool = False) -> Iterator[Library]:
    """The server that owns the data folder, if there is one, else the folder itself.

    Raise PathNotFound if there is no library, unless one may be made: a mistyped folder is no empty library.
    """
    if not may_be_new and not settings.index_folder.is_dir():
        raise PathNotFound(
            f"There is no library in {settings.data}.", hint="Check --data, or make one with: ragqa ingest FOLDER"
        )
    url = server_of(settings.index_folder)
    library: Library = Client(url) if url else _open_engine(settings)
    try:
        yield library
    finally:
        library.close()


@contextmanager
def opened_alone(settings: Settings) -> "Iterator[Engine]":
    """The folder itself. Raise LibraryLocked if a server follows it already."""
    if url := server_of(settings.index_folder):
        raise LibraryLocked(
            f"The server at {url} follows {settings.ingest_folder} already.",
            hint="Drop PDFs there: it reads them. To do without it, stop it first.",
        )
    engine: Engine = _compose().open_engine(settings)
    try:
        yield engine
    finally:
        engine.close()


def _open_engine(settings: Settings) -> Library:
    engine: Library = _compose().open_engine(settings)
    return engine


@contextmanager
def opened_texts(settings: Settings) -> "Iterator[TextLibrary]":
    """A library of plain texts in a folder that is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="ragqa-eval-", ignore_cleanup_errors=True) as folder:
        library: TextLibrary = _compose().open_text_library(settings.model_copy(update={"data": Path(folder)}))
        try:
            yield library
        finally:
            library.close()


def _compose() -> Any:
    # Stores and models cost 0.3 s to import, which help and bad options need not pay.
    return importlib.import_module("ragqa.compose")


def paper_filter(
    names: list[str] | None,
    library: Library,
    kinds: Sequence[BlockKind] | None = None,
    sections: Sequence[SectionKind] | None = None,
) -> Filter:
    """The papers named, and the kinds of text and section; all if none is."""
    paper_ids = resolve_papers(names, library.papers()) if names else None
    return Filter(paper_ids=paper_ids, kinds=tuple(kinds) if kinds else None, sections=tuple(sections or ()) or None)


def one_of(value: str, allowed: tuple[Mode, ...], what: str) -> Mode:
    """The value, if it is allowed. Raise BadRequest if it is not."""
    for mode in allowed:
        if mode == value:
            return mode
    raise BadRequest(f"{value!r} is no {what}.", hint=f"Choose one of: {', '.join(allowed)}.")
