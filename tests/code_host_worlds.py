"""Worlds in which a code host is asked: what people do there, and the host itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha1
from typing import Protocol

from fake_github import FakeGitHub, Review, State, Token, serve
from fake_github.state import Comment as StoredComment
from fakes import FakeClock
from fakes_code_host import NOW, FakeCodeHost
from typing_extensions import override

from sluicegate.adapters.github.client import GithubClient
from sluicegate.adapters.github.host import GithubHost
from sluicegate.model.code_host import (
    Account,
    Comment,
    CommitAccounts,
    EnvironmentReview,
    WorkflowRun,
)
from sluicegate.ports.code_host import CodeHost

PEOPLE = {
    "ann": Account("ann", 1001, is_person=True),
    "bob": Account("bob", 1002, is_person=True),
    "github-actions[bot]": Account("github-actions[bot]", 41898282, is_person=False),
}
ADDRESSES = {"ann@example.com": "ann", "bob@example.com": "bob"}
PERMISSIONS = (
    *("actions", "checks", "contents", "deployments", "issues"),
    *("security-events", "statuses"),
)


class HostWorld(Protocol):
    """A repository with main as its default branch; ann is an admin, bob may write."""

    def host(self, *, lacking: str | None = None, user: str | None = None) -> CodeHost:
        """The host, with the token of a job or of *user*, without one permission."""
        ...

    def commit(self, files: dict[str, bytes], author: str = "ann@example.com") -> str:
        """Commit *files* on main."""
        ...

    def force(self, commit: str) -> None:
        """Force main to *commit*."""
        ...

    def started(self, title: str, *, path: str, by: str, at: datetime) -> int:
        """A run that *by* has dispatched on main."""
        ...

    def forget(self, run: int) -> None:
        """Delete a run."""
        ...

    def reviewed(self, run: int, environment: str, state: str, by: str) -> None:
        """Somebody let a run into an environment, or not."""
        ...

    def issue(self) -> int:
        """An issue that can be commented on."""
        ...

    def said(self, issue: int, body: str, by: str) -> int:
        """A comment of somebody's."""
        ...

    def counts(self) -> dict[str, int]:
        """How many there are of what is shown."""
        ...


@dataclass
class MemoryWorld(HostWorld):
    """The fake of the port."""

    known: FakeCodeHost = field(default_factory=FakeCodeHost)
    _tip: str = ""

    @override
    def host(self, *, lacking: str | None = None, user: str | None = None) -> CodeHost:
        self.known.roles = {"ann": "admin", "bob": "write"}
        self.known.numbers = {each.login: each.number for each in PEOPLE.values()}
        if user is not None:
            self.known.user, self.known.tells = PEOPLE[user], True
        if lacking is not None:
            levels = ("read", "write")
            self.known.lacks = {f"{lacking}: {level}" for level in levels}
        return self.known

    @override
    def commit(self, files: dict[str, bytes], author: str = "ann@example.com") -> str:
        known = self.known
        name = sha1(f"{self._tip}{files}{author}".encode()).hexdigest()  # noqa: S324
        before = {p: d for (p, c), d in known.files.items() if c == self._tip}
        known.files |= {(p, name): d for p, d in {**before, **files}.items()}
        known.parents[name] = (self._tip,) if self._tip else ()
        who = PEOPLE.get(ADDRESSES.get(author, ""))
        known.accounts[name] = CommitAccounts(name, who, who, author, author)
        self.force(name)
        return name

    @override
    def force(self, commit: str) -> None:
        self._tip = self.known.tips["main"] = commit

    @override
    def started(self, title: str, *, path: str, by: str, at: datetime) -> int:
        number = 900 + len(self.known.workflow_runs)
        who = PEOPLE[by]
        run = WorkflowRun(
            number=number,
            attempt=1,
            title=title,
            path=path,
            event="workflow_dispatch",
            branch="main",
            commit=self._tip,
            status="completed",
            conclusion="success",
            actor=who,
            again_by=who,
            created=at,
            url=f"https://github.com/acme/app/actions/runs/{number}",
            repository=self.known.facts.number,
            raw=b"{}",
        )
        self.known.workflow_runs.append(run)
        return number

    @override
    def forget(self, run: int) -> None:
        every = self.known.workflow_runs
        self.known.workflow_runs = [each for each in every if each.number != run]

    @override
    def reviewed(self, run: int, environment: str, state: str, by: str) -> None:
        review = EnvironmentReview((environment,), state, "fine", PEOPLE[by], b"{}")
        self.known.given_reviews.setdefault(run, []).append(review)

    @override
    def issue(self) -> int:
        return 1

    @override
    def said(self, issue: int, body: str, by: str) -> int:
        thread = self.known.threads.setdefault(issue, [])
        number = 800 + len(thread)
        thread.append(Comment(number, body, PEOPLE[by], NOW, NOW, "", b"{}"))
        return number

    @override
    def counts(self) -> dict[str, int]:
        known = self.known
        return {
            "checks": len(known.checks),
            "comments": sum(map(len, known.threads.values())),
            "deployments": len(known.made),
            "statuses": sum(map(len, known.given_statuses.values())),
            "sarifs": len(known.sarifs),
        }


@dataclass
class GithubWorld(HostWorld):
    """The real adapter, which asks a fake GitHub over the wire."""

    github: FakeGitHub
    clock: FakeClock = field(default_factory=FakeClock)

    @override
    def host(self, *, lacking: str | None = None, user: str | None = None) -> CodeHost:
        state = self.github.state
        token = self.github.token if user is None else f"ghp_{user}"
        if lacking is not None:
            state.repository.private = True  # everybody may read a public one
            known = state.tokens[token]
            name = lacking.replace("-", "_")
            lost = {name, "pull_requests" if name == "issues" else name}
            left = {k: v for k, v in known.permissions.items() if k not in lost}
            token = "ghs_lacking"  # noqa: S105 - of the fake
            state.tokens[token] = Token(known.login, left, known.app)
        name = state.repository.name
        return GithubHost(GithubClient(self.github.url, token, name, self.clock))

    @override
    def commit(self, files: dict[str, bytes], author: str = "ann@example.com") -> str:
        return self.github.state.add_commit(files, author=author)

    @override
    def force(self, commit: str) -> None:
        self.github.state.repository.branches["main"] = commit

    @override
    def started(self, title: str, *, path: str, by: str, at: datetime) -> int:
        run = self.github.state.add_run(path, title=title, actor=by)
        run.created_at = run.updated_at = at
        return run.id

    @override
    def forget(self, run: int) -> None:
        repository = self.github.state.repository
        repository.runs = [each for each in repository.runs if each.id != run]

    @override
    def reviewed(self, run: int, environment: str, state: str, by: str) -> None:
        known = {each.name for each in self.github.state.repository.environments}
        if environment not in known:
            self.github.state.add_environment(environment, "ann")
        found = next(r for r in self.github.state.repository.runs if r.id == run)
        found.reviews.append(Review([environment], state, "fine", by))

    @override
    def issue(self) -> int:
        state = self.github.state
        return state.add_pull("topic", state.repository.branches["main"]).number

    @override
    def said(self, issue: int, body: str, by: str) -> int:
        state = self.github.state
        at, app = state.now(), "github-actions" if by.endswith("[bot]") else None
        made = StoredComment(state.take_number(), issue, body, by, at, at, app)
        state.repository.comments.append(made)
        return made.id

    @override
    def counts(self) -> dict[str, int]:
        known = self.github.state.repository
        return {
            "checks": len(known.checks),
            "comments": len(known.comments),
            "deployments": len(known.deployments),
            "statuses": len(known.statuses),
            "sarifs": len(known.sarifs),
        }


@contextmanager
def github_world() -> Iterator[GithubWorld]:
    """A GitHub, of which at the end nothing was asked that it does not know."""
    with serve(State(time=NOW)) as github:
        yield GithubWorld(github)
        assert github.violations == []


@contextmanager
def memory_world() -> Iterator[MemoryWorld]:
    """A world in memory."""
    yield MemoryWorld()


WORLDS = {"fake": memory_world, "github": github_world}
HOUR = timedelta(hours=1)
