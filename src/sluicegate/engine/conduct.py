"""Conduct a rollout: carry out what `rollout.decide` names, and record what came of it.

Log first, then act: an act that changes the target is announced by a recorded event
before it happens and confirmed by another one after. A process that dies in between
leaves an announcement, which the next one acts upon again.

A rollout can be conducted in one go, or in ticks that never wait: whoever reads the
counters, and however often, the blocks follow one another, and so does the evidence.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
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
from sluicegate.engine.rollout_account import Account
from sluicegate.engine.rollout_clock import RolloutClock
from sluicegate.engine.rollout_counting import Counting
from sluicegate.engine.rollout_falls import find_doubt, find_fall
from sluicegate.engine.rollout_metrics import totals_told
from sluicegate.engine.rollout_people import People
from sluicegate.engine.rollout_reading import Readings
from sluicegate.engine.rollout_sight import Sight
from sluicegate.engine.steering import Pace, Steering
from sluicegate.errors import ExternalError, PermanentError
from sluicegate.model.event import (
    CanaryJudged,
    CanaryReady,
    RolloutEvent,
    RolloutFinished,
    RolloutStarted,
    WeightApplied,
    WeightConfirmed,
    WeightRequested,
)
from sluicegate.model.rollout import CanaryVerdict, Scrape
from sluicegate.model.traffic import NO_REQUESTS
from sluicegate.ports.clock import Clock
from sluicegate.ports.target import Target

_ALL = 100  # percent
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
    account = Account(plan, state, time, record, observe)
    sight = Sight(account, target)
    rollout = _Rollout(account, target, clock, time, sight, steering)
    sight.refuse_overtaken()
    while account.state.finished is None:
        rollout.listen()
        action = decide(plan, account.state, rollout.as_of(), blind=sight.blind)
        if isinstance(action, Wait) and steering.pace is Pace.TICK:
            if rollout.watched:
                break
            rollout.watch()
        else:
            rollout.act(action)
    return account.state


class _Rollout:
    """A rollout under way: its *account*, and what it acts upon."""

    def __init__(
        self,
        account: Account,
        target: Target,
        clock: Clock,
        time: RolloutClock,
        sight: Sight,
        steering: Steering,
    ) -> None:
        plan, say = account.plan, account.say
        self.watched = False
        self._looked: datetime | None = None
        self._why_withdrawn = ""
        self._account, self._sight = account, sight
        self._target, self._clock, self._time = target, clock, time
        self._plan, self._say, self._trouble = plan, say, steering.trouble
        self._people = People(plan, steering.directions, time, say)
        readings = Readings(plan.judge.metrics, plan.scraped, steering.sources, say)
        self._counting = Counting(account, target, readings)

    @property
    def _state(self) -> RolloutState:
        return self._account.state

    def as_of(self) -> datetime:
        """The time of the next decision: of the look just taken, else now.

        What follows from a look does so however long it took to read.
        """
        looked, self._looked = self._looked, None
        return looked or self._time.now()

    def listen(self) -> None:
        """Record what people have decided."""
        for _ in range(_MOST_AT_ONCE):
            event = self._people.decided(self._state)
            if event is None:
                return
            self._account.record(event)

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
                self._judge(action)
            case Retire() if self._sight.has_regained(action.release):
                pass  # what is to be retired is taken out of the traffic anew
            case Retire():
                self._say(f"draining and removing {action.release.name}")
                with self._overriding():
                    self._target.retire(action.release)
                self._finish(action.then)
            case Finish():
                self._finish(action)
            case _:
                assert_never(action)

    def watch(self) -> None:
        """See whether all is as it was set, and the canary still runs."""
        self.watched = True
        fault = self._sight.watch()
        if fault is not None:
            self._conclude(CanaryVerdict.ABORT, *fault)

    def _begin(self) -> None:
        stable, plan = self._target.stable(), self._plan
        now = self._time.now()
        deadline = now + plan.deadline
        self._account.record(
            RolloutStarted(
                plan.stage, plan.environment, plan.release, stable, now, deadline
            )
        )

    def _deploy(self, action: Deploy) -> None:
        self._say(f"starting {action.release.name} without traffic")
        with self._overriding():
            fault = self._target.deploy(
                action.release, timeout_seconds=action.timeout_seconds
            )
        if fault is None:
            self._account.record(CanaryReady(self._plan.stage))
        elif self._state.judged is not None:
            self._withdraw(fault)
        else:
            cause = "crashed" if self._state.ready else "unhealthy"
            self._conclude(CanaryVerdict.ABORT, cause, fault)

    def _set_weight(self, action: SetWeight) -> None:
        stage, percent = self._plan.stage, action.percent
        try:
            fault = self._sight.find_fault_before(action)
        except PermanentError:
            if self._sight.is_as_set():
                raise
            return  # a stranger serves, which is a drift: people decide
        if fault is not None and self._state.judged is None:
            self._conclude(CanaryVerdict.ABORT, *fault)
            return
        if fault is not None:
            self._withdraw(fault[1])
            return
        if percent > self._state.weight and not self._sight.is_as_set():
            return
        if self._state.requested != percent:
            self._account.record(WeightRequested(stage, percent))
        if self._apply(action):
            self._confirm(percent)

    def _apply(self, action: SetWeight) -> bool:
        """Have the target set an announced weight; whether it has it now."""
        try:
            with self._overriding():
                self._target.set_weight(action.release, action.percent)
        except ExternalError as error:
            if not self._is_given_up(action):
                raise
            self._withdraw(str(error))
            return False
        return True

    def _is_given_up(self, action: SetWeight) -> bool:
        """Whether a promotion that fails has had its time, and has not happened.

        It has as long as a canary may take to get ready, since the deadline, or since
        it was judged.
        """
        deadline, latest = self._state.deadline(self._plan), self._state.latest
        if action.percent != _ALL or deadline is None or latest is None:
            return False
        if self._state.is_live(self._plan) or self._state.weight == _ALL:
            return False
        if self._time.now() < max(deadline, latest) + self._plan.ready_timeout:
            return False
        stable = self._target.stable()
        return stable is None or stable.image != action.release.image

    def _confirm(self, percent: int) -> None:
        """See an announced weight that is set in the counters, and record it."""
        stage, between = self._plan.stage, 0 < percent < _ALL
        applied = self._state.applied or self._account.now()
        try:
            seen = self._counting.scrape(after=applied if between else None)
        except ExternalError as error:
            if between:
                if self._state.applied is None:
                    self._account.record(WeightApplied(stage, percent, applied))
                self._sight.lose(error)
                return  # the weight stays announced, and is applied again
            # Nothing is counted from here on, and a rollback needs no counters.
            seen = Scrape(self._account.now(), NO_REQUESTS, NO_REQUESTS)
        read = self._counting.read(seen, find_fall) if between else {}
        totals = totals_told(read)
        self._account.record(
            WeightConfirmed(stage, percent, seen.stable, seen.canary, seen.at, totals)
        )

    def _withdraw(self, why: str) -> None:
        """Take a canary that was to be promoted out of the traffic."""
        self._say(f"not promoted after all: {why}")
        self._why_withdrawn = why
        self._set_weight(SetWeight(self._plan.release, 0))

    @contextmanager
    def _overriding(self) -> Iterator[None]:
        """Record what an act writes over others, also one that fails."""
        try:
            yield
        finally:
            for what in self._target.overridden():
                self._account.record_overridden(what)

    def _look(self) -> None:
        """See whether the canary still runs, and end a block.

        What cannot be read is no evidence against the canary: the block grows.
        """
        self.watch()
        if self._sight.blind or self._state.judged is not None:
            return
        try:
            seen = self._counting.scrape()
        except ExternalError as error:
            self._sight.lose(error)
            return
        plan, state = self._plan, self._state
        block = block_from(plan, state, seen)
        after = apply(plan, state, block)
        # Once failed requests are enough for an abort, nothing waits for the metrics.
        if decide_verdict(plan.judge, after.judge) is not CanaryVerdict.ABORT:
            block = block_from(plan, state, seen, self._counting.read(seen, find_doubt))
        self._account.record(block)
        self._looked = block.end_ts
        self._tell()

    def _tell(self) -> None:
        state, found = self._state, assess(self._plan.judge, self._state.judge)
        if found.verdict is not CanaryVerdict.ABORT:  # that is told as the verdict
            stands = describe_standing(found.verdict, found.reason)
            self._say(f"block {state.blocks} at {state.weight} %: {stands}")

    def _judge(self, action: Conclude) -> None:
        """Record a verdict; nothing is promoted over what others have changed."""
        state, reason = self._state, action.reason
        promotes = action.verdict is CanaryVerdict.PROMOTE
        if promotes and state.directed is None and not self._sight.is_as_set():
            return
        if action.cause == "deadline" and state.requested is not None and self._trouble:
            reason = f"{reason}; {self._trouble}"
        self._conclude(action.verdict, action.cause, reason)

    def _conclude(self, verdict: CanaryVerdict, cause: str, reason: str) -> None:
        stage = self._plan.stage
        self._account.record(CanaryJudged(stage, verdict, cause, reason))

    def _finish(self, finish: Finish) -> None:
        stage, now, reason = self._plan.stage, self._time.now(), finish.reason
        if self._why_withdrawn:
            reason = f"{reason}: {self._why_withdrawn}"
        self._account.record(RolloutFinished(stage, finish.result, reason, now))
