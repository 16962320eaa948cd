"""How results look on a terminal; as JSON they are the API's shapes."""

import json
import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ragqa.errors import RagqaError
from ragqa.plain_answer import beside, citations_of
from ragqa.types import Answer, Health, Hit, IngestReport, Paper, PaperDetails

SHOWN_ID = 12
SNIPPET = 300

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(value: BaseModel | Sequence[BaseModel]) -> None:
    """One JSON document on standard output."""
    if isinstance(value, BaseModel):
        plain: Any = value.model_dump(mode="json")
    else:
        plain = [item.model_dump(mode="json") for item in value]
    out.out(json.dumps(plain, ensure_ascii=False, indent=2))


def print_error(exc: RagqaError, as_json: bool) -> None:
    """The message, and on a line of its own what to do next."""
    if as_json:
        out.out(json.dumps({"error": {"code": exc.code, "message": exc.message, "hint": exc.hint}}, ensure_ascii=False))
        return
    err.print(f"[bold red]Error:[/] {escape(exc.message)}")
    if exc.hint:
        err.print(escape(exc.hint))


def print_report(report: IngestReport) -> None:
    """What an ingest did."""
    if not report.found:
        out.print("No PDFs found there.")
        return
    new = report.found - report.unchanged
    rate = f", {report.pages / report.seconds:.1f} pages/s" if report.pages and report.seconds else ""
    out.print(
        f"{report.found} PDFs found: {new} new, {report.unchanged} known. {report.ready} papers ready,"
        f" {len(report.failed)} failed, {report.queued} queued ({report.seconds:.1f} s{rate})."
    )
    for paper in report.failed:
        out.print(f"  [red]failed[/] {escape(paper.file_name)}: {escape(paper.reason)}")


def print_papers(papers: Sequence[Paper]) -> None:
    """One row per paper."""
    table = Table("id", "state", "pages", "file", "title", box=None, header_style="bold")
    for paper in papers:
        said = " — ".join(filter(None, (paper.title, paper.reason, _hidden(paper), _twin(paper))))
        table.add_row(paper.id[:SHOWN_ID], paper.state, str(paper.pages or ""), escape(paper.file_name), escape(said))
    out.print(table)


def print_paper(paper: PaperDetails) -> None:
    """What is known of one paper, a line each, then its abstract and its sections."""
    imprint = ", ".join(filter(None, (paper.venue, str(paper.year or ""))))
    ids = ", ".join(filter(None, (paper.doi and f"doi:{paper.doi}", paper.arxiv_id and f"arXiv:{paper.arxiv_id}")))
    size = f"{paper.pages} pages, {paper.chunks} chunks" if paper.pages else ""
    out.print(f"[bold]{escape(paper.title or paper.file_name)}[/]")
    for line in (", ".join(paper.authors), imprint, ids, f"{paper.file_name} ({paper.id[:SHOWN_ID]})", size):
        if line:
            out.print(escape(line))
    out.print(escape(" — ".join(filter(None, (paper.state, paper.reason, _hidden(paper), _twin(paper))))))
    if paper.abstract:
        out.print(f"\n{escape(paper.abstract)}")
    if paper.outline:
        out.print("")
    for place in paper.outline:
        out.print(f"{'  ' * (place.level - 1)}{escape(place.heading)} [dim]p. {place.page}[/]")


def _hidden(paper: Paper) -> str:
    return f"{paper.hidden_words} words left out that no reader can see" if paper.hidden_words else ""


def _twin(paper: Paper) -> str:
    return f"same paper as {paper.same_as[:SHOWN_ID]}" if paper.same_as else ""


def print_hits(hits: Sequence[Hit], note: str = "") -> None:
    """Rank, place and the beginning of the text; then what should be known about the search."""
    if not hits:
        out.print("Nothing found.")
    for rank, hit in enumerate(hits, start=1):
        place = " · ".join(filter(None, (hit.title or hit.file_name, f"p. {hit.page}", hit.section)))
        out.print(f"[bold]{rank}.[/] [cyan]{escape(place)}[/] [dim]({hit.score:.4f})[/]")
        out.print(f"   {escape(_shortened(hit.text))}")
    if note:
        out.print(f"[dim]{escape(note)}[/]")


def print_sources(answer: Answer) -> None:
    """What an answer of its kind has beyond its text, the quotes behind it, and what should be known about it."""
    for paragraph in beside(answer):
        out.print(escape(paragraph))
    for citation in citations_of(answer):
        place = f"{citation.title or citation.file_name}, p. {citation.page}"
        out.print(f"[bold]\\[{citation.number}][/] [cyan]{escape(place)}[/]: “{escape(_shortened(citation.quote))}”")
    for sentence in answer.unsupported:
        out.print(f"[yellow]Not found in the papers:[/] {escape(sentence)}")
    told = f"{answer.mode} by {answer.model}" if answer.mode == "generative" else answer.mode
    out.print(f"[dim]{escape(told)} · confidence {answer.confidence:.2f}[/]")
    if answer.note:
        out.print(f"[dim]{escape(answer.note)}[/]")


def print_health(health: Health) -> None:
    """What works, then what is missing."""
    counts = ", ".join(f"{count} {state}" for state, count in health.papers.items() if count) or "none"
    out.print(f"[green]ok[/] papers: {counts}; {health.chunks} chunks")
    out.print(f"[green]ok[/] embedder: {escape(health.embedder)}")
    if health.llm:
        out.print(f"[green]ok[/] language model: {escape(health.llm)}")
    if health.ocr:
        out.print(f"[green]ok[/] text recognition: {escape(health.ocr)}")
    else:
        out.print("[yellow]--[/] text recognition: none; pages that are pictures are not read")
    for problem in health.problems:
        out.print(f"[yellow]--[/] {escape(problem)}")


def _shortened(text: str) -> str:
    plain = re.sub(r"\s+", " ", text)
    return plain if len(plain) <= SNIPPET else plain[:SNIPPET].rsplit(" ", 1)[0] + " …"
