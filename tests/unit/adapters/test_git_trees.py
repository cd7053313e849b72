"""Unit tests of `sluicegate.adapters.git_trees`, on a real repository."""

import os
import subprocess
from pathlib import Path

import pytest

from sluicegate.adapters.git_trees import check_out
from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.errors import PermanentError, TransientError


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.org")
    done = subprocess.run(
        ["git", *identity, *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "a.py").write_text("a = 1\n")
    git(folder, "add", "a.py")
    git(folder, "commit", "-q", "-m", "one")
    return folder


@pytest.fixture
def runner() -> SubprocessRunner:
    return SubprocessRunner(StopRequest(), os.environ)


def test_a_tree_is_there_for_a_while(
    repository: Path, tmp_path: Path, runner: SubprocessRunner
) -> None:
    commit, place = git(repository, "rev-parse", "HEAD"), tmp_path / "trees" / "one"
    (repository / "a.py").write_text("a = 2\n")

    for _ in range(2):
        with check_out(str(repository), commit, place, runner) as tree:
            assert (tree / "a.py").read_text() == "a = 1\n"
            assert not git(tree, "branch", "--show-current")

        assert not place.exists()
        assert len(git(repository, "worktree", "list").splitlines()) == 1


def test_a_second_process_does_not_take_the_tree_away(
    repository: Path, tmp_path: Path, runner: SubprocessRunner
) -> None:
    commit, place = git(repository, "rev-parse", "HEAD"), tmp_path / "trees" / "one"

    with check_out(str(repository), commit, place, runner) as tree:
        second = check_out(str(repository), commit, place, runner)
        with pytest.raises(TransientError, match="another process"), second:
            pass

        assert (tree / "a.py").is_file()


def test_what_a_killed_process_left_is_replaced(
    repository: Path, tmp_path: Path, runner: SubprocessRunner
) -> None:
    commit, place = git(repository, "rev-parse", "HEAD"), tmp_path / "trees" / "one"
    git(repository, "worktree", "add", "--quiet", "--detach", str(place), commit)
    (place / "a.py").write_text("a = 3\n")

    with check_out(str(repository), commit, place, runner) as tree:
        assert (tree / "a.py").read_text() == "a = 1\n"


def test_a_commit_that_the_clone_lacks_is_told_with_what_brings_it(
    repository: Path, tmp_path: Path, runner: SubprocessRunner
) -> None:
    missing = check_out(str(repository), "0" * 40, tmp_path / "trees" / "one", runner)

    with pytest.raises(PermanentError, match="does not have commit 0000") as caught:
        missing.__enter__()

    assert "git fetch origin" in str(caught.value.hint)
