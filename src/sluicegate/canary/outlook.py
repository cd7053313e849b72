"""What to expect of a rollout, and whether that is before its deadline. Pure."""

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, inf

from sluicegate.canary import preflight
from sluicegate.canary.preflight import Schedule, Traffic
from sluicegate.canary.rehearsal import Ending, Rehearsal
from sluicegate.canary.settings import JudgeSettings
from sluicegate.canary.sigma import Estimate
from sluicegate.model.rollout import CanaryVerdict

RUNS = 50
"""Rollouts that are rehearsed of each kind of canary."""

_PATIENCE = 4.0  # times the limit of any method, after which a rehearsal ends


@enum.unique
class Reach(enum.Enum):
    """Whether a verdict comes before the deadline."""

    LIKELY = "likely"  # in half of all cases, or more
    UNLIKELY = "unlikely"  # though another method might
    IMPOSSIBLE = "impossible"  # by any method


@dataclass(frozen=True, slots=True)
class Outlook:
    """What to expect if the canary fails *times* as often as stable.

    Attributes:
        times: 1 for a canary as good as stable.
        limit_seconds: before that no method can come to the right verdict.
        half_seconds: by then half of the rehearsed rollouts came to it; infinite if
            fewer ever did. What is right: promote for a copy of stable, else abort.
        most_seconds: by then nine in ten did, likewise.
        promoted: share of them that were promoted by the deadline.
        aborted: share of them that were aborted by the deadline.
        reach: whether the right verdict comes before the deadline.
    """

    times: float
    limit_seconds: float
    half_seconds: float
    most_seconds: float
    promoted: float
    aborted: float
    reach: Reach


@dataclass(frozen=True, slots=True)
class Forecast:
    """What to expect of a rollout.

    Attributes:
        stage: the canary stage of the pipeline file; None without one.
        schedule: of the rollout.
        traffic: of both releases together.
        settings: of a judge of failed requests alone.
        outlooks: for a copy of stable, then for worse canaries, rising.
        least_regression: the smallest factor that any method can tell by the deadline;
            None for none.
        noise: what a history says, where it was asked.
    """

    stage: str | None
    schedule: Schedule
    traffic: Traffic
    settings: JudgeSettings
    outlooks: tuple[Outlook, ...]
    least_regression: float | None
    noise: Estimate | None

    @property
    def reach(self) -> Reach:
        """The worse of a promotion's and of the smallest regression's."""
        first = [each.reach for each in self.outlooks[:2]]
        return max(first, key=list(Reach).index)


def look_ahead(
    settings: JudgeSettings,
    schedule: Schedule,
    traffic: Traffic,
    *,
    times: float,
    draw: Callable[[], float],
) -> Outlook:
    """Say what to expect.

    Args:
        settings: of a judge of failed requests alone.
        schedule: of the rollout.
        traffic: of both releases together.
        times: 1, or how many times as often the canary fails; times the error rate is
            below 1.
        draw: random numbers in ``[0, 1)``.
    """
    limit = _limit(settings, schedule, traffic, times)
    horizon = max(
        schedule.deadline_seconds,
        _PATIENCE * limit + schedule.ascent_seconds + settings.min_seconds,
    )
    rehearsal = Rehearsal(settings, schedule, traffic, times, horizon, draw)
    endings = [rehearsal.run() for _ in range(RUNS)]
    right = CanaryVerdict.PROMOTE if times == 1 else CanaryVerdict.ABORT
    taken = sorted(
        ending.seconds if ending.verdict is right else inf for ending in endings
    )
    half = _within(taken, 0.5)
    return Outlook(
        times=times,
        limit_seconds=limit,
        half_seconds=half,
        most_seconds=_within(taken, 0.9),
        promoted=_share(endings, CanaryVerdict.PROMOTE, schedule),
        aborted=_share(endings, CanaryVerdict.ABORT, schedule),
        reach=_reach(limit, half, schedule.deadline_seconds),
    )


def _limit(
    settings: JudgeSettings, schedule: Schedule, traffic: Traffic, times: float
) -> float:
    if times > 1:
        return preflight.earliest_abort(schedule, traffic, settings, times=times)
    return max(
        preflight.earliest_promotion(schedule, traffic, settings),
        schedule.ascent_seconds,
        settings.min_seconds,
    )


def _within(taken: Sequence[float], part: float) -> float:
    return taken[ceil(part * len(taken)) - 1]


def _share(
    endings: Sequence[Ending], verdict: CanaryVerdict, schedule: Schedule
) -> float:
    count = sum(
        ending.verdict is verdict and ending.seconds <= schedule.deadline_seconds
        for ending in endings
    )
    return count / len(endings)


def _reach(limit: float, half: float, deadline: float) -> Reach:
    if limit > deadline:
        return Reach.IMPOSSIBLE
    return Reach.LIKELY if half <= deadline else Reach.UNLIKELY
