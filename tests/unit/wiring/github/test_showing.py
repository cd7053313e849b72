"""Unit tests of `sluicegate.wiring.github.showing`: every surface, each by itself."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from code_host_worlds import WORLDS, GithubWorld, HostWorld, github_world
from fakes_code_host import FakeCodeHost
from shown_runs import HEAD, closed, pending, rolled_out, rolling_out, unrecorded
from typing_extensions import override

from sluicegate.errors import Interrupted, PermanentError, TransientError
from sluicegate.model.code_host import CheckConclusion, CheckRun, DeploymentState
from sluicegate.model.event import RolloutStarted
from sluicegate.model.finding import Finding, Severity
from sluicegate.report.github.shown import Said, Shown, Unrecorded
from sluicegate.report.github.status import read_status
from sluicegate.tlog.checkpoint import Checkpoint
from sluicegate.wiring.github.occasion import Occasion
from sluicegate.wiring.github.showing import show, show_said

COMMIT, MERGE = "a" * 40, "b" * 40


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest) -> Iterator[HostWorld]:
    with WORLDS[request.param]() as world:
        yield world


def pushed(commit: str = COMMIT, **more: object) -> Occasion:
    occasion = Occasion(
        event="push",
        repository="acme/app",
        commit=commit,
        head_commit=commit,
        ref="refs/heads/main",
        run=77,
    )
    return replace(occasion, **more)  # type: ignore[arg-type]


def proposed(number: int = 1, head: str = COMMIT, **more: object) -> Occasion:
    occasion = pushed(MERGE, event="pull_request", ref=f"refs/pull/{number}/merge")
    return replace(occasion, head_commit=head, pull_request=number, **more)  # type: ignore[arg-type]


def of_commit(shown: Shown, commit: str) -> Shown:
    started = replace(shown.run.started, commit=commit)
    return replace(shown, run=replace(shown.run, started=started))


def of_release(shown: Shown, commit: str, before: str) -> Shown:
    """The rollout of *shown*, as one of these commits."""
    (stage,) = shown.run.stages
    started, *events = stage.rollout
    assert isinstance(started, RolloutStarted)
    assert started.stable is not None
    started = replace(
        started,
        canary=replace(started.canary, commit=commit),
        stable=replace(started.stable, commit=before),
    )
    stage = replace(stage, rollout=(started, *events))
    return replace(shown, run=replace(shown.run, stages=(stage,)))


def test_a_run_is_shown_on_every_surface(world: HostWorld) -> None:
    commit = world.commit({"a.py": b""})
    shown = of_commit(pending(), commit)

    published = show(world.host(), shown, pushed(commit))

    assert published.warnings == ()
    assert world.counts() == {
        "checks": 6,
        "comments": 0,
        "deployments": 1,
        "statuses": 1,
        "sarifs": 1,
    }
    assert "Pending" in published.summary.splitlines()[0]
    assert published.commands[0].name == "notice"


def test_what_is_shown_again_is_updated_and_not_doubled(world: HostWorld) -> None:
    commit = world.commit({"a.py": b""})
    shown = of_commit(pending(), commit)
    host = world.host()

    for _ in range(3):
        assert show(host, shown, pushed(commit)).warnings == ()

    counts = world.counts()
    assert (counts["checks"], counts["deployments"], counts["statuses"]) == (6, 1, 1)


def test_a_pull_request_has_its_checks_on_its_own_commit_and_one_comment(
    world: HostWorld,
) -> None:
    head = world.commit({"a.py": b""})
    issue = world.issue()
    shown = of_commit(closed(), MERGE)
    host = world.host()

    for _ in range(2):
        show(host, shown, proposed(issue, head), comment=True)
    other = replace(shown, folder="services/other")
    show(host, other, proposed(issue, head), comment=True)

    said = [each.body for each in host.comments(issue)]
    assert len(said) == 2
    assert all("Closed at test" in each for each in said)
    assert world.counts()["checks"] == 6
    assert world.counts()["statuses"] == world.counts()["deployments"] == 0


def test_nobody_gets_a_comment_who_did_not_ask_for_one(world: HostWorld) -> None:
    head = world.commit({"a.py": b""})
    issue = world.issue()

    show(world.host(), of_commit(closed(), MERGE), proposed(issue, head))

    assert world.counts()["comments"] == 0


@pytest.mark.parametrize(
    ("permission", "surface"),
    [
        ("checks: write", "check runs"),
        ("statuses: write", "status of the log"),
        ("deployments: write", "deployments"),
        ("security-events: write", "code scanning"),
    ],
)
def test_a_permission_that_is_missing_is_named_and_hides_one_surface_only(
    world: HostWorld, permission: str, surface: str
) -> None:
    commit = world.commit({"a.py": b""})
    lacking = permission.partition(":")[0]
    if isinstance(world, GithubWorld) and lacking in {"statuses", "deployments"}:
        permission = f"{lacking}: read"  # it is looked at first

    published = show(
        world.host(lacking=lacking), of_commit(pending(), commit), pushed(commit)
    )

    (warning,) = published.warnings
    assert f"{lacking}: " in warning
    assert surface in warning
    assert list(world.counts().values()).count(0) == 2  # it, and comments
    assert warning.split(" (")[0].split("lacks ")[1] in published.summary
    assert published.summary.startswith("<h2>⏳ Pending")
    assert [each.value for each in published.commands if each.name == "notice"][1:]


def test_several_permissions_that_are_missing_are_one_notice() -> None:
    host = FakeCodeHost(lacks={"checks: write", "statuses: read"})

    published = show(host, pending(), pushed())

    (warning,) = published.warnings
    assert "statuses: read (status of the log); checks: write (check runs)" in warning
    notices = [each for each in published.commands if each.name == "notice"]
    assert [each.value for each in notices].count(warning) == 1


def test_the_token_of_a_fork_is_not_even_tried() -> None:
    host = FakeCodeHost(fails=PermanentError("never asked"))

    published = show(host, closed(), proposed(is_fork=True), comment=True)

    (warning,) = published.warnings
    assert "fork" in warning
    assert "never asked" not in published.summary
    assert "Closed at test" in published.summary


def test_without_a_token_the_summary_has_it_all() -> None:
    published = show(None, closed(), proposed())

    (warning,) = published.warnings
    assert "no token" in warning
    assert "tests/test_features.py:21" in published.summary


@pytest.mark.parametrize(
    "fault", [TransientError("GitHub is down"), PermanentError("422")]
)
def test_a_host_that_fails_changes_nothing_but_what_it_shows(
    fault: TransientError | PermanentError,
) -> None:
    calm = show(None, closed(), proposed())

    published = show(FakeCodeHost(fails=fault), closed(), proposed(), comment=True)

    assert all(str(fault) in each for each in published.warnings)
    assert len(published.warnings) == 2  # checks, comment
    assert [one for one in published.commands if one.name == "error"] == [
        one for one in calm.commands if one.name == "error"
    ]


class _Defective(FakeCodeHost):
    """A host whose client has a defect."""

    @override
    def put_check(self, check: CheckRun) -> str:
        raise TypeError(f"no {check.name}")


class _Stopping(FakeCodeHost):
    """A host that is asked while somebody stops the process."""

    @override
    def put_check(self, check: CheckRun) -> str:
        raise Interrupted(f"asked to stop at {check.name}")


def test_a_defect_hides_one_surface_only() -> None:
    host = _Defective()

    published = show(host, pending(), pushed())

    assert len(published.warnings) == 1
    assert host.given_statuses
    assert "Pending" in published.summary


def test_who_stops_it_stops_it() -> None:
    with pytest.raises(Interrupted):
        show(_Stopping(), pending(), pushed())


def test_what_was_not_recorded_is_in_no_environment_and_anchors_nothing() -> None:
    host = FakeCodeHost()
    shown = replace(pending(), head=None, unrecorded=Unrecorded.NO_KEY)

    published = show(host, shown, pushed())

    assert not host.made
    assert not host.given_statuses
    assert published.summary.startswith("> [!WARNING]\n> **NOT RECORDED.**")
    assert unrecorded().head is None


def test_a_summary_that_cannot_be_written_is_no_reason_to_fail() -> None:
    shown = pending()
    broken = replace(shown, run=replace(shown.run, stages=(None,)))  # type: ignore[arg-type]

    published = show(None, broken, pushed())

    assert "could not" in published.summary
    assert any("summary" in each for each in published.warnings)


def test_the_deployment_follows_the_rollout_and_retires_the_one_before() -> None:
    host = FakeCodeHost()
    waiting, going, done = pending(), rolling_out(), rolled_out()
    started = done.run.stages[0].rollout[0]
    assert isinstance(started, RolloutStarted)
    release, before = started.canary, started.stable
    assert before is not None
    old = host.create_deployment(
        before.commit, "production", {"sluicegate": "1", "run": "OLD", "stage": "x"}, ""
    )
    host.set_deployment_state(old.number, DeploymentState.SUCCESS, description="live")
    foreign = host.create_deployment(before.commit, "production", {"other": "tool"}, "")
    host.set_deployment_state(
        foreign.number, DeploymentState.SUCCESS, description="live"
    )

    for shown in (waiting, going, done):
        show(host, of_commit(shown, release.commit), pushed(release.commit))

    (made,) = set(host.made) - {old.number, foreign.number}
    states = [each.state for each in host.states[made]]
    assert states == [
        DeploymentState.PENDING,
        DeploymentState.IN_PROGRESS,
        DeploymentState.SUCCESS,
    ]
    assert host.states[made][-1].environment_url == "https://churn.acme.example"
    assert host.states[old.number][-1].state is DeploymentState.INACTIVE
    assert host.states[foreign.number][-1].state is DeploymentState.SUCCESS


def test_the_status_of_the_log_is_set_once_for_each_state_of_it(
    world: HostWorld,
) -> None:
    commit = world.commit({"a.py": b""})
    shown = of_commit(pending(), commit)
    host = world.host()
    larger = Checkpoint(HEAD.origin, HEAD.size + 1, HEAD.root)

    show(host, shown, pushed(commit))
    show(host, shown, pushed(commit))
    show(host, replace(shown, head=larger), pushed(commit))

    said = [read_status(each) for each in host.statuses(commit)]
    assert [each.size for each in said if each] == [HEAD.size + 1, HEAD.size]


def test_a_step_that_audits_anchors_the_log_that_it_has_read() -> None:
    host = FakeCodeHost()
    said = Said("open", "the log is what was written", ("all of it",), "", HEAD)

    published = show_said(host, said, pushed())

    assert len(host.given_statuses[COMMIT]) == 1
    assert published.commands == ()
    assert published.summary.startswith("<h2>✅ Open: the log is what was written</h2>")


def test_a_step_that_fails_says_so_and_anchors_nothing() -> None:
    host = FakeCodeHost()
    said = Said("usage", "no such stage: tset", hint="there are lint and test")

    published = show_said(host, said, pushed())

    (command,) = published.commands
    assert command.name == "error"
    assert "lint and test" in command.value
    assert "Usage" in published.summary
    assert not host.given_statuses


def test_several_runs_of_a_step_fit_into_its_one_summary() -> None:
    found = tuple(
        Finding("F401", Severity.NOTE, "x" * 200, "a.py", line) for line in range(4000)
    )
    shown = replace(pending(), findings={"lint": found})

    written = [show(None, shown, pushed(), of=3).summary for _ in range(3)]

    assert 900_000 < len("\n".join((*written, "")).encode()) <= 1 << 20


def test_checks_say_what_became_of_each_stage() -> None:
    host = FakeCodeHost()

    show(host, closed(), proposed())

    found = {check.name: check.conclusion for check in host.checks.values()}
    assert found == {
        "sluice / lint": CheckConclusion.SUCCESS,
        "sluice / test": CheckConclusion.FAILURE,
        "sluice / build": CheckConclusion.CANCELLED,
    }


def test_findings_are_uploaded_for_the_very_commit_that_was_scanned() -> None:
    host = FakeCodeHost()

    show(host, of_commit(closed(), MERGE), proposed())
    show(host, of_commit(closed(), COMMIT), proposed())  # of a run of long ago

    ((commit, ref, data),) = host.sarifs
    assert (commit, ref) == (MERGE, "refs/pull/1/merge")
    assert len(json.loads(data)["runs"]) == 2


def test_the_real_client_asks_nothing_that_github_does_not_know() -> None:
    with github_world() as world:
        before, commit = world.commit({"a.py": b""}), world.commit({"b.py": b""})
        issue = world.issue()
        host = world.host()
        earlier = of_commit(of_release(rolled_out(), before, before), before)
        assert show(host, earlier, pushed(before)).warnings == ()
        rollouts = (rolling_out(), rolled_out())
        there = [of_release(each, commit, before) for each in rollouts]
        for shown in (pending(), closed(), unrecorded(), *there):
            of = of_commit(shown, commit)
            occasion = replace(pushed(commit), pull_request=issue)
            assert show(host, of, occasion, comment=True).warnings == ()
        (old,) = host.deployments(before, "production")
        new = next(iter(host.deployments(commit, "production")))
        assert old.state is DeploymentState.INACTIVE
        assert new.state is DeploymentState.SUCCESS
