"""The verification of an audit log as text and as JSON. Pure.

Everything that comes out of a log is escaped: whoever wrote a commit message or a test
name must not be able to draw on the reader's terminal.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sluicegate.model.retention import Promise
from sluicegate.report.escape import escape
from sluicegate.report.hosted_anchor import (
    HostedAnchor,
    anchor_rows,
    hosted_document,
)
from sluicegate.report.moment import format_moment

_SHORT_RUN = 8
_SHOWN_DOUBTS, _FIRST_DOUBTS = 3, 100
_SHOWN_RUNS = 3
_END_OF_CALENDAR = 253402300800  # the year 10000, in seconds since 1970


def shorten_run(run_id: str) -> str:
    """The last characters of a run id: the first ones of a ULID are a time."""
    return run_id[-_SHORT_RUN:]


@dataclass(frozen=True, slots=True)
class Cosigner:
    """A witness, the newest size it cosigned, and when, in seconds since 1970."""

    name: str
    size: int
    at: int


@dataclass(frozen=True, slots=True)
class Witnessed:
    """What witnesses vouch for: the first ``size`` entries, if ``reached``."""

    quorum: str
    reached: bool
    size: int
    signed: Sequence[Cosigner]
    missing: Sequence[str]


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A run that has not finished, the index and time of its first entry."""

    run_id: str
    index: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Verification:
    """What a verification found.

    Without a ``root`` there is no checkpoint to trust: nothing else was looked at.
    ``key_outside`` is whether the key came from elsewhere than the log itself.
    ``evidence_files`` is None when they were not looked at. ``seen`` is a size pinned
    before, if any, and ``held`` whether the log extends that. Entries before
    ``min_index`` were pruned; ``unknown`` counts entries by types that this version
    does not know. ``signatures`` counts those under signed statements that hold,
    ``unchecked`` those of which that is not known, by the reason; ``attested`` counts
    answers that a code host attests and nobody has signed. ``doubts`` are what
    contradicts the times of entries, which is no problem by itself. ``hosted`` is what
    a code host vouches for, None if it was not asked.
    """

    origin: str
    size: int
    root: str
    vkey: str
    key_source: str
    key_outside: bool
    evidence_files: int | None
    seen: int | None
    held: bool
    problems: Sequence[str]
    witnessed: Witnessed | None = None
    store: Promise | None = None
    min_index: int = 0
    unfinished: Sequence[Unfinished] = ()
    unknown: Mapping[str, int] = field(default_factory=dict)
    signatures: int = 0
    unchecked: Mapping[str, int] = field(default_factory=dict)
    attested: int = 0
    doubts: Sequence[str] = ()
    hosted: HostedAnchor | None = None


def verification_document(found: Verification) -> str:
    """Write a verification as JSON. What is not known is null."""
    read = bool(found.root)
    document = {
        "ok": not found.problems,
        "origin": found.origin or None,
        "size": found.size if read else None,
        "root": found.root or None,
        "problems": list(found.problems),
        "key": found.vkey or None,
        "key_source": found.key_source if found.vkey else None,
        "key_from_outside": found.key_outside if found.vkey else None,
        "seen": found.seen,
        "seen_held": found.held if read and found.seen is not None else None,
        "witnesses": witness_document(found.witnessed),
        "anchor": hosted_document(found.hosted),
        "store": None
        if found.store is None
        else {
            "keeping": found.store.keeping.value,
            "statement": found.store.statement,
        },
        "evidence_files": found.evidence_files if read else None,
        "attested": found.attested if read else None,
        "signatures": {"hold": found.signatures, "not_checked": dict(found.unchecked)}
        if read
        else None,
        "pruned_before": found.min_index if read else None,
        "open_runs": [
            {"run_id": run.run_id, "index": run.index, "since": run.at.isoformat()}
            for run in found.unfinished
        ]
        if read
        else None,
        "unknown_types": dict(found.unknown) if read else None,
        "doubtful_times": {
            "count": len(found.doubts),
            "first": list(found.doubts[:_FIRST_DOUBTS]),
        }
        if read
        else None,
    }
    return json.dumps(document, indent=2)


def witness_document(found: Witnessed | None) -> dict[str, object] | None:
    """What witnesses vouch for, as JSON."""
    if found is None:
        return None
    return {
        "quorum": found.quorum,
        "reached": found.reached,
        "size": found.size,
        "signed": [
            {"name": each.name, "size": each.size, "time": each.at}
            for each in found.signed
        ],
        "missing": list(found.missing),
    }


def verification_text(found: Verification) -> str:
    """Write a verification for a person: what is wrong, then what the rest rests on."""
    lines = [f"✗ {escape(problem)}" for problem in found.problems]
    if found.problems:
        count = len(found.problems)
        lines.append(f"{count} problem{'s' if count > 1 else ''} found")
    else:
        lines.append(f"✓ the log of {escape(found.origin)} is what was written")
    rows = _read_rows(found) if found.root else _unread_rows(found)
    label = ""
    for name, text in rows:
        lines.append(f"  {'' if name == label else name:<11}{escape(text)}".rstrip())
        label = name
    return "\n".join(lines)


def _unread_rows(found: Verification) -> Iterator[tuple[str, str]]:
    # No count of entries or files could be true.
    if found.seen is not None:
        yield "seen", f"before on this machine, with {found.seen} entries"


def _read_rows(found: Verification) -> Iterator[tuple[str, str]]:
    yield "entries", _entries(found)
    yield "root", found.root
    yield "key", found.vkey
    yield "key", f"from {found.key_source}"
    yield "seen", _seen(found)
    yield from _outside_rows(found)
    if found.store is not None:
        yield "store", f"{found.store.keeping.value}: {found.store.statement}"
    yield "evidence", _evidence(found.evidence_files)
    if found.signatures or found.unchecked:
        for text in _signatures(found):
            yield "statements", text
    if found.attested:
        yield "attested", _attested(found.attested)
    if found.unfinished:
        yield "open runs", _runs(found.unfinished)
    for text in _doubts(found.doubts):
        yield "times", text
    if found.unknown:
        total = sum(found.unknown.values())
        kinds = ", ".join(f"{kind} ({n})" for kind, n in sorted(found.unknown.items()))
        yield (
            "unknown",
            f"{_count(total, 'entry', 'entries')} of a newer version: {kinds}",
        )


def _outside_rows(found: Verification) -> Iterator[tuple[str, str]]:
    if found.witnessed is not None:
        for text in witness_rows(found.witnessed, found.size):
            yield "witnesses", text
    if found.hosted is not None:
        for text in anchor_rows(found.hosted, found.size):
            yield "anchor", text


def _doubts(doubts: Sequence[str]) -> Iterator[str]:
    yield from doubts[:_SHOWN_DOUBTS]
    if rest := len(doubts[_SHOWN_DOUBTS:]):
        yield f"{rest} more; --json names {_FIRST_DOUBTS}"


def _entries(found: Verification) -> str:
    if not found.min_index:
        return str(found.size)
    return (
        f"{found.size}; those before {found.min_index} were pruned, their hashes "
        "were not"
    )


def _seen(found: Verification) -> str:
    if found.seen is None:
        return "never before on this machine: a rollback would not be noticed"
    text = f"before on this machine, with {found.seen} entries"
    return text if found.held else f"{text}, which this log does not extend"


def witness_rows(found: Witnessed, size: int) -> Iterator[str]:
    """Say in a line each what witnesses vouch for of a log of *size*, not escaped."""
    if not found.reached:
        yield f"{found.quorum}: no quorum"
    elif found.size == size:
        yield f"{found.quorum} vouch for all of it"
    else:
        pending = _count(size - found.size, "newer one is", "newer ones are")
        yield f"{found.quorum} vouch for {found.size} entries, {pending} pending"
    for each in found.signed:
        yield f"{each.name}: {each.size} entries {_moment(each.at)}"
    for missing in found.missing:
        yield f"{missing}: nothing"


def _moment(seconds: int) -> str:
    if seconds >= _END_OF_CALENDAR:
        return "at an impossible time"
    return f"on {format_moment(datetime.fromtimestamp(seconds, UTC))}"


def _attested(count: int) -> str:
    answers = _count(count, "answer is", "answers are")
    return f"{answers} as a code host gave {'it' if count == 1 else 'them'}; not signed"


def _evidence(files: int | None) -> str:
    if files is None:
        return "not checked"
    return f"{files} file{'' if files == 1 else 's'} agree{'s' if files == 1 else ''}"


def _signatures(found: Verification) -> Iterator[str]:
    yield _count(found.signatures, "signature holds", "signatures hold")
    for reason, number in sorted(found.unchecked.items()):
        yield f"{_count(number, 'signature', 'signatures')} not checked: {reason}"


def _runs(runs: Sequence[Unfinished]) -> str:
    newest = [
        f"{shorten_run(run.run_id)} since {format_moment(run.at)}"
        for run in runs[-_SHOWN_RUNS:]
    ]
    text = _count(len(runs), "has not finished", "have not finished")
    more = "the newest " if len(runs) > _SHOWN_RUNS else ""
    return f"{text}: {more}{', '.join(reversed(newest))}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
