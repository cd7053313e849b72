"""PyGithub finds at the fake GitHub what it finds at GitHub, and asks as described."""

from collections.abc import Callable, Iterator

import pytest
from fake_github import FakeGitHub, serve
from github import Auth, Github, GithubException, UnknownObjectException
from github.Commit import Commit
from github.Repository import Repository
from github_shop import build_shop


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with serve(build_shop()) as running:
        yield running


def shop(github: FakeGitHub, token: str = "ghs_job") -> Repository:  # noqa: S107
    return root(github, token).get_repo("acme/shop")


def root(github: FakeGitHub, token: str = "ghs_job") -> Github:  # noqa: S107
    return Github(
        auth=Auth.Token(token),
        base_url=github.url,
        retry=None,
        seconds_between_requests=0,
        seconds_between_writes=0,
    )


def head(repository: Repository) -> Commit:
    return repository.get_commit(repository.get_branch("main").commit.sha)


CALLS: list[Callable[[Repository], object]] = [
    lambda r: r.default_branch,
    lambda r: list(r.get_branches()),
    lambda r: list(r.get_commits()),
    lambda r: list(r.get_tags()),
    lambda r: r.get_git_ref("heads/main").object.sha,
    lambda r: r.get_contents("a.txt", ref="main"),
    lambda r: r.get_contents(""),
    lambda r: r.compare("main", "main").status,
    lambda r: [run.display_title for run in r.get_workflow("approve.yml").get_runs()],
    lambda r: list(r.get_workflow_runs(event="workflow_dispatch")),
    lambda r: [list(run.jobs()) for run in r.get_workflow_runs()],
    lambda r: list(r.get_artifacts()),
    lambda r: r.get_collaborator_permission("bob"),
    lambda r: [list(p.get_files()) for p in r.get_pulls()],
    lambda r: list(r.get_pull(1).get_commits()),
    lambda r: list(head(r).get_pulls()),
    lambda r: r.get_issue(1).create_comment("hello").edit("other"),
    lambda r: list(r.get_issue(1).get_comments()),
    lambda r: head(r).create_status("success", context="log", description="d"),
    lambda r: head(r).get_combined_status().state,
    lambda r: list(head(r).get_check_runs()),
    lambda r: [e.name for e in r.get_environments()],
    lambda r: r.get_environment("prod").protection_rules,
    lambda r: list(r.get_releases()),
    lambda r: r.get_latest_release().tag_name,
]


@pytest.mark.parametrize("call", CALLS)
def test_what_pygithub_asks_fits_github_s_description(
    github: FakeGitHub, call: Callable[[Repository], object]
) -> None:
    call(shop(github))

    assert github.violations == []


def test_pygithub_takes_a_check_and_a_deployment_through_their_lives(
    github: FakeGitHub,
) -> None:
    repository = shop(github)
    check = repository.create_check_run("sluice", "main", status="in_progress")
    output = {
        "title": "t",
        "summary": "s",
        "annotations": [
            {
                "path": "a.txt",
                "start_line": 1,
                "end_line": 2,
                "annotation_level": "warning",
                "message": "m",
            }
        ],
    }
    check.edit(conclusion="failure", output=output)
    deployment = repository.create_deployment(
        "main", auto_merge=False, required_contexts=[], environment="prod"
    )
    deployment.create_status("in_progress", description="5 %")

    assert [note.message for note in check.get_annotations()] == ["m"]
    assert [status.state for status in deployment.get_statuses()] == ["in_progress"]
    assert list(repository.get_deployments(environment="prod")) == [deployment]
    assert github.violations == []


def test_pygithub_dispatches_a_workflow(github: FakeGitHub) -> None:
    workflow = shop(github).get_workflow("approve.yml")

    assert workflow.create_dispatch("main", {"request": "12"}) is True
    assert github.state.repository.runs[-1].title == "sluice approve 12"
    assert github.violations == []


def test_pygithub_understands_what_is_refused(github: FakeGitHub) -> None:
    with pytest.raises(GithubException, match="not accessible") as refused:
        root(github).get_user().login  # noqa: B018 - fetched when it is read
    assert refused.value.status == 403
    with pytest.raises(UnknownObjectException):
        shop(github).get_branch("gone")
    assert github.violations == []


def test_the_old_address_of_statuses_is_none_that_github_describes(
    github: FakeGitHub,
) -> None:
    with pytest.raises(UnknownObjectException):
        list(head(shop(github)).get_statuses())

    assert len(github.violations) == 1
    assert "/statuses/" in github.violations[0]
