"""Unit tests of `sluicegate.adapters.git_newest`: the newest commits of a clone."""

import os
from pathlib import Path

import pytest
from cli_project import CliProject

from sluicegate.adapters.git_newest import newest_commits
from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest


@pytest.fixture
def runner() -> SubprocessRunner:
    return SubprocessRunner(StopRequest(), dict(os.environ))


def test_commits_of_every_branch_and_tag_are_there_newest_first(
    tmp_path: Path, runner: SubprocessRunner
) -> None:
    project = CliProject.make(tmp_path, {"a": ""})
    begin = project.git("rev-parse", "HEAD")
    main = project.commit({}, "on main")
    project.git("checkout", "-q", "-b", "topic", begin)
    topic = project.commit({}, "on a branch")
    project.git("checkout", "-q", "--detach", begin)
    tagged = project.commit({}, "under a tag")
    project.git("tag", "v1")
    project.git("checkout", "-q", "main")

    found = newest_commits(str(project.folder), runner, 10)

    assert sorted(found) == sorted((main, topic, tagged, begin))
    assert found[-1] == begin
    assert len(newest_commits(str(project.folder), runner, 2)) == 2


def test_what_is_not_on_a_branch_is_left_out(
    tmp_path: Path, runner: SubprocessRunner
) -> None:
    """A log in a ref of its own has thousands of commits, which say nothing."""
    project = CliProject.make(tmp_path, {"a": ""})
    main = project.git("rev-parse", "HEAD")
    project.git("checkout", "-q", "--detach")
    project.commit({}, "an entry")
    project.git("update-ref", "refs/sluicegate/log", "HEAD")
    project.git("checkout", "-q", "main")

    assert newest_commits(str(project.folder), runner, 10) == [main]


@pytest.mark.parametrize("name", ["sluicegate-audit", "sluicegate-inbox/a/b"])
def test_a_branch_that_holds_a_log_is_left_out_here_and_on_the_remote(
    tmp_path: Path, runner: SubprocessRunner, name: str
) -> None:
    project = CliProject.make(tmp_path, {"a": ""})
    main = project.git("rev-parse", "HEAD")
    project.git("checkout", "-q", "--orphan", name)
    project.commit({}, "an entry")
    project.git("update-ref", f"refs/remotes/origin/{name}", "HEAD")
    project.git("checkout", "-q", "main")

    found = newest_commits(str(project.folder), runner, 10, but=["sluicegate-*"])

    assert found == [main]
    assert len(newest_commits(str(project.folder), runner, 10)) == 2


@pytest.mark.parametrize("is_repository", [True, False])
def test_where_there_is_no_commit_there_is_none(
    tmp_path: Path, runner: SubprocessRunner, *, is_repository: bool
) -> None:
    project = CliProject(tmp_path, tmp_path)
    if is_repository:
        project.git("init", "-q")

    assert list(newest_commits(str(tmp_path), runner, 10)) == []
