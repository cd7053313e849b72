"""Every command of docs/audit-questions.md, on the log of a project and on a copy."""

import json
import os
import pty
import re
import shlex
import shutil
import subprocess
from contextlib import chdir
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from audit_writer import new_id
from cli_project import CliProject, clean_environment
from click.testing import CliRunner, Result
from run_events import end, started

from sluicegate.adapters.keys import KeyDirectory
from sluicegate.adapters.stores.directory_log import DirectoryLog
from sluicegate.audit.envelope import Actor, Envelope, Recording, Source
from sluicegate.audit.log import AuditLog
from sluicegate.audit.record import encode
from sluicegate.cli import main
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    CanaryJudged,
    EnvironmentEntered,
    Event,
    PublishRequested,
    RolloutFinished,
    RolloutStarted,
    WeightConfirmed,
)
from sluicegate.model.event_secrets import SecretsGiven, SecretsRevoked
from sluicegate.model.rollout import CanaryVerdict, Release, RolloutResult
from sluicegate.model.secret import EndedLogin, GivenSecret
from sluicegate.model.traffic import RequestCounts

PAGE = Path(__file__).parents[2] / "docs/audit-questions.md"
COMMANDS = sorted(set(re.findall(r"`(sluice [^`]+)`", PAGE.read_text())))
FILES = {
    ".gitignore": "made.txt\n.sluicegate/\n",
    "sluicegate.yaml": """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  fine: {uses: command, run: "true"}
  late: {uses: command, run: "cat ready > made.txt", outputs: [made.txt]}
""",
}
IMAGE = Digest.of(b"image")
AT = datetime(2026, 6, 1, tzinfo=UTC)
ENTERED = EnvironmentEntered(
    stage="canary",
    environment="production",
    policy=Digest.of(b"rules"),
    branch="refs/heads/main",
    commit="f" * 40,
    conditions=(),
    approvals=(),
    override=False,
    size=0,
)

KEPT = GivenSecret("PROM", "bao", "openbao", "ml/prometheus", "token", "3")


@dataclass
class Audited:
    """A project with a run that went well, one that did not, and a deployment."""

    project: CliProject
    vkey: str
    values: dict[str, str]

    def ask(self, command: str) -> Result:
        """Run a command of the page, in this process: there are many."""
        for name, value in self.values.items():
            command = re.sub(rf"\b{name}\b", value, command)
        home = clean_environment(self.project.home)
        cleared = dict.fromkeys(("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"))
        with chdir(self.project.folder):
            runner = CliRunner(env={**cleared, **home})
            return runner.invoke(main, shlex.split(command)[1:])


def deploy(log: AuditLog, run_id: str, commit: str) -> None:
    """Record a deployment as a canary stage does."""
    release = Release(IMAGE, "v1.2.0", commit)
    few = RequestCounts(100, 0)
    events: tuple[Event, ...] = (
        started(definition=IMAGE, commit=commit),
        end("scan"),
        PublishRequested("publish", IMAGE, ("ghcr.io/acme/churn:v1.2.0",), ()),
        ENTERED,
        SecretsGiven("canary", (KEPT,), AT),
        SecretsRevoked("canary", (EndedLogin("bao"),), AT),
        RolloutStarted("canary", "production", release, None, AT),
        WeightConfirmed("canary", 5, few, few, AT),
        CanaryJudged("canary", CanaryVerdict.PROMOTE, "evidence", "no worse"),
        RolloutFinished("canary", RolloutResult.PROMOTED, "no worse", AT),
    )
    log.append(
        [
            encode(
                Envelope(
                    event_id=new_id(),
                    run_id=run_id,
                    seq=seq,
                    recorded_ts=AT,
                    source=Source("acme/churn", f"sha1:{commit}", "refs/heads/main"),
                    actor=Actor("user", "1000"),
                    tool=Recording("sluicegate", "0.1.0"),
                ),
                event,
            )
            for seq, event in enumerate(events)
        ]
    )


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    project = CliProject.make(tmp_path_factory.mktemp("audited"), FILES)
    project.sluice("run", "--allow-dirty", check=1)
    project.commit({"ready": "yes\n"}, "get ready")
    project.sluice("run", check=0)
    folder = project.folder / ".sluicegate/audit"
    (name,) = {each["origin"] for each in project.entries() if "origin" in each}
    signer = KeyDirectory(project.home / ".config/sluicegate/keys").find(name)
    assert signer is not None
    commit, run_id = project.git("rev-parse", "HEAD"), new_id()
    deploy(AuditLog(DirectoryLog(folder), signer), run_id, commit)
    report = next(
        file["digest"]["sha256"]
        for entry in project.entries()
        for file in entry.get("evidence", {}).get("files", [{}])
        if file
    )
    values = {
        "RUN": run_id,
        "ENTRY": "2",
        "COMMIT": commit[:12],
        "IMAGE": str(IMAGE),
        "FILE": report,
        "NAME": "v1.2.0",
        "PLACE": str(folder),
    }
    return Audited(project, signer.vkey(), values)


def test_the_page_has_questions() -> None:
    assert len(COMMANDS) > 20


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_page_answers(audited: Audited, command: str) -> None:
    done = audited.ask(command)

    assert done.exit_code == 0, done.output
    nothing_was = "log.pruned" in command
    assert bool(done.stdout.strip()) != nothing_was


def test_the_answers_are_those_that_were_recorded(audited: Audited) -> None:
    def lines(command: str) -> list[dict[str, object]]:
        told = audited.ask(f"sluice {command} --json").stdout.splitlines()
        return [json.loads(line)["entry"] for line in told]

    deployed = lines("audit log --type rollout.finished --since 2026-01-01")
    assert [each["result"] for each in deployed] == ["promoted"]
    outcomes = [e["outcome"] for e in lines("audit log --type run.finished")]
    assert outcomes == ["closed", "open"]
    assert len(lines("audit log --run RUN")) == 10
    assert {e["type"] for e in lines("audit log --digest IMAGE")} == {
        "run.started",
        "publish.requested",
        "rollout.started",
    }
    assert [e["type"] for e in lines("audit log --digest FILE")][:1] == [
        "stage.finished"
    ]
    that_day = "sluice environments production --at 2026-06-01 --json"
    (place,) = json.loads(audited.ask(that_day).stdout)["environments"]
    (served,) = place["releases"]
    assert (served["name"], served["image"]) == ("v1.2.0", str(IMAGE))
    assert served["entrance"]["policy"]["digest"] == str(ENTERED.policy)
    unfinished = json.loads(audited.ask("sluice status --unfinished --json").stdout)
    assert [run["run_id"] for run in unfinished["runs"]] == [audited.values["RUN"]]


def test_a_copy_answers_on_another_machine(audited: Audited, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(audited.project.folder / ".sluicegate/audit", copy)
    auditor = CliProject(tmp_path, tmp_path / "auditor")
    options = ("--log", str(copy), "--key", audited.vkey)

    told = auditor.sluice(
        "audit", "log", "--type", "run.finished", "--csv", *options, check=0
    )

    assert len(told.stdout.splitlines()) == 3
    shown = auditor.sluice("audit", "show", "-1", *options, check=0)
    assert "from the key given with --key" in shown.stdout


def on_terminal(project: CliProject, *arguments: str, pager: str) -> str:
    """What a terminal of 12 lines gets to see of a command that ends well."""
    environ = clean_environment(project.home, TERM="xterm", PAGER=pager, LINES="12")
    del environ["NO_COLOR"]
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        project.argv(*arguments),
        cwd=project.folder,
        env=environ,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    try:
        while data := os.read(ours, 1 << 16):
            shown += data
    except OSError:
        pass  # EIO: the command has ended, and with it the other end
    os.close(ours)
    assert process.wait() == 0, shown
    return shown.decode()


def write_pager(folder: Path, script: str) -> str:
    path = folder / "pager"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_a_long_list_goes_through_the_pager(audited: Audited, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    pager = write_pager(tmp_path, f"exec cat > {seen}")
    size = len(audited.project.entries())

    on_terminal(audited.project, "audit", "log", "--json", "--reverse", pager=pager)
    many = [line for line in seen.read_text().splitlines() if line]
    seen.unlink()
    shown = on_terminal(audited.project, "audit", "log", "-n", "2", pager=pager)

    assert len(many) == size
    assert not seen.exists()
    assert "\x1b[" in shown  # colour, on a terminal


def test_a_pager_that_stops_reading_ends_the_list(
    audited: Audited, tmp_path: Path
) -> None:
    pager = write_pager(tmp_path, "head -n 1 > /dev/null")

    shown = on_terminal(audited.project, "audit", "log", pager=pager)

    assert "Traceback" not in shown
    assert "internal error" not in shown


def test_a_pipe_gets_no_pager_and_no_colour(audited: Audited, tmp_path: Path) -> None:
    pager = write_pager(tmp_path, "exit 7")
    audited.project.environ["PAGER"] = pager

    told = audited.project.sluice("audit", "log", check=0).stdout

    assert len(told.splitlines()) == len(audited.project.entries())
    assert "\x1b" not in told
