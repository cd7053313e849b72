"""From cumulative numbers to what a block shows of every metric. Pure.

Every metric has a mark of its own: the totals it was last read at under this weight.
A metric that cannot be read is absent, and its next block grows; one without a mark
gets it from its first reading, which shows nothing yet.

Traps:
    Each release is counted by itself. A number that went backwards is taken to have
    begun again at 0: what was counted between the last reading and that moment is
    lost. That is so of the target's own counters, which begin again for both releases
    at once; what other sources say is seen to in `sluicegate.engine.rollout_falls`.
    The sum of a gauge may fall by itself; there only the samples tell.
"""

from collections.abc import Iterable, Mapping, Sequence

from sluicegate.canary.metric import Metric
from sluicegate.errors import UsageError
from sluicegate.model.event import MetricObserved, MetricTotal
from sluicegate.model.metric import MetricKind, Pair, Tally, check_tally
from sluicegate.model.rollout import Scrape

_MOST = 2**53 - 1  # what the audit log can hold: RFC 8785 numbers are doubles

Totals = Mapping[str, Pair]
"""Cumulative numbers of both releases, by the name of the metric."""


def check_totals(metric: Metric, totals: Pair) -> None:
    """See to it that *totals* can be the cumulative numbers of *metric*.

    Raises:
        UsageError: they cannot, or the log could not hold them.
    """
    for tally in (totals.stable, totals.canary):
        check_tally(metric.kind, tally, width=metric.width)
        if max(tally.n, *(abs(x) for x in tally.x)) > _MOST:
            raise UsageError(f"no numbers to count with: more than 2^53, got {tally}")


def passed(metric: Metric, before: Pair, now: Pair) -> Pair:
    """What both releases show between two readings."""
    return Pair(
        _passed(metric, before.stable, now.stable),
        _passed(metric, before.canary, now.canary),
    )


def goes_on(metric: Metric, before: Pair, now: Pair) -> bool:
    """Whether *now* can have been counted on from *before*, by both releases."""
    return (
        _since(metric, before.stable, now.stable) is not None
        and _since(metric, before.canary, now.canary) is not None
    )


def _passed(metric: Metric, before: Tally, now: Tally) -> Tally:
    found = _since(metric, before, now)
    return now if found is None else found  # it began again


def _since(metric: Metric, before: Tally, now: Tally) -> Tally | None:
    """What was counted from *before* to *now*; None if that cannot be."""
    n = now.n - before.n
    x = tuple(b - a for a, b in zip(before.x, now.x, strict=True))
    if n == 0 and metric.kind is MetricKind.GAUGE:
        return Tally.nothing(metric.width)  # a sum without a sample is no sum
    try:
        check_tally(metric.kind, Tally(n, x), width=metric.width)
    except UsageError:
        return None
    return Tally(n, x)


def blocks_of(metrics: Iterable[Metric], marks: Totals, totals: Totals) -> Totals:
    """What every metric in *totals* shows since its mark, nothing where it has none.

    In the order of *metrics*; a metric that is none of them is left out.
    """
    shown: dict[str, Pair] = {}
    for metric in metrics:
        now = totals.get(metric.name)
        if now is None:
            continue
        before = marks.get(metric.name)
        nothing = Tally.nothing(metric.width)
        shown[metric.name] = (
            Pair(nothing, nothing) if before is None else passed(metric, before, now)
        )
    return shown


def totals_of(metrics: Sequence[MetricTotal] | Sequence[MetricObserved]) -> Totals:
    """The cumulative numbers that an event holds."""
    return {
        each.metric: (
            Pair(each.stable, each.canary)
            if isinstance(each, MetricTotal)
            else Pair(each.stable_total, each.canary_total)
        )
        for each in metrics
    }


def totals_told(totals: Totals) -> tuple[MetricTotal, ...]:
    """*totals* as an event holds them."""
    return tuple(
        MetricTotal(name, pair.stable, pair.canary) for name, pair in totals.items()
    )


def find_fault(
    metrics: Sequence[Metric], told: Sequence[MetricTotal] | Sequence[MetricObserved]
) -> str | None:
    """Why *told* cannot be what was read of *metrics*, or None if it can.

    Each at most once, in the order of the plan, and numbers that can be such.
    """
    known = {metric.name: at for at, metric in enumerate(metrics)}
    names = [each.metric for each in told]
    foreign = [name for name in names if name not in known]
    if foreign:
        return f"the plan has no metric {foreign[0]!r}"
    places = [known[name] for name in names]
    if places != sorted(set(places)):
        return "its metrics are not those of the plan, each once and in order"
    for name, totals in totals_of(told).items():
        try:
            check_totals(metrics[known[name]], totals)
        except UsageError as error:
            return f"{name}: {error}"
    return None


def read_slower(metric: Metric, scrape: Scrape) -> Pair:
    """The numbers of a latency, as the target counts them.

    Raises:
        UsageError: the target does not count by one of its edges.
    """
    counted = {each.edge_ms: each for each in scrape.slower}
    missing = [edge for edge in metric.edges if edge not in counted]
    if missing:
        has = ", ".join(f"{edge} ms" for edge in counted if edge) or "none"
        raise UsageError(
            f"the target does not count by {missing[0]} ms; its edges: {has}",
            hint="a proxy keeps the latency_edges that it was started with",
        )
    edges = [counted[edge] for edge in metric.edges]
    timed = counted.get(0)
    stable, canary = scrape.stable.total, scrape.canary.total
    if timed is not None:
        stable, canary = timed.stable, timed.canary
    return Pair(
        Tally(stable, tuple(each.stable for each in edges)),
        Tally(canary, tuple(each.canary for each in edges)),
    )
