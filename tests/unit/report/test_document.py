"""Unit tests of `sluicegate.report.document`."""

import json
from dataclasses import replace
from typing import Any

from run_events import EARLIER, NOW, RUN_ID, begin, end, planned, started

from sluicegate.engine.machine import fold
from sluicegate.model.decision import Outcome
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    CountedApproval,
    EnvironmentEntered,
    Event,
    HandedOver,
    ReleaseRequested,
    RolloutStarted,
    RunFinished,
    StageSkipped,
)
from sluicegate.model.evidence import Evidence, EvidenceFile
from sluicegate.model.rollout import Release
from sluicegate.report.document import LogHead, run_document


def document(*events: Event, state: str = "ended") -> dict[str, Any]:
    run = fold(RUN_ID, events)
    text = run_document(run, LogHead("log.example", 3, "abc"), state=state)
    found: dict[str, Any] = json.loads(text)
    return found


def test_a_run_that_ended_is_written_whole() -> None:
    file = EvidenceFile("junit.xml", "application/xml", 7, Digest.of(b"x"))

    found = document(
        started(planned("lint"), planned("test", "lint"), planned("build", "test")),
        begin("lint"),
        end("lint", cached=f"{EARLIER}/lint/1"),
        begin("test"),
        end("test", Outcome.CLOSED, evidence=Evidence({"failed": 1}, (file,))),
        StageSkipped("build", "test is closed"),
        RunFinished(Outcome.CLOSED, "stopped at test", NOW, NOW, 1),
    )

    lint, test, build = found.pop("stages")
    assert found == {
        "run_id": RUN_ID,
        "state": "ended",
        "verdict": "closed",
        "reason": "stopped at test",
        "pipeline": "p_r_v1.0",
        "commit": "a" * 40,
        "branch": "main",
        "dirty": False,
        "selection": None,
        "labels": {},
        "rollback": None,
        "rollback_reason": None,
        "started": "2026-11-22T00:00:00+00:00",
        "ended": "2026-11-22T00:00:00+00:00",
        "recorded": True,
        "log": {"origin": "log.example", "size": 3, "root": "abc"},
    }
    assert (lint["cached"], lint["cached_from"]) == (True, f"{EARLIER}/lint/1")
    assert test == {
        "name": "test",
        "uses": "ruff",
        "verdict": "closed",
        "reason": "it is so",
        "cached": False,
        "cached_from": None,
        "attempt": 1,
        "task_id": f"{RUN_ID}/test/1",
        "duration_ms": 1234,
        "started": "2026-11-22T00:00:00+00:00",
        "ended": "2026-11-22T00:00:00+00:00",
        "usage": {"wall_ms": 1234},
        "evidence": {
            "failed": 1,
            "files": {"junit.xml": {"digest": str(Digest.of(b"x")), "size": 7}},
        },
    }
    assert (build["verdict"], build["reason"]) == ("skipped", "test is closed")
    assert (build["attempt"], build["task_id"]) == (0, None)
    assert (build["started"], build["ended"], build["usage"]) == (None, None, {})


def test_a_run_in_no_log_says_so_and_where_it_was_handed_over() -> None:
    run = fold(RUN_ID, [started(planned("lint"))])
    digest = Digest.of(b"handed over")

    found = json.loads(run_document(run, None, given={"out": digest}))

    assert (found["recorded"], found["log"]) == (False, None)
    assert found["hand_over"] == {"folder": "out", "digest": str(digest)}


def test_a_result_from_elsewhere_names_its_hand_over() -> None:
    handed = HandedOver(Digest.of(b"handed over"), "build")

    found = document(
        started(planned("lint")),
        begin("lint"),
        replace(end("lint"), handed_over=handed),
    )

    assert found["stages"][0]["handed_over"] == {
        "digest": str(handed.digest),
        "job": "build",
    }


def test_what_has_not_ended_is_pending_and_says_why() -> None:
    found = document(
        started(planned("lint"), planned("test", "lint")),
        begin("lint"),
        state="running",
    )

    assert (found["verdict"], found["reason"], found["ended"]) == (
        "pending",
        "running",
        None,
    )
    stages = [(each["verdict"], each["reason"]) for each in found["stages"]]
    assert stages == [("pending", "not finished"), ("pending", "not run")]


def test_labels_are_part_of_the_task() -> None:
    found = document(
        started(planned("lint"), labels={"os": "linux"}, selection="--only lint"),
        begin("lint"),
        end("lint"),
    )

    assert found["labels"] == {"os": "linux"}
    assert found["selection"] == "--only lint"
    assert found["stages"][0]["task_id"] == f"{RUN_ID}/os=linux/lint/1"


def test_a_rollout_is_in_its_stage() -> None:
    release = Release(Digest.of(b"2"), "v2", "b" * 40)

    found = document(
        started(planned("canary")),
        begin("canary"),
        RolloutStarted("canary", "production", release, None, NOW),
    )

    assert found["stages"][0]["rollout"]["release"] == "v2"


def test_what_was_asked_at_an_entry_gate_and_who_let_it_in_is_in_its_stage() -> None:
    request, policy = Digest.of(b"request"), Digest.of(b"policy")
    asked = ReleaseRequested("canary", "production", request, policy, NOW, NOW)
    eve = CountedApproval(Digest.of(b"signed"), "eve", "SHA256:e")
    entered = EnvironmentEntered(
        *("canary", "production", policy, "refs/heads/main", "c" * 40, (), (eve,)),
        override=True,
        size=3,
        request=request,
    )

    found = document(started(planned("canary")), begin("canary"), asked, entered)

    assert found["stages"][0]["request"] == str(request)
    assert found["stages"][0]["entered"] == {"override": True, "people": ["eve"]}
