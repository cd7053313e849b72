"""Let runs begin and stages use GPUs only as long as budgets leave something.

What is used and what is added to it are decided under one state of the log, so that of
two who race for the last slot one gets it.
"""

from dataclasses import dataclass, replace

from sluicegate.audit.accounts import LoggedAccounts
from sluicegate.gates.budget import judge_gpu, judge_run
from sluicegate.model.budget import Budgets
from sluicegate.model.event import Event, GpuReserved, RunStarted
from sluicegate.ports.clock import Clock
from sluicegate.tlog.checkpoint import Checkpoint


@dataclass(frozen=True, slots=True)
class Admission:
    """Judges by *budgets* what *accounts* say at the time of *clock*."""

    budgets: Budgets
    accounts: LoggedAccounts
    clock: Clock

    def concerns(self, event: Event) -> bool:
        """Whether a budget may have something against *event*.

        Going back to an earlier release is let through: nobody's outage waits for
        Monday.
        """
        match event:
            case RunStarted():
                return bool(self.budgets.runs) and event.rollback is None
            case GpuReserved():
                return bool(self.budgets.gpu_minutes)
            case _:
                return False

    def decide(self, old: Checkpoint, event: Event) -> Event:
        """The event as it is to be recorded after the state *old*.

        Raises:
            IntegrityError: the log is not what was committed.
        """
        now = self.clock.now()
        used = self.accounts.used(now, old.size)
        match event:
            case RunStarted():
                return replace(event, over_budget=judge_run(self.budgets, used, now))
            case GpuReserved():
                return replace(event, refused=judge_gpu(self.budgets, used, now))
            case _:
                return event
