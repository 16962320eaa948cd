"""What is known of papers beside their text: metadata given from outside, and which are the same work.

Functions on a connection of the catalogue; the caller holds the transaction.
"""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import replace

from ragqa.document import Metadata
from ragqa.store.rows import metadata_of
from ragqa.works import is_same_work, work_keys

STRENGTH = {"crossref": 1, "zotero": 2}
"""What a person keeps in Zotero wins over a register."""

_SAID = "title, authors, year, doi, venue, arxiv_id, abstract"


def merged(read: Metadata, given: Metadata | None) -> Metadata:
    """Field by field: what was given from outside, else what was read."""
    if given is None:
        return read
    found = {field: getattr(given, field) for field in Metadata.__dataclass_fields__ if getattr(given, field)}
    return replace(read, **found)


def given_to(db: sqlite3.Connection, paper_id: str) -> Metadata | None:
    """What was given to a paper; None if nobody was asked, empty if nobody knew it."""
    row = db.execute(f"SELECT {_SAID} FROM given_metadata WHERE paper_id = ?", (paper_id,)).fetchone()
    return None if row is None else metadata_of(row)


def give(db: sqlite3.Connection, paper_id: str, source: str, given: Metadata) -> bool:
    """Keep it, unless a stronger source has spoken."""
    known = db.execute("SELECT source FROM given_metadata WHERE paper_id = ?", (paper_id,)).fetchone()
    if known is not None and STRENGTH.get(known["source"], 0) > STRENGTH.get(source, 0):
        return False
    db.execute(
        f"INSERT OR REPLACE INTO given_metadata (paper_id, source, {_SAID}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (paper_id, source, *said_row(given)),
    )
    return True


def said_row(said: Metadata) -> tuple[object, ...]:
    """In the order of the columns title, authors, year, doi, venue, arxiv_id, abstract."""
    authors = json.dumps(said.authors)
    return (said.title, authors, said.year, said.doi, said.venue, said.arxiv_id, said.abstract)


def write_said(db: sqlite3.Connection, paper_id: str, said: Metadata) -> None:
    """The paper's own columns, and what follows from them for it and for papers like it."""
    db.execute(
        f"UPDATE papers SET ({_SAID}) = (?, ?, ?, ?, ?, ?, ?) WHERE id = ?",
        (*said_row(said), paper_id),
    )
    before = _alike(db, paper_id)
    db.execute("DELETE FROM work_keys WHERE paper_id = ?", (paper_id,))
    db.executemany("INSERT INTO work_keys VALUES (?, ?)", ((key, paper_id) for key in work_keys(said)))
    relink(db, {paper_id} | before | _alike(db, paper_id))


def forget(db: sqlite3.Connection, paper_id: str) -> None:
    """A paper was deleted: what was given to it goes, and those that pointed at it look for another."""
    db.execute("DELETE FROM given_metadata WHERE paper_id = ?", (paper_id,))
    relink(db, {row["id"] for row in db.execute("SELECT id FROM papers WHERE same_as = ?", (paper_id,)).fetchall()})


def relink(db: sqlite3.Connection, paper_ids: Iterable[str]) -> None:
    """Let each paper point at the oldest one that is the same work, or at none."""
    rows = db.execute(
        f"SELECT rowid, id, {_SAID} FROM papers WHERE id IN (SELECT value FROM json_each(?)) ORDER BY rowid",
        (json.dumps(list(paper_ids)),),
    ).fetchall()
    for row in rows:
        said = metadata_of(row)
        older = db.execute(
            f"SELECT id, same_as, {_SAID} FROM papers WHERE rowid < ? AND id IN"
            " (SELECT paper_id FROM work_keys WHERE key IN (SELECT value FROM json_each(?))) ORDER BY rowid",
            (row["rowid"], json.dumps(list(work_keys(said)))),
        ).fetchall()
        same = next((other["same_as"] or other["id"] for other in older if is_same_work(metadata_of(other), said)), "")
        db.execute("UPDATE papers SET same_as = ?1 WHERE id = ?2 AND same_as != ?1", (same, row["id"]))


def _alike(db: sqlite3.Connection, paper_id: str) -> set[str]:
    """Papers that share a key with this one, or point at it."""
    rows = db.execute(
        "SELECT DISTINCT other.paper_id AS id FROM work_keys own JOIN work_keys other ON other.key = own.key"
        " WHERE own.paper_id = ?1 UNION SELECT id FROM papers WHERE same_as = ?1",
        (paper_id,),
    ).fetchall()
    return {row["id"] for row in rows}
