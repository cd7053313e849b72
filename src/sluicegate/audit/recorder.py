"""The recorder of one run: events in, entries in the log out.

Events without effect outside wait in the run's journal, which costs one flush to the
disk; those that announce or confirm an effect commit the journal and themselves to the
log. An event is never lost once a method has returned, and never doubled: its id says
whether it is in the log.
"""

from collections.abc import Callable, Sequence
from functools import partial

from sluicegate.audit.entry_writer import EntryWriter, Facts, OnEntry
from sluicegate.audit.history import read_run
from sluicegate.audit.log import AuditLog
from sluicegate.model.event import Event
from sluicegate.ports.clock import Clock
from sluicegate.ports.journal import Journal
from sluicegate.tlog.checkpoint import Checkpoint

__all__ = ["Facts", "OnEntry", "Recorder"]


def _ignore(_entry: bytes) -> None:
    """Nobody follows the run."""


class Recorder:
    """Records the events of the run *run_id*, the next of which has *next_seq*."""

    def __init__(
        self,
        log: AuditLog,
        journal: Journal,
        run_id: str,
        *,
        next_seq: int = 0,
        clock: Clock,
        new_event_id: Callable[[], str],
        facts: Facts,
        on_entry: OnEntry = _ignore,
    ) -> None:
        """Create it; *on_entry* gets each entry once it is durable, and cannot fail."""
        self._log = log
        self._journal = journal
        self._run_id = run_id
        self._writer = EntryWriter(run_id, clock, new_event_id, facts, next_seq)
        self._admission = facts.admission
        self._on_entry = on_entry
        self._in_doubt = False

    def note(self, event: Event) -> Event:
        """Keep *event* durably; it is committed to the log with the next one.

        Returns:
            The event as it is kept: without credentials, its long texts cut.

        Raises:
            UsageError: it cannot be recorded, or another process records this run.
            ExternalError: it may not be durable.
        """
        admission = self._admission
        if admission is not None and admission.concerns(event):
            return self._record_as(partial(admission.decide, event=event))
        entry, kept = self._writer.write(event)
        self._journal.append(entry)
        self._writer.next_seq += 1
        self._on_entry(entry)
        return kept

    def commit(self) -> None:
        """Commit what was noted to the log, all of it or nothing.

        Raises:
            IntegrityError: the log is not what it was.
            ExternalError: whether it is committed is unknown. Calling this again, or
                `recover` in another process, finds out.
        """
        if self._in_doubt:
            self.recover()
            return
        entries = self._journal.read()
        if entries:
            self._in_doubt = True
            self._log.append(entries)
            self._journal.clear()
            self._in_doubt = False

    def record(self, event: Event) -> Event:
        """Commit *event*, and all that was noted before it, to the log.

        Returns:
            The event as it is in the log.
        """
        kept = self.note(event)
        self.commit()
        return kept

    def _record_as(self, decide: Callable[[Checkpoint], Event]) -> Event:
        """Commit what was noted, and after it what *decide* says of the state then.

        Nobody appends in between. The last of them waits in no journal: until it is
        committed, it may still be another one.
        """
        written: list[tuple[bytes, Event]] = []

        def append(old: Checkpoint) -> Sequence[bytes]:
            written[:] = [self._writer.write(decide(old))]
            return [*waiting, written[0][0]]

        if self._in_doubt:
            self.recover()
        self._journal.hold()
        waiting = self._journal.read()
        self._in_doubt = True
        self._log.append_as(append)
        self._journal.clear()
        self._in_doubt = False
        self._writer.next_seq += 1
        self._on_entry(written[0][0])
        return written[0][1]

    def recover(self) -> int:
        """Commit what a process that died has left in the journal; call before `note`.

        Returns:
            How many entries were missing from the log.

        Raises:
            UsageError: another process is carrying this run on.
            IntegrityError: the journal is not the end of this run.
        """
        # Whoever holds the journal commits it: two of us would commit it twice.
        self._journal.hold()
        past = read_run(self._log, self._journal, self._run_id)
        if past.waiting:
            self._log.append(past.waiting)
        self._journal.clear()
        self._writer.next_seq = len(past.events)
        for event in past.events:
            self._writer.task_of(event)
        self._in_doubt = False
        return len(past.waiting)

    def close(self) -> None:
        """Let other processes carry the run on. What was noted stays noted."""
        self._journal.close()
