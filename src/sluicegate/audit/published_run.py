"""A run that published an image, out of the log: what there is to attest of a release.

It is found by its name, a Git tag or else the beginning of its commit, and never by
what a registry serves under a tag.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sluicegate.audit.envelope import Envelope
from sluicegate.audit.facts import read_facts
from sluicegate.audit.reader import LogReader
from sluicegate.audit.record import Entry, decode_entry
from sluicegate.audit.search import Found
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.model.event import PublishConfirmed, RunStarted, StageFinished

_TAGS = "refs/tags/"
_SHORT = 12
_SOME_COMMIT = re.compile(r"[0-9a-f]{4,64}")
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Origin:
    """The attempt that a result was taken from, and the beginning of its run."""

    started: Found
    finished: Found


@dataclass(frozen=True, slots=True)
class PublishedRun:
    """The run ``run_id`` of the release ``name``, with all its entries in order.

    ``origins`` are the attempts whose results it took, by the index of the entry that
    says so; None where that was pruned.
    """

    run_id: str
    name: str
    commit: str
    entries: tuple[Found, ...]
    origins: Mapping[int, Origin | None]


def find_published_run(
    log: LogReader, name: str | None = None, run_id: str | None = None
) -> PublishedRun:
    """The newest run that published the release *name*, or any; or *run_id*.

    A release that is called so goes before one whose commit begins so.

    Raises:
        UsageError: no such run published anything, its beginning was pruned, or several
            commits begin so.
        IntegrityError: the log is not what was committed.
    """
    head = _find(log, name, run_id)
    entries = tuple(_read_run(log, head.run_id))
    origins = dict(_find_origins(log, entries))
    return PublishedRun(
        head.run_id, _name_of(head), _hex(head.source.commit), entries, origins
    )


def _find(log: LogReader, name: str | None, run_id: str | None) -> Envelope:
    others: list[str] = []
    by_commit: dict[str, Envelope] = {}
    for _, head, entry in _back(log, b'"type":"publish.confirmed"'):
        if not isinstance(entry.event, PublishConfirmed):
            continue
        is_meant = run_id is None and name in {None, _name_of(head)}
        if is_meant or head.run_id == run_id:
            return head
        if name is not None and _begins_with(head, name):
            by_commit.setdefault(head.source.commit, head)
        if _name_of(head) not in others:
            others.append(_name_of(head))
    if len(by_commit) > 1:
        raise _ambiguous(by_commit, name)
    if by_commit:
        return next(iter(by_commit.values()))
    which = "the run published" if run_id else f"{name!r} published" if name else ""
    if not others:
        raise UsageError(
            "no run in the log published an image",
            hint="a `publish` stage does; `sluice audit export --format in-toto` writes"
            " statements about runs without one",
        )
    raise UsageError(
        f"nothing in the log says that {which} an image",
        hint=f"published were: {', '.join(others[:_SHOWN])}",
    )


def _name_of(head: Envelope) -> str:
    """The Git tag, or else the short commit."""
    ref = head.source.ref or ""
    if ref.startswith(_TAGS):
        return ref.removeprefix(_TAGS)
    return _hex(head.source.commit)[:_SHORT]


def _ambiguous(commits: Iterable[str], name: str | None) -> UsageError:
    found = sorted(map(_hex, commits))
    return UsageError(
        f"{name!r} is the beginning of {len(found)} commits that were published",
        hint=f"write more of it: {', '.join(found[:_SHOWN])}",
    )


def _begins_with(head: Envelope, name: str) -> bool:
    return bool(_SOME_COMMIT.fullmatch(name)) and _hex(head.source.commit).startswith(
        name
    )


def _hex(commit: str) -> str:
    """A commit without the name of its hash."""
    return commit.rpartition(":")[2]


def _read_run(log: LogReader, run_id: str) -> list[Found]:
    entries: list[Found] = []
    for found, head, _ in _back(log, f'"run_id":"{run_id}"'.encode()):
        if head.run_id == run_id:
            entries.append(found)
            if head.seq == 0:
                return entries[::-1]
    raise UsageError(
        f"the beginning of run {run_id} was pruned: what it did is not known whole"
    )


def _find_origins(
    log: LogReader, entries: tuple[Found, ...]
) -> Iterator[tuple[int, Origin | None]]:
    for found in entries:
        event = decode_entry(found.entry).event
        if isinstance(event, StageFinished) and event.cached is not None:
            yield found.index, _find_origin(log, event.cached, found.index)


def _find_origin(log: LogReader, task: str, before: int) -> Origin | None:
    """The attempt *task*, or the one that its result was taken from in its turn."""
    mark = f'"task_id":"{task}"'.encode()
    for found, head, entry in _back(log, mark, before):
        event = entry.event
        if entry.task_id != task or not isinstance(event, StageFinished):
            continue
        if event.cached is not None:
            return _find_origin(log, event.cached, found.index)
        started = _find_start(log, head.run_id, found.index)
        return None if started is None else Origin(started, found)
    return None


def _find_start(log: LogReader, run_id: str, before: int) -> Found | None:
    mark = f'"run_id":"{run_id}"'.encode()
    for found, head, entry in _back(log, mark, before):
        if head.run_id == run_id and isinstance(entry.event, RunStarted):
            return found
    return None


def _back(
    log: LogReader, mark: bytes, before: int | None = None
) -> Iterator[tuple[Found, Envelope, Entry]]:
    """Entries of runs with *mark* in them, newest first, those below *before*."""
    end = log.head().size if before is None else before
    for index, data in log.pick(range(end - 1, log.min_index() - 1, -1)):
        if mark not in data:
            continue
        try:
            entry = decode_entry(data)
        except IntegrityError as error:
            raise IntegrityError(f"entry {index}: {error}", hint=error.hint) from error
        if isinstance(entry.envelope, Envelope):
            yield Found(read_facts(index, data), data), entry.envelope, entry
