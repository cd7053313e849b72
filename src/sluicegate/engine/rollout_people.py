"""Take what people decide about a rollout under way into its events."""

from collections.abc import Callable

from sluicegate.engine.directions import Directions
from sluicegate.engine.rollout_clock import RolloutClock
from sluicegate.engine.rollout_order import find_flaw
from sluicegate.engine.rollout_plan import RolloutPlan
from sluicegate.engine.rollout_state import RolloutState
from sluicegate.errors import ExternalError
from sluicegate.model.event import RolloutDirected


class People:
    """Those who decide about the rollout of *plan*; *say* takes lines for people."""

    def __init__(
        self,
        plan: RolloutPlan,
        directions: Directions,
        time: RolloutClock,
        say: Callable[[str], None],
    ) -> None:
        self._plan, self._directions, self._time = plan, directions, time
        self._say, self._said = say, ""

    def decided(self, state: RolloutState) -> RolloutDirected | None:
        """The next decision that counts in *state* and is not recorded yet.

        Where nobody can be asked, there is none. Why one does not count is said once.
        """
        started = state.started
        if started is None or state.is_live(self._plan) or not state.may_be_directed:
            return None
        try:
            said = self._directions.pending(started, self._plan.stage)
        except ExternalError as error:
            self._say_once(f"what people decide cannot be read: {error}")
            return None
        if said is None:
            self._said = ""
            return None
        event = RolloutDirected(
            *(self._plan.stage, said.direction, said.reason, said.by),
            max(self._time.now(), state.latest or started.start_ts),
            said.size,
        )
        flaw = find_flaw(self._plan, state, event)
        if flaw is not None:
            self._say_once(f"{said.direction.value} does not count: {flaw}")
            return None
        return event

    def _say_once(self, why: str) -> None:
        if why != self._said:
            self._say(why)
        self._said = why
