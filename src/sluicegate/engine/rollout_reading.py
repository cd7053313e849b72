"""Read every metric of a rollout at one moment, as far as it can be read.

What cannot be read is absent, and is said once, not after every block: an outage of
the metrics is no evidence, and nothing but the numbers waits for them. The sources are
asked side by side, so a hanging one costs its own timeout, and not the sum of all.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime

from sluicegate.canary.metric import Metric
from sluicegate.engine.rollout_metrics import Totals, check_totals, read_slower
from sluicegate.errors import ExternalError, UsageError
from sluicegate.model.event import RolloutStarted
from sluicegate.model.metric import Pair
from sluicegate.model.rollout import Release, Scrape
from sluicegate.ports.metrics import MetricSource

Read = Callable[[], Pair]

Doubt = Callable[[Totals], tuple[str, str] | None]
"""Which of some totals are not believed, after those read before, and why."""


class Readings:
    """The metrics of one rollout beside failed requests, and which are out of sight.

    *metrics* without a source in *sources* are read from the target's own counters,
    if they are in *scraped*. *say* takes lines for people.
    """

    def __init__(
        self,
        metrics: Sequence[Metric],
        scraped: frozenset[str],
        sources: Mapping[str, MetricSource],
        say: Callable[[str], None],
    ) -> None:
        self._metrics, self._scraped, self._sources = metrics, scraped, sources
        self._say = say
        self._dark: set[str] = set()

    def read(
        self, started: RolloutStarted, scrape: Scrape, doubt: Doubt = lambda _: None
    ) -> dict[str, Pair]:
        """The cumulative numbers of all metrics that can be read, in their order.

        *scrape* was read from the target just now; what *doubt* names is left out.
        """
        if not self._metrics:
            return {}
        found: dict[str, Pair] = {}
        with ThreadPoolExecutor(max_workers=len(self._metrics)) as threads:
            futures = [
                threads.submit(self._reader(metric, started, scrape))
                for metric in self._metrics
            ]
        for metric, future in zip(self._metrics, futures, strict=True):
            totals = self._believed(metric, future, doubt)
            if totals is not None:
                found[metric.name] = totals
        return found

    def _reader(self, metric: Metric, started: RolloutStarted, scrape: Scrape) -> Read:
        if metric.name in self._scraped:
            return lambda: read_slower(metric, scrape)
        source = self._sources.get(metric.name)
        if source is None:
            return _nowhere
        stable, since = started.stable or started.canary, started.start_ts
        return lambda: _read(source, stable, started.canary, since)

    def _believed(
        self, metric: Metric, future: Future[Pair], doubt: Doubt
    ) -> Pair | None:
        try:
            totals = future.result()
            check_totals(metric, totals)
            _check_believed(doubt({metric.name: totals}))
        except (ExternalError, UsageError) as error:
            if metric.name not in self._dark:
                self._say(f"{metric.name} cannot be read, and is held for: {error}")
            self._dark.add(metric.name)
            return None
        if metric.name in self._dark:
            self._say(f"{metric.name} can be read again")
            self._dark.discard(metric.name)
        return totals


def _read(
    source: MetricSource, stable: Release, canary: Release, since: datetime
) -> Pair:
    return source.read(stable, canary, since).pair


def _check_believed(doubted: tuple[str, str] | None) -> None:
    if doubted is not None:
        raise UsageError(doubted[1])


def _nowhere() -> Pair:
    raise UsageError("nothing says where it is read from")
