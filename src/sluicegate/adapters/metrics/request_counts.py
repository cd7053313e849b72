"""How many requests both arms in a cluster were sent, from Prometheus.

All series of both arms are asked for in one query, as raw samples, and counted here:
`sluicegate.adapters.metrics.prometheus` says why. Nothing is kept that another
controller would need: what one reads after the other goes on from it.

Traps:
    A proxy has a series of a release from its first request on, and none before: a
    canary that is absent has zero requests, and then stable alone says up to when.
    That must not be later than the first sample that the canary will turn out to have
    had by then: samples carry the time at which their scrape began.
    Two servers of Prometheus, or two jobs, that scrape the same proxy count every
    request twice, for both arms alike. Evidence would seem twice as strong, so that is
    refused where it shows: the same series but for a label of who scraped it.
    What Prometheus forgot (a lost disk, a shorter retention) makes counts fall. They
    only ever rise within one rollout: less than before is no reading.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from typing_extensions import override

from sluicegate.adapters.metrics.latency_buckets import le_pattern
from sluicegate.adapters.metrics.prometheus_answer import Series, parse_matrix, show
from sluicegate.adapters.metrics.prometheus_api import PrometheusApi
from sluicegate.adapters.metrics.prometheus_counts import Histogram
from sluicegate.adapters.metrics.proxy_counters import Counters
from sluicegate.adapters.metrics.samples import counted
from sluicegate.errors import AwaitedError, PermanentError, TransientError, UsageError
from sluicegate.model.rollout import Scrape, Slower
from sluicegate.model.selector import Matcher, write_matchers
from sluicegate.model.traffic import NO_REQUESTS, RequestCounts
from sluicegate.ports.clock import Clock
from sluicegate.ports.request_counts import Arm, RequestCountsSource

_BEFORE_MS = 3_600_000  # how long before the rollout an old series is looked for
_STALE_MS = 300_000  # after which Prometheus itself shows a series no more
_SCRAPE_MS = 10_000  # how long a scrape may take by default (scrape_timeout)
_PATIENCE_MS = 5000  # how long the next scrape is waited for at once
_PAUSE_SECONDS = 0.25
_MILLISECOND = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SCRAPERS = frozenset(
    {"job", "prometheus", "prometheus_replica", "replica", "scrape_job", "receive"}
)
"""Labels of who scraped a series, which say nothing of what is counted."""

FindCounters = Callable[[Arm, Arm], Counters]
"""The series of two arms; raises UsageError if they cannot be told apart."""


class PrometheusRequestCounts(RequestCountsSource):
    """Counts what *find* finds; slower requests by *edges_ms*, rising."""

    def __init__(
        self,
        api: PrometheusApi,
        find: FindCounters,
        clock: Clock,
        *,
        edges_ms: Sequence[int] = (),
    ) -> None:
        self._api, self._find, self._clock = api, find, clock
        self._edges = tuple(edges_ms)
        self._latest: dict[tuple[Arm, Arm, datetime], Scrape] = {}

    @override
    def read(
        self,
        stable: Arm,
        canary: Arm,
        since: datetime,
        *,
        changed: datetime | None = None,
    ) -> Scrape:
        counters, begin = self._counters(stable, canary), _unix_ms(since)
        if begin > _unix_ms(self._clock.now()):
            raise TransientError(
                f"the canary is said to be ready since {since:%Y-%m-%d %H:%M:%S} UTC,"
                " which is yet to come",
                hint="is this machine's clock right, and that of the one before it?",
            )
        is_alone = stable.name == canary.name
        end = self._clock.monotonic_ms() + _PATIENCE_MS
        while True:
            arms, until = self._look(counters, begin, is_alone=is_alone)
            if changed is None or _EPOCH + until * _MILLISECOND >= changed:
                break
            if self._clock.monotonic_ms() >= end:
                raise AwaitedError(
                    "Prometheus has not scraped the proxy yet since the weights were"
                    f" changed at {changed:%H:%M:%S} UTC"
                )
            self._clock.sleep(_PAUSE_SECONDS)
        scrape = self._scrape(counters, arms, begin, until)
        return self._rising((stable, canary, since), scrape)

    def _look(
        self, counters: Counters, begin: int, *, is_alone: bool
    ) -> tuple[list[list[Series]], int]:
        """The series of both arms, and up to when they are counted."""
        now = _unix_ms(self._clock.now())
        window = max(0, now - begin) + _BEFORE_MS
        query = write_query(counters, self._edges, window_ms=window)
        found = parse_matrix(self._api.query(query, now / 1000))
        patterns = [counters.stable, counters.canary]
        arms = [_of_arm(found, counters, each, now) for each in patterns]
        _check_apart(arms, is_alone=is_alone)
        _check_once(counters, found)
        return arms, max(begin, _until(counters, arms, begin, now))

    def _counters(self, stable: Arm, canary: Arm) -> Counters:
        try:
            return self._find(stable, canary)
        except UsageError as error:
            raise PermanentError(str(error), hint=error.hint) from error

    def _scrape(
        self,
        counters: Counters,
        arms: Sequence[Sequence[Series]],
        begin: int,
        until: int,
    ) -> Scrape:
        stable, canary = (_counts(counters, arm, begin, until) for arm in arms)
        slower = self._slower(counters, arms, begin, until)
        at = _EPOCH + until * _MILLISECOND
        return Scrape(at, stable, canary, slower, begins_anew=False)

    def _slower(
        self,
        counters: Counters,
        arms: Sequence[Sequence[Series]],
        begin: int,
        until: int,
    ) -> tuple[Slower, ...]:
        if counters.buckets is None or not self._edges:
            return ()
        histogram = Histogram(counters.buckets, self._edges, counters.unit_ms)
        stable, canary = (histogram.read(arm, begin, until) for arm in arms)
        return (
            Slower(0, stable.n, canary.n),
            *map(Slower, self._edges, stable.x, canary.x),
        )

    def _rising(self, which: tuple[Arm, Arm, datetime], scrape: Scrape) -> Scrape:
        """*scrape*, which must not have less than the one before.

        Raises:
            TransientError: it has.
        """
        before = self._latest.get(which)
        if before is not None and _falls(before, scrape):
            raise TransientError(
                "Prometheus has fewer requests than it had before",
                hint="a replica that lags behind answered, or it lost what it stored",
            )
        self._latest = {which: scrape}
        return scrape


def write_query(counters: Counters, edges_ms: Sequence[int], *, window_ms: int) -> str:
    """The PromQL for the raw samples of both arms in the last *window_ms*.

    Asked for at once, all are read at one moment; asked one after another, a scrape
    may come in between, and more requests fail than were made.
    """
    asked = [counters.total, *counters.failed]
    le: tuple[Matcher, ...] = ()
    if counters.buckets is not None and edges_ms:
        asked.append(counters.buckets)
        le = (Matcher("le", "=~", le_pattern(edges_ms, counters.unit_ms)),)
    arms = Matcher(counters.label, "=~", f"{counters.stable}|{counters.canary}")
    return f"{write_matchers(asked, (arms, *le))}[{window_ms}ms]"


def _of_arm(
    found: Sequence[Series], counters: Counters, pattern: str, now: int
) -> list[Series]:
    """The series of one arm, without samples of the future."""
    arm = Matcher(counters.label, "=~", pattern)
    return [
        Series(each.labels, tuple(one for one in each.samples if one[0] <= now))
        for each in found
        if arm.accepts(each.labels)
    ]


def _check_apart(arms: Sequence[Sequence[Series]], *, is_alone: bool) -> None:
    stable, canary = ({frozenset(each.labels.items()) for each in arm} for arm in arms)
    if not is_alone and stable & canary:
        shown = show(str(dict(sorted((stable & canary).pop()))))
        raise PermanentError(f"nothing tells whose requests {shown} counts")


def _check_once(counters: Counters, found: Sequence[Series]) -> None:
    """See to it that nothing is counted by two who scraped it.

    Raises:
        PermanentError: it is.
    """
    seen: dict[frozenset[tuple[str, str]], Series] = {}
    for each in found:
        if not counters.total.accepts(each.labels) or not each.samples:
            continue
        what = frozenset(
            (name, value)
            for name, value in each.labels.items()
            if name not in _SCRAPERS
        )
        other = seen.setdefault(what, each)
        if other is not each and _overlap(other, each):
            name = next(
                one
                for one in sorted(_SCRAPERS)
                if other.labels.get(one) != each.labels.get(one)
            )
            values = sorted(one.labels.get(name, "") for one in (other, each))
            raise PermanentError(
                f"every request is counted twice: by {name}={show(values[0])!r} and by"
                f" {show(values[1])!r}",
                hint=f"name one of them: labels: {{{name}: {show(values[1])}}}",
            )


def _overlap(one: Series, other: Series) -> bool:
    return (
        one.samples[0][0] <= other.samples[-1][0]
        and other.samples[0][0] <= one.samples[-1][0]
    )


def _until(
    counters: Counters, arms: Sequence[Sequence[Series]], begin: int, now: int
) -> int:
    """Up to when both arms are counted.

    Raises:
        ExternalError: one that is served is not counted any more.
    """
    stable, canary = (_newest(counters, arm) for arm in arms)
    metric = counters.total.metric
    if stable is None:
        raise PermanentError(
            f"Prometheus has no {metric} of stable"
            f" ({counters.label}=~{show(counters.stable)!r})",
            hint=counters.hint,
        )
    if now - stable > _STALE_MS:
        raise _vanished("stable", counters, now - stable)
    if canary is None or canary <= begin:
        return stable - _SCRAPE_MS
    if now - canary > _STALE_MS:
        raise _vanished("the canary", counters, now - canary)
    return min(stable, canary)


def _newest(counters: Counters, arm: Sequence[Series]) -> int | None:
    return max(
        (
            each.samples[-1][0]
            for each in arm
            if each.samples and counters.total.accepts(each.labels)
        ),
        default=None,
    )


def _vanished(who: str, counters: Counters, age_ms: int) -> TransientError:
    return TransientError(
        f"{counters.total.metric} of {who} has vanished: its newest sample is"
        f" {age_ms // 1000} s old",
        hint=f"see the targets that Prometheus scrapes, and its clock; {counters.hint}",
    )


def _counts(
    counters: Counters, arm: Sequence[Series], begin: int, until: int
) -> RequestCounts:
    total = failed = 0
    for each in arm:
        if not counters.total.accepts(each.labels):
            # A failure that is counted by a metric of its own.
            if any(one.accepts(each.labels) for one in counters.failed):
                failed += counted(each, begin, until)
            continue
        number = counted(each, begin, until)
        total += number
        if any(one.accepts(each.labels) for one in counters.failed):
            failed += number
    if failed > total:
        raise PermanentError(
            f"the series do not fit together: {failed} of {total} requests failed"
        )
    return RequestCounts(total, failed) if total else NO_REQUESTS


def _falls(before: Scrape, now: Scrape) -> bool:
    pairs = ((before.stable, now.stable), (before.canary, now.canary))
    return any(b.total < a.total or b.failed < a.failed for a, b in pairs)


def _unix_ms(moment: datetime) -> int:
    return (moment - _EPOCH) // _MILLISECOND
