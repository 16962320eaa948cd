"""The SQLite file behind catalogue and history: connections, transactions, schema versions, error translation."""

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ragqa.errors import DiskFull, LibraryDamaged, LibraryError, LibraryTooNew

MOST_CONNECTIONS = 8
LITTLE_SPACE = 1 << 20  # bytes
NOT_ALLOWED = (sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_AUTH)
BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
DAMAGED = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)

# Each entry moves the schema one version forward; never edit one that was released, append.
MIGRATIONS = (
    """
    CREATE TABLE papers (
        id TEXT PRIMARY KEY, file_name TEXT NOT NULL, path TEXT NOT NULL, bytes INTEGER NOT NULL,
        collection TEXT NOT NULL DEFAULT '', title TEXT NOT NULL DEFAULT '', authors TEXT NOT NULL DEFAULT '[]',
        year INTEGER, doi TEXT NOT NULL DEFAULT '', pages INTEGER NOT NULL DEFAULT 0,
        chunks INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL, reason_code TEXT NOT NULL DEFAULT '',
        reason TEXT NOT NULL DEFAULT '', added_at TEXT NOT NULL, generation TEXT NOT NULL DEFAULT '',
        indexed INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX papers_by_state ON papers (state);
    CREATE TABLE pages (
        paper_id TEXT NOT NULL REFERENCES papers ON DELETE CASCADE, number INTEGER NOT NULL,
        width REAL NOT NULL, height REAL NOT NULL, text TEXT NOT NULL, rects BLOB NOT NULL,
        PRIMARY KEY (paper_id, number)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE blocks (
        paper_id TEXT NOT NULL REFERENCES papers ON DELETE CASCADE, ordinal INTEGER NOT NULL, kind TEXT NOT NULL,
        page INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL, level INTEGER NOT NULL,
        PRIMARY KEY (paper_id, ordinal)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE chunks (
        id TEXT PRIMARY KEY, paper_id TEXT NOT NULL REFERENCES papers ON DELETE CASCADE, ordinal INTEGER NOT NULL,
        page INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL, section TEXT NOT NULL,
        kind TEXT NOT NULL, text TEXT NOT NULL, vector BLOB
    ) STRICT;
    CREATE INDEX chunks_by_paper ON chunks (paper_id, ordinal);
    CREATE TABLE removals (paper_id TEXT PRIMARY KEY) STRICT;
    CREATE TABLE conversations (id TEXT PRIMARY KEY, created_at TEXT NOT NULL) STRICT;
    CREATE TABLE answers (
        id TEXT PRIMARY KEY, conversation_id TEXT NOT NULL REFERENCES conversations ON DELETE CASCADE,
        created_at TEXT NOT NULL, question TEXT NOT NULL, answer TEXT NOT NULL
    ) STRICT;
    CREATE INDEX answers_by_conversation ON answers (conversation_id, created_at);
    """,
    """
    ALTER TABLE papers ADD COLUMN venue TEXT NOT NULL DEFAULT '';
    ALTER TABLE papers ADD COLUMN arxiv_id TEXT NOT NULL DEFAULT '';
    ALTER TABLE papers ADD COLUMN abstract TEXT NOT NULL DEFAULT '';
    ALTER TABLE papers ADD COLUMN same_as TEXT NOT NULL DEFAULT '';
    ALTER TABLE papers ADD COLUMN hidden_words INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE tables (
        paper_id TEXT NOT NULL REFERENCES papers ON DELETE CASCADE, ordinal INTEGER NOT NULL, page INTEGER NOT NULL,
        start INTEGER NOT NULL, end INTEGER NOT NULL, caption TEXT NOT NULL, header_rows INTEGER NOT NULL,
        rows TEXT NOT NULL, PRIMARY KEY (paper_id, ordinal)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE given_metadata (
        paper_id TEXT PRIMARY KEY, source TEXT NOT NULL, title TEXT NOT NULL, authors TEXT NOT NULL, year INTEGER,
        doi TEXT NOT NULL, venue TEXT NOT NULL, arxiv_id TEXT NOT NULL, abstract TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE work_keys (
        key TEXT NOT NULL, paper_id TEXT NOT NULL REFERENCES papers ON DELETE CASCADE, PRIMARY KEY (key, paper_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX work_keys_by_paper ON work_keys (paper_id);
    """,
    """
    CREATE TABLE generations (
        name TEXT PRIMARY KEY, embedder TEXT NOT NULL, chunk_tokens INTEGER NOT NULL, answers INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE made (
        paper_id TEXT NOT NULL REFERENCES papers ON DELETE CASCADE, generation TEXT NOT NULL, chunks INTEGER NOT NULL,
        vectors INTEGER NOT NULL, indexed INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (paper_id, generation)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX made_by_generation ON made (generation, indexed);
    INSERT INTO made SELECT p.id, p.generation, count(c.id), count(c.vector), p.indexed
        FROM papers p JOIN chunks c ON c.paper_id = p.id WHERE p.generation != '' GROUP BY p.id;
    ALTER TABLE chunks ADD COLUMN generation TEXT NOT NULL DEFAULT '';
    UPDATE chunks SET generation = (SELECT generation FROM papers WHERE papers.id = chunks.paper_id);
    DROP INDEX chunks_by_paper;
    CREATE INDEX chunks_by_paper ON chunks (paper_id, generation, ordinal);
    ALTER TABLE papers DROP COLUMN generation;
    ALTER TABLE papers DROP COLUMN indexed;
    DROP TABLE removals;
    CREATE TABLE removals (
        paper_id TEXT NOT NULL, generation TEXT NOT NULL, PRIMARY KEY (paper_id, generation)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE changes (number INTEGER NOT NULL) STRICT;
    INSERT INTO changes VALUES (0);
    CREATE TRIGGER paper_changed AFTER UPDATE ON papers BEGIN UPDATE changes SET number = number + 1; END;
    CREATE TRIGGER paper_deleted AFTER DELETE ON papers BEGIN UPDATE changes SET number = number + 1; END;
    CREATE TRIGGER paper_made AFTER INSERT ON made BEGIN UPDATE changes SET number = number + 1; END;
    CREATE TRIGGER paper_indexed AFTER UPDATE ON made BEGIN UPDATE changes SET number = number + 1; END;
    """,
    """
    ALTER TABLE conversations ADD COLUMN title TEXT NOT NULL DEFAULT '';
    ALTER TABLE conversations ADD COLUMN updated_at TEXT NOT NULL DEFAULT '';
    ALTER TABLE conversations ADD COLUMN recap TEXT NOT NULL DEFAULT '{}';
    UPDATE conversations SET
        updated_at = coalesce(
            (SELECT max(created_at) FROM answers WHERE conversation_id = conversations.id), created_at),
        title = coalesce((SELECT substr(question, 1, 60) FROM answers WHERE conversation_id = conversations.id
                          ORDER BY rowid LIMIT 1), '');
    CREATE VIRTUAL TABLE said USING fts5(
        question, answer, conversation_id UNINDEXED, tokenize = 'porter unicode61 remove_diacritics 2'
    );
    INSERT INTO said SELECT question, json_extract(answer, '$.answer'), conversation_id FROM answers ORDER BY rowid;
    """,
)


class Database:
    """Lends a few connections to any number of threads; writes take turns in short transactions.

    Nobody may ask for a connection while holding one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        # Closing what is too many would not do: SQLite keeps the file's descriptors while others have it open.
        self._free = threading.BoundedSemaphore(MOST_CONNECTIONS)
        self._closed = False
        self._writing = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        with self.read() as connection:
            self._migrate(connection)

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection for queries."""
        with self._free, translated(self._path), self._lent() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A connection inside a transaction: all or nothing."""
        with self._writing, self.read() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")

    @contextmanager
    def erasing(self) -> Iterator[sqlite3.Connection]:
        """As ``write``; what is deleted is overwritten with zeros and leaves the log."""
        with self._writing, self.read() as connection:
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("PRAGMA secure_delete = OFF")

    def close(self) -> None:
        """Close all connections; those that are lent, when they come back."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def _lent(self) -> Iterator[sqlite3.Connection]:
        """To one thread at a time. What was begun and not committed is undone."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        try:
            yield connection
        finally:
            # On a full disk SQLite has rolled back already; closing rolls back what is left.
            if connection.in_transaction or self._closed:
                connection.close()
            else:
                self._idle.append(connection)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=30, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _migrate(self, connection: sqlite3.Connection) -> None:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > len(MIGRATIONS):
            raise LibraryTooNew(
                f"{self._path} was written by a newer ragqa (schema {version}, this one knows {len(MIGRATIONS)}).",
                hint="Update with: pip install --upgrade ragqa",
            )
        for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
            connection.executescript(f"BEGIN IMMEDIATE; {script}; PRAGMA user_version = {number}; COMMIT;")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours."""
    try:
        yield
    except sqlite3.Error as exc:
        raise _ours(exc, path) from exc


def _ours(exc: sqlite3.Error, path: Path) -> LibraryError:
    # Errors of the Python module itself carry no code.
    kind = getattr(exc, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    said = str(exc).rstrip(".")
    if kind == sqlite3.SQLITE_FULL or (kind == sqlite3.SQLITE_IOERR and _space_is_gone(path)):
        return DiskFull("The disk is full.", hint="Free some space and try again; nothing was lost.")
    if kind in DAMAGED:
        return LibraryDamaged(
            f"The catalogue {path} cannot be read: {said}.",
            hint=f"Move {path.parent} away, then run: ragqa ingest {path.parent.parent / 'ingest'}"
            " (the papers are read anew; conversations are lost).",
        )
    hint = "Try again; what was stored before is intact."
    if kind in NOT_ALLOWED:
        hint = f"Check that you may write in {path.parent}, or use another folder with --data DIR."
    elif kind in BUSY:
        hint = f"Close the other program that uses {path}, and try again."
    return LibraryError(f"The catalogue {path} cannot be used: {said}.", hint=hint)


def _space_is_gone(path: Path) -> bool:
    """SQLite calls it an I/O error when the disk fills up while it maps its shared memory."""
    with suppress(OSError):
        return shutil.disk_usage(path.parent).free < LITTLE_SPACE
    return False
