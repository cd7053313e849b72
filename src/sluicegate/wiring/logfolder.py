"""A log in a folder, as someone who reads it sees it: no pipeline, no repository."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sluicegate.adapters.keys import KeyDirectory
from sluicegate.adapters.stores.directory import DirectoryStore
from sluicegate.adapters.stores.evidence import EvidenceDirectory
from sluicegate.adapters.stores.pins import PinFile
from sluicegate.audit.pinning import check_seen, explain_loss, recall
from sluicegate.audit.reader import LogReader
from sluicegate.audit.verify import VerifyReport, read_claimed_key, verify
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.tlog.checkpoint import parse_checkpoint
from sluicegate.tlog.note import parse_note, parse_vkey
from sluicegate.wiring.machine import Machine

_USUAL = Path(".sluicegate/audit")


@dataclass(frozen=True)
class LogFolder:
    """The log in *root*. ``vkey`` is the key the caller names, if any."""

    machine: Machine
    root: Path
    vkey: str | None = None

    @cached_property
    def _store(self) -> DirectoryStore:
        return DirectoryStore(self.root)

    @cached_property
    def _pin(self) -> PinFile:
        return PinFile(self.machine.state_folder / "pins", self.root)

    @cached_property
    def _keys(self) -> KeyDirectory:
        return KeyDirectory(self.machine.config_folder / "keys")

    @cached_property
    def _own_key(self) -> tuple[str, str] | None:
        """This machine's key for the log, and where it is kept.

        A log that is gone, or whose checkpoint cannot be read, is named by its pin.
        """
        origin = _read_origin(self._store.load()) or _read_origin(self._pin.load())
        signer = None if origin is None else self._keys.find(origin)
        if origin is None or signer is None:
            return None
        return signer.vkey(), self._keys.where(origin)

    @property
    def key_source(self) -> str:
        """Where the key comes from, in words: what a verification is worth."""
        if self.vkey is not None:
            return "given with --key"
        if self._own_key is not None:
            return f"this machine's key file {self._own_key[1]}"
        return (
            "the log's own entry 0 (trust on first use: proves consistency, not origin)"
        )

    def verify(self, evidence: Path | None) -> VerifyReport:
        """Verify the log, and the evidence files in the folder *evidence*.

        Raises:
            UsageError: the key named by the caller is none.
            ExternalError: the log cannot be read.
        """
        return verify(
            self._store,
            self._store,
            self._named_key() or (self._own_key[0] if self._own_key else None),
            None if evidence is None else EvidenceDirectory(evidence),
            self._pin,
        )

    def reader(self) -> LogReader:
        """The log for reading; what it yields is verified.

        Raises:
            UsageError: there never was a log here, or the key is none.
            IntegrityError: it is gone, rolled back or replaced since this machine last
                saw it, or does not say whose it is.
        """
        loss = explain_loss(self._pin)
        if self._store.load() is None:
            if loss is not None:
                raise loss
            raise UsageError(
                f"there is no log in {self.root}",
                hint=_where_else(self.root),
            )
        named = self._named_key() or (self._own_key[0] if self._own_key else None)
        vkey = named or read_claimed_key(self._store)
        log = LogReader(self._store, self._store, parse_vkey(vkey))
        check_seen(log, recall(self._pin, vkey))
        return log

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


def _where_else(root: Path) -> str:
    """What to do where no log is: the one of a folder above may be meant."""
    here = root.absolute()
    above = here.parents[len(_USUAL.parts) :] if here.match(str(_USUAL)) else ()
    for folder in above:
        if (folder / _USUAL / "checkpoint").is_file():
            return f"the one of {folder} is meant? Go there, or name it with --log"
        if (folder / ".git").exists():
            break
    return "`sluice run` begins one; --log names another folder"
