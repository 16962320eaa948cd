"""The whole of it, as a reader meets it: a server, a browser, a paper, a question, and the words on the page."""

import asyncio
import io
import os
import shutil
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from ragqa.client import Client
from ragqa.types import AnswerDone, AnswerEvent, AnswerPiece, AskRequest
from tests.papers import write_many_pages, write_not_pdf, write_one_column
from tests.server import free_port, running_server
from tests.test_ui import STARTED, answer
from tests.test_ui_page import FullLibrary
from ui.app import mount

READ_WITHIN_MS = 60_000
ANSWER_WITHIN_MS = 30_000

# Counts the pixels of the page's picture that have the colour of a highlighter: red, much or less green, little blue.
PIXELS = """
image => {
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight).getContext("2d");
    canvas.drawImage(image, 0, 0);
    const {data} = canvas.getImageData(0, 0, image.naturalWidth, image.naturalHeight);
    let yellow = 0, orange = 0;
    for (let i = 0; i < data.length; i += 4)
        if (data[i] > 200 && data[i + 1] > 180 && data[i + 2] < 170) data[i + 1] > 210 ? yellow++ : orange++;
    return [yellow, orange];
}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server with an empty library."""
    with running_server(tmp_path_factory.mktemp("library") / "data") as url:
        yield url


@contextmanager
def open_page(url: str) -> Iterator[Page]:
    """The chat in a new browser. Fails if the page wrote an error to the console or asked anybody else for anything."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    troubles: list[str] = []
    with sync_playwright() as playwright:
        # The sandbox of Chromium refuses to run as root, as tests in containers do.
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=chromium, args=options)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on(
            "request",
            lambda sent: None if sent.url.startswith((url, "data:", "blob:")) else troubles.append(f"asked {sent.url}"),
        )
        page.goto(url)
        yield page
        browser.close()
    assert troubles == []


def test_the_chat_leaves_the_api_in_its_place(server: str) -> None:
    with httpx.Client(base_url=server, trust_env=False) as client:
        kinds = {
            path: client.get(path).headers["content-type"].partition(";")[0]
            for path in ("/", "/docs", "/openapi.json", "/healthz", "/readyz", "/api/v1/papers")
        }
        page = client.get("/")
        assert client.get("/gradio_api/info").json() == {"named_endpoints": {}, "unnamed_endpoints": {}}
    assert kinds == {
        "/": "text/html",
        "/docs": "text/html",
        "/openapi.json": "application/json",
        "/healthz": "application/json",
        "/readyz": "application/json",
        "/api/v1/papers": "application/json",
    }
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"


def test_from_an_empty_library_to_the_highlighted_words(server: str, tmp_path: Path) -> None:
    files = [write_one_column(tmp_path / "marmots.pdf"), write_not_pdf(tmp_path / "saved page.pdf")]
    with open_page(server) as page:
        question = page.get_by_role("textbox", name="Question")
        papers, answer, cited = page.locator("#papers"), page.locator(".ragqa.answer"), page.locator("#page")

        expect(papers).to_contain_text("No papers yet")
        question.fill("How long do marmots sleep?")
        question.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("Upload PDFs first.")
        page.get_by_role("button", name="New conversation").click()

        page.locator("#library input[type=file]").set_input_files(files)
        expect(page.locator("#refused")).to_contain_text("saved page.pdf is not a PDF.")
        expect(papers).to_contain_text("1 of 1 ready", timeout=READ_WITHIN_MS)

        question.fill("What was the mean duration of hibernation?")
        question.press("Enter")
        expect(answer).to_contain_text("201 days", timeout=ANSWER_WITHIN_MS)
        expect(cited).to_contain_text("Alpine Marmots and the Length of Winter, page")
        picture = page.get_by_role("img", name="the cited words highlighted")
        expect(picture).to_be_visible()
        assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 500
        yellow, orange = picture.evaluate(PIXELS)
        assert min(yellow, orange) > 500, "the words that answer stand out in their sentence"

        question.fill("How often was each site visited?")
        question.press("Enter")
        expect(answer).to_have_count(2, timeout=ANSWER_WITHIN_MS)
        expect(answer.last).to_contain_text("four times a year")
        expect(cited).to_contain_text("Each site was visited four times a year.")
        answer.first.get_by_role("link", name="[1]").focus()
        page.keyboard.press("Enter")
        expect(cited).to_contain_text("The mean duration was 201 days")


def test_an_earlier_conversation_is_found_opened_and_deleted(server: str) -> None:
    with httpx.Client(base_url=server, trust_env=False, timeout=60) as client:
        client.post("/api/v1/ask", json={"question": "Where do zebras graze?", "mode": "extractive"})
    with open_page(server) as page:
        kept = page.locator("#kept")
        expect(kept).to_contain_text("Where do zebras graze?")
        page.get_by_role("textbox", name="Conversations").fill("zebra")
        expect(kept.locator("li")).to_have_count(1)
        kept.get_by_role("button", name="Where do zebras graze?").click()
        expect(page.locator("#chat .ragqa.question")).to_contain_text("Where do zebras graze?")
        kept.locator("summary").click()
        with page.expect_download() as download:
            kept.get_by_role("link", name="Markdown").click()
        assert download.value.suggested_filename == "conversation.md"
        page.on("dialog", lambda dialog: dialog.accept())
        kept.get_by_role("button", name="Delete").click()
        expect(kept).to_contain_text("No conversation has these words.")
        expect(page.locator("#chat .ragqa.question")).to_have_count(0)


def shelve(url: str, folder: Path) -> None:
    """A paper, and one in a collection, both ready."""
    client = Client(url)
    client.ingest([write_one_column(folder / "marmots.pdf")], "", lambda _: None)
    client.ingest([write_many_pages(folder / "report.pdf", 2)], "reports", lambda _: None)
    client.close()


def test_papers_that_may_be_meant_and_pages_that_came_near_can_be_clicked(server: str, tmp_path: Path) -> None:
    shelve(server, tmp_path)
    with open_page(server) as page:
        question, cited = page.get_by_role("textbox", name="Question"), page.locator("#page")
        answer = page.locator(".ragqa.answer")
        expect(page.locator("#papers")).to_contain_text("2 of 2 ready")
        question.fill("Summarize this paper")
        question.press("Enter")
        page.get_by_role("button", name="Alpine Marmots and the Length of Winter").click(timeout=ANSWER_WITHIN_MS)
        expect(answer).to_contain_text("Marmots", timeout=ANSWER_WITHIN_MS)
        expect(page.locator("#chat .ragqa.question").last).to_contain_text("“Alpine Marmots and the Length of Winter”")
        expect(cited).to_contain_text("Alpine Marmots and the Length of Winter, page")

        question.fill("Who won the football world cup of 1998 in Paris?")
        question.press("Enter")
        expect(page.locator(".ragqa.refusal")).to_be_visible(timeout=ANSWER_WITHIN_MS)
        expect(cited).to_contain_text("The page behind a citation appears here.")
        page.locator(".ragqa.refusal .nearest a").first.click()
        expect(cited).to_contain_text("One of the nearest pages; no words of it are cited.")
        expect(cited.get_by_role("img")).to_be_visible()


def test_choices_are_answered_within_a_collection(server: str, tmp_path: Path) -> None:
    shelve(server, tmp_path)
    with open_page(server) as page:
        question, choices = page.get_by_role("textbox", name="Question"), page.locator("#choices textarea")
        expect(page.locator("#papers")).to_contain_text("2 of 2 ready")
        page.get_by_role("button", name="Choices").click()
        choices.fill("marmots\nbadgers\nowls")
        page.get_by_label("Ask only this collection").click()
        page.get_by_role("option", name="reports").click()
        question.fill("Which animals is the long report on?")
        question.press("Enter")
        expect(page.locator("#chat ol.given li")).to_have_text(["marmots", "badgers", "owls"])
        expect(page.locator("#chat table.choices tr")).to_have_count(3, timeout=ANSWER_WITHIN_MS)
        expect(page.locator("#chat table.choices")).to_contain_text("%")
        expect(page.locator("#chat .quotes")).to_contain_text("report")
        expect(choices).to_have_value("")


class SlowLibrary(FullLibrary):
    """Its model takes eight seconds to write an answer, and has a defect where zebras are asked for."""

    def ask(self, request: AskRequest) -> Generator[AnswerEvent]:
        yield STARTED
        for number in range(40):
            yield AnswerPiece(text=f"{number} ")
            time.sleep(0.2)
            assert "zebras" not in request.question, "a defect"
        yield AnswerDone(answer=answer())

    def page_image(self, paper_id: str, page: int, highlight: str) -> bytes:
        Image.new("L", (600, 800)).save(png := io.BytesIO(), "PNG")
        return png.getvalue()


@pytest.fixture
def slow_chat(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Address of the chat over a slow library, served by a thread."""
    monkeypatch.setattr("ui.app.Client", lambda _: SlowLibrary())
    port, servers = free_port(), list[uvicorn.Server]()

    async def serve() -> None:
        app = FastAPI()
        app.state.on_stop = []
        config = uvicorn.Config(mount(app, ""), port=port, log_config=None, timeout_graceful_shutdown=1)
        servers.append(uvicorn.Server(config))
        await servers[0].serve()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    until = time.monotonic() + 30
    while not (servers and servers[0].started) and time.monotonic() < until:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    servers[0].should_exit = True
    thread.join(20)
    assert not thread.is_alive()


def test_what_is_opened_or_deleted_during_an_answer_stays_so(slow_chat: str) -> None:
    with open_page(slow_chat) as page:
        question, kept, chat = (
            page.get_by_role("textbox", name="Question"),
            page.locator("#kept"),
            page.locator("#chat"),
        )
        ask, stop = page.get_by_role("button", name="Ask", exact=True), page.get_by_role("button", name="Stop")
        expect(page.locator("#papers")).to_contain_text("1 of 1 ready")
        question.fill("Where do owls sleep?")
        question.press("Enter")
        expect(chat).to_contain_text("Writing")
        question.fill("And why?")
        page.wait_for_timeout(700)
        expect(question).to_have_value("And why?")

        kept.get_by_role("button", name="Marmots").click()
        expect(chat).to_contain_text("201 days")
        expect(ask).to_be_visible()
        expect(stop).to_be_hidden()
        page.wait_for_timeout(1200)
        expect(chat).not_to_contain_text("owls")

        question.press("Enter")
        expect(chat).to_contain_text("Writing")
        page.on("dialog", lambda dialog: dialog.accept())
        kept.locator("summary").click()
        kept.get_by_role("button", name="Delete").click()
        expect(chat.locator(".ragqa.question")).to_have_count(0)
        page.wait_for_timeout(1200)
        expect(chat.locator(".ragqa.question")).to_have_count(0)
        expect(ask).to_be_visible()


def test_after_a_defect_one_can_go_on(slow_chat: str) -> None:
    with open_page(slow_chat) as page:
        question, chat = page.get_by_role("textbox", name="Question"), page.locator("#chat")
        expect(page.locator("#papers")).to_contain_text("1 of 1 ready")
        question.fill("Where do zebras graze?")
        question.press("Enter")
        expect(chat).to_contain_text("Stopped.")
        expect(page.get_by_role("button", name="Ask", exact=True)).to_be_visible()
        question.fill("Where do owls sleep?")
        question.press("Enter")
        expect(chat).to_contain_text("Writing")
        page.get_by_role("button", name="Stop").click()
        expect(chat.locator(".ragqa.stopped")).to_have_count(2)
        page.wait_for_timeout(1200)
        expect(chat.locator(".ragqa.stopped")).to_have_count(2)
