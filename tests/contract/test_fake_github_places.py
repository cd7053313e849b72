"""The fake GitHub over a git repository, and as a process of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from fake_github import FakeGitHub, serve
from github_client import Client
from github_shop import build_shop

TESTS = Path(__file__).parents[1]


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with serve(build_shop()) as running:
        yield running


def git(folder: Path, *arguments: str) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    for who in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{who}_NAME": "Bob", f"GIT_{who}_EMAIL": "bob@example.com"}
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        capture_output=True,
        check=True,
        text=True,
        env=environment,
    )
    return done.stdout.strip()


def commit(folder: Path, name: str) -> str:
    (folder / name).write_text(name)
    git(folder, "add", name)
    git(folder, "commit", "-q", "-m", f"Add {name}")
    return git(folder, "rev-parse", "HEAD")


def test_what_is_pushed_to_the_git_folder_is_known_at_once(
    github: FakeGitHub, tmp_path: Path
) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    first = commit(tmp_path, "one")
    github.state.repository.git_dir = tmp_path / ".git"
    client = Client(github)

    assert client.get("branches/main")["commit"]["sha"] == first
    second = commit(tmp_path, "two")
    git(tmp_path, "tag", "-a", "v1", "-m", "v1")
    shown = client.get("commits/main")
    assert shown["sha"] == second
    assert shown["author"]["login"] == "bob"
    assert shown["commit"]["message"] == "Add two"
    assert client.get("git/ref/tags%2Fv1")["object"]["sha"] == second
    assert {each["name"] for each in client.get("contents/")} == {"one", "two"}
    assert client.ask("GET", f"contents/two?ref={first}").status_code == 404
    assert client.get(f"compare/{first}...main")["status"] == "ahead"


def test_a_push_by_force_leaves_the_old_commit_where_nothing_leads(
    github: FakeGitHub, tmp_path: Path
) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path, "one")
    github.state.repository.git_dir = tmp_path / ".git"
    lost = commit(tmp_path, "two")
    client = Client(github)
    assert client.get("commits/main")["sha"] == lost
    git(tmp_path, "reset", "-q", "--hard", "HEAD~1")
    new = commit(tmp_path, "three")

    assert client.get("branches/main")["commit"]["sha"] == new
    assert client.get(f"commits/{lost}")["sha"] == lost
    assert client.get(f"compare/{lost}...main")["status"] == "diverged"


@dataclass(frozen=True)
class Process:
    url: str
    program: subprocess.Popen[str]


@contextmanager
def process(state: Path) -> Iterator[Process]:
    with subprocess.Popen(
        [sys.executable, "-m", "fake_github", "--port", "0", "--state", str(state)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(TESTS)},
    ) as running:
        assert running.stdout is not None
        try:
            yield Process(running.stdout.readline().strip(), running)
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(20)


def test_a_process_keeps_its_state_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    body = {"name": "audit", "enforcement": "active", "rules": [{"type": "deletion"}]}
    with process(file) as first:
        assert Client(first, "ghp_ann").post("rulesets", body).status_code == 201
        kept = json.loads(file.read_bytes())
        assert kept["repositories"]["acme/shop"]["rulesets"][0]["name"] == "audit"
    assert first.program.returncode == 0
    with process(file) as second:
        assert Client(second).get("rulesets/10001")["name"] == "audit"
        assert Client(second).ask("GET", "nothing").status_code == 404

    assert second.program.returncode == 1  # for GitHub has no such path
