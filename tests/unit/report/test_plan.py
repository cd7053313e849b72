"""Unit tests of `sluicegate.report.plan`."""

import json
from dataclasses import replace

from run_events import EARLIER, at, end

from sluicegate.gates.budget import Balance
from sluicegate.model.budget import Period
from sluicegate.model.decision import Outcome
from sluicegate.model.version import Bump, Change, PipelineName, Standing
from sluicegate.report.plan import (
    CACHED,
    MISSING,
    RECONCILE,
    RUN,
    SKIP,
    PlannedEntry,
    PlannedRow,
    RunPlan,
    conclude_plan,
    plan_document,
    plan_text,
)

LINT = PlannedRow(
    "lint",
    "ruff",
    (),
    CACHED,
    "the same inputs",
    task=f"{EARLIER}/lint/1",
    since=at(0),
    last=end("lint"),
)
TEST = PlannedRow(
    "test",
    "pytest",
    ("lint",),
    RUN,
    "files changed",
    changed=("files",),
    last=end("test", Outcome.CLOSED, wall_ms=12_000),
)
BUILD = PlannedRow(
    "build", "docker-build", ("test",), RUN, "it never\x1b[2J ran before"
)
SCAN = PlannedRow("scan", "trivy", (), SKIP, "when: it is no release")
CANARY = PlannedRow("canary", "canary", (), RECONCILE, "compared with what is there")


def plan(*rows: PlannedRow, **more: object) -> RunPlan:
    values: dict[str, object] = {
        "pipeline": "p_r_v1.0",
        "commit": "a" * 40,
        "branch": "main",
        "dirty": (),
        "selection": "",
        "labels": {},
        "rows": rows,
        "jobs": 2,
        "expected_ms": 12_000,
        **more,
    }
    return RunPlan(**values)  # type: ignore[arg-type]


def test_a_plan_says_of_every_stage_what_why_and_how_long_last_time() -> None:
    text = plan_text(plan(LINT, TEST, BUILD, SCAN, CANARY), at(3 * 3600))

    assert text.splitlines() == [
        "p_r_v1.0 · commit aaaaaaaaaaaa (main)",
        "   stage              last time     why",
        "=  lint    cached     1.2 s         unchanged since run X8Y9Z0BB, 3 h ago",
        "→  test    run        12 s, closed  files changed",
        r"→  build   run                      it never\x1b[2J ran before",
        "-  scan    skip                     when: it is no release",
        "~  canary  reconcile                compared with what is there",
    ]


def test_the_head_names_selection_and_labels() -> None:
    head = plan_text(
        plan(LINT, selection="--only lint", labels={"os": "linux"}, branch=None), at(0)
    ).splitlines()[0]

    assert head == "p_r_v1.0 · commit aaaaaaaaaaaa · --only lint · os=linux"


def test_an_unchanged_commit_has_nothing_to_run() -> None:
    assert conclude_plan(plan(LINT)) == [
        "nothing would run: every result is there already"
    ]
    assert conclude_plan(plan(LINT, SCAN)) == ["nothing would run"]


def test_the_time_is_about_what_it_was_and_at_least_that_where_some_is_unknown() -> (
    None
):
    assert conclude_plan(plan(LINT, TEST)) == ["1 of 2 stages would run: about 12 s"]
    assert conclude_plan(plan(TEST, CANARY)) == [
        "2 of 2 stages would run: about 12 s, up to 2 at once"
    ]
    assert conclude_plan(plan(TEST, BUILD, unknown=("build",))) == [
        "2 of 2 stages would run: at least 12 s, not counting build"
    ]
    assert conclude_plan(plan(BUILD, unknown=("build",), expected_ms=0)) == [
        "1 of 1 stages would run; how long that takes is not known yet"
    ]


def test_what_a_run_would_refuse_is_said_beforehand() -> None:
    missing = PlannedRow("lint", "ruff", (), MISSING, "files changed")
    files = ("a\nb.py", *(f"{n}.py" for n in range(9)))

    _, first, second = conclude_plan(
        plan(missing, TEST, selection="--only test", dirty=files)
    )

    assert first.startswith("`sluice run --only test` refuses: it leaves out lint,")
    assert r"a\x0ab.py, 0.py, 1.py, 2.py, 3.py and 5 more; --allow-dirty" in second


def test_the_document_has_the_same_for_machines() -> None:
    document = json.loads(plan_document(plan(LINT, TEST, unknown=("build",))))

    assert document["expected_ms"] == 12_000
    assert document["unknown"] == ["build"]
    assert document["dirty"] is False
    assert document["stages"] == [
        {
            "name": "lint",
            "uses": "ruff",
            "needs": [],
            "action": "cached",
            "reason": "the same inputs",
            "changed": [],
            "result_of": f"{EARLIER}/lint/1",
            "last": {
                "verdict": "open",
                "duration_ms": 1234,
                "ended": "2026-11-22T00:00:00+00:00",
            },
            "usual_ms": None,
            "gpu": 0,
            "secrets": [],
        },
        {
            "name": "test",
            "uses": "pytest",
            "needs": ["lint"],
            "action": "run",
            "reason": "files changed",
            "changed": ["files"],
            "result_of": None,
            "last": {
                "verdict": "closed",
                "duration_ms": 12_000,
                "ended": "2026-11-22T00:00:00+00:00",
            },
            "usual_ms": None,
            "gpu": 0,
            "secrets": [],
        },
    ]


TRAIN = replace(TEST, name="train", usual_ms=150_000, gpu=2)
WEEK = Balance("GPU-minutes", Period.WEEK, 36_000_000, 30_000, 60_000, at(86_400))
DAY = Balance("runs", Period.DAY, 20, 20, 0, at(86_400))


def test_what_would_run_says_how_long_it_usually_takes_and_the_time_of_its_gpus() -> (
    None
):
    _, head, lint, train = plan_text(plan(LINT, TRAIN), at(3 * 3600)).splitlines()

    assert "usually" in head
    assert "  2 min 30 s, 5 GPU-min  files changed" in train
    assert "GPU" not in lint


def test_the_total_names_the_time_of_gpus_and_what_budgets_leave() -> None:
    total, left = conclude_plan(
        plan(TRAIN, expected_gpu_ms=300_000, balances=(DAY, WEEK))
    )

    assert total == "1 of 1 stages would run: about 12 s and 5 GPU-minutes"
    assert left == (
        "budgets: 0 of 20 runs left today, 598.5 of 600 GPU-minutes left this week"
    )


def test_machines_read_budgets_in_milliseconds() -> None:
    document = json.loads(plan_document(plan(TRAIN, balances=(WEEK,))))

    assert document["budgets"] == [
        {
            "unit": "gpu_ms",
            "period": "week",
            "limit": 36_000_000,
            "used": 30_000,
            "reserved": 60_000,
            "left": 35_910_000,
            "ends": "2026-11-23T00:00:00+00:00",
        }
    ]
    assert document["version"] is None


def test_what_the_release_branch_refuses_is_said_with_the_command() -> None:
    standing = Standing(
        PipelineName("p_r", 1, 0),
        "main",
        EARLIER,
        "a" * 40,
        is_known=True,
        change=Change(Bump.MINOR, ("gate of stage \x1b[2Jlint is changed",)),
        next_name=PipelineName("p_r", 1, 1),
    )

    _, said = conclude_plan(plan(LINT, standing=standing))

    assert said.startswith("main refuses to run it: p_r_v1.0 stands for")
    assert said.endswith(
        "`sluice version bump --minor` makes it p_r_v1.1; then commit it"
    )
    assert "\x1b" not in said


def test_what_an_environment_would_ask_is_one_line_each() -> None:
    asks = PlannedEntry("canary", "production", ("asks 2 of ann, bob", "frozen\x1b"))
    free = PlannedEntry("staging", "staging")
    dark = PlannedEntry("lab", "lab", unknown="no such branch")
    lost = PlannedEntry("demo", "demo", refused="this runner goes away")

    planned = replace(plan(CANARY), entries=(asks, free, dark, lost))

    assert conclude_plan(planned)[1:] == [
        "canary: production asks 2 of ann, bob; frozen\\x1b",
        "lab: lab may ask for more, its rules cannot be told: no such branch",
        "`sluice run` refuses to enter demo: this runner goes away",
    ]
    document = json.loads(plan_document(planned))
    assert document["entries"][1] == {
        "stage": "staging",
        "environment": "staging",
        "asks": [],
        "unknown": None,
        "refused": None,
    }
