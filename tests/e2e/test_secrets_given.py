"""Secrets that stages are given: who sees them, and what the log says of that."""

import hashlib
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_project import CliProject

VALUE = "correct-horse-battery-staple"
DIGEST = hashlib.sha256(VALUE.encode()).hexdigest()
PIPELINE = """\
schema: sluicegate/v1
name: churn_release_v1.0
notify:
  - {{uses: command, run: 'env >"$HOME/told"', on: [broken]}}
secrets:
  providers:
    here: {{uses: environment}}
  use:
    TOKEN: {{from: here, path: PLANTED, stages: [build]{more}}}
stages:
  before: {{uses: command, run: sh look.sh}}
  build: {{uses: command, run: sh look.sh, timeout: 5m}}
  after: {{uses: command, run: sh look.sh}}
{rest}"""
CANARY = """\
  image: {uses: docker-build, image: x, needs: [after]}
  roll: {uses: canary, environment: production, when: "git.tag != ''"}
environments:
  production: {target: {uses: docker, port: 8000}}
"""
LOOK = """\
echo "digest $(printf %s "$TOKEN" | sha256sum)"
echo "variables $(env | grep -c 'correct-horse')"
echo "names $(env | cut -d= -f1 | grep -cx 'TOKEN\\|PLANTED')"
echo "processes $(cat /proc/[0-9]*/environ 2>/dev/null | grep -ac 'PLANTED=correct')"
if [ -e wait ] && [ -n "$TOKEN" ]; then echo waiting; sleep 60; fi
"""


def project_at(root: Path, more: str = "", rest: str = "") -> CliProject:
    files = {
        "sluicegate.yaml": PIPELINE.format(more=more, rest=rest),
        "look.sh": LOOK,
        ".gitignore": "wait\n.sluicegate\n",
    }
    made = CliProject.make(root, files)
    made.environ = {"PLANTED": VALUE, "TOKEN": "stands in for it"}
    return made


@pytest.fixture
def project(tmp_path: Path) -> CliProject:
    return project_at(tmp_path)


def said(output: str, stage: str) -> dict[str, str]:
    """What the script has said in *stage*."""
    mark = f"  {stage} | "
    lines = [x.removeprefix(mark) for x in output.splitlines() if x.startswith(mark)]
    return {word: rest for word, _, rest in (line.partition(" ") for line in lines)}


def entries(project: CliProject, kind: str) -> list[dict[str, Any]]:
    return [each for each in project.entries() if each["type"] == kind]


def everything_written(*roots: Path) -> Iterator[tuple[Path, bytes]]:
    for root in roots:
        for path in root.rglob("*"):
            if path.is_file() and not path.is_symlink():
                yield path, path.read_bytes()


def test_the_stage_has_its_secret_and_nobody_else_does(project: CliProject) -> None:
    done = project.sluice("run", check=0)

    for stage, digest, number in (
        ("before", hashlib.sha256(b"").hexdigest(), "0"),
        ("build", DIGEST, "1"),
        ("after", hashlib.sha256(b"").hexdigest(), "0"),
    ):
        found = said(done.stdout, stage)
        assert found["digest"] == f"{digest}  -"
        assert (found["variables"], found["names"]) == (number, number)
        assert found["processes"] == "0"


def test_the_log_has_where_it_comes_from_and_nothing_has_the_value(
    project: CliProject,
) -> None:
    done = project.sluice("run", "--json", check=0)

    (given,), (ended,) = (
        entries(project, "secrets.given"),
        entries(project, "secrets.revoked"),
    )
    assert given["secrets"] == [
        {"variable": "TOKEN", "provider": "here", "kind": "environment",
         "path": "PLANTED"}
    ]  # fmt: skip
    assert given["task_id"] == ended["task_id"] == f"{given['run_id']}/build/1"
    assert ended["logins"] == [{"provider": "here"}]
    kinds = [each["type"] for each in project.entries() if each.get("stage") == "build"]
    assert kinds == [
        "stage.started", "secrets.given", "secrets.revoked", "stage.finished"
    ]  # fmt: skip
    assert VALUE not in done.stdout + done.stderr
    leaks = [
        path
        for path, data in everything_written(project.folder, project.home)
        if VALUE.encode() in data
    ]
    assert leaks == []


def test_people_see_what_was_given_in_the_run_and_in_the_log(
    project: CliProject,
) -> None:
    line = "build: given TOKEN from here (environment): PLANTED"
    assert line in project.sluice("run", check=0).stdout.splitlines()

    log = project.sluice("audit", "log", check=0).stdout
    assert line in log
    assert "build: the login to here has ended" in log
    (index,) = [x.split()[0] for x in log.splitlines() if line in x]
    shown = project.sluice("audit", "show", index, check=0).stdout
    assert "secrets.path      PLANTED" in shown


def test_what_is_reused_fetches_nothing_and_another_place_is_another_input(
    project: CliProject,
) -> None:
    project.sluice("run", check=0)
    project.environ["PLANTED"] = "another-value-by-now"
    plan = project.sluice("plan", check=0).stdout
    assert "nothing would run" in plan

    project.sluice("run", check=0)
    assert len(entries(project, "secrets.given")) == 1

    text = PIPELINE.format(more="", rest="").replace("_v1.0", "_v1.1")
    project.commit({"sluicegate.yaml": text.replace("PLANTED", "OTHER")}, "move it")
    project.environ["OTHER"] = VALUE
    assert "secrets changed" in project.sluice("plan", check=0).stdout
    project.sluice("run", check=0)
    assert [e["secrets"][0]["path"] for e in entries(project, "secrets.given")] == [
        "PLANTED",
        "OTHER",
    ]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, "the environment variable PLANTED is not set"),
        ("", "PLANTED is empty"),
        ("abc", "has less than 4 characters"),
    ],
)
def test_without_its_secret_a_stage_is_broken_and_does_not_run(
    project: CliProject, value: str | None, why: str
) -> None:
    del project.environ["PLANTED"]
    if value is not None:
        project.environ["PLANTED"] = value

    done = project.sluice("run", check=4)

    assert why in done.stdout
    assert said(done.stdout, "build") == {}
    assert entries(project, "secrets.given") == []
    # What the program that tells people of it sees.
    told = [
        x.partition("=")[0] for x in (project.home / "told").read_text().split("\n")
    ]
    assert "PATH" in told
    assert not {"PLANTED", "TOKEN"} & set(told)


def test_what_is_for_an_environment_is_left_out_of_a_run_that_releases_nowhere(
    tmp_path: Path,
) -> None:
    project = project_at(tmp_path, ", environments: [production]", CANARY)

    done = project.sluice("run", "--only", "before", "--only", "build", check=0)

    assert said(done.stdout, "build")["names"] == "0"
    why = "runs without TOKEN: it is for production, where this run does not release"
    assert f"  build | {why}" in done.stdout.splitlines()
    assert entries(project, "secrets.given") == []


def wait_for(line: str, process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None
    for each in process.stdout:
        if line in each:
            return
    raise AssertionError(f"it has ended without {line!r}")


def test_a_stop_ends_the_login_and_says_so_before_the_run_is_interrupted(
    project: CliProject,
) -> None:
    (project.folder / "wait").touch()
    with project.start("run") as process:
        wait_for("waiting", process)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130

    kinds = [each["type"] for each in project.entries()]
    assert kinds[-3:] == ["secrets.given", "secrets.revoked", "run.interrupted"]


def test_a_run_that_was_killed_with_a_secret_given_says_so_and_goes_on(
    project: CliProject,
) -> None:
    (project.folder / "wait").touch()
    with project.start("run") as process:
        wait_for("waiting", process)
        process.kill()
        process.communicate(timeout=60)
    # It was in the log before the program had it, wherever this process ends.
    assert project.entries()[-1]["type"] == "secrets.given"
    (project.folder / "wait").unlink()

    done = project.sluice("resume", check=0)

    assert said(done.stdout, "build")["digest"] == f"{DIGEST}  -"
    assert len(entries(project, "secrets.given")) == 2
    assert len(entries(project, "secrets.revoked")) == 1
    project.sluice("audit", "verify", check=0)


def test_a_job_hands_over_what_it_was_given_and_the_one_that_records_fetches_nothing(
    project: CliProject, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    begun = time.time()
    document = project.document("run", "--no-record", "--hand-over", str(out), check=0)
    assert not (project.folder / ".sluicegate/audit").exists()
    handed = b"".join(data for _, data in everything_written(out))
    assert b'"PLANTED"' in handed
    assert VALUE.encode() not in handed
    project.environ = {}

    project.sluice("run", "--handed-over", f"{out}={document['hand_over']['digest']}",
                   check=0)  # fmt: skip

    (given,) = entries(project, "secrets.given")
    assert given["secrets"][0]["path"] == "PLANTED"
    assert len(entries(project, "secrets.revoked")) == 1
    assert given["at"] >= time.strftime("%Y-%m-%dT%H:%M", time.gmtime(begun))
