"""A process that records: `python audit_writer.py ROOT RUN LABEL...`.

It opens the log under ROOT (or begins it), recovers the run, and records an event for
each label. It says ``noted`` once an event may not be lost any more and ``committed``
once it is in the log. Accesses to /BEGIN and /END mark the appends in a trace.
"""

import os
import secrets
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from fakes_audit import log_envelope
from typing_extensions import override

from sluicegate.adapters.keys import KeyDirectory
from sluicegate.adapters.stores.directory_log import DirectoryLog
from sluicegate.adapters.stores.journal import FileJournal
from sluicegate.adapters.stores.pins import PinFile
from sluicegate.audit import open_log
from sluicegate.audit.history import history
from sluicegate.audit.log import AuditLog
from sluicegate.audit.record import Actor, Recording, Source
from sluicegate.audit.recorder import Facts, Recorder
from sluicegate.model.digest import Digest
from sluicegate.model.event import RunStarted, StageSkipped
from sluicegate.model.ulid import format_ulid
from sluicegate.ports.clock import Clock


class WallClock(Clock):
    """The real time."""

    @override
    def now(self) -> datetime:
        now = datetime.now(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    @override
    def monotonic_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000

    @override
    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def new_id() -> str:
    """A ULID."""
    return format_ulid(time.time_ns() // 1_000_000, secrets.token_bytes(10))


def open_here(root: Path) -> AuditLog:
    """Open the log under *root*, with its keys and pins beside it."""
    store = DirectoryLog(root / "audit")
    return open_log(
        store,
        KeyDirectory(root / "keys"),
        PinFile(root / "pins", str(root / "audit")),
        wait=lambda _attempt: None,
        origin="log.example/crash",
        envelope=log_envelope,
    )


def build_recorder(root: Path, run_id: str, log: AuditLog | None = None) -> Recorder:
    """A recorder that has recovered what was left, of a run that has begun."""
    log = log or open_here(root)
    journal = FileJournal(root / "journal", run_id)
    recorder = Recorder(
        log,
        journal,
        run_id,
        clock=WallClock(),
        new_event_id=new_id,
        facts=Facts(
            Source("acme/churn-model", "sha1:" + "a" * 40),
            Actor("user", "1000"),
            Recording("sluicegate", "0.1.0"),
        ),
    )
    recorder.recover()
    if not history(log, journal, run_id):
        recorder.note(started())
    return recorder


def started() -> RunStarted:
    """What a run begins with."""
    return RunStarted(
        pipeline="churn_release_v1.0",
        definition=Digest.of(b""),
        commit="a" * 40,
        branch=None,
        dirty=False,
        stages=(),
        start_ts=WallClock().now(),
    )


def main() -> None:
    root, run_id, *labels = sys.argv[1:]
    write(build_recorder(Path(root), run_id), labels)


def write(recorder: Recorder, labels: Sequence[str]) -> None:
    """Record an event for each label, and say so."""
    os.access("/BEGIN", os.F_OK)
    for label in labels:
        recorder.note(StageSkipped("canary", label))
        os.write(1, f"noted {label}\n".encode())
        recorder.commit()
        os.write(1, f"committed {label}\n".encode())
    os.access("/END", os.F_OK)
    recorder.close()


if __name__ == "__main__":
    main()
