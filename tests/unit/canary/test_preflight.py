"""Before a rollout: limits of any method, and where there is nothing to look for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.canary.metric import ERRORS, Metric
from sluicegate.canary.plan import abort_limit, promote_limit
from sluicegate.canary.preflight import (
    Schedule,
    Traffic,
    check_margin,
    earliest_abort,
    earliest_promotion,
    least_regression,
    of_errors,
)
from sluicegate.canary.settings import JudgeSettings
from sluicegate.errors import UsageError
from sluicegate.model.metric import MetricKind

HOUR = 3600.0
JUDGE = of_errors(JudgeSettings())


def schedule(*steps: int, deadline: float = HOUR, step_blocks: int = 1) -> Schedule:
    return Schedule(steps, 60.0, step_blocks, deadline)


def test_five_requests_a_second_do_not_tell_a_two_fold_regression_in_an_hour() -> None:
    # 2456 canary requests: the published table of lower bounds for 0.5 % against 1 %.
    traffic = Traffic(5, 0.005)
    seconds = earliest_abort(schedule(10), traffic, JUDGE, times=2)
    assert seconds * 0.5 == pytest.approx(2456, abs=1)
    assert seconds / 60 == pytest.approx(82, abs=0.5)


def test_at_one_weight_the_limits_are_those_in_requests() -> None:
    traffic, plan = Traffic(20, 0.01), schedule(25)
    assert earliest_abort(plan, traffic, JUDGE, times=3) * 5 == pytest.approx(
        abort_limit((0.03, 0.01), share=0.25, alpha=0.01, beta=0.05)
    )
    assert earliest_promotion(plan, traffic, JUDGE) * 5 == pytest.approx(
        promote_limit(0.01, share=0.25, alpha=0.01, beta=0.05, margin=JUDGE.margin)
    )


def test_steps_take_no_less_than_the_best_weight_and_no_more_than_the_worst() -> None:
    traffic = Traffic(5, 0.005)
    alone = [
        earliest_abort(schedule(each), traffic, JUDGE, times=2) for each in (5, 25, 50)
    ]
    steps = [
        earliest_abort(schedule(5, 25, 50, step_blocks=n), traffic, JUDGE, times=2)
        for n in (1, 10, 20)
    ]
    assert min(alone) < steps[0] < steps[1] < steps[2] < max(alone)
    endless = schedule(5, 25, 50, step_blocks=1000)
    assert earliest_abort(endless, traffic, JUDGE, times=2) == pytest.approx(alone[0])


@given(st.floats(0.01, 1e4), st.floats(1e-5, 0.3), st.integers(1, 90))
def test_the_least_regression_is_what_takes_until_the_deadline(
    speed: float, rate: float, percent: int
) -> None:
    plan, traffic = schedule(percent), Traffic(speed, rate)
    least = least_regression(plan, traffic, JUDGE)
    if least is None:
        most = 0.999999 / rate
        assert earliest_abort(plan, traffic, JUDGE, times=most) > 0.999 * HOUR
    elif least < 0.99 / rate:
        taken = earliest_abort(plan, traffic, JUDGE, times=least)
        assert taken == pytest.approx(HOUR, rel=1e-3)


def test_failed_requests_are_looked_at_with_their_share_of_alpha() -> None:
    latency = Metric("latency", MetricKind.LATENCY, edges=(100,))
    errors = Metric("errors", MetricKind.BERNOULLI, ratio=3.0, weight=1)
    alone = of_errors(JudgeSettings(errors=errors, metrics=(latency,), min_seconds=9))
    assert (alone.alpha, alone.ratio, alone.min_seconds) == (0.005, 3.0, 9)
    assert alone.judged == (ERRORS,)


@pytest.mark.parametrize(
    ("speed", "rate"), [(0, 0.1), (-1, 0.1), (float("nan"), 0.1), (1, 0), (1, 1)]
)
def test_traffic_has_requests_some_of_which_fail(speed: float, rate: float) -> None:
    with pytest.raises(UsageError):
        Traffic(speed, rate)


def test_an_error_rate_at_which_nothing_is_unacceptable_is_refused() -> None:
    check_margin(JUDGE, Traffic(5, 0.499))
    with pytest.raises(UsageError, match="nothing would be unacceptable"):
        check_margin(JUDGE, Traffic(5, 0.4995))
