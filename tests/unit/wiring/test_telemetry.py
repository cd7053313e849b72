"""Unit tests of `sluicegate.wiring.telemetry` and of what it is made of."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Never

import pytest
from cli_project import CliProject
from fakes import FakeClock
from otlp_receiver import plain, receive, unused_port
from run_events import RUN_ID, begin, end, planned, started
from traced_runs import result, run_finished
from typing_extensions import override

from sluicegate.adapters.telemetry.exporter import Patience
from sluicegate.engine.toolbox import Observer
from sluicegate.model.event import Event
from sluicegate.model.finding import Finding
from sluicegate.model.run import Run
from sluicegate.ports.telemetry import NoTelemetry, Telemetry
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.masking import build_masks
from sluicegate.wiring.project import Project
from sluicegate.wiring.telemetry import RunTelemetry, page_of_run
from sluicegate.wiring.telemetry_guard import Guard

BASE = "OTEL_EXPORTER_OTLP_ENDPOINT"
TEXT = "schema: sluicegate/v1\nname: p_r_v1.0\nstages:\n  lint: {uses: ruff}\n"
STARTED = started(planned("lint"))


@dataclass
class Seen(Observer):
    """Keeps what it was shown."""

    shown: list[object] = field(default_factory=list)

    @override
    def event(self, event: Event) -> None:
        self.shown.append(event)

    @override
    def line(self, stage: str, text: str) -> None:
        self.shown.append((stage, text))

    @override
    def findings(self, stage: str, findings: Sequence[Finding]) -> None:
        self.shown.append((stage, findings))

    @override
    def resumed(self, run: Run) -> None:
        self.shown.append(run)


class BadClock(FakeClock):
    """A bug: whoever asks for the time gets an error that names a secret."""

    @override
    def now(self) -> Never:
        raise ArithmeticError("s3cret")


def telemetry_of(
    root: Path, environ: Mapping[str, str], clock: FakeClock | None = None
) -> RunTelemetry:
    project = CliProject.make(root, {"sluicegate.yaml": TEXT})
    machine = Machine({"HOME": str(project.home), **environ}, given_key=None)
    opened = Project(machine, project.folder / "sluicegate.yaml")
    masks = build_masks(machine, opened.pipeline)
    return RunTelemetry(opened, clock or FakeClock(), masks)


def begin_run(told: RunTelemetry, seen: Seen) -> tuple[Observer, Telemetry]:
    return told.of(RUN_ID, STARTED, None, seen)


def test_without_a_variable_nothing_is_in_between(tmp_path: Path) -> None:
    told, seen = telemetry_of(tmp_path, {}), Seen()

    observer, telemetry = begin_run(told, seen)

    assert observer is seen
    assert isinstance(telemetry, NoTelemetry)
    assert told.finish() == ()
    assert told.document() is None


def test_switched_off_nothing_is_in_between(tmp_path: Path) -> None:
    off = {BASE: "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "true"}
    told, seen = telemetry_of(tmp_path, off), Seen()

    observer, _ = begin_run(told, seen)

    assert observer is seen
    assert list(told.finish()) == []
    assert told.document() is None


def carry_out(told: RunTelemetry, seen: Seen) -> None:
    observer, telemetry = begin_run(told, seen)
    observer.event(STARTED)
    observer.event(begin("lint"))
    telemetry.began("lint", 1, "ruff")
    telemetry.ended("lint", 1, "ruff", result())
    observer.line("lint", "a line")
    observer.findings("lint", ())
    observer.event(end("lint"))
    observer.event(run_finished())


def test_everything_is_passed_on_and_told(tmp_path: Path) -> None:
    seen = Seen()
    with receive() as received:
        told = telemetry_of(tmp_path, {BASE: received.address})
        carry_out(told, seen)
        lines = told.finish()

    assert list(lines) == []
    assert len(seen.shown) == 6
    names = [span.name for span in received.spans()]
    assert names == ["ruff", "lint", "RUN p_r_v1.0"]
    document = told.document()
    assert document is not None
    assert document["delivered"] == {"traces": 3, "metrics": 5, "logs": 4}


def test_only_what_is_asked_for_is_told(tmp_path: Path) -> None:
    with receive() as received:
        only = {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": f"{received.address}/logs"}
        told = telemetry_of(tmp_path, only)
        _, telemetry = begin_run(told, Seen())
        passed = telemetry.began("lint", 1, "ruff")
        carry_out(told, Seen())
        told.finish()

    assert set(received.bodies) == {"/logs"}
    assert passed == {}  # no span of ours is anywhere


def test_a_run_that_is_gone_on_with_by_the_same_process_is_one_more_share(
    tmp_path: Path,
) -> None:
    with receive() as received:
        told = telemetry_of(tmp_path, {BASE: received.address})
        carry_out(told, Seen())
        observer, _ = told.of(
            RUN_ID, STARTED, Run(RUN_ID, STARTED, (), events=4), Seen()
        )
        observer.event(run_finished())
        told.finish()

    assert len({span.span_id for span in received.spans()}) == 3  # it had not begun


def test_a_loss_is_one_line_that_says_what_and_why(tmp_path: Path) -> None:
    port = unused_port()
    told = telemetry_of(tmp_path, {BASE: f"http://127.0.0.1:{port}/s3cret"})
    carry_out(told, Seen())

    (line,) = told.finish()

    assert line == (
        "telemetry: 3 spans, 5 metrics and 4 log records not delivered to"
        f" http://127.0.0.1:{port}: nobody listens there"
    )


def test_a_bug_of_ours_reaches_no_run_and_is_said_without_its_text(
    tmp_path: Path,
) -> None:
    seen = Seen()
    with receive() as received:
        told = telemetry_of(tmp_path, {BASE: received.address}, BadClock())
        carry_out(told, seen)
        (line,) = told.finish()

    assert len([each for each in seen.shown if not isinstance(each, tuple)]) == 4
    assert line == "telemetry: given up: it failed (ArithmeticError)"
    assert received.bodies == {}


def test_what_is_spent_in_the_threads_of_a_run_counts() -> None:
    seconds = 0.0

    def spend() -> str:
        nonlocal seconds
        seconds += 1.0
        return "done"

    guard = Guard(Patience(1.5, lambda: seconds))

    assert [guard.attempt(spend, "given up") for _ in range(4)] == [
        "done",
        "done",
        "given up",
        "given up",
    ]
    assert "took more than" in guard.fault
    assert guard.spent_seconds == 2.0


def test_after_a_failure_nothing_more_is_tried_but_the_last_thing() -> None:
    guard, tried = Guard(), list[str]()

    def fail() -> None:
        tried.append("fail")
        raise ValueError("s3cret")

    guard.attempt(fail, None)
    guard.attempt(fail, None)
    left = guard.at_last(lambda seconds: seconds, -1.0)

    assert tried == ["fail"]
    assert guard.fault == "it failed (ValueError)"
    assert 0 < left <= 2


def test_one_thing_is_tried_at_a_time() -> None:
    guard, inside, most = Guard(), 0, 0
    together = threading.Barrier(4)

    def enter() -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        threading.Event().wait(0.001)  # a moment for another one to come in
        inside -= 1

    def attempt() -> None:
        together.wait(60)
        for _ in range(20):
            guard.attempt(enter, None)

    threads = [threading.Thread(target=attempt) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == 1


GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/churn",
    "GITHUB_RUN_ID": "7",
}


@pytest.mark.parametrize(
    ("changed", "page"),
    [
        ({}, "https://github.com/acme/churn/actions/runs/7"),
        ({"GITHUB_ACTIONS": ""}, None),
        ({"GITHUB_RUN_ID": "7/../.."}, None),
        ({"GITHUB_REPOSITORY": "churn"}, None),
        ({"GITHUB_SERVER_URL": "javascript:alert(1)"}, None),
    ],
)
def test_a_workflow_has_a_page_and_nobody_else(
    changed: dict[str, str], page: str | None
) -> None:
    assert page_of_run({**GITHUB, **changed}) == page


def test_the_page_is_told_of_the_run_and_of_its_stages(tmp_path: Path) -> None:
    with receive() as received:
        told = telemetry_of(tmp_path, {BASE: received.address, **GITHUB})
        carry_out(told, Seen())
        told.finish()

    said = plain(received.span("lint").attributes)
    assert said["cicd.pipeline.task.run.url.full"].endswith("/actions/runs/7")


def test_a_run_is_told_under_its_own_name_whatever_the_file_says_now(
    tmp_path: Path,
) -> None:
    other = replace(STARTED, pipeline="p_r_v0.9")
    with receive() as received:
        told = telemetry_of(tmp_path, {BASE: received.address})
        observer, _ = told.of(RUN_ID, other, None, Seen())
        observer.event(other)
        observer.event(run_finished())
        told.finish()

    assert [span.name for span in received.spans()] == ["RUN p_r_v0.9"]
