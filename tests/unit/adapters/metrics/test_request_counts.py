"""Unit tests of `sluicegate.adapters.metrics.request_counts`, with made-up answers."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import parse_qs

import pytest
from fakes import START, FakeClock
from prometheus_service import CANARY, STABLE, Asked, answering, matrix

from sluicegate.adapters.metrics.prometheus_api import PrometheusApi
from sluicegate.adapters.metrics.proxy_counters import PROXIES, Counters, Place
from sluicegate.adapters.metrics.request_counts import PrometheusRequestCounts
from sluicegate.errors import ExternalError, PermanentError, TransientError
from sluicegate.model.rollout import Scrape, Slower
from sluicegate.model.selector import Matcher, Selector
from sluicegate.model.traffic import RequestCounts
from sluicegate.ports.request_counts import Arm

SHOP, TRIAL = Arm(STABLE, "shop"), Arm(CANARY, "shop-canary")
Samples = Sequence[tuple[float, int]]
Found = tuple[dict[str, str], list[list[object]]]


def series(
    to: str,
    samples: Samples,
    code: str = "200",
    name: str = "istio_requests_total",
    **labels: str,
) -> Found:
    """A series of Istio with samples so many seconds after the start."""
    begin = START.timestamp()
    return (
        {
            "__name__": name,
            "reporter": "source",
            "destination_service_namespace": "shop",
            "destination_service_name": to,
            "response_code": code,
            **labels,
        },
        [[begin + seconds, str(value)] for seconds, value in samples],
    )


def buckets(to: str, at: float, counts: Sequence[tuple[str, int]]) -> list[Found]:
    name = "istio_request_duration_milliseconds_bucket"
    return [series(to, [(at, n)], name=name, le=le) for le, n in counts]


def read(
    *found: Found,
    changed: datetime | None = None,
    edges: Sequence[int] = (),
    asked: list[Asked] | None = None,
    canary: Arm = TRIAL,
    since: datetime = START,
) -> Scrape:
    with answering(matrix(*found)) as server:
        if asked is not None:
            asked.append(server)
        counts = PrometheusRequestCounts(
            PrometheusApi(server.url, timeout_seconds=30),
            lambda a, b: PROXIES["istio"](Place("shop"), a.name, b.name),
            FakeClock(elapsed_ms=600_000),
            edges_ms=edges,
        )
        return counts.read(SHOP, canary, since, changed=changed)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_one_query_asks_for_all_samples_of_both() -> None:
    asked: list[Asked] = []
    read(series("shop", [(590, 10)]), asked=asked)

    (form,) = asked[0].forms
    (query,) = parse_qs(form)["query"]
    assert query == (
        '{__name__="istio_requests_total",destination_service_name=~"shop|shop-canary",'
        'reporter="source",destination_service_namespace="shop"}[4200000ms]'
    )


def test_buckets_are_asked_for_by_those_edges_alone_that_are_judged() -> None:
    asked: list[Asked] = []
    read(
        series("shop", [(590, 10)]),
        *buckets("shop", 590, [("250", 7), ("+Inf", 10)]),
        asked=asked,
        edges=[250],
    )

    (form,) = asked[0].forms
    (query,) = parse_qs(form)["query"]
    assert 'le=~"|\\\\+Inf|250|250\\\\.0"' in query
    assert "istio_request_duration_milliseconds_bucket|istio_requests_total" in query


def test_both_are_counted_up_to_the_newest_sample_that_both_have() -> None:
    found = read(
        series("shop", [(-5, 100), (540, 170), (595, 199)]),
        series("shop", [(-5, 1), (540, 3)], "503"),
        series("shop-canary", [(20, 3), (550, 9)]),  # its first requests count
        series("shop-canary", [(20, 1)], "500"),
    )

    assert found == Scrape(at(550), RequestCounts(72, 2), RequestCounts(10, 1))


def test_one_that_failed_nothing_has_no_series_of_failures() -> None:
    found = read(series("shop", [(590, 9)]), series("shop-canary", [(590, 4)]))

    assert (found.stable.failed, found.canary.failed) == (0, 0)


def test_a_status_of_grpc_is_a_failure_as_well_and_counts_once() -> None:
    found = read(
        series("shop", [(580, 9), (590, 9)], grpc_response_status="0"),
        series("shop", [(580, 2)], grpc_response_status="13"),
        series("shop", [(580, 1)], "503", grpc_response_status="14"),
        series("shop", [(580, 3)], grpc_response_status="5"),  # the client's fault
    )

    assert found.stable == RequestCounts(15, 3)


def test_a_request_that_its_client_gave_up_is_no_failure() -> None:
    found = read(
        series("shop", [(580, 9), (590, 9)]),
        series("shop", [(580, 2)], "0", response_flags="DC"),
        series("shop", [(580, 2)], "499"),
    )

    assert found.stable == RequestCounts(13, 0)


def test_a_canary_that_was_sent_nothing_yet_has_nothing() -> None:
    found = read(series("shop", [(-5, 100), (400, 150), (595, 199)]))

    # Not up to stable's newest sample: by then a scrape of the canary may be under way.
    assert found == Scrape(at(585), RequestCounts(50, 0), RequestCounts(0, 0))


def test_counts_do_not_fall_when_the_canary_appears() -> None:
    """Its first sample is older than stable's newest one: another proxy has that."""
    stable = series("shop", [(-5, 100), (585, 180), (595, 199)])
    before = read(stable)
    after = read(
        series("shop", [(-5, 100), (585, 180), (595, 199)]),
        series("shop-canary", [(588, 2)]),
    )

    assert after.at >= before.at
    assert after.stable.total >= before.stable.total


def test_weights_that_were_just_changed_are_waited_for() -> None:
    arms = series("shop", [(590, 9)]), series("shop-canary", [(580, 4)])

    with pytest.raises(TransientError, match=r"has not scraped .* at 00:09:45 UTC$"):
        read(*arms, changed=at(585))
    assert read(*arms, changed=at(580)).canary.total == 4


def test_a_scrape_that_is_about_to_come_is_not_an_error() -> None:
    late = series("shop", [(590, 9), (602, 12)]), series("shop-canary", [(602, 4)])
    asked: list[Asked] = []

    found = read(*late, changed=at(601), asked=asked)
    assert (found.at, found.stable.total) == (at(602), 12)
    assert len(asked[0].forms) > 1


def test_slower_requests_are_counted_by_the_edges() -> None:
    found = read(
        series("shop", [(590, 10)]),
        series("shop-canary", [(590, 5)]),
        *buckets("shop", 590, [("250", 7), ("1000.0", 9), ("+Inf", 10)]),
        *buckets("shop-canary", 590, [("250", 1), ("1000.0", 5), ("+Inf", 5)]),
        edges=[250, 1000],
    )

    assert found.slower == (Slower(0, 10, 5), Slower(250, 3, 4), Slower(1000, 1, 0))


def test_an_edge_that_the_proxy_does_not_count_by_is_named() -> None:
    with pytest.raises(PermanentError, match="no bucket for 300 ms") as refused:
        read(
            series("shop", [(590, 10)]),
            *buckets("shop", 590, [("250", 7), ("+Inf", 10)]),
            edges=[300],
        )
    assert refused.value.hint is not None


def test_a_first_release_stands_in_for_both() -> None:
    found = read(series("shop", [(590, 10)]), canary=SHOP)

    assert found.stable == found.canary == RequestCounts(10, 0)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (
            [],
            r"^Prometheus has no .* of stable \(destination_service_name=~'shop'\)$",
        ),
        ([series("shop-canary", [(590, 1)])], "has no istio_requests_total of stable"),
        (
            [series("shop", [(299, 9)]), series("shop-canary", [(590, 1)])],
            r"of stable has vanished: its newest sample is 301 s old$",
        ),
        (
            [series("shop", [(590, 9)]), series("shop-canary", [(100, 1)])],
            r"of the canary has vanished: its newest sample is 500 s old$",
        ),
        (
            [
                series("shop", [(575, 5), (590, 9)], job="pods"),
                series("shop", [(570, 5), (585, 8)], job="envoy-stats"),
            ],
            r"counted twice: by job='envoy-stats' and by 'pods'$",
        ),
        (
            [
                series("shop", [(590, 9)], prometheus_replica="a"),
                series("shop", [(590, 9)], prometheus_replica="b"),
            ],
            r"counted twice: by prometheus_replica='a' and by 'b'$",
        ),
    ],
)
def test_what_cannot_be_believed_is_held_for(found: list[Found], message: str) -> None:
    with pytest.raises(ExternalError, match=message) as refused:
        read(*found)
    assert refused.value.hint is not None


def test_a_job_that_took_over_from_another_counts_on() -> None:
    found = read(
        series("shop", [(-5, 2), (300, 9)], job="old"),
        series("shop", [(315, 3), (580, 8), (590, 8)], job="new"),
    )

    assert found.stable.total == 15


def test_arms_that_one_series_is_of_are_not_compared() -> None:
    counters = Counters(
        Selector("all_total"),
        (Selector("all_total", (Matcher("code", "=", "500"),)),),
        "to",
        "shop.*",
        "shop-canary",
        "name them apart",
    )
    labels = {"__name__": "all_total", "to": "shop-canary"}
    body = matrix((labels, [[START.timestamp() + 590, "1"]]))
    with answering(body) as server:
        counts = PrometheusRequestCounts(
            PrometheusApi(server.url, timeout_seconds=30),
            lambda _a, _b: counters,
            FakeClock(elapsed_ms=600_000),
        )
        with pytest.raises(PermanentError, match="nothing tells whose requests"):
            counts.read(SHOP, TRIAL, START)


def test_more_failures_than_requests_are_not_believed() -> None:
    counters = Counters(
        Selector("all_total"), (Selector("bad_total"),), "to", "a", "b", "see"
    )
    begin = START.timestamp() + 580
    body = matrix(
        ({"__name__": "all_total", "to": "a"}, [[begin, "1"], [begin + 10, "1"]]),
        ({"__name__": "bad_total", "to": "a"}, [[begin, "2"]]),
    )
    with answering(body) as server:
        counts = PrometheusRequestCounts(
            PrometheusApi(server.url, timeout_seconds=30),
            lambda _a, _b: counters,
            FakeClock(elapsed_ms=600_000),
        )
        with pytest.raises(PermanentError, match="2 of 1 requests failed"):
            counts.read(SHOP, TRIAL, START)


def test_counts_that_fall_are_no_reading() -> None:
    """A replica that lags behind answers in the place of another."""
    clock = FakeClock(elapsed_ms=600_000)
    bodies = [
        matrix(series("shop", [(570, 9), (590, 12)])),
        matrix(series("shop", [(570, 9)])),
    ]
    counts: PrometheusRequestCounts | None = None
    with answering(bodies[0]) as whole, answering(bodies[1]) as lagging:
        api = PrometheusApi(whole.url, timeout_seconds=30)
        counts = PrometheusRequestCounts(
            api,
            lambda a, b: PROXIES["istio"](Place("shop"), a.name, b.name),
            clock,
        )
        before = counts.read(SHOP, TRIAL, START)
        api._url = f"{lagging.url}/api/v1/query"  # a balancer that changed its mind
        clock.sleep(1)
        with pytest.raises(TransientError, match="fewer requests than it had before"):
            counts.read(SHOP, TRIAL, START)
    assert before.stable.total == 9


def test_a_canary_that_is_yet_to_be_ready_is_not_counted() -> None:
    with pytest.raises(TransientError, match="yet to come"):
        read(series("shop", [(590, 10)]), since=at(601))
    assert not read(series("shop", [(590, 10)])).begins_anew
