"""Crossref and arXiv: what public registers know of a paper, asked by its id. Only where the user has switched it on.

Knows HTTP and the two formats; sends a DOI or an arXiv id and nothing else of the paper.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from ragqa import __version__
from ragqa.document import Metadata
from ragqa.errors import RegisterUnavailable

CONNECT_TIMEOUT_S = 3.0
READ_TIMEOUT_S = 8.0
MOST_BYTES = 1 << 20
_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"
_TAG = re.compile(r"<[^>]{1,200}>")
_ARXIV_DOI = "10.48550/"


class Registers:
    """A ``PaperRegister``: Crossref for DOIs, arXiv for its own ids."""

    name = "crossref"

    def __init__(self, crossref_url: str, arxiv_url: str, mail: str) -> None:
        import httpx

        self._crossref = crossref_url.rstrip("/")
        self._arxiv = arxiv_url.rstrip("/")
        self._mail = mail
        self._failures: tuple[type[Exception], ...] = (httpx.HTTPError, httpx.InvalidURL)
        agent = f"ragqa/{__version__}" + (f" (mailto:{mail})" if mail else "")
        timeout = httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
        self._http: Any = httpx.Client(timeout=timeout, headers={"User-Agent": agent}, follow_redirects=True)

    def look_up(self, said: Metadata) -> Metadata | None:
        """See ``PaperRegister``."""
        if said.doi and not said.doi.startswith(_ARXIV_DOI):
            polite = {"mailto": self._mail} if self._mail else {}
            return work_of(self._fetched(f"{self._crossref}/works/{quote(said.doi, safe='')}", polite))
        if said.arxiv_id:
            asked = {"id_list": said.arxiv_id, "max_results": "1"}
            return entry_of(self._fetched(f"{self._arxiv}/api/query", asked))
        return None

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _fetched(self, url: str, asked: Mapping[str, str]) -> bytes:
        """The answer's body, empty if the register has no such paper. Raise RegisterUnavailable."""
        try:
            with self._http.stream("GET", url, params=dict(asked)) as reply:
                if reply.status_code == 404:
                    return b""
                reply.raise_for_status()
                return b"".join(_limited(reply.iter_bytes(), url))
        except self._failures as exc:
            raise RegisterUnavailable(
                f"{url} could not be asked ({type(exc).__name__}).", hint="Try again later, or set RAGQA_ENRICH=off."
            ) from exc


def _limited(pieces: Iterator[bytes], url: str) -> Iterator[bytes]:
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > MOST_BYTES:
            raise RegisterUnavailable(f"{url} sends more than {MOST_BYTES >> 20} MB.")
        yield piece


def work_of(body: bytes) -> Metadata:
    """Crossref's JSON; empty where there is no such work or the answer is of another form."""
    try:
        work = json.loads(body)["message"] if body else {}
        authors = tuple(filter(None, map(_name, work.get("author", []))))
        dates = [work.get(field, {}).get("date-parts", [[None]])[0][0] for field in ("issued", "published")]
        return Metadata(
            title=_text(next(iter(work.get("title", [])), "")),
            authors=authors,
            year=next((int(year) for year in dates if year), None),
            venue=_text(next(iter(work.get("container-title", [])), "")),
            abstract=_text(work.get("abstract", "")),
        )
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return Metadata()


def entry_of(body: bytes) -> Metadata:
    """arXiv's Atom feed; empty where there is no such paper or the answer is of another form."""
    try:
        # A document type could define entities that expand without end; arXiv sends none.
        feed = None if b"<!DOCTYPE" in body or not body else ElementTree.fromstring(body)
    except ElementTree.ParseError:
        return Metadata()
    entry = feed.find(f"{_ATOM}entry") if feed is not None else None
    if entry is None or entry.find(f"{_ATOM}author") is None:
        return Metadata()
    year = re.match(r"\d{4}", entry.findtext(f"{_ATOM}published", ""))
    return Metadata(
        title=_text(entry.findtext(f"{_ATOM}title", "")),
        authors=tuple(_text(name.text) for name in entry.findall(f"{_ATOM}author/{_ATOM}name") if name.text),
        year=int(year[0]) if year else None,
        doi=_text(entry.findtext(f"{_ARXIV}doi", "")),
        abstract=_text(entry.findtext(f"{_ATOM}summary", "")),
    )


def _name(author: Mapping[str, Any]) -> str:
    parts = (author.get("given"), author.get("family"), author.get("suffix"))
    return _text(" ".join(part for part in parts if part) or author.get("name", ""))


def _text(value: object) -> str:
    """One line of characters that can be stored, without tags."""
    plain = _TAG.sub(" ", value) if isinstance(value, str) else ""
    return " ".join(plain.encode("utf-8", "ignore").decode().split())
