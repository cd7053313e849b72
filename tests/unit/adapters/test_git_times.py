"""Unit tests of `sluicegate.adapters.git_times`, on real repositories."""

import os
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sluicegate.adapters.git_times import GitTimes
from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.errors import PermanentError

AUTHORED = "2020-01-01T00:00:00+0000"


class Repository:
    """A repository whose commits are made at minutes of a day."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(exist_ok=True)
        self.git("init", "-q", "-b", "main")
        for name in ("churn", "shared"):
            (root / name).mkdir()

    def git(self, *arguments: str, minute: int = 0) -> str:
        identity = ("-c", "user.name=T", "-c", "user.email=t@example.org")
        made = f"2026-11-02T00:{minute:02d}:00+0000"
        done = subprocess.run(
            ["git", *identity, *arguments],
            cwd=self.root,
            env={**os.environ, "GIT_COMMITTER_DATE": made, "GIT_AUTHOR_DATE": AUTHORED},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def commit(self, minute: int, *files: str) -> str:
        for name in files or ("churn/a",):
            with (self.root / name).open("a") as file:
                file.write(f"{minute}\n")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", f"at {minute}", minute=minute)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def times(folder: Path) -> GitTimes:
    runner = SubprocessRunner(StopRequest(), os.environ)
    return GitTimes(str(folder / "churn"), runner)


def made(
    repository: Repository,
    commit: str,
    *earlier: str,
    paths: Sequence[str] = (".", "../shared"),
) -> list[int] | None:
    """The minutes at which the commits were made, rising."""
    found = times(repository.root).made(commit, earlier, paths)
    if found is None:
        return None
    begin = datetime(2026, 11, 2, tzinfo=UTC)
    return sorted(round((at - begin).total_seconds() / 60) for at in found)


def test_commits_are_those_since_the_release_before_by_when_they_were_committed(
    repository: Repository,
) -> None:
    first, *_, last = [repository.commit(minute) for minute in (1, 5, 9, 20)]

    assert made(repository, last, first) == [5, 9, 20]


def test_a_first_release_is_its_own_commit_and_not_all_of_history(
    repository: Repository,
) -> None:
    repository.commit(1)

    assert made(repository, repository.commit(5)) == [5]


def test_only_what_touches_the_service_counts(repository: Repository) -> None:
    first = repository.commit(1)
    repository.commit(5, "README")
    repository.commit(9, "shared/a")

    last = repository.commit(11, "README")

    assert made(repository, last, first) == [9]
    assert made(repository, last, first, paths=(".",)) == []


def test_a_commit_counts_when_it_came_first_and_not_after_going_back(
    repository: Repository,
) -> None:
    one, two, three = (repository.commit(minute) for minute in (1, 5, 9))

    assert made(repository, three, one, two) == [9]


def test_merges_are_left_out_and_both_sides_are_in(repository: Repository) -> None:
    first = repository.commit(1)
    repository.git("switch", "-q", "-c", "side")
    repository.commit(5, "shared/b")
    repository.git("switch", "-q", "main")
    repository.commit(7)
    repository.git("merge", "-q", "--no-ff", "-m", "merge", "side", minute=9)

    assert made(repository, repository.git("rev-parse", "HEAD"), first) == [5, 7]


def test_a_commit_that_the_clone_lacks_is_not_known(repository: Repository) -> None:
    here, gone = repository.commit(1), "f" * 40

    assert made(repository, gone, here) is None
    assert made(repository, here, gone) is None
    assert made(repository, repository.commit(5), here, gone) == [5]


@pytest.mark.parametrize("word", ["--help", "HEAD", "main", "A" * 40, ""])
def test_what_is_no_commit_is_not_shown_to_git(
    repository: Repository, word: str
) -> None:
    here = repository.commit(1)

    assert made(repository, word, here) is None
    assert made(repository, here, word) is None


def test_a_shallow_clone_is_known_as_one(
    repository: Repository, tmp_path: Path
) -> None:
    repository.commit(1)
    repository.commit(5)
    copy = tmp_path / "copy"
    subprocess.run(
        ["git", "clone", "-q", "--depth=1", f"file://{repository.root}", str(copy)],
        check=True,
    )

    assert times(copy).is_shallow()
    assert not times(repository.root).is_shallow()


def test_a_folder_outside_of_git_is_an_obstacle(tmp_path: Path) -> None:
    (tmp_path / "churn").mkdir()

    assert times(tmp_path).obstacle() == f"{tmp_path}/churn is not in a Git repository"


def test_paths_outside_of_the_repository_are_a_mistake_in_the_file(
    repository: Repository,
) -> None:
    first = repository.commit(1)
    last = repository.commit(5)

    with pytest.raises(PermanentError) as failed:
        made(repository, last, first, paths=("../../elsewhere",))

    assert failed.value.hint == "mend `paths:` in the pipeline file"
