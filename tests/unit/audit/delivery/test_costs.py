"""Unit tests of `sluicegate.audit.delivery.costs`."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import pytest
from delivery_log import (
    DEPLOYED,
    FOREVER,
    MINUTE,
    PROMOTED,
    ROLLED_BACK,
    Script,
    moment,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.audit.delivery.costs import (
    By,
    Share,
    group,
    per_release,
    shares,
    total,
    unpriced,
)
from sluicegate.model.cost import Rate, Rates, Spent
from sluicegate.model.decision import Outcome
from sluicegate.model.delivery_figures import Window

RATES = Rates(
    "EUR",
    Rate(Decimal("2.50"), Decimal("0.10")),
    {"train": Rate(gpu_hour=Decimal(4))},
)


def spend(script: Script, window: Window = FOREVER) -> Sequence[Share]:
    return list(shares(script.facts(), window, RATES))


def rows(script: Script, by: By) -> dict[str, Fraction]:
    return {row.key: row.spent.money for row in group(spend(script), by)}


def test_money_is_the_rate_of_the_stage_times_the_time_and_exact() -> None:
    script = Script()
    script.run("R1", 0)
    script.stage("R1", 0, 90, "train", gpu=2)
    script.stage("R1", 90, 1, "test", gpu=1)

    assert rows(script, By.STAGE) == {
        "train": Fraction("1.5") * 2 * 4 + Fraction("1.5") / 10,
        "test": Fraction("2.6") / 60,
    }


def test_without_rates_there_is_time_and_no_money() -> None:
    script = Script()
    script.run("R1", 0)
    script.stage("R1", 0, 90, "train", gpu=2)

    (share,) = shares(script.facts(), FOREVER, None)

    assert share.spent == Spent(Fraction(180 * MINUTE), Fraction(90 * MINUTE))


def test_time_that_has_no_rate_is_named() -> None:
    script = Script()
    script.run("R1", 0)
    script.stage("R1", 0, 90, "train", gpu=2)
    script.stage("R1", 90, 1, "lint")
    found = spend(script)

    assert unpriced(found, Rates("EUR", Rate(machine_hour=Decimal(1)))) == ("train",)
    assert unpriced(found, RATES) == ()
    assert unpriced(found, None) == ()


def released(*places: str) -> Script:
    """A run that trains for an hour, and releases in each of *places* for one."""
    script = Script()
    script.run("R1", 0)
    script.stage("R1", 0, 60, "train", gpu=1)
    for number, place in enumerate(places):
        minute = 100 * (number + 1)
        script.rollout("R1", (minute, minute, minute + 60), DEPLOYED, environment=place)
        script.stage("R1", minute, 60, "canary")
    return script


def test_a_run_belongs_to_the_environment_it_released_into() -> None:
    assert rows(released("production"), By.ENVIRONMENT) == {
        "production": Fraction("4.1") + Fraction("0.1")
    }


def test_a_run_that_released_nowhere_belongs_to_no_environment() -> None:
    assert rows(released(), By.ENVIRONMENT) == {"": Fraction("4.1")}


def test_several_environments_share_a_run_and_nothing_counts_twice() -> None:
    script = released("staging", "production", "backup")

    found = rows(script, By.ENVIRONMENT)

    third = Fraction("4.1") / 3
    assert sum(found.values()) == total(spend(script)).spent.money
    # All three rollouts were of one stage here: it, too, is shared.
    assert set(found.values()) == {third + Fraction("0.1")}


def test_weeks_begin_on_monday_and_stand_in_their_order() -> None:
    script = Script()
    for run_id, day in (("R1", 8), ("R2", 0), ("R3", 6.99)):
        script.run(run_id, day * 1440)
        script.stage(run_id, day * 1440, 1)

    found = group(spend(script), By.WEEK)

    assert [(row.key, row.runs) for row in found] == [
        ("2024-05-06", 2),
        ("2024-05-13", 1),
    ]


def test_what_costs_most_comes_first() -> None:
    script = Script()
    script.run("R1", 0)
    script.stage("R1", 0, 5, "lint")
    script.stage("R1", 5, 1, "train", gpu=4)

    assert [row.key for row in group(spend(script), By.STAGE)] == ["train", "lint"]


def test_a_release_costs_all_that_was_spent_for_it_and_between() -> None:
    script = Script()
    for run_id, minute, outcome in (
        ("R1", 0, Outcome.OPEN),
        ("R2", 100, Outcome.CLOSED),
        ("R3", 200, Outcome.OPEN),
    ):
        script.run(run_id, minute)
        script.stage(run_id, minute, 60, "train", outcome, gpu=1)
    script.rollout("R1", (70, 71, 80), DEPLOYED)
    script.rollout("R3", (270, 271, 280), PROMOTED, before="R1")
    script.run("F1", 0, service="fraud")
    script.stage("F1", 0, 60, "train", gpu=9)
    facts = script.facts()

    cost = per_release(facts, "production", FOREVER, spend(script))

    assert (cost.releases, cost.spent.money) == (2, 3 * Fraction("4.1"))
    assert cost.each is not None
    assert cost.each.money == 3 * Fraction("4.1") / 2


def test_without_a_release_none_has_a_cost() -> None:
    script = Script()
    script.run("R1", 0)
    script.stage("R1", 0, 60, "train", gpu=1)
    script.rollout("R1", (70, 71, 80), ROLLED_BACK)

    cost = per_release(script.facts(), "production", FOREVER, spend(script))

    assert (cost.releases, cost.each) == (0, None)
    assert cost.spent.money == Fraction("4.1")


STAGES = ("lint", "train", "canary")
RUNS = st.lists(
    st.tuples(
        st.lists(
            st.tuples(
                st.sampled_from(STAGES), st.integers(0, 3), st.integers(0, 10**7)
            ),
            max_size=5,
        ),
        st.lists(st.sampled_from(["staging", "production", "eu"]), max_size=3),
        st.integers(0, 30_000),
    ),
    max_size=6,
)
PRICES = st.none() | st.decimals(0, 10**6, places=6, allow_nan=False)


@settings(max_examples=40)  # each has a log
@given(RUNS, PRICES, PRICES, st.integers(0, 40_000))
def test_every_way_to_add_up_comes_to_the_same_total(
    runs: list[tuple[list[tuple[str, int, int]], list[str], int]],
    gpu_hour: Decimal | None,
    machine_hour: Decimal | None,
    cut: int,
) -> None:
    rates = Rates("EUR", Rate(gpu_hour), {"train": Rate(machine_hour=machine_hour)})
    script = Script()
    for number, (attempts, places, minute) in enumerate(runs):
        run_id = f"R{number}"
        script.run(run_id, minute)
        for attempt, (stage, gpu, ms) in enumerate(attempts):
            script.stage(
                run_id, minute, ms / MINUTE, stage, gpu=gpu, attempt=attempt + 1
            )
        for place in places:
            script.rollout(run_id, (minute, None, None), None, environment=place)
    script.events = [
        (round(at * MINUTE) / MINUTE, n, run, event)
        for at, n, run, event in script.events
    ]
    facts = script.facts()
    found = list(shares(facts, FOREVER, rates))
    whole = total(found).spent

    assert whole.gpu_ms == sum(each.gpu_ms for each in facts.spent)
    assert whole.machine_ms == sum(each.machine_ms for each in facts.spent)
    for by in By:
        parts = group(found, by)
        assert sum((row.spent for row in parts), Spent()) == whole
    halves = (FOREVER.start, moment(cut)), (moment(cut), FOREVER.end)
    split = [total(list(shares(facts, Window(*half), rates))).spent for half in halves]
    assert split[0] + split[1] == whole


@pytest.mark.parametrize("gpu", [0, 3])
def test_the_price_of_a_part_is_the_part_of_the_price(gpu: int) -> None:
    time = Spent(Fraction(gpu * MINUTE), Fraction(MINUTE))
    seventh = time.part(Fraction(1, 7))

    assert RATES.price("train", seventh) == RATES.price("train", time) / 7
