"""A rollout that is judged by a Prometheus whose answers lack a series at times."""

from dataclasses import dataclass
from datetime import datetime

from fakes_target import FakeTarget
from prometheus_service import answering, matrix
from rollouts import NEW, REFUSALS, measured_world
from typing_extensions import override

from sluicegate.adapters.metrics.prometheus import PrometheusSource
from sluicegate.adapters.metrics.prometheus_api import PrometheusApi
from sluicegate.adapters.metrics.prometheus_counts import Ratio
from sluicegate.model.metric import MetricKind
from sluicegate.model.rollout import Release, RolloutResult
from sluicegate.model.selector import Arms, Selector
from sluicegate.ports.metrics import MetricSource, Reading


@dataclass
class Scraped(MetricSource):
    """Reads what *target* serves, one in a hundred refused, by way of a server.

    Its answers are without the series of *lost* at the times *lost_ms*.
    """

    target: FakeTarget
    lost: Release
    lost_ms: range

    @override
    def read(self, stable: Release, canary: Release, since: datetime) -> Reading:
        clock = self.target.clock
        is_lost = clock.elapsed_ms in self.lost_ms
        found = [
            ({"__name__": name, "to": each.name}, [[clock.now().timestamp(), value]])
            for each in (stable, canary)
            if not (is_lost and each == self.lost)
            for name, value in (
                ("all_total", str(self.target.count(each))),
                ("bad_total", str(self.target.count(each) // 100)),
            )
        ]
        with answering(matrix(*found)) as server:
            source = PrometheusSource(
                PrometheusApi(server.url, timeout_seconds=30),
                Arms("to", "{name}", "{name}"),
                Ratio(Selector("all_total"), Selector("bad_total")),
                clock,
                kind=MetricKind.BERNOULLI,
                width=1,
            )
            return source.read(stable, canary, since)


def test_a_canary_that_is_missing_from_some_answers_is_held_for() -> None:
    it = measured_world(REFUSALS)
    it.sources["refusals"] = Scraped(it.target, NEW, range(100_000, 200_000))
    it.conduct()

    shown = [bool(block.metrics) for block in it.blocks()]
    assert (shown[0], shown[-1]) == (True, True)
    assert False in shown
    metrics = [metric for block in it.blocks() for metric in block.metrics]
    assert sum(m.canary.n for m in metrics) <= metrics[-1].canary_total.n
    assert sum(m.stable.n for m in metrics) <= metrics[-1].stable_total.n
    assert it.finished().result is RolloutResult.PROMOTED
    said = [line for line in it.said if line.startswith("refusals")]
    assert ["so it is behind" in line for line in said] == [True, False]
    assert said[1] == "refusals can be read again"
