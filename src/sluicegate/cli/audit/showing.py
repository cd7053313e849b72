"""What ``sluice audit show`` shows."""

import re
from itertools import islice

import click

from sluicegate.audit.query import Query
from sluicegate.audit.reader import LogReader
from sluicegate.cli.audit.indexing import open_search
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import use_what_the_terminal_has, write_raw, write_result
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.report.entry import ShownEntry, entry_document, entry_text
from sluicegate.tlog.hashes import hash_leaf
from sluicegate.tlog.merkle import check_inclusion
from sluicegate.tlog.note import format_vkey
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.machine import Machine

_INDEX = re.compile(r"-?[0-9]{1,18}")
_EVENT_END = re.compile(r"[0-9A-HJKMNP-TV-Z]{4,26}")
_SEVERAL = 3


def show(text: str, place: str | None, vkey: str | None, form: str) -> ExitCode:
    """Show the entry that *text* names as *form*: text, json or raw."""
    machine = Machine()
    source = LogPlace.of(machine, place, vkey)
    log = source.reader()
    index = find_entry(machine, log, text)
    entry = log.entry(index)
    if form == "raw":
        write_raw(entry)
        return ExitCode.OPEN
    tree = log.tree()
    leaf = hash_leaf(entry)
    proof = tree.prove_inclusion(index)
    check_inclusion(leaf, index, tree.head.size, proof, tree.head.root)
    shown = ShownEntry(
        index=index,
        entry=entry,
        leaf=leaf,
        origin=tree.head.origin,
        size=tree.head.size,
        root=tree.head.root_text,
        vkey=format_vkey(log.key),
        key_source=source.key_source,
    )
    use_what_the_terminal_has()
    write_result(entry_document(shown) if form == "json" else entry_text(shown))
    return ExitCode.OPEN


def find_entry(machine: Machine, log: LogReader, text: str) -> int:
    """The index of the entry that is meant.

    Raises:
        UsageError: there is none, or more than one.
        click.UsageError: nothing can be meant.
    """
    if _INDEX.fullmatch(text):
        return _count(log, int(text))
    end = text.upper()
    if not _EVENT_END.fullmatch(end):
        raise click.UsageError(
            f"{text!r} is no entry: write its index, -1 for the newest, or at least the"
            " last 4 characters of its event id."
        )
    query = Query(event_end=end)
    found = [*islice(open_search(machine, log).find(query), _SEVERAL)]
    if len(found) == 1:
        return found[0].index
    if not found:
        raise UsageError(
            f"no event id in the log ends with {end}",
            hint="`sluice audit log --json` shows them",
        )
    places = ", ".join(str(each.index) for each in found)
    raise UsageError(
        f"several event ids end with {end}, those of the entries {places} among them",
        hint="write more of it, or the index",
    )


def _count(log: LogReader, number: int) -> int:
    """The index that *number* means, which counts from the end if it is negative."""
    size = log.head().size
    index = number + size if number < 0 else number
    if not 0 <= index < size:
        if not size:
            raise IntegrityError("the log has no entries")
        raise UsageError(
            f"the log has no entry {number}: it has {size}, from 0 to {size - 1}"
        )
    return index
