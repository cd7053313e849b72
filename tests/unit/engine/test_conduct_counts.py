"""Counts that cannot be believed: of the future, or behind what is recorded."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from fakes import FakeClock
from fakes_target import FakeTarget, Killed
from rollouts import NEW, OLD, PLAN, World
from typing_extensions import override

from sluicegate.model.event import BlockObserved, WeightRequested
from sluicegate.model.rollout import DeadlinePolicy, Release, Scrape
from sluicegate.model.traffic import NO_REQUESTS, RequestCounts


@dataclass
class CountingTarget(FakeTarget):
    """Counts as another source does, which *behind* requests have not reached yet."""

    behind: int = 0
    ahead: timedelta = timedelta(0)
    begins_anew: bool = False

    @override
    def scrape(
        self, stable: Release, canary: Release, *, after: datetime | None = None
    ) -> Scrape:
        seen = super().scrape(stable, canary, after=after)
        return replace(
            seen,
            at=seen.at + self.ahead,
            stable=self._known(seen.stable),
            canary=self._known(seen.canary),
            begins_anew=self.begins_anew,
        )

    def _known(self, counts: RequestCounts) -> RequestCounts:
        total = max(counts.total - self.behind, 0)
        return RequestCounts(total, min(counts.failed, total))


@pytest.fixture
def target() -> CountingTarget:
    return CountingTarget(FakeClock(), running={OLD: None}, live=OLD)


def test_a_source_that_is_behind_counts_nothing_twice(target: CountingTarget) -> None:
    it = World(target)
    it.tick()
    it.tick(after_ms=60_000)
    known = it.blocks()
    assert known

    target.behind = 10**6  # another machine asks another replica
    it.tick(after_ms=60_000)
    assert it.blocks() == known
    assert any("fewer requests are counted" in line for line in it.said)

    target.behind = 0
    it.tick(after_ms=60_000)
    assert len(it.blocks()) > len(known)
    assert sum(each.canary.total for each in it.blocks()) <= target.count(NEW)


def test_a_source_that_is_behind_begins_no_weight(target: CountingTarget) -> None:
    it = World(target)
    it.tick()
    it.log.fuse.at = it.log.fuse.ticks + 3  # a block and a weight, and it is dead
    with suppress(Killed):
        it.tick(after_ms=60_000)
    assert it.log.events[-1] == WeightRequested("canary", 25)

    it.log.fuse.at, target.behind = None, 10**6
    it.tick(after_ms=60_000)
    assert it.weights() == [5]
    target.behind = 0
    it.tick(after_ms=60_000)
    assert it.weights() == [5, 25]


def test_a_proxy_that_was_restarted_is_counted_on(target: CountingTarget) -> None:
    target.begins_anew = True
    it = World(target)
    it.tick()
    it.tick()
    target.restart_proxy()
    it.tick(after_ms=60_000)
    assert it.blocks()[-1].canary != NO_REQUESTS


def test_a_source_of_the_future_reaches_no_deadline(target: CountingTarget) -> None:
    target.ahead = timedelta(days=9999)
    it = World(target, replace(PLAN, on_deadline=DeadlinePolicy.PROMOTE))
    it.conduct()

    assert it.judged().cause == "evidence"
    ends = [each.end_ts for each in it.log.events if isinstance(each, BlockObserved)]
    assert max(ends) <= target.clock.now()
