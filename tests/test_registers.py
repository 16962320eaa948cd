"""Crossref and arXiv, asked over HTTP at a small server of our own; and what becomes of a paper when they fail."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from ingest.folder.enrich import Enricher
from ragqa.adapters.registers import Registers, entry_of, work_of
from ragqa.compose import open_register
from ragqa.document import Document, Metadata
from ragqa.errors import RegisterUnavailable
from ragqa.settings import Settings
from ragqa.store.catalogue import Catalogue
from ragqa.store.database import Database

DOI = "10.1000/182"
WORK = {
    "message": {
        "title": ["The Sleep of <i>Marmots</i>"],
        "author": [{"given": "Ada", "family": "Lovelace"}, {"name": "Alpine Consortium"}],
        "issued": {"date-parts": [[2019, 5]]},
        "container-title": ["Alpine Journal"],
    }
}
FEED = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom">
<entry><title>Attention Is
  All You Need</title><published>2017-06-12T17:57:34Z</published><summary>We propose.</summary>
<author><name>Ashish Vaswani</name></author><author><name>Noam Shazeer</name></author></entry></feed>"""


@dataclass
class RegisterServer:
    """Answers as Crossref and arXiv do, and remembers what it was asked."""

    url: str
    asked: list[str] = field(default_factory=list)
    status: int = 200


@pytest.fixture
def server() -> Iterator[RegisterServer]:
    """On a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            place = urlsplit(self.path)
            if place.path == "/api/query":
                known = parse_qs(place.query)["id_list"] == ["1706.03762v5"]
                status, body = found.status, FEED if known else FEED.partition("<entry>")[0] + "</feed>"
            else:
                known = unquote(place.path) == f"/works/{DOI}"
                status, body = (found.status if known else 404), json.dumps(WORK)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *args: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        found = RegisterServer(f"http://127.0.0.1:{http.server_port}")
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield found
        http.shutdown()
        thread.join()


@pytest.fixture
def registers(server: RegisterServer) -> Iterator[Registers]:
    opened = Registers(server.url, server.url, "reader@example.org")
    yield opened
    opened.close()


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    database = Database(tmp_path / "catalogue.sqlite")
    yield Catalogue(database)
    database.close()


def document(**said: str) -> Document:
    return Document(Metadata(**said), (), ())  # type: ignore[arg-type]


def test_crossref_knows_a_doi(registers: Registers, server: RegisterServer) -> None:
    found = registers.look_up(Metadata(doi=DOI))
    assert found == Metadata(
        "The Sleep of Marmots", ("Ada Lovelace", "Alpine Consortium"), 2019, venue="Alpine Journal"
    )
    assert server.asked == ["/works/10.1000%2F182?mailto=reader%40example.org"]


def test_arxiv_knows_an_id(registers: Registers) -> None:
    found = registers.look_up(Metadata(arxiv_id="1706.03762v5", doi="10.48550/arXiv.1706.03762"))
    assert found == Metadata(
        "Attention Is All You Need", ("Ashish Vaswani", "Noam Shazeer"), 2017, abstract="We propose."
    )


@pytest.mark.parametrize("said", [Metadata(doi="10.1000/none"), Metadata(arxiv_id="9999.99999")])
def test_a_paper_that_nobody_knows(registers: Registers, said: Metadata) -> None:
    assert registers.look_up(said) == Metadata()


def test_a_paper_without_an_id_is_not_asked_about(registers: Registers, server: RegisterServer) -> None:
    assert registers.look_up(Metadata(title="The Sleep of Marmots")) is None
    assert server.asked == []


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_register_that_is_out_of_order(registers: Registers, server: RegisterServer, status: int) -> None:
    server.status = status
    with pytest.raises(RegisterUnavailable):
        registers.look_up(Metadata(doi=DOI))


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"{}", b'{"message": {"title": null}}', b'{"message": {"author": [1]}}', b'{"message": []}',
     b'{"message": {"issued": {"date-parts": [["x"]]}}}'],
)  # fmt: skip
def test_answers_of_another_form_say_nothing(body: bytes) -> None:
    assert work_of(body) == Metadata()


@pytest.mark.parametrize("body", [b"", b"{}", b"<feed/>", b'<!DOCTYPE feed [<!ENTITY a "b">]><feed>&a;</feed>'])
def test_feeds_of_another_form_say_nothing(body: bytes) -> None:
    assert entry_of(body) == Metadata()


def test_what_the_register_says_wins_and_is_asked_once(
    registers: Registers, server: RegisterServer, catalogue: Catalogue
) -> None:
    read = document(title="The sleep of marmots", doi=DOI)
    for _ in range(2):
        found = Enricher(catalogue, registers).enriched("a", read).metadata
        assert (found.title, found.year, found.doi) == ("The Sleep of Marmots", 2019, DOI)
    assert len(server.asked) == 1


def test_the_doi_of_a_cited_work_changes_nothing(registers: Registers, catalogue: Catalogue) -> None:
    read = document(title="Burrows and Their Digital Twins", doi=DOI)
    assert Enricher(catalogue, registers).enriched("a", read) == read


def test_a_failure_costs_a_note_and_the_others_are_not_kept_waiting(
    registers: Registers, server: RegisterServer, catalogue: Catalogue
) -> None:
    server.status = 503
    enricher = Enricher(catalogue, registers)
    first = enricher.enriched("a", document(title="The Sleep of Marmots", doi=DOI))
    assert first.metadata.year is None
    assert "could not be asked" in first.warnings[0]
    assert enricher.enriched("b", document(doi=DOI)).warnings == ()
    assert len(server.asked) == 1
    assert catalogue.given_metadata("a") is None


def test_nobody_is_asked_unless_that_is_set() -> None:
    assert open_register(Settings()) is None
    opened = open_register(Settings(enrich="crossref"))
    assert isinstance(opened, Registers)
    opened.close()
