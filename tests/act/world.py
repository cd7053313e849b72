"""A repository on GitHub: people push, its workflows run, and GitHub is told things.

Git, Docker, the registry, Trivy, the Action and every workflow are real; GitHub is the
fake that is held against its own description.
"""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import yaml
from act.git_server import git_server
from act.runner import ActRun, Runner, Trigger
from cli_project import CliProject, clean_environment
from fake_github import BOT, FakeGitHub, Run, State, Token, serve
from typing_extensions import override

NAME = "acme/shop"
PEOPLE = {"ann": "ann@example.com", "bob": "bob@example.com", "eve": "eve@example.net"}
SECRET = "SLUICE_LOG_KEY"  # noqa: S105 - its name


class Clone(CliProject):
    """A clone whose modules the program does not import, as the installed one."""

    @override
    def argv(self, *arguments: str, before: Sequence[str] = ()) -> list[str]:
        return [*before, sys.executable, "-I", "-m", "sluicegate", *arguments]


@dataclass
class World:
    """The repository, whoever works on it, and its runner.

    ``project`` is a clone in which people work, with the user's folders of whoever
    looks after the log. ``secrets`` are those of the repository.
    """

    root: Path
    github: FakeGitHub
    project: CliProject
    origin: Path
    runner: Runner
    secrets: dict[str, str] = field(default_factory=dict)
    runs: list[ActRun] = field(default_factory=list)

    @property
    def state(self) -> State:
        return self.github.state

    def commit(
        self, files: Mapping[str, str], message: str, author: str = "ann"
    ) -> str:
        """Commit *files* as *author*, on the branch that is checked out; the commit."""
        for name, text in files.items():
            path = self.project.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "-A", author=author)
        self.git("commit", "-q", "--allow-empty", "-m", message, author=author)
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str, author: str = "ann") -> str:
        identity = ("-c", f"user.name={author}", "-c", f"user.email={PEOPLE[author]}")
        done = subprocess.run(
            ["git", *identity, *arguments],
            cwd=self.project.folder,
            check=True,
            capture_output=True,
            text=True,
            env=clean_environment(self.project.home),
        )
        return done.stdout.strip()

    def push(
        self, files: Mapping[str, str], message: str = "Change", author: str = "ann"
    ) -> str:
        """Commit to main and push; the commit."""
        commit = self.commit(files, message, author)
        self.git("push", "-q", "origin", "main")
        self.state.repository.branches["main"] = commit
        return commit

    def on_push(
        self, workflow: str = "release.yml", *, actor: str = "ann", commit: str = ""
    ) -> ActRun:
        """What a push of main starts, by default of its tip."""
        sha = commit or self.tip
        path = f".github/workflows/{workflow}"
        run = self.state.add_run(
            path,
            event="push",
            actor=actor,
            sha=sha,
            status="in_progress",
            conclusion=None,
        )
        payload = {
            "ref": "refs/heads/main",
            "after": sha,
            "head_commit": {
                "id": sha,
                "message": self.git("log", "-1", "--format=%B", sha),
            },
        }
        return self.carry_out(run, payload, "refs/heads/main")

    def on_pull_request(
        self,
        branch: str,
        workflow: str = "release.yml",
        *,
        actor: str = "bob",
        fork: str | None = None,
        title: str = "Change",
    ) -> ActRun:
        """What a pull request from *branch* starts, judged as if it were merged."""
        head = self.git("rev-parse", branch)
        pull = self.state.add_pull(branch, head, login=actor, fork=fork)
        pull.title = title
        ref = f"refs/pull/{pull.number}/merge"
        self.git("push", "-q", "origin", f"{branch}:{ref}")
        if fork is None:
            self.git("push", "-q", "origin", branch)
        run = self.state.add_run(
            f".github/workflows/{workflow}",
            event="pull_request",
            actor=actor,
            sha=head,
            branch=branch,
            status="in_progress",
            conclusion=None,
        )
        number = 9999 if fork else self.state.repository.id
        payload = {
            "number": pull.number,
            "pull_request": {
                "number": pull.number,
                "title": title,
                "head": {"ref": branch, "sha": head, "repo": {"id": number}},
                "base": {"ref": "main", "repo": {"id": self.state.repository.id}},
            },
        }
        return self.carry_out(
            run, payload, ref, token="ghs_fork" if fork else None, lend=not fork
        )

    def dispatch(self, workflow: str, who: str, **inputs: str) -> ActRun:
        """Let *who* start *workflow* by hand, as GitHub lets them."""
        before = len(self.runs)
        subprocess.run(
            [
                *("curl", "--silent", "--fail-with-body", "-X", "POST"),
                *("-H", f"Authorization: Bearer ghp_{who}"),
                *("-H", "Content-Type: application/json"),
                *("--data", json.dumps({"ref": "main", "inputs": inputs})),
                f"{self.github.url}/repos/{NAME}/actions/workflows/{workflow}/dispatches",
            ],
            check=True,
        )
        self.github.join_dispatched()
        (found,) = self.runs[before:]
        return found

    def on_schedule(self, workflow: str) -> ActRun:
        """What the clock starts."""
        run = self.state.add_run(
            f".github/workflows/{workflow}",
            event="schedule",
            status="in_progress",
            conclusion=None,
        )
        return self.carry_out(run, {"schedule": "*"}, "refs/heads/main")

    def again(self, run: Run) -> ActRun:
        """Carry *run* out again, as what its record says by now."""
        dispatched = run.event == "workflow_dispatch"
        payload = {"inputs": run.inputs} if dispatched else {"after": run.head_sha}
        return self.carry_out(
            run, {"ref": "refs/heads/main", **payload}, "refs/heads/main"
        )

    def on_dispatch(self, _github: FakeGitHub, run: Run) -> None:
        """Carry out a run that somebody started through GitHub."""
        run.status = "in_progress"
        payload = {"ref": "refs/heads/main", "inputs": run.inputs}
        self.carry_out(run, payload, "refs/heads/main")

    def carry_out(
        self,
        run: Run,
        payload: Mapping[str, Any],
        ref: str,
        *,
        token: str | None = None,
        lend: bool = True,
    ) -> ActRun:
        """Carry *run* out, and say on GitHub how it ended."""
        repository = self.state.repository
        document = {
            **payload,
            "repository": {
                "id": repository.id,
                "full_name": repository.name,
                "default_branch": repository.default_branch,
                "private": repository.private,
            },
            "sender": {"login": run.actor},
        }
        done = self.runner.run(
            Path(run.path).name,
            Trigger(
                event=run.event,
                payload=document,
                commit=run.head_sha,
                ref=ref,
                actor=run.actor,
                run=run.id,
                attempt=run.run_attempt,
                again_by=run.triggering_actor,
            ),
            token=token or self.token_for(run.path, run.head_sha),
            secrets=self.secrets if lend else None,
        )
        good = done.code == 0 and all(
            job.result == "success" for job in done.jobs.values()
        )
        run.status, run.conclusion = "completed", "success" if good else "failure"
        self.runs.append(done)
        return done

    def token_for(self, path: str, commit: str) -> str:
        """A token that may do what the jobs of a workflow ask for, and no more."""
        workflow = yaml.safe_load(self.git("show", f"{commit}:{path}"))
        may: dict[str, str] = {"metadata": "read"}
        for job in workflow["jobs"].values():
            for name, level in job["permissions"].items():
                key = name.replace("-", "_")
                may[key] = "write" if "write" in (level, may.get(key)) else level
        token = f"ghs_{len(self.state.tokens)}"
        self.state.tokens[token] = Token(BOT, may, app="github-actions")
        return token

    @property
    def refused(self) -> list[str]:
        """What GitHub was asked for that a token may not do."""
        return [
            each.operation
            for each in self.github.exchanges
            if each.status == HTTPStatus.FORBIDDEN and each.operation
        ]

    @property
    def tip(self) -> str:
        return self.git("rev-parse", "origin/main")

    def make_key(self) -> None:
        """Make the log's key, and put it where workflows get it."""
        made = self.project.sluice("audit", "keys", "create", "--secret", check=0)
        self.secrets[SECRET] = made.stdout.strip()

    def entries(self) -> list[dict[str, Any]]:
        """The entries of the log, verified by whoever looks after it."""
        self.git("fetch", "-q", "origin")
        said = self.project.sluice("audit", "log", "--json", check=0)
        return [json.loads(line)["entry"] for line in said.stdout.splitlines()]


@contextmanager
def world(root: Path, action: Path, home: Path) -> Iterator[World]:
    """An empty repository *acme/shop*, and its GitHub."""
    origin = root / "origin.git"
    subprocess.run(
        ["git", "init", "-q", "--bare", "-b", "main", str(origin)], check=True
    )
    project = Clone(root / "project", root / "home")
    project.home.mkdir()
    subprocess.run(
        ["git", "clone", "-q", str(origin), str(project.folder)],
        check=True,
        capture_output=True,
    )
    made: list[World] = []

    def on_dispatch(github: FakeGitHub, run: Run) -> None:
        made[0].on_dispatch(github, run)

    state = State()
    with (
        serve(state, on_dispatch=on_dispatch) as github,
        git_server(state, NAME, origin) as server,
    ):
        state.repository.git_dir = origin
        runner = Runner(
            root=root / "runner",
            repository=NAME,
            number=github.state.repository.id,
            origin=origin,
            api=github.url,
            server=server,
            action=action,
            home=home,
        )
        runner.own_home.mkdir(parents=True)
        made.append(World(root, github, project, origin, runner))
        login = base64.b64encode(b"x-access-token:ghp_ann").decode()
        header = f"AUTHORIZATION: basic {login}"
        made[0].git("config", f"http.{server}/.extraheader", header)
        made[0].git("remote", "set-url", "origin", f"{server}/{NAME}")
        yield made[0]
