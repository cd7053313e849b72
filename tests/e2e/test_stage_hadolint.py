"""The lint of Dockerfiles with the real Hadolint."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from stage_harness import make_context, run_stage

from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.adapters.tools import Tools
from sluicegate.errors import PermanentError
from sluicegate.stages.hadolint import HadolintStage
from sluicegate.stages.stage import Report

pytestmark = pytest.mark.skipif(
    shutil.which("hadolint") is None, reason="needs Hadolint on PATH"
)

GOOD = 'FROM debian:12\nHEALTHCHECK NONE\nUSER 65534\nCMD ["sleep", "1"]\n'
BAD = """\
FROM debian
RUN apt-get update && apt-get install -y curl
RUN cd /tmp && echo $HOME
MAINTAINER nobody
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "a project"
    folder.mkdir()
    return folder


def lint(
    project: Path,
    dockerfile: str,
    *,
    name: str = "Dockerfile",
    environ: dict[str, str] | None = None,
) -> Report:
    (project / name).parent.mkdir(exist_ok=True)
    (project / name).write_text(dockerfile)
    output = project.parent / "output"
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir()
    everything = {**os.environ, **(environ or {})}
    runner = SubprocessRunner(StopRequest(), everything)
    tools = Tools(project, project.parent / "cache", runner, everything)
    context = make_context(
        str(project), str(output), tools={"hadolint": tools.find("hadolint")}
    )
    stage = HadolintStage(uses="hadolint", dockerfile=name)
    files = {name: dockerfile.encode()}
    return run_stage(stage, replace(context, files=files), runner)


def test_a_good_dockerfile_has_no_findings(project: Path) -> None:
    report = lint(project, GOOD)

    version = report.fields["hadolint_version"]
    assert report.fields == {
        "parsed": True,
        "findings": 0,
        "errors": 0,
        "warnings": 0,
        "info": 0,
        "style": 0,
        "suppressed": 0,
        "hadolint_version": version,
    }
    assert str(version)[0].isdigit()
    assert report.summary == "0 errors, 0 warnings, 0 info, 0 style"


def test_findings_are_counted_by_level_and_located(project: Path) -> None:
    report = lint(project, BAD, name="docker/Dockerfile.api")

    assert report.fields["errors"] == 1
    assert report.fields["parsed"] is True
    (error,) = [one for one in report.findings if one.rule == "DL4000"]
    assert (error.path, error.line) == ("docker/Dockerfile.api", 4)
    assert "DL3006" in {one.rule for one in report.findings}
    levels = ("errors", "warnings", "info", "style")
    assert report.fields["findings"] == sum(
        int(report.fields[level]) for level in levels
    )


def test_what_does_not_parse_is_an_error_and_no_dockerfile(project: Path) -> None:
    (project / ".hadolint.yaml").write_text("ignored: [DL1000]\n")

    report = lint(project, "FROM debian:12\nRUNN true\n")

    assert report.fields["parsed"] is False
    assert report.fields["errors"] == 1
    assert report.summary.startswith("not a Dockerfile that can be built: 1 error")


@pytest.mark.parametrize("text", ["", "# nothing yet\n"])
def test_an_empty_file_is_no_dockerfile(project: Path, text: str) -> None:
    assert lint(project, text).fields["parsed"] is False


def test_what_the_project_hides_is_counted(project: Path) -> None:
    before = lint(project, BAD)
    (project / ".hadolint.yaml").write_text(
        "ignored: [DL3006, DL3008]\noverride:\n  info: [DL4000]\nformat: tty\n"
    )

    hidden = "# hadolint ignore=DL3003,SC2086\nRUN cd"
    report = lint(project, BAD.replace("RUN cd", hidden))

    assert before.fields["suppressed"] == 0
    assert report.fields["errors"] == 0
    assert not {"DL3006", "DL3008", "DL3003"} & {one.rule for one in report.findings}
    assert report.fields["suppressed"] == 5
    assert "; 5 findings suppressed" in report.summary
    assert {file.name for file in report.files} == {
        "hadolint.json",
        "hadolint-everything.json",
    }


def test_what_a_user_keeps_elsewhere_has_no_say(project: Path, tmp_path: Path) -> None:
    expected = lint(project, BAD).fields
    home = tmp_path / "home"
    home.mkdir()
    (home / ".hadolint.yaml").write_text("ignored: [DL4000]\n")

    report = lint(
        project,
        BAD,
        environ={
            "HOME": str(home),
            "HADOLINT_IGNORE": "DL3006",
            "HADOLINT_NOFAIL": "1",
        },
    )

    assert report.fields == expected


@pytest.mark.parametrize("settings", ["ignored: [", "override: 3\n"])
def test_settings_that_hadolint_cannot_read_are_no_result(
    project: Path, settings: str
) -> None:
    (project / ".hadolint.yaml").write_text(settings)

    with pytest.raises(PermanentError) as caught:
        lint(project, GOOD)

    assert caught.value.hint is not None
    assert ".hadolint.yaml" in caught.value.hint


def test_a_missing_dockerfile_says_how_to_name_it(project: Path) -> None:
    stage = HadolintStage(uses="hadolint")
    context = make_context(str(project), str(project))

    with pytest.raises(PermanentError, match="there is no Dockerfile") as caught:
        stage.plan(context)

    assert caught.value.hint == "say where it is: `dockerfile: path/to/Dockerfile`"
