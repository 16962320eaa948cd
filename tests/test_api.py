"""The REST API of a real server process: statuses, problem details, streams, pictures, uploads."""

import io
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from tests import papers
from tests.ollama_server import OllamaServer
from tests.server import running_server

QUESTION = "What was the mean duration and its standard deviation?"
PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def ollama() -> Iterator[OllamaServer]:
    """A language model's server, scripted by each test."""
    with OllamaServer() as server:
        yield server


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, ollama: OllamaServer) -> Iterator[httpx.Client]:
    """A client of a server that knows one paper about marmots."""
    folder = tmp_path_factory.mktemp("api")
    settings = {"RAGQA_LLM": "ollama:llama3.2", "RAGQA_OLLAMA_URL": ollama.url, "RAGQA_MAX_FILE_MB": "1"}
    with running_server(folder / "data", **settings) as url, httpx.Client(base_url=url, timeout=60) as client:
        pdf = papers.write_one_column(folder / "marmots.pdf")
        assert upload(client, pdf.name, pdf.read_bytes()).status_code == 202
        wait_until_ended(client)
        yield client


def upload(client: httpx.Client, name: str, content: bytes) -> httpx.Response:
    """Post a file."""
    return client.post("/api/v1/papers", files={"file": (name, content)})


def wait_until_ended(client: httpx.Client) -> list[dict[str, Any]]:
    """The papers, once each is ready or failed."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        listed: list[dict[str, Any]] = client.get("/api/v1/papers").json()
        if all(paper["state"] in ("ready", "failed") for paper in listed):
            return listed
        time.sleep(0.1)
    raise AssertionError("Papers were not read in time.")


def ask(client: httpx.Client, **body: Any) -> httpx.Response:
    """Ask, by default about the marmots and without a language model."""
    return client.post("/api/v1/ask", json={"question": QUESTION, "mode": "extractive", **body})


def streamed(client: httpx.Client, **body: Any) -> list[dict[str, Any]]:
    """The events of a streamed answer, each with its name under ``event``."""
    request = {"question": QUESTION, "stream": True, **body}
    with client.stream("POST", "/api/v1/ask", json=request) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = list(response.iter_lines())
    names = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    found = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
    return [{**data, "event": name} for name, data in zip(names, found, strict=True)]


def test_alive_and_ready(api: httpx.Client) -> None:
    assert api.get("/healthz").json() == {"status": "ok"}
    assert api.get("/readyz").json() == {"status": "ready"}
    assert api.get("/api/v1/health").json()["papers"]["ready"] >= 1


def test_openapi_names_every_route_and_the_docs_need_no_other_machine(api: httpx.Client) -> None:
    paths = api.get("/openapi.json").json()["paths"]
    assert set(paths) >= {
        "/api/v1/papers",
        "/api/v1/papers/{paper_id}",
        "/api/v1/papers/{paper_id}/retry",
        "/api/v1/papers/{paper_id}/pages/{page}.png",
        "/api/v1/conversations",
        "/api/v1/conversations/{conversation_id}",
        "/api/v1/conversations/{conversation_id}/export",
        "/api/v1/search",
        "/api/v1/ask",
        "/healthz",
        "/readyz",
    }
    page = api.get("/docs").text
    assert "swagger-ui" in page
    assert "//cdn" not in page


def test_an_answer_has_every_field_that_programs_rely_on(api: httpx.Client) -> None:
    answer = ask(api).json()
    assert set(answer) >= {
        "answer", "kind", "mode", "abstained", "confidence", "citations", "unsupported", "standalone_question",
        "model", "usage", "timings_ms", "short", "verdict", "choices", "comparison", "summary", "candidates", "nearest",
        "searched",
    }  # fmt: skip
    assert set(answer["citations"][0]) >= {"id", "paper_id", "file_name", "title", "page", "quote", "rects", "score"}
    assert answer["citations"][0]["page"] == 2


def test_choices_come_back_with_probabilities(api: httpx.Client) -> None:
    answer = ask(api, choices=["12 days", "201 days"]).json()
    assert answer["kind"] == "choice"
    assert [choice["text"] for choice in answer["choices"]] == ["12 days", "201 days"]
    assert answer["choices"][1]["probability"] > 0.5


def test_a_search_has_every_field_that_programs_rely_on(api: httpx.Client) -> None:
    found = api.post("/api/v1/search", json={"question": QUESTION, "k": 2}).json()
    assert len(found["hits"]) == 2
    assert set(found["hits"][0]) >= {
        "chunk_id", "paper_id", "file_name", "title", "page", "section", "text", "score",
    }  # fmt: skip


def test_the_cited_words_are_highlighted_on_the_page(api: httpx.Client) -> None:
    citation = ask(api).json()["citations"][0]
    place = f"/api/v1/papers/{citation['paper_id']}/pages/{citation['page']}.png"
    plain, marked = api.get(place), api.get(place, params={"highlight": citation["id"]})
    assert marked.headers["content-type"] == "image/png"
    before, after = (Image.open(io.BytesIO(response.content)).convert("RGB") for response in (plain, marked))
    scale = after.width / 595.28
    x0, y0, x1, _ = citation["rects"][0]
    inside = (round((x0 + x1) / 2 * scale), round(y0 * scale) + 2)
    red, green, blue = after.getpixel(inside)
    assert min(red, green) > blue + 40, "yellow inside the rectangle"
    assert after.getpixel((5, 5)) == before.getpixel((5, 5)) == (255, 255, 255)


def test_a_stream_starts_flows_and_ends_with_the_checked_answer(api: httpx.Client, ollama: OllamaServer) -> None:
    ollama.behaviour.answer = "The mean duration was 201 days [1]."
    events = streamed(api)
    assert [event["event"] for event in events][:2] == ["started", "piece"]
    assert events[0]["mode"] == "generative"
    assert "".join(event["text"] for event in events if event["event"] == "piece") == ollama.behaviour.answer
    answer = events[-1]["answer"]
    assert (answer["mode"], answer["model"], answer["unsupported"]) == ("generative", "ollama:llama3.2", [])
    assert answer["citations"][0]["page"] == 2


def test_the_evidence_reaches_the_model_numbered_and_never_as_a_rule(api: httpx.Client, ollama: OllamaServer) -> None:
    ollama.behaviour.answer = "The mean duration was 201 days [1]."
    ask(api, mode="generative")
    body = ollama.log.bodies("/api/chat")[-1]
    system, user = body["messages"]
    assert (system["role"], user["role"]) == ("system", "user")
    assert "[1] (" in user["content"]
    assert "201 days" in user["content"]
    assert "201 days" not in system["content"]
    assert body["options"]["num_ctx"] > 0


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/api/v1/ask", {"question": ""}, 422, "bad_question"),
        ("POST", "/api/v1/ask", {"question": "x" * 100_000}, 422, "bad_question"),
        ("POST", "/api/v1/ask", {"question": "x" * 2_000_000}, 413, "upload_too_large"),
        ("POST", "/api/v1/ask", {"question": "x", "mode": "magic"}, 422, "bad_request"),
        ("POST", "/api/v1/ask", {"question": "x", "colour": "red"}, 422, "bad_request"),
        ("POST", "/api/v1/ask", {"question": "x", "choices": ["one"]}, 422, "bad_request"),
        ("POST", "/api/v1/ask", {}, 422, "bad_request"),
        ("POST", "/api/v1/ask", {"question": "x", "conversation_id": "no"}, 404, "conversation_not_found"),
        ("POST", "/api/v1/search", {"question": "x", "k": 0}, 422, "bad_request"),
        ("GET", "/api/v1/papers/unknown", None, 404, "paper_not_found"),
        ("DELETE", "/api/v1/papers/unknown", None, 404, "paper_not_found"),
        ("GET", "/api/v1/papers/unknown/pages/1.png", None, 404, "paper_not_found"),
        ("GET", "/api/v1/papers?state=lost", None, 422, "bad_request"),
        ("GET", "/api/v1/nothing", None, 404, "http_error"),
        ("PUT", "/api/v1/ask", None, 404, "http_error"),
    ],
)  # fmt: skip
def test_bad_requests_are_problem_details(
    api: httpx.Client, method: str, path: str, body: Any, status: int, code: str
) -> None:
    response = api.request(method, path, json=body)
    problem = response.json()
    assert (response.status_code, problem["code"]) == (status, code)
    assert response.headers["content-type"] == PROBLEM
    assert problem["status"] == status
    assert problem["title"]


def test_only_this_machine_is_answered_and_only_its_own_pages_change_anything(api: httpx.Client) -> None:
    foreign_name = api.get("/api/v1/papers", headers={"Host": "evil.example"})
    foreign_page = api.post("/api/v1/search", json={"question": "x"}, headers={"Origin": "http://evil.example"})
    own_page = api.post("/api/v1/search", json={"question": "x"}, headers={"Origin": str(api.base_url).rstrip("/")})
    assert (foreign_name.status_code, foreign_name.json()["code"]) == (403, "foreign_request")
    assert (foreign_page.status_code, foreign_page.json()["code"]) == (403, "foreign_request")
    assert own_page.status_code == 200


def test_probes_by_head_and_unknown_methods_are_answered_by_the_api(api: httpx.Client) -> None:
    assert api.head("/readyz").status_code == 200
    assert api.options("/api/v1/nothing").headers["content-type"] == PROBLEM


def test_an_unknown_page_or_citation_is_not_found(api: httpx.Client) -> None:
    paper_id = api.get("/api/v1/papers").json()[0]["id"]
    assert api.get(f"/api/v1/papers/{paper_id}/pages/99.png").json()["hint"] == "It has pages 1 to 3."
    unknown = api.get(f"/api/v1/papers/{paper_id}/pages/1.png", params={"highlight": "nobody.1"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "citation_not_found")


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "empty_file"),
        (b"Dear reader", 422, "not_pdf"),
        (b"%PDF-1.4" + b"0" * 1_040_000 + b"0" * 20_000, 413, "upload_too_large"),
        (b"%PDF-1.4" + b"0" * 3_000_000, 413, "upload_too_large"),
    ],
    ids=["empty", "no PDF", "over the limit", "far over the limit"],
)
def test_uploads_that_cannot_be_papers_are_refused_and_not_kept(
    api: httpx.Client, content: bytes, status: int, code: str
) -> None:
    before = api.get("/api/v1/papers").json()
    response = upload(api, "x.pdf", content)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert api.get("/api/v1/papers").json() == before


@pytest.mark.parametrize("name", ["../../etc/passwd.pdf", "C:\\evil.pdf", "a\r\nb.pdf", "." * 300, "…/☃.pdf"])
def test_a_hostile_file_name_stays_inside_the_ingest_folder(api: httpx.Client, tmp_path: Path, name: str) -> None:
    pdf = papers.write_many_pages(tmp_path / "x.pdf", 1).read_bytes() + b"\n% " + name.encode().hex().encode()
    accepted = upload(api, name, pdf).json()
    assert "/" not in accepted["paper"]["file_name"]
    assert "\\" not in accepted["paper"]["file_name"]
    assert api.delete(f"/api/v1/papers/{accepted['paper']['id']}").status_code == 204


def test_a_locked_pdf_ends_failed_with_its_reason_and_can_be_retried(api: httpx.Client, tmp_path: Path) -> None:
    locked = papers.write_encrypted(tmp_path / "locked.pdf", "secret").read_bytes()
    accepted = upload(api, "locked.pdf", locked).json()
    assert accepted["created"] is True
    failed = next(p for p in wait_until_ended(api) if p["id"] == accepted["paper"]["id"])
    assert (failed["state"], failed["reason_code"]) == ("failed", "encrypted_pdf")
    assert "password" in failed["reason"]
    assert api.post(f"/api/v1/papers/{failed['id']}/retry").status_code == 202
    wait_until_ended(api)
    assert api.delete(f"/api/v1/papers/{failed['id']}").status_code == 204


def test_papers_are_exported_as_bibtex(api: httpx.Client) -> None:
    whole = api.get("/api/v1/papers.bib")
    assert whole.headers["content-type"].startswith("application/x-bibtex")
    assert "Alpine Marmots and the Length of Winter" in whole.text
    marmots = next(paper for paper in api.get("/api/v1/papers").json() if paper["file_name"] == "marmots.pdf")
    one = api.get(f"/api/v1/papers/{marmots['id']}.bib")
    assert one.status_code == 200
    assert one.text in whole.text
    assert api.get("/api/v1/papers.bib", params={"collection": "none"}).text == ""
    assert api.get("/api/v1/papers/nobody.bib").status_code == 404


def test_the_same_upload_twice_is_one_paper(api: httpx.Client, tmp_path: Path) -> None:
    content = papers.write_one_column(tmp_path / "marmots.pdf").read_bytes()
    again = upload(api, "other-name.pdf", content).json()
    assert again["created"] is False
    assert [p["file_name"] for p in api.get("/api/v1/papers").json()].count("other-name.pdf") == 0


def test_a_model_that_is_not_pulled_is_named_and_auto_answers_all_the_same(
    api: httpx.Client, ollama: OllamaServer
) -> None:
    kept, ollama.models = ollama.models, []
    try:
        wanted = ask(api, mode="generative")
        fallback = ask(api, mode="auto").json()
    finally:
        ollama.models = kept
    assert wanted.status_code == 503
    assert wanted.json()["code"] == "model_not_found"
    assert "ollama pull" in wanted.json()["hint"]
    assert fallback["mode"] == "extractive"
    assert "ollama pull" in fallback["note"]


def test_a_stream_cut_half_way_ends_with_an_error_event(api: httpx.Client, ollama: OllamaServer) -> None:
    ollama.behaviour.answer = "The mean duration was two hundred and one days as measured at nine sites [1]."
    ollama.behaviour.quiet_end_after = 3
    try:
        events = streamed(api, mode="generative")
    finally:
        ollama.behaviour.quiet_end_after = None
    assert [event["event"] for event in events][-1] == "error"
    assert events[-1]["code"] == "model_stream_cut"
    assert not any(event["event"] == "done" for event in events)


def test_many_questions_at_once_are_all_answered(api: httpx.Client) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(api), range(24)))
    assert [answer.status_code for answer in answers] == [200] * 24
    assert {answer.json()["citations"][0]["quote"] for answer in answers} == {
        answers[0].json()["citations"][0]["quote"]
    }


def test_a_pdf_dropped_into_the_ingest_folder_is_read(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running_server(data) as url, httpx.Client(base_url=url) as client:
        papers.write_one_column(data / "ingest" / "dropped.pdf")
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not client.get("/api/v1/papers", params={"state": "ready"}).json():
            time.sleep(0.2)
        assert [paper["file_name"] for paper in client.get("/api/v1/papers").json()] == ["dropped.pdf"]


def test_an_exported_conversation_is_a_file_and_no_page_of_the_server(api: httpx.Client) -> None:
    name = ask(api).json()["conversation_id"]
    exported = api.get(f"/api/v1/conversations/{name}/export", params={"format": "markdown"})
    assert exported.headers["content-disposition"] == 'attachment; filename="conversation.md"'
    assert exported.headers["content-type"].startswith("text/markdown")
    assert api.get(f"/api/v1/conversations/{name}/export", params={"format": "docx"}).status_code == 422
    assert api.patch(f"/api/v1/conversations/{name}", json={"title": ""}).status_code == 422
    assert api.patch(f"/api/v1/conversations/{name}", json={"title": "Sleep"}).json()["title"] == "Sleep"
    assert api.delete(f"/api/v1/conversations/{name}").status_code == 204
    gone = api.get(f"/api/v1/conversations/{name}")
    assert (gone.status_code, gone.headers["content-type"]) == (404, PROBLEM)
