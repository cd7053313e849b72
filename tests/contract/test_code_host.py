"""What every code host promises: run on the fake and on GitHub's adapter."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from code_host_worlds import HOUR, PEOPLE, PERMISSIONS, WORLDS, HostWorld
from fakes_code_host import NOW

from sluicegate.model.code_host import (
    Account,
    Annotation,
    CheckConclusion,
    CheckRun,
    CommitStatus,
    DeploymentState,
    StatusState,
)
from sluicegate.ports.code_host import CodeHost, MissingPermissionError

APPROVE = ".github/workflows/approve.yml"
NOBODY = "0" * 40
MARKER = "<!-- sluicegate: shop -->"


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest) -> Iterator[HostWorld]:
    with WORLDS[request.param]() as world:
        yield world


def check_of(commit: str, **changes: object) -> CheckRun:
    annotations = tuple(
        Annotation(f"src/{line}.py", line, line, "warning", f"line {line}", "F401")
        for line in range(1, 3)
    )
    check = CheckRun(
        "sluicegate / lint", commit, "run-1", None, "going on", "*so far*", annotations
    )
    return replace(check, **changes)  # type: ignore[arg-type]


def test_the_repository_is_known_by_a_number_that_stays(world: HostWorld) -> None:
    facts = world.host().repository()

    assert facts.number == 7001
    assert facts.name.startswith("acme/")
    assert facts.default_branch == "main"
    assert facts.url == f"https://github.com/{facts.name}"


def test_a_run_says_who_started_what_and_when(world: HostWorld) -> None:
    commit = world.commit({APPROVE: b"on: workflow_dispatch\n"})
    title = "sluice approve " + "a" * 64
    number = world.started(title, path=APPROVE, by="bob", at=NOW)

    run = world.host().run(number)

    assert run is not None
    assert (run.number, run.attempt, run.title) == (number, 1, title)
    assert (run.path, run.event, run.branch) == (APPROVE, "workflow_dispatch", "main")
    assert (run.status, run.conclusion) == ("completed", "success")
    assert run.commit == commit
    assert run.actor == run.again_by == PEOPLE["bob"]
    assert run.created == NOW
    assert run.repository == world.host().repository().number
    assert isinstance(json.loads(run.raw), dict)


def test_a_run_that_was_deleted_is_nothing(world: HostWorld) -> None:
    world.commit({APPROVE: b"on: workflow_dispatch\n"})
    number = world.started("sluice", path=APPROVE, by="bob", at=NOW)
    world.forget(number)

    assert world.host().run(number) is None
    assert list(world.host().reviews(number)) == []


def test_runs_come_newest_first_and_none_from_before(world: HostWorld) -> None:
    world.commit({APPROVE: b"on: workflow_dispatch\n"})
    old, first, second = (
        world.started(str(hours), path=APPROVE, by="ann", at=NOW + hours * HOUR)
        for hours in (-1, 0, 1)
    )
    world.started("other", path=".github/workflows/ci.yml", by="ann", at=NOW)

    found = list(
        world.host().runs(
            "approve.yml", event="workflow_dispatch", branch="main", since=NOW
        )
    )

    assert [run.number for run in found] == [second, first]
    assert old not in {run.number for run in found}


def test_of_a_workflow_that_is_not_there_there_are_no_runs(world: HostWorld) -> None:
    found = world.host().runs("no.yml", event="push", branch="main", since=NOW)

    assert list(found) == []


def test_all_pages_of_runs_are_read(world: HostWorld) -> None:
    world.commit({APPROVE: b"on: workflow_dispatch\n"})
    every = [
        world.started(str(at), path=APPROVE, by="ann", at=NOW + timedelta(seconds=at))
        for at in range(105)
    ]

    found = world.host().runs(
        "approve.yml", event="workflow_dispatch", branch="main", since=NOW
    )

    assert [run.number for run in found] == every[::-1]


def test_reviews_say_who_let_a_run_where(world: HostWorld) -> None:
    world.commit({APPROVE: b"on: workflow_dispatch\n"})
    number = world.started("sluice", path=APPROVE, by="bob", at=NOW)
    world.reviewed(number, "production", "approved", "ann")

    (review,) = world.host().reviews(number)

    assert review.environments == ("production",)
    assert (review.state, review.account) == ("approved", PEOPLE["ann"])


def test_roles_are_those_of_the_repository(world: HostWorld) -> None:
    host = world.host()

    assert host.role(PEOPLE["ann"]) == "admin"
    assert host.role(PEOPLE["bob"]) == "write"
    assert host.role(Account("nobody-at-all", 999, is_person=True)) == "none"


def test_whoever_had_a_login_before_has_no_role(world: HostWorld) -> None:
    before = replace(PEOPLE["bob"], number=PEOPLE["bob"].number + 1000)

    assert world.host().role(before) == "none"


def test_a_file_is_what_it_was_at_a_commit(world: HostWorld) -> None:
    content = b"on: push\n\xff\x00" * 40
    first = world.commit({APPROVE: content})
    second = world.commit({APPROVE: b""})
    host = world.host()

    assert host.content(APPROVE, first) == content
    assert host.content(APPROVE, second) == b""
    assert host.content("elsewhere", first) is None
    assert host.content("../secrets", first) is None
    assert host.content(".github", first) is None


def test_a_commit_is_an_ancestor_until_history_is_rewritten(world: HostWorld) -> None:
    first = world.commit({"a": b"1"})
    second = world.commit({"a": b"2"})
    host = world.host()
    assert host.is_ancestor(first, "main")
    assert host.is_ancestor(second, "main")
    assert host.is_ancestor(first, second)
    assert not host.is_ancestor(second, first)
    assert not host.is_ancestor(NOBODY, "main")

    world.force(first)

    assert not host.is_ancestor(second, "main")


def test_authors_are_accounts_where_the_host_knows_them(world: HostWorld) -> None:
    known = world.commit({"a": b"1"}, author="bob@example.com")
    unknown = world.commit({"a": b"2"}, author="who@example.org")
    host = world.host()

    assert host.commit_accounts(known).author == PEOPLE["bob"]
    assert host.commit_accounts(known).author_address == "bob@example.com"
    assert host.commit_accounts(unknown).author is None
    assert host.commit_accounts(unknown).author_address == "who@example.org"
    assert host.commit_accounts(NOBODY).author is None


def test_comments_are_as_they_are_now(world: HostWorld) -> None:
    world.commit({"a": b"1"})
    issue = world.issue()
    first, second = (
        world.said(issue, body, "bob") for body in ("one", "two \U0001f980")
    )
    host = world.host()

    assert [each.number for each in host.comments(issue)] == [first, second]
    again = host.comment(second)
    assert again is not None
    assert (again.body, again.account) == ("two \U0001f980", PEOPLE["bob"])
    assert again.created == again.updated
    assert host.comment(4_000_000) is None


def test_a_person_is_told_who_they_are_and_an_app_is_not(world: HostWorld) -> None:
    assert world.host().me() is None
    assert world.host(user="bob").me() == PEOPLE["bob"]


def test_a_check_is_updated_and_not_doubled(world: HostWorld) -> None:
    commit = world.commit({"a": b"1"})
    host = world.host()
    first = host.put_check(check_of(commit))

    again = host.put_check(
        check_of(commit, conclusion=CheckConclusion.SUCCESS, title="done")
    )

    assert first == again
    assert world.counts()["checks"] == 1
    other = host.put_check(check_of(commit, external_id="run-2"))
    assert other != first
    assert world.counts()["checks"] == 2


def test_a_commit_keeps_all_its_statuses_newest_first(world: HostWorld) -> None:
    commit = world.commit({"a": b"1"})
    host = world.host()
    for size in range(3):
        state = StatusState.SUCCESS
        host.set_status(commit, CommitStatus("sluicegate/log", state, f"size {size}"))

    found = list(host.statuses(commit))

    assert [each.description for each in found] == ["size 2", "size 1", "size 0"]
    assert all(each.account == PEOPLE["github-actions[bot]"] for each in found)
    assert list(host.statuses(NOBODY)) == []


def test_our_comment_is_one_and_others_are_left_alone(world: HostWorld) -> None:
    world.commit({"a": b"1"})
    issue = world.issue()
    theirs = world.said(issue, f"{MARKER} look what I can do", "bob")
    host = world.host()

    first = host.put_comment(issue, MARKER, f"{MARKER}\nfirst")
    again = host.put_comment(issue, MARKER, f"{MARKER}\nagain")

    assert first == again
    bodies = [each.body for each in host.comments(issue)]
    assert bodies == [f"{MARKER} look what I can do", f"{MARKER}\nagain"]
    assert host.comment(theirs) is not None


def test_a_person_has_a_comment_of_their_own(world: HostWorld) -> None:
    world.commit({"a": b"1"})
    issue = world.issue()
    world.said(issue, f"{MARKER} a job's", "github-actions[bot]")
    host = world.host(user="bob")

    host.put_comment(issue, MARKER, f"{MARKER}\nmine")
    host.put_comment(issue, MARKER, f"{MARKER}\nmine again")

    bodies = [each.body for each in host.comments(issue)]
    assert bodies == [f"{MARKER} a job's", f"{MARKER}\nmine again"]


def test_a_deployment_is_made_once_and_says_how_it_stands(world: HostWorld) -> None:
    commit = world.commit({"a": b"1"})
    host = world.host()
    payload = {"request": "a" * 64, "digest": "sha256:" + "b" * 64}
    made = host.create_deployment(commit, "production", payload, "waits")
    assert host.create_deployment(commit, "production", payload, "waits") == made
    host.set_deployment_state(
        made.number, DeploymentState.QUEUED, description="waits for approval"
    )
    host.set_deployment_state(
        made.number,
        DeploymentState.IN_PROGRESS,
        description="canary 5%",
        log_url="https://example.com/log",
        environment_url="https://example.com",
    )

    other = host.create_deployment(commit, "production", {"request": "c"}, "next")
    found = list(host.deployments(commit, "production"))

    assert [each.number for each in found] == [other.number, made.number]
    assert [each.state for each in found] == [None, DeploymentState.IN_PROGRESS]
    assert found[1].payload == payload
    assert list(host.deployments(commit, "staging")) == []
    assert world.counts()["deployments"] == 2


def test_a_sarif_document_gets_an_id(world: HostWorld) -> None:
    commit = world.commit({"a": b"1"})
    sarif = json.dumps({"version": "2.1.0", "runs": []}).encode()

    assert world.host().upload_sarif(commit, "refs/heads/main", sarif)
    assert world.counts()["sarifs"] == 1


def _put_all(host: CodeHost, commit: str, issue: int) -> Iterator[tuple[str, object]]:
    status = CommitStatus("sluicegate/log", StatusState.SUCCESS, "size 1")
    yield "checks", lambda: host.put_check(check_of(commit))
    yield "statuses", lambda: host.set_status(commit, status)
    yield "issues", lambda: host.put_comment(issue, MARKER, MARKER)
    yield "deployments", lambda: host.create_deployment(commit, "production", {}, "")
    yield "security-events", lambda: host.upload_sarif(commit, "refs/heads/main", b"{}")
    yield "contents", lambda: host.content("a", commit)
    yield "actions", lambda: host.run(1)


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_a_missing_permission_is_named(world: HostWorld, permission: str) -> None:
    commit = world.commit({"a": b"1"})
    issue = world.issue()
    host = world.host(lacking=permission)
    act = dict(_put_all(host, commit, issue))[permission]
    assert callable(act)

    # Either is enough for a comment on a pull request, and there we comment.
    named = "pull-requests" if permission == "issues" else permission
    with pytest.raises(MissingPermissionError, match=named) as error:
        act()

    assert error.value.permission.startswith(f"{named}: ")
    assert f"permissions: {{{named}: " in str(error.value.hint)
