"""`sluice audit verify --anchor github`: a log against what GitHub keeps of it."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cli_project import CliProject
from fake_github import FakeGitHub, State, serve
from fakes import FakeClock

from sluicegate.adapters.github.client import GithubClient
from sluicegate.adapters.github.host import GithubHost
from sluicegate.tlog.checkpoint import parse_checkpoint
from sluicegate.tlog.note import parse_note
from sluicegate.wiring.github.showing import anchor

PIPELINE = """\
schema: sluicegate/v1
name: churn_check_v1.0
stages:
  check: {uses: command, run: ["true"]}
"""
ANCHORED = ("audit", "verify", "--anchor", "github")


@dataclass
class Work:
    """A clone of a repository on GitHub, with a log."""

    project: CliProject
    github: FakeGitHub

    def run(self) -> str:
        """Another commit goes through the pipeline; the commit."""
        commit = self.project.commit({}, "more")
        self.project.sluice("run", check=0)
        return commit

    def anchor(self, commit: str) -> None:
        """What a step of the Action leaves behind."""
        note = parse_note((self.log / "checkpoint").read_bytes())
        name = self.github.state.repository.name
        client = GithubClient(self.github.url, self.github.token, name, FakeClock())
        anchor(GithubHost(client), commit, parse_checkpoint(note.text))

    @property
    def log(self) -> Path:
        return self.project.folder / ".sluicegate/audit"


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Work]:
    project = CliProject.make(tmp_path, {"sluicegate.yaml": PIPELINE})
    (project.folder / ".gitignore").write_text(".sluicegate/\n")
    state = State()
    state.repository.git_dir = project.folder / ".git"
    with serve(state) as github:
        project.environ = {
            "GITHUB_API_URL": github.url,
            "GITHUB_REPOSITORY": state.repository.name,
            "SLUICE_GITHUB_TOKEN": github.token,
        }
        yield Work(project, github)
        assert github.violations == []


def test_a_log_is_what_github_was_shown_until_it_is_cut_off(
    work: Work, tmp_path: Path
) -> None:
    work.anchor(work.run())
    shutil.copytree(work.log, tmp_path / "earlier")
    work.anchor(work.run())

    sound = work.project.sluice(*ANCHORED, check=0)
    assert "2 statuses of 3 commits in acme/" in sound.stdout
    assert "entries, all of it" in sound.stdout

    # Whoever keeps the log cuts it off, and makes this machine forget it.
    shutil.rmtree(work.log)
    shutil.copytree(tmp_path / "earlier", work.log)
    shutil.rmtree(work.project.home / ".local/state/sluicegate/pins")
    work.project.sluice("audit", "verify", check=0)  # which sees nothing of it

    found = work.project.sluice(*ANCHORED, check=5)

    assert "✗ the status sluicegate/log of commit" in found.stdout
    assert "set by github-actions[bot]" in found.stdout
    assert "says that the log had" in found.stdout


def test_what_github_does_not_say_is_told_and_never_taken_for_agreement(
    work: Work,
) -> None:
    work.run()
    nothing = work.project.document(*ANCHORED, check=0)["anchor"]
    assert (nothing["commits"], nothing["size"]) == (2, None)

    work.github.state.repository.private = True
    work.github.state.tokens[work.github.token].permissions = {"contents": "read"}
    assert "statuses: read" in work.project.sluice(*ANCHORED, check=4).stderr

    del work.project.environ["SLUICE_GITHUB_TOKEN"]
    refused = work.project.sluice(*ANCHORED, check=2)
    assert "there is no token for GitHub" in refused.stderr
    assert "SLUICE_GITHUB_TOKEN" in refused.stderr
