"""The rules of Flagger.

Source: fluxcd/flagger at 15bd6ad5, ``pkg/controller/scheduler.go``; by hand.
"""

import pytest
from canary.contestant import SCRAPES, Outcome, Series, Verdict, View
from canary.flagger import Flagger, Progress, advance


def play(checks: str, *, threshold: int, steps: int) -> tuple[Verdict, int]:
    """The verdict on checks that pass (+) or fail (-), and the tick it fell in."""
    progress = Progress()
    for tick, check in enumerate(checks, start=1):
        progress, verdict = advance(
            progress, passed=check == "+", threshold=threshold, checks=steps
        )
        if verdict is not Verdict.HOLD:
            return verdict, tick
    return Verdict.HOLD, len(checks)


@pytest.mark.parametrize(
    ("checks", "threshold", "verdict", "tick"),
    [
        ("+++", 2, Verdict.PROMOTE, 3),
        ("-+++", 2, Verdict.PROMOTE, 4),  # a failure halts, and is not the end
        ("--+++", 2, Verdict.ABORT, 3),  # the tick after the second
        ("-++-+", 2, Verdict.ABORT, 5),  # a success does not make up for it
        ("-+", 0, Verdict.ABORT, 2),  # the default threshold is 1
        ("-+++", 1, Verdict.ABORT, 2),
        ("++", 1, Verdict.HOLD, 2),
    ],
)
def test_failed_checks_add_up_and_end_it_one_tick_later(
    checks: str, threshold: int, verdict: Verdict, tick: int
) -> None:
    assert play(checks, threshold=threshold, steps=3) == (verdict, tick)


def steady(total: int, failed: int) -> Series:
    """So many requests and failures in every scrape interval."""
    totals = [total * scrape for scrape in range(SCRAPES + 1)]
    failures = [failed * scrape for scrape in range(SCRAPES + 1)]
    return Series(totals, failures, totals, failures)


def test_a_success_rate_of_exactly_the_minimum_passes() -> None:
    flagger = Flagger("flagger", threshold=10, checks=25)
    at, below = steady(100, 1), steady(100, 2)
    assert flagger.decide(View((at, at, at))) == Outcome(Verdict.PROMOTE, 25)
    assert flagger.decide(View((below, at, at))) == Outcome(Verdict.ABORT, 11)


def test_stable_does_not_matter() -> None:
    flagger = Flagger("flagger", threshold=10, checks=25)
    at, broken = steady(100, 1), steady(100, 100)
    assert flagger.decide(View((at, broken, broken))).verdict is Verdict.PROMOTE


def test_no_values_are_a_failed_check() -> None:
    flagger = Flagger("flagger", threshold=2, checks=25)
    good, none = steady(100, 0), steady(0, 0)
    assert flagger.decide(View((none, good, good))) == Outcome(Verdict.ABORT, 3)
    out = View((good, good, good), down=(600.0, 720.0))
    assert flagger.decide(out) == Outcome(Verdict.ABORT, 12)
