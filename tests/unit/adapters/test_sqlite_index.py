"""Unit tests of `sluicegate.adapters.sqlite_index`."""

import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import index_process
import pytest
from draws import begin_draw
from fakes_audit import FakeSigner, log_envelope
from searched_logs import append, build_log, document

from sluicegate.adapters.sqlite_index import SqliteIndex
from sluicegate.adapters.stores.directory_log import DirectoryLog
from sluicegate.audit.indexing import update_index
from sluicegate.audit.log import AuditLog
from sluicegate.audit.query import Query
from sluicegate.audit.search import Search
from sluicegate.errors import PermanentError
from sluicegate.ports.entry_index import Column, EntryFacts, Indexed, Wanted

VKEY = FakeSigner().vkey()
LINT = Query(stage="lint")
LOG = build_log([document(n, stage="lint" if n % 3 else "test") for n in range(40)])
ROUNDS = 60
EXPECTED = [n for n, each in enumerate([0, *range(40)]) if n and each % 3]


def facts(at: int) -> EntryFacts:
    return EntryFacts(at, "k", "r", "s", "c", "a", "t", "e", frozenset())


def reached(size: int) -> Indexed:
    return Indexed(size, bytes(32), b"note")


def size_of(index: SqliteIndex) -> int | None:
    with index.look() as view:
        return None if view is None else view.reached.size


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "index.sqlite"


@pytest.fixture
def made(path: Path) -> Path:
    """The file of an index that is up to date."""
    update_index(LOG, SqliteIndex(path, VKEY))
    return path


def find(path: Path, log: AuditLog = LOG) -> list[int]:
    index = SqliteIndex(path, VKEY)
    return [found.index for found in Search(log, index).find(LINT)]


def test_an_index_that_was_never_made_is_empty_and_makes_nothing(path: Path) -> None:
    assert size_of(SqliteIndex(path, VKEY)) is None
    assert not path.parent.exists()


def test_only_this_user_can_read_or_write_it(made: Path) -> None:
    assert made.stat().st_mode & 0o777 == 0o600
    assert made.parent.stat().st_mode & 0o777 == 0o700
    assert [each.name for each in made.parent.iterdir()] == [made.name]


def test_deleting_it_loses_nothing(made: Path) -> None:
    made.unlink()

    assert find(made) == EXPECTED
    assert size_of(SqliteIndex(made, VKEY)) == 41


def write_nonsense(path: Path) -> None:
    path.write_bytes(random.Random(1).randbytes(9000))


def write_nothing(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def overwrite_the_middle(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:4096] + bytes(len(data) - 4096))


def age(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 0")
        connection.execute("DELETE FROM entry WHERE stage > 1")
        connection.commit()


def replace_by_another_application(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE entry(id)")
        connection.commit()


def drop_a_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE digest")
        connection.execute("DROP TABLE entry")
        connection.commit()


def lose_the_newest(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM entry WHERE id > 30")
        connection.commit()


def let_others_write(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM entry WHERE id < 30")
        connection.commit()
    path.chmod(0o666)


def replace_by_a_link(path: Path) -> None:
    other = path.rename(path.with_name("other"))
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("DELETE FROM entry WHERE id < 30")
        connection.commit()
    path.symlink_to(other)


def leave_a_journal_of_something_else(path: Path) -> None:
    path.unlink()
    path.with_name(path.name + "-journal").write_bytes(b"\xd9\xd5\x05\xf9" * 2000)


def put_a_view_without_end_in_place_of_a_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "DROP TABLE word; CREATE VIEW word AS WITH RECURSIVE n(id) AS (SELECT 1"
            " UNION ALL SELECT id + 1 FROM n) SELECT id, 'run' AS part, 1 AS text"
            " FROM n"
        )


def let_rows_have_ids_of_any_kind(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "CREATE TABLE other AS SELECT * FROM entry; DROP TABLE entry;"
            "ALTER TABLE other RENAME TO entry; UPDATE entry SET id = 3.5 WHERE id = 3"
        )


def say_that_less_than_nothing_was_read(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "DELETE FROM entry; INSERT INTO entry(id) VALUES (-2);"
            "UPDATE reached SET size = -1"
        )


@pytest.mark.parametrize(
    "harm",
    [
        put_a_view_without_end_in_place_of_a_table,
        let_rows_have_ids_of_any_kind,
        say_that_less_than_nothing_was_read,
        write_nonsense,
        write_nothing,
        cut,
        overwrite_the_middle,
        age,
        replace_by_another_application,
        drop_a_table,
        lose_the_newest,
        let_others_write,
        replace_by_a_link,
        leave_a_journal_of_something_else,
    ],
)
def test_what_is_damaged_or_foreign_is_made_anew(
    made: Path, harm: Callable[[Path], None]
) -> None:
    harm(made)

    assert find(made) == EXPECTED
    assert find(made) == EXPECTED
    assert size_of(SqliteIndex(made, VKEY)) == 41
    assert not made.is_symlink()


@pytest.mark.parametrize("word", [None, "[" * 100_000, b"\xff"])
def test_a_word_that_is_none_is_of_no_use(made: Path, word: object) -> None:
    with closing(sqlite3.connect(made)) as connection:
        connection.execute("UPDATE word SET text = ? WHERE part = 'run'", (word,))
        connection.commit()

    with SqliteIndex(made, VKEY).look() as view:
        assert view is not None
        assert set(view.words(Column.RUN)) == {""}


def test_any_damage_makes_it_fail_or_find_less_and_never_something_else(
    made: Path,
) -> None:
    sound = made.read_bytes()
    chance = begin_draw()
    grown = build_log(
        [document(n, stage="lint" if n % 3 else "test") for n in range(43)]
    )
    expected = [*EXPECTED, 41, 42]
    for _ in range(ROUNDS):
        harmed = bytearray(sound)
        for _ in range(chance.choice([1, 1, 8, 200])):
            harmed[chance.randrange(len(harmed))] = chance.randrange(256)
        made.write_bytes(harmed)
        try:
            found = find(made, chance.choice([LOG, grown]))
        except PermanentError:
            continue
        assert set(found) <= set(expected)
        assert found == sorted(found)


def test_the_index_of_another_log_is_made_anew(made: Path) -> None:
    other = SqliteIndex(made, "another+00000000+AQ==")

    assert size_of(other) is None
    assert not other.extend([facts(1)], reached(2), begins=False)
    assert other.extend([facts(0)], reached(1), begins=True)


def test_a_folder_in_its_place_is_trouble_and_stays(path: Path) -> None:
    (path / "mine").mkdir(parents=True)
    heard: list[Exception] = []
    search = Search(LOG, SqliteIndex(path, VKEY), on_trouble=heard.append)

    assert [found.index for found in search.find(LINT)] == EXPECTED
    assert len(heard) == 1
    assert (path / "mine").is_dir()


def test_a_file_in_the_place_of_its_folder_is_trouble(path: Path) -> None:
    path.parent.write_text("mine")

    with pytest.raises(PermanentError, match="cannot"):
        update_index(LOG, SqliteIndex(path, VKEY))


def test_additions_must_follow_what_is_there(path: Path) -> None:
    index = SqliteIndex(path, VKEY)

    assert not index.extend([facts(7)], reached(8), begins=False)
    assert index.extend([facts(7), facts(8)], reached(9), begins=True)
    assert not index.extend([facts(0)], reached(1), begins=True)
    assert not index.extend([facts(8)], reached(9), begins=False)
    assert not index.extend([facts(10)], reached(11), begins=False)
    assert index.extend([facts(9)], reached(10), begins=False)
    assert size_of(index) == 10


def test_who_looks_goes_on_seeing_what_was_there(made: Path) -> None:
    index = SqliteIndex(made, VKEY)
    with index.look() as view:
        assert view is not None
        index.forget()
        assert index.extend([facts(0)], reached(1), begins=True)
        lint = Wanted(words={Column.STAGE: ["lint"]})
        assert list(view.find(lint, view.reached.size)) == EXPECTED
        assert "lint" in view.words(Column.STAGE)


def test_more_is_found_than_is_read_at_a_time(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sluicegate.adapters.sqlite_index._PAGE", 4)

    assert find(path) == EXPECTED


LARGE = 1000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a log of many entries."""
    store = DirectoryLog(tmp_path / "log")
    with store.exclusive():
        log = AuditLog.create(store, FakeSigner(), envelope=log_envelope())
    append(log, *(document(n, stage="lint") for n in range(LARGE)))
    return tmp_path / "log"


def start(folder: Path, index: Path, *more: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, index_process.__file__, str(folder), VKEY, str(index), *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_four_processes_at_once_make_one_whole_index(folder: Path, path: Path) -> None:
    processes = [start(folder, path) for _ in range(4)]

    for process in processes:
        out, err = process.communicate()
        assert (process.returncode, out) == (0, f"{LARGE}\n"), err
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT id FROM entry ORDER BY id").fetchall()
    assert [at for (at,) in rows] == list(range(LARGE + 1))


def test_a_process_that_is_killed_leaves_what_the_next_goes_on_with(
    folder: Path, path: Path
) -> None:
    killed = start(folder, path, "5")
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    assert size_of(SqliteIndex(path, VKEY)) == 5 * 64

    process = start(folder, path)

    assert process.communicate()[0] == f"{LARGE}\n"
    assert size_of(SqliteIndex(path, VKEY)) == LARGE + 1
