"""Unit tests of `sluicegate.report.status`."""

import json
from dataclasses import replace

import pytest
from run_events import EARLIER, NOW, RUN_ID, at, begin, end, planned, started

from sluicegate.engine.machine import fold
from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    Event,
    PublishRequested,
    RolloutStarted,
    RunFinished,
    RunInterrupted,
    RunResumed,
    StageSkipped,
)
from sluicegate.model.evidence import Evidence, EvidenceFile
from sluicegate.model.rollout import Release
from sluicegate.report.status import (
    RunRow,
    RunStatus,
    State,
    runs_document,
    runs_text,
    status_rows,
    status_text,
    what_to_do,
)

STAGES = (planned("lint"), planned("test", "lint"), planned("build", "test"))
STORY: tuple[Event, ...] = (
    started(*STAGES, dirty=True, selection="--until build", labels={"os": "linux"}),
    begin("lint"),
    end("lint", cached=f"{EARLIER}/lint/1"),
    begin("test"),
)


def status(*events: Event, state: State = State.ENDED, **more: object) -> RunStatus:
    return RunStatus(fold(RUN_ID, events), state, **more)  # type: ignore[arg-type]


def ended(outcome: Outcome) -> RunStatus:
    """A run of one stage that ended so."""
    finished = end("lint", outcome)
    reason = "the gate is open" if outcome is Outcome.OPEN else "stopped at lint"
    last = RunFinished(outcome, reason, NOW, at(65), 65_000)
    return status(started(STAGES[0]), begin("lint"), finished, last)


def test_a_running_run_says_what_runs_and_for_how_long() -> None:
    found = status(*STORY, state=State.RUNNING, since={"test": at(5)})

    assert status_text(found, at(30)).splitlines() == [
        (
            "p_r_v1.0 · commit aaaaaaaaaaaa (main) · with uncommitted changes"
            " · --until build · os=linux"
        ),
        f"run {RUN_ID}: running",
        "began just now, at 2026-11-22 00:00:00Z",
        "✓ lint   open     cached  it is so",
        f"         from {EARLIER}/lint/1",
        "▸ test   running    25 s",
        "· build  waiting",
        "another process carries it on; there is nothing to do",
    ]


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (None, f"`sluice resume {RUN_ID}` goes on from there"),
        (Outcome.CLOSED, "that answer stands; `sluice rollback` goes back anew"),
        (Outcome.PENDING, f"`sluice resume {RUN_ID}` looks again"),
    ],
)
def test_a_rollback_says_to_what_and_needs_nothing_checked_out(
    outcome: Outcome | None, said: str
) -> None:
    first = started(STAGES[0], rollback=EARLIER, reason="it is\nslow \x1b[2J")
    events: list[Event] = [first, begin("lint")]
    if outcome is not None:
        last = RunFinished(outcome, "stopped at lint", NOW, NOW, 0)
        events += [end("lint", outcome), last]
    found = status(*events, state=State.INTERRUPTED, checked_out="b" * 40)

    lines = status_text(found, NOW).splitlines()

    goal = "rollback to the release of run Y9Z0BB: it is slow \\x1b[2J"
    assert lines[0].endswith(goal.replace("Y9Z0BB", EARLIER[-8:]))
    assert lines[-1].startswith(said)
    row = RunRow(RUN_ID, found.run.started, found.run.finished, State.INTERRUPTED)
    assert "rollback to the release of run" in runs_text([row], NOW)
    (run,) = json.loads(runs_document([row]))["runs"]
    assert run["rollback"] == EARLIER


def test_an_interrupted_run_says_what_was_cut_off_and_how_to_go_on() -> None:
    found = status(*STORY, RunInterrupted("test"), state=State.INTERRUPTED)

    lines = status_text(found, at(30)).splitlines()

    assert lines[1] == f"run {RUN_ID}: interrupted"
    assert lines[-3].split() == ["!", "test", "cut", "off"]
    assert lines[-1] == f"`sluice resume {RUN_ID}` goes on from there"


def test_another_commit_that_is_checked_out_has_to_be_left_first() -> None:
    there = status(*STORY, state=State.INTERRUPTED, checked_out="a" * 40)
    elsewhere = status(*STORY, state=State.INTERRUPTED, checked_out="b" * 40)

    assert what_to_do(there).startswith("`sluice resume")
    assert what_to_do(elsewhere).startswith("`git checkout aaaaaaaaaaaa` and `sluice")


def test_more_examples_are_asked_for_where_there_were_too_few() -> None:
    found = Evidence({"inconclusive": "about 2594 examples would tell"})
    last = RunFinished(Outcome.PENDING, "stopped at lint", NOW, at(65), 65_000)
    unsure = end("lint", Outcome.PENDING, evidence=found)

    advice = what_to_do(status(started(STAGES[0]), begin("lint"), unsure, last))

    assert advice.startswith("`sluice run` with more examples; `sluice resume")


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Outcome.OPEN, ""),
        (Outcome.CLOSED, "mend it, commit, and `sluice run`"),
        (Outcome.BROKEN, f"mend what broke, and `sluice resume {RUN_ID}`"),
        (Outcome.PENDING, f"`sluice resume {RUN_ID}` looks again"),
    ],
)
def test_every_end_has_its_advice(outcome: Outcome, said: str) -> None:
    advice = what_to_do(ended(outcome))

    assert said in advice
    assert bool(said) == bool(advice)


def test_the_end_says_how_long_it_took() -> None:
    lines = status_text(ended(Outcome.CLOSED), at(7200)).splitlines()

    assert lines[1] == f"run {RUN_ID}: closed, stopped at lint"
    assert lines[2] == (
        "began 2 h ago, at 2026-11-22 00:00:00Z; ended after 1 min 05 s"
    )


def test_notes_say_attempts_publishing_and_rollouts_without_escapes() -> None:
    release = Release(Digest.of(b"2"), "v2\x1b[2J", "b" * 40)
    found = status(
        started(planned("push"), planned("canary")),
        begin("push"),
        PublishRequested("push", Digest.of(b"i"), ("registry/app:1",), ()),
        RunInterrupted(None),
        RunResumed(),
        begin("push", 2),
        end("push", attempt=2),
        begin("canary"),
        RolloutStarted("canary", "production", release, None, NOW),
        state=State.RUNNING,
    )

    lines = [line.strip() for line in status_text(found, at(0)).splitlines()]

    assert "attempt 2" in lines
    assert "pushing registry/app:1" in lines
    assert r"production: v2\x1b[2J, starting, without traffic" in lines


def test_what_a_stage_took_is_told_where_it_is_worth_a_word() -> None:
    usage = ResourceUsage(12_000, 9_800, 219_000_000, 0, 50 << 20)
    big = replace(end("test"), usage=usage)
    stages = started(planned("lint"), planned("test", "lint"))
    found = status(stages, begin("lint"), end("lint"), begin("test"), big)

    lint, test = status_rows(found, NOW)

    assert lint.notes == ()
    assert test.notes == ("9.8 s of CPU, 209 MiB of memory, 50 MiB written",)


def test_a_skipped_stage_says_why() -> None:
    found = status(
        started(*STAGES[:2]),
        begin("lint"),
        end("lint", Outcome.CLOSED),
        StageSkipped("test", "lint is closed"),
        state=State.INTERRUPTED,
    )

    assert "- test  skipped         lint is closed" in status_text(found, at(0))


def test_runs_are_listed_one_a_line() -> None:
    first = started(*STAGES, branch="x\x1b[2J", labels={"os": "linux"})
    last = RunFinished(Outcome.CLOSED, "stopped at lint", NOW, at(1), 1)
    rows = [
        RunRow(RUN_ID, first, None, State.RUNNING),
        RunRow(EARLIER, started(*STAGES), last, State.ENDED),
    ]

    assert runs_text(rows, at(600)).splitlines() == [
        r"X8Y9Z0AA  10 min ago  aaaaaaaaaaaa  x\x1b[2J  running  os=linux",
        "X8Y9Z0BB  10 min ago  aaaaaaaaaaaa  main      closed   stopped at lint",
    ]
    listed = json.loads(runs_document(rows))["runs"]
    assert [(each["run_id"], each["verdict"], each["state"]) for each in listed] == [
        (RUN_ID, "pending", "running"),
        (EARLIER, "closed", "ended"),
    ]
    assert [each["dirty"] for each in listed] == [False, False]


def test_a_picture_that_was_kept_is_named_with_the_command_that_shows_it() -> None:
    picture = EvidenceFile("rollout.svg", "image/svg+xml", 5, Digest.of(b"<svg>"))
    found = status(
        started(planned("canary")),
        begin("canary"),
        end("canary", evidence=Evidence({}, (picture,))),
    )

    shown = "`sluice rollout plot X8Y9Z0AA -o rollout.svg` draws how its evidence came"
    assert shown in status_text(found, NOW)
