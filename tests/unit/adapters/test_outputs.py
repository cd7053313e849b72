"""Unit tests of `sluicegate.adapters.outputs`."""

from pathlib import Path

import pytest

from sluicegate.adapters.outputs import collect, restore
from sluicegate.errors import PermanentError
from sluicegate.ports.workspace import ProjectFile


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    (project / "out" / "deep").mkdir(parents=True)
    (project / "out" / "a.txt").write_text("a")
    (project / "out" / "deep" / "run.sh").write_text("#!/bin/sh\n")
    (project / "out" / "deep" / "run.sh").chmod(0o755)
    return project


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        (["out"], ["out/a.txt", "out/deep/run.sh"]),
        (["out/"], ["out/a.txt", "out/deep/run.sh"]),
        (["out/*.txt"], ["out/a.txt"]),
        (["out/**/*.sh", "out/a.txt", "out"], ["out/a.txt", "out/deep/run.sh"]),
    ],
)
def test_a_pattern_is_a_file_a_folder_or_a_glob(
    folder: Path, patterns: list[str], names: list[str]
) -> None:
    assert [file.path for file in collect(folder, patterns)] == names


def test_what_was_collected_is_put_back_with_its_mode(folder: Path) -> None:
    files = collect(folder, ["out"])
    for file in files:
        (folder / file.path).unlink()
    (folder / "out" / "deep").rmdir()
    (folder / "out" / "a.txt").write_text("something else")

    for file in files:
        restore(folder, file, folder.parent / "scratch")

    assert collect(folder, ["out"]) == files
    assert list((folder.parent / "scratch").iterdir()) == []


@pytest.mark.parametrize("pattern", ["nothing", "out/*.bin", "../secret", "out/../.."])
def test_what_is_not_there_or_outside_is_refused(folder: Path, pattern: str) -> None:
    (folder.parent / "secret").write_text("x")

    with pytest.raises(PermanentError):
        collect(folder, [pattern])


def test_what_is_too_large_to_be_kept_is_refused_with_the_way_out(
    folder: Path,
) -> None:
    with (folder / "out" / "a.txt").open("wb") as file:
        file.truncate((256 << 20) + 1)

    with pytest.raises(PermanentError, match="at most 256 MiB") as refused:
        collect(folder, ["out/a.txt"])
    assert "`keep: false`" in str(refused.value.hint)


def test_a_link_is_nobodys_output(folder: Path) -> None:
    (folder / "out" / "link").symlink_to("/etc/passwd")

    for pattern in ("out", "out/link"):
        with pytest.raises(PermanentError):
            collect(folder, [pattern])


@pytest.mark.parametrize("path", ["../out.txt", "way/out.txt", "/etc/x"])
def test_nothing_is_put_back_outside_the_project(folder: Path, path: str) -> None:
    (folder / "way").symlink_to(folder.parent)

    with pytest.raises(PermanentError, match="out of the project"):
        restore(folder, ProjectFile(path, b"x", executable=False), folder.parent)

    assert not (folder.parent / "out.txt").exists()


def test_a_link_in_the_place_of_an_output_is_replaced_not_followed(
    folder: Path,
) -> None:
    outside = folder.parent / "outside"
    outside.write_text("mine")
    (folder / "out" / "a.txt").unlink()
    (folder / "out" / "a.txt").symlink_to(outside)

    file = ProjectFile("out/a.txt", b"new", executable=False)
    restore(folder, file, folder.parent / "scratch")

    assert outside.read_text() == "mine"
    assert (folder / "out" / "a.txt").read_bytes() == b"new"


@pytest.mark.parametrize("pattern", [".", "**", "./", "*"])
def test_neither_git_nor_the_log_is_an_output(folder: Path, pattern: str) -> None:
    for name in (".git/hooks/run", ".sluicegate/audit/checkpoint", "out/.GIT/config"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text("x")

    found = [file.path for file in collect(folder, [pattern])]

    assert found == ["out/a.txt", "out/deep/run.sh"]


@pytest.mark.parametrize(
    "path", [".git/hooks/run", "out/../.sluicegate/journal", "here/config"]
)
def test_nothing_is_put_into_git_or_the_log(folder: Path, path: str) -> None:
    (folder / ".git").mkdir()
    (folder / "here").symlink_to(".git")
    with pytest.raises(PermanentError):
        collect(folder, [".git"])

    with pytest.raises(PermanentError, match="not a file of the project"):
        restore(folder, ProjectFile(path, b"x", executable=True), folder.parent)

    assert not list((folder / ".git").iterdir())
