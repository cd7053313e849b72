"""What a process that conducts a rollout knows of it, and tells: its log and its time.

Everything that happens goes through `Account.record`, which folds it in: what could not
have happened is refused before it is recorded.
"""

from collections.abc import Callable
from datetime import datetime

from sluicegate.engine.rollout_clock import RolloutClock
from sluicegate.engine.rollout_drift import shorten
from sluicegate.engine.rollout_fold import apply
from sluicegate.engine.rollout_order import MOST_OVERRIDDEN
from sluicegate.engine.rollout_plan import RolloutPlan
from sluicegate.engine.rollout_state import RolloutState
from sluicegate.model.event import OthersOverridden, RolloutEvent
from sluicegate.model.rollout import Release


class Account:
    """The rollout of *plan*, which has come to *state*.

    *commit* has committed an event to the log when it returns; *say* takes lines for
    people.
    """

    def __init__(
        self,
        plan: RolloutPlan,
        state: RolloutState,
        time: RolloutClock,
        commit: Callable[[RolloutEvent], None],
        say: Callable[[str], None],
    ) -> None:
        self.plan, self.state, self.say = plan, state, say
        self._time, self._commit = time, commit

    def record(self, event: RolloutEvent) -> None:
        """Commit *event*, and go on from it.

        Raises:
            IntegrityError: it cannot follow the events before it; nothing is recorded.
        """
        state = apply(self.plan, self.state, event)
        self._commit(event)
        self.state = state

    def record_overridden(self, what: str) -> None:
        """Record that others were written over; the first ones, if it never ends."""
        index = self.state.overridden
        if index < MOST_OVERRIDDEN:
            stage, at = self.plan.stage, self.now()
            self.record(OthersOverridden(stage, index, shorten(what), at))

    def now(self) -> datetime:
        """The time, not before what is recorded: a target has a clock of its own."""
        now, latest = self._time.now(), self.state.latest
        return now if latest is None else max(now, latest)

    @property
    def stable(self) -> Release:
        """What the canary is compared with.

        A first release is compared with nothing; its own counters stand in.
        """
        started = self.state.started
        return (started and started.stable) or self.plan.release
