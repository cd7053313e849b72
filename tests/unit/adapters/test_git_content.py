"""The digest of a work tree's content, by real repositories."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from sluicegate.adapters.git import GitRepository
from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.errors import PermanentError

ALL = (":(top)",)


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=n", "-c", "user.email=e@example.com")
    subprocess.run(
        ["git", *who, *arguments], cwd=folder, check=True, capture_output=True
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    (tmp_path / "service" / "data").mkdir(parents=True)
    (tmp_path / "service" / "app.py").write_text("print()\n")
    (tmp_path / "service" / "data" / "a.csv").write_text("1\n")
    (tmp_path / "setup.cfg").write_text("[x]\n")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "b.py").write_text("\n")
    (tmp_path / ".gitignore").write_text("*.bin\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message=one")
    return tmp_path


def repository(folder: Path) -> GitRepository:
    runner = SubprocessRunner(StopRequest(), dict(os.environ))
    return GitRepository(str(folder / "service"), runner)


def change_content(folder: Path) -> None:
    (folder / "service" / "app.py").write_text("print(1)\n")


def change_mode(folder: Path) -> None:
    (folder / "service" / "app.py").chmod(0o755)


def change_name(folder: Path) -> None:
    (folder / "service" / "app.py").rename(folder / "service" / "main.py")


def remove(folder: Path) -> None:
    (folder / "service" / "app.py").unlink()


def add(folder: Path) -> None:
    (folder / "service" / "new.py").write_text("")


def make_link(folder: Path) -> None:
    (folder / "service" / "app.py").unlink()
    (folder / "service" / "app.py").symlink_to("../setup.cfg")


CHANGES = [change_content, change_mode, change_name, remove, add, make_link]


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_of_a_file_is_another_content_committed_or_not(
    folder: Path, change: Callable[[Path], None]
) -> None:
    before = repository(folder).content(ALL)
    change(folder)
    loose = repository(folder).content(ALL)
    git(folder, "add", "--all")
    staged = repository(folder).content(ALL)
    git(folder, "commit", "--quiet", "--message=two")

    assert before != loose
    assert loose == staged == repository(folder).content(ALL)


def test_another_commit_of_the_same_files_is_the_same_content(folder: Path) -> None:
    before = repository(folder).content(ALL)
    git(folder, "commit", "--quiet", "--allow-empty", "--message=nothing")
    (folder / "service" / "app.py").touch()

    assert repository(folder).content(ALL) == before


def test_what_git_ignores_counts_only_where_it_is_declared(folder: Path) -> None:
    declared = ("*.bin", "data/")
    (folder / "service" / "model.bin").write_bytes(b"1")
    whole = repository(folder).content((".",))
    named = repository(folder).content(declared, declared=True)
    (folder / "service" / "model.bin").write_bytes(b"2")

    assert repository(folder).content((".",)) == whole
    assert repository(folder).content(declared, declared=True) != named


@pytest.mark.parametrize("path", ["data", "data/", "data/*.csv", "**/*.csv", "*.py"])
def test_a_declared_path_is_a_file_a_folder_or_a_glob(folder: Path, path: str) -> None:
    before = repository(folder).content((path,), declared=True)
    (folder / "other" / "b.py").write_text("changed")
    (folder / "service" / "data" / "b.txt").write_text("new")
    folders = path.startswith("data") and "*" not in path

    assert (repository(folder).content((path,), declared=True) != before) is folders


def test_a_declared_path_that_names_nothing_is_a_slip(folder: Path) -> None:
    with pytest.raises(PermanentError, match="matches no file") as refused:
        repository(folder).content(("data", "dta/*.csv"), declared=True)

    assert "dta" in str(refused.value)


def test_names_with_any_characters_are_told_apart(folder: Path) -> None:
    before = repository(folder).content(ALL)
    for name in ("a\nb", "\xe4\t", "quote'\"", " "):
        (folder / "service" / name).write_text("x")
        after = repository(folder).content(ALL)
        assert after != before
        before = after


def test_an_unfinished_merge_has_no_content(folder: Path) -> None:
    git(folder, "checkout", "--quiet", "-b", "side")
    change_content(folder)
    git(folder, "commit", "--quiet", "--all", "--message=side")
    git(folder, "checkout", "--quiet", "main")
    (folder / "service" / "app.py").write_text("print(2)\n")
    git(folder, "commit", "--quiet", "--all", "--message=main")
    with pytest.raises(subprocess.CalledProcessError):
        git(folder, "merge", "side")

    with pytest.raises(PermanentError, match="middle of a merge"):
        repository(folder).content(ALL)
