"""Events of a rollout beside a stable release, for tests of whatever shows them."""

from datetime import UTC, datetime, timedelta

from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    BlockObserved,
    MetricObserved,
    RolloutStarted,
    WeightConfirmed,
)
from sluicegate.model.metric import Tally
from sluicegate.model.rollout import Release
from sluicegate.model.traffic import NO_REQUESTS, RequestCounts

BEGAN = datetime(2026, 11, 22, tzinfo=UTC)
V1 = Release(Digest.of(b"1"), "v1", "a" * 40)
V2 = Release(Digest.of(b"2"), "v2", "b" * 40)
STARTED = RolloutStarted("canary", "production", V2, V1, BEGAN)
NOTHING = Tally(0, (0,))


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def weight(percent: int, seconds: float) -> WeightConfirmed:
    return WeightConfirmed("canary", percent, NO_REQUESTS, NO_REQUESTS, at(seconds))


def block(
    start: float,
    end: float,
    abort: int = 0,
    promote: int = 0,
    *,
    percent: int = 5,
    canary: RequestCounts = RequestCounts(50, 1),  # noqa: B008 - frozen
    stable: RequestCounts = RequestCounts(950, 10),  # noqa: B008 - frozen
    metrics: tuple[MetricObserved, ...] = (),
) -> BlockObserved:
    """A block between two times in seconds, with the evidence after it in micronats."""
    return BlockObserved(
        stage="canary",
        index=0,
        percent=percent,
        stable=stable,
        canary=canary,
        stable_total=stable,
        canary_total=canary,
        abort_micronats=abort,
        promote_micronats=promote,
        start_ts=at(start),
        end_ts=at(end),
        metrics=metrics,
    )


def metric(
    name: str, abort: int = 0, promote: int = 0, tally: Tally = NOTHING
) -> MetricObserved:
    return MetricObserved(name, tally, tally, tally, tally, abort, promote)
