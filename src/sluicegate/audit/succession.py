"""Who signs a log on this machine, and handing it over to a new key.

The new key is made first and kept beside the old one, then the entry is committed that
hands over, then the new one takes the place of the old. Whatever is cut off in between
is carried on by whoever opens the log next: its entries say which key signs it.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sluicegate.audit.authority import Authority
from sluicegate.audit.envelope import LogEnvelope
from sluicegate.audit.keychain import Keychain, hand_over
from sluicegate.audit.log import AuditLog
from sluicegate.audit.record import encode_log
from sluicegate.audit.trust import resolve
from sluicegate.errors import UsageError
from sluicegate.model.log_event import KeyRotated
from sluicegate.ports.keyring import Keyring
from sluicegate.ports.signer import Signer
from sluicegate.ports.store import LogStore
from sluicegate.tlog.checkpoint import Checkpoint
from sluicegate.tlog.note import parse_vkey


def find_authority(
    store: LogStore, raw: bytes, keys: Keyring, own: Signer, now: datetime
) -> Authority:
    """Who signs the log with the checkpoint *raw*, as far as this machine has the keys.

    Args:
        store: the log's files.
        raw: its checkpoint.
        keys: the signing keys of this user.
        own: the one of them that is this log's, maybe left by now.
        now: when an overlap of keys may be over.

    Raises:
        IntegrityError: the log is not signed by *own*, nor by its successor.
        UsageError: its successor is not on this machine.
    """
    chain = resolve(store, raw, [parse_vkey(own.vkey())])
    vkey = chain.vkeys[-1]
    signer = own if own.vkey() == vkey else keys.find_key(vkey)
    if signer is None:
        raise _explain_missing(keys, chain)
    if signer.vkey() != own.vkey():
        keys.advance(vkey)
    return Authority(chain, (signer, *_beside(chain, keys, now)))


def _beside(chain: Keychain, keys: Keyring, now: datetime) -> tuple[Signer, ...]:
    """The key that was left last, while it still signs and is here."""
    if not chain.rotations:
        return ()
    last = chain.rotations[-1]
    if last.overlap_until is None or last.overlap_until <= now:
        return ()
    signer = keys.find_key(last.old_vkey)
    return () if signer is None else (signer,)


def _explain_missing(keys: Keyring, chain: Keychain) -> UsageError:
    last = chain.rotations[-1]
    return UsageError(
        f"the log's key was rotated in entry {last.size}, and the new one, "
        f"{last.new_vkey}, is not on this machine",
        hint=f"Copy its file from where it was rotated, in place of "
        f"{keys.where(chain.current.name)}, readable by you alone.",
    )


def rotate_key(
    log: AuditLog,
    keys: Keyring,
    envelope: Callable[[], LogEnvelope],
    *,
    reason: str,
    overlap_until: datetime | None,
) -> KeyRotated:
    """Hand *log* over to a new key, made and kept by *keys*.

    Args:
        log: the log, which this machine has the key of.
        keys: where its key is kept, and the new one.
        envelope: what the entry says besides.
        reason: why, for whoever reads the log.
        overlap_until: how long the old key signs as well; None for not at all, as is
            right after it was stolen.

    Raises:
        UsageError: the keyring cannot make one.
        IntegrityError: the log is not what it was.
        ExternalError: whether the log was handed over is unknown; open it again.
    """
    new = keys.prepare(log.key.name)
    done: list[KeyRotated] = []

    def decide(head: Checkpoint) -> tuple[bytes, Authority]:
        signer = log.authority.signers[0]
        event = hand_over(head, signer, new, reason=reason, overlap_until=overlap_until)
        done[:] = [event]
        chain = log.authority.keys
        successor = replace(chain, rotations=(*chain.rotations, event))
        signers = (new,) if overlap_until is None else (new, signer)
        return encode_log(envelope(), event), Authority(successor, signers)

    log.rotate(decide)
    keys.advance(new.vkey())
    return done[0]
