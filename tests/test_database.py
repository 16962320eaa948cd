"""The SQLite file: connections that do not pile up, transactions that are whole or undone, errors with a way out."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from ragqa.errors import DiskFull, LibraryDamaged, LibraryError
from ragqa.store.database import MIGRATIONS, Database, translated
from ragqa.store.history import History
from ragqa.store.ledger import Counts, IndexedIds, Ledger

FILE = "catalogue.sqlite"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "index" / FILE)
    yield opened
    opened.close()


def open_files(database: Path) -> int:
    """How often this process has the file open."""
    targets = (link.resolve() for link in Path("/proc/self/fd").iterdir())
    return sum(target == database.resolve() for target in targets)


def conversations(database: Database) -> list[str]:
    with database.read() as db:
        return [row["id"] for row in db.execute("SELECT id FROM conversations ORDER BY id").fetchall()]


def in_threads(tasks: Sequence[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=task) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def write(database: Database, *statements: str) -> None:
    """In one transaction."""
    with database.write() as db:
        for statement in statements:
            db.execute(statement)


def add_conversation(database: Database, name: str) -> None:
    with database.write() as db:
        db.execute("INSERT INTO conversations (id, created_at) VALUES (?, '')", (name,))


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="the system does not list open files")
def test_threads_that_come_and_go_leave_no_connections_behind(database: Database, tmp_path: Path) -> None:
    def look() -> None:
        with database.read() as db:
            db.execute("SELECT count(*) FROM papers").fetchone()
            time.sleep(0.001)

    for _ in range(5):
        in_threads([look] * 40)
    assert 1 <= open_files(tmp_path / "index" / FILE) <= 20
    database.close()
    assert open_files(tmp_path / "index" / FILE) == 0


def test_many_threads_write_without_losing_anything(database: Database) -> None:
    in_threads([partial(add_conversation, database, f"{n:02}") for n in range(30)])
    assert conversations(database) == [f"{n:02}" for n in range(30)]


def test_what_breaks_off_is_undone(database: Database) -> None:
    with pytest.raises(LibraryError, match="no such table"):
        write(
            database, "INSERT INTO conversations (id, created_at) VALUES ('half', '')", "INSERT INTO nowhere VALUES (1)"
        )
    add_conversation(database, "whole")
    assert conversations(database) == ["whole"]


def test_a_commit_that_fails_is_undone(database: Database) -> None:
    """A deferred constraint is looked at on commit; as with a full disk, the transaction stays open after it."""
    orphan = "INSERT INTO answers VALUES ('1', 'no such conversation', '', '', '')"
    with pytest.raises(LibraryError, match="FOREIGN KEY"):
        write(database, "PRAGMA defer_foreign_keys = ON", orphan)
    add_conversation(database, "next")
    assert conversations(database) == ["next"]
    with database.read() as db:
        assert db.execute("SELECT count(*) FROM answers").fetchone()[0] == 0


def test_a_full_disk_is_called_a_full_disk(database: Database) -> None:
    """A limit on the file's size stands for a full disk: SQLite reports both alike, and has rolled back by then."""
    too_much = [f"INSERT INTO conversations (id, created_at) VALUES ('{n}', '{'x' * 5000}')" for n in range(100)]
    with pytest.raises(DiskFull) as caught:
        write(database, "PRAGMA max_page_count = 1", *too_much)
    assert "Free some space" in caught.value.hint
    assert conversations(database) == []


def test_a_full_disk_is_known_by_its_code_and_not_by_the_rollback(tmp_path: Path) -> None:
    with pytest.raises(DiskFull), translated(tmp_path / FILE):
        raise _error(sqlite3.OperationalError, "database or disk is full", sqlite3.SQLITE_FULL)


@pytest.mark.parametrize(
    ("message", "code", "advice"),
    [
        ("attempt to write a readonly database", sqlite3.SQLITE_READONLY, "--data"),
        ("unable to open database file", sqlite3.SQLITE_CANTOPEN, "--data"),
        ("database is locked", sqlite3.SQLITE_BUSY, "other program"),
        ("disk I/O error", sqlite3.SQLITE_IOERR_READ, "Try again"),
        ("UNIQUE constraint failed.", sqlite3.SQLITE_CONSTRAINT_UNIQUE, "Try again"),
    ],
)
def test_what_does_not_come_from_damage_is_not_called_damage(
    tmp_path: Path, message: str, code: int, advice: str
) -> None:
    with pytest.raises(LibraryError) as caught, translated(tmp_path / FILE):
        raise _error(sqlite3.DatabaseError, message, code)
    assert type(caught.value) is LibraryError
    assert advice in caught.value.hint
    assert ".." not in str(caught.value).replace(str(tmp_path), "")


def test_an_error_without_a_code_is_translated_too(tmp_path: Path) -> None:
    with pytest.raises(LibraryError), translated(tmp_path / FILE):
        raise sqlite3.ProgrammingError("Cannot operate on a closed database.")


@pytest.mark.parametrize("code", [sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_CORRUPT_INDEX])
def test_damage_comes_with_the_way_to_start_again_and_its_price(tmp_path: Path, code: int) -> None:
    with pytest.raises(LibraryDamaged) as caught, translated(tmp_path / "index" / FILE):
        raise _error(sqlite3.DatabaseError, "file is not a database", code)
    assert f"ragqa ingest {tmp_path / 'ingest'}" in caught.value.hint
    assert "conversations are lost" in caught.value.hint


def _error(kind: type[sqlite3.Error], message: str, code: int) -> sqlite3.Error:
    error = kind(message)
    error.sqlite_errorcode = code
    return error


def test_a_library_of_an_earlier_ragqa_keeps_its_papers_and_what_made_them(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    with sqlite3.connect(path) as earlier:
        for script in MIGRATIONS[:2]:
            earlier.executescript(script)
        earlier.execute("PRAGMA user_version = 2")
        earlier.executescript("""
            INSERT INTO papers (id, file_name, path, bytes, state, added_at, generation, indexed, title)
                VALUES ('p', 'p.pdf', 'p.pdf', 1, 'ready', '', 'model', 1, 'On marmots'),
                       ('q', 'q.pdf', 'q.pdf', 1, 'queued', '', '', 0, '');
            INSERT INTO chunks VALUES ('p-0', 'p', 0, 1, 0, 2, '', 'paragraph', 'Marmots sleep.', x'003c0000'),
                                      ('p-1', 'p', 1, 1, 0, 2, '', 'reference', 'Smith 1999.', NULL);
        """)
    earlier.close()
    database = Database(path)
    ledger = Ledger(database)
    assert ledger.made() == {"model"}
    assert ledger.answering() is None
    assert ledger.indexed_counts("model") == Counts(2, 1)
    assert ledger.indexed_chunk_ids("model") == IndexedIds({"p-0", "p-1"}, {"p-0"})
    assert [entry.title for entry in ledger.entries(["p", "q"], "model")] == ["On marmots", "On marmots"]
    database.close()


def test_conversations_of_an_earlier_ragqa_get_titles_and_are_searched(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    with sqlite3.connect(path) as earlier:
        for script in MIGRATIONS[:3]:
            earlier.executescript(script)
        earlier.execute("PRAGMA user_version = 3")
        earlier.executescript("""
            INSERT INTO conversations VALUES ('c', '2026-01-01');
            INSERT INTO answers VALUES ('a', 'c', '2026-01-02', 'How long do they sleep?', '{"answer": "200 days."}');
        """)
    earlier.close()
    database = Database(path)
    history = History(database)
    [found] = history.conversations("day")
    assert (found.title, found.updated_at, found.questions) == ("How long do they sleep?", "2026-01-02", 1)
    database.close()
