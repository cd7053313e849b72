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


def mark(option: str, folder: Path) -> None:
    git(folder, "update-index", option, "service/app.py")


@pytest.mark.parametrize("option", ["--assume-unchanged", "--skip-worktree"])
def test_a_change_that_git_was_told_not_to_see_is_one(
    folder: Path, option: str
) -> None:
    before = repository(folder).content(ALL)
    mark(option, folder)
    assert repository(folder).content(ALL) == before

    change_content(folder)

    assert repository(folder).content(ALL) != before


def test_what_a_sparse_checkout_leaves_out_is_not_there(folder: Path) -> None:
    before = repository(folder).content(ALL)

    git(folder, "sparse-checkout", "set", "--no-cone", "/*", "!/service/app.py")

    assert not (folder / "service" / "app.py").exists()
    assert repository(folder).content(ALL) != before


def test_a_change_that_a_filter_takes_away_is_one(folder: Path) -> None:
    (folder / ".gitattributes").write_text("*.csv filter=pointer\n")
    git(folder, "config", "filter.pointer.clean", "echo pointer; cat > /dev/null")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=filter")
    before = repository(folder).content(ALL)

    (folder / "service" / "data" / "a.csv").write_text("2\n")

    assert repository(folder).content(ALL) != before


@pytest.mark.parametrize("target", ["other", "other/b.py", "other/x.bin", "nothing"])
@pytest.mark.parametrize("is_declared", [False, True])
def test_what_a_link_leads_to_counts(
    folder: Path, target: str, *, is_declared: bool
) -> None:
    (folder / "other" / "x.bin").write_text("1")
    (folder / "service" / "link").symlink_to(f"../{target}")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=link")
    paths = ("link",) if is_declared else (".",)
    before = repository(folder).content(paths, declared=is_declared)
    assert repository(folder).content(paths, declared=is_declared) == before

    changed = folder / ("other/b.py" if target == "other" else target)
    changed.write_text("changed")

    assert repository(folder).content(paths, declared=is_declared) != before


def test_links_in_what_a_link_leads_to_are_followed_and_circles_end(
    folder: Path,
) -> None:
    (folder / "third").mkdir()
    (folder / "third" / "c.py").write_text("")
    (folder / "third" / "up").symlink_to("../service")
    (folder / "other" / "on").symlink_to("../third")
    (folder / "service" / "link").symlink_to("../other")
    (folder / "service" / "all").symlink_to("..")
    before = repository(folder).content((".",))

    (folder / "third" / "c.py").write_text("changed")

    assert repository(folder).content((".",)) != before


@pytest.mark.parametrize("target", ["..", "link"])
def test_a_link_whose_end_cannot_be_watched_has_no_content(
    folder: Path, target: str
) -> None:
    (folder / "link").symlink_to(target)

    with pytest.raises(PermanentError, match="link"):
        repository(folder).content(ALL)


def add_module(folder: Path) -> None:
    inner = folder.parent / f"{folder.name}-inner"
    inner.mkdir()
    git(inner, "init", "--quiet", "--initial-branch=main")
    (inner / "lib.py").write_text("1\n")
    git(inner, "add", ".")
    git(inner, "commit", "--quiet", "--message=one")
    local = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add")
    git(folder, *local, str(inner), "service/lib")
    git(folder, "commit", "--quiet", "--message=module")


def test_the_files_of_a_submodule_count(folder: Path) -> None:
    add_module(folder)
    before = repository(folder).content((".",))
    assert repository(folder).content((".",)) == before

    (folder / "service" / "lib" / "lib.py").write_text("2\n")
    changed = repository(folder).content((".",))
    git(folder, "submodule", "--quiet", "deinit", "--force", "service/lib")
    absent = repository(folder).content((".",))

    assert len({before, changed, absent}) == 3

    (folder / "service" / "lib" / "lib.py").write_text("1\n")
    with pytest.raises(PermanentError, match="not initialised"):
        repository(folder).content((".",))


def test_only_what_git_status_shows_is_noticed(folder: Path) -> None:
    plain = repository(folder)
    assert not plain.notices(ALL)
    plain.content(ALL)
    assert plain.notices(ALL)

    (folder / "service" / "link").symlink_to("../other/b.py")
    plain.content(ALL)

    assert not plain.notices(ALL)


def test_a_monitor_that_says_nothing_changed_is_not_believed(folder: Path) -> None:
    (folder / "silent").write_text("#!/bin/sh\nprintf '1\\0'\n")
    (folder / "silent").chmod(0o755)
    git(folder, "config", "core.fsmonitor", str(folder / "silent"))
    git(folder, "config", "core.fsmonitorHookVersion", "2")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=monitor")
    git(folder, "status")
    git(folder, "status")
    before = repository(folder).content(ALL)

    change_content(folder)

    assert repository(folder).work_tree().dirty == ("service/app.py",)
    assert repository(folder).content(ALL) != before


def test_a_changed_submodule_is_a_changed_tree_whatever_is_to_be_ignored(
    folder: Path,
) -> None:
    add_module(folder)
    git(folder, "config", "--file=.gitmodules", "submodule.service/lib.ignore", "all")
    git(folder, "commit", "--quiet", "--all", "--message=ignore")
    assert repository(folder).work_tree().dirty == ()

    (folder / "service" / "lib" / "lib.py").write_text("2\n")

    assert repository(folder).work_tree().dirty == ("service/lib",)
