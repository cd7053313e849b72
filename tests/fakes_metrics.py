"""Sources of metrics in memory: honest ones, and all the others."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from fakes_target import FakeTarget
from typing_extensions import override

from sluicegate.errors import TransientError
from sluicegate.model.metric import Pair, Tally
from sluicegate.model.rollout import Release
from sluicegate.ports.metrics import MetricSource, Reading

Shape = Callable[[Release, int], Tally]
"""The numbers of a release that has answered so many requests."""


@dataclass
class FakeSource(MetricSource):
    """Counts the requests that *target* serves, in a *shape*.

    ``dark_ms`` is when it cannot be read; every reading takes ``takes_ms``, after which
    one that ``hangs`` gives up. ``began_again_ms`` is when its counters began at 0
    again. ``asked`` counts the questions.
    """

    target: FakeTarget
    shape: Shape
    dark_ms: range = range(0)
    takes_ms: int = 0
    hangs: bool = False
    began_again_ms: int | None = None
    asked: int = 0
    _before: dict[Release, int] = field(default_factory=dict)

    @override
    def read(self, stable: Release, canary: Release, since: datetime) -> Reading:
        with self.target.lock:  # sources are read side by side
            return self._read(stable, canary, since)

    def _read(self, stable: Release, canary: Release, since: datetime) -> Reading:
        self.asked += 1
        self.target.clock.elapsed_ms += self.takes_ms
        now = self.target.clock.elapsed_ms
        if self.hangs:
            raise TransientError("no answer in time")
        if now in self.dark_ms:
            raise TransientError("the server does not answer")
        if since > self.target.clock.now():
            raise TransientError("the rollout has not begun")
        pair = Pair(self._tally(stable), self._tally(canary))
        return Reading(self.target.clock.now(), pair)

    def _tally(self, release: Release) -> Tally:
        count = self.target.count(release)
        again, now = self.began_again_ms, self.target.clock.elapsed_ms
        if again is not None and now >= again:
            return self.shape(release, count - self._before.setdefault(release, count))
        return self.shape(release, count)


@dataclass
class LaggingSource(MetricSource):
    """Two replicas that are asked by turns; the first is two readings behind."""

    source: MetricSource
    _readings: list[Reading] = field(default_factory=list)

    @override
    def read(self, stable: Release, canary: Release, since: datetime) -> Reading:
        self._readings.append(self.source.read(stable, canary, since))
        lags = len(self._readings) % 2 == 1
        return self._readings[-3 if lags and self._readings[2:] else -1]


@dataclass
class LyingSource(MetricSource):
    """Says anything at all, one lie after another."""

    target: FakeTarget
    lies: list[Pair]
    asked: int = 0

    @override
    def read(self, stable: Release, canary: Release, since: datetime) -> Reading:
        self.asked += 1
        return Reading(self.target.clock.now(), self.lies[self.asked % len(self.lies)])


def failing(share: dict[str, float]) -> Shape:
    """Requests that fail with the share of their release, by its name."""

    def tally(release: Release, count: int) -> Tally:
        return Tally(count, (int(count * share.get(release.name, 0.0)),))

    return tally
