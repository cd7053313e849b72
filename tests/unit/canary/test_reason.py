"""The sentences that go into the log."""

from dataclasses import replace

import pytest

from sluicegate.canary import reason
from sluicegate.canary.assessment import MetricAssessment, stand
from sluicegate.canary.metric import ERRORS, Metric
from sluicegate.canary.rules import Rules
from sluicegate.canary.settings import JudgeSettings
from sluicegate.model.metric import MetricKind, Pair, Tally
from sluicegate.model.rollout import CanaryVerdict
from sluicegate.model.traffic import RequestCounts

CANARY = RequestCounts(571, 52)
STABLE = RequestCounts(4213, 38)
RULES = Rules()
REFUSALS = Metric("refusals", MetricKind.BERNOULLI)
LATENCY = Metric("ttft", MetricKind.LATENCY, edges=(100, 500, 2500), slo=500)
RESTARTS = Metric("restarts", MetricKind.RATE, slack=0.0)
MEMORY = Metric("memory", MetricKind.GAUGE, slack=64.0)
DRIFT = Metric(
    "predictions", MetricKind.CATEGORIES, categories=("a", "b"), required=False
)
MIX = replace(DRIFT, tolerance=0.05, required=True)


def seen(metric: Metric, canary: Tally, stable: Tally) -> MetricAssessment:
    """What was counted of *metric*; the evidence is none of these sentences' matter."""
    settings = JudgeSettings(metrics=() if metric is ERRORS else (metric,))
    return replace(stand(settings, metric, None), total=Pair(stable, canary))


FAILED = seen(ERRORS, Tally(1412, (58,)), Tally(9000, (45,)))


def test_an_abort_says_how_much_worse_and_how_sure() -> None:
    assert reason.explain_abort(1412, FAILED, chance=0.01, at_least=1.99) == (
        "aborted after 1 412 canary requests: at least 1.9 \N{MULTIPLICATION SIGN} "
        "stable's error rate (4.1 % against 0.5 %), chance of a false alarm below 1 %"
    )
    assert "least" not in reason.explain_abort(9, FAILED, chance=0.01, at_least=1.0)
    assert reason.explain_abort(1412, FAILED, chance=0.001) == (
        "aborted after 1 412 canary requests: a higher error rate than stable's "
        "(4.1 % against 0.5 %), chance of a false alarm below 0.1 %"
    )


@pytest.mark.parametrize(
    ("found", "worse"),
    [
        (
            seen(REFUSALS, Tally(1000, (80,)), Tally(9000, (90,))),
            "a higher rate of refusals than stable's (8 % against 1 %)",
        ),
        (
            seen(LATENCY, Tally(1000, (500, 20, 20)), Tally(9000, (4500, 90, 9))),
            "ttft over 2.5 s more often than stable's (2 % against 0.1 %)",
        ),
        (
            seen(LATENCY, Tally(1000, (800, 20, 0)), Tally(9000, (4500, 90, 9))),
            "ttft over 100 ms more often than stable's (80 % against 50 %)",
        ),
        (
            seen(RESTARTS, Tally(1000, (12,)), Tally(9000, (9,))),
            "restarts at a higher rate than stable's (0.012 against 0.001)",
        ),
        (
            seen(MEMORY, Tally(10, (8_124_000_000,)), Tally(10, (6_400_000_000,))),
            "memory higher than stable's (a mean of 812 against 640)",
        ),
        (
            seen(MIX, Tally(100, (50, 50)), Tally(100, (60, 40))),
            (
                "predictions in another mix than stable's (10 % of the requests moved,"
                " of which 5 % are tolerated; PSI 0.04, of which chance makes 0.02)"
            ),
        ),
    ],
    ids=lambda value: value.metric.kind.value if not isinstance(value, str) else "",
)
def test_an_abort_names_the_metric_that_decided(
    found: MetricAssessment, worse: str
) -> None:
    assert reason.explain_abort(1000, found, chance=0.01) == (
        f"aborted after 1 000 canary requests: {worse},"
        " chance of a false alarm below 1 %"
    )


def test_a_promotion_says_what_is_excluded_and_how_surely() -> None:
    good = seen(ERRORS, Tally(4213, (22,)), Tally(40_000, (200,)))

    assert reason.explain_promote(4213, [(good, RULES)], chance=0.05) == (
        "promoted after 4 213 canary requests: less than 2 \N{MULTIPLICATION SIGN} "
        "stable's error rate plus 0.1 points (0.52 % against 0.5 %), chance to be "
        "wrong below 5 %"
    )
    smaller = reason.explain_promote(4213, [(good, RULES)], chance=0.05, below=1.42)
    assert "less than 1.5 \N{MULTIPLICATION SIGN} stable's error rate (0.5" in smaller
    larger = reason.explain_promote(4213, [(good, RULES)], chance=0.05, below=3.0)
    assert "less than 2 \N{MULTIPLICATION SIGN} stable's error rate plus" in larger


def test_a_promotion_by_several_metrics_names_three_and_counts_the_rest() -> None:
    good = seen(ERRORS, Tally(1000, (5,)), Tally(9000, (45,)))
    slow = seen(LATENCY, Tally(1000, (500, 20, 1)), Tally(9000, (4500, 180, 9)))
    memory = seen(MEMORY, Tally(10, (6_500_000_000,)), Tally(10, (6_400_000_000,)))
    mix = seen(MIX, Tally(100, (60, 40)), Tally(100, (60, 40)))
    found = [
        (good, RULES),
        (slow, Rules(slack=0.0)),
        (memory, Rules(ratio=1.2, slack=64.0)),
        (mix, RULES),
    ]

    assert reason.explain_promote(1000, found, chance=0.05) == (
        "promoted after 1 000 canary requests: less than 2 \N{MULTIPLICATION SIGN} "
        "stable's error rate plus 0.1 points (0.5 % against 0.5 %); ttft over 500 ms "
        "less than 2 \N{MULTIPLICATION SIGN} as often as stable's (2 % against 2 %); "
        "memory less than 1.2 \N{MULTIPLICATION SIGN} stable's plus 64 (650 against "
        "640), and 1 more metric, chance to be wrong below 5 %"
    )
    alone = reason.explain_promote(100, [(mix, RULES)], chance=0.05)
    assert "predictions in about the same mix as stable's (0 % of the requ" in alone


def test_without_traffic_the_requests_needed_are_named() -> None:
    assert reason.explain_no_canary_traffic(1926, rate=0.005) == (
        "no traffic reached the canary; about 2 000 canary requests are needed to "
        "decide, at an error rate of 0.5 %"
    )
    assert reason.explain_no_stable_traffic(RequestCounts(30, 0), 724) == (
        "no traffic reached stable, so there is nothing to compare with; canary fails "
        "0 % (0 of 30), and about 730 more canary requests are needed beside stable's"
    )


def test_a_hold_says_how_many_requests_are_missing() -> None:
    canary, stable = RequestCounts(780, 5), RequestCounts(1650, 9)
    rates = "canary fails 0.64 % (5 of 780) where stable fails 0.55 % (9 of 1 650): "
    assert reason.explain_hold(canary, stable, 3484) == (
        f"{rates}undecided; about 3 500 more canary requests are needed to promote it"
    )
    assert reason.explain_doubt(canary, stable, 2144) == (
        f"{rates}undecided, and not to be promoted at these rates; about 2 200 more "
        "canary requests are needed if it is in truth as good as stable"
    )
    assert reason.explain_too_few(canary, stable, missing=1220, least=2000) == (
        f"{rates}acceptable so far, but 1 220 more canary requests are needed for "
        "min_requests (2 000)"
    )
    assert reason.explain_too_soon(1500, least=1800) == (
        "acceptable so far, but promoted only after 30 min (min_duration), of which "
        "25 min have passed"
    )


def test_a_hold_by_another_metric_says_what_is_missing_of_it() -> None:
    unread = replace(seen(LATENCY, Tally(0, (0,) * 3), Tally(0, (0,) * 3)), total=None)
    silent = seen(MEMORY, Tally(0, (0,)), Tally(10, (6_400_000_000,)))
    halfway = replace(
        seen(REFUSALS, Tally(100, (1,)), Tally(900, (9,))), promote_peak=1_500_000
    )
    drift = replace(
        seen(DRIFT, Tally(100, (50, 50)), Tally(100, (60, 40))), abort_peak=9_000_000
    )

    assert [
        reason.explain_metric_hold(e) for e in (unread, silent, halfway, drift)
    ] == [
        "undecided: ttft could not be read yet, and promotion requires it",
        "undecided: there is nothing to compare yet by memory (nothing against 640)",
        (
            "undecided by refusals (1 % against 1 %): 50 % of the evidence that a"
            " promotion takes"
        ),
        (
            "not to be promoted: predictions in another mix than stable's (10 % of the"
            " requests moved; PSI 0.04, of which chance makes 0.02)"
        ),
    ]


def test_people_are_named_with_what_they_decided() -> None:
    said = reason.explain_directed(
        CanaryVerdict.ABORT, ["ann", "bob"], "the queue grows"
    )

    assert said == "aborted by ann and bob: the queue grows"
    assert reason.explain_directed(CanaryVerdict.PROMOTE, [], "x") == (
        "promoted by hand: x"
    )


def test_a_deadline_says_what_is_missing_and_what_was_excluded() -> None:
    said = reason.explain_deadline(
        CanaryVerdict.HOLD, 3600, 780, "about 3 500 more are needed", below=4.91
    )

    assert said == (
        "held at the deadline of 1 h, without a verdict by evidence after 780 canary "
        "requests: about 3 500 more are needed; 5 \N{MULTIPLICATION SIGN} stable's "
        "error rate and more is excluded"
    )
    nothing = reason.explain_deadline(CanaryVerdict.ABORT, 90, 0, "no traffic")
    assert nothing.endswith("after 0 canary requests: no traffic")
    assert nothing.startswith("aborted at the deadline of 1 min 30 s, ")


def test_what_may_be_promoted_later_is_not_called_promoted() -> None:
    why = "promoted after 100 canary requests: less than 2: all is well"

    assert reason.describe_standing(CanaryVerdict.PROMOTE, why) == (
        "acceptable by evidence, with more traffic to come first: less than 2: all is "
        "well"
    )
    assert reason.describe_standing(CanaryVerdict.HOLD, "undecided") == "undecided"


def test_a_newer_release_is_named_as_such() -> None:
    assert (
        reason.explain_superseded("v3 waits") == "aborted for a newer release: v3 waits"
    )
