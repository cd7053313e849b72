"""A repository on a code host, by what the project asks of it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from sluicegate.errors import PermanentError
from sluicegate.model.code_host import (
    Account,
    CheckRun,
    Comment,
    CommitAccounts,
    CommitStatus,
    DeploymentState,
    Dispatched,
    EnvironmentReview,
    HostedDeployment,
    HostedRepository,
    WorkflowRun,
)


class MissingPermissionError(PermanentError):
    """The token may not do what was asked for.

    ``permission`` is what it lacks, in the words of a workflow: ``checks: write``.
    """

    def __init__(self, message: str, permission: str, *, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.permission = permission


class Workflows(Protocol):
    """Runs of workflows, and who is behind them. All methods raise as `CodeHost`'s."""

    def run(self, number: int) -> WorkflowRun | None:
        """The run *number*, None if there is none (any more)."""
        ...

    def runs(
        self, workflow: str, *, event: str, branch: str, since: datetime
    ) -> Iterator[WorkflowRun]:
        """The runs of the file *workflow* (its name in ``.github/workflows``).

        Newest first, fetched page by page; those made before *since* are left out.
        """
        ...

    def reviews(self, number: int) -> Sequence[EnvironmentReview]:
        """What people said when the run *number* asked to enter environments."""
        ...

    def dispatch(
        self, workflow: str, *, branch: str, inputs: Mapping[str, str]
    ) -> Dispatched:
        """Start the file *workflow* on *branch*."""
        ...

    def role(self, account: Account) -> str:
        """The role of *account* in the repository: ``none``, ``read``, ... ``admin``.

        ``none`` as well if its login is that of another account by now.
        """
        ...

    def content(self, path: str, commit: str) -> bytes | None:
        """The file *path* at *commit*, None if it is not there."""
        ...

    def is_ancestor(self, commit: str, of: str) -> bool:
        """Whether *commit* is *of*, or in its history; *of* may be a branch."""
        ...

    def commit_accounts(self, commit: str) -> CommitAccounts:
        """Whom the host takes the author and the committer of *commit* for."""
        ...

    def comment(self, number: int) -> Comment | None:
        """The comment *number*, by its id; None if there is none (any more)."""
        ...

    def comments(self, issue: int) -> Iterator[Comment]:
        """The comments on an issue or pull request, oldest first."""
        ...


class Feedback(Protocol):
    """Where the host shows results. All methods raise as `CodeHost`'s."""

    def me(self) -> Account | None:
        """Whose token this is, None where the host does not tell (an app's token)."""
        ...

    def put_check(self, check: CheckRun) -> str:
        """Create *check*, or update the one with its name and external id; its URL.

        Annotations beyond what one request takes are sent in several.
        """
        ...

    def set_status(self, commit: str, status: CommitStatus) -> None:
        """Set a status of *commit*."""
        ...

    def statuses(self, commit: str) -> Iterator[CommitStatus]:
        """All statuses ever set of *commit*, newest first."""
        ...

    def put_comment(self, issue: int, marker: str, body: str) -> str:
        """Create or update the one comment of ours that holds *marker*; its URL.

        A comment of somebody else that holds *marker* is left alone.
        """
        ...

    def deployments(self, commit: str, environment: str) -> Iterator[HostedDeployment]:
        """The deployments of *commit* to *environment*, newest first."""
        ...

    def create_deployment(
        self,
        commit: str,
        environment: str,
        payload: Mapping[str, str],
        description: str,
    ) -> HostedDeployment:
        """Create a deployment that waits for no checks and merges nothing."""
        ...

    def set_deployment_state(
        self,
        deployment: int,
        state: DeploymentState,
        *,
        description: str,
        log_url: str | None = None,
        environment_url: str | None = None,
    ) -> None:
        """Say how a deployment stands."""
        ...

    def upload_sarif(self, commit: str, ref: str, sarif: bytes) -> str:
        """Upload a SARIF document (not compressed) for *commit*; the id it got."""
        ...


class CodeHost(Workflows, Feedback, Protocol):
    """One repository on a code host, with one token.

    Raises:
        TransientError: the host does not answer, or not now (5xx, rate limits): tried
            again as often and as long as it asks for, within bounds.
        PermanentError: it refuses, or its answer cannot be understood.
        MissingPermissionError: the token lacks a permission, which the message names,
            or there is nothing that it may see.
        Interrupted: asked to stop.
    """

    def repository(self) -> HostedRepository:
        """What the host knows of the repository."""
        ...
