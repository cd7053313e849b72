"""A history: traffic, error rate and noise."""

from random import Random

import pytest

from sluicegate.canary.history import History, read_history
from sluicegate.canary.lines import Line
from sluicegate.canary.metric import ERRORS, Metric
from sluicegate.errors import UsageError
from sluicegate.model.metric import MetricKind, Pair, Tally


def pair(canary: tuple[int, int], stable: tuple[int, int]) -> Pair:
    """From (requests, failed) of each arm."""
    return Pair(
        stable=Tally(stable[0], (stable[1],)), canary=Tally(canary[0], (canary[1],))
    )


def history(*pairs: Pair) -> History:
    return History(tuple((60.0 * (n + 1), each) for n, each in enumerate(pairs)))


def test_traffic_is_that_of_both_and_errors_are_those_of_stable() -> None:
    found = history(pair((60, 60), (540, 5)), pair((0, 0), (1199, 12)))
    assert found.requests_per_second == pytest.approx((600 + 1199) / 120)
    assert found.error_rate == pytest.approx(17.5 / 1740)


def test_without_stable_the_canary_says_how_much_fails() -> None:
    found = history(pair((100, 2), (0, 0)), pair((100, 2), (0, 0)))
    assert found.error_rate == pytest.approx(4.5 / 201)


def test_an_error_rate_is_never_zero() -> None:
    assert history(pair((10, 0), (90, 0)), pair((10, 0), (90, 0))).error_rate > 0


@pytest.mark.parametrize(
    ("intervals", "words"),
    [
        ((), "at least two intervals"),
        (((60.0, pair((1, 0), (1, 0))),), "at least two intervals"),
        (((60.0, pair((1, 0), (1, 0))),) * 2, "at least two intervals"),
        (((60.0, pair((1, 0), (1, 0))), (30.0, pair((1, 0), (1, 0)))), "goes back"),
        (((60.0, pair((0, 0), (0, 0))), (90.0, pair((0, 0), (0, 0)))), "no request"),
    ],
)
def test_what_is_no_history_is_refused(
    intervals: tuple[tuple[float, Pair], ...], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        History(intervals)


def test_failed_requests_are_found_among_other_metrics() -> None:
    other = Metric("refusals", MetricKind.BERNOULLI)
    lines = [
        Line(60.0 * n, metric, pair((10, count), (90, count)))
        for n in (1, 2)
        for metric, count in ((other, 9), (ERRORS, 1))
    ]
    assert read_history(lines).error_rate == pytest.approx(2.5 / 181)
    assert read_history(lines[::2]).error_rate == pytest.approx(18.5 / 181)
    unknown = [Line(60.0, Metric(name, other.kind), lines[0].pair) for name in "ab"]
    with pytest.raises(UsageError, match="called errors"):
        read_history(unknown)


def test_the_noise_of_two_alike_shows_in_blocks_as_long_as_those_to_come() -> None:
    random = Random(8)
    pairs = []
    for _ in range(80):
        failed = [
            sum(
                random.random() < 0.2 * random.lognormvariate(0, 0.01) for _ in range(n)
            )
            for n in (50, 50)
        ]
        pairs.append(pair((50, failed[0]), (50, failed[1])))
    quiet = history(*pairs).estimate_noise(60.0)
    noisy = history(
        *(
            pair((500, round(100 * random.lognormvariate(0, 0.4))), (500, 100))
            for _ in range(80)
        )
    ).estimate_noise(60.0)
    assert quiet.upper is not None
    assert noisy.upper is not None
    assert quiet.upper < 0.25 < noisy.sigma < 0.6
    assert history(*pairs).estimate_noise(120.0).blocks == 39  # one is not complete
