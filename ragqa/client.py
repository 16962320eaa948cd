"""The library behind a ragqa server, over HTTP: the same calls as ``Engine``. Owns httpx."""

import json
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from ingest.folder.files import content_hash, find_pdfs
from ragqa.cancelling import question_under_way
from ragqa.conversation import Conversation, ConversationDetails, ExportFormat
from ragqa.errors import ClientGone, RagqaError, ReadError, ServerUnreachable, UploadTooLarge, error_classes
from ragqa.hang_up import hang_up_on_cancel
from ragqa.library import OnProgress, counted
from ragqa.types import (
    ENDED,
    Answer,
    AnswerDone,
    AnswerEvent,
    AskRequest,
    GivenMetadata,
    Health,
    IngestProgress,
    IngestReport,
    Paper,
    PaperDetails,
    PaperState,
    PaperTable,
    SearchRequest,
    SearchResult,
    Uploaded,
)

TIMEOUT_S = 30.0
ASK_TIMEOUT_S = 600.0
POLL_EVERY_S = 0.5
NOTICED_WITHIN_S = 60.0
PAPERS = TypeAdapter(list[Paper])
CONVERSATIONS = TypeAdapter(list[Conversation])
TABLES = TypeAdapter(list[PaperTable])
EVENT: TypeAdapter[AnswerEvent] = TypeAdapter(AnswerEvent)


class Client:
    """A ``Library``. Raises the same errors as the engine does, made again from problem details."""

    def __init__(self, url: str) -> None:
        import httpx

        self.url = url.rstrip("/")
        self._unreachable: type[Exception] = httpx.TransportError
        # The server is on this machine or configured by name: proxies of the environment are not for it.
        verify = httpx.create_ssl_context(trust_env=False)  # made once: reading the certificates takes its time
        self._http: Any = httpx.Client(base_url=self.url, timeout=TIMEOUT_S, trust_env=False, verify=verify)
        # A connection per question, which can be shut without harm to another.
        self._questions: Any = httpx.Client(
            base_url=self.url,
            timeout=httpx.Timeout(ASK_TIMEOUT_S, connect=TIMEOUT_S),
            limits=httpx.Limits(max_keepalive_connections=0),
            trust_env=False,
            verify=verify,
        )

    def upload(self, path: Path, collection: str) -> Uploaded:
        """Send a PDF."""
        with path.open("rb") as file:
            sent = self._request("POST", "/papers", files={"file": (path.name, file)}, data={"collection": collection})
        return Uploaded.model_validate(sent)

    def ingest(self, paths: Sequence[Path], collection: str, on_progress: OnProgress) -> IngestReport:
        """Send what the server has not, and follow it until it is ready or failed."""
        return send_papers(self, paths, collection, on_progress)

    def papers(self, state: PaperState | None = None) -> list[Paper]:
        """See ``Library``."""
        return PAPERS.validate_python(self._request("GET", "/papers", params={"state": state} if state else {}))

    def paper(self, paper_id: str) -> PaperDetails:
        """See ``Library``."""
        return PaperDetails.model_validate(self._request("GET", f"/papers/{paper_id}"))

    def tables(self, paper_id: str) -> list[PaperTable]:
        """See ``Library``."""
        return TABLES.validate_python(self._request("GET", f"/papers/{paper_id}/tables"))

    def delete(self, paper_id: str) -> None:
        """See ``Library``."""
        self._request("DELETE", f"/papers/{paper_id}")

    def retry(self, paper_id: str) -> Paper:
        """See ``Library``."""
        return Uploaded.model_validate(self._request("POST", f"/papers/{paper_id}/retry")).paper

    def take_in(self, files: Sequence[Path], on_progress: OnProgress) -> IngestReport:
        """Wait until the server has noticed them, and follow them until they are ready or failed."""
        return follow_files(self, files, on_progress)

    def give_metadata(self, paper_id: str, given: GivenMetadata) -> None:
        """See ``Library``."""
        self._request("PUT", f"/papers/{paper_id}/metadata", json=given.model_dump(mode="json"))

    def forget_missing(self) -> list[Paper]:
        """See ``Library``."""
        return PAPERS.validate_python(self._request("POST", "/papers/forget-missing"))

    def page_image(self, paper_id: str, page: int, highlight: str) -> bytes:
        """PNG of a page, the words of the citation ``highlight`` marked."""
        return self._content(f"/papers/{paper_id}/pages/{page}.png", {"highlight": highlight})

    def search(self, request: SearchRequest) -> SearchResult:
        """See ``Library``."""
        return SearchResult.model_validate(self._request("POST", "/search", json=request.model_dump(mode="json")))

    def ask(self, request: AskRequest) -> Generator[AnswerEvent]:
        """See ``Library``; closing the iterator ends the request. Raise ClientGone if the question is cancelled."""
        cancellation = question_under_way()
        body = request.model_copy(update={"stream": True}).model_dump(mode="json")
        sent = {"json": body, "extensions": {"trace": hang_up_on_cancel(cancellation)}}
        try:
            with self._translated(), self._questions.stream("POST", "/api/v1/ask", **sent) as response:
                if response.is_error:
                    response.read()
                _raise_problem(response)
                yield from _events(response.iter_lines())
        except ServerUnreachable as exc:
            if cancellation.cancelled:
                raise ClientGone("Who asked has gone; the server was hung up on.") from exc
            raise

    def answer(self, request: AskRequest) -> Answer:
        """The whole answer at once."""
        return next(event.answer for event in self.ask(request) if isinstance(event, AnswerDone))

    def conversations(self, query: str = "") -> list[Conversation]:
        """See ``Library``."""
        return CONVERSATIONS.validate_python(self._request("GET", "/conversations", params={"query": query}))

    def conversation(self, conversation_id: str) -> ConversationDetails:
        """See ``Library``."""
        return ConversationDetails.model_validate(self._request("GET", f"/conversations/{conversation_id}"))

    def rename_conversation(self, conversation_id: str, title: str) -> Conversation:
        """See ``Library``."""
        sent = self._request("PATCH", f"/conversations/{conversation_id}", json={"title": title})
        return Conversation.model_validate(sent)

    def delete_conversation(self, conversation_id: str) -> None:
        """See ``Library``."""
        self._request("DELETE", f"/conversations/{conversation_id}")

    def export_conversation(self, conversation_id: str, form: ExportFormat) -> str:
        """See ``Library``."""
        content = self._content(f"/conversations/{conversation_id}/export", {"format": form})
        return content.decode("utf-8")

    def health(self) -> Health:
        """See ``Library``."""
        return Health.model_validate(self._request("GET", "/health"))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
        self._questions.close()

    def _content(self, path: str, params: dict[str, str]) -> bytes:
        with self._translated():
            response = self._http.get(f"/api/v1{path}", params=params)
            _raise_problem(response)
        content: bytes = response.content
        return content

    def _request(self, method: str, path: str, **arguments: Any) -> Any:
        with self._translated():
            response = self._http.request(method, f"/api/v1{path}", **arguments)
            _raise_problem(response)
        return response.json() if response.content else None

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except self._unreachable as exc:
            raise ServerUnreachable(
                f"The ragqa server at {self.url} does not answer: {exc}", hint="Start it with: ragqa serve"
            ) from exc


def send_papers(client: Client, paths: Sequence[Path], collection: str, on_progress: OnProgress) -> IngestReport:
    """What ``Engine.ingest`` does, through a server that reads in the background."""
    started = time.perf_counter()
    files = list(find_pdfs(paths))
    known = {paper.id for paper in client.papers()}
    sent = [_send(client, file, collection, known) for file in files]
    waiting = {paper.id for paper in sent if paper.state not in ENDED}
    ended = _follow(client, waiting, on_progress)
    unchanged = sum(paper.id in known for paper in sent)
    papers = list({paper.id: ended.get(paper.id, paper) for paper in sent}.values())
    pages = sum(paper.pages for paper in ended.values())
    return counted(len(files), unchanged, papers, pages, time.perf_counter() - started)


def follow_files(client: Client, files: Sequence[Path], on_progress: OnProgress) -> IngestReport:
    """Files that lie in the server's ingest folder; those that it has not noticed in time count as queued."""
    started = time.perf_counter()
    known = {paper.id for paper in client.papers(PaperState.READY)}
    wanted = {content_hash(file): file for file in files}
    while wanted.keys() - {paper.id for paper in client.papers()} and time.perf_counter() - started < NOTICED_WITHIN_S:
        time.sleep(POLL_EVERY_S)
    here = {paper.id: paper for paper in client.papers() if paper.id in wanted}
    waiting = {paper_id for paper_id, paper in here.items() if paper.state not in ENDED}
    ended = _follow(client, waiting, on_progress)
    missed = {paper_id: Paper(id=paper_id, file_name=file.name) for paper_id, file in wanted.items()}
    papers = list((missed | here | ended).values())
    pages = sum(paper.pages for paper in ended.values())
    return counted(len(files), len(known & wanted.keys()), papers, pages, time.perf_counter() - started)


def _send(client: Client, file: Path, collection: str, known: set[str]) -> Paper:
    """The paper as the server has it; a file that it refuses becomes a failed paper in the report."""
    paper_id = content_hash(file)
    if paper_id in known:
        return client.paper(paper_id)
    try:
        return client.upload(file, collection).paper
    except (ReadError, UploadTooLarge) as exc:
        return Paper(id=paper_id, file_name=file.name, state=PaperState.FAILED, reason_code=exc.code, reason=str(exc))


def _follow(client: Client, waiting: set[str], on_progress: OnProgress) -> dict[str, Paper]:
    """Ask until every paper has ended; one that somebody deleted meanwhile has, too."""
    ended: dict[str, Paper] = {}
    total = len(waiting)
    while waiting - ended.keys():
        papers = client.papers()
        waiting = waiting & {paper.id for paper in papers}
        for paper in papers:
            if paper.id in waiting and paper.id not in ended and paper.state in ENDED:
                ended[paper.id] = paper
                pages = sum(p.pages for p in ended.values())
                on_progress(IngestProgress(done=len(ended), total=total, pages=pages, paper=paper))
        if waiting - ended.keys():
            time.sleep(POLL_EVERY_S)
    return ended


def _events(lines: Iterator[str]) -> Iterator[AnswerEvent]:
    """Server-sent events; an ``error`` event is raised as the error that it names."""
    name = ""
    for line in lines:
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data" and name == "error":
            raise _error(json.loads(value))
        elif field == "data":
            yield EVENT.validate_json(value)


def _raise_problem(response: Any) -> None:
    if response.is_error:
        try:
            problem = response.json()
        except ValueError:
            problem = {"detail": f"The server answered {response.status_code} {response.reason_phrase}."}
        raise _error(problem)


def _error(problem: dict[str, Any]) -> RagqaError:
    cls = error_classes().get(problem.get("code", ""), RagqaError)
    return cls(problem.get("detail", "The server reported an error."), hint=problem.get("hint", ""))
