"""The index of a log in an SQLite file, in the user's cache folder.

Rows are only ever added, and most questions are answered by a look at all of them:
SQLite looks at ten million a second, and a file that only grows at its end is built as
fast as the log is read. Throwing it away removes the file; whoever has it open goes on
with what was there.

Source:
    https://www.sqlite.org/lockingv3.html: a transaction that was cut off is undone by
    the next process that opens the file.
"""

import json
import os
import sqlite3
import stat
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from typing_extensions import override

from sluicegate.errors import ExternalError, PermanentError, TransientError
from sluicegate.ports.entry_index import (
    Column,
    EntryFacts,
    EntryIndex,
    Indexed,
    IndexView,
    Wanted,
)

_VERSION = 1
"""Of the tables below; another one is thrown away."""
_APPLICATION = 0x534C5549  # "SLUI"
_TABLES = """
CREATE TABLE reached(log TEXT, size INTEGER, root BLOB, checkpoint BLOB);
CREATE TABLE word(id INTEGER PRIMARY KEY, part TEXT, text TEXT, UNIQUE(part, text));
CREATE TABLE entry(id INTEGER PRIMARY KEY, kind INTEGER, run INTEGER, stage INTEGER,
    "commit" INTEGER, actor INTEGER, recorded TEXT, event TEXT);
CREATE INDEX entry_of_run ON entry(run);
CREATE TABLE digest(head INTEGER, entry INTEGER);
"""
_PATIENCE_SECONDS = 60  # for other processes that add to it
_CACHE_KIB = 65536  # all that one addition writes: nothing is locked before its end
_PAGE = 4096  # rows read at a time: nobody is kept from writing for long
_HEAD_DIGITS = 15  # of a digest, as an integer: 60 of SQLite's 63 bits
_DAMAGED = frozenset(
    {
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_ERROR,
        sqlite3.SQLITE_CONSTRAINT,
    }
)
_ERRORS = (sqlite3.Error, UnicodeDecodeError)
"""The second is of messages about names that damage has garbled."""


class SqliteIndex(EntryIndex):
    """The index of the log with the verifier key *log*, in the file *path*."""

    def __init__(self, path: Path, log: str) -> None:
        self._path = path
        self._log = log

    @override
    @contextmanager
    def look(self) -> Iterator[IndexView | None]:
        if not self._is_ours():
            yield None
            return
        with closing(self._connect()) as connection:
            try:
                reached = self._reached(connection)
            except _ERRORS as error:
                self._check_damage(error)
                reached = None
            yield None if reached is None else _View(connection, reached, self._path)

    @override
    def extend(
        self, entries: Sequence[EntryFacts], reached: Indexed, *, begins: bool
    ) -> bool:
        if not self._is_ours():
            self._begin_file()
        try:
            with closing(self._connect()) as connection:
                return self._add(connection, entries, reached, begins=begins)
        except _ERRORS as error:
            if _code_of(error) == sqlite3.SQLITE_IOERR:
                # Another process has just removed the file to begin it anew. Whoever
                # adds to it looks again, and says so if the disk is to blame.
                return False
            self._check_damage(error)
        self.forget()
        return False

    @override
    def forget(self) -> None:
        try:
            for suffix in ("-journal", "-wal", "-shm", ""):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        except OSError as error:
            raise PermanentError(
                f"cannot remove {self._path}: {error.strerror}"
            ) from error

    @override
    def where(self) -> str:
        return str(self._path)

    def _is_ours(self) -> bool:
        """Whether there is a file of this user that nobody else can write."""
        try:
            status = self._path.lstat()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise PermanentError(
                f"cannot read {self._path}: {error.strerror}"
            ) from error
        is_file = stat.S_ISREG(status.st_mode)
        if not hasattr(os, "getuid"):
            return is_file
        return is_file and status.st_uid == os.getuid() and not status.st_mode & 0o022

    def _begin_file(self) -> None:
        """Put an empty file in place of what is not ours."""
        flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0)
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if os.path.lexists(self._path):
                self.forget()
            with suppress(FileExistsError):  # made by another process, just now
                os.close(os.open(self._path, flags, 0o600))
        except OSError as error:
            raise PermanentError(
                f"cannot write {self._path}: {error.strerror}"
            ) from error

    def _connect(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(
                f"{self._path.absolute().as_uri()}?mode=rw",
                uri=True,
                timeout=_PATIENCE_SECONDS,
                isolation_level=None,
            )
        except _ERRORS as error:
            raise _explain(error, self._path) from error
        connection.text_factory = _read_text
        return connection

    def _reached(self, connection: sqlite3.Connection) -> Indexed | None:
        if not _is_of_this_version(connection):
            return None
        row = connection.execute("SELECT log, size, root, checkpoint FROM reached")
        (last,) = connection.execute("SELECT max(id) FROM entry").fetchone()
        match row.fetchone():
            case (self._log, int(size), bytes(root), bytes(note)) if (
                size - 1 == last >= 0
            ):
                return Indexed(size, root, note)
        return None

    def _add(
        self,
        connection: sqlite3.Connection,
        entries: Sequence[EntryFacts],
        reached: Indexed,
        *,
        begins: bool,
    ) -> bool:
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        connection.execute("BEGIN IMMEDIATE")
        old = self._reached(connection)
        if old is None and not _is_empty(connection):
            raise sqlite3.DatabaseError("foreign")
        follows = begins if old is None else entries[0].at == old.size
        if not follows:
            connection.execute("ROLLBACK")
            return False
        if old is None:
            _make_tables(connection)
        _insert(connection, entries)
        connection.execute("DELETE FROM reached")
        row = (self._log, reached.size, reached.root, reached.checkpoint)
        connection.execute("INSERT INTO reached VALUES (?, ?, ?, ?)", row)
        connection.execute("COMMIT")
        return True

    def _check_damage(self, error: Exception) -> None:
        """Let only damage of the file pass: it counts as empty.

        Raises:
            ExternalError: it is something else.
        """
        code = _code_of(error)
        if code is not None and code not in _DAMAGED:
            raise _explain(error, self._path) from error


def _code_of(error: Exception) -> int | None:
    """SQLite's primary result code; None of what is no error of it.

    Source:
        https://www.sqlite.org/rescode.html: its lowest eight bits.
    """
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else int(code) & 0xFF


class _View(IndexView):
    def __init__(
        self, connection: sqlite3.Connection, reached: Indexed, path: Path
    ) -> None:
        self._connection = connection
        self._reached = reached
        self._path = path

    @property
    @override
    def reached(self) -> Indexed:
        return self._reached

    @override
    def words(self, column: Column) -> Collection[str]:
        query = "SELECT text FROM word WHERE part = ?"
        return [_parse_word(text) for (text,) in self._read(query, (column.value,))]

    @override
    def find(
        self, wanted: Wanted, stop: int, *, newest_first: bool = False
    ) -> Iterator[int]:
        conditions, values = self._conditions(wanted)
        beyond, order = ("id < ?", "DESC") if newest_first else ("id > ?", "ASC")
        where = " AND ".join(["id >= 0 AND id < ?", beyond, *conditions])
        query = f"SELECT id FROM entry WHERE {where} ORDER BY id {order} LIMIT {_PAGE}"  # noqa: S608 - of our own constants
        last = stop if newest_first else -1
        while True:
            for (found,) in (rows := self._read(query, (stop, last, *values))):
                if not (found < last if newest_first else found > last):
                    raise _explain(ValueError("its rows are out of order"), self._path)
                last = found
                yield found
            if len(rows) < _PAGE:
                return

    def _conditions(self, wanted: Wanted) -> tuple[list[str], list[object]]:
        conditions: list[str] = []
        values: list[object] = []
        for column, words in wanted.words.items():
            conditions.append(
                f'"{column.value}" IN (SELECT id FROM word WHERE part = ?'  # noqa: S608 - of our own constants
                " AND text IN (SELECT value FROM json_each(?)))"
            )
            values += [column.value, json.dumps([*map(json.dumps, words)])]
        if wanted.digest:
            conditions.append(
                "id IN (SELECT entry FROM digest WHERE head BETWEEN ? AND ?)"
            )
            head = wanted.digest[:_HEAD_DIGITS]
            values += [int(head.ljust(_HEAD_DIGITS, fill), 16) for fill in "0f"]
        if wanted.event_end:
            conditions.append("substr(event, ?) = ?")
            values += [-len(wanted.event_end), wanted.event_end]
        if wanted.since:
            conditions.append("recorded >= ?")
            values.append(wanted.since)
        if wanted.until:
            conditions.append("recorded < ?")
            values.append(wanted.until)
        return conditions, values

    def _read(self, query: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(query, values).fetchall()
        except _ERRORS as error:
            raise _explain(error, self._path) from error


def _is_of_this_version(connection: sqlite3.Connection) -> bool:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if (application, version) != (_APPLICATION, _VERSION):
        return False
    # Nothing but our tables: a view can say anything, or go on without end.
    rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {sql for (sql,) in rows} == {*_statements()}


def _statements() -> list[str]:
    return [each.strip() for each in _TABLES.split(";") if each.strip()]


def _is_empty(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None


def _make_tables(connection: sqlite3.Connection) -> None:
    for statement in _statements():
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {_APPLICATION}")
    connection.execute(f"PRAGMA user_version = {_VERSION}")


def _insert(connection: sqlite3.Connection, entries: Sequence[EntryFacts]) -> None:
    at, kinds, runs, stages, commits, actors, recorded, events, digests = zip(
        *entries, strict=True
    )
    connection.executemany(
        "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        zip(
            at,
            _intern(connection, Column.KIND, kinds),
            _intern(connection, Column.RUN, runs),
            _intern(connection, Column.STAGE, stages),
            _intern(connection, Column.COMMIT, commits),
            _intern(connection, Column.ACTOR, actors),
            recorded,
            events,
            strict=True,
        ),
    )
    connection.executemany(
        "INSERT INTO digest VALUES (?, ?)",
        (
            (int(digest[:_HEAD_DIGITS], 16), place)
            for place, found in zip(at, digests, strict=True)
            for digest in found
        ),
    )


def _intern(
    connection: sqlite3.Connection, column: Column, words: Sequence[str]
) -> Iterator[int]:
    """The number of each of *words*, which it gets where it has none."""
    part, different = column.value, {word: json.dumps(word) for word in set(words)}
    connection.executemany(
        "INSERT OR IGNORE INTO word(part, text) VALUES (?, ?)",
        ((part, written) for written in different.values()),
    )
    found = connection.execute(
        "SELECT text, id FROM word WHERE part = ?"
        " AND text IN (SELECT value FROM json_each(?))",
        (part, json.dumps([*different.values()])),
    )
    numbers: dict[str, int] = dict(found.fetchall())
    if not numbers.keys() >= {*different.values()}:
        raise sqlite3.DatabaseError("a word is lost")
    by_word = {word: numbers[written] for word, written in different.items()}
    return map(by_word.__getitem__, words)


def _parse_word(text: object) -> str:
    """A word as it was: it is kept as JSON, for SQLite's functions end texts at NUL."""
    try:
        return str(json.loads(str(text)))
    except (ValueError, RecursionError):
        return ""  # damaged, and of no use


def _read_text(data: bytes) -> str:
    return data.decode(errors="replace")  # of a damaged file it can be anything


def _explain(error: Exception, path: Path) -> ExternalError:
    busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
    kind = TransientError if busy else PermanentError
    return kind(
        f"the index {path} cannot be used: {error}",
        hint="It can be removed at any time; it is made again.",
    )
