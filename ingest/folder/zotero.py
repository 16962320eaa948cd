"""Reads a Zotero data folder: which PDFs there are, what Zotero knows of them, and in which collections they are.

Works on a copy of the database: Zotero locks it while it runs, and nothing is ever written into its folder.
"""

import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ingest.folder.files import LONGEST_NAME, UNSAFE, safe_name
from ingest.folder.scan import pdf_entries
from ragqa.document import Metadata
from ragqa.errors import BadRequest, PathNotFound

DATABASE = "zotero.sqlite"
COMPANIONS = ("", "-wal", "-journal")
TRIES = 5
LINKED_FILE = 2
VENUES = ("publicationTitle", "proceedingsTitle", "conferenceName", "bookTitle", "university", "institution")
YEAR = re.compile(r"\b(1[5-9]|20)\d\d\b")
DOI = re.compile(r"10\.\d{4,9}/\S+")
ARXIV = re.compile(r"arxiv(?:\.org/(?:abs|pdf)/|:\s*)((?:[a-z-]+/)?\d{4}\.?\d{3,5}(?:v\d+)?)", re.IGNORECASE)

ATTACHMENTS = """
    SELECT a.itemID AS id, a.parentItemID AS parent, a.linkMode AS mode, a.path AS path, i.key AS key
    FROM itemAttachments a JOIN items i ON i.itemID = a.itemID
    WHERE (a.contentType = 'application/pdf' OR lower(a.path) LIKE '%.pdf') AND a.path IS NOT NULL
    AND a.itemID NOT IN (SELECT itemID FROM deletedItems)
    AND (a.parentItemID IS NULL OR a.parentItemID NOT IN (SELECT itemID FROM deletedItems))
    ORDER BY a.itemID
"""
FIELDS = """
    SELECT d.itemID AS id, f.fieldName AS field, v.value AS value
    FROM itemData d JOIN fields f ON f.fieldID = d.fieldID JOIN itemDataValues v ON v.valueID = d.valueID
"""
CREATORS = """
    SELECT ic.itemID AS id, c.firstName AS first, c.lastName AS last, t.creatorType AS type
    FROM itemCreators ic JOIN creators c ON c.creatorID = ic.creatorID
    LEFT JOIN creatorTypes t ON t.creatorTypeID = ic.creatorTypeID ORDER BY ic.itemID, ic.orderIndex
"""
COLLECTIONS = "SELECT collectionID AS id, collectionName AS name, parentCollectionID AS parent FROM collections"
MEMBERS = "SELECT itemID AS item, collectionID AS collection FROM collectionItems"


@dataclass(frozen=True, slots=True)
class ZoteroPaper:
    """A PDF, what Zotero says of it (None: nothing), and its collection from the outermost in, if it is in one."""

    file: Path
    said: Metadata | None
    collection: tuple[str, ...]


def read_zotero(folder: Path, only: str | None = None) -> list[ZoteroPaper]:
    """The PDFs that are there; with ``only``, those of that collection and the ones below it.

    Raise PathNotFound if this is no Zotero folder, BadRequest if it cannot be read or knows no such collection.
    """
    if not (folder / DATABASE).is_file():
        raise PathNotFound(
            f"{folder} holds no {DATABASE}.",
            hint="Zotero shows its data folder under Settings > Advanced > Files and Folders.",
        )
    with _copied(folder) as database:
        try:
            found = list(_Reader(database, folder).papers())
        except sqlite3.Error as exc:
            raise BadRequest(f"{folder / DATABASE} cannot be read: {exc}.", hint="Close Zotero and try again.") from exc
    if only is None:
        return found
    wanted = [paper for paper in found if only.casefold() in map(str.casefold, paper.collection)]
    if not wanted:
        raise BadRequest(f"Zotero has no PDFs in a collection {only!r}.", hint="Check the name, or leave it out.")
    return wanted


def link_in(paper: ZoteroPaper, ingest_folder: Path, linked: dict[Path, Path]) -> Path:
    """Where the paper lies in the ingest folder, as a link; ``linked`` tells where its links are, by target.

    A link takes no space and follows what Zotero does with the file. Where there are no links, it is copied.
    """
    folder = ingest_folder.resolve().joinpath(*map(_folder_name, paper.collection))
    target = paper.file.resolve()
    known = linked.get(target)
    if known is not None and known.parent == folder:
        return known
    folder.mkdir(parents=True, exist_ok=True)
    place = _free_place(folder, safe_name(paper.file.name), target)
    if known is not None:
        known.rename(place)
    elif not place.exists():
        try:
            place.symlink_to(target)
        except OSError:  # Windows asks for rights to make links
            shutil.copyfile(target, place)
    linked[target] = place
    return place


def links_in(ingest_folder: Path) -> dict[Path, Path]:
    """The links to files in the ingest folder, by what they lead to."""
    entries = pdf_entries(ingest_folder.resolve())
    return {Path(entry.path).resolve(): Path(entry.path) for entry in entries if entry.is_symlink()}


class _Reader:
    """Joins the tables, each read once."""

    def __init__(self, database: sqlite3.Connection, folder: Path) -> None:
        self._folder = folder
        self._attachments = database.execute(ATTACHMENTS).fetchall()
        self._fields: dict[int, dict[str, str]] = {}
        for row in database.execute(FIELDS):
            self._fields.setdefault(row["id"], {})[row["field"]] = str(row["value"])
        self._creators: dict[int, list[sqlite3.Row]] = {}
        for row in database.execute(CREATORS):
            self._creators.setdefault(row["id"], []).append(row)
        self._collections = {row["id"]: row for row in database.execute(COLLECTIONS)}
        self._member_of: dict[int, list[int]] = {}
        for row in database.execute(MEMBERS):
            self._member_of.setdefault(row["item"], []).append(row["collection"])

    def papers(self) -> Iterator[ZoteroPaper]:
        """Of several PDFs of one item the first is the paper; others may be supplements and speak for themselves."""
        spoken_for = set[int]()
        for row in self._attachments:
            item = row["id"] if row["parent"] is None else row["parent"]
            file = self._file(row)
            if file is None or not file.is_file():
                continue
            said = None if item in spoken_for or row["parent"] is None else self._said(item)
            spoken_for.add(item)
            yield ZoteroPaper(file, said, self._collection(item))

    def _file(self, row: sqlite3.Row) -> Path | None:
        """None for a place that only Zotero's own settings know, or that leads out of its folder."""
        if row["path"].startswith("storage:"):
            name = row["path"].removeprefix("storage:")
            return None if Path(name).name != name else self._folder / "storage" / row["key"] / name
        path = Path(row["path"])
        return path if row["mode"] == LINKED_FILE and path.is_absolute() else None

    def _said(self, item: int) -> Metadata:
        fields = self._fields.get(item, {})
        extra = fields.get("extra", "")
        year = YEAR.search(fields.get("date", ""))
        doi = DOI.search(fields.get("DOI", "")) or DOI.search(extra)
        arxiv = ARXIV.search(" ".join((fields.get("archiveID", ""), fields.get("url", ""), extra)))
        return Metadata(
            title=fields.get("title", "").strip(),
            authors=self._authors(item),
            year=int(year[0]) if year else None,
            doi=doi[0].rstrip(".,;") if doi else "",
            venue=next((fields[name] for name in VENUES if fields.get(name)), ""),
            arxiv_id=arxiv[1] if arxiv else "",
            abstract=fields.get("abstractNote", "").strip(),
        )

    def _authors(self, item: int) -> tuple[str, ...]:
        creators = self._creators.get(item, [])
        authors = [row for row in creators if row["type"] in ("author", None)] or creators
        names = (" ".join(filter(None, (row["first"], row["last"]))).strip() for row in authors)
        return tuple(filter(None, names))

    def _collection(self, item: int) -> tuple[str, ...]:
        """Of several the first by name: a paper lies in one folder."""
        paths = sorted(self._path(collection) for collection in self._member_of.get(item, []))
        return paths[0] if paths else ()

    def _path(self, collection: int | None) -> tuple[str, ...]:
        names: list[str] = []
        while collection in self._collections and len(names) < len(self._collections):
            row = self._collections[collection]
            names.insert(0, row["name"])
            collection = row["parent"]
        return tuple(names)


@contextmanager
def _copied(folder: Path) -> Iterator[sqlite3.Connection]:
    with tempfile.TemporaryDirectory(prefix="ragqa-zotero-") as made:
        copy = Path(made, DATABASE)
        for _ in range(TRIES):
            before = _state(folder)
            for suffix in COMPANIONS:
                if Path(f"{folder / DATABASE}{suffix}").is_file():
                    shutil.copyfile(f"{folder / DATABASE}{suffix}", f"{copy}{suffix}")
            if _state(folder) == before:  # else Zotero wrote meanwhile
                break
        with closing(sqlite3.connect(copy)) as database:
            database.row_factory = sqlite3.Row
            yield database


def _state(folder: Path) -> list[tuple[int, int]]:
    files = [Path(f"{folder / DATABASE}{suffix}") for suffix in COMPANIONS]
    return [(stat.st_size, stat.st_mtime_ns) for stat in (file.stat() for file in files if file.is_file())]


def _free_place(folder: Path, name: str, target: Path) -> Path:
    stem = name.removesuffix(".pdf")
    for number in range(1, 10_000):
        place = folder / (name if number == 1 else f"{stem} ({number}).pdf")
        if not (place.exists() or place.is_symlink()) or (place.is_symlink() and place.resolve() == target):
            return place
    raise BadRequest(f"There are too many files named {name}.", hint="Rename the file.")


def _folder_name(collection: str) -> str:
    return UNSAFE.sub("_", collection).strip(" .")[:LONGEST_NAME] or "_"
