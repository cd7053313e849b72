"""Unit tests of `sluicegate.audit.delivery.spending`."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from delivery_log import MINUTE, Script, moment
from fakes_audit import FACTS
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.audit.accounts import Accounts
from sluicegate.audit.delivery.spending import Spending
from sluicegate.audit.envelope import Envelope
from sluicegate.model.budget import Period
from sluicegate.model.decision import Outcome
from sluicegate.model.delivery import TimeSpent
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    CanaryReady,
    Event,
    GpuReserved,
    HandedOver,
    RunInterrupted,
    RunResumed,
    StageFinished,
    StageStarted,
)


def spent(script: Script, now: float = 10_000) -> list[tuple[str, float, float]]:
    """Stages with the minutes of GPUs and of machines that they took."""
    return [
        (each.stage, each.gpu_ms / MINUTE, each.machine_ms / MINUTE)
        for each in script.facts(moment(now)).spent
    ]


def cut_off(end: Event | None, reserved: float | None = 60) -> Script:
    """An attempt that begins at minute 10 and has no end; *end* is at minute 40."""
    script = Script()
    script.run("R1", 0)
    script.happen(10, "R1", StageStarted("train", 1, moment(10)))
    if reserved is not None:
        wall_ms = round(reserved * MINUTE)
        script.happen(10, "R1", GpuReserved("train", 2, wall_ms))
    if end is not None:
        script.happen(40, "R1", end)
    return script


def test_an_attempt_takes_its_time_times_its_gpus() -> None:
    script = Script()
    script.run("R1", 0)
    script.stage("R1", 0, 7, "train", gpu=2)
    script.stage("R1", 10, 3, "lint", Outcome.CLOSED)

    assert spent(script) == [("train", 14, 7), ("lint", 0, 3)]


def test_what_is_broken_or_closed_was_spent_all_the_same() -> None:
    script = Script()
    script.run("R1", 0)
    script.stage("R1", 0, 7, "train", Outcome.BROKEN, gpu=1)

    assert spent(script) == [("train", 7, 7)]


def test_a_result_that_is_used_again_costs_nothing() -> None:
    script = Script()
    script.run("R1", 0)
    script.stage("R1", 0, 7, "train", cached="R0/train/1")

    assert spent(script) == []


def test_a_result_that_two_runs_take_over_is_paid_once() -> None:
    script = Script()
    for run_id, minute in (("R1", 0), ("R2", 100)):
        script.run(run_id, minute)
        script.stage(run_id, minute, 7, "train", gpu=1)
    handed = HandedOver(Digest.of(b"it"))
    script.events = [
        (at, n, run, replace(event, handed_over=handed))
        if isinstance(event, StageFinished)
        else (at, n, run, event)
        for at, n, run, event in script.events
    ]

    assert spent(script) == [("train", 7, 7)]


@pytest.mark.parametrize("end", [RunInterrupted("train"), RunResumed()])
def test_a_reserved_attempt_that_was_cut_off_counts_up_to_the_next_entry(
    end: Event,
) -> None:
    assert spent(cut_off(end)) == [("train", 60, 30)]


def test_it_counts_what_it_had_reserved_at_most() -> None:
    assert spent(cut_off(RunResumed(), reserved=5)) == [("train", 10, 5)]
    assert spent(cut_off(None, reserved=60), now=71) == [("train", 120, 60)]
    (late,) = cut_off(RunResumed(), reserved=5).facts().spent
    assert late.at == moment(15)


def test_a_reserved_attempt_may_still_be_under_way() -> None:
    assert spent(cut_off(None, reserved=60), now=69) == []


def test_an_attempt_without_gpus_counts_up_to_the_last_that_was_seen_of_it() -> None:
    assert spent(cut_off(RunInterrupted("train"), None)) == [("train", 0, 30)]
    killed = cut_off(None, None)
    killed.rollout("R1", (25, 30, None), None)
    killed.happen(5000, "R1", RunResumed())

    assert spent(killed) == [("train", 0, 20)]


def test_an_entry_that_is_not_decoded_is_seen_too() -> None:
    script = cut_off(None, None)
    script.happen(35, "R1", CanaryReady("canary"))

    assert spent(script) == [("train", 0, 25)]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["start", "reserve", "finish", "interrupt", "resume", "end"]),
        st.integers(0, 2),
        st.integers(0, 3),
        st.integers(1, 90),
    ),
    max_size=30,
)


@given(STEPS)
def test_gpus_are_counted_as_budgets_count_them(
    steps: list[tuple[str, int, int, int]],
) -> None:
    spending, accounts, now = Spending(), Accounts(), moment(0)
    for word, run, gpu, minutes in steps:
        now += timedelta(minutes=minutes)
        run_id = f"R{run}"
        event = _event(word, gpu, minutes)
        spending.add(now, run_id, event)
        spending.touch(run_id, now)
        accounts.add(_envelope(run_id, now), event)
    now += timedelta(minutes=45)

    found = list(spending.rows(now))

    week = Period.WEEK.start(now)
    in_week: list[TimeSpent] = [each for each in found if each.at >= week]
    assert (
        sum(each.gpu_ms for each in in_week) == accounts.used(Period.WEEK, now).gpu_ms
    )


def _event(word: str, gpu: int, minutes: int) -> Event:
    finished = Script()
    finished.stage("R", 0, minutes, "train", gpu=gpu)
    finished.end("R", 0)
    (_, _, _, start), (_, _, _, stop), (_, _, _, end) = finished.events
    return {
        "start": start,
        "reserve": GpuReserved("train", gpu, minutes * MINUTE),
        "finish": stop,
        "interrupt": RunInterrupted(None),
        "resume": RunResumed(),
        "end": end,
    }[word]


def _envelope(run_id: str, at: datetime) -> Envelope:
    return Envelope("0" * 26, run_id, 0, at, FACTS.source, FACTS.actor, FACTS.tool)
