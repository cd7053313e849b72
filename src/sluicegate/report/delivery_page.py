"""The figures of delivery as metrics for Prometheus. Pure.

All are gauges of a window that ends now, and no counters over the log: a log that was
pruned would count backwards, and a counter that Prometheus has only just met says
nothing of the weeks before, which the log knows.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sluicegate.model.delivery_figures import Costs, Delivery, Group, Spread
from sluicegate.model.exposition import Kind, Metric, Sample

_MS = 1000
_OUTCOMES = ("open", "closed", "pending", "broken")
_PREFIX = "sluice_delivery_"

_Row = tuple[Mapping[str, str], float]
_Numbers = Callable[[Group], Sequence[_Row]]


def delivery_metrics(
    delivery: Delivery, costs: Costs, now: datetime
) -> Iterator[Metric]:
    """All metrics; those without a number are left out.

    Each number is told from those of other logs by its label ``log``, and from those of
    another part of this one by ``service``, where one was chosen: one node exporter may
    read the files of many.
    """
    own = {"log": delivery.log}
    if delivery.service is not None:
        own["service"] = delivery.service
    found = (
        *_of_log(delivery, now),
        *_of_groups(delivery.groups),
        *_of_gates(delivery),
        *_of_costs(delivery, costs),
    )
    return (_label(metric, own) for metric in found if metric.samples)


def _label(metric: Metric, own: Mapping[str, str]) -> Metric:
    samples = (Sample({**own, **each.labels}, each.value) for each in metric.samples)
    return replace(metric, samples=tuple(samples))


def _gauge(name: str, text: str, samples: Iterable[_Row]) -> Metric:
    rows = tuple(Sample(labels, value) for labels, value in samples)
    return Metric(name, Kind.GAUGE, text, rows)


def _of_log(delivery: Delivery, now: datetime) -> Iterator[Metric]:
    yield _gauge(
        "sluice_log_entries",
        "Entries of the audit log when it was read and verified.",
        [({}, delivery.entries)],
    )
    yield _gauge(
        f"{_PREFIX}computed_timestamp_seconds",
        "When these figures were counted.",
        [({}, now.timestamp())],
    )
    known = delivery.known
    yield _gauge(
        f"{_PREFIX}window_seconds",
        "Length of the window that the figures are of, as far as the log covers it.",
        [({}, known.length.total_seconds())] if known is not None else [],
    )


def _of_groups(groups: Iterable[Group]) -> Iterator[Metric]:
    groups = tuple(groups)

    def each(name: str, text: str, of: _Numbers) -> Metric:
        return _gauge(
            f"{_PREFIX}{name}",
            text,
            (
                ({"environment": group.environment, **labels}, value)
                for group in groups
                for labels, value in of(group)
            ),
        )

    yield each(
        "releases",
        "Releases that got all the traffic, rollbacks left out.",
        lambda group: [({}, group.releases)],
    )
    yield each(
        "rollbacks",
        "Times that an earlier release was gone back to.",
        lambda group: [({}, group.rollbacks)],
    )
    yield each(
        "changes",
        "Releases that took traffic, by what became of them.",
        _changes,
    )
    yield each(
        "change_failure_ratio",
        "Of the changes that were decided, the part that failed.",
        _failure_rate,
    )
    yield each(
        "lead_time_seconds",
        "From a commit, or the first run of the released one, to all the traffic.",
        lambda group: [
            *_spread({"since": "commit"}, group.lead.since_commit),
            *_spread({"since": "run"}, group.lead.since_run),
        ],
    )
    yield each(
        "restore_time_seconds",
        "From a failed release's first traffic, or first sign, until all was well.",
        lambda group: [
            *_spread({"since": "traffic"}, group.restores.since_traffic),
            *_spread({"since": "sign"}, group.restores.since_sign),
        ],
    )
    yield each(
        "not_restored",
        "Failed releases after which all is not well yet.",
        lambda group: [({}, group.restores.waiting)],
    )
    yield each(
        "canary_aborts",
        "Canaries that were judged to go, by cause.",
        lambda group: [({"cause": word}, n) for word, n in group.aborts.items()],
    )
    yield each(
        "approval_wait_seconds",
        "How long releases waited for people or for a better time.",
        lambda group: _spread({}, group.approvals.waited),
    )
    yield each(
        "approvals_open",
        "Releases that wait.",
        lambda group: [({}, group.approvals.open)],
    )
    yield each("approval_oldest_seconds", "How long the first of them waits.", _oldest)


def _changes(group: Group) -> list[_Row]:
    changes = group.changes
    counts = {
        "good": changes.good,
        "aborted": changes.aborted,
        "gone_back": changes.gone_back,
        "undecided": changes.undecided,
    }
    return [({"fate": word}, number) for word, number in counts.items()]


def _failure_rate(group: Group) -> list[_Row]:
    rate = group.changes.failure_rate
    return [] if rate is None else [({}, float(rate))]


def _oldest(group: Group) -> list[_Row]:
    oldest = group.approvals.oldest_ms
    return [] if oldest is None else [({}, oldest / _MS)]


def _spread(labels: Mapping[str, str], found: Spread | None) -> list[_Row]:
    if found is None:
        return []
    return [
        ({**labels, "stat": "median"}, found.median_ms / _MS),
        ({**labels, "stat": "p90"}, found.p90_ms / _MS),
    ]


def _of_gates(delivery: Delivery) -> Iterator[Metric]:
    yield _gauge(
        f"{_PREFIX}gate_results",
        "Attempts at stages that ended, by outcome.",
        (
            ({"stage": gate.stage, "outcome": word}, gate.outcomes.get(word, 0))
            for gate in delivery.gates
            for word in _OUTCOMES
        ),
    )


def _of_costs(delivery: Delivery, costs: Costs) -> Iterator[Metric]:
    yield _gauge(
        f"{_PREFIX}gpu_seconds",
        "Time of GPUs that stages took: declared GPUs times time on the clock.",
        (({"stage": r.key}, float(r.spent.gpu_ms) / _MS) for r in costs.rows),
    )
    yield _gauge(
        f"{_PREFIX}machine_seconds",
        "Time on the clock that stages took.",
        (({"stage": r.key}, float(r.spent.machine_ms) / _MS) for r in costs.rows),
    )
    if delivery.currency is None:
        return
    currency = {"currency": delivery.currency}
    yield _gauge(
        f"{_PREFIX}cost",
        "Money that stages took, by the rates of the pipeline file.",
        (({"stage": r.key, **currency}, float(r.spent.money)) for r in costs.rows),
    )
    yield _gauge(
        f"{_PREFIX}cost_per_release",
        "Money that was spent for each release that came to the environment.",
        (
            ({"environment": each.environment, **currency}, float(each.each.money))
            for each in delivery.costs
            if each.each is not None
        ),
    )
