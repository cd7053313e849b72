"""Traefik's request counters."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.adapters.targets.traefik_metrics import parse_counts
from sluicegate.errors import PermanentError
from sluicegate.model.traffic import NO_REQUESTS, RequestCounts

# Recorded from Traefik 3.7.15; histograms and byte counters cut short.
PAGE = b"""\
# HELP traefik_config_reloads_total Config reloads
# TYPE traefik_config_reloads_total counter
traefik_config_reloads_total 3
go_gc_duration_seconds{quantile="0"} NaN
traefik_config_last_reload_success 1.795335958e+09
# TYPE traefik_service_requests_total counter
traefik_service_requests_total{code="200",method="GET",protocol="http",service="live-a@file"} 380
traefik_service_requests_total{code="200",method="POST",protocol="http",service="live-a@file"} 1e+01
traefik_service_requests_total{code="499",method="GET",protocol="http",service="live-a@file"} 7
traefik_service_requests_total{code="404",method="GET",protocol="http",service="live-b@file"} 4
traefik_service_requests_total{code="500",method="GET",protocol="http",service="live-b@file"} 2
traefik_service_requests_total{code="502",method="GET",protocol="http",service="live-b@file"} 1
traefik_service_requests_total{code="502",method="GET",protocol="http",service="probe-b@file"} 9
"""  # noqa: E501 - as Traefik writes it


def line(name: str, value: str) -> bytes:
    return f"{name} {value}\n".encode()


def counter(**labels: str) -> str:
    inner = ",".join(f'{key}="{value}"' for key, value in labels.items())
    return f"traefik_service_requests_total{{{inner}}}"


def test_requests_are_summed_by_leaf_over_codes_and_methods() -> None:
    assert parse_counts(PAGE, ("live-a", "live-b")) == (
        RequestCounts(397, 7),
        RequestCounts(7, 3),
    )


def test_requests_the_client_gave_up_have_failed() -> None:
    page = PAGE + line(counter(code="499", service="live-c@file"), "9")
    assert parse_counts(page, ("live-c",)) == (RequestCounts(9, 9),)


def test_requests_the_client_got_wrong_have_not_failed() -> None:
    page = PAGE + line(counter(code="498", service="live-c@file"), "9")
    assert parse_counts(page, ("live-c",)) == (RequestCounts(9, 0),)


def test_a_leaf_without_series_has_served_nothing() -> None:
    assert parse_counts(PAGE, ("live-z",)) == (NO_REQUESTS,)


def test_one_release_may_stand_on_both_sides() -> None:
    assert parse_counts(PAGE, ("live-a", "live-a")) == (RequestCounts(397, 7),) * 2


def page_with(value: str, **labels: str) -> bytes:
    return PAGE + line(counter(**labels), value)


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html>Bad Gateway</html>\n", id="foreign"),
        pytest.param(PAGE[:-1], id="cut off at the end of a line"),
        pytest.param(PAGE[:-40], id="cut off within a line"),
        pytest.param(PAGE.replace(b"reloads_total 3", b"x 3"), id="headless"),
        pytest.param(PAGE + b"\xff\n", id="not UTF-8"),
        pytest.param(page_with("1", code="2xx", service="a@file"), id="code"),
        pytest.param(page_with("1", code="200"), id="no service"),
        pytest.param(page_with("-1", code="200", service="live-a"), id="negative"),
        pytest.param(page_with("1.5", code="200", service="live-a"), id="half"),
        pytest.param(page_with("NaN", code="200", service="live-a"), id="NaN"),
        pytest.param(page_with("1e300", code="200", service="live-a"), id="huge"),
        pytest.param(page_with("e+-", code="200", service="live-a"), id="no number"),
    ],
)
def test_a_page_that_is_not_whole_counts_for_nothing(page: bytes) -> None:
    with pytest.raises(PermanentError):
        parse_counts(page, ("live-a",))


lines = st.lists(st.sampled_from(PAGE.splitlines(keepends=True)) | st.binary())


@given(
    st.binary() | lines.map(b"".join) | lines.map(lambda some: PAGE + b"".join(some))
)
def test_no_page_raises_anything_but_the_error_the_port_names(page: bytes) -> None:
    with suppress(PermanentError):
        counts = parse_counts(page, ("live-a", "live-b"))
        assert all(0 <= each.failed <= each.total for each in counts)


@given(st.integers(0, len(PAGE) - 1))
def test_a_page_cut_short_is_refused_or_reads_the_leaves_it_still_has(end: int) -> None:
    with suppress(PermanentError):
        cut = parse_counts(PAGE[:end], ("live-a",))
        assert cut[0].total <= 397
