"""Finding entries in a log, with the index of this user."""

from hashlib import sha256

from sluicegate.audit.indexing import OnProgress, ignore_progress
from sluicegate.audit.reader import LogReader
from sluicegate.audit.search import OnTrouble, Search, raise_trouble
from sluicegate.ports.entry_index import EntryIndex
from sluicegate.tlog.note import format_vkey
from sluicegate.wiring.machine import Machine

SMALL = 4096
"""Entries that are read from end to end faster than anybody notices."""


def open_index(machine: Machine, log: LogReader) -> EntryIndex:
    """The index of *log*, wherever the log is: its first key tells it from others."""
    from sluicegate.adapters.sqlite_index import SqliteIndex  # noqa: PLC0415 - for large logs only

    vkey = format_vkey(log.keys.first)
    name = f"{sha256(vkey.encode()).hexdigest()}.sqlite"
    return SqliteIndex(machine.cache_folder / "index" / name, vkey)


def open_search(
    machine: Machine,
    log: LogReader,
    *,
    on_progress: OnProgress = ignore_progress,
    on_trouble: OnTrouble = raise_trouble,
) -> Search:
    """Look entries of *log* up; a small one is read without an index.

    Raises:
        IntegrityError: the log is not what was committed.
        ExternalError: the log cannot be read.
    """
    index = None if log.head().size <= SMALL else open_index(machine, log)
    return Search(log, index, on_progress, on_trouble)
