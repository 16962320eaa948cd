"""ragqa eval: measures on the user's own questions, or on public test sets."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ingest.folder.files import content_hash
from ragqa import __version__
from ragqa.cli.eval_output import print_differences, print_rankings, print_reports
from ragqa.cli.options import AsJson, Data, one_of, opened, opened_texts, settings_from
from ragqa.cli.output import err, out
from ragqa.errors import BadRequest
from ragqa.evaluation.drafts import DraftQuestion, Passage, draft_questions
from ragqa.evaluation.formats import (
    QUESTIONS_FILE,
    PaperQuestion,
    read_paper_questions,
    read_reading_set,
    read_retrieval_set,
)
from ragqa.evaluation.papers import evaluate_papers
from ragqa.evaluation.rankings import WAYS, Way, evaluate_retrieval, library_of_measures
from ragqa.evaluation.reading import evaluate_reading
from ragqa.evaluation.report import SetReport, compare, to_json
from ragqa.library import Library
from ragqa.settings import Settings
from ragqa.types import ANSWER_MODES, ENDED, Filter, PaperState, SearchRequest

app = typer.Typer(name="eval", help="Measure how well it finds, reads and answers.", no_args_is_help=True)

Advance = Callable[[int], None]

ASKABLE = "What was measured, and what were the results?"
"""Finds the passages of a paper that say something to ask about."""


@app.command()
def retrieval(
    folders: Annotated[list[Path], typer.Argument(help="Test sets in BEIR layout.", show_default=False)],
    mode: Annotated[
        list[str] | None,
        typer.Option(help="dense, keyword, hybrid or reranked; repeatable [default: all].", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """How well documents are ranked by each half of the search, by both fused, and re-ranked."""
    chosen = [one_of(name, WAYS, "search mode") for name in mode or WAYS]
    settings = settings_from()
    library_of_measures()
    reports = []
    for test in [read_retrieval_set(folder) for folder in folders]:
        with opened_texts(settings) as library:
            if "reranked" in chosen and not library.reranks:
                chosen = _without_reranker(chosen, asked=mode is not None)
            with _progress(f"{test.name}: documents", len(test.documents)) as advance:
                library.add(test.documents, advance)
            for way in chosen:
                with _progress(f"{test.name}: {way}", len(test.queries)) as advance:
                    reports.append(evaluate_retrieval(library, test, way, advance))
    _print(reports, settings, as_json, print_rankings)


def _without_reranker(ways: Sequence[Way], *, asked: bool) -> list[Way]:
    """Raise BadRequest if the user asked for it in so many words."""
    if asked:
        raise BadRequest("There is no re-ranker.", hint="Set RAGQA_RERANKER=shipped, or leave out --mode reranked.")
    err.print("There is no re-ranker: only what it would start from is measured.")
    return [way for way in ways if way != "reranked"]


@app.command()
def reading(
    files: Annotated[list[Path], typer.Argument(help="Question sets in SQuAD's JSON.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """How well answers are found in a given passage: exact match, F1, and whether a missing answer is noticed."""
    settings = settings_from()
    tests = [(file.stem, read_reading_set(file)) for file in files]
    reports = []
    with opened_texts(settings) as library:
        for name, questions in tests:
            with _progress(f"{name}: questions", len(questions)) as advance:
                reports.append(evaluate_reading(library.read, name, questions, advance))
    _print(reports, settings, as_json)


@app.command()
def papers(
    folder: Annotated[Path, typer.Argument(help=f"Folder with {QUESTIONS_FILE} and the PDFs.", show_default=False)],
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DIR", help="Keep the library here [default: a folder for this run]."),
    ] = None,
    extra: Annotated[
        list[Path] | None, typer.Option("--with", metavar="PATH", help="More PDFs in the library; repeatable.")
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option("--given", metavar="SET", help="Ask this set's questions of their own papers alone; repeatable."),
    ] = None,
    mode: Annotated[str, typer.Option(help="auto, extractive or generative.")] = "extractive",
    llm: Annotated[str | None, typer.Option(metavar="MODEL", help="Language model, as in RAGQA_LLM.")] = None,
    as_json: AsJson = False,
) -> None:
    """From PDFs to pages, answers, citations and refusals; all papers in one library."""
    chosen = one_of(mode, ANSWER_MODES, "answer mode")
    questions = read_paper_questions(folder)
    _check_sets(given or [], questions)
    with _library_for(data, llm) as (settings, library):
        paper_ids = _ingested(library, folder, questions, extra or [])
        with _progress("questions", len(questions)) as advance:
            reports = evaluate_papers(library, questions, paper_ids, frozenset(given or []), chosen, advance)
    _print(reports, settings, as_json)


@app.command("compare")
def compare_runs(
    first: Annotated[Path, typer.Argument(help="Result of ragqa eval … --json.", show_default=False)],
    second: Annotated[Path, typer.Argument(help="Another, on the same questions.", show_default=False)],
) -> None:
    """Two runs side by side, with a paired test on the questions that both have."""
    print_differences(compare(first, second))


@app.command()
def make(
    folder: Annotated[Path, typer.Argument(help=f"Folder with PDFs; gets a {QUESTIONS_FILE}.", show_default=False)],
    data: Data = None,
    count: Annotated[int, typer.Option("-n", min=1, max=1000, help="How many questions.")] = 20,
) -> None:
    """Draft questions from your own papers, for you to confirm; on a terminal you are asked about each."""
    target = folder / QUESTIONS_FILE
    if target.exists():
        raise BadRequest(f"{target} is there already.", hint="Edit it, or move it away.")
    with _library_for(data, None) as (_, library):
        passages = _passages(library, folder)
    drafts = draft_questions(passages, count)
    if not drafts:
        raise BadRequest(f"No sentence in {folder} makes a question.", hint="Add papers, or write questions yourself.")
    kept = [draft for draft in map(_confirmed, drafts) if draft is not None] if err.is_terminal else drafts
    target.write_text("".join(f"{draft.as_json()}\n" for draft in kept), encoding="utf-8")
    out.print(f"{len(kept)} questions in {target}.")
    if not err.is_terminal:
        out.print('Read them, and set "confirmed": true where one is good.')


def _passages(library: Library, folder: Path) -> list[Passage]:
    """Passages that say what was done and found, from every paper of the folder."""
    pdfs = {content_hash(file): file.relative_to(folder).as_posix() for file in sorted(folder.rglob("*.pdf"))}
    _ingest(library, [folder])
    found = []
    for paper_id, doc in pdfs.items():
        request = SearchRequest(question=ASKABLE, k=100, filter=Filter(paper_ids=(paper_id,)))
        found += [Passage(doc, hit.page, hit.kind, hit.text) for hit in library.search(request).hits]
    return found


def _confirmed(draft: DraftQuestion) -> DraftQuestion | None:
    """Ask the user; None drops the question."""
    out.print(f"\n[bold]{escape(draft.docs[0])}, p. {draft.evidence_pages[0]}[/]\n{escape(draft.question)}")
    out.print(f"[dim]→ {escape(draft.answers[0])}[/]")
    said = typer.prompt("Keep (y), drop (n), or type a better question", default="y")
    if said.strip().lower() in ("n", "no"):
        return None
    question = draft.question if said.strip().lower() in ("y", "yes") else said.strip()
    return replace(draft, question=question, confirmed=True)


@contextmanager
def _library_for(data: Path | None, llm: str | None) -> Iterator[tuple[Settings, Library]]:
    """The library in ``data``, or one for this run alone."""
    with ExitStack() as opened_here:
        if data is None:
            data = Path(opened_here.enter_context(tempfile.TemporaryDirectory(prefix="ragqa-eval-")))
        settings = settings_from(data=data, llm=llm)
        yield settings, opened_here.enter_context(opened(settings, may_be_new=True))


def _ingested(
    library: Library, folder: Path, questions: Sequence[PaperQuestion], extra: Sequence[Path]
) -> dict[str, str]:
    """The ids of the papers that questions ask about, by their names in ``docs``; all are in the library then."""
    ids = {doc: content_hash(folder / doc) for doc in sorted({doc for question in questions for doc in question.docs})}
    _ingest(library, [*(folder / doc for doc in ids), *extra])
    ready = {paper.id for paper in library.papers(PaperState.READY)}
    for doc, paper_id in ids.items():
        if paper_id not in ready:
            raise BadRequest(f"{folder / doc} could not be read.", hint="Read why above, or drop its questions.")
    return ids


def _ingest(library: Library, paths: Sequence[Path]) -> None:
    with _progress("papers", None) as advance:
        report = library.ingest(paths, "", lambda step: advance(step.paper.state in ENDED))
    for paper in report.failed:
        err.print(f"[red]failed[/] {escape(paper.file_name)}: {escape(paper.reason)}")


def _check_sets(given: Sequence[str], questions: Sequence[PaperQuestion]) -> None:
    known = sorted({question.set for question in questions})
    for name in given:
        if name not in known:
            raise BadRequest(f"No question is of the set {name!r}.", hint=f"There are: {', '.join(known)}.")


def _print(
    reports: Sequence[SetReport],
    settings: Settings,
    as_json: bool,
    print_them: Callable[[Sequence[SetReport]], None] = print_reports,
) -> None:
    named = settings.model_dump(include={"embedder", "reranker", "chunk_tokens"})
    made_by = {"version": __version__, **named}
    if as_json:
        out.out(to_json(reports, made_by))
    else:
        print_them(reports)


@contextmanager
def _progress(what: str, total: int | None) -> Iterator[Advance]:
    """A bar on a terminal, nothing in a pipe."""
    if not err.is_terminal:
        yield lambda count: None
        return
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=err, transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task(what, total=total)
        yield lambda count: bar.advance(task, count)
