"""Unit tests of `sluicegate.cli.github`: approving, rolling out, auditing."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest
from fakes_code_host import FACTS, FakeCodeHost
from hosted_place import HostedPlace
from typing_extensions import override

from sluicegate.adapters.keys_ephemeral import GivenKey
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.github.approving import approve
from sluicegate.cli.github.auditing import audit
from sluicegate.cli.github.ended import Ended
from sluicegate.cli.github.rolling import roll_out
from sluicegate.cli.github.step_context import Step
from sluicegate.cli.github.step_log import StepLog
from sluicegate.errors import TransientError, UsageError
from sluicegate.model.code_host import WorkflowRun
from sluicegate.model.digest import Digest
from sluicegate.report.github.reason_codes import ReasonCode
from sluicegate.report.github.shown import Said
from sluicegate.wiring.github.inputs import Inputs, Task
from sluicegate.wiring.github.occasion import Occasion

NUMBER = 31
BY_TWO = "{count: 2, from: [ann, bob, eve], exclude: [], by: [dispatch]}"


class Down(FakeCodeHost):
    """A code host that does not answer."""

    @override
    def runs(
        self, workflow: str, *, event: str, branch: str, since: datetime
    ) -> Iterator[WorkflowRun]:
        raise TransientError("GitHub does not answer")


@dataclass
class World:
    """A place whose release waits, and a step in it."""

    place: HostedPlace
    request: Digest

    def step(self, task: Task, **inputs: object) -> Step:
        machine = self.place.machine
        (file,) = (self.place.home / "config" / "sluicegate" / "keys").iterdir()
        key = GivenKey(file.read_text().strip(), "log-key")
        chosen = Inputs(
            task=task,
            file=self.place.service / "sluicegate.yaml",
            request=self.request.hex if task is Task.APPROVE else "",
        )
        return Step(
            replace(machine, given_key=key),
            replace(chosen, **inputs),  # type: ignore[arg-type]
            Occasion("workflow_dispatch", FACTS.name, run=NUMBER),
            StepLog(io.StringIO(), lambda: "token"),
            self.place.host,
        )


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> World:
    place = HostedPlace.make(tmp_path_factory.mktemp("hosted"))
    return World(place, place.ask())


@pytest.fixture
def world(template: World, tmp_path: Path) -> World:
    return World(template.place.copy(tmp_path), template.request)


def said(ended: Ended) -> Said:
    (shown,) = ended.shown
    assert isinstance(shown, Said)
    return shown


def what(ended: Ended) -> tuple[str, str, ExitCode]:
    return ended.verdict, ended.reason.value, ended.exit_code


def test_an_approval_that_was_the_last_one_opens_the_way(world: World) -> None:
    world.place.dispatch(world.request)

    ended = approve(world.step(Task.APPROVE))

    assert what(ended) == ("open", "approved", ExitCode.OPEN)
    assert ended.outputs["request-id"] == world.request.hex
    assert int(ended.outputs["log-size"]) == world.place.open_log().head().size
    assert said(ended).head is not None
    assert world.place.host.dispatches == []


def test_a_no_is_recorded_which_is_no_failure_of_the_job(world: World) -> None:
    world.place.dispatch(world.request, decision="reject")

    ended = approve(world.step(Task.APPROVE))

    assert what(ended) == ("closed", "approval-rejected", ExitCode.OPEN)
    assert len(world.place.entries("answer.attested")) == 1


def test_a_run_that_is_no_answer_fails_and_says_why(world: World) -> None:
    world.place.dispatch(world.request, run_attempt=2)

    ended = approve(world.step(Task.APPROVE))

    assert what(ended) == ("closed", "approval-refused", ExitCode.CLOSED)
    assert "does not count" in said(ended).title
    assert world.place.entries("answer.attested") == []


def test_without_a_token_nobody_can_approve_here(world: World) -> None:
    step = replace(world.step(Task.APPROVE), host=None)

    with pytest.raises(UsageError, match="GitHub cannot be asked"):
        approve(step)


def test_a_rollout_with_nothing_to_do_is_green_and_lets_nothing_follow(
    world: World,
) -> None:
    before = world.place.open_log().head().size

    for _ in range(2):
        ended = roll_out(world.step(Task.ROLLOUT))
        assert what(ended) == ("pending", "nothing-to-do", ExitCode.OPEN)

    assert world.place.open_log().head().size == before


def test_what_was_approved_goes_on_once_its_answer_is_in_the_log(world: World) -> None:
    world.place.dispatch(world.request)

    ended = roll_out(world.step(Task.ROLLOUT))

    # It is resumed: the clone lacks the commit of this made-up run.
    assert ended.reason is not ReasonCode.NOTHING_TO_DO
    assert len(world.place.entries("answer.attested")) == 1
    assert "commit" in said(ended).title


def test_what_is_for_another_request_is_left_alone(world: World) -> None:
    world.place.dispatch(world.request)
    ended = roll_out(world.step(Task.ROLLOUT, request="0" * 64))
    assert ended.reason is ReasonCode.NOTHING_TO_DO


def test_an_environment_that_is_none_is_told_from_one_with_nothing_to_do(
    world: World,
) -> None:
    world.place.dispatch(world.request)
    with pytest.raises(UsageError, match="names prod, and there is none") as caught:
        roll_out(world.step(Task.ROLLOUT, environment="prod"))
    assert caught.value.hint == "there are: production"
    assert world.place.entries("rollout.started") == []


def test_github_that_does_not_answer_opens_nothing_and_stops_nothing(
    world: World,
) -> None:
    world.place.dispatch(world.request)
    step = replace(world.step(Task.ROLLOUT), host=Down())

    ended = roll_out(step)

    assert ended.reason is ReasonCode.NOTHING_TO_DO
    assert isinstance(step.log.stream, io.StringIO)
    assert "GitHub does not answer" in step.log.stream.getvalue()
    assert world.place.entries("answer.attested") == []


def test_an_answer_that_is_too_long_is_named_and_stops_nothing(world: World) -> None:
    long = "https://github.com/" + "x" * (1 << 20)
    world.place.dispatch(world.request, number=30, html_url=long)
    world.place.dispatch(world.request, decision="reject", number=31)
    step = world.step(Task.ROLLOUT)

    ended = roll_out(step)

    assert ended.reason is not ReasonCode.NOTHING_TO_DO  # the other one ends the run
    assert isinstance(step.log.stream, io.StringIO)
    shown = step.log.stream.getvalue()
    assert "an answer on GitHub, run/30: it cannot be taken in" in shown
    assert len(world.place.entries("answer.attested")) == 1


def test_an_audit_verifies_the_log_and_names_its_head(world: World) -> None:
    step = replace(world.step(Task.AUDIT), host=None)

    ended = audit(step)

    assert what(ended) == ("open", "audited", ExitCode.OPEN)
    assert said(ended).head == world.place.open_log().head()
    assert any("promise" in line for line in said(ended).lines)


def test_an_audit_of_a_log_that_was_changed_says_tampered(world: World) -> None:
    entries = world.place.service / "kept" / "audit" / "tile" / "entries"
    bundle = max(
        (path for path in entries.rglob("*") if path.is_file()),
        key=lambda path: path.stat().st_mtime_ns,
    )
    bundle.chmod(0o644)
    bundle.write_bytes(bundle.read_bytes().replace(b"canary", b"Canary", 1))

    ended = audit(replace(world.step(Task.AUDIT), host=None))

    assert what(ended) == ("tampered", "tampered", ExitCode.TAMPERED)
    assert "restore the log" in said(ended).hint
