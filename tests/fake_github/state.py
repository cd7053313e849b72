"""What the fake GitHub knows: plain records that a test makes, changes and looks at.

Texts and numbers only, so that a state can be written to a file and read again. Records
that GitHub numbers get their number from `State.take_number`, so numbers never repeat.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from pathlib import Path
from typing import Any

from pydantic import Base64Bytes

BOT = "github-actions[bot]"
# What a job's GITHUB_TOKEN gets under `permissions: write-all`.
WRITE_ALL = dict.fromkeys(
    (
        "actions", "attestations", "checks", "contents", "deployments", "issues",
        "packages", "pages", "pull_requests", "security_events", "statuses",
    ),
    "write",
)  # fmt: skip
# What a run of a pull request from a fork gets, whatever its workflow asks for.
FORK = dict.fromkeys(WRITE_ALL, "read")
ADMIN = {
    **WRITE_ALL,
    "administration": "write",
    "environments": "write",
    "secrets": "write",
    "variables": "write",
    "workflows": "write",
}


@dataclass
class User:
    """An account. ``type`` is User, Bot or Organization."""

    login: str
    id: int
    type: str = "User"
    name: str | None = None
    emails: list[str] = field(default_factory=list)
    ssh_signing_keys: list[str] = field(default_factory=list)


@dataclass
class Token:
    """A token. ``app`` is set for those of an installation, like a job's GITHUB_TOKEN.

    ``permissions`` maps names, as `x-accepted-github-permissions` spells them, to
    ``read`` or ``write``. An expired token is refused like an unknown one.
    """

    login: str
    permissions: dict[str, str]
    app: str | None = None
    expired: bool = False


@dataclass
class Signature:
    """Who a commit says made it, and when: anybody may write anything there."""

    name: str
    email: str
    date: datetime


@dataclass
class Commit:
    """A commit. ``files`` None: they are read from the repository's git folder."""

    sha: str
    parents: list[str]
    message: str
    author: Signature
    committer: Signature
    tree: str
    files: dict[str, Base64Bytes] | None = None
    pulls: list[int] = field(default_factory=list)


@dataclass
class Workflow:
    """A workflow, known by the path of its file."""

    id: int
    path: str
    name: str
    state: str = "active"


@dataclass
class Review:
    """What somebody said when a run asked to enter environments."""

    environments: list[str]
    state: str
    comment: str
    login: str


@dataclass
class Job:
    """A job of a run, in one of its attempts."""

    id: int
    name: str
    status: str = "completed"
    conclusion: str | None = "success"
    attempt: int = 1


@dataclass
class Run:
    """A workflow run. ``waiting`` names the environments it waits to enter."""

    id: int
    run_number: int
    workflow: int
    path: str
    title: str
    event: str
    head_branch: str | None
    head_sha: str
    actor: str
    triggering_actor: str
    created_at: datetime
    updated_at: datetime
    status: str = "completed"
    conclusion: str | None = "success"
    run_attempt: int = 1
    inputs: dict[str, str] = field(default_factory=dict)
    reviews: list[Review] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    head_repository: str | None = None


@dataclass
class Artifact:
    """An artifact of a run; what is in it is not kept."""

    id: int
    name: str
    run: int
    size: int
    digest: str | None
    created_at: datetime
    expires_at: datetime
    expired: bool = False


@dataclass
class CheckRun:
    """A check run; ``annotations`` as they were sent, all of them."""

    id: int
    name: str
    head_sha: str
    status: str
    conclusion: str | None
    external_id: str | None
    details_url: str | None
    started_at: datetime | None
    completed_at: datetime | None
    app: str
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Status:
    """A status of a commit: it can be added, never changed."""

    id: int
    sha: str
    context: str
    state: str
    description: str | None
    target_url: str | None
    login: str
    created_at: datetime


@dataclass
class Issue:
    """An issue, or the conversation of a pull request of the same number."""

    number: int
    id: int
    title: str
    login: str
    body: str | None = None
    state: str = "open"
    is_pull: bool = False


@dataclass
class Comment:
    """A comment on an issue or a pull request. Whoever may write may edit it."""

    id: int
    issue: int
    body: str
    login: str
    created_at: datetime
    updated_at: datetime
    app: str | None = None


@dataclass
class Pull:
    """A pull request; ``head_repository`` differs for one from a fork."""

    number: int
    id: int
    title: str
    login: str
    head_ref: str
    head_sha: str
    head_repository: str
    base_ref: str
    base_sha: str
    state: str = "open"
    merge_commit_sha: str | None = None
    merged_at: datetime | None = None
    files: list[str] = field(default_factory=list)


@dataclass
class DeploymentStatus:
    """What was said of a deployment."""

    id: int
    state: str
    description: str
    environment: str
    log_url: str
    environment_url: str
    login: str
    created_at: datetime


@dataclass
class Deployment:
    """A deployment and all that was said of it, oldest first."""

    id: int
    sha: str
    ref: str
    task: str
    environment: str
    payload: Any
    description: str | None
    login: str
    created_at: datetime
    transient: bool = False
    production: bool = False
    statuses: list[DeploymentStatus] = field(default_factory=list)


@dataclass
class BranchPolicy:
    """A pattern of branches or tags that may enter an environment."""

    id: int
    name: str
    type: str = "branch"


@dataclass
class Environment:
    """An environment. ``policy``: None (all), ``protected`` or ``custom``."""

    id: int
    name: str
    created_at: datetime
    reviewers: list[str] = field(default_factory=list)
    prevent_self_review: bool = False
    wait_timer: int = 0
    policy: str | None = None
    branch_policies: list[BranchPolicy] = field(default_factory=list)
    custom_rules: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    admins_can_bypass: bool = True


@dataclass
class Sarif:
    """An upload to code scanning: ``document`` as it was after unpacking."""

    id: str
    commit_sha: str
    ref: str
    document: dict[str, Any]
    login: str
    created_at: datetime


@dataclass
class Release:
    """A release; an immutable one can never be changed."""

    id: int
    tag_name: str
    commit: str
    login: str
    created_at: datetime
    name: str | None = None
    body: str | None = None
    draft: bool = False
    prerelease: bool = False
    immutable: bool = False


@dataclass
class Settings:
    """A repository's settings for Actions and releases. Sizes in days."""

    actions_enabled: bool = True
    allowed_actions: str = "all"
    github_owned_allowed: bool = True
    verified_allowed: bool = False
    patterns_allowed: list[str] = field(default_factory=list)
    sha_pinning_required: bool = False
    default_workflow_permissions: str = "read"
    can_approve_pull_request_reviews: bool = False
    retention_days: int = 90
    maximum_retention_days: int = 90
    fork_approval: str = "first_time_contributors"
    immutable_releases: bool = False
    immutable_by_owner: bool = False
    secrets: list[str] = field(default_factory=list)


@dataclass
class Repository:
    """A repository and everything in it. Lists are oldest first.

    With ``git_dir`` the branches, tags and commits are those of that git repository at
    every request; what is pushed there is known here.
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
    protected_branches: list[str] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    settings: Settings = field(default_factory=Settings)
    code_scanning: bool = True

    @property
    def owner(self) -> str:
        return self.name.partition("/")[0]


def _people() -> dict[str, User]:
    known = (
        User("acme", 500, "Organization"),
        User("ann", 1001, name="Ann", emails=["ann@example.com"]),
        User("bob", 1002, name="Bob", emails=["bob@example.com"]),
        User("eve", 1666, name="Eve", emails=["eve@example.net"]),
        User(BOT, 41898282, "Bot"),
    )
    return {user.login: user for user in known}


def _repositories() -> dict[str, Repository]:
    shop = Repository("acme/shop", 7001, collaborators={"ann": "admin", "bob": "write"})
    return {shop.name: shop}


def _tokens() -> dict[str, Token]:
    return {
        "ghs_job": Token(BOT, dict(WRITE_ALL), app="github-actions"),
        "ghs_fork": Token(BOT, dict(FORK), app="github-actions"),
        "ghp_ann": Token("ann", dict(ADMIN)),
        "ghp_bob": Token("bob", dict(WRITE_ALL)),
    }


@dataclass
class State:
    """A whole GitHub: by default *acme/shop*, ann its admin, bob who may write.

    Tokens: ``ghs_job`` is that of a job of acme/shop, ``ghs_fork`` that of a pull
    request's from a fork, ``ghp_ann`` and ``ghp_bob`` are people's. ``time`` None: now.
    """

    repositories: dict[str, Repository] = field(default_factory=_repositories)
    users: dict[str, User] = field(default_factory=_people)
    tokens: dict[str, Token] = field(default_factory=_tokens)
    time: datetime | None = None
    last_number: int = 10_000

    @property
    def repository(self) -> Repository:
        """The first repository, which is mostly the only one."""
        return next(iter(self.repositories.values()))

    def take_number(self) -> int:
        """A number that nothing here has yet."""
        self.last_number += 1
        return self.last_number

    def now(self) -> datetime:
        """The time here, in whole seconds, as GitHub tells it."""
        return (self.time or datetime.now(UTC)).replace(microsecond=0)

    def user_of(self, email: str) -> User | None:
        """Whom GitHub takes the owner of *email* for."""
        return next((u for u in self.users.values() if email in u.emails), None)

    def add_commit(
        self,
        files: Mapping[str, bytes] | None = None,
        *,
        branch: str | None = None,
        author: str = "ann@example.com",
        committer: str | None = None,
        message: str = "Change something",
        parents: list[str] | None = None,
    ) -> str:
        """Put a commit with *files* over those of *branch* on it; its id.

        *branch* is the default branch if not given; *parents* given: the commit is on
        no other ones, and takes over the first one's files.
        """
        repository = self.repository
        name = branch or repository.default_branch
        tip = repository.branches.get(name)
        if parents is None:
            parents = [tip] if tip else []
        base = repository.commits[parents[0]].files if parents else {}
        whole = {**(base or {}), **(files or {})}
        tree = sha1(repr(sorted(whole.items())).encode()).hexdigest()  # noqa: S324
        seed = f"{self.take_number()} {tree} {parents} {message}"
        sha = sha1(seed.encode()).hexdigest()  # noqa: S324 - git's own
        repository.commits[sha] = Commit(
            sha=sha,
            parents=parents,
            message=message,
            author=self._signature(author),
            committer=self._signature(committer or author),
            tree=tree,
            files=whole,
        )
        repository.branches[name] = sha
        return sha

    def add_run(
        self,
        path: str,
        *,
        title: str = "",
        event: str = "workflow_dispatch",
        actor: str = "ann",
        branch: str | None = None,
        sha: str | None = None,
        status: str = "completed",
        conclusion: str | None = "success",
        again_by: str | None = None,
        inputs: Mapping[str, str] | None = None,
    ) -> Run:
        """Add a run of the workflow file *path* (and the workflow, if it is new)."""
        repository = self.repository
        name = branch or repository.default_branch
        workflow = self.workflow(path)
        run = Run(
            id=self.take_number(),
            run_number=1 + sum(r.workflow == workflow.id for r in repository.runs),
            workflow=workflow.id,
            path=path,
            title=title or workflow.name,
            event=event,
            head_branch=name,
            head_sha=sha or repository.branches[name],
            actor=actor,
            triggering_actor=again_by or actor,
            created_at=self.now(),
            updated_at=self.now(),
            status=status,
            conclusion=conclusion,
            inputs=dict(inputs or {}),
        )
        repository.runs.append(run)
        return run

    def workflow(self, path: str) -> Workflow:
        """The workflow of the file *path*, made if it is new."""
        for known in self.repository.workflows:
            if known.path == path:
                return known
        made = Workflow(self.take_number(), path, path)
        self.repository.workflows.append(made)
        return made

    def add_pull(
        self, branch: str, sha: str, *, login: str = "bob", fork: str | None = None
    ) -> Pull:
        """Open a pull request from *branch*, or from the repository *fork*."""
        repository = self.repository
        number = 1 + max((i.number for i in repository.issues), default=0)
        issue = Issue(number, self.take_number(), "Change", login, is_pull=True)
        repository.issues.append(issue)
        pull = Pull(
            number=number,
            id=self.take_number(),
            title=issue.title,
            login=login,
            head_ref=branch,
            head_sha=sha,
            head_repository=fork or repository.name,
            base_ref=repository.default_branch,
            base_sha=repository.branches[repository.default_branch],
        )
        repository.pulls.append(pull)
        return pull

    def add_environment(self, name: str, *reviewers: str) -> Environment:
        """Add an environment that *reviewers* (logins) must let runs into."""
        made = Environment(self.take_number(), name, self.now(), list(reviewers))
        self.repository.environments.append(made)
        return made

    def add_artifact(self, run: int, name: str, *, size: int = 1000) -> Artifact:
        """Add an artifact to the run numbered *run*."""
        days = timedelta(days=self.repository.settings.retention_days)
        digest = f"sha256:{'0' * 64}"
        made = Artifact(
            self.take_number(), name, run, size, digest, self.now(), self.now() + days
        )
        self.repository.artifacts.append(made)
        return made

    def _signature(self, email: str) -> Signature:
        user = self.user_of(email)
        return Signature((user and user.name) or "Somebody", email, self.now())
