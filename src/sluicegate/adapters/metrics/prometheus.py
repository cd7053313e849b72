"""Numbers of both releases from Prometheus, by its raw counters.

Both releases, and all series of a metric, are asked for in one query: so they describe
one state of the database. What was counted is made of their samples here, up to the
newest one that both releases have: where one of them is not scraped for a while, the
other's requests of that time wait, too. Nothing is kept between two readings, so a
controller that was started anew reads what the one before would have read.

Traps:
    A release that failed nothing yet has no series of failures: absent is zero as long
    as its series of all requests are there. A release that is served and has none is
    not counted, which says nothing of it; a canary without traffic may not have them
    yet. A typing error in its label looks the same.
    The window begins long before the rollout: a series that was not scraped for some
    minutes around its beginning must not pass for a new one.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from typing_extensions import override

from sluicegate.adapters.metrics.prometheus_answer import Series, parse_matrix
from sluicegate.adapters.metrics.prometheus_api import PrometheusApi
from sluicegate.adapters.metrics.prometheus_counts import Count
from sluicegate.errors import PermanentError, TransientError, UsageError
from sluicegate.model.metric import MetricKind, Pair, Tally, check_tally
from sluicegate.model.rollout import Release
from sluicegate.model.selector import Arms, Selector, write_selector
from sluicegate.ports.clock import Clock
from sluicegate.ports.metrics import MetricSource, Reading

_BEFORE_MS = 3_600_000  # how long before the rollout an old series is looked for
_STALE_MS = 300_000  # after which Prometheus itself shows a series no more
_MILLISECOND = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class PrometheusSource(MetricSource):
    """A metric of *kind* with *width* numbers, counted by *count* of *api*'s series."""

    def __init__(
        self,
        api: PrometheusApi,
        arms: Arms,
        count: Count,
        clock: Clock,
        *,
        kind: MetricKind,
        width: int,
    ) -> None:
        self._api, self._arms, self._count, self._clock = api, arms, count, clock
        self._kind, self._width = kind, width

    @override
    def read(self, stable: Release, canary: Release, since: datetime) -> Reading:
        try:
            values = self._arms.values(stable, canary)
        except UsageError as error:
            raise PermanentError(str(error), hint=error.hint) from error
        begin, now = _unix_ms(since), _unix_ms(self._clock.now())
        query = write_query(
            self._count.selectors,
            (self._arms.label, values),
            window_ms=max(0, now - begin) + _BEFORE_MS,
        )
        series = parse_matrix(self._api.query(query, now / 1000))
        arms = [self._of_arm(series, value, now) for value in values]
        until = self._until(arms, begin, now)
        tallies = [self._tally(arm, begin, until) for arm in arms]
        return Reading(_EPOCH + until * _MILLISECOND, Pair(*tallies))

    def _of_arm(self, series: Sequence[Series], value: str, now: int) -> list[Series]:
        """The series of one release, without samples of the future."""
        return [
            Series(each.labels, tuple(one for one in each.samples if one[0] <= now))
            for each in series
            if each.labels.get(self._arms.label) == value
        ]

    def _until(self, arms: Sequence[Sequence[Series]], begin: int, now: int) -> int:
        """Up to when both releases are counted.

        Raises:
            ExternalError: one that is served is not counted any more.
        """
        base = self._count.selectors[0]
        newest = [
            max(
                (s.samples[-1][0] for s in arm if s.samples and base.accepts(s.labels)),
                default=None,
            )
            for arm in arms
        ]
        stable, canary = newest
        if stable is None:
            raise PermanentError(
                f"Prometheus has no {base.metric} of stable", hint=self._arms_hint()
            )
        if now - stable > _STALE_MS:
            raise _vanished("stable", base, now - stable)
        if canary is None or canary <= begin:
            return begin  # not served yet, or not scraped: nothing to compare
        if now - canary > _STALE_MS:
            raise _vanished("the canary", base, now - canary)
        return max(begin, min(stable, canary))

    def _arms_hint(self) -> str:
        return (
            f"see that {self._arms.label}: of arms: has the values that the series have"
        )

    def _tally(self, series: Sequence[Series], begin: int, until: int) -> Tally:
        tally = self._count.read(series, begin, until)
        try:
            check_tally(self._kind, tally, width=self._width)
        except UsageError as error:
            raise PermanentError(f"the series do not fit together: {error}") from error
        return tally


def write_query(
    selectors: Sequence[Selector], arms: tuple[str, tuple[str, str]], *, window_ms: int
) -> str:
    """The PromQL for the raw samples of both releases in the last *window_ms*."""
    label, values = arms
    return f"{write_selector(selectors, label, list(values))}[{window_ms}ms]"


def _vanished(who: str, base: Selector, age_ms: int) -> TransientError:
    return TransientError(
        f"{base.metric} of {who} has vanished: its newest sample is"
        f" {age_ms // 1000} s old",
        hint="see the targets that Prometheus scrapes, and its clock",
    )


def _unix_ms(moment: datetime) -> int:
    return (moment - _EPOCH) // _MILLISECOND
