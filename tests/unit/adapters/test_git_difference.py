"""Unit tests of `sluicegate.adapters.git_difference`, on real repositories."""

from pathlib import Path

import pytest
from cli_project import CliProject

from sluicegate.adapters.git_difference import GitDifference
from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.model.difference import Difference, FileDifference
from sluicegate.model.release_notes import NoNotes


@pytest.fixture
def project(tmp_path: Path) -> CliProject:
    lines = "".join(f"line {n}\n" for n in range(20))
    return CliProject.make(tmp_path, {"a.txt": "1\n2\n", "old name": lines})


def git(project: CliProject) -> GitDifference:
    return GitDifference(str(project.folder), SubprocessRunner(StopRequest(), {}))


def test_lines_are_counted_and_renames_are_found(project: CliProject) -> None:
    first = project.git("rev-parse", "HEAD")
    project.git("mv", "old name", "new\tna\nme")
    (project.folder / "blob").write_bytes(b"\0\1\2")
    second = project.commit({"a.txt": "1\n3\n4\n"}, "change")

    assert git(project).between(first, second) == Difference(
        (
            FileDifference("a.txt", 2, 1),
            FileDifference("blob", None, None),
            FileDifference("new\tna\nme", 0, 0, before="old name"),
        )
    )


def test_only_the_paths_that_are_asked_for_count(project: CliProject) -> None:
    first = project.git("rev-parse", "HEAD")
    second = project.commit({"in/x": "1\n", "out/x": "1\n"}, "change")
    found = git(project).between(first, second, ("in",))

    assert found == Difference((FileDifference("in/x", 1, 0),))


def test_a_diff_program_of_the_repository_is_not_run(project: CliProject) -> None:
    first = project.git("rev-parse", "HEAD")
    project.git("config", "diff.external", "touch pwned; false")
    project.git("config", "diff.evil.textconv", "touch pwned; false")
    second = project.commit({".gitattributes": "* diff=evil\n", "a.txt": ""}, "change")

    found = git(project).between(first, second)

    assert isinstance(found, Difference)
    assert found.removed == 2
    assert not (project.folder / "pwned").exists()


@pytest.mark.parametrize("commit", ["f" * 40, "HEAD", "--output=pwned", "main"])
def test_what_is_no_commit_here_cannot_be_compared(
    project: CliProject, commit: str
) -> None:
    head = project.git("rev-parse", "HEAD")

    found = git(project).between(commit, head)

    assert isinstance(found, NoNotes)
    assert git(project).is_ancestor(commit, head) is None
    assert not (project.folder / "pwned").exists()


def test_a_commit_is_in_the_history_of_those_after_it(project: CliProject) -> None:
    first = project.git("rev-parse", "HEAD")
    second = project.commit({}, "change")

    assert git(project).is_ancestor(first, second) is True
    assert git(project).is_ancestor(first, first) is True
    assert git(project).is_ancestor(second, first) is False
