"""The state of a run and its record, for several threads: one event at a time."""

import threading
from collections.abc import Sequence

from typing_extensions import override

from sluicegate.engine.machine import Effect, advance
from sluicegate.engine.toolbox import Observer, Record
from sluicegate.model.event import Event, GpuReserved, StageSkipped, StageStarted
from sluicegate.model.event_secrets import SecretsRevoked
from sluicegate.model.finding import Finding
from sluicegate.model.run import Run

_NOTED = (StageStarted, GpuReserved, StageSkipped, SecretsRevoked)


class Ledger:
    """Lets events happen: checked, recorded, and only then counted and shown."""

    def __init__(
        self, run_id: str, record: Record, observer: Observer, run: Run | None = None
    ) -> None:
        self._run_id = run_id
        self._record = record
        self._observer = observer
        self._run = run
        self._effects: tuple[Effect, ...] = ()
        self._lock = threading.Lock()

    def happen(self, event: Event) -> None:
        """Record *event*, unless it cannot follow the ones before it.

        The beginning of a stage, GPUs set aside and a skipped stage have no effect
        outside the workspace, and the end of a login lets nobody do more: they are
        committed with whatever comes next.

        Raises:
            IntegrityError: it cannot follow.
            UsageError: it cannot be recorded; it has not happened.
            ExternalError: it may not be durable.
        """
        self.ask(event)

    def ask(self, event: Event) -> Event:
        """Let *event* happen, and say what has: a budget may have made another of it.

        Raises:
            as `happen`.
        """
        with self._lock:
            run, effects = advance(self._run_id, self._run, event)
            if isinstance(event, _NOTED):
                kept = self._record.note(event)
            else:
                kept = self._record.record(event)
            if kept != event:  # the run is what the log says of it, now and later
                run, effects = advance(self._run_id, self._run, kept)
            self._run, self._effects = run, effects
            self._observer.event(kept)
            return kept

    @property
    def run(self) -> Run:
        """The run as it is now; there must have been an event."""
        with self._lock:
            assert self._run is not None
            return self._run

    @property
    def effects(self) -> tuple[Effect, ...]:
        """What is to be done now."""
        with self._lock:
            return self._effects


class SerialObserver(Observer):
    """Passes on what several threads say, one thing at a time."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._lock = threading.RLock()

    @override
    def event(self, event: Event) -> None:
        with self._lock:
            self._observer.event(event)

    @override
    def line(self, stage: str, text: str) -> None:
        with self._lock:
            self._observer.line(stage, text)

    @override
    def findings(self, stage: str, findings: Sequence[Finding]) -> None:
        with self._lock:
            self._observer.findings(stage, findings)
