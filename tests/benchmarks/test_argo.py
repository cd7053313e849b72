"""The rules of Argo Rollouts, by the tables of its own tests.

Source of the expected phases: argoproj/argo-rollouts at 9f8d111d,
``analysis/analysis_test.go`` (TestAssessMetricStatus...) and
``utils/evaluate/evaluate.go``.
"""

import pytest
from canary.argo import Argo, Limits, Phase, Tally, assess, evaluate
from canary.contestant import SCRAPES, Outcome, Series, Verdict, View


@pytest.mark.parametrize(
    ("success", "failure", "phase"),
    [
        (None, None, Phase.SUCCESSFUL),
        (True, None, Phase.SUCCESSFUL),
        (False, None, Phase.FAILED),
        (None, True, Phase.FAILED),
        (None, False, Phase.SUCCESSFUL),
        (True, True, Phase.FAILED),
        (True, False, Phase.SUCCESSFUL),
        (False, False, Phase.INCONCLUSIVE),
    ],
)
def test_a_measurement_has_the_phase_of_its_two_conditions(
    *, success: bool | None, failure: bool | None, phase: Phase
) -> None:
    assert evaluate(success, failure) is phase


@pytest.mark.parametrize(
    ("limits", "tally", "running", "terminating"),
    [
        # failureLimit
        (Limits(failure=2), Tally(failed=3, count=3), Phase.FAILED, Phase.FAILED),
        (Limits(failure=3), Tally(failed=3, count=3), Phase.RUNNING, Phase.SUCCESSFUL),
        (Limits(failure=0), Tally(failed=1), Phase.FAILED, Phase.FAILED),
        # inconclusiveLimit
        (
            Limits(inconclusive=2),
            Tally(inconclusive=3, count=3),
            Phase.INCONCLUSIVE,
            Phase.INCONCLUSIVE,
        ),
        (
            Limits(inconclusive=3),
            Tally(inconclusive=3, count=3),
            Phase.RUNNING,
            Phase.SUCCESSFUL,
        ),
        # consecutiveErrorLimit
        (Limits(), Tally(consecutive_error=5, count=5), Phase.ERROR, Phase.ERROR),
        (
            Limits(),
            Tally(consecutive_error=4, count=5),
            Phase.RUNNING,
            Phase.SUCCESSFUL,
        ),
        # count
        (
            Limits(count=10),
            Tally(successful=10, count=10),
            Phase.SUCCESSFUL,
            Phase.SUCCESSFUL,
        ),
        (
            Limits(count=10),
            Tally(successful=5, inconclusive=5, count=10),
            Phase.INCONCLUSIVE,
            Phase.INCONCLUSIVE,
        ),
        # consecutiveSuccessLimit without a failureLimit
        (
            Limits(failure=-1, consecutive_success=3),
            Tally(failed=3, successful=4, consecutive_success=3, count=7),
            Phase.SUCCESSFUL,
            Phase.SUCCESSFUL,
        ),
        (
            Limits(failure=-1, consecutive_success=5),
            Tally(failed=3, successful=4, consecutive_success=3, count=7),
            Phase.RUNNING,
            Phase.SUCCESSFUL,
        ),
        (
            Limits(failure=-1, consecutive_success=5, count=7),
            Tally(failed=3, successful=4, consecutive_success=3, count=7),
            Phase.FAILED,
            Phase.FAILED,
        ),
        # both
        (
            Limits(failure=4, consecutive_success=4, count=10),
            Tally(failed=4, successful=6, consecutive_success=3, count=10),
            Phase.INCONCLUSIVE,
            Phase.INCONCLUSIVE,
        ),
        (
            Limits(failure=4, consecutive_success=4, count=10),
            Tally(failed=5, successful=5, consecutive_success=4, count=10),
            Phase.FAILED,
            Phase.FAILED,
        ),
        (
            Limits(failure=4, consecutive_success=4),
            Tally(failed=3, successful=5, consecutive_success=4, count=8),
            Phase.SUCCESSFUL,
            Phase.SUCCESSFUL,
        ),
        # the last that holds of the first three
        (
            Limits(),
            Tally(failed=1, inconclusive=1, consecutive_error=5),
            Phase.ERROR,
            Phase.ERROR,
        ),
        (
            Limits(),
            Tally(failed=1, inconclusive=1),
            Phase.INCONCLUSIVE,
            Phase.INCONCLUSIVE,
        ),
    ],
)
def test_a_metric_has_the_phase_of_its_counters(
    limits: Limits, tally: Tally, running: Phase, terminating: Phase
) -> None:
    assert assess(limits, tally) is running
    assert assess(limits, tally, terminating=True) is terminating


def test_a_metric_that_was_never_measured_succeeds_when_the_run_is_ended() -> None:
    assert assess(Limits(), Tally(), measured=False) is Phase.PENDING
    assert (
        assess(Limits(), Tally(), measured=False, terminating=True) is Phase.SUCCESSFUL
    )


def test_an_error_is_no_measurement_but_ends_what_was_consecutive() -> None:
    tally = Tally().add(Phase.SUCCESSFUL).add(Phase.ERROR)
    assert tally == Tally(successful=1, error=1, count=1, consecutive_error=1)
    after = tally.add(Phase.FAILED)
    assert (after.consecutive_error, after.count) == (0, 2)


def steady(total: int, failed: int) -> Series:
    """So many requests and failures in every scrape interval."""
    totals = [total * scrape for scrape in range(SCRAPES + 1)]
    failures = [failed * scrape for scrape in range(SCRAPES + 1)]
    return Series(totals, failures, totals, failures)


DEFAULT = Argo("argo", 0.99, Limits(count=25))


def test_one_measurement_below_the_threshold_aborts_by_default() -> None:
    bad, good = steady(100, 2), steady(100, 1)
    assert DEFAULT.decide(View((bad, good, good))) == Outcome(Verdict.ABORT, 1)
    assert DEFAULT.decide(View((good, good, good))) == Outcome(Verdict.PROMOTE, 25)


def test_five_errors_ten_seconds_apart_abort_a_good_canary() -> None:
    good = steady(100, 0)
    out = View((good, good, good), down=(600.0, 900.0))
    assert DEFAULT.decide(out) == Outcome(Verdict.ABORT, (600 + 4 * 10) / 60)


def test_a_canary_without_a_series_is_an_error() -> None:
    good, none = steady(100, 0), steady(0, 0)
    aborted = DEFAULT.decide(View((none, good, good)))
    assert aborted == Outcome(Verdict.ABORT, (60 + 4 * 10) / 60)
