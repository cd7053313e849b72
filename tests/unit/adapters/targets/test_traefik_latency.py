"""Unit tests of `sluicegate.adapters.targets.traefik_latency`."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.adapters.targets.traefik_latency import parse_slower
from sluicegate.errors import PermanentError
from sluicegate.model.rollout import Slower

NAME = "traefik_service_request_duration_seconds"


def bucket(service: str, le: str, count: object, code: str = "200") -> str:
    labels = f'code="{code}",method="GET",protocol="http",service="{service}@file"'
    return f'{NAME}_bucket{{{labels},le="{le}"}} {count}\n'


def page(*lines: str) -> bytes:
    return "".join(["traefik_config_reloads_total 3\n", *lines]).encode()


A = [
    bucket("live-a", "0.1", 5),
    bucket("live-a", "1", 7),
    bucket("live-a", "+Inf", 8),
    bucket("live-a", "0.1", 0, code="500"),
    bucket("live-a", "1.0", 1, code="500"),
    bucket("live-a", "+Inf", 1e1, code="500"),
    f'{NAME}_sum{{code="200",service="live-a@file"}} 2.5\n',
    f'{NAME}_count{{code="200",service="live-a@file"}} 8\n',
]
PROBE = [bucket("probe-a", "0.1", 3), bucket("probe-a", "+Inf", 3)]


def test_requests_above_each_edge_are_summed_over_codes() -> None:
    assert parse_slower(page(*A), "live-a", "live-b") == (
        Slower(0, 18, 0),
        Slower(100, 13, 0),
        Slower(1000, 10, 0),
    )


def test_the_edges_are_known_as_soon_as_anything_was_asked() -> None:
    assert parse_slower(page(), "live-a", "live-b") == ()
    assert parse_slower(page(*PROBE), "live-a", "live-b") == (
        Slower(0, 0, 0),
        Slower(100, 0, 0),
    )


def test_edges_of_a_fraction_of_a_millisecond_are_left_out() -> None:
    lines = [
        bucket("live-a", "0.0005", 1),
        bucket("live-a", "1e-02", 2),
        bucket("live-a", "+Inf", 3),
    ]
    assert [e.edge_ms for e in parse_slower(page(*lines), "live-a", "b")] == [0, 10]


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(A[:2], id="no bucket of all"),
        pytest.param([*A[:3], *A[4:6]], id="a bucket of one series"),
        pytest.param([*PROBE, bucket("live-a", "+Inf", 3)], id="a bucket of one leaf"),
        pytest.param([A[0], A[1], bucket("live-a", "+Inf", 6)], id="falling"),
        pytest.param([bucket("live-a", "", 1)], id="no edge"),
        pytest.param([bucket("live-a", "fast", 1)], id="an edge that is no number"),
        pytest.param([bucket("live-a", "0", 1)], id="an edge of 0"),
        pytest.param([bucket("live-a", "+Inf", "NaN")], id="NaN"),
        pytest.param([bucket("live-a", "+Inf", "1.5")], id="a half"),
        pytest.param(["cut off"], id="cut off"),
    ],
)
def test_histograms_that_cannot_be_are_refused(lines: list[str]) -> None:
    with pytest.raises(PermanentError):
        parse_slower(page(*lines), "live-a", "live-b")


@given(
    st.lists(
        st.builds(
            bucket,
            st.sampled_from(["live-a", "live-b", "x"]),
            st.sampled_from(["0.1", "1", "+Inf", "1e99", "1e-99", "NaN"])
            | st.text('0123456789.e+-"\\', max_size=9),
            st.integers() | st.text('0123456789.e+-"\\', max_size=9),
        ),
        max_size=6,
    )
)
def test_no_page_raises_anything_but_the_error_that_the_port_names(
    lines: list[str],
) -> None:
    with suppress(PermanentError):
        parse_slower(page(*lines), "live-a", "live-b")
