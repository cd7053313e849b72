"""Unit tests of `sluicegate.adapters.git_history`, on real repositories."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from sluicegate.adapters.git_history import GitHistory
from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.errors import PermanentError
from sluicegate.model.release_notes import NoNotes, ReleaseNotes


class Repository:
    """A repository with two services and something they share."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(exist_ok=True)
        self.git("init", "-q", "-b", "main")
        for name in ("churn", "fraud", "shared"):
            (root / name).mkdir()
        self.first = self.commit("begin", "churn/a", "fraud/a", "shared/a")

    def git(self, *arguments: str, author: str = "T") -> str:
        identity = ("-c", f"user.name={author}", "-c", "user.email=t@example.org")
        done = subprocess.run(
            ["git", *identity, *arguments],
            cwd=self.root,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def commit(self, message: str, *files: str, author: str = "T") -> str:
        for name in files:
            with (self.root / name).open("a") as file:
                file.write(f"{message}\n")
        self.git("add", "-A", author=author)
        self.git("commit", "-q", "--allow-empty", "-m", message, author=author)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def ask(
    folder: Path, old: str, new: str, paths: Sequence[str] = (".",), limit: int = 50
) -> ReleaseNotes | NoNotes:
    runner = SubprocessRunner(StopRequest(), os.environ)
    return GitHistory(str(folder), runner).notes(old, new, paths, limit=limit)


def notes(
    folder: Path, old: str, new: str, paths: Sequence[str] = (".",), limit: int = 50
) -> ReleaseNotes:
    found = ask(folder, old, new, paths, limit)
    assert isinstance(found, ReleaseNotes), found
    return found


def subjects(folder: Path, old: str, new: str, *paths: str) -> list[str]:
    found = notes(folder, old, new, paths or (".",))
    assert found.added_count == len(found.added)
    return [change.subject for change in found.added]


def test_commits_are_told_newest_first_with_their_authors(
    repository: Repository,
) -> None:
    one = repository.commit("Mend it\n\nAt length.", "churn/a", author="Åsa Öberg")
    two = repository.commit("Tune it: 🚀", "churn/a")

    found = notes(repository.root, repository.first, two)

    assert [(c.commit, c.author, c.subject) for c in found.added] == [
        (two, "T", "Tune it: 🚀"),
        (one, "Åsa Öberg", "Mend it"),
    ]
    assert (found.added_count, found.dropped, found.shallow) == (2, (), False)


def test_a_service_is_told_of_its_folder_and_its_declared_paths(
    repository: Repository,
) -> None:
    repository.commit("churn", "churn/a")
    repository.commit("fraud", "fraud/a")
    repository.commit("shared", "shared/a")
    repository.commit("shared text", "shared/a.md")
    last = repository.commit("nothing")
    churn = repository.root / "churn"

    def told(*paths: str) -> list[str]:
        return subjects(churn, repository.first, last, *paths)

    assert told(".") == ["churn"]
    assert told(".", "../shared") == ["shared text", "shared", "churn"]
    assert told(".", "../shared/*.md") == ["shared text", "churn"]
    assert told(".", "../**/a") == ["shared", "fraud", "churn"]


def test_a_file_that_is_gone_still_tells_who_removed_it(repository: Repository) -> None:
    repository.git("rm", "-q", "churn/a")
    last = repository.commit("remove it")

    assert subjects(repository.root, repository.first, last, "churn") == ["remove it"]


def test_both_sides_of_a_merge_are_told_and_not_the_merge(
    repository: Repository,
) -> None:
    repository.git("checkout", "-q", "-b", "side")
    repository.commit("on the side", "churn/b")
    repository.commit("took back", "churn/c")
    repository.git("rm", "-q", "churn/c")
    repository.commit("what was taken back")
    repository.git("checkout", "-q", "main")
    repository.commit("on main", "churn/a")
    repository.git("merge", "-q", "--no-ff", "-m", "merge side", "side")
    last = repository.git("rev-parse", "HEAD")

    told = subjects(repository.root / "churn", repository.first, last)

    assert sorted(told) == [
        "on main",
        "on the side",
        "took back",
        "what was taken back",
    ]


def test_a_release_that_goes_back_says_what_it_leaves_behind(
    repository: Repository,
) -> None:
    newer = repository.commit("newer", "churn/a")

    found = notes(repository.root, newer, repository.first)

    assert (found.added, found.added_count, found.dropped_count) == ((), 0, 1)
    assert [change.subject for change in found.dropped] == ["newer"]


def test_the_same_commit_changes_nothing(repository: Repository) -> None:
    assert notes(repository.root, repository.first, repository.first) == ReleaseNotes(
        (), 0, (), 0
    )


def test_no_more_than_asked_for_is_told_and_all_are_counted(
    repository: Repository,
) -> None:
    *_, last = [repository.commit(f"change {n}", "churn/a") for n in range(5)]

    found = notes(repository.root, repository.first, last, limit=2)

    assert [change.subject for change in found.added] == ["change 4", "change 3"]
    assert found.added_count == 5


def test_a_shallow_clone_says_how_to_get_the_rest(repository: Repository) -> None:
    *_, last = [repository.commit(f"change {n}", "churn/a") for n in range(3)]
    clone = repository.root.parent / "clone"
    address = f"file://{repository.root}"
    repository.git("clone", "-q", "--depth", "2", address, str(clone))

    found = ask(clone, repository.first, last)

    assert found == NoNotes(
        f"this clone does not have {repository.first[:12]}",
        "get the history with `git fetch --unshallow --tags`, and look again",
    )
    before = repository.git("rev-parse", "HEAD~1")
    assert notes(clone, before, last).shallow
    assert subjects(clone, before, last) == ["change 2"]
    subprocess.run(["git", "fetch", "-q", "--unshallow"], cwd=clone, check=True)
    assert subjects(clone, repository.first, last) == [
        "change 2",
        "change 1",
        "change 0",
    ]


def test_a_commit_of_elsewhere_says_to_fetch_it(repository: Repository) -> None:
    found = ask(repository.root, "b" * 40, repository.first)

    assert found == NoNotes(
        "this clone does not have bbbbbbbbbbbb",
        "get the history with `git fetch --all`, and look again",
    )


@pytest.mark.parametrize("commit", ["HEAD", "--output=/tmp/x", "a" * 39, "", "A" * 40])
def test_what_is_no_commit_is_not_shown_to_git(
    repository: Repository, commit: str
) -> None:
    found = ask(repository.root, commit, repository.first)

    assert found == NoNotes(f"the log names the commit {commit!r}, which is none")


def test_a_folder_without_a_repository_says_so(tmp_path: Path) -> None:
    found = ask(tmp_path, "a" * 40, "b" * 40)

    assert isinstance(found, NoNotes)
    assert "is not in a Git repository" in found.why


def test_a_path_outside_the_repository_is_an_error(repository: Repository) -> None:
    with pytest.raises(PermanentError, match="outside repository") as refused:
        ask(repository.root, repository.first, repository.first, ("..",))

    assert refused.value.hint == "mend `paths:` in the pipeline file"


def test_what_the_user_likes_in_git_changes_nothing(repository: Repository) -> None:
    last = repository.commit("change", "churn/a")
    for name, value in {
        "log.showSignature": "true",
        "color.ui": "always",
        "log.decorate": "full",
        "log.follow": "true",
        "format.pretty": "fuller",
        "i18n.logOutputEncoding": "ISO-8859-1",
    }.items():
        repository.git("config", name, value)

    assert subjects(repository.root, repository.first, last, "churn/a") == ["change"]
