"""What a run has in the place of a log, if nobody is to record it.

No log is opened, begun or pinned, no key is looked for or made. What takes a log to
know is not known: no earlier result is used, nothing is known of what is stable, and a
budget of GPU-minutes, of which nobody can tell what is left, leaves none.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property

from typing_extensions import override

from sluicegate.adapters.folder import make_state_folder
from sluicegate.adapters.stores.evidence import EvidenceDirectory
from sluicegate.audit.entry_writer import EntryWriter
from sluicegate.audit.log import AuditLog
from sluicegate.audit.reader import LogReader
from sluicegate.audit.recorder import OnEntry
from sluicegate.audit.time import GateClock
from sluicegate.audit.unrecorded import Unrecorded
from sluicegate.engine.unrecorded import NOT_RECORDED
from sluicegate.errors import PermanentError, UsageError
from sluicegate.model.decision import Verdict
from sluicegate.model.event import ConditionResult, Event, GpuReserved
from sluicegate.ports.evidence import EvidenceStore
from sluicegate.ports.referrers import Referrers
from sluicegate.ports.stable import StableEvidence, StableReleases
from sluicegate.wiring.record import ProjectLog


@dataclass(frozen=True)
class NoLog(ProjectLog):
    """Stands for the log of *project*, and keeps its hands off it."""

    @property
    @override
    def records(self) -> bool:
        return False

    @cached_property
    @override
    def log(self) -> AuditLog:
        raise UsageError(
            f"{NOT_RECORDED}: this run may not open the audit log",
            hint="run it without --no-record",
        )

    @property
    @override
    def has_begun(self) -> bool:
        return False

    @override
    def existing(self) -> LogReader | None:
        return None

    @cached_property
    @override
    def evidence(self) -> EvidenceStore:
        """Files of evidence, for whoever shows the run; no log names them."""
        return EvidenceDirectory(self.project.state / "unrecorded")

    @property
    @override
    def referrers(self) -> Referrers | None:
        return None

    @cached_property
    @override
    def clock(self) -> GateClock:
        clock = self.project.machine.clock
        return GateClock(clock, clock.now())

    @contextmanager
    def keeping(self, run_id: str, on_entry: OnEntry) -> Iterator[Unrecorded]:
        """What takes the events of the run while in the context."""
        project = self.project
        make_state_folder(project.state)
        writer = EntryWriter(
            run_id, self.clock, project.machine.new_id, self.facts(None)
        )
        yield Unrecorded(writer, on_entry, self._decide)

    def _decide(self, event: Event) -> Event:
        """Let nobody use GPUs of which there is a budget."""
        if not isinstance(event, GpuReserved) or not self.budgets.gpu_minutes:
            return event
        period, limit = next(iter(self.budgets.gpu_minutes.items()))
        condition = f"GPU-minutes per {period.value} <= {limit}"
        reason = f"{NOT_RECORDED}: without the log nobody can tell what is left of them"
        return replace(
            event, refused=ConditionResult(condition, Verdict.CLOSED, reason)
        )


class UnknownStable(StableReleases):
    """Nobody knows what is stable: that is not the same as nothing being so."""

    @override
    def of(self, environment: str) -> StableEvidence | None:
        raise PermanentError(
            f"{NOT_RECORDED}: without the log nobody knows what is stable in"
            f" {environment}, with which the gate compares",
            hint="run it without --no-record",
        )
