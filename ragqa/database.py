"""The SQLite file behind catalogue and history: connections, transactions, schema versions, error translation."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ragqa.errors import DiskFull, LibraryDamaged, LibraryError, LibraryTooNew

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
)


class Database:
    """One connection per thread for reading; writes take turns in short transactions."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._all: list[sqlite3.Connection] = []
        self._writing = threading.RLock()
        path.parent.mkdir(parents=True, exist_ok=True)
        with translated(path):
            self._migrate()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection for queries."""
        with translated(self._path):
            yield self._connection()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A connection inside a transaction: all or nothing."""
        with self._writing, translated(self._path):
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def close(self) -> None:
        """Close the connections of all threads."""
        for connection in self._all:
            connection.close()
        self._all.clear()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, timeout=30, isolation_level=None, check_same_thread=False)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
            self._local.connection = connection
            self._all.append(connection)
        return connection

    def _migrate(self) -> None:
        connection = self._connection()
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
        if exc.sqlite_errorcode == sqlite3.SQLITE_FULL if isinstance(exc, sqlite3.OperationalError) else False:
            raise DiskFull("The disk is full.", hint="Free some space and try again; nothing was lost.") from exc
        if isinstance(exc, sqlite3.OperationalError):
            raise LibraryError(f"The catalogue {path} cannot be used: {exc}.") from exc
        raise LibraryDamaged(
            f"The catalogue {path} cannot be read: {exc}.",
            hint=f"Move {path.parent} away and start again: the papers in the ingest folder are read anew.",
        ) from exc
