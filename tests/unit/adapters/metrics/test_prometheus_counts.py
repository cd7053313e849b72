"""Unit tests of `sluicegate.adapters.metrics.prometheus_counts`."""

import pytest

from sluicegate.adapters.metrics.prometheus_answer import Series
from sluicegate.adapters.metrics.prometheus_counts import (
    Categories,
    Histogram,
    Ratio,
    Samples,
)
from sluicegate.errors import PermanentError
from sluicegate.model.metric import Tally
from sluicegate.model.selector import Selector

SINCE, UNTIL = 5, 9


def series(name: str, *samples: tuple[int, object], **labels: str) -> Series:
    found = tuple((time, str(value)) for time, value in samples)
    return Series({"__name__": name, **labels}, found)


def test_failures_are_counted_among_requests_by_all_series_of_a_release() -> None:
    count = Ratio(
        Selector.parse("requests_total"),
        Selector.parse('requests_total{code=~"5.."}'),
    )
    found = [
        series("requests_total", (4, 10), (8, 30), code="200", pod="a"),
        series("requests_total", (7, 4), code="500", pod="a"),
        series("requests_total", (6, 1), code="200", pod="b"),  # which is gone since
        series("other_total", (6, 99), code="500"),
    ]

    assert count.read(found, SINCE, UNTIL) == Tally(25, (4,))
    assert count.read(found[:1], SINCE, UNTIL) == Tally(20, (0,))  # none has failed


def test_buckets_are_found_by_the_number_that_they_name() -> None:
    count = Histogram(Selector("seconds_bucket"), (100, 2500))
    found = [
        *(series("seconds_bucket", (8, n), le=le) for le, n in
          (("0.1", 3), ("0.25", 4), ("2.5", 6), ("0.0005", 0), ("+Inf", 7))),
        *(series("seconds_bucket", (8, n), le=le, pod="b") for le, n in
          (("1e-1", 1), ("2.50", 1), ("+Inf", 1))),
    ]  # fmt: skip

    assert count.read(found, SINCE, UNTIL) == Tally(8, (4, 1))


def test_buckets_may_be_in_milliseconds() -> None:
    count = Histogram(Selector("ms_bucket"), (100,), unit_ms=1)
    found = [
        series("ms_bucket", (8, 3), le="100"),
        series("ms_bucket", (8, 7), le="+Inf"),
    ]

    assert count.read(found, SINCE, UNTIL) == Tally(7, (4,))


def test_one_edge_may_be_written_in_two_ways_one_after_the_other() -> None:
    count = Histogram(Selector("seconds_bucket"), (1000,))
    found = [
        series("seconds_bucket", (6, 1), (7, 2), le="1"),
        series("seconds_bucket", (8, 5), le="1.0"),
        series("seconds_bucket", (6, 4), (7, 5), (8, 9), le="+Inf"),
    ]

    assert count.read(found, SINCE, UNTIL) == Tally(9, (4,))
    found.append(series("seconds_bucket", (7, 2), le="1.00"))
    with pytest.raises(PermanentError, match="is there twice"):
        count.read(found, SINCE, UNTIL)


@pytest.mark.parametrize("le", ["", "fast", "NaN", "-Inf"])
def test_a_bucket_without_an_edge_is_refused(le: str) -> None:
    count = Histogram(Selector("seconds_bucket"), (1000,))
    with pytest.raises(PermanentError, match="is no bucket"):
        count.read([series("seconds_bucket", (6, 1), le=le)], SINCE, UNTIL)


def test_a_release_without_histograms_has_served_nothing() -> None:
    assert Histogram(Selector("x_bucket"), (1, 2)).read([], 5, 9) == Tally(0, (0, 0))


def test_samples_of_all_series_are_pooled() -> None:
    count = Samples(Selector("memory_bytes"))
    found = [
        series("memory_bytes", (4, 1), (6, 10), (8, 11), pod="a"),
        series("memory_bytes", (7, 0.5), pod="b"),
    ]

    assert count.read(found, SINCE, UNTIL) == Tally(3, (21_500_000,))


def test_a_category_that_nobody_declared_is_refused_once_it_happens() -> None:
    count = Categories(Selector("predictions_total"), "label", ("no", "yes"))
    found = [
        series("predictions_total", (4, 5), (8, 8), label="yes", pod="a"),
        series("predictions_total", (7, 1), label="yes", pod="b"),
        series("predictions_total", (7, 2), label="no", pod="b"),
        series("predictions_total", (4, 9), (8, 9), label="maybe"),
    ]

    assert count.read(found, SINCE, UNTIL) == Tally(6, (2, 4))

    found[-1] = series("predictions_total", (4, 9), (8, 10), label="maybe")
    with pytest.raises(PermanentError, match="has the category 'maybe'") as refused:
        count.read(found, SINCE, UNTIL)
    assert refused.value.hint == "add it to categories: of the metric"
