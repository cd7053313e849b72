"""A log in its place, as someone who reads it sees it: no pipeline, no repository."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from sluicegate.adapters.stores.journal import FileJournal
from sluicegate.adapters.stores.moved import MovedEvidence
from sluicegate.adapters.stores.pins import PinFile
from sluicegate.audit.pinning import check_seen, explain_loss, recall
from sluicegate.audit.reader import LogReader
from sluicegate.audit.snapshot import read_state
from sluicegate.audit.trust import trust
from sluicegate.audit.verify import (
    Progress,
    VerifyReport,
    read_claimed_key,
    verify,
)
from sluicegate.config.file import PIPELINE_FILE, read_evidence, read_store
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.model.address import Address, parse_evidence
from sluicegate.ports.evidence import EvidenceStore
from sluicegate.ports.referrers import Referrers
from sluicegate.ports.store import LogStore
from sluicegate.tlog.checkpoint import parse_checkpoint
from sluicegate.tlog.note import parse_note, parse_vkey
from sluicegate.tlog.policy import Policy
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.stores import (
    name_place,
    open_evidence,
    open_evidence_at,
    open_store,
)

if TYPE_CHECKING:
    from sluicegate.wiring.project import Project

DEFAULT_LOG = Path(".sluicegate/audit")
"""Where the log of a project is that says nothing else, from the project's folder."""


@dataclass(frozen=True)
class LogPlace:
    """The log at *address*. ``vkey`` is the key the caller names, if any.

    A relative path in the address is one from *base*. *evidence_at* is the address of
    its evidence, None if it is with the log; a Git ref takes files of *evidence_limit*
    bytes at most.
    """

    machine: Machine
    address: Address
    base: Path
    vkey: str | None = None
    evidence_at: str | None = None
    evidence_limit: int | None = None

    @classmethod
    def of(
        cls, machine: Machine, text: str | None = None, vkey: str | None = None
    ) -> "LogPlace":
        """The log that *text* names; without it, that of the project in this folder.

        Raises:
            UsageError: the pipeline file here cannot be read.
        """
        here, evidence = Path(), None
        if text is None and Path(PIPELINE_FILE).is_file():
            data = Path(PIPELINE_FILE).read_bytes()
            text = read_store(data, PIPELINE_FILE)
            evidence = read_evidence(data, PIPELINE_FILE)
        return cls(
            machine,
            Address.parse(text or str(DEFAULT_LOG)),
            here,
            vkey,
            evidence,
        )

    @classmethod
    def of_project(cls, project: "Project", vkey: str | None = None) -> "LogPlace":
        """The log of *project*, as its pipeline file says.

        Raises:
            UsageError: the pipeline file cannot be used.
        """
        audit = project.pipeline.audit
        return cls(
            project.machine,
            project.log_address,
            project.log_base,
            vkey,
            audit.evidence,
            audit.evidence_limit,
        )

    @cached_property
    def store(self) -> LogStore:
        """Its files."""
        return open_store(self.machine, self.address, self.base)

    @property
    def evidence_address(self) -> Address | None:
        """Where the evidence is; None if it is with the log.

        Raises:
            UsageError: the pipeline file names no such place.
        """
        return None if self.evidence_at is None else parse_evidence(self.evidence_at)

    @cached_property
    def evidence(self) -> EvidenceStore:
        """The evidence that goes with it.

        Where it is kept elsewhere, what is not there is looked for with the log: it may
        be older than that decision.
        """
        beside = partial(
            open_evidence, self.machine, self.address, self.base, self.evidence_limit
        )
        address = self.evidence_address
        if address is None:
            return beside()
        return MovedEvidence(self.open_evidence(address), beside)

    def open_evidence(self, address: Address) -> EvidenceStore:
        """The evidence at *address*, and nowhere else."""
        return open_evidence_at(self.machine, address, self.base, self._promised)

    @cached_property
    def referrers(self) -> Referrers | None:
        """What images say of the evidence; None where it is in no registry."""
        address = self.evidence_address
        if address is None or address.scheme != "oci":
            return None
        from sluicegate.wiring.oci_store import (  # noqa: PLC0415 - rare
            open_oci_referrers,
        )

        return open_oci_referrers(self.machine, address.place, self.base, self.evidence)

    def _promised(self) -> timedelta:
        return timedelta(days=read_state(self.reader()).retention_days)

    @property
    def own_evidence(self) -> EvidenceStore | None:
        """The evidence, None where another log may have its evidence in the same place.

        That is so in a folder of several logs, and in every place that is not beside
        the log.
        """
        if self.evidence_at is not None:
            return None
        if self.folder is None:
            return self.evidence
        beside = self.folder.resolve().parent.glob("*/checkpoint")
        return self.evidence if len(list(beside)) <= 1 else None

    @cached_property
    def pin(self) -> PinFile:
        """What was last seen of it."""
        place = name_place(self.machine, self.address, self.base)
        return PinFile(self.machine.state_folder / "pins", place)

    @property
    def folder(self) -> Path | None:
        """The folder it is in, None if it is in none."""
        return self.base / self.address.place if self.address.scheme == "dir" else None

    @property
    def local(self) -> Path:
        """Where what is not in the log yet waits: beside it, or in the project."""
        if self.folder is None:
            return self.base / DEFAULT_LOG.parent
        return self.folder.resolve().parent

    @property
    def name(self) -> str:
        """What a person calls it."""
        return str(self.folder or self.address)

    def journal(self, run_id: str, secrets: Sequence[bytes] = ()) -> FileJournal:
        """Where entries of the run wait to be committed; *secrets* are of its log."""
        return FileJournal(self.local / "journal", run_id, secrets)

    @cached_property
    def _own_key(self) -> tuple[str, str] | None:
        """This machine's key for the log, and where it is kept.

        A log that is gone, or whose checkpoint cannot be read, is named by its pin.
        """
        origin = _read_origin(self.store.load()) or _read_origin(self.pin.load())
        signer = None if origin is None else self.machine.keyring.find(origin)
        if origin is None or signer is None:
            return None
        return signer.vkey(), self.machine.keyring.where(origin)

    @property
    def key_source(self) -> str:
        """Where the key comes from, in words: what a verification is worth."""
        if self.vkey is not None:
            return "the key given with --key"
        if self._own_key is not None:
            where, given = self._own_key[1], self.machine.given_key
            if given is not None and where == given.where:
                return f"the key given in {where}"
            return f"this machine's key file {where}"
        return (
            "the log's own entry 0 (trust on first use: proves consistency, not origin)"
        )

    @property
    def has_key(self) -> bool:
        """Whether the key comes from elsewhere than the log itself."""
        return self.vkey is not None or self._own_key is not None

    def verify(
        self,
        evidence: EvidenceStore | None,
        *,
        policy: Policy | None = None,
        needs_quorum: bool = True,
        progress: Progress = lambda _done, _all: None,
    ) -> VerifyReport:
        """Verify the log, and the files in *evidence* that it names.

        *policy* is whose cosignatures to ask for, *needs_quorum* whether it is a
        problem that they are missing; *progress* is told how far it is.

        Raises:
            UsageError: the key named by the caller is none.
            ExternalError: the log cannot be read.
        """
        return verify(
            self.store,
            self._named_key() or (self._own_key[0] if self._own_key else None),
            evidence,
            self.pin,
            policy=policy,
            needs_quorum=needs_quorum,
            now=self.machine.clock.now(),
            progress=progress,
        )

    def reader(self, *, follows_pins: bool = True) -> LogReader:
        """The log for reading; what it yields is verified.

        Unless it *follows_pins*, it need not extend what this machine has seen of it.

        Raises:
            UsageError: there never was a log here, or the key is none.
            IntegrityError: it is gone, rolled back or replaced since this machine last
                saw it, or does not say whose it is.
        """
        loss = explain_loss(self.pin)
        raw = self.store.load()
        if raw is None:
            if loss is not None:
                raise loss
            raise UsageError(f"there is no log in {self.name}", hint=self._where_else())
        named = self._named_key() or (self._own_key[0] if self._own_key else None)
        vkey = named or read_claimed_key(self.store)
        seen = recall(self.pin, vkey)
        pinned = [each.raw for each in seen if each.is_readable]
        keys = trust(self.store, raw, [parse_vkey(vkey)], pinned)
        log = LogReader(self.store, keys)
        if follows_pins:
            check_seen(log, recall(self.pin, *keys.vkeys))
        return log

    def _where_else(self) -> str:
        """What to do where no log is."""
        begin = "`sluice run` begins one; --log names another place"
        return self.explain_above() or begin

    def explain_above(self) -> str:
        """That the log of a folder above may be meant; empty if there is none."""
        here = (self.folder or Path()).absolute()
        is_usual = here.match(str(DEFAULT_LOG))
        for folder in here.parents[len(DEFAULT_LOG.parts) :] if is_usual else ():
            if (folder / DEFAULT_LOG / "checkpoint").is_file():
                return f"the one of {folder} is meant? Go there, or name it with --log"
            if (folder / ".git").exists():
                break
        return ""

    def _named_key(self) -> str | None:
        if self.vkey is not None:
            try:
                parse_vkey(self.vkey)
            except IntegrityError as error:
                raise UsageError(
                    str(error), hint="a key looks like name+1a2b3c4d+AQ..."
                ) from error
        return self.vkey


def _read_origin(raw: bytes | None) -> str | None:
    if raw is None:
        return None
    try:
        return parse_checkpoint(parse_note(raw).text).origin
    except IntegrityError:
        return None  # whoever verifies reports it
