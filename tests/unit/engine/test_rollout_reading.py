"""Reading all metrics at one moment."""

import threading
from dataclasses import dataclass
from datetime import datetime

from fakes import START
from rollouts import NEW, OLD
from typing_extensions import override

from sluicegate.canary.metric import Metric
from sluicegate.engine.rollout_reading import Readings
from sluicegate.errors import TransientError
from sluicegate.model.event import RolloutStarted
from sluicegate.model.metric import MetricKind, Pair, Tally
from sluicegate.model.rollout import Release, Scrape
from sluicegate.model.traffic import NO_REQUESTS
from sluicegate.ports.metrics import MetricSource, Reading

ONE = Metric("one", MetricKind.BERNOULLI)
TWO = Metric("two", MetricKind.BERNOULLI)
STARTED = RolloutStarted("canary", "production", NEW, OLD, START)
SCRAPE = Scrape(START, NO_REQUESTS, NO_REQUESTS)
PAIR = Pair(Tally(7, (1,)), Tally(5, (2,)))


@dataclass
class Told(MetricSource):
    """Answers with what it was given; None is no answer."""

    pair: Pair | None = PAIR
    since: datetime | None = None

    @override
    def read(self, stable: Release, canary: Release, since: datetime) -> Reading:
        assert (stable, canary) == (OLD, NEW)
        self.since = since
        if self.pair is None:
            raise TransientError("no answer")
        return Reading(START, self.pair)


@dataclass
class Meeting(MetricSource):
    """Answers only while the others are asked, too."""

    barrier: threading.Barrier

    @override
    def read(self, stable: Release, canary: Release, since: datetime) -> Reading:
        self.barrier.wait()
        return Reading(START, PAIR)


def test_all_that_can_be_read_is_read_since_the_rollout_began() -> None:
    source = Told()
    readings = Readings((ONE,), frozenset(), {"one": source}, print)
    assert readings.read(STARTED, SCRAPE) == {"one": PAIR}
    assert source.since == START


def test_an_outage_is_said_once_and_its_end_and_the_other_metric_goes_on() -> None:
    said: list[str] = []
    bad, good = Told(None), Told()
    sources = {"one": bad, "two": good}
    readings = Readings((ONE, TWO), frozenset(), sources, said.append)
    for _ in range(3):
        assert readings.read(STARTED, SCRAPE) == {"two": PAIR}
    bad.pair = PAIR
    for _ in range(2):
        assert list(readings.read(STARTED, SCRAPE)) == ["one", "two"]
    assert said == [
        "one cannot be read, and is held for: no answer",
        "one can be read again",
    ]


def test_a_lie_is_as_good_as_no_answer() -> None:
    said: list[str] = []
    lie = Told(Pair(Tally(1, (2,)), Tally(1, (1,))))
    readings = Readings((ONE,), frozenset(), {"one": lie}, said.append)
    assert readings.read(STARTED, SCRAPE) == {}
    assert "x is more than n" in said[0]


def test_the_sources_are_asked_side_by_side() -> None:
    barrier = threading.Barrier(2, timeout=60)
    sources = {"one": Meeting(barrier), "two": Meeting(barrier)}
    readings = Readings((ONE, TWO), frozenset(), sources, print)
    assert readings.read(STARTED, SCRAPE) == {"one": PAIR, "two": PAIR}
