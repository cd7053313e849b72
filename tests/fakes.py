"""In-memory implementations of the ports. No mocks anywhere in the suite."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from fakes_registry import FakeRegistry
from typing_extensions import override

from sluicegate.engine.authority import Asker, Authority, Standing
from sluicegate.engine.toolbox import BreakGlass, Observer, Ports, Record
from sluicegate.errors import (
    IntegrityError,
    Interrupted,
    MissingError,
    PermanentError,
    SluicegateError,
    UsageError,
)
from sluicegate.gates.rules import Policy
from sluicegate.model.command import Command, CommandResult, ResourceUsage
from sluicegate.model.digest import Digest
from sluicegate.model.event import Event
from sluicegate.model.finding import Finding
from sluicegate.model.release_request import Change, ReleaseRequest
from sluicegate.model.retention import Keeping, Promise
from sluicegate.model.source import Source, WorkTree
from sluicegate.model.tool import Tool
from sluicegate.ports.clock import Clock
from sluicegate.ports.evidence import EvidenceStore
from sluicegate.ports.process import OnLine, ProcessRunner
from sluicegate.ports.referrers import Referrers
from sluicegate.ports.repository import Repository
from sluicegate.ports.results import EarlierResult, EarlierResults
from sluicegate.ports.secrets import GivenSecrets, SecretProvider
from sluicegate.ports.stable import StableEvidence, StableReleases
from sluicegate.ports.target import Target
from sluicegate.ports.tools import ToolFinder
from sluicegate.ports.workspace import ProjectFile, Workspace
from sluicegate.stages.docker_target import DockerTarget
from sluicegate.stages.environment import Environment

START = datetime(2026, 11, 22, tzinfo=UTC)


@dataclass
class FakeClock(Clock):
    """Time that passes only when somebody waits."""

    elapsed_ms: int = 0
    stop_after_ms: int | None = None

    @override
    def now(self) -> datetime:
        return START + timedelta(milliseconds=self.elapsed_ms)

    @override
    def monotonic_ms(self) -> int:
        return self.elapsed_ms

    @override
    def sleep(self, seconds: float) -> None:
        self.elapsed_ms += round(seconds * 1000)
        if self.stop_after_ms is not None and self.elapsed_ms >= self.stop_after_ms:
            raise Interrupted("asked to stop")


@dataclass
class FakeProcess(ProcessRunner):
    """Answers by the name of the program; remembers what it was asked to run."""

    answers: dict[str, CommandResult | Exception] = field(default_factory=dict)
    ran: list[Command] = field(default_factory=list)
    on_run: Callable[[], None] = lambda: None

    @override
    def run(self, command: Command, on_line: OnLine) -> CommandResult:
        self.ran.append(command)
        self.on_run()
        answer = self.answers.get(command.argv[0], exited(0))
        if isinstance(answer, Exception):
            raise answer
        for line in answer.stdout.decode().splitlines():
            on_line(line)
        return answer


def exited(code: int, stdout: bytes = b"", *, timed_out: bool = False) -> CommandResult:
    """A program that ended."""
    usage = ResourceUsage(wall_ms=5, cpu_ms=3, max_rss_bytes=1 << 20)
    return CommandResult(code, stdout, b"", usage, timed_out)


@dataclass
class FakeTools(ToolFinder):
    """Finds everything but what is *missing*."""

    missing: frozenset[str] = frozenset()
    others: dict[str, Tool] = field(default_factory=dict)

    @override
    def find(self, name: str) -> Tool:
        if name in self.others:
            return self.others[name]
        if name in self.missing:
            raise PermanentError(f"{name} is not installed", hint=f"install {name}")
        return Tool(name, (name,), "1.0", Digest.of(name.encode()), "a fake")


@dataclass
class FakeRepository(Repository):
    """A work tree that changes only when a test says so."""

    tree: WorkTree = field(default_factory=lambda: WorkTree("a" * 40, "main", ()))
    files: dict[str, str] = field(default_factory=dict)
    is_noticed: bool = True

    @override
    def source(self) -> Source:
        tree = self.tree
        return Source("/project", tree.commit, tree.branch, None, tree.dirty, None)

    @override
    def work_tree(self) -> WorkTree:
        return self.tree

    @override
    def content(self, paths: Sequence[str], *, declared: bool = False) -> Digest:
        if declared and not set(paths) <= self.files.keys():
            raise PermanentError("an input matches no file")
        named = {path: self.files.get(path) for path in paths} if declared else {}
        return Digest.of(repr((self.tree.commit, self.tree.dirty, named)).encode())

    @override
    def notices(self, paths: Sequence[str]) -> bool:
        return self.is_noticed


@dataclass
class FakeWorkspace(Workspace):
    """Files by their whole path."""

    files: dict[str, bytes] = field(default_factory=dict)

    @override
    def project(self) -> str:
        return "/project"

    @override
    def output(self, stage: str, attempt: int) -> str:
        return f"/output/{stage}-{attempt}"

    @override
    def cache(self) -> str:
        return "/cache"

    @override
    def collect(self, patterns: Sequence[str]) -> tuple[ProjectFile, ...]:
        found = [
            ProjectFile(name, self.files[f"/project/{name}"], executable=False)
            for name in patterns
            if f"/project/{name}" in self.files
        ]
        if len(found) < len(patterns):
            raise PermanentError("the stage has not written its output")
        return tuple(found)

    @override
    def restore(self, file: ProjectFile) -> None:
        self.files[f"/project/{file.path}"] = file.data

    @override
    def home(self) -> str | None:
        return "/home/user"

    @override
    def sources(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        whole = {path: f"/project/{path}" for path in paths}
        return {
            path: self.files[name] for path, name in whole.items() if name in self.files
        }

    @override
    def read(self, path: str) -> bytes | None:
        return self.files.get(path)


@dataclass
class FakeEvidence(EvidenceStore):
    """Files by digest, all kept at the time *at*.

    *fault* is raised instead of keeping or loading any.
    """

    kept: dict[Digest, bytes] = field(default_factory=dict)
    fault: SluicegateError | None = None
    at: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    @override
    def keep(self, data: bytes) -> Digest:
        if self.fault is not None:
            raise self.fault
        digest = Digest.of(data)
        self.kept[digest] = data
        return digest

    @override
    def load(self, digest: Digest) -> bytes:
        if self.fault is not None:
            raise self.fault
        if digest not in self.kept:
            raise MissingError(f"the evidence {digest} is missing")
        data = self.kept[digest]
        if Digest.of(data) != digest:
            raise IntegrityError(f"the evidence {digest} was changed")
        return data

    @override
    def drop(self, digest: Digest, since: datetime) -> bool:
        if self.at >= since:
            return False
        self.kept.pop(digest, None)
        return True

    @override
    def promise(self) -> Promise:
        return Promise(Keeping.KEPT, "it is gone with the process")

    @override
    def expiry(self, digest: Digest) -> datetime | None:
        return None


@dataclass
class FakeRecord(Record):
    """A log, and the journal before it.

    *fail_at* breaks at that many events; *most* is how long an event may be.
    """

    log: list[Event] = field(default_factory=list)
    journal: list[Event] = field(default_factory=list)
    fail_at: int | None = None
    most: int | None = None

    @override
    def note(self, event: Event) -> Event:
        self._check(event)
        self.journal.append(event)
        return event

    @override
    def record(self, event: Event) -> Event:
        self._check(event)
        self.log += [*self.journal, event]
        self.journal.clear()
        return event

    def all(self) -> list[Event]:
        return [*self.log, *self.journal]

    def _check(self, event: Event) -> None:
        if self.most is not None and len(repr(event)) > self.most:
            raise UsageError("the event takes too many bytes")
        if self.fail_at is not None and len(self.all()) >= self.fail_at:
            raise PermanentError("the disk is full")


@dataclass
class FakeObserver(Observer):
    """Remembers what people were shown."""

    events: list[Event] = field(default_factory=list)
    lines: list[tuple[str, str]] = field(default_factory=list)
    found: list[Finding] = field(default_factory=list)

    @override
    def event(self, event: Event) -> None:
        self.events.append(event)

    @override
    def line(self, stage: str, text: str) -> None:
        self.lines.append((stage, text))

    @override
    def findings(self, stage: str, findings: Sequence[Finding]) -> None:
        self.found += findings


@dataclass
class FakeResults(EarlierResults):
    """Ends of attempts that a test says were there before."""

    earlier: list[EarlierResult] = field(default_factory=list)

    @override
    def of(self, stage: str) -> Sequence[EarlierResult]:
        return [r for r in reversed(self.earlier) if r.finished.stage == stage]


@dataclass
class FakeStable(StableReleases):
    """What a test says is released, by environment; ``asked`` are the questions."""

    released: dict[str, StableEvidence] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @override
    def of(self, environment: str) -> StableEvidence | None:
        self.asked.append(environment)
        return self.released.get(environment)


def _no_target(environment: str) -> Target:
    raise PermanentError(f"no environment {environment} here")


@dataclass
class FakeAuthority(Authority):
    """Rules, people and a log that a test makes up; without any, all is allowed.

    ``kept`` are the requests that were made, ``asked`` the environments judged.
    """

    rules: Policy = field(
        default_factory=lambda: Policy(
            "production", (), Digest.of(b"rules"), "refs/heads/main", "f" * 40
        )
    )
    said: Standing = field(default_factory=lambda: Standing(0))
    made_by: tuple[Change, ...] = ()
    tip_by: tuple[str, ...] = ()
    foreign: str = ""
    requester: tuple[str, ...] = ("user:1000",)
    pushed_by: tuple[str, ...] = ()
    kept: dict[Digest, ReleaseRequest] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @override
    def policy(self, environment: str) -> Policy:
        self.asked.append(environment)
        return self.rules

    @override
    def settings(self, environment: str) -> Environment:
        return Environment(target=DockerTarget(uses="docker", port=8000))

    @override
    def asker(self) -> Asker:
        return Asker("log.example/churn", "https://git.example/churn", self.requester)

    @override
    def standing(self, environment: str, entered: Digest | None = None) -> Standing:
        return replace(self.said, used=self.said.used - {entered})

    @override
    def check_own(self, environment: str) -> None:
        if self.foreign:
            raise PermanentError(f"{environment} is of {self.foreign}")

    @override
    def changes(
        self, since: str | None, until: str, *, or_tip: bool
    ) -> Sequence[Change]:
        return self.made_by or ((Change(until, self.tip_by),) if or_tip else ())

    @override
    def pusher(self, commit: str) -> tuple[str, ...]:
        return self.pushed_by

    @override
    def identify(self, request: ReleaseRequest) -> Digest:
        return Digest.of(repr(request).encode())

    @override
    def keep(self, request: ReleaseRequest) -> Digest:
        self.kept[self.identify(request)] = request
        return self.identify(request)

    @override
    def load(self, request: Digest) -> ReleaseRequest:
        return self.kept[request]

    @override
    def new_nonce(self) -> str:
        return f"{len(self.kept):032x}"


@dataclass
class FakePorts:
    """Every port of a run, in memory."""

    clock: FakeClock = field(default_factory=FakeClock)
    process: FakeProcess = field(default_factory=FakeProcess)
    repository: FakeRepository = field(default_factory=FakeRepository)
    tools: FakeTools = field(default_factory=FakeTools)
    workspace: FakeWorkspace = field(default_factory=FakeWorkspace)
    evidence: FakeEvidence = field(default_factory=FakeEvidence)
    target: Callable[[str], Target] = _no_target
    registry: FakeRegistry = field(default_factory=FakeRegistry)
    results: FakeResults = field(default_factory=FakeResults)
    stable: FakeStable = field(default_factory=FakeStable)
    authority: FakeAuthority = field(default_factory=FakeAuthority)
    cancelled: threading.Event = field(default_factory=threading.Event)
    referrers: Referrers | None = None
    break_glass: BreakGlass | None = None
    keepers: dict[str, SecretProvider] = field(default_factory=dict)
    hidden: list[str] = field(default_factory=list)
    refused_secrets: dict[str, str] = field(default_factory=dict)

    def ports(self) -> Ports:
        @contextmanager
        def lease(environment: str, given: GivenSecrets) -> Iterator[Target]:
            del given
            yield self.target(environment)

        return Ports(
            clock=self.clock,
            process=self.process,
            repository=self.repository,
            tools=self.tools,
            workspace=self.workspace,
            evidence=self.evidence,
            target=lease,
            registry=self.registry,
            results=self.results,
            stable=self.stable,
            authority=self.authority,
            break_glass=self.break_glass,
            cancel=self.cancelled.set,
            referrers=self.referrers,
            secrets=self.keeper,
            hide=self.hidden.extend,
            refused_secrets=lambda: self.refused_secrets,
        )

    def keeper(self, name: str) -> SecretProvider:
        if name not in self.keepers:
            raise PermanentError(f"nobody is called {name}")
        return self.keepers[name]
