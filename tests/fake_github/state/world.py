"""A whole GitHub."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha1

from fake_github.state.accounts import ADMIN, BOT, FORK, WRITE_ALL, Token, User
from fake_github.state.code import Commit, Issue, Pull, Signature
from fake_github.state.guards import Environment
from fake_github.state.repository import Repository
from fake_github.state.runs import Artifact, Run, Workflow


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
