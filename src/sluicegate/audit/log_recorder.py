"""Recording what happens to the log itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from sluicegate.audit.envelope import Actor, LogEnvelope, Recording
from sluicegate.audit.log import MAX_ENTRY_BYTES, AuditLog
from sluicegate.audit.record import encode_log
from sluicegate.audit.redaction import Redactor
from sluicegate.model.digest import Digest
from sluicegate.model.log_event import LogEvent, StateSnapshot
from sluicegate.ports.clock import Clock
from sluicegate.tlog.checkpoint import Checkpoint


@dataclass(frozen=True, slots=True)
class Signed:
    """An event that somebody without the log's key has stated, and signed.

    ``statement`` is the digest of what was signed, ``signature`` in base64.
    """

    event: LogEvent
    actor: Actor
    statement: Digest
    signature: str


@dataclass(frozen=True, slots=True)
class LogRecorder:
    """Appends events to *log* at once; they wait in no journal.

    ``actor`` is whoever uses this machine, ``machine`` its id.
    """

    log: AuditLog
    clock: Clock
    new_event_id: Callable[[], str]
    actor: Actor
    tool: Recording
    machine: str | None = None
    redactor: Redactor = field(default_factory=Redactor)

    def record(
        self,
        *events: LogEvent,
        actor: Actor | None = None,
        statement: Digest | None = None,
    ) -> int:
        """Commit *events* together, done by *actor*, by default by this user.

        Returns:
            The index of the first of them.

        Raises:
            UsageError: one cannot be recorded; nothing was.
            IntegrityError: the log is not what it was.
            ExternalError: whether they are committed is unknown: look for them.
        """
        entries = self._encode(events, actor, statement)
        return self.log.append(entries).size - len(entries)

    def record_after(
        self, decide: Callable[[Checkpoint], Sequence[LogEvent]]
    ) -> Checkpoint:
        """Commit what *decide* says, given the state of the log that it comes after.

        Nobody appends in between; *decide* is asked again if somebody did.

        Returns:
            The state that holds them; what it was if there is nothing to record.

        Raises:
            UsageError: one cannot be recorded; nothing was.
            IntegrityError: the log is not what it was.
            ExternalError: whether they are committed is unknown: look for them.
        """
        return self.log.append_as(lambda old: self._encode(decide(old), None, None))

    def record_signed(
        self, decide: Callable[[Checkpoint], Sequence[Signed]]
    ) -> Checkpoint:
        """Commit what others have stated, like `record_after`.

        Raises:
            UsageError: as for `record_after`.
            IntegrityError: as for `record_after`.
            ExternalError: as for `record_after`.
        """
        return self.log.append_as(
            lambda old: [self._encode_signed(each) for each in decide(old)]
        )

    def record_of(
        self, decide: Callable[[Checkpoint], Sequence[tuple[LogEvent, Actor]]]
    ) -> Checkpoint:
        """Commit what each actor did that *decide* says, like `record_after`.

        Raises:
            UsageError: as for `record_after`.
            IntegrityError: as for `record_after`.
            ExternalError: as for `record_after`.
        """
        return self.log.append_as(
            lambda old: [
                entry
                for event, actor in decide(old)
                for entry in self._encode((event,), actor, None)
            ]
        )

    def _encode_signed(self, signed: Signed) -> bytes:
        envelope = replace(
            self._envelope(signed.actor, signed.statement), signature=signed.signature
        )
        entry = encode_log(envelope, signed.event)
        return self._redact(signed.event, entry)

    def _encode(
        self,
        events: Sequence[LogEvent],
        actor: Actor | None,
        statement: Digest | None,
    ) -> list[bytes]:
        return [
            self._redact(
                event, encode_log(self._envelope(actor or self.actor, statement), event)
            )
            for event in events
        ]

    def _redact(self, event: LogEvent, entry: bytes) -> bytes:
        """A snapshot repeats what is in the log, and must do so to the letter."""
        if isinstance(event, StateSnapshot):
            return entry
        return self.redactor.entry(entry, MAX_ENTRY_BYTES)

    def _envelope(self, actor: Actor, statement: Digest | None) -> LogEnvelope:
        return LogEnvelope(
            event_id=self.new_event_id(),
            recorded_ts=self.clock.now(),
            actor=actor,
            tool=self.tool,
            machine=self.machine,
            statement=statement,
        )
