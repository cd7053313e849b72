"""The example of the page on stage kinds is one that works."""

import os
import re
from pathlib import Path

import pytest
from stage_harness import make_context, run_stage

from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.errors import PermanentError
from sluicegate.stages.stage import CommandStage

PAGE = Path(__file__).parents[3] / "docs" / "stage-kinds.md"


@pytest.fixture(scope="module")
def kind() -> type[CommandStage]:
    (source,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    namespace: dict[str, object] = {"__name__": "stage_kinds_page"}
    exec(compile(source, str(PAGE), "exec"), namespace)  # noqa: S102 - our own page
    found = namespace["FilesStage"]
    assert isinstance(found, type)
    assert issubclass(found, CommandStage)
    return found


def look(kind: type[CommandStage], project: Path) -> dict[str, object]:
    stage = kind.model_validate({"uses": "files", "folder": "data"})
    runner = SubprocessRunner(StopRequest(), os.environ)
    report = run_stage(stage, make_context(str(project), str(project)), runner)
    return dict(report.fields)


def test_it_finds_the_largest_file(kind: type[CommandStage], tmp_path: Path) -> None:
    (tmp_path / "data" / "deep").mkdir(parents=True)
    (tmp_path / "data" / "a b").write_bytes(b"12345")
    (tmp_path / "data" / "deep" / "c").write_bytes(b"1")

    assert look(kind, tmp_path) == {"number": 2, "largest": 5}


def test_of_an_empty_folder_there_is_no_largest(
    kind: type[CommandStage], tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    assert look(kind, tmp_path) == {"number": 0}


def test_a_folder_that_is_not_there_is_broken(
    kind: type[CommandStage], tmp_path: Path
) -> None:
    with pytest.raises(PermanentError, match="find"):
        look(kind, tmp_path)
