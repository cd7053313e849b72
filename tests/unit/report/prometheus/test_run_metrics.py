"""Unit tests of `sluicegate.report.prometheus.run_metrics`."""

import re
import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from rollout_events import STARTED, block, metric, weight
from run_events import NOW, RUN_ID, at, begin, end, planned, started

from sluicegate.adapters.prometheus.page import page_of
from sluicegate.canary.bounds import Bounds
from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    CanaryJudged,
    ConditionResult,
    EnvironmentEntered,
    Event,
    GateRecord,
    ReleaseRequested,
    RolloutFinished,
    RunFinished,
    RunResumed,
    StageSkipped,
)
from sluicegate.model.rollout import CanaryVerdict, RolloutResult
from sluicegate.model.run import Phase, Run, StageState
from sluicegate.report.prometheus.run_metrics import RunMetrics

ROOT = Path(__file__).parents[4]
PLANNED = planned("lint"), planned("test", "lint"), planned("canary", "test")
BEGUN = started(*PLANNED)
BOUNDS = {"failed requests": Bounds(4_000_000, 3_000_000), "latency": Bounds(None, 1)}
CANARIES = {"canary": ("production", BOUNDS)}
REQUEST = ReleaseRequested(
    "canary", "production", Digest.of(b"r"), Digest.of(b"p"), at(10), at(3610)
)
GATE = GateRecord(
    Digest.of(b""),
    Verdict.CLOSED,
    (
        ConditionResult("high <= 3", Verdict.CLOSED, "it is 5"),
        ConditionResult("high <= 3", Verdict.CLOSED, "said twice"),
        ConditionResult("age_days < 7", Verdict.PENDING, "not measured"),
    ),
)
ENTERED = EnvironmentEntered(
    "canary",
    "production",
    Digest.of(b"p"),
    "main",
    "a" * 40,
    (),
    (),
    override=False,
    size=9,
)

Numbers = dict[tuple[str, frozenset[tuple[str, str]]], float]


def watch(*events: Event, seconds: float = 0) -> RunMetrics:
    found = RunMetrics(RUN_ID, "1.2.3", BEGUN, CANARIES)
    for event in events:
        found.see(event, at(seconds))
    return found


def numbers(found: RunMetrics, seconds: float = 100) -> Numbers:
    return {
        (metric.name, frozenset(sample.labels.items())): sample.value
        for metric in found.metrics(at(seconds))
        for sample in metric.samples
    }


def number(found: RunMetrics, name: str, **labels: str) -> float:
    return number_at(100, found, name, **labels)


def number_at(seconds: float, found: RunMetrics, name: str, **labels: str) -> float:
    key = name, frozenset({"pipeline": "p_r_v1.0", **labels}.items())
    return numbers(found, seconds)[key]


def names(found: RunMetrics) -> set[str]:
    return {metric.name for metric in found.metrics(at(100))}


def holds(found: RunMetrics, name: str, key: str, **labels: str) -> list[str]:
    """The words for which there is a 1."""
    wanted = {"pipeline": "p_r_v1.0", **labels}.items()
    return [
        dict(sample)[key]
        for (other, sample), value in numbers(found).items()
        if other == name and wanted <= dict(sample).items() and value == 1
    ]


def test_a_run_that_has_begun_is_running_and_its_stages_wait() -> None:
    found = watch()

    assert holds(found, "sluice_run_outcome", "outcome") == ["running"]
    assert holds(found, "sluice_stage_outcome", "outcome", stage="test") == ["waiting"]
    assert number_at(7, found, "sluice_run_duration_seconds") == 7
    assert number(found, "sluice_run_start_timestamp_seconds") == NOW.timestamp()
    assert "sluice_run_end_timestamp_seconds" not in names(found)
    info = {
        "run_id": RUN_ID, "commit": "a" * 40, "branch": "main", "version": "1.2.3"
    }  # fmt: skip
    assert number(found, "sluice_run_info", **info) == 1


def test_a_stage_that_runs_takes_longer_and_longer() -> None:
    found = watch(begin("lint", attempt=2, seconds=40))

    assert holds(found, "sluice_stage_outcome", "outcome", stage="lint") == ["running"]
    assert number(found, "sluice_stage_attempts", stage="lint") == 2
    assert number_at(41.5, found, "sluice_stage_duration_seconds", stage="lint") == 1.5
    assert number_at(39, found, "sluice_stage_duration_seconds", stage="lint") == 0
    assert "sluice_stage_cpu_seconds" not in names(found)


@pytest.mark.parametrize("outcome", Outcome)
def test_a_stage_and_a_run_that_have_ended_say_how(outcome: Outcome) -> None:
    over = RunFinished(outcome, "so it is", NOW, at(60), 59_500)
    found = watch(begin("lint"), end("lint", outcome), StageSkipped("test", "no"), over)

    assert holds(found, "sluice_run_outcome", "outcome") == [outcome.value]
    assert holds(found, "sluice_stage_outcome", "outcome", stage="lint") == [
        outcome.value
    ]
    assert holds(found, "sluice_stage_outcome", "outcome", stage="test") == ["skipped"]
    assert number(found, "sluice_stage_duration_seconds", stage="lint") == 1.234
    assert number_at(9999, found, "sluice_run_duration_seconds") == 59.5
    assert number(found, "sluice_run_end_timestamp_seconds") == at(60).timestamp()


def test_what_a_stage_took_is_there_in_base_units_if_it_was_measured() -> None:
    usage = ResourceUsage(1234, 1500, 10, 20, 30, 2500, 40)
    found = watch(replace(end("lint"), usage=usage), end("test", cached="an earlier"))

    assert number(found, "sluice_stage_cpu_seconds", stage="lint") == 1.5
    assert number(found, "sluice_stage_max_resident_bytes", stage="lint") == 10
    assert number(found, "sluice_stage_read_bytes", stage="lint") == 20
    assert number(found, "sluice_stage_written_bytes", stage="lint") == 30
    assert number(found, "sluice_stage_gpu_busy_seconds", stage="lint") == 2.5
    assert number(found, "sluice_stage_gpu_max_memory_bytes", stage="lint") == 40
    assert number(found, "sluice_stage_reused", stage="lint") == 0
    assert number(found, "sluice_stage_reused", stage="test") == 1
    with pytest.raises(KeyError):
        number(found, "sluice_stage_cpu_seconds", stage="test")


def test_each_condition_of_a_gate_says_how_it_was_judged() -> None:
    found = watch(replace(end("lint", Outcome.CLOSED), gate=GATE))

    name, stage = "sluice_gate_condition_verdict", {"stage": "lint"}
    assert holds(found, name, "verdict", **stage, condition="high <= 3") == ["closed"]
    assert holds(found, name, "verdict", **stage, condition="age_days < 7") == [
        "pending"
    ]


def test_a_release_that_waits_waits_longer_until_it_may_enter() -> None:
    waits = watch(REQUEST)
    entered = watch(REQUEST, ENTERED, seconds=70)

    where = {"stage": "canary", "environment": "production"}
    assert number(waits, "sluice_approval_waiting", **where) == 1
    assert number_at(25, waits, "sluice_approval_waiting_seconds", **where) == 15
    assert number(entered, "sluice_approval_waiting", **where) == 0
    assert number_at(999, entered, "sluice_approval_waiting_seconds", **where) == 60
    asked = "sluice_approval_requested_timestamp_seconds"
    assert number(waits, asked, **where) == at(10).timestamp()
    expires = "sluice_approval_expires_timestamp_seconds"
    assert number(waits, expires, **where) == at(3610).timestamp()


def test_a_rollout_shows_its_share_its_requests_and_its_evidence() -> None:
    seen = block(0, 60, 1_500_000, -200_000, metrics=(metric("latency", 3, 500_000),))
    found = watch(STARTED, weight(5, 0), seen, block(60, 120, percent=25))

    where = {"stage": "canary", "environment": "production"}
    canary, stable = where | {"release": "canary"}, where | {"release": "stable"}
    assert number(found, "sluice_rollout_weight_ratio", **where) == 0.25
    assert number(found, "sluice_rollout_requests_total", **canary) == 100
    assert number(found, "sluice_rollout_failed_requests_total", **canary) == 2
    assert number(found, "sluice_rollout_requests_total", **stable) == 1900
    assert holds(found, "sluice_rollout_verdict", "verdict", **where) == ["none"]
    first = watch(STARTED, weight(5, 0), seen)
    failed, slow = where | {"metric": "failed requests"}, where | {"metric": "latency"}
    evidence, needed = (
        "sluice_rollout_evidence_nats",
        "sluice_rollout_evidence_needed_nats",
    )
    assert number(first, evidence, **failed, side="abort") == 1.5
    assert number(first, evidence, **failed, side="promote") == -0.2
    assert number(first, evidence, **slow, side="promote") == 0.5
    assert number(first, needed, **failed, side="abort") == 4
    with pytest.raises(KeyError):
        number(first, needed, **slow, side="abort")


def test_a_rollout_that_ended_says_how_and_a_new_one_begins_anew() -> None:
    ended = (
        CanaryJudged("canary", CanaryVerdict.ABORT, "evidence", "worse"),
        RolloutFinished("canary", RolloutResult.ROLLED_BACK, "worse", at(200)),
    )
    over = watch(STARTED, weight(5, 0), block(0, 60), *ended)
    again = watch(STARTED, weight(5, 0), block(0, 60), *ended, STARTED)

    where = {"stage": "canary", "environment": "production"}
    assert holds(over, "sluice_rollout_verdict", "verdict", **where) == ["abort"]
    assert holds(over, "sluice_rollout_result", "result", **where) == ["rolled_back"]
    assert holds(again, "sluice_rollout_result", "result", **where) == ["none"]
    requests = "sluice_rollout_requests_total"
    assert number(again, requests, **where, release="canary") == 0


def test_a_run_that_is_gone_on_with_has_what_was_known_of_it() -> None:
    states = (
        StageState(PLANNED[0], Phase.DONE, 1, 1, end("lint")),
        StageState(PLANNED[1], Phase.RUNNING, 2),
        StageState(
            PLANNED[2], Phase.RUNNING, 1, rollout=(STARTED, weight(5, 0)),
            requested=REQUEST,
        ),
    )  # fmt: skip
    finished = RunFinished(Outcome.PENDING, "waits", NOW, at(60), 60_000)
    found = watch()
    found.resume(Run(RUN_ID, BEGUN, states, finished))
    found.see(RunResumed(), at(90))

    assert holds(found, "sluice_run_outcome", "outcome") == ["running"]
    assert holds(found, "sluice_stage_outcome", "outcome", stage="lint") == ["open"]
    assert holds(found, "sluice_stage_outcome", "outcome", stage="test") == ["waiting"]
    assert number(found, "sluice_stage_attempts", stage="test") == 2
    where = {"stage": "canary", "environment": "production"}
    assert number(found, "sluice_rollout_weight_ratio", **where) == 0.05
    assert number(found, "sluice_approval_waiting", **where) == 1


def test_a_run_that_ended_pending_runs_again_once_it_is_resumed() -> None:
    over = RunFinished(Outcome.PENDING, "waits", NOW, at(60), 60_000)

    assert holds(watch(over), "sluice_run_outcome", "outcome") == ["pending"]
    assert holds(watch(over, RunResumed()), "sluice_run_outcome", "outcome") == [
        "running"
    ]


def test_a_clock_that_was_set_back_makes_no_time_negative() -> None:
    found = watch(REQUEST)

    assert min(numbers(found, -timedelta(hours=1).total_seconds()).values()) >= 0


def everything() -> RunMetrics:
    """A run that has every metric there is."""
    return watch(
        begin("lint"),
        replace(end("lint"), usage=ResourceUsage(1, 2, 3, 4, 5, 6, 7), gate=GATE),
        REQUEST,
        ENTERED,
        STARTED,
        weight(5, 0),
        block(0, 60, metrics=(metric("latency"),)),
        RunFinished(Outcome.OPEN, "so it is", NOW, at(60), 59_500),
    )


def test_every_metric_is_in_the_documentation_and_no_other() -> None:
    page = (ROOT / "docs/prometheus.md").read_text()
    table = page[page.index("## What there is") : page.index("Somebody has waited")]

    told = set(re.findall(r"`(sluice_\w+)`", table))

    assert told == names(everything())


def test_nothing_is_there_twice_and_promtool_finds_no_fault() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("Debian's prometheus is not installed")

    page = page_of(everything().metrics(at(100)))
    checked = subprocess.run(
        (promtool, "check", "metrics"), input=page, capture_output=True, check=False
    )

    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")
    lines = [line.rpartition(b" ")[0] for line in page.splitlines()]
    assert len(lines) == len(set(lines))
