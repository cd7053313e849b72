"""What is known of a rollout. Pure."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sluicegate.canary.judge import START, JudgeState
from sluicegate.engine.rollout_course import Course
from sluicegate.engine.rollout_metrics import Totals
from sluicegate.engine.rollout_plan import RolloutPlan
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    CanaryJudged,
    RolloutDirected,
    RolloutDrifted,
    RolloutFinished,
    RolloutStarted,
)
from sluicegate.model.rollout import CanaryVerdict, Direction
from sluicegate.model.traffic import NO_REQUESTS, RequestCounts

_ALL = 100  # percent


@dataclass(frozen=True, slots=True)
class Mark:
    """The cumulative counters at one instant: where the next block begins.

    ``metrics`` are those of the metrics that were read since this weight was set, each
    as it was read last. ``floors`` are those of metrics that are counted from one
    moment on, as they were read last at any weight; ``lost`` are the metrics that fell
    since this weight was set, and may have begun again (see
    `sluicegate.engine.rollout_falls`). ``disturbed``: others changed what serves at
    some time since (see `sluicegate.engine.rollout_drift`).
    """

    at: datetime
    stable: RequestCounts
    canary: RequestCounts
    metrics: Totals = field(default_factory=dict, hash=False)
    floors: Totals = field(default_factory=dict, hash=False)
    lost: frozenset[str] = frozenset()
    disturbed: bool = False


@dataclass(frozen=True, slots=True)
class Anew:
    """Since *since* everything is to be set anew, as people want after a drift.

    ``ready``: the release runs again as it is to run, without weight.
    """

    since: datetime
    ready: bool = False


@dataclass(frozen=True, slots=True)
class RolloutState:
    """Where a rollout stands.

    ``requested`` is a weight that was announced and is not confirmed, ``applied`` since
    when the target is known to have it, None if that is not known; ``weight`` the last
    one confirmed; both in percent. ``blocks`` counts all blocks,
    ``step_blocks`` those at this weight in which the canary served anything.
    ``stable`` and ``canary`` are the requests in all blocks together. ``withdrawn``:
    weight 0 was announced, or people said so after the verdict, so the canary gets no
    more traffic, whatever was judged. ``directed`` is the verdict that people have come
    to; ``paused_since`` when they paused the rollout, None if it goes on; ``paused``
    the time of all pauses that are over. ``counted`` are the statements that were used.
    ``latest`` is the newest time in any event, ``course`` all blocks that nobody
    disturbed. ``drift`` is how what serves differs from what was set, None if it does
    not; ``drifts`` how often it did since people decided last; ``anew`` that they have
    decided to have all set anew, until it is. ``overridden`` is how often others were
    written over.
    """

    started: RolloutStarted | None = None
    ready: bool = False
    requested: int | None = None
    applied: datetime | None = None
    weight: int = 0
    mark: Mark | None = None
    blocks: int = 0
    step_blocks: int = 0
    stable: RequestCounts = NO_REQUESTS
    canary: RequestCounts = NO_REQUESTS
    judge: JudgeState = START
    judged: CanaryJudged | None = None
    withdrawn: bool = False
    directed: RolloutDirected | None = None
    paused_since: datetime | None = None
    paused: timedelta = timedelta(0)
    counted: frozenset[Digest] = frozenset()
    finished: RolloutFinished | None = None
    latest: datetime | None = None
    drift: RolloutDrifted | None = None
    drifts: int = 0
    anew: Anew | None = None
    overridden: int = 0
    course: Course | None = field(default=None, compare=False, repr=False)

    @property
    def is_paused(self) -> bool:
        """Whether people have paused it: no more traffic, and no promotion."""
        return self.paused_since is not None

    @property
    def is_held(self) -> bool:
        """Whether no weight rises and nothing is promoted, whatever was seen.

        Of a drift that is over, until the block is that it fell into.
        """
        disturbed = self.mark is not None and self.mark.disturbed
        drifted = self.drift is not None or self.anew is not None
        return self.is_paused or drifted or disturbed

    @property
    def is_to_promote(self) -> bool:
        """Whether people have decided to promote it."""
        directed = self.directed
        return directed is not None and directed.direction is Direction.PROMOTE

    @property
    def is_compared(self) -> bool:
        """Whether the canary is ready and there is a stable release beside it."""
        return self.ready and self.started is not None and bool(self.started.stable)

    @property
    def may_be_directed(self) -> bool:
        """Whether anybody's decision could still change how it ends.

        A verdict to promote can be taken back until it is announced to the target, and
        after that while others keep it from being carried out.
        """
        if self.judged is None:
            return self.finished is None
        promoting = self.judged.verdict is CanaryVerdict.PROMOTE and not self.withdrawn
        kept = self.requested == _ALL and self.drift is not None
        return promoting and self.weight != _ALL and (self.requested != _ALL or kept)

    def deadline(self, plan: RolloutPlan) -> datetime | None:
        """By when it must be judged; None before it began, and while it is paused."""
        if self.started is None or self.is_paused:
            return None
        return self.started.start_ts + plan.deadline + self.paused

    def next_look(self, plan: RolloutPlan) -> datetime | None:
        """When the block under way has been long enough; None if none is."""
        if self.mark is None:
            return None
        due, deadline = self.mark.at + plan.block, self.deadline(plan)
        return due if deadline is None else min(due, deadline)

    def is_live(self, plan: RolloutPlan) -> bool:
        """Whether the release was the stable one already when the rollout began."""
        stable = None if self.started is None else self.started.stable
        return stable is not None and stable.image == plan.release.image
