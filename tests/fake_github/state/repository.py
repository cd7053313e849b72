"""A repository and everything in it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fake_github.state.code import Comment, Commit, Issue, Pull, Release
from fake_github.state.guards import Environment, Settings
from fake_github.state.runs import Artifact, Run, Workflow
from fake_github.state.shown import CheckRun, Deployment, Sarif, Status


@dataclass
class Repository:
    """A repository and everything in it. Lists are oldest first.

    With ``git_dir`` the branches, tags and commits are those of that git repository at
    every request; what is pushed there is known here. ``protections`` maps branches to
    what is said of their protection, ``rulesets`` are as GitHub shows them.
    """

    name: str
    id: int
    default_branch: str = "main"
    private: bool = False
    fork: bool = False
    git_dir: Path | None = None
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    commits: dict[str, Commit] = field(default_factory=dict)
    collaborators: dict[str, str] = field(default_factory=dict)
    workflows: list[Workflow] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    artifacts: list[Artifact] = field(default_factory=list)
    checks: list[CheckRun] = field(default_factory=list)
    statuses: list[Status] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    pulls: list[Pull] = field(default_factory=list)
    deployments: list[Deployment] = field(default_factory=list)
    environments: list[Environment] = field(default_factory=list)
    sarifs: list[Sarif] = field(default_factory=list)
    rulesets: list[dict[str, Any]] = field(default_factory=list)
    protections: dict[str, dict[str, Any]] = field(default_factory=dict)
    releases: list[Release] = field(default_factory=list)
    settings: Settings = field(default_factory=Settings)
    code_scanning: bool = True

    @property
    def owner(self) -> str:
        return self.name.partition("/")[0]
