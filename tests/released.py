"""A repository with a service in a folder, and a log of its releases."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from audit_writer import new_id
from click.testing import CliRunner, Result
from fakes import START, FakeClock
from fakes_audit import FACTS
from fakes_target import release

from sluicegate.adapters.keys import KeyDirectory
from sluicegate.adapters.stores.directory_log import DirectoryLog
from sluicegate.adapters.stores.journal import FileJournal
from sluicegate.adapters.stores.pins import PinFile
from sluicegate.audit import open_log
from sluicegate.audit.envelope import LogEnvelope
from sluicegate.audit.log import AuditLog
from sluicegate.audit.log_recorder import LogRecorder
from sluicegate.audit.recorder import Recorder
from sluicegate.cli import main
from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    ConditionResult,
    EntryEvent,
    Event,
    GateRecord,
    PlannedStage,
    RolloutFinished,
    RolloutStarted,
    RunStarted,
    StageFinished,
    StageStarted,
)
from sluicegate.model.evidence import Evidence
from sluicegate.model.log_event import LogEvent
from sluicegate.model.rollout import Release, RolloutResult

LONG_AGO = datetime(2024, 5, 6, tzinfo=UTC)
"""Before every real clock."""

NAMES = ("v1", "v2", "v3")
RUNS = {name: f"01JDA2Z9M3Q4T5V6W7X8Y9Z0A{name[-1]}" for name in NAMES}
PIPELINE = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages: {lint: {uses: ruff}}
paths: [../shared]
audit: {store: "dir:kept/audit"}
"""


def clock_of(start: datetime) -> FakeClock:
    """A clock that begins at *start*."""
    return FakeClock((start - START) // timedelta(milliseconds=1))


@dataclass
class Place:
    """A repository under *root*, and a log that is written by hand.

    ``found`` is what the stages of every run find before the rollout.
    """

    root: Path
    clock: FakeClock = field(default_factory=FakeClock)
    commits: dict[str, str] = field(default_factory=dict)
    found: Sequence[StageFinished] = field(default_factory=lambda: (the_tests(),))

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def folder(self) -> Path:
        return self.root / "project"

    @property
    def service(self) -> Path:
        return self.folder / "churn"

    @property
    def audit(self) -> Path:
        return self.service / "kept" / "audit"

    def begin(self) -> None:
        self.service.mkdir(parents=True)
        (self.folder / "shared").mkdir()
        self.git("init", "-q", "-b", "main")
        (self.service / "sluicegate.yaml").write_text(PIPELINE)
        (self.service / ".gitignore").write_text("kept\n")

    def copy(self, root: Path) -> "Place":
        """The same under *root*, which must be empty; quicker than made anew."""
        shutil.copytree(self.root, root, symlinks=True, dirs_exist_ok=True)
        return replace(self, root=root, clock=replace(self.clock))

    def enter(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Be in the service's folder, with folders of one's own."""
        for variable in ("config", "state", "cache"):
            home = str(self.home / variable)
            monkeypatch.setenv(f"XDG_{variable.upper()}_HOME", home)
        for name in [name for name in os.environ if name.startswith("GITHUB_")]:
            monkeypatch.delenv(name)
        monkeypatch.delenv("CI", raising=False)  # where the workspace is kept
        monkeypatch.chdir(self.service)

    def git(self, *arguments: str, author: str = "Ann") -> str:
        identity = ("-c", f"user.name={author}", "-c", "user.email=t@example.org")
        done = subprocess.run(
            ["git", *identity, *arguments],
            cwd=self.folder,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def commit(self, message: str, *files: str, author: str = "Ann") -> str:
        for name in files:
            (self.folder / name).write_text(message)
        self.git("add", "-A", author=author)
        self.git("commit", "-q", "--allow-empty", "-m", message, author=author)
        return self.git("rev-parse", "HEAD")

    def release(self, name: str) -> Release:
        return Release(
            release(name).image,
            name,
            self.commits[name],
            f"registry.example/churn@{release(name).image}" if name == "v2" else None,
        )

    def open_log(self) -> AuditLog:
        return open_log(
            DirectoryLog(self.audit),
            KeyDirectory(self.home / "config/sluicegate/keys"),
            PinFile(self.home / "state/sluicegate/pins", str(self.audit)),
            wait=lambda _attempt: None,
            origin="log.example/churn",
            envelope=self._envelope,
        )

    def _envelope(self) -> LogEnvelope:
        return LogEnvelope(new_id(), self.clock.now(), FACTS.actor, FACTS.tool)

    def record(
        self,
        name: str,
        before: str | None,
        result: RolloutResult | None,
        environment: str = "production",
        *,
        entry: Sequence[EntryEvent] = (),
        rollback: str | None = None,
        took: timedelta = timedelta(0),
    ) -> str:
        """Record a run that releases *name*; its id. Without a result it goes on."""
        run_id = RUNS[name] + (environment[0].upper() if rollback is None else "B")
        stable = None if before is None else self.release(before)
        began = self.clock.now()
        events: list[Event] = [
            self._started(name, began, rollback),
            *(() if rollback else self._ends(began)),
            StageStarted("canary", 1, began),
            *entry,
            RolloutStarted("canary", environment, self.release(name), stable, began),
        ]
        self._record(run_id, events)
        self.clock.sleep(took.total_seconds())
        if result is not None:
            end = self.clock.now()
            reason = f"{name} was judged"
            self._record(run_id, [RolloutFinished("canary", result, reason, end)])
        return run_id

    def _record(self, run_id: str, events: Sequence[Event]) -> None:
        recorder = Recorder(
            self.open_log(),
            FileJournal(self.service / "kept" / "journal", run_id),
            run_id,
            clock=self.clock,
            new_event_id=new_id,
            facts=FACTS,
        )
        with closing(recorder):
            recorder.recover()
            for event in events:
                recorder.record(event)

    def _ends(self, began: datetime) -> Iterator[Event]:
        for end in self.found:
            yield StageStarted(end.stage, 1, began)
            yield end

    def _planned(self, ends: Sequence[StageFinished]) -> tuple[PlannedStage, ...]:
        names = tuple(end.stage for end in ends)
        before = tuple(PlannedStage(name, name, ()) for name in names)
        return (*before, PlannedStage("canary", "canary", names))

    def _started(self, name: str, now: datetime, rollback: str | None) -> RunStarted:
        return RunStarted(
            pipeline="churn_release_v1.0",
            definition=Digest.of(b""),
            commit=self.commits[name],
            branch="main",
            dirty=False,
            stages=self._planned(() if rollback else self.found),
            start_ts=now,
            rollback=rollback,
            reason=None if rollback is None else "it is slow",
        )

    def log_recorder(self) -> LogRecorder:
        return LogRecorder(self.open_log(), self.clock, new_id, FACTS.actor, FACTS.tool)

    def say(self, *events: LogEvent) -> None:
        """Record what happens to the log itself."""
        self.log_recorder().record(*events)

    def sluice(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, [*arguments])


def the_tests() -> StageFinished:
    conditions = ("test.failed == 0", "test.coverage >= 0.8 && test.failed < 9")
    results = tuple(ConditionResult(text, Verdict.OPEN, "") for text in conditions)
    return StageFinished(
        stage="test",
        attempt=1,
        outcome=Outcome.OPEN,
        reason="212 passed in 3 s",
        gate=GateRecord(Digest.of(b""), Verdict.OPEN, results),
        evidence=Evidence({"failed": 0, "coverage": 0.875, "passed": 212}),
        tools=(),
        subjects=(),
        usage=ResourceUsage(3000),
        start_ts=START,
        end_ts=START,
    )
