"""Unit tests of `sluicegate.adapters.metrics.prometheus`, against made-up answers."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
from fakes import START, FakeClock
from prometheus_service import CANARY, STABLE, Asked, answering, matrix

from sluicegate.adapters.metrics.prometheus import PrometheusSource
from sluicegate.adapters.metrics.prometheus_api import PrometheusApi
from sluicegate.adapters.metrics.prometheus_counts import Ratio
from sluicegate.errors import ExternalError, PermanentError, TransientError
from sluicegate.model.metric import MetricKind, Pair, Tally
from sluicegate.model.rollout import Release
from sluicegate.model.selector import Arms, Selector
from sluicegate.ports.metrics import Reading

NOW = START + timedelta(minutes=10)
Samples = Sequence[tuple[float, int]]


def series(
    to: str, samples: Samples, name: str = "all_total"
) -> tuple[dict[str, str], list[list[object]]]:
    """A series with samples so many seconds after the start."""
    begin = START.timestamp()
    return (
        {"__name__": name, "to": to, "pod": f"{to}-{samples[0][0]}"},
        [[begin + seconds, str(value)] for seconds, value in samples],
    )


def read(
    *found: tuple[dict[str, str], list[list[object]]],
    asked: list[Asked] | None = None,
    stable: Release = STABLE,
) -> Reading:
    with answering(matrix(*found)) as server:
        if asked is not None:
            asked.append(server)
        source = PrometheusSource(
            PrometheusApi(server.url, timeout_seconds=30),
            Arms("to", "{name}", "{name}"),
            Ratio(Selector("all_total"), Selector("bad_total")),
            FakeClock(elapsed_ms=600_000),
            kind=MetricKind.BERNOULLI,
            width=1,
        )
        return source.read(stable, CANARY, START)


def pair(stable: tuple[int, int], canary: tuple[int, int]) -> Pair:
    return Pair(Tally(stable[0], (stable[1],)), Tally(canary[0], (canary[1],)))


def test_one_query_asks_for_all_samples_since_before_the_beginning() -> None:
    asked: list[Asked] = []
    read(series("v1.0", [(590, 10)]), asked=asked)

    (form,) = asked[0].forms
    assert parse_qs(form) == {
        "query": [
            '{__name__=~"all_total|bad_total",to=~"v1\\\\.0|v1\\\\.1"}[4200000ms]'
        ],
        "time": [f"{NOW.timestamp():.3f}"],
        "timeout": ["30000ms"],
    }


def test_both_are_counted_up_to_the_newest_sample_that_both_have() -> None:
    reading = read(
        series("v1.0", [(-5, 100), (500, 150), (540, 170), (595, 199)]),
        series("v1.1", [(20, 3), (550, 9)]),  # not scraped since
        series("v1.0", [(500, 4), (560, 9)], "bad_total"),
    )

    assert reading.pair == pair((70, 4), (9, 0))
    assert reading.at == START + timedelta(seconds=550)


def test_nothing_is_counted_before_the_canary_has_a_series() -> None:
    nothing = pair((0, 0), (0, 0))
    stable = series("v1.0", [(-5, 100), (595, 199)])

    assert read(stable) == Reading(START, nothing)
    # One that is left of an earlier rollout is none of this one.
    assert read(stable, series("v1.1", [(-500, 3)])) == Reading(START, nothing)


def test_pods_that_come_and_go_keep_what_they_counted() -> None:
    reading = read(
        series("v1.0", [(-5, 100), (100, 120)]),  # gone
        series("v1.0", [(90, 5), (590, 50)]),
        series("v1.1", [(30, 7)]),  # gone
        series("v1.1", [(60, 1), (590, 4)]),
        series("v1.1", [(30, 2)], "bad_total"),
    )

    assert reading.pair == pair((70, 0), (11, 2))


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ([], r"^Prometheus has no all_total of stable$"),
        ([series("v1.1", [(590, 1)])], r"^Prometheus has no all_total of stable$"),
        (
            [series("v1.0", [(590, 1)], "bad_total")],
            r"^Prometheus has no all_total of stable$",
        ),
        (
            [series("v1.0", [(-5, 1), (299, 9)]), series("v1.1", [(590, 1)])],
            r"^all_total of stable has vanished: its newest sample is 301 s old$",
        ),
        (
            [series("v1.0", [(590, 9)]), series("v1.1", [(100, 1)])],
            r"^all_total of the canary has vanished: its newest sample is 500 s old$",
        ),
        (
            [
                series("v1.0", [(590, 9)]),
                series("v1.1", [(590, 1)]),
                series("v1.1", [(590, 2)], "bad_total"),
            ],
            r"the series do not fit together: .*x is more than n",
        ),
    ],
)
def test_a_release_that_is_not_counted_any_more_is_held_for(
    found: list[tuple[dict[str, str], list[list[object]]]], message: str
) -> None:
    with pytest.raises(ExternalError, match=message):
        read(*found)


def test_samples_of_the_future_are_none() -> None:
    """A server may answer with more than it was asked for."""
    reading = read(
        series("v1.0", [(590, 9), (700, 99)]), series("v1.1", [(595, 1), (601, 50)])
    )
    assert reading.pair == pair((9, 0), (0, 0))


def test_a_series_of_neither_release_is_none_of_theirs() -> None:
    reading = read(
        series("v1.0", [(590, 9)]),
        series("v1.1", [(590, 1)]),
        series("v0.9", [(590, 70)]),
    )
    assert reading.pair == pair((9, 0), (1, 0))


def test_releases_that_are_the_same_are_not_compared() -> None:
    with pytest.raises(PermanentError, match="nothing tells them apart"):
        read(stable=CANARY)


def test_an_outage_is_said_to_pass() -> None:
    with answering(b'{"status":"error","error":"starting up"}', code=503) as server:
        source = PrometheusSource(
            PrometheusApi(server.url, timeout_seconds=30),
            Arms("to", "{name}", "{name}"),
            Ratio(Selector("all_total"), Selector("bad_total")),
            FakeClock(),
            kind=MetricKind.BERNOULLI,
            width=1,
        )
        with pytest.raises(TransientError, match=r"HTTP 503: starting up$"):
            source.read(STABLE, CANARY, datetime(2026, 1, 1, tzinfo=UTC))
