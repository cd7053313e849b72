"""What the benchmark concludes from given figures."""

from math import inf

from canary.checks import (
    Duel,
    check_aborts,
    check_no_verdicts,
    check_promotions,
    duel,
    keeps_alpha,
)
from canary.field import OURS, OURS_IID
from canary.limit import least_minutes
from canary.result import Result, Results
from canary.world import Cell, Scenario, Weight


def cell(
    ratio: float | None, scenario: Scenario = Scenario.CLEAN, traffic: int = 100
) -> Cell:
    return Cell(traffic, Weight.W10, 0.005, ratio, scenario)


def ended(aborts: int = 0, promotes: int = 0, delay: float = inf) -> Result:
    """Of 400 releases."""
    return Result(400, aborts, promotes, delay, 0.0, 0.0)


GOOD = cell(1.0)
BAD = cell(5.0)


def test_false_aborts_fail_only_where_the_judge_promised_something() -> None:
    noisy = cell(1.0, Scenario.NOISE_71)
    cells = [GOOD, noisy]
    fair: Results = {
        GOOD.key: {OURS: ended(aborts=6)},
        noisy.key: {OURS: ended(aborts=200)},
    }
    assert check_aborts(cells, fair, OURS).passed
    assert not check_aborts(cells, {GOOD.key: {OURS: ended(aborts=16)}}, OURS).passed


def test_noise_within_sigma_is_promised_of_the_default_form_alone() -> None:
    noisy = cell(1.0, Scenario.NOISE_14)
    results: Results = {noisy.key: {OURS: ended(aborts=40), OURS_IID: ended(aborts=40)}}
    assert not check_aborts([noisy], results, OURS).passed
    assert check_aborts([noisy], results, OURS_IID).passed


def test_false_promotions_are_counted_at_the_margin() -> None:
    margin, outage = cell(None), cell(None, Scenario.COMMON_OUTAGE)
    assert check_promotions(
        [margin, GOOD, outage],
        {
            margin.key: {OURS: ended(promotes=25)},
            GOOD.key: {OURS: ended(promotes=400)},
            outage.key: {OURS: ended(promotes=200)},
        },
        OURS,
    ).passed
    too_many: Results = {margin.key: {OURS: ended(promotes=40)}}
    assert not check_promotions([margin], too_many, OURS).passed


def test_one_verdict_without_canary_traffic_is_one_too_many() -> None:
    idle = cell(1.0, Scenario.NO_TRAFFIC)
    results: Results = {idle.key: {OURS: ended(), "argo": ended(aborts=400)}}
    assert check_no_verdicts([idle], results).passed
    assert not check_no_verdicts([idle], {idle.key: {OURS: ended(promotes=1)}}).passed


def fight(delay: float, peers: dict[str, tuple[float, int]]) -> Duel:
    """The duel of BAD with peers of these delays and false aborts."""
    results: Results = {
        BAD.key: {OURS: ended(delay=delay)}
        | {name: ended(delay=found) for name, (found, _) in peers.items()},
        GOOD.key: {OURS: ended()}
        | {name: ended(aborts=wrong) for name, (_, wrong) in peers.items()},
    }
    (only,) = duel([BAD, GOOD], results, OURS)
    return only


def test_a_peer_counts_where_it_does_not_abort_good_canaries() -> None:
    lost = fight(3.0, {"argo": (1.0, 300), "flagger": (2.0, 0), "kayenta": (9.0, 0)})
    assert (lost.peer, lost.peer_delay, lost.is_won) == ("flagger", 2.0, False)
    assert fight(2.0, {"flagger": (2.0, 0)}).is_won
    alone = fight(60.0, {"argo": (1.0, 300)})
    assert (alone.peer, alone.is_won) == (None, True)
    assert fight(inf, {"flagger": (2.0, 0)}).reason == "other"


def test_alpha_is_kept_until_it_is_surely_not() -> None:
    assert keeps_alpha(ended(aborts=4))
    assert keeps_alpha(Result(16, 1, 0, inf, 0.0, 0.0))
    assert not keeps_alpha(Result(16, 2, 0, inf, 0.0, 0.0))


def test_no_test_finds_a_regression_before_its_requests_or_its_onset() -> None:
    # 248 canary requests at 600 a minute; at sigma 0.3 less than one batch.
    limits = {"alpha": 0.01, "beta": 0.05}
    assert least_minutes(BAD, block=15, sigma=None, **limits) == 0.5
    assert least_minutes(BAD, block=60, sigma=0.3, **limits) == 1
    late = cell(5.0, Scenario.LATE)
    assert least_minutes(late, block=15, sigma=None, **limits) == 20.5
    # Twice as often takes 1.6 batches, however much traffic there is.
    busy = cell(2.0, traffic=10**6)
    assert least_minutes(busy, block=60, sigma=0.3, **limits) == 2
    assert least_minutes(cell(1.25, traffic=1), block=60, sigma=0.3, **limits) == inf
