"""Real runs that tell people: by a real web server, by a real program."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from cli_project import CliProject
from webhook_server import SECRET, hang, make_certificate, serve_hooks

HEAD = "schema: sluicegate/v1\nname: churn_release_v1.0\nstages:\n"
LEAKING = '{uses: command, run: [sh, -c, "env >&2; exit 3"]}'
BROKEN = "{uses: command, run: sleep 600, timeout: 200ms}"
OPEN = '{uses: command, run: "true"}'
WEBHOOK = "{uses: webhook, url: {env: HOOK}, template: %s, on: [closed, broken]}"


def make(root: Path, stage: str, *notify: str) -> CliProject:
    entries = "".join(f"  - {entry}\n" for entry in notify)
    text = f"{HEAD}  check: {stage}\n" + (f"notify:\n{entries}" if notify else "")
    return CliProject.make(root, {"sluicegate.yaml": text})


def everything_written(project: CliProject) -> bytes:
    """All that the run left behind: log, evidence, journal, state, Git."""
    files = [*project.folder.rglob("*"), *project.home.rglob("*")]
    return b"".join(file.read_bytes() for file in files if file.is_file())


@pytest.mark.parametrize("template", ["slack", "teams", "generic"])
def test_a_closed_run_is_told_and_the_address_is_nowhere(
    tmp_path: Path, template: str
) -> None:
    project = make(tmp_path, LEAKING, WEBHOOK % template)
    with serve_hooks() as hooks:
        project.environ["HOOK"] = hooks.address
        done = project.sluice("run", check=1)

    (document,) = hooks.documents()
    said = json.dumps(document)
    run_id = project.entries()[1]["run_id"]
    assert f"sluice audit log --run {run_id}" in said
    assert "check.exit_code == 0: it is 3" in said
    assert SECRET not in said + done.stdout + done.stderr
    assert "HOOK" not in done.stdout  # the stage wrote its whole environment
    assert SECRET.encode() not in everything_written(project)
    assert "warning" not in done.stderr


def test_a_broken_run_is_told_with_the_command_that_goes_on(tmp_path: Path) -> None:
    project = make(tmp_path, BROKEN, WEBHOOK % "generic")
    with serve_hooks() as hooks:
        project.environ["HOOK"] = hooks.address
        project.sluice("run", check=4)
        (first,) = hooks.documents()
        arguments = first["next"].split()[1:]
        project.sluice(*arguments, check=4)

    assert [document["event"] for document in hooks.documents()] == ["broken"] * 2
    assert (first["stage"], first["environment"]) == ("check", None)
    assert first["commit"] == project.git("rev-parse", "HEAD")
    assert {document["run_id"] for document in hooks.documents()} == {
        project.entries()[1]["run_id"]
    }


def test_a_release_is_called_by_its_tag_and_its_file_is_named(tmp_path: Path) -> None:
    text = f"{HEAD}  check: {BROKEN}\nnotify: [{WEBHOOK % 'generic'}]\n"
    project = CliProject.make(tmp_path, {"services/a b/pipe.yaml": text})
    project.git("tag", "v1.2.0")
    with serve_hooks() as hooks:
        project.environ["HOOK"] = hooks.address
        project.sluice("run", "--file", "services/a b/pipe.yaml", check=4)

    (document,) = hooks.documents()
    run_id = document["run_id"]
    assert document["release"] == "v1.2.0"
    assert document["next"] == f"sluice resume {run_id} --file 'services/a b/pipe.yaml'"


def test_an_open_run_is_not_told_and_no_choice_means_no_message(
    tmp_path: Path,
) -> None:
    project = make(tmp_path, OPEN, WEBHOOK % "slack")
    with serve_hooks() as hooks:
        project.environ["HOOK"] = hooks.address
        project.sluice("run", check=0)
        project.commit(
            {
                "sluicegate.yaml": HEAD.replace("_v1.0", "_v1.1")
                + '  check: {uses: command, run: "false"}\n'
                + "notify: [{uses: webhook, url: {env: HOOK}}]\n"
            },
            "fail, which nobody wants to hear of",
        )
        project.sluice("run", check=1)

    assert hooks.bodies == []


def test_a_program_is_told_without_anybodys_address(tmp_path: Path) -> None:
    project = make(
        tmp_path,
        LEAKING,
        WEBHOOK % "slack",
        '{uses: command, run: "cat >../told; env >../environ", on: [closed]}',
    )
    with serve_hooks() as hooks:
        project.environ |= {"HOOK": hooks.address, "SLUICE_KEY": "x"}
        project.sluice("run", check=1)

    document = json.loads((tmp_path / "told").read_text())
    environ = (tmp_path / "environ").read_text()
    assert (document["event"], document["stage"]) == ("closed", "check")
    assert f"SLUICEGATE_MESSAGE={document['text']}\n" in environ
    assert SECRET not in environ
    assert "SLUICE_KEY" not in environ


def outcome(project: CliProject) -> tuple[int, str]:
    """How a run ends, and what it says to people besides."""
    done = project.sluice("run")
    assert SECRET not in done.stdout + done.stderr
    return done.returncode, done.stderr


SERVERS: Mapping[str, tuple[int, str]] = {
    "answered with HTTP 500": (500, ""),
    "answered with HTTP 404": (404, ""),
    "redirected with HTTP 302, which is not followed": (302, "http://127.0.0.1:1/"),
}


@pytest.mark.parametrize("said", SERVERS)
def test_a_server_that_refuses_changes_nothing_but_a_warning(
    tmp_path: Path, said: str
) -> None:
    code, location = SERVERS[said]
    project = make(tmp_path, LEAKING, WEBHOOK % "slack")
    with serve_hooks() as hooks:
        hooks.answers = [(code, {"Location": location})] * 9
        project.environ["HOOK"] = hooks.address
        end = outcome(project)

    assert end == (1, f"warning: notify.0 (webhook HOOK) was not told: {said}\n")
    assert SECRET.encode() not in everything_written(project)


def test_a_server_that_hangs_changes_nothing_but_a_warning(tmp_path: Path) -> None:
    project = make(tmp_path, LEAKING, WEBHOOK % "slack")
    with hang() as address:
        project.environ["HOOK"] = address
        end = outcome(project)

    warning = "warning: notify.0 (webhook HOOK) was not told: no answer in time\n"
    assert end == (1, warning)


def test_a_server_nobody_vouches_for_is_told_nothing(tmp_path: Path) -> None:
    project = make(tmp_path, LEAKING, WEBHOOK % "slack")
    _, context = make_certificate(tmp_path)
    with serve_hooks(context) as hooks:
        project.environ["HOOK"] = hooks.address
        end = outcome(project)

    said = "its certificate is not trusted"
    assert end == (1, f"warning: notify.0 (webhook HOOK) was not told: {said}\n")
    assert hooks.bodies == []


def test_a_variable_that_is_not_set_is_one_warning(tmp_path: Path) -> None:
    project = make(tmp_path, LEAKING, WEBHOOK % "slack")

    said = "is told nothing: the variable HOOK is not set"
    assert outcome(project) == (1, f"warning: notify.0 (webhook HOOK) {said}\n")


def test_a_program_that_fails_or_hangs_is_one_warning_each(tmp_path: Path) -> None:
    project = make(
        tmp_path,
        LEAKING,
        "{uses: command, run: exit 7, on: [closed]}",
        "{uses: command, run: sleep 600, on: [closed]}",
    )

    code, said = outcome(project)

    assert code == 1
    assert said == (
        "warning: notify.0 (command exit) was not told: it exited with 7\n"
        "warning: notify.1 (command sleep) was not told: it was ended after 4 s\n"
    )


def test_beside_json_warnings_are_on_standard_error(tmp_path: Path) -> None:
    project = make(tmp_path, LEAKING, WEBHOOK % "slack")

    done = project.sluice("run", "--json", check=1)

    assert json.loads(done.stdout)["verdict"] == "closed"
    assert "notify.0 (webhook HOOK) is told nothing" in done.stderr
