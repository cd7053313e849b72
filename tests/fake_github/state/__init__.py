"""What the fake GitHub knows: plain records that a test makes, changes and looks at.

Texts and numbers only, so that a state can be written to a file and read again. Records
that GitHub numbers get their number from `State.take_number`: numbers never repeat.
"""

from fake_github.state.accounts import ADMIN, BOT, FORK, WRITE_ALL, Token, User
from fake_github.state.code import Comment, Commit, Issue, Pull, Release, Signature
from fake_github.state.guards import BranchPolicy, Environment, Settings
from fake_github.state.repository import Repository
from fake_github.state.runs import Artifact, Job, Review, Run, Workflow
from fake_github.state.shown import (
    CheckRun,
    Deployment,
    DeploymentStatus,
    Sarif,
    Status,
)
from fake_github.state.world import State

__all__ = [
    "ADMIN",
    "BOT",
    "FORK",
    "WRITE_ALL",
    "Artifact",
    "BranchPolicy",
    "CheckRun",
    "Comment",
    "Commit",
    "Deployment",
    "DeploymentStatus",
    "Environment",
    "Issue",
    "Job",
    "Pull",
    "Release",
    "Repository",
    "Review",
    "Run",
    "Sarif",
    "Settings",
    "Signature",
    "State",
    "Status",
    "Token",
    "User",
    "Workflow",
]
