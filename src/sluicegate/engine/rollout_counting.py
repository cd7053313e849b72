"""Read the counters of a rollout's target, and the metrics beside them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sluicegate.engine.rollout_account import Account
from sluicegate.engine.rollout_metrics import Totals
from sluicegate.engine.rollout_plan import RolloutPlan
from sluicegate.engine.rollout_reading import Readings
from sluicegate.engine.rollout_state import Mark
from sluicegate.errors import TransientError
from sluicegate.model.metric import Pair
from sluicegate.model.rollout import Scrape
from sluicegate.ports.target import Target

FindDoubt = Callable[[RolloutPlan, Mark | None, Totals], tuple[str, str] | None]
"""Which metric of some totals is not believed after a mark, and why; None if none."""


class Counting:
    """Counts what both releases of *account* serve, by *target* and *readings*."""

    def __init__(self, account: Account, target: Target, readings: Readings) -> None:
        self._account, self._target, self._readings = account, target, readings

    def scrape(self, *, after: datetime | None = None) -> Scrape:
        """The target's counters now, which have come to *after* at least.

        Raises:
            ExternalError: they cannot be read, or they are behind what is recorded.
        """
        account, floor = self._account, self._account.now()
        seen = self._target.scrape(account.stable, account.plan.release, after=after)
        self._refuse_fallen(seen)
        # It was read in between, whatever the target's clock says.
        return replace(seen, at=min(max(seen.at, floor), account.now()))

    def read(self, seen: Scrape, find: FindDoubt) -> dict[str, Pair]:
        """The metrics beside failed requests, at about the time of *seen*.

        Those that *find* finds, after what is recorded, are left out.
        """
        plan, state = self._account.plan, self._account.state
        if state.started is None:
            return {}
        return self._readings.read(
            state.started, seen, lambda totals: find(plan, state.mark, totals)
        )

    def _refuse_fallen(self, seen: Scrape) -> None:
        """Refuse what is behind: it would be counted anew, and then once more.

        Raises:
            TransientError: it is.
        """
        mark = self._account.state.mark
        if mark is None or seen.begins_anew:
            return
        pairs = ((mark.stable, seen.stable), (mark.canary, seen.canary))
        if any(now.total < was.total or now.failed < was.failed for was, now in pairs):
            raise TransientError(
                "fewer requests are counted than were recorded before",
                hint="a replica of Prometheus that lags behind answered, or it lost"
                " what it stored",
            )
