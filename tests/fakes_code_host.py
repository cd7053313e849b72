"""A code host in memory: the port as its docstrings say, with what people do to it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from typing_extensions import override

from sluicegate.errors import ExternalError, PermanentError
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
from sluicegate.ports.code_host import CodeHost, MissingPermissionError

NAME = "acme/app"
URL = f"https://github.com/{NAME}"
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
ANN = Account("ann", 101, is_person=True)
BOB = Account("bob", 102, is_person=True)
BOT = Account("github-actions[bot]", 41_898_282, is_person=False)
FACTS = HostedRepository(
    name=NAME, number=7001, default_branch="main", is_private=False, url=URL
)


@dataclass(frozen=True)
class PutState:
    """What was said of a deployment."""

    state: DeploymentState
    description: str
    log_url: str | None
    environment_url: str | None


@dataclass
class FakeCodeHost(CodeHost):
    """Holds what it is told and what a test puts into it.

    ``user`` is whose token it is, and ``tells`` whether the host says so. ``lacks``
    holds permissions the token does not have (``checks: write``). ``fails``, if set,
    is raised by every method. ``parents`` of commits and ``tips`` of branches are the
    history: what they do not name is not there. ``numbers`` are of the accounts
    that have a login now; one that is not there is whose it is said to be.
    """

    facts: HostedRepository = FACTS
    user: Account = BOT
    tells: bool = False
    now: datetime = NOW
    lacks: set[str] = field(default_factory=set)
    fails: ExternalError | None = None
    workflow_runs: list[WorkflowRun] = field(default_factory=list)
    given_reviews: dict[int, list[EnvironmentReview]] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    files: dict[tuple[str, str], bytes] = field(default_factory=dict)
    parents: dict[str, tuple[str, ...]] = field(default_factory=dict)
    tips: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, CommitAccounts] = field(default_factory=dict)
    threads: dict[int, list[Comment]] = field(default_factory=dict)
    checks: dict[int, CheckRun] = field(default_factory=dict)
    given_statuses: dict[str, list[CommitStatus]] = field(default_factory=dict)
    made: dict[int, HostedDeployment] = field(default_factory=dict)
    states: dict[int, list[PutState]] = field(default_factory=dict)
    sarifs: list[tuple[str, str, bytes]] = field(default_factory=list)
    dispatches: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    _last: int = 5000

    @override
    def repository(self) -> HostedRepository:
        self._need()
        return self.facts

    @override
    def run(self, number: int) -> WorkflowRun | None:
        self._need("actions: read")
        return next((run for run in self.workflow_runs if run.number == number), None)

    @override
    def runs(
        self, workflow: str, *, event: str, branch: str, since: datetime
    ) -> Iterator[WorkflowRun]:
        self._need("actions: read")
        wanted = [
            run
            for run in self.workflow_runs
            if run.path == f".github/workflows/{workflow}"
            and (run.event, run.branch) == (event, branch)
            and run.created >= since
        ]
        yield from sorted(wanted, key=lambda run: (run.created, run.number))[::-1]

    @override
    def reviews(self, number: int) -> Sequence[EnvironmentReview]:
        self._need("actions: read")
        return tuple(self.given_reviews.get(number, ()))

    @override
    def dispatch(
        self, workflow: str, *, branch: str, inputs: Mapping[str, str]
    ) -> Dispatched:
        self._need("actions: write")
        self.dispatches.append((workflow, branch, dict(inputs)))
        number = self._new()
        return Dispatched(workflow, number, f"{URL}/actions/runs/{number}")

    @override
    def role(self, account: Account) -> str:
        self._need()
        if self.numbers.get(account.login, account.number) != account.number:
            return "none"
        return self.roles.get(account.login, "none")

    @override
    def content(self, path: str, commit: str) -> bytes | None:
        self._need("contents: read")
        return self.files.get((path, commit))

    @override
    def is_ancestor(self, commit: str, of: str) -> bool:
        self._need("contents: read")
        waiting, seen = [self.tips.get(of, of)], set[str]()
        while waiting:
            at = waiting.pop()
            if at == commit:
                return self._knows(commit)
            if at not in seen:
                seen.add(at)
                waiting += self.parents.get(at, ())
        return False

    @override
    def commit_accounts(self, commit: str) -> CommitAccounts:
        self._need("contents: read")
        return self.accounts.get(commit, CommitAccounts(commit, None, None))

    @override
    def comment(self, number: int) -> Comment | None:
        self._need("issues: read")
        every = (each for thread in self.threads.values() for each in thread)
        return next((each for each in every if each.number == number), None)

    @override
    def comments(self, issue: int) -> Iterator[Comment]:
        self._need("issues: read")
        yield from self.threads.get(issue, ())

    @override
    def me(self) -> Account | None:
        self._need()
        return self.user if self.tells else None

    @override
    def put_check(self, check: CheckRun) -> str:
        self._need("checks: write")
        for number, known in self.checks.items():
            if _same_check(known, check):
                new = [a for a in check.annotations if a not in known.annotations]
                both = (*known.annotations, *new)
                self.checks[number] = replace(check, annotations=both)
                return f"{URL}/runs/{number}"
        number = self._new()
        self.checks[number] = check
        return f"{URL}/runs/{number}"

    @override
    def set_status(self, commit: str, status: CommitStatus) -> None:
        self._need("statuses: write")
        made = replace(status, created=self._tick(), account=self.user)
        self.given_statuses.setdefault(commit, []).insert(0, made)

    @override
    def statuses(self, commit: str) -> Iterator[CommitStatus]:
        self._need("statuses: read")
        yield from self.given_statuses.get(commit, ())

    @override
    def put_comment(self, issue: int, marker: str, body: str) -> str:
        self._need("issues: write", named="pull-requests: write")
        thread = self.threads.setdefault(issue, [])
        for place, known in enumerate(thread):
            if marker in known.body and known.account == self.user:
                thread[place] = replace(known, body=body, updated=self._tick())
                return known.url
        number, at = self._new(), self._tick()
        url = f"{URL}/issues/{issue}#issuecomment-{number}"
        thread.append(Comment(number, body, self.user, at, at, url))
        return url

    @override
    def deployments(self, commit: str, environment: str) -> Iterator[HostedDeployment]:
        self._need("deployments: read")
        for number in sorted(self.made, reverse=True):
            known = self.made[number]
            if (known.commit, known.environment) == (commit, environment):
                said = self.states.get(number)
                yield replace(known, state=said[-1].state if said else None)

    @override
    def create_deployment(
        self,
        commit: str,
        environment: str,
        payload: Mapping[str, str],
        description: str,
    ) -> HostedDeployment:
        self._need("deployments: write")
        for known in self.deployments(commit, environment):
            if known.payload == payload:
                return known
        number = self._new()
        self.made[number] = HostedDeployment(number, commit, environment, dict(payload))
        return self.made[number]

    @override
    def set_deployment_state(
        self,
        deployment: int,
        state: DeploymentState,
        *,
        description: str,
        log_url: str | None = None,
        environment_url: str | None = None,
    ) -> None:
        self._need("deployments: write")
        if deployment not in self.made:
            raise PermanentError(f"there is no deployment {deployment}")
        said = PutState(state, description, log_url, environment_url)
        self.states.setdefault(deployment, []).append(said)

    @override
    def upload_sarif(self, commit: str, ref: str, sarif: bytes) -> str:
        self._need("security-events: write")
        self.sarifs.append((commit, ref, sarif))
        return f"sarif-{len(self.sarifs)}"

    def _need(self, permission: str | None = None, named: str | None = None) -> None:
        if self.fails is not None:
            raise self.fails
        if permission in self.lacks:
            told = named or permission
            name, _, level = told.partition(": ")
            raise MissingPermissionError(
                f"the token lacks {told}",
                told,
                hint=f"permissions: {{{name}: {level}}}",
            )

    def _knows(self, commit: str) -> bool:
        inner = {each for parents in self.parents.values() for each in parents}
        return commit in {*self.parents, *inner, *self.tips.values()}

    def _new(self) -> int:
        self._last += 1
        return self._last

    def _tick(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def _same_check(known: CheckRun, check: CheckRun) -> bool:
    return (known.commit, known.name, known.external_id) == (
        *(check.commit, check.name),
        check.external_id,
    )
