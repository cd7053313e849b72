"""Unit tests of `sluicegate.audit.delivery.figures`."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction

import pytest
from delivery_log import DEPLOYED, FOREVER, PROMOTED, ROLLED_BACK, Script, moment
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.audit.delivery.figures import (
    count,
    environments_of,
    select,
    spread,
)
from sluicegate.audit.delivery.rollouts import Rollouts
from sluicegate.model.delivery import Facts, PastRollout
from sluicegate.model.delivery_figures import Changes, Group, Spread, Window
from sluicegate.model.event import Event
from sluicegate.model.rollout import RolloutResult

HOUR = 3_600_000


def nobody(row: PastRollout, earlier: Sequence[str]) -> None:
    """There is no clone."""


def figures(script: Script, window: Window = FOREVER) -> Group:
    return count(script.facts(), "production", window, nobody)


def test_there_is_no_median_of_nothing() -> None:
    assert spread([]) is None


@pytest.mark.parametrize(
    ("minutes", "median", "p90"),
    [
        ([7], 7, 7),
        ([1, 3], 2, 3),
        ([5, 1, 3], 3, 5),
        (range(1, 11), 5.5, 9),
        (range(1, 12), 6, 10),
        (range(1, 101), 50.5, 90),
    ],
)
def test_median_and_ninth_decile(
    minutes: Sequence[int], median: float, p90: int
) -> None:
    found = spread(timedelta(minutes=each) for each in minutes)

    assert found == Spread(len(minutes), round(median * 60_000), p90 * 60_000)


def test_clocks_that_disagree_make_no_time_less_than_none() -> None:
    assert spread([timedelta(minutes=-5)]) == Spread(1, 0, 0)


def test_an_environment_without_a_release_has_counts_and_no_numbers() -> None:
    group = figures(Script())

    assert (group.releases, group.changes.failure_rate) == (0, None)
    assert (group.lead.since_run, group.restores.since_traffic) == (None, None)
    assert (group.approvals.waited, group.approvals.oldest_ms) == (None, None)


def three_changes() -> Script:
    """One that stays, one that is taken back, one that is gone back from."""
    script = Script()
    for number, (name, before, result) in enumerate(
        [
            ("v1", None, DEPLOYED),
            ("v2", "v1", ROLLED_BACK),
            ("v3", "v1", PROMOTED),
        ]
    ):
        begin = 1000 * number
        script.run(name, begin)
        script.rollout(name, (begin, begin + 10, begin + 40), result, before=before)
    script.run("back", 9000, "v1", rollback="v1")
    script.rollout("back", (9000, 9001, 9010), PROMOTED, name="v1", before="v3")
    return script


def test_a_rollback_is_no_release_and_no_change() -> None:
    group = figures(three_changes())

    assert (group.releases, group.rollbacks) == (2, 1)
    assert group.changes == Changes(1, 1, 1, 0, 0)
    assert group.changes.failure_rate == Fraction(2, 3)


def test_restoring_is_timed_from_traffic_and_from_the_sign() -> None:
    restores = figures(three_changes()).restores

    minutes = [30, 9010 - 2010]
    assert restores.since_traffic == spread(timedelta(minutes=m) for m in minutes)
    assert restores.since_sign == spread(timedelta(minutes=m) for m in (0, 10))
    assert restores.waiting == 0


def test_what_is_not_restored_yet_is_counted_and_not_timed() -> None:
    script = three_changes()
    script.run("v4", 9500)
    script.rollout("v4", (9500, 9501, 9510), PROMOTED, before="v1")
    script.run("again", 9900, "v1", rollback="v1")
    script.rollout("again", (9900, None, None), None, name="v1", before="v4")

    restores = figures(script).restores

    assert restores.waiting == 1
    assert restores.since_traffic is not None
    assert restores.since_traffic.n == 2


def test_a_canary_without_traffic_is_no_change_and_its_abort_is_counted() -> None:
    script = three_changes()
    script.run("v4", 9500)
    script.rollout(
        "v4", (9500, None, 9510), ROLLED_BACK, before="v1", cause="unhealthy"
    )

    group = figures(script)

    assert group.changes.decided == 3
    assert group.aborts == {"evidence": 1, "unhealthy": 1}


def test_lead_time_is_by_commit_where_a_clone_has_them() -> None:
    asked: list[tuple[str, tuple[str, ...]]] = []
    script = three_changes()

    def made(row: PastRollout, earlier: Sequence[str]) -> Sequence[datetime] | None:
        asked.append((row.release.name, tuple(earlier)))
        end = row.ended_at or moment(0)
        hours = {"v1": [2], "v3": [1, 5, 6]}.get(row.release.name, [])
        return [end - timedelta(hours=each) for each in hours]

    group = count(script.facts(), "production", FOREVER, made)

    assert group.lead.since_commit == Spread(4, round(3.5 * HOUR), 6 * HOUR)
    assert group.lead.unknown == 0
    assert asked == [("v1", ()), ("v3", (script.commit("v1"),))]


def test_releases_without_a_clone_are_counted_and_timed_from_their_run() -> None:
    lead = figures(three_changes()).lead

    assert (lead.since_commit, lead.unknown) == (None, 2)
    assert lead.since_run == Spread(2, 40 * 60_000, 40 * 60_000)


def test_open_requests_are_those_at_the_end_of_the_window() -> None:
    script = Script()
    for run_id, entered, expires in (
        ("done", 50, 1e5),
        ("late", 500, 1e5),
        ("over", None, 90),
        ("open", None, 1e5),
    ):
        script.run(run_id, 0)
        script.ask(run_id, 10, entered, expires=expires)

    early = figures(script, Window(moment(0), moment(100))).approvals

    assert (early.open, early.oldest_ms) == (2, 90 * 60_000)
    assert early.waited == Spread(1, 40 * 60_000, 40 * 60_000)
    assert figures(script).approvals.open == 0


def test_a_service_is_told_from_others() -> None:
    script = three_changes()
    script.run("f1", 0, service="fraud")
    script.rollout("f1", (1, 2, 3), DEPLOYED, environment="fraud-production")
    script.stage("f1", 0, 1)

    facts = script.facts()
    fraud = select(facts, "fraud")

    assert environments_of(fraud) == ("fraud-production",)
    assert [each.service for each in fraud.gates] == ["fraud"]
    assert {each.run_id for each in fraud.spent} == {"f1"}
    assert len(select(facts, "churn").rollouts) == len(facts.rollouts) - 1


STEPS = st.lists(
    st.tuples(
        st.sampled_from([*RolloutResult, None]),
        st.booleans(),
        st.booleans(),
        st.integers(1, 60),
    ),
    max_size=8,
)


def play(
    script: Script,
    steps: Sequence[tuple[RolloutResult | None, bool, bool, int]],
    environment: str,
) -> None:
    """Releases one after the other, with other services' names."""
    minute, live = 0.0, None
    for number, (result, back, traffic, pause) in enumerate(steps):
        minute += pause
        name = f"{environment}{number}"
        script.run(name, minute, rollback="older" if back else None)
        times = (minute, minute + 1 if traffic else None, minute + 2)
        script.rollout(name, times, result, before=live, environment=environment)
        if result in {DEPLOYED, PROMOTED}:
            live = name


def sums(group: Group) -> Sequence[int]:
    changes, restores = group.changes, group.restores.since_traffic
    lead = group.lead.since_run
    return (
        *(group.releases, group.rollbacks, changes.good, changes.aborted),
        *(changes.gone_back, changes.undecided, group.restores.waiting),
        *(restores.n if restores else 0, lead.n if lead else 0),
        sum(group.aborts.values()),
    )


@given(STEPS, st.integers(0, 400))
def test_two_windows_that_meet_have_together_what_the_whole_has(
    steps: list[tuple[RolloutResult | None, bool, bool, int]], cut: int
) -> None:
    script = Script()
    play(script, steps, "production")
    facts = _fold(script.in_order())
    whole, middle = Window(moment(0), moment(500)), moment(cut)
    halves = Window(whole.start, middle), Window(middle, whole.end)

    groups = [count(facts, "production", each, nobody) for each in (whole, *halves)]

    both = [a + b for a, b in zip(sums(groups[1]), sums(groups[2]), strict=True)]
    assert list(sums(groups[0])) == both


@given(STEPS, STEPS, st.randoms(use_true_random=False))
def test_it_makes_no_difference_how_runs_of_two_environments_interleave(
    one: list[tuple[RolloutResult | None, bool, bool, int]],
    other: list[tuple[RolloutResult | None, bool, bool, int]],
    draw: random.Random,
) -> None:
    here, there = Script(), Script()
    play(here, one, "production")
    play(there, other, "staging")
    both = _merge(here.in_order(), there.in_order(), draw)

    alone, mixed = _fold(here.in_order()), _fold(both)

    def unnumbered(facts: Facts) -> Facts:
        rows = [replace(row, index=0) for row in facts.rollouts]
        return replace(facts, rollouts=rows)

    assert count(unnumbered(alone), "production", FOREVER, nobody) == count(
        mixed, "production", FOREVER, nobody
    )


Events = Sequence[tuple[float, int, str, Event]]


def _merge(
    one: Events, other: Events, draw: random.Random
) -> list[tuple[float, int, str, Event]]:
    left, right = list(one), list(other)
    merged: list[tuple[float, int, str, Event]] = []
    while left or right:
        pick = left if left and (not right or draw.random() < 0.5) else right
        merged.append(pick.pop(0))
    return merged


def _fold(events: Events) -> Facts:
    folded = Rollouts()
    for index, (minute, _, run_id, event) in enumerate(events):
        folded.add(index, moment(minute), run_id, event)
    aborts = tuple(folded.aborts)
    return Facts("log", None, 0, 0, 0, folded.rows(), aborts, (), (), (), ())
