"""Conduct a rollout: carry out what `rollout.decide` names, and record what came of it.

Log first, then act: an act that changes the target is announced by a recorded event
before it happens and confirmed by another one after. A process that dies in between
leaves an announcement, which the next one acts upon again.

A rollout can be conducted in one go, or in ticks that never wait: whoever reads the
counters, and however often, the blocks follow one another, and so does the evidence.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from sluicegate.canary.judge import assess
from sluicegate.canary.judge import decide as decide_verdict
from sluicegate.canary.reason import describe_standing
from sluicegate.engine.rollout import (
    Action,
    Begin,
    Conclude,
    Deploy,
    Finish,
    Look,
    Retire,
    RolloutPlan,
    RolloutState,
    SetWeight,
    Wait,
    apply,
    block_from,
    decide,
    fold,
)
from sluicegate.engine.rollout_clock import RolloutClock
from sluicegate.engine.rollout_falls import find_doubt, find_fall
from sluicegate.engine.rollout_metrics import Totals, totals_told
from sluicegate.engine.rollout_people import People
from sluicegate.engine.rollout_reading import Readings
from sluicegate.engine.rollout_state import Mark
from sluicegate.engine.steering import Pace, Steering
from sluicegate.errors import ExternalError, PermanentError
from sluicegate.model.event import (
    CanaryJudged,
    CanaryReady,
    RolloutEvent,
    RolloutFinished,
    RolloutStarted,
    WeightConfirmed,
    WeightRequested,
)
from sluicegate.model.metric import Pair
from sluicegate.model.rollout import CanaryVerdict, Release, Scrape
from sluicegate.model.traffic import NO_REQUESTS
from sluicegate.ports.clock import Clock
from sluicegate.ports.target import Target

_MOST_AT_ONCE = 16  # decisions of people that are recorded before the next action


def conduct(
    plan: RolloutPlan,
    history: Iterable[RolloutEvent],
    target: Target,
    clock: Clock,
    record: Callable[[RolloutEvent], None],
    observe: Callable[[str], None],
    steering: Steering | None = None,
) -> RolloutState:
    """Bring the rollout that *history* began, if any, to its end.

    In a tick it is brought to where something must be waited for: then the state that
    is returned has not finished, and a later call goes on from the events recorded.

    Args:
        plan: what is wanted.
        history: the recorded events, oldest first; a finished rollout is not repeated.
        target: the environment, leased to this process.
        clock: waits between the blocks.
        record: commits an event to the log before it returns.
        observe: takes lines for people.
        steering: what it goes by beside the target; by default nothing, and it waits.

    Raises:
        Interrupted: asked to stop; call again with the events recorded so far.
        ExternalError: the target failed, which is no judgement; call again likewise.
        PermanentError: another rollout has made the release the stable one.
        IntegrityError: *history* cannot have happened.
    """
    state = fold(plan, history)
    time = RolloutClock(clock, newest=state.latest)
    steering = steering or Steering()
    rollout = _Rollout(plan, state, target, clock, time, record, observe, steering)
    rollout.refuse_overtaken()
    while rollout.state.finished is None:
        rollout.listen()
        action = decide(plan, rollout.state, rollout.as_of(), blind=rollout.blind)
        if isinstance(action, Wait) and steering.pace is Pace.TICK:
            if rollout.watched:
                break
            rollout.watch()
        else:
            rollout.act(action)
    return rollout.state


class _Rollout:
    """A rollout under way: the fold so far, and what it acts upon."""

    def __init__(
        self,
        plan: RolloutPlan,
        state: RolloutState,
        target: Target,
        clock: Clock,
        time: RolloutClock,
        record: Callable[[RolloutEvent], None],
        observe: Callable[[str], None],
        steering: Steering,
    ) -> None:
        self.state = state
        self.blind = False
        self.watched = False
        self._looked: datetime | None = None
        self._plan, self._target, self._clock, self._time = plan, target, clock, time
        self._record, self._say = record, observe
        self._people = People(plan, steering.directions, time, observe)
        self._readings = Readings(
            plan.judge.metrics, plan.scraped, steering.sources, observe
        )

    def refuse_overtaken(self) -> None:
        """Leave alone a release that others promoted since this rollout stopped.

        Raises:
            PermanentError: it is the stable release, and not by this rollout's doing.
        """
        state, release = self.state, self._plan.release
        started = state.started
        if started is None or started.stable is None or state.finished is not None:
            return
        mine = state.is_live(self._plan) or 100 in {state.requested, state.weight}  # noqa: PLR2004 - percent
        stable = self._target.stable()
        if not mine and stable is not None and stable.image == release.image:
            raise PermanentError(
                f"another rollout has made {release.name} the stable release of "
                f"{self._plan.environment}: there is nothing left to compare it with",
                hint="start a new run, which will find it live",
            )

    def as_of(self) -> datetime:
        """The time of the next decision: of the look just taken, else now.

        What follows from a look does so however long it took to read.
        """
        looked, self._looked = self._looked, None
        return looked or self._time.now()

    def listen(self) -> None:
        """Record what people have decided."""
        for _ in range(_MOST_AT_ONCE):
            event = self._people.decided(self.state)
            if event is None:
                return
            self._event(event)

    def act(self, action: Action) -> None:
        """Carry out one action and record what came of it."""
        match action:
            case Begin():
                self._begin()
            case Deploy():
                self._deploy(action)
            case SetWeight():
                self._set_weight(action)
            case Wait():
                self._clock.sleep(action.seconds)
                self.watch()
            case Look():
                self._look()
            case Conclude():
                self._conclude(action.verdict, action.cause, action.reason)
            case Retire():
                self._say(f"draining and removing {action.release.name}")
                self._target.retire(action.release)
                self._finish(action.then)
            case Finish():
                self._finish(action)
            case _:
                assert_never(action)

    def _event(self, event: RolloutEvent) -> None:
        state = apply(self._plan, self.state, event)  # refuses before it is recorded
        self._record(event)
        self.state = state

    def _begin(self) -> None:
        stable, plan = self._target.stable(), self._plan
        now = self._time.now()
        deadline = now + plan.deadline
        self._event(
            RolloutStarted(
                plan.stage, plan.environment, plan.release, stable, now, deadline
            )
        )

    def _deploy(self, action: Deploy) -> None:
        self._say(f"starting {action.release.name} without traffic")
        fault = self._target.deploy(
            action.release, timeout_seconds=action.timeout_seconds
        )
        if fault is None:
            self._event(CanaryReady(self._plan.stage))
        else:
            self._conclude(CanaryVerdict.ABORT, "unhealthy", fault)

    def _set_weight(self, action: SetWeight) -> None:
        stage, percent = self._plan.stage, action.percent
        fault = self._fault_before(action)
        if fault is not None and self.state.judged is None:
            self._conclude(CanaryVerdict.ABORT, *fault)
            return
        if fault is not None:
            self._say(f"not promoted after all: {fault[1]}")
            percent = 0
        if self.state.requested != percent:
            self._event(WeightRequested(stage, percent))
        self._target.set_weight(action.release, percent)
        try:
            seen = self._scrape()
        except ExternalError as error:
            if 0 < percent < 100:  # noqa: PLR2004 - percent
                self._lost_sight(error)
                return  # the weight stays announced, and is applied again
            # Nothing is counted from here on, and a rollback needs no counters.
            seen = Scrape(self._now(), NO_REQUESTS, NO_REQUESTS)
        read = self._read(seen, find_fall) if 0 < percent < 100 else {}  # noqa: PLR2004 - percent
        totals = totals_told(read)
        self._event(
            WeightConfirmed(stage, percent, seen.stable, seen.canary, seen.at, totals)
        )

    def _fault_before(self, action: SetWeight) -> tuple[str, str] | None:
        """Why a canary that is to get more traffic must not have it, or None."""
        live = self.state.is_live(self._plan)
        if live or action.percent in {0, self._target.weight(action.release)}:
            return None
        return self._fault()

    def _fault(self) -> tuple[str, str] | None:
        """Why the canary can no longer be released, or None: cause and reason."""
        serving, release = self._target.stable(), self._plan.release
        known = {release.image, self._stable().image}
        if serving is not None and serving.image not in known:
            reason = f"{serving.name} was released meanwhile, and is stable now"
            return "superseded", reason
        fault = self._target.fault(release)
        return None if fault is None else ("crashed", fault)

    def watch(self) -> None:
        """See whether the canary still runs, and its environment is still its own."""
        self.watched = True
        try:
            fault = self._fault()
        except ExternalError as error:
            self._lost_sight(error)
            return
        self.blind = False
        if fault is not None:
            self._conclude(CanaryVerdict.ABORT, *fault)

    def _look(self) -> None:
        """See whether the canary still runs, and end a block.

        What cannot be read is no evidence against the canary: the block grows.
        """
        self.watch()
        if self.blind or self.state.judged is not None:
            return
        try:
            seen = self._scrape()
        except ExternalError as error:
            self._lost_sight(error)
            return
        block = block_from(self._plan, self.state, seen)
        after = apply(self._plan, self.state, block)
        # Once failed requests are enough for an abort, nothing waits for the metrics.
        if decide_verdict(self._plan.judge, after.judge) is not CanaryVerdict.ABORT:
            block = block_from(
                self._plan, self.state, seen, self._read(seen, find_doubt)
            )
        self._event(block)
        self._looked = block.end_ts
        self._tell()

    def _read(
        self,
        seen: Scrape,
        find: Callable[[RolloutPlan, Mark | None, Totals], tuple[str, str] | None],
    ) -> dict[str, Pair]:
        """The metrics beside failed requests, at about the time of *seen*.

        Those that *find* finds, after what is recorded, are left out.
        """
        started, mark = self.state.started, self.state.mark
        if started is None:
            return {}
        return self._readings.read(
            started, seen, lambda totals: find(self._plan, mark, totals)
        )

    def _lost_sight(self, error: ExternalError) -> None:
        self.blind = True
        self._say(f"hold: the target cannot be read: {error}")

    def _scrape(self) -> Scrape:
        floor = self._now()
        seen = self._target.scrape(self._stable(), self._plan.release)
        return replace(seen, at=max(seen.at, floor))

    def _now(self) -> datetime:
        """The time, not before what is recorded: a target has a clock of its own."""
        now, latest = self._time.now(), self.state.latest
        return now if latest is None else max(now, latest)

    def _stable(self) -> Release:
        started = self.state.started
        # A first release is compared with nothing; its own counters stand in.
        return (started and started.stable) or self._plan.release

    def _conclude(self, verdict: CanaryVerdict, cause: str, reason: str) -> None:
        self._event(CanaryJudged(self._plan.stage, verdict, cause, reason))

    def _finish(self, finish: Finish) -> None:
        now = self._time.now()
        self._event(
            RolloutFinished(self._plan.stage, finish.result, finish.reason, now)
        )

    def _tell(self) -> None:
        state, found = self.state, assess(self._plan.judge, self.state.judge)
        if found.verdict is not CanaryVerdict.ABORT:  # that is told as the verdict
            stands = describe_standing(found.verdict, found.reason)
            self._say(f"block {state.blocks} at {state.weight} %: {stands}")
