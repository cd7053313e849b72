"""Unit tests of `sluicegate.adapters.git`, on real repositories."""

import os
import subprocess
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.adapters.git import GitRepository, parse_status
from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.errors import PermanentError, UsageError
from sluicegate.model.source import Source


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
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "a.py").write_text("a = 1\n")
    git(tmp_path, "add", "a.py")
    git(tmp_path, "commit", "-q", "-m", "one")
    return tmp_path


def read(folder: Path) -> Source:
    runner = SubprocessRunner(StopRequest(), os.environ)
    return GitRepository(str(folder), runner).source()


def test_a_clean_commit_is_read_whole(repository: Path) -> None:
    source = read(repository)

    assert source.commit == git(repository, "rev-parse", "HEAD")
    assert (source.branch, source.tag, source.dirty) == ("main", None, ())
    assert source.release == source.commit[:12]


def test_a_tagged_commit_is_named_by_its_newest_tag(repository: Path) -> None:
    for tag in ("v1.9", "v1.10"):
        git(repository, "tag", tag)

    assert read(repository).release == "v1.10"


def test_a_detached_head_has_no_branch(repository: Path) -> None:
    git(repository, "checkout", "-q", "--detach")

    assert read(repository).branch is None


def test_files_of_our_own_are_no_change_before_git_ignores_them() -> None:
    head = "# branch.oid 0123\0# branch.head main\0"
    known = "1 .M N... 100644 100644 100644 0 0 .sluicegate/known\0"

    tree = parse_status(
        f"{head}? .sluicegate/.gitignore\0? a/.sluicegate/x/y\0? .sluicegate\0{known}"
    )

    assert tree is not None
    assert tree.dirty == (".sluicegate", ".sluicegate/known")


def test_changed_untracked_and_renamed_files_are_dirty(repository: Path) -> None:
    git(repository, "mv", "a.py", "b.py")
    (repository / "new file.txt").write_text("x")
    (repository / "ignored").write_text("x")
    (repository / ".gitignore").write_text("ignored\n")

    assert read(repository).dirty == (".gitignore", "b.py", "new file.txt")


def test_files_outside_the_folder_make_it_dirty_too(repository: Path) -> None:
    (repository / "service").mkdir()
    (repository / "other.txt").write_text("x")

    assert read(repository / "service").dirty == ("other.txt",)


def test_credentials_in_the_remote_are_left_out(repository: Path) -> None:
    url = "https://user:hunter2@git.example.org/acme/churn.git"
    git(repository, "remote", "add", "origin", url)

    assert read(repository).remote == "https://git.example.org/acme/churn.git"


def test_a_person_in_an_scp_like_remote_is_left_out(repository: Path) -> None:
    git(repository, "remote", "add", "origin", "jane@example.org:acme/churn.git")

    assert read(repository).remote == "example.org:acme/churn.git"


def test_an_scp_like_remote_stays_as_it_is(repository: Path) -> None:
    git(repository, "remote", "add", "origin", "git@example.org:acme/churn.git")

    assert read(repository).remote == "git@example.org:acme/churn.git"


def test_an_address_that_cannot_be_read_is_left_out(repository: Path) -> None:
    git(repository, "config", "remote.origin.url", "http://user:hunter2@[::1")

    assert read(repository).remote is None


@given(st.text() | st.lists(st.sampled_from(["1", "2", "u", "?", "#", " ", "\0", "a"]))
       .map("".join))  # fmt: skip
def test_no_output_of_git_raises_anything_but_our_error(output: str) -> None:
    with suppress(PermanentError):
        parse_status(output)


def test_a_folder_without_repository_is_the_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not in a Git repository") as caught:
        read(tmp_path)

    assert caught.value.hint
    assert "git init" in caught.value.hint


def test_a_repository_without_commit_is_the_users_mistake(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")

    with pytest.raises(UsageError, match="no commit yet"):
        read(tmp_path)


def test_a_commit_knows_its_time(repository: Path) -> None:
    seconds = git(repository, "show", "-s", "--format=%ct", "HEAD")

    assert read(repository).commit_time == datetime.fromtimestamp(int(seconds), UTC)


@pytest.mark.parametrize("option", ["--assume-unchanged", "--skip-worktree"])
def test_a_changed_file_that_git_was_told_not_to_look_at_is_dirty(
    repository: Path, option: str
) -> None:
    git(repository, "update-index", option, "a.py")
    assert read(repository).dirty == ()

    (repository / "a.py").write_text("something else\n")

    assert read(repository).dirty == ("a.py",)


def test_a_file_left_out_by_a_sparse_checkout_is_no_change(repository: Path) -> None:
    git(repository, "update-index", "--skip-worktree", "a.py")
    (repository / "a.py").unlink()

    assert read(repository).dirty == ()
