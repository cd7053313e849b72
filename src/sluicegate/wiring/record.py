"""The audit log of a project, and recording a run in it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sluicegate import __version__
from sluicegate.adapters.folder import make_state_folder
from sluicegate.adapters.stores.journal import FileJournal
from sluicegate.audit.accounts import LoggedAccounts
from sluicegate.audit.admission import Admission
from sluicegate.audit.envelope import Actor, LogEnvelope, Recording, Source
from sluicegate.audit.log import AuditLog
from sluicegate.audit.log_recorder import LogRecorder
from sluicegate.audit.opening import open_log
from sluicegate.audit.reader import LogReader
from sluicegate.audit.recorder import Facts, OnEntry, Recorder
from sluicegate.audit.redaction import Redactor
from sluicegate.audit.retaining import promise
from sluicegate.audit.snapshot import read_state, write_snapshot
from sluicegate.audit.time import GateClock
from sluicegate.errors import IntegrityError, SluicegateError, UsageError
from sluicegate.model.budget import Budgets
from sluicegate.model.log_state import LogState
from sluicegate.model.retention import DEFAULT_RETENTION_DAYS
from sluicegate.model.source import Source as CheckedOut
from sluicegate.ports.evidence import EvidenceStore
from sluicegate.ports.referrers import Referrers
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.masking import build_masks, build_redactor
from sluicegate.wiring.policy import PolicySource
from sluicegate.wiring.project import Project
from sluicegate.wiring.stores import wait_out_race

TOOL = Recording("sluicegate", __version__)
"""What records."""

_RESTORE = "`sluice audit verify` lists the damage; restore the log from a copy"


@dataclass(frozen=True)
class ProjectLog:
    """The audit log of *project*. Evidence and journals are beside it."""

    project: Project

    @cached_property
    def place(self) -> LogPlace:
        """Where it is."""
        return LogPlace.of_project(self.project)

    @property
    def records(self) -> bool:
        """Whether what happens gets into the log."""
        return True

    @property
    def evidence(self) -> EvidenceStore:
        """The files of evidence, by digest."""
        return self.place.evidence

    @property
    def referrers(self) -> Referrers | None:
        """What images say of the evidence; None where it is in no registry."""
        return self.place.referrers

    @property
    def has_begun(self) -> bool:
        """Whether there is, or ever was, a log here."""
        pinned = self.place.pin.load()  # a remote store takes its time
        return pinned is not None or self.place.store.load() is not None

    @cached_property
    def log(self) -> AuditLog:
        """The project's log; begun, with its key, when there never was one.

        Raises:
            IntegrityError: the log is not what it was when it was last seen.
            UsageError: its key is not on this machine, or the store is not supported.
        """
        project, machine = self.project, self.project.machine
        if machine.environ.get("CI") == "true":
            self._check_outlives_workspace()
        make_state_folder(project.state)
        with self.naming():
            return open_log(
                self.place.store,
                machine.keyring,
                self.place.pin,
                wait_out_race(machine),
                origin=project.origin,
                retention_days=self._wanted_days or DEFAULT_RETENTION_DAYS,
                envelope=self._envelope,
            )

    @property
    def _wanted_days(self) -> int | None:
        """How long the pipeline file wants the log kept, None if it does not say."""
        retention = self.project.pipeline.audit.retention
        return None if retention is None else retention.days

    def _envelope(self) -> LogEnvelope:
        machine = self.project.machine
        return LogEnvelope(
            event_id=machine.new_id(),
            recorded_ts=machine.clock.now(),
            actor=self.actor,
            tool=TOOL,
            machine=machine.id,
        )

    @property
    def actor(self) -> Actor:
        """Who uses this machine."""
        return Actor("user", self.project.machine.user)

    @property
    def _redactor(self) -> Redactor:
        """Keeps out of the log what this machine and the pipeline call secret."""
        project, machine = self.project, self.project.machine
        folders = project.folder, project.home_folder
        masks = build_masks(machine, project.pipeline, *folders)
        return build_redactor(masks, machine.home)

    def _check_outlives_workspace(self) -> None:
        """A CI runner throws its workspace away, and with it the log."""
        place, project = self.place, self.project
        if place.address.scheme == "git":
            from sluicegate.wiring.git_store import (  # noqa: PLC0415 - rare
                check_outlives_clone,
            )

            check_outlives_clone(place.machine, place.address.place, place.base)
        workspace = Path(project.source.root).resolve()
        evidence = place.evidence_address
        if evidence is not None and evidence.scheme == "dir":
            folder = place.base / evidence.place
            if folder.resolve().is_relative_to(workspace):
                raise UsageError(
                    f"CI=true, and the evidence in {folder} is inside the workspace,"
                    " which a CI runner throws away",
                    hint="in the pipeline file, let `audit.evidence` name a lasting"
                    " folder, s3://BUCKET/PREFIX or oci:HOST/PATH",
                )
        if place.folder is None:
            return
        if place.folder.resolve().is_relative_to(workspace):
            raise UsageError(
                f"CI=true, and the audit log {place.folder} is inside the workspace,"
                " which a CI runner throws away",
                hint="in the pipeline file, keep it where it stays:"
                " `audit: {store: dir:/a/lasting/folder}`, or in a Git ref of the"
                " remote: `audit: {store: 'git:refs/heads/sluicegate-audit'}`",
            )

    @contextmanager
    def naming(self) -> Iterator[None]:
        """Say of damage that is found which log has it, and what to do."""
        try:
            yield
        except IntegrityError as error:
            raise IntegrityError(
                f"the audit log in {self.place.name}: {error}",
                hint=error.hint or _RESTORE,
            ) from error

    @cached_property
    def clock(self) -> GateClock:
        """The time that gates go by: never before the newest entry of the log.

        Raises:
            PermanentError: this machine's clock is far behind the log.
        """
        log = self.log
        with self.naming():
            newest = log.newest()
        return GateClock(self.project.machine.clock, newest)

    @cached_property
    def log_recorder(self) -> LogRecorder:
        """Records what happens to the log itself."""
        machine = self.project.machine
        return LogRecorder(
            self.log,
            self.clock,
            machine.new_id,
            self.actor,
            TOOL,
            machine.id,
            redactor=self._redactor,
        )

    @property
    def state(self) -> LogState:
        """What the log says is so now.

        Raises:
            IntegrityError: it is not what was committed.
        """
        with self.naming():
            return read_state(self.log)

    def _promise(self) -> None:
        """Keep the log for as long as the pipeline file wants.

        Raises:
            UsageError: it is promised to be kept for longer.
        """
        if self._wanted_days is not None:
            with self.naming():
                where = f"audit.retention in {self.project.file}"
                promise(self.log_recorder, self._wanted_days, where)

    @cached_property
    def budgets(self) -> Budgets:
        """What may be used, as the protected branch has it now.

        Raises:
            UsageError: what is there cannot be used.
            ExternalError: Git fails.
        """
        return PolicySource(self.project).budgets()

    def _admission(self) -> Admission | None:
        if not self.budgets:
            return None
        accounts = LoggedAccounts(self.log, self.budgets)
        with self.naming():  # what is long is read now, not while others wait
            accounts.used(self.clock.now(), self.log.head().size)
        return Admission(self.budgets, accounts, self.clock)

    def _write_snapshot(self) -> None:
        """Spare the next readers of the log the fold, if it has become long.

        Whatever goes wrong is told by whoever next needs the log: this run is over.
        """
        with suppress(SluicegateError):
            write_snapshot(self.log_recorder)

    def existing(self) -> LogReader | None:
        """The log for reading, or None where there never was one."""
        if not self.has_begun:
            return None
        return self.place.reader()

    def journal(self, run_id: str) -> FileJournal:
        """Where entries of the run wait to be committed.

        Only those that a recorder has written are read; it takes the log's key to tell.
        """
        return self.place.journal(run_id, self.log.secrets("journal"))

    @contextmanager
    def recorder(self, run_id: str, on_entry: OnEntry) -> Iterator[Recorder]:
        """Record the run, and nobody else, while in the context."""
        project = self.project
        self._promise()
        recorder = Recorder(
            self.log,
            self.journal(run_id),
            run_id,
            clock=self.clock,
            new_event_id=project.machine.new_id,
            facts=self.facts(self._admission()),
            on_entry=on_entry,
        )
        try:
            yield recorder
        finally:
            recorder.close()
        self._write_snapshot()

    def facts(self, admission: Admission | None) -> Facts:
        """What every entry of a run says besides its event."""
        project, source = self.project, self.project.source
        return Facts(
            source=Source(
                repo=source.remote or project.origin,
                commit=_named_commit(source.commit),
                ref=_full_ref(source),
            ),
            actor=self.actor,
            tool=TOOL,
            machine=project.machine.id,
            redactor=self._redactor,
            admission=admission,
        )


def _full_ref(source: CheckedOut) -> str | None:
    """The tag or branch by its full name: a tag and a branch may share a short one."""
    if source.tag:
        return f"refs/tags/{source.tag}"
    return f"refs/heads/{source.branch}" if source.branch else None


def _named_commit(commit: str) -> str:
    """A commit with its hash function: 40 digits are SHA-1, 64 SHA-256."""
    return f"{'sha1' if len(commit) == 40 else 'sha256'}:{commit}"  # noqa: PLR2004
