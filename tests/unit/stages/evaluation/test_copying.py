"""`sluicegate.stages.evaluation.copying`, with the shell that runs it."""

import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from stage_harness import make_context
from tool_vectors import make_result

from sluicegate.errors import PermanentError
from sluicegate.stages.evaluation.copying import plan_copy, read_copy


def copy(project: Path, path: str) -> bytes | None:
    output = project.parent / "output"
    output.mkdir(exist_ok=True)
    context = make_context(str(project), str(output))
    step, name = plan_copy(context, "candidate", path, timedelta(seconds=10))
    done = subprocess.run(
        step.command.argv, capture_output=True, check=False, timeout=10
    )
    files = {name: (output / name).read_bytes()} if (output / name).exists() else {}
    result = make_result(step.name, done.returncode, done.stdout, done.stderr, files)
    return read_copy([result], "candidate")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = tmp_path / "a project"
    made.mkdir()
    return made


def test_a_file_is_copied_and_nothing_is_an_answer(project: Path) -> None:
    (project / "-p.csv").write_bytes(b"\0\nid")

    assert copy(project, "-p.csv") == b"\0\nid"
    assert copy(project, "other.jsonl") is None


def test_what_is_no_plain_file_is_broken(project: Path) -> None:
    (project / "folder").mkdir()
    (project / "link").symlink_to("nowhere")

    for path in ("folder", "link"):
        with pytest.raises(PermanentError, match="is no plain file"):
            copy(project, path)


def test_a_copy_that_went_missing_is_broken() -> None:
    with pytest.raises(PermanentError, match="the copy is not there"):
        read_copy([make_result("candidate")], "candidate")
    ended = make_result("candidate", timed_out=True)
    with pytest.raises(PermanentError, match="ran out of time"):
        read_copy([replace(ended)], "candidate")
