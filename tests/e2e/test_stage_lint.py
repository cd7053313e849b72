"""The lint stage with the real ruff, on small projects."""

import os
import shutil
import sysconfig
from pathlib import Path

import pytest
from stage_harness import make_context, run_stage

from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.adapters.tools import Tools
from sluicegate.errors import PermanentError
from sluicegate.stages.command import ShellStage
from sluicegate.stages.ruff import RuffStage
from sluicegate.stages.stage import Report

CLEAN = '"""A module."""\n\nANSWER = 42\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "a project"
    folder.mkdir()
    (folder / "clean.py").write_text(CLEAN)
    return folder


def lint(project: Path) -> Report:
    runner = SubprocessRunner(StopRequest(), os.environ)
    tools = Tools(project, project.parent / "cache", runner, os.environ)
    output = project.parent / "output"
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir()
    context = make_context(
        str(project), str(output), tools={"ruff": tools.find("ruff")}
    )
    return run_stage(RuffStage(uses="ruff"), context, runner)


def test_a_clean_project_has_no_findings(project: Path) -> None:
    report = lint(project)

    assert report.fields["findings"] == 0
    assert report.fields["unformatted"] == 0
    assert report.summary == "0 findings, 0 unformatted files"


def test_findings_name_file_and_line(project: Path) -> None:
    (project / "pkg").mkdir()
    (project / "pkg" / "bad name.py").write_text(CLEAN + "import os\n")

    report = lint(project)

    assert report.fields["findings"] == 1
    found = [(one.rule, one.path, one.line) for one in report.findings]
    assert ("F401", "pkg/bad name.py", 4) in found
    (sarif,) = report.files
    assert b"pkg/bad name.py" in sarif.data
    assert str(project.parent).encode() not in sarif.data


def test_files_that_would_be_formatted_are_counted(project: Path) -> None:
    (project / "ugly.py").write_text("x   =  1\n")
    (project / "uglier.py").write_text("y   =  {  }\n")

    report = lint(project)

    assert report.fields["findings"] == 0
    assert report.fields["unformatted"] == 2
    assert {one.path for one in report.findings} == {"ugly.py", "uglier.py"}


def test_a_syntax_error_is_a_finding_and_not_a_crash(project: Path) -> None:
    (project / "broken.py").write_text("def f(:\n")

    report = lint(project)

    assert isinstance(report.fields["findings"], int)
    assert report.fields["findings"] >= 1
    assert report.fields["unformatted"] == 1


def test_a_project_without_python_proves_nothing(project: Path) -> None:
    (project / "clean.py").unlink()

    report = lint(project)

    assert "findings" not in report.fields
    assert "no Python files" in report.summary


def test_settings_that_ruff_cannot_read_break_the_stage(project: Path) -> None:
    (project / "ruff.toml").write_text("line-length = 'long'\n")

    with pytest.raises(PermanentError, match=r"ruff\.toml"):
        lint(project)


def test_a_project_that_fixes_by_default_is_judged_as_it_is(project: Path) -> None:
    (project / "ruff.toml").write_text("fix = true\n")
    (project / "bad.py").write_text(CLEAN + "import os\n")

    report = lint(project)

    assert report.fields["findings"] == 1
    assert (project / "bad.py").read_text().endswith("import os\n"), "nothing is fixed"


def test_nothing_is_written_into_the_project(project: Path) -> None:
    lint(project)

    assert [path.name for path in project.iterdir()] == ["clean.py"]


def test_any_linter_that_writes_sarif_is_a_command(project: Path) -> None:
    (project / "bad.py").write_text(CLEAN + "import os\nimport sys  # noqa: F401\n")
    ruff = Path(sysconfig.get_path("scripts")) / "ruff"
    stage = ShellStage(
        uses="command",
        run=f"{ruff} check --no-cache --output-format=sarif"
        ' --output-file="$SLUICEGATE_OUTPUT/ruff.sarif" .',
        sarif="ruff.sarif",
    )
    output = project.parent / "output"
    output.mkdir()

    report = run_stage(
        stage,
        make_context(str(project), str(output)),
        SubprocessRunner(StopRequest(), os.environ),
    )

    assert report.fields["exit_code"] == 1
    assert report.fields["findings"] == len(report.findings) >= 1
    assert ("F401", "bad.py", 4) in {
        (one.rule, one.path, one.line) for one in report.findings
    }
