"""`sluice` as a person uses it: what it says, what it writes, how it exits."""

import json
import shlex
import subprocess
from pathlib import Path

import pytest
from cli_project import CliProject, clean_environment

PIPELINE = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  make: {uses: command, run: "echo made"}
  check: {uses: command, run: "test -e allowed", gate: ["check.exit_code == 0"]}
"""


@pytest.fixture
def project(tmp_path: Path) -> CliProject:
    return CliProject.make(tmp_path, {"sluicegate.yaml": PIPELINE, "allowed": ""})


def untouched(project: CliProject) -> bool:
    """Whether nothing was written, in the project or for the user."""
    return (
        not (project.folder / ".sluicegate").exists()
        and list(project.home.iterdir()) == []
    )


def test_a_run_exits_0_when_every_gate_is_open(project: CliProject) -> None:
    done = project.sluice("run", check=0)

    assert "open: all 2 gates are open" in done.stdout
    assert "  make | made" in done.stdout
    assert "\x1b" not in done.stdout
    assert done.stderr == ""


def test_a_run_exits_1_when_a_gate_is_closed(project: CliProject) -> None:
    (project.folder / "allowed").unlink()
    project.commit({}, "forbid")

    done = project.sluice("run", check=1)

    assert "check.exit_code == 0" in done.stdout
    assert "closed: stopped at check" in done.stdout


def test_a_run_exits_4_when_a_tool_is_missing(project: CliProject) -> None:
    project.commit(
        {"sluicegate.yaml": PIPELINE.replace('"echo made"', "[no-such-program]")}, "x"
    )

    done = project.sluice("run", check=4)

    assert "no-such-program" in done.stdout


def test_the_json_document_stands_alone_on_stdout(project: CliProject) -> None:
    done = project.sluice("run", "--json", check=0)
    document = json.loads(done.stdout)
    verified = project.document("audit", "verify", check=0)

    assert document["verdict"] == "open"
    assert [stage["name"] for stage in document["stages"]] == ["make", "check"]
    for stage in document["stages"]:
        assert set(stage) == {
            "name", "uses", "verdict", "reason", "cached", "cached_from", "attempt",
            "task_id", "duration_ms", "started", "ended", "usage", "evidence",
        }  # fmt: skip
        assert stage["usage"].keys() >= {"wall_ms", "cpu_ms"}
        assert stage["task_id"] == f"{document['run_id']}/{stage['name']}/1"
        assert stage["verdict"] == "open"
        assert stage["evidence"]["exit_code"] == 0
    assert document["log"] == {key: verified[key] for key in ("origin", "size", "root")}
    assert len(document["run_id"]) == 26
    assert "make: started" in done.stderr


def test_a_stage_that_did_not_run_says_so_in_the_document(project: CliProject) -> None:
    project.commit({"sluicegate.yaml": PIPELINE.replace("echo made", "exit 3")}, "x")

    document = project.document("run", check=1)

    verdicts = {stage["name"]: stage["verdict"] for stage in document["stages"]}
    assert document["verdict"] == "closed"
    assert verdicts == {"make": "closed", "check": "skipped"}
    assert document["stages"][0]["evidence"]["exit_code"] == 3


@pytest.mark.parametrize(
    ("pipeline", "words"),
    [
        (PIPELINE.replace("run:", "rum:"), ["sluicegate.yaml:4", "rum", "run"]),
        (
            PIPELINE.replace('uses: command, run: "echo', 'uses: comand, run: "echo'),
            ["sluicegate.yaml:4", "comand", "command"],
        ),
        (
            PIPELINE.replace("check.exit_code == 0", "check.exit_kode == 0"),
            ["sluicegate.yaml:5", "check.exit_kode", "check.exit_code"],
        ),
        (
            PIPELINE.replace("check.exit_code == 0", "check.exit_code == "),
            ["sluicegate.yaml:5"],
        ),
        (PIPELINE.replace("churn_release_v1.0", "churn"), ["sluicegate.yaml:2"]),
        ("stages: [", ["sluicegate.yaml:2"]),
        ("", ["sluicegate.yaml:1"]),
    ],
    ids=["key", "kind", "name-in-gate", "gate", "name", "yaml", "empty"],
)
def test_a_mistake_in_the_pipeline_file_is_named_with_its_line_and_nothing_is_written(
    project: CliProject, pipeline: str, words: list[str]
) -> None:
    project.commit({"sluicegate.yaml": pipeline}, "mistake")

    done = project.sluice("run", check=2)

    assert all(word in done.stderr for word in words), done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert untouched(project)


def test_a_dirty_tree_is_refused_and_nothing_is_written(project: CliProject) -> None:
    (project.folder / "new.py").write_text("")

    done = project.sluice("run", check=2)

    assert "new.py" in done.stderr
    assert "--allow-dirty" in done.stderr
    assert untouched(project)


def test_a_dirty_tree_can_be_allowed_and_the_log_says_so(project: CliProject) -> None:
    (project.folder / "new.py").write_text("")

    project.sluice("run", "--allow-dirty", check=0)

    (started,) = (e for e in project.entries() if e["type"] == "run.started")
    assert started["dirty"] is True


def test_running_makes_nothing_that_git_would_see(project: CliProject) -> None:
    project.sluice("run", check=0)

    assert project.git("status", "--porcelain", "--ignored=no") == ""


@pytest.mark.parametrize("command", ["run", "resume"])
def test_a_pipeline_file_that_is_named_must_be_there(
    tmp_path: Path, command: str
) -> None:
    project = CliProject.make(tmp_path, {"a": ""})

    done = project.sluice(command, "--file", "sluicegate.yaml", check=2)

    assert "there is no pipeline file sluicegate.yaml" in done.stderr
    assert " hint: " in done.stderr
    assert untouched(project)


def test_a_folder_outside_of_git_is_refused(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "home").mkdir()
    (tmp_path / "project" / "sluicegate.yaml").write_text(PIPELINE)
    project = CliProject(tmp_path / "project", tmp_path / "home")

    done = project.sluice("run", check=2)

    assert "not in a Git repository" in done.stderr
    assert untouched(project)


def test_a_log_in_a_workspace_that_is_thrown_away_is_refused(
    project: CliProject,
) -> None:
    project.environ["CI"] = "true"

    done = project.sluice("run", check=2)

    assert "throws away" in done.stderr
    assert untouched(project)


def test_a_log_outside_of_a_workspace_is_kept_with_its_evidence_beside_it(
    project: CliProject, tmp_path: Path
) -> None:
    store = tmp_path / "lasting" / "audit"
    project.environ["CI"] = "true"
    text = PIPELINE + f'audit: {{store: "dir:{store}"}}\n'
    project.commit({"sluicegate.yaml": text}, "keep the log")

    project.sluice("run", check=0)

    project.sluice("audit", "verify", "--log", str(store), check=0)
    assert (store / "checkpoint").exists()


def test_nothing_to_resume_is_the_users_mistake(project: CliProject) -> None:
    project.sluice("run", check=0)

    over = project.sluice("resume", check=2)
    unknown = project.sluice("resume", "01ARZ3NDEKTSV4RRFFQ69G5FAV", check=2)

    assert "is over: open" in over.stderr
    assert "no run 01ARZ3NDEKTSV4RRFFQ69G5FAV" in unknown.stderr


def test_resuming_what_never_began_writes_nothing(project: CliProject) -> None:
    for arguments in ([], ["01ARZ3NDEKTSV4RRFFQ69G5FAV"]):
        done = project.sluice("resume", *arguments, check=2)

        assert "there is no run yet" in done.stderr
        assert untouched(project)


def test_a_run_is_not_resumed_for_another_commit(project: CliProject) -> None:
    broken = PIPELINE.replace('"echo made"', "[no-such-program]")
    project.commit({"sluicegate.yaml": broken}, "x")
    project.sluice("run", check=4)
    project.commit({"more": ""}, "y")

    done = project.sluice("resume", check=2)

    assert "is checked out" in done.stderr


def test_a_log_that_was_changed_stops_the_next_run(project: CliProject) -> None:
    project.sluice("run", check=0)
    size = len(project.entries())
    bundle = project.folder / f".sluicegate/audit/tile/entries/000.p/{size}"
    bundle.write_bytes(bundle.read_bytes().replace(b"churn", b"churm"))

    verified = project.sluice("audit", "verify", check=5)
    ran = project.sluice("run", check=5)

    assert "000.p" in verified.stdout
    assert "Traceback" not in ran.stderr
    assert str(project.folder / ".sluicegate/audit") in ran.stderr
    assert "`sluice audit verify` lists the damage" in ran.stderr


def test_a_log_that_is_gone_stops_the_next_run(project: CliProject) -> None:
    project.sluice("run", check=0)
    (project.folder / ".sluicegate/audit").rename(project.folder.parent / "away")

    done = project.sluice("run", check=5)

    assert "the log is gone" in done.stderr


def test_a_log_whose_key_is_gone_gets_no_second_key(project: CliProject) -> None:
    project.sluice("run", check=0)
    (key,) = (project.home / ".config/sluicegate/keys").iterdir()
    assert key.stat().st_mode & 0o777 == 0o600
    key.unlink()

    done = project.sluice("run", check=2)

    assert "key" in done.stderr
    assert not key.exists()


def test_a_mistyped_command_is_answered_with_the_one_meant(project: CliProject) -> None:
    done = project.sluice("rum", check=2)

    assert "Did you mean 'run'?" in done.stderr


def test_a_reader_that_goes_away_changes_no_verdict(project: CliProject) -> None:
    process = project.start("run")
    assert process.stdout is not None
    process.stdout.close()

    assert process.wait() == 0
    assert project.entries()[-1]["outcome"] == "open"


def test_a_result_that_cannot_be_written_is_not_passed_over_in_silence(
    project: CliProject,
) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            project.argv("run", "--json"),
            cwd=project.folder,
            env=clean_environment(project.home),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert done.returncode == 4
    assert "cannot write the result: No space left on device" in done.stderr


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_streams_that_are_closed_change_no_verdict(
    project: CliProject, closed: str
) -> None:
    command = f"{shlex.join(project.argv('run'))} {closed}"

    done = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=project.folder,
        env=clean_environment(project.home),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert project.entries()[-1]["outcome"] == "open"
    project.sluice("audit", "verify", check=0)


@pytest.mark.parametrize(
    "command",
    [("audit", "log"), ("audit", "log", "--json"), ("audit", "verify"),
     ("completion", "bash")],
)  # fmt: skip
@pytest.mark.parametrize(("stdout", "code"), [("/dev/full", 4), ("a reader", 0)])
def test_what_cannot_be_written_is_said_and_what_nobody_reads_is_not(
    project: CliProject, command: tuple[str, ...], stdout: str, code: int
) -> None:
    project.sluice("run", check=0)
    into = ">/dev/full" if stdout == "/dev/full" else "| true"
    line = f"set -o pipefail; {shlex.join(project.argv(*command))} {into}"

    done = subprocess.run(
        ["/bin/bash", "-c", line],
        cwd=project.folder,
        env=clean_environment(project.home),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == code, done.stderr
    assert "internal error" not in done.stderr


def test_a_terminal_without_unicode_changes_no_verdict(project: CliProject) -> None:
    project.environ["PYTHONIOENCODING"] = "ascii"

    done = project.sluice("run", check=0)

    assert r"\xb7" in done.stdout


@pytest.mark.parametrize("remote", ["http://[::1", "/", "git@host:a/b c+d.git", "::"])
def test_an_odd_remote_still_names_a_log(project: CliProject, remote: str) -> None:
    project.git("config", "remote.origin.url", remote)

    project.sluice("run", check=0)

    project.sluice("audit", "verify", check=0)


def test_a_stage_that_rewrites_the_commit_stops_the_run(project: CliProject) -> None:
    text = PIPELINE.replace("echo made", "echo x > allowed")
    project.commit({"sluicegate.yaml": text}, "rewrite")

    done = project.sluice("run", check=4)

    assert "changed since the run began: allowed" in done.stdout


def test_a_run_can_be_started_from_a_folder_below(project: CliProject) -> None:
    text = PIPELINE.replace("  make:", "  unit: {uses: pytest}\n  make:")
    test = "def test_it() -> None:\n    assert True\n"
    project.commit({"sluicegate.yaml": text, "tests/test_it.py": test}, "add a test")
    below = CliProject(project.folder / "tests", project.home)

    done = below.sluice("run", "-f", "../sluicegate.yaml", check=0)

    assert "unit: open" in done.stdout
    assert project.git("status", "--porcelain") == ""


def test_a_service_in_a_folder_of_a_repository_is_run_from_there(
    tmp_path: Path,
) -> None:
    root = CliProject.make(tmp_path, {"services/a/sluicegate.yaml": PIPELINE})
    root.commit({"services/a/allowed": ""}, "allow")

    root.sluice("run", "--file", "services/a/sluicegate.yaml", check=0)

    assert (root.folder / "services/a/.sluicegate/audit/checkpoint").exists()
