"""A Zotero folder as Zotero makes it, small: what is found in it, and what the command makes of it."""

import json
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from ingest.folder.scan import pdf_entries
from ingest.folder.zotero import link_in, links_in, read_zotero
from ragqa.document import Metadata
from ragqa.errors import BadRequest, PathNotFound
from tests import papers
from tests.test_cli import ragqa

SCHEMA = """
    CREATE TABLE items (itemID INTEGER PRIMARY KEY, itemTypeID INT, key TEXT);
    CREATE TABLE itemAttachments (
        itemID INTEGER PRIMARY KEY, parentItemID INT, linkMode INT, contentType TEXT, path TEXT
    );
    CREATE TABLE fields (fieldID INTEGER PRIMARY KEY, fieldName TEXT);
    CREATE TABLE itemDataValues (valueID INTEGER PRIMARY KEY, value UNIQUE);
    CREATE TABLE itemData (itemID INT, fieldID INT, valueID INT, PRIMARY KEY (itemID, fieldID));
    CREATE TABLE creatorTypes (creatorTypeID INTEGER PRIMARY KEY, creatorType TEXT);
    CREATE TABLE creators (creatorID INTEGER PRIMARY KEY, firstName TEXT, lastName TEXT, fieldMode INT);
    CREATE TABLE itemCreators (itemID INT, creatorID INT, creatorTypeID INT, orderIndex INT);
    CREATE TABLE collections (collectionID INTEGER PRIMARY KEY, collectionName TEXT, parentCollectionID INT);
    CREATE TABLE collectionItems (collectionID INT, itemID INT, orderIndex INT);
    CREATE TABLE deletedItems (itemID INTEGER PRIMARY KEY);
    INSERT INTO creatorTypes VALUES (8, 'author'), (10, 'editor');
    INSERT INTO collections VALUES (1, 'Thesis', NULL), (2, 'Chapter 1: sleep', 1), (3, 'Other', NULL);
"""
SAID = {
    "title": "The Sleep of Marmots, Corrected", "date": "2019-05-00 May 2019", "DOI": "10.1000/marmots.7",
    "publicationTitle": "Journal of Burrows", "abstractNote": "They sleep.", "extra": "arXiv: 1905.01234",
}  # fmt: skip


class Zotero:
    """Writes what Zotero writes."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.db = sqlite3.connect(folder / "zotero.sqlite")
        self.db.executescript(SCHEMA)

    def add_item(self, item: int, fields: dict[str, str], collection: int | None = None) -> None:
        self.db.execute("INSERT INTO items VALUES (?, 2, ?)", (item, f"ITEM{item:04}"))
        for name, value in fields.items():
            self.say(item, name, value)
        if collection:
            self.db.execute("INSERT INTO collectionItems VALUES (?, ?, 0)", (collection, item))
        self.db.commit()

    def say(self, item: int, name: str, value: str) -> None:
        known = self.db.execute("SELECT fieldID FROM fields WHERE fieldName = ?", (name,)).fetchone()
        field = known[0] if known else self.db.execute("INSERT INTO fields (fieldName) VALUES (?)", (name,)).lastrowid
        self.db.execute("INSERT OR IGNORE INTO itemDataValues (value) VALUES (?)", (value,))
        value_id = self.db.execute("SELECT valueID FROM itemDataValues WHERE value = ?", (value,)).fetchone()[0]
        self.db.execute("INSERT OR REPLACE INTO itemData VALUES (?, ?, ?)", (item, field, value_id))
        self.db.commit()

    def add_author(self, item: int, first: str, last: str, kind: int = 8) -> None:
        made = self.db.execute("INSERT INTO creators (firstName, lastName, fieldMode) VALUES (?, ?, 0)", (first, last))
        order = self.db.execute("SELECT count(*) FROM itemCreators WHERE itemID = ?", (item,)).fetchone()[0]
        self.db.execute("INSERT INTO itemCreators VALUES (?, ?, ?, ?)", (item, made.lastrowid, kind, order))
        self.db.commit()

    def attach(self, number: int, item: int | None, name: str) -> Path:
        """A stored PDF; the path where its bytes belong."""
        key = f"FILE{number:04}"
        self._attach(number, key, item, 0, f"storage:{name}")
        place = self.folder / "storage" / key / name
        place.parent.mkdir(parents=True)
        return place

    def link(self, number: int, item: int | None, path: str) -> None:
        self._attach(number, f"FILE{number:04}", item, 2, path)

    def _attach(self, number: int, key: str, item: int | None, mode: int, path: str) -> None:
        self.db.execute("INSERT INTO items VALUES (?, 14, ?)", (number, key))
        row = (number, item, mode, "application/pdf", path)
        self.db.execute("INSERT INTO itemAttachments VALUES (?, ?, ?, ?, ?)", row)
        self.db.commit()


@pytest.fixture
def zotero(tmp_path: Path) -> Zotero:
    """An item with its PDF in a nested collection."""
    made = Zotero(tmp_path / "Zotero")
    made.add_item(1, SAID, collection=2)
    made.add_author(1, "Erika", "Editor", kind=10)
    made.add_author(1, "Ada", "Lovelace")
    made.add_author(1, "", "World Marmot Council")
    papers.write_one_column(made.attach(100, 1, "Lovelace - 2019 - Sleep.pdf"))
    return made


def files_of(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file with size and time, to see that nothing was touched."""
    found = {path: path.stat() for path in folder.rglob("*")}
    return {str(path): (stat.st_size, stat.st_mtime_ns) for path, stat in found.items()}


def test_a_paper_comes_with_all_that_zotero_says(zotero: Zotero) -> None:
    [paper] = read_zotero(zotero.folder)
    assert paper.file.name == "Lovelace - 2019 - Sleep.pdf"
    assert paper.collection == ("Thesis", "Chapter 1: sleep")
    assert paper.said == Metadata(
        title="The Sleep of Marmots, Corrected", authors=("Ada Lovelace", "World Marmot Council"), year=2019,
        doi="10.1000/marmots.7", venue="Journal of Burrows", arxiv_id="1905.01234", abstract="They sleep.",
    )  # fmt: skip


def test_what_is_in_the_bin_gone_or_no_file_is_left_out(zotero: Zotero, tmp_path: Path) -> None:
    zotero.add_item(2, {"title": "Binned"})
    papers.write_superscript(zotero.attach(200, 2, "binned.pdf"))
    zotero.db.execute("INSERT INTO deletedItems VALUES (2)")
    zotero.attach(300, None, "not downloaded.pdf")
    zotero.link(400, None, "attachments:relative.pdf")
    zotero.link(500, None, str(papers.write_superscript(tmp_path / "linked.pdf")))
    zotero._attach(600, "../../../etc", None, 0, "storage:../passwd.pdf")
    zotero.db.commit()
    assert [(paper.file.name, paper.said) for paper in read_zotero(zotero.folder)][1:] == [("linked.pdf", None)]


def test_the_second_pdf_of_an_item_speaks_for_itself(zotero: Zotero) -> None:
    papers.write_superscript(zotero.attach(101, 1, "Supplement.pdf"))
    assert [paper.said is None for paper in read_zotero(zotero.folder)] == [False, True]


def test_it_is_read_while_zotero_runs_and_nothing_is_written_there(zotero: Zotero) -> None:
    zotero.db.execute("PRAGMA locking_mode = EXCLUSIVE")
    zotero.db.execute("UPDATE items SET key = key")
    zotero.db.commit()
    before = files_of(zotero.folder)
    assert len(read_zotero(zotero.folder)) == 1
    assert files_of(zotero.folder) == before


def test_one_collection_takes_those_below_it_along(zotero: Zotero) -> None:
    papers.write_superscript(zotero.attach(300, None, "loose.pdf"))
    assert len(read_zotero(zotero.folder, "thesis")) == 1
    with pytest.raises(BadRequest, match="Nowhere"):
        read_zotero(zotero.folder, "Nowhere")


def test_a_folder_without_zotero_says_so(tmp_path: Path) -> None:
    with pytest.raises(PathNotFound, match=r"zotero\.sqlite"):
        read_zotero(tmp_path)
    (tmp_path / "zotero.sqlite").write_bytes(b"no database" * 500)
    with pytest.raises(BadRequest, match="cannot be read"):
        read_zotero(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_are_made_once_and_follow_the_collection(zotero: Zotero, tmp_path: Path) -> None:
    inbox = tmp_path / "ingest"
    inbox.mkdir()
    for _ in range(2):
        [paper] = read_zotero(zotero.folder)
        link = link_in(paper, inbox, links_in(inbox))
    assert link.relative_to(inbox).as_posix() == "Thesis/Chapter 1_ sleep/Lovelace - 2019 - Sleep.pdf"
    zotero.db.execute("UPDATE collectionItems SET collectionID = 3")
    zotero.db.commit()
    [paper] = read_zotero(zotero.folder)
    link_in(paper, inbox, links_in(inbox))
    found = [Path(entry.path).relative_to(inbox).as_posix() for entry in pdf_entries(inbox)]
    assert found == ["Other/Lovelace - 2019 - Sleep.pdf"]
    assert paper.file.is_file()


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_other_papers_of_one_name_stay_apart(zotero: Zotero, tmp_path: Path) -> None:
    shutil.copy(papers.write_superscript(tmp_path / "x.pdf"), zotero.attach(300, 1, "Lovelace - 2019 - Sleep.pdf"))
    inbox, linked = tmp_path / "ingest", dict[Path, Path]()
    names = [link_in(paper, inbox, linked).name for paper in read_zotero(zotero.folder)]
    assert names == ["Lovelace - 2019 - Sleep.pdf", "Lovelace - 2019 - Sleep (2).pdf"]


def test_the_command_brings_them_in_and_then_only_what_is_new(zotero: Zotero, tmp_path: Path) -> None:
    data = tmp_path / "data"
    first = ragqa("zotero", zotero.folder, "--data", data, "--json")
    assert (first.returncode, json.loads(first.stdout)["ready"]) == (0, 1), first.stderr
    zotero.say(1, "title", "The Sleep of Marmots, Corrected Again")
    zotero.db.execute("INSERT INTO collectionItems VALUES (3, 100, 0)")
    papers.write_superscript(zotero.attach(300, None, "new.pdf"))
    second = json.loads(ragqa("zotero", zotero.folder, "--data", data, "--json").stdout)
    assert (second["found"], second["unchanged"], second["ready"], second["pages"]) == (2, 1, 2, 1)
    listed = {paper["file_name"]: paper for paper in json.loads(ragqa("papers", "--data", data, "--json").stdout)}
    paper = listed["Lovelace - 2019 - Sleep.pdf"]
    assert paper["title"] == "The Sleep of Marmots, Corrected Again"
    assert (paper["authors"], paper["collection"]) == (["Ada Lovelace", "World Marmot Council"], "Thesis")
    hits = json.loads(ragqa("search", "corrected again", "--data", data, "--json").stdout)["hits"]
    assert hits[0]["title"] == "The Sleep of Marmots, Corrected Again"
    ragqa("papers", "--delete", "Lovelace", "--data", data)
    assert (zotero.folder / "storage" / "FILE0100" / "Lovelace - 2019 - Sleep.pdf").is_file(), "only the link goes"
