"""Appending to a log.

The checkpoint is the commit point. Everything it commits to is durable before it is
replaced; files beyond it are leftovers of a crash, mean nothing and are overwritten.
"""

import hashlib
from collections.abc import Callable, Sequence
from itertools import count
from typing import Self

from sluicegate.audit.authority import Authority, sign_note
from sluicegate.audit.envelope import LogEnvelope
from sluicegate.audit.keychain import Keychain
from sluicegate.audit.pinning import check_seen, recall
from sluicegate.audit.reader import LogReader
from sluicegate.audit.record import encode_log
from sluicegate.errors import IntegrityError, TransientError, UsageError
from sluicegate.model.log_event import LogCreated
from sluicegate.model.retention import DEFAULT_RETENTION_DAYS, MIN_RETENTION_DAYS
from sluicegate.ports.pin import CheckpointPin
from sluicegate.ports.signer import Signer
from sluicegate.ports.store import LogStore
from sluicegate.tlog.checkpoint import Checkpoint, format_checkpoint
from sluicegate.tlog.growth import Growth, plan_growth
from sluicegate.tlog.hashes import EMPTY_ROOT
from sluicegate.tlog.note import Note, Signature, format_note, parse_vkey
from sluicegate.tlog.tiles import TILE_WIDTH, parse_path

MAX_ENTRY_BYTES = 32 * 1024
MAX_ATTEMPTS = 30
"""How often a lost race is run again: dozens of writers at once get through."""

Wait = Callable[[int], None]
"""Waits before the next attempt; gets the number of those that failed, from 1."""

Decide = Callable[[Checkpoint], Sequence[bytes]]
"""Says what to append after a state; nothing is fine."""


Renew = Callable[[bytes], Authority]
"""Says who signs a log whose checkpoint is signed by a key that is not known yet."""

HandOver = Callable[[Checkpoint], tuple[bytes, Authority]]
"""Makes the entry that comes after a state, and says who signs from then on."""


def _go_on(_attempt: int) -> None:
    """A store with a lock has no races to wait out."""


class AuditLog(LogReader):
    """A log that this machine has the key of.

    *renew* finds out who signs once another key has taken over.
    """

    def __init__(
        self,
        store: LogStore,
        signer: Signer | Authority,
        pin: CheckpointPin | None = None,
        wait: Wait = _go_on,
        renew: Renew | None = None,
    ) -> None:
        if not isinstance(signer, Authority):
            signer = Authority(Keychain(parse_vkey(signer.vkey())), (signer,))
        super().__init__(store, signer.keys)
        self._authority = signer
        self._pin = pin
        self._wait = wait
        self._renew = renew
        self._seen: Checkpoint | None = None

    @classmethod
    def create(
        cls,
        store: LogStore,
        signer: Signer,
        pin: CheckpointPin | None = None,
        wait: Wait = _go_on,
        *,
        retention_days: int = DEFAULT_RETENTION_DAYS,
        envelope: LogEnvelope,
    ) -> Self:
        """Begin a log. Entry 0 says whose it is and how long it is to be kept.

        The caller holds ``store.exclusive()`` and has seen that there is no log.

        Raises:
            UsageError: *retention_days* is below the floor.
            TransientError: somebody else has just begun it.
        """
        check_retention(retention_days)
        log = cls(store, signer, pin, wait)
        store.keep_for(retention_days)
        created = LogCreated(log.key.name, signer.vkey(), retention_days)
        empty = Checkpoint(log.key.name, 0, EMPTY_ROOT)
        log._commit(None, empty, [encode_log(envelope, created)])
        return log

    def append(self, entries: Sequence[bytes]) -> Checkpoint:
        """Commit *entries*, all or none, in this order after what is there.

        Returns:
            The state that holds them.

        Raises:
            UsageError: an entry is too long; nothing was written.
            IntegrityError: the log is not what it was, or went on in another folder.
            TransientError: other writers were faster every time; nothing was written.
            ExternalError: whether they are committed is unknown: look for their event
                ids before trying again.
        """
        return self.append_as(lambda _old: entries)

    @property
    def authority(self) -> Authority:
        """Who signs it."""
        return self._authority

    def append_as(self, decide: Decide) -> Checkpoint:
        """Commit what *decide* says, given the state that it will come after.

        Nobody appends in between: what *decide* sees is what its entries build on. It
        is asked again whenever another writer was faster.

        Returns:
            The state that holds them.

        Raises:
            UsageError: an entry is too long; nothing was written.
            IntegrityError: as for `append`.
            TransientError: as for `append`.
            ExternalError: as for `append`.
        """

        def append(raw: bytes | None, old: Checkpoint) -> Checkpoint:
            entries = decide(old)
            return self._commit(raw, old, entries) if entries else old

        return self._write(append)

    def rotate(self, hand_over: HandOver) -> Checkpoint:
        """Commit the entry that hands the log over, signed by whoever takes over.

        Raises:
            as for `append`. If it is unknown whether it is committed, open the log
            again: its own entries say who signs it.
        """

        def append(raw: bytes | None, old: Checkpoint) -> Checkpoint:
            entry, successor = hand_over(old)
            before, self._authority = self._authority, successor
            try:
                state = self._commit(raw, old, [entry])
            except BaseException:
                self._authority = before
                raise
            self.keys = successor.keys
            return state

        return self._write(append)

    def sign_again(self, cosignatures: Callable[[str], Sequence[Signature]]) -> bytes:
        """Sign the same state again, with the keys that sign now.

        *cosignatures* of others of its text are kept in it.

        Returns:
            The checkpoint as it is then.

        Raises:
            as for `append`.
        """
        signed = b""

        def replace(raw: bytes | None, old: Checkpoint) -> Checkpoint:
            nonlocal signed
            signed = self._sign(old, cosignatures(format_checkpoint(old)))
            if signed != raw:
                self.store.commit(raw, (), signed)
                self._save_pin(signed)
            return old

        self._write(replace)
        return signed

    def _write(
        self, change: Callable[[bytes | None, Checkpoint], Checkpoint]
    ) -> Checkpoint:
        for attempt in count(1):
            try:
                with self.store.exclusive():
                    raw = self.store.load()
                    old = self._open_to_write(raw)
                    if self._seen is not None and self._seen != old:
                        self.check_extends(self._seen)
                    self._check_pinned(raw)
                    return change(raw, old)
            except TransientError:
                if attempt == MAX_ATTEMPTS:
                    raise
            self._wait(attempt)
        raise AssertionError

    def _open_to_write(self, raw: bytes | None) -> Checkpoint:
        """Open the checkpoint, having seen to it that it is ours to replace."""
        if raw is not None and not self._is_ours(raw):
            if self._renew is None:
                state = self._open(raw)
                raise IntegrityError(f"another key has taken over {state.origin!r}")
            self._authority = self._renew(raw)
            self.keys = self._authority.keys
        return self._open(raw)

    def _is_ours(self, raw: bytes) -> bool:
        try:
            self.keys.open(raw)
        except IntegrityError:
            return False
        return not self.keys.has_strange_signature(raw)

    def check_pinned(self) -> None:
        """Hold the log against what this machine has seen of it, and pin it as it is.

        Raises:
            IntegrityError: it is gone, rolled back, rewritten or replaced.
        """
        # One consistent view of log and pin: nobody appends in between.
        with self.store.exclusive():
            raw = self.store.load()
            self._seen = self._open_to_write(raw)
            self._check_pinned(raw)

    def _check_pinned(self, raw: bytes | None) -> None:
        if self._pin is None or raw is None:
            return
        vkeys = self.keys.vkeys
        check_seen(self, [one for one in recall(self._pin, *vkeys) if one.raw != raw])
        if {self._pin.load(), *map(self._pin.load_of, vkeys)} != {raw}:
            self._pin.save(vkeys, raw)

    def _save_pin(self, signed: bytes) -> None:
        if self._pin is not None:
            self._pin.save(self._authority.keys.vkeys, signed)

    def _commit(
        self, raw: bytes | None, old: Checkpoint, entries: Sequence[bytes]
    ) -> Checkpoint:
        for entry in entries:
            _check_length(entry)
        growth = plan_growth(self.store.get, old, entries)
        signed = self._sign(growth.checkpoint)
        self.store.commit(raw, growth.files, signed)
        self._seen = growth.checkpoint
        self._save_pin(signed)
        self._tidy(growth)
        return growth.checkpoint

    def _tidy(self, growth: Growth) -> None:
        """Drop partial files whose full one is committed: a 120-fold of its size.

        Source:
            https://c2sp.org/tlog-tiles, "Partial Tiles".
        """
        for name, _ in growth.files:
            if parse_path(name).width == TILE_WIDTH:
                self.store.drop(list(self.store.names(f"{name}.p/")))

    def secrets(self, purpose: str) -> tuple[bytes, ...]:
        """What only holders of the log's keys can tell, that of the current key first.

        They are for what waits beside the log, and are the same as long as the keys
        are: signatures by Ed25519, which is deterministic, of what is no checkpoint.
        """
        message = f"sluicegate secret\n{purpose}\n{self.key.name}\n".encode()
        signed = (signer.sign(message) for signer in self._authority.signers)
        return tuple(hashlib.sha256(each).digest() for each in signed)

    def _sign(self, checkpoint: Checkpoint, others: Sequence[Signature] = ()) -> bytes:
        text = format_checkpoint(checkpoint)
        ours = [sign_note(signer, text) for signer in self._authority.signers]
        signed = format_note(Note(text, (*ours, *others)))
        if self._authority.keys.open(signed) != checkpoint:
            raise IntegrityError("the log's key does not sign what it was given")
        return signed


def _check_length(entry: bytes) -> None:
    if len(entry) > MAX_ENTRY_BYTES:
        raise UsageError(
            f"an entry of {len(entry)} bytes; the log takes {MAX_ENTRY_BYTES}",
            hint="keep large reports as evidence files",
        )


def check_retention(days: int) -> None:
    """Check that a log may be kept for *days* only.

    Raises:
        UsageError: that is below the floor.
    """
    if days < MIN_RETENTION_DAYS:
        raise UsageError(
            f"a log must be kept for at least {MIN_RETENTION_DAYS} days, not {days}",
            hint=f"Set audit.retention to {MIN_RETENTION_DAYS}d or more; "
            "six calendar months need 184d.",
        )
