import os
import subprocess
from pathlib import Path

import pytest

from sluicegate.adapters.git_protected import GitProtectedBranch
from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.errors import UsageError

FILE = ".github/allowed_signers"


class Clone:
    """A repository; with *origin*, a clone of it."""

    def __init__(self, folder: Path, origin: Path | None = None) -> None:
        self.folder = folder
        if origin is None:
            folder.mkdir()
            self.git("init", "-q", "-b", "main")
        else:
            subprocess.run(["git", "clone", "-q", origin, folder], check=True)
        self.environ = {
            **os.environ,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
        }

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=T", "-c", "user.email=t@example.org")
        done = subprocess.run(
            ["git", *identity, *arguments],
            cwd=self.folder,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def commit(self, text: str, name: str = FILE) -> str:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "x")
        return self.git("rev-parse", "HEAD")

    def branch(self, folder: str = ".") -> GitProtectedBranch:
        runner = SubprocessRunner(StopRequest(), self.environ)
        return GitProtectedBranch(str(self.folder / folder), runner)

    def read(self, path: str = FILE) -> bytes | None:
        branch = self.branch()
        return branch.read(branch.tip(), path, 100)


@pytest.fixture
def origin(tmp_path: Path) -> Clone:
    clone = Clone(tmp_path / "origin")
    clone.commit("protected")
    return clone


@pytest.fixture
def clone(origin: Clone, tmp_path: Path) -> Clone:
    return Clone(tmp_path / "clone", origin.folder)


def test_what_counts_is_the_branch_that_the_remote_has_last_shown(
    origin: Clone, clone: Clone
) -> None:
    tip = clone.branch().tip()

    assert tip.branch == "refs/remotes/origin/main"
    assert tip.commit == origin.git("rev-parse", "HEAD")
    assert clone.read() == b"protected"


def test_neither_work_tree_nor_commit_nor_branch_here_has_a_say(clone: Clone) -> None:
    clone.commit("released")
    (clone.folder / FILE).write_text("work tree")
    assert clone.read() == b"protected"

    clone.git("checkout", "-q", "-b", "release")
    clone.git("tag", "refs/remotes/origin/main")
    clone.git("branch", "origin/main")
    clone.git("config", "init.defaultBranch", "release")
    good = clone.git("rev-parse", "refs/remotes/origin/main")
    clone.git("replace", good, "release")

    assert clone.git("show", f"{good}:{FILE}") == "released", "it is replaced for Git"
    assert clone.read() == b"protected"


def test_a_default_branch_of_any_name_is_followed(
    origin: Clone, tmp_path: Path
) -> None:
    origin.git("checkout", "-q", "-b", "trunk")
    origin.commit("trunk")
    clone = Clone(tmp_path / "clone", origin.folder)

    assert clone.branch().tip().branch == "refs/remotes/origin/trunk"
    assert clone.read() == b"trunk"


def test_a_remote_that_does_not_name_its_branch_may_have_only_one_usual(
    clone: Clone,
) -> None:
    clone.git("remote", "set-head", "origin", "--delete")
    assert clone.read() == b"protected"

    clone.git("update-ref", "refs/remotes/origin/master", "HEAD")
    with pytest.raises(UsageError, match="which branch of origin") as error:
        clone.read()
    assert error.value.hint is not None
    assert "git remote set-head origin --auto" in error.value.hint

    clone.git("update-ref", "-d", "refs/remotes/origin/master")
    clone.git("update-ref", "-d", "refs/remotes/origin/main")
    assert clone.git("rev-parse", "main"), "a branch here of that name does not count"
    with pytest.raises(UsageError, match="which branch of origin"):
        clone.read()


def test_a_tag_that_is_called_like_the_branch_of_a_remote_is_none(
    clone: Clone,
) -> None:
    clone.git("remote", "set-head", "origin", "--delete")
    clone.git("checkout", "-q", "-b", "mine")
    clone.commit("mine")
    clone.git("tag", "refs/remotes/origin/master")
    assert clone.read() == b"protected", "there is but one"

    clone.git("update-ref", "-d", "refs/remotes/origin/main")
    with pytest.raises(UsageError, match="which branch of origin"):
        clone.read()


def test_what_a_file_was_on_the_branch_is_not_what_it_was_on_merged_ones(
    origin: Clone,
) -> None:
    first = origin.git("rev-parse", "HEAD")
    origin.git("checkout", "-q", "-b", "feature")
    never = origin.commit("on no day the rules")
    origin.commit("merged")
    origin.git("checkout", "-q", "main")
    origin.commit("something else", "README")
    origin.git("merge", "-q", "--no-ff", "-m", "merge", "feature")
    merge = origin.git("rev-parse", "HEAD")

    branch = origin.branch(".github")
    found = branch.changes(branch.tip(), FILE)

    assert [each.commit for each in found] == [merge, first]
    assert never not in {each.commit for each in found}
    assert [branch.read(each, FILE, 100) for each in found] == [b"merged", b"protected"]


def test_a_graft_does_not_change_what_the_branch_has_been(origin: Clone) -> None:
    first = origin.git("rev-parse", "HEAD")
    last = origin.commit("now")
    weak = origin.git("commit-tree", "-m", "never merged", f"{first}^{{tree}}")
    (origin.folder / ".git/info/grafts").write_text(f"{last} {weak}\n")

    branch = origin.branch()
    found = branch.changes(branch.tip(), FILE)

    assert [each.commit for each in found] == [last, first]


def test_without_a_remote_it_is_the_default_branch_here(origin: Clone) -> None:
    origin.git("checkout", "-q", "-b", "release")
    origin.commit("released")
    assert origin.branch().tip().branch == "refs/heads/main"
    assert origin.read() == b"protected"

    origin.git("branch", "master")
    with pytest.raises(UsageError, match="which branch is the protected one"):
        origin.read()

    origin.git("config", "init.defaultBranch", "release")
    assert origin.read() == b"released"


def test_only_files_of_a_bounded_size_are_read(origin: Clone) -> None:
    origin.commit("x" * 101, "large")
    (origin.folder / "link").symlink_to(FILE)
    origin.commit("y", "folder/inside")

    assert origin.read("folder/inside") == b"y"
    assert origin.read("nothing") is None
    assert origin.read("*") is None
    with pytest.raises(UsageError, match="large at refs/heads/main has more than 100"):
        origin.read("large")
    for name in ("link", "folder"):
        with pytest.raises(
            UsageError, match=f"{name} at refs/heads/main is not a file"
        ):
            origin.read(name)
