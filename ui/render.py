"""Turns the API's shapes into HTML that is safe to show. Pure; knows nothing of Gradio or HTTP.

Whatever a paper or a model wrote passes through ``inert``: it is shown, and can be neither HTML nor Markdown.
"""

import base64
import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote as url_quote

from ragqa.details import NearestPage
from ragqa.errors import RagqaError
from ragqa.types import ENDED, Citation, Paper, PaperState

MOST_LISTED = 200  # papers; a browser draws more, but nobody reads them
ACTIVE = re.compile(r"[^\w\s.,;?!()%'-]|_")
SPACES = re.compile(r"\s+")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

STATE_NAMES = {
    PaperState.QUEUED: "waiting",
    PaperState.READING: "reading",
    PaperState.EMBEDDING: "indexing",
    PaperState.READY: "ready",
    PaperState.FAILED: "failed",
}


def inert(text: str) -> str:
    """The text on one line, with every character that could mean something to HTML or Markdown as an entity."""
    plain = SPACES.sub(" ", CONTROL.sub(" ", text)).strip()
    return ACTIVE.sub(lambda found: f"&#{ord(found[0])};", plain).replace("'", "&#39;")


def inert_lines(text: str) -> str:
    """The same with its line breaks."""
    return "<br>".join(inert(line) for line in text.splitlines())


def message(kind: str, body: str) -> str:
    """One chat message. Without line breaks it is one HTML block to Markdown, whatever stands in it."""
    return f'<div class="ragqa {kind}">{body}</div>'


def question_html(question: str, choices: Sequence[str] = ()) -> str:
    """What the user asked, with the answers to choose from."""
    rows = "".join(f"<li>{inert(choice)}</li>" for choice in choices)
    below = f'<ol class="given" type="A">{rows}</ol>' if rows else ""
    return message("question", inert_lines(question.strip()) + below)


def draft_html(text: str) -> str:
    """An answer that is still being written, not checked yet."""
    return message(
        "draft", f'<p>{inert_lines(text)}</p><p class="meta">Writing; the quotes are checked at the end.</p>'
    )


def searching_html() -> str:
    """Before the first word."""
    return message("draft", '<p class="meta">Searching the papers…</p>')


def stopped_html(draft: str) -> str:
    """What was written when the user pressed stop."""
    written = f"<p>{inert_lines(draft)}</p>" if draft else ""
    return message("stopped", f'{written}<p class="meta">Stopped. Nothing of this was checked.</p>')


def error_html(error: RagqaError) -> str:
    """What happened, and what to do next."""
    return message("error", f'<p role="alert">{_said(error.message, error.hint)}</p>')


def page_html(place: Citation | NearestPage, png: bytes) -> str:
    """The page's picture, under the words that were cited from it if any were."""
    picture = base64.b64encode(png).decode("ascii")
    where, quoted, shows = _where(place), '<p class="meta">One of the nearest pages; no words of it are cited.</p>', ""
    if isinstance(place, Citation):
        quoted, shows = f"<blockquote>{inert(place.quote)}</blockquote>", ", the cited words highlighted"
    return (
        f'<figure class="ragqa page"><figcaption><h2>{where}</h2>{quoted}'
        f'<a href="{page_address(place)}" target="_blank" rel="noopener">Open the page in a new tab</a></figcaption>'
        f'<img src="data:image/png;base64,{picture}" alt="{where}{shows}"></figure>'
    )


def no_page_html() -> str:
    """Before anything was cited."""
    return '<div class="ragqa page"><p class="meta">The page behind a citation appears here.</p></div>'


def page_address(place: Citation | NearestPage) -> str:
    """Where the page's picture is, relative to the chat's own address."""
    page = f"api/v1/papers/{url_quote(place.paper_id, safe='')}/pages/{place.page}.png"
    return f"{page}?highlight={url_quote(place.id, safe='')}" if isinstance(place, Citation) else page


def papers_html(papers: Sequence[Paper]) -> str:
    """All papers with their state, those that are being read first, then those that failed."""
    if not papers:
        return '<div class="ragqa papers"><p class="meta">No papers yet. Upload PDFs to begin.</p></div>'
    order = sorted(papers, key=lambda paper: (paper.state in ENDED, paper.state is PaperState.READY, label(paper)))
    more = f'<p class="meta">and {len(order) - MOST_LISTED} more</p>' if len(order) > MOST_LISTED else ""
    names = {paper.id: paper.file_name for paper in papers}
    rows = "".join(_paper(paper, names.get(paper.same_as, "")) for paper in order[:MOST_LISTED])
    return f'<div class="ragqa papers">{_progress(papers)}<ul>{rows}</ul>{more}</div>'


def refused_html(errors: Iterable[tuple[str, RagqaError]]) -> str:
    """Files that the library did not take, each with its reason; empty for none."""
    rows = "".join(f"<li><b>{inert(name)}</b><br>{_said(exc.message, exc.hint)}</li>" for name, exc in errors)
    return f'<div class="ragqa refused" role="alert"><p>Not added:</p><ul>{rows}</ul></div>' if rows else ""


def label(paper: Paper) -> str:
    """What a reader calls the paper."""
    return paper.title or paper.file_name


def _said(text: str, hint: str) -> str:
    return f"{inert(text)} <span class='hint'>{inert(hint)}</span>" if hint else inert(text)


def link(place: Citation | NearestPage, shown: str) -> str:
    """A link to the page that is cited, or that came near."""
    return (
        f'<a class="citation" href="{page_address(place)}" target="_blank" rel="noopener"'
        f' title="{_where(place)}">{shown}</a>'
    )


def folded(title: str, body: str) -> str:
    """Shown when the reader opens it."""
    return f'<details><summary class="meta">{title}</summary>{body}</details>'


def _where(place: Citation | NearestPage) -> str:
    return f"{inert(place.title or place.file_name)}, page {place.page}"


def _progress(papers: Sequence[Paper]) -> str:
    ended = sum(paper.state in ENDED for paper in papers)
    ready = sum(paper.state is PaperState.READY for paper in papers)
    if ended == len(papers):
        return f'<p class="meta">{ready} of {len(papers)} ready</p>'
    return (
        f'<p class="meta" role="status">Reading: {ended} of {len(papers)} done</p>'
        f'<progress value="{ended}" max="{len(papers)}" aria-label="Papers read"></progress>'
    )


def _paper(paper: Paper, twin: str) -> str:
    """A row; ``twin`` names the older paper that is the same work, if there is one."""
    details = [STATE_NAMES[paper.state]]
    details += [f"{paper.pages} pages"] if paper.state is PaperState.READY else []
    details += [f"same paper as {inert(twin)}"] if twin else []
    details += [f"{paper.hidden_words} words left out that no reader can see"] if paper.hidden_words else []
    reason = f'<p class="reason">{inert(paper.reason)}</p>' if paper.state is PaperState.FAILED else ""
    retry = f'<button type="button" data-retry="{inert(paper.id)}">Try again</button>' if reason else ""
    return (
        f'<li class="{paper.state.value}"><span class="title" title="{inert(paper.file_name)}">{inert(label(paper))}'
        f'</span><span class="state">{" · ".join(details)}</span>{reason}{retry}</li>'
    )
