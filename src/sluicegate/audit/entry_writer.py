"""Events of one run as entries of the log: numbered, named by task, without secrets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sluicegate.audit.admission import Admission
from sluicegate.audit.envelope import Actor, Envelope, Recording, Source
from sluicegate.audit.log import MAX_ENTRY_BYTES
from sluicegate.audit.record import decode, encode
from sluicegate.audit.redaction import Redactor
from sluicegate.errors import UsageError
from sluicegate.model.event import (
    Event,
    RunFinished,
    RunInterrupted,
    RunResumed,
    RunStarted,
    StageFinished,
    StageSkipped,
    StageStarted,
)
from sluicegate.model.task import task_id
from sluicegate.ports.clock import Clock


@dataclass(frozen=True, slots=True)
class Facts:
    """What every entry of a run says besides its event, and what none may say.

    What *admission* has a say in is committed at once, as it says.
    """

    source: Source
    actor: Actor
    tool: Recording
    machine: str | None = None
    redactor: Redactor = field(default_factory=Redactor)
    admission: Admission | None = None


OnEntry = Callable[[bytes], None]
"""Receives an entry as it is in the log: canonical JSON, without newline."""


class EntryWriter:
    """Writes entries of the run *run_id*, the next of which has *next_seq*."""

    def __init__(
        self,
        run_id: str,
        clock: Clock,
        new_event_id: Callable[[], str],
        facts: Facts,
        next_seq: int = 0,
    ) -> None:
        self._run_id = run_id
        self._clock = clock
        self._new_event_id = new_event_id
        self._facts = facts
        self.next_seq = next_seq
        self._labels: Mapping[str, str] = {}
        self._attempts: dict[str, int] = {}

    def write(self, event: Event) -> tuple[bytes, Event]:
        """The next entry, and *event* as it is in there.

        It stays the next one until ``next_seq`` is raised.

        Raises:
            UsageError: it cannot be recorded.
        """
        written = encode(self._envelope(), event, self.task_of(event))
        entry = self._facts.redactor.entry(written, MAX_ENTRY_BYTES)
        if len(entry) > MAX_ENTRY_BYTES:
            raise UsageError(
                f"the event takes {len(entry)} bytes; the log takes {MAX_ENTRY_BYTES}",
                hint="keep large reports as evidence files",
            )
        return entry, event if entry == written else decode(entry)[1]

    def task_of(self, event: Event) -> str | None:
        """The task *event* belongs to; remembers what later events are named by."""
        match event:
            case RunStarted():
                self._labels = event.labels
            case StageStarted() | StageFinished():
                self._attempts[event.stage] = event.attempt
            case RunResumed() | RunInterrupted() | RunFinished() | StageSkipped():
                return None
            case _:
                pass
        if isinstance(event, RunStarted) or event.stage not in self._attempts:
            return None
        attempt = self._attempts[event.stage]
        return task_id(self._run_id, self._labels, event.stage, attempt)

    def _envelope(self) -> Envelope:
        return Envelope(
            event_id=self._new_event_id(),
            run_id=self._run_id,
            seq=self.next_seq,
            recorded_ts=self._clock.now(),
            source=self._facts.source,
            actor=self._facts.actor,
            tool=self._facts.tool,
            machine=self._facts.machine,
        )
