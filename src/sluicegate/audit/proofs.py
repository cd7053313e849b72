"""Proofs to hand out: that an entry is in the log, and that the log only grew."""

from collections.abc import Sequence
from dataclasses import dataclass

from sluicegate.audit.reader import LogReader
from sluicegate.audit.witnessed import WITNESSED
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.tlog.checkpoint import Checkpoint, parse_checkpoint
from sluicegate.tlog.merkle import (
    check_consistency,
    prove_consistency,
    prove_inclusion,
)
from sluicegate.tlog.note import VerifierKey, parse_note, verify_note
from sluicegate.tlog.policy import Policy
from sluicegate.tlog.proof import Proof, check_proof, parse_proof
from sluicegate.tlog.quorum import Quorum, evaluate
from sluicegate.tlog.signature import verify_signature
from sluicegate.tlog.tree import VerifiedTree

_KEEP = "whoever holds the log's key signed both: keep both, they are the evidence."


@dataclass(frozen=True, slots=True)
class ProvenEntry:
    """An entry that a proof shows to be in a log, at ``index``.

    ``key`` signed the state ``head``; ``quorum`` is who cosigned it of the witnesses
    that were asked for, None if none were.
    """

    index: int
    entry: bytes
    head: Checkpoint
    key: VerifierKey
    quorum: Quorum | None


def build_proof(log: LogReader, index: int) -> Proof:
    """Prove that entry *index* is in *log*, with the entry in the proof.

    The state it is proven in is the newest one that a quorum of witnesses cosigned, if
    that holds the entry: it vouches for more. Otherwise it is the log as it is.

    Raises:
        UsageError: there is no such entry.
        IntegrityError: the log is not what was committed.
    """
    entry = log.entry(index)
    raw = log.store.load()
    if raw is None:
        raise IntegrityError("the log has no checkpoint")
    tree = VerifiedTree(log.store.get, log.keys.open(raw))
    raw, state = _find_witnessed(log, tree, index) or (raw, tree.head)
    hashes = prove_inclusion(tree.root_of, index, state.size)
    proof = Proof(index, hashes, raw, entry)
    check_proof(proof, entry, state)
    return proof


def _find_witnessed(
    log: LogReader, tree: VerifiedTree, index: int
) -> tuple[bytes, Checkpoint] | None:
    """The state kept beside the log that a quorum cosigned, if it holds the entry."""
    raw = log.store.get(WITNESSED)
    if raw is None:
        return None
    try:
        state = log.keys.open(raw)
    except IntegrityError:
        return None  # it is no part of the log; `verify` says what is wrong with it
    if not index < state.size <= tree.head.size:
        return None
    return (raw, state) if tree.root_at(state.size) == state.root else None


def open_proof(
    data: bytes,
    keys: Sequence[VerifierKey],
    policy: Policy | None = None,
    entry: bytes | None = None,
) -> ProvenEntry:
    """Check a proof, with nothing else at hand.

    Args:
        data: the file.
        keys: those of the log that are trusted; one of them must have signed.
        policy: the witnesses of whom a quorum must have cosigned; None asks for none.
        entry: what is to be proven, if it is not in the proof.

    Raises:
        UsageError: no key is trusted, or there is no entry.
        IntegrityError: the proof does not hold.
    """
    proof = parse_proof(data)
    note = parse_note(proof.checkpoint)
    head = parse_checkpoint(note.text)
    named = [key for key in keys if key.name == head.origin]
    if not keys:
        raise UsageError(
            f"whose key must have signed the log {head.origin!r} is not known here",
            hint="name it with --key, or in a log line of the file for --policy",
        )
    if not named:
        raise IntegrityError(
            f"the proof is of the log {head.origin!r}, the key of {keys[0].name!r}"
        )
    signer = verify_note(note, named, verify_signature)[0]
    quorum = None if policy is None else evaluate(policy, note)
    if quorum is not None and policy is not None and not quorum.reached:
        raise IntegrityError(
            f"the state in the proof was not cosigned by {policy.describe()}"
        )
    entry = proof.extra if entry is None else entry
    if entry is None:
        raise UsageError(
            "the proof holds no entry, only where one is",
            hint="give the entry's bytes with --entry FILE",
        )
    check_proof(proof, entry, head)
    return ProvenEntry(proof.index, entry, head, signer, quorum)


def prove_growth(
    tree: VerifiedTree, old: Checkpoint, new: Checkpoint
) -> tuple[bytes, ...]:
    """Prove by the log at hand that *new* is *old*, grown or unchanged.

    Both are signed by the log. Should they contradict each other, or the log, then they
    are evidence against whoever holds its key: keep them.

    Raises:
        IntegrityError: it is not. The message begins with ROLLBACK or FORK.
    """
    if new.origin != old.origin:
        raise IntegrityError(f"two logs: {old.origin!r} and {new.origin!r}")
    if new.size < old.size:
        raise IntegrityError(
            f"ROLLBACK: the log had {old.size} entries, and later {new.size}",
            hint=f"The older state is named first. If it was, {_KEEP}",
        )
    if new.size == old.size and new.root != old.root:
        raise IntegrityError(
            f"FORK: two different logs of {old.size} entries, and both are signed",
            hint=_KEEP,
        )
    for state in (old, new):
        _check_at_hand(tree, state)
    proof = prove_consistency(tree.root_of, old.size, new.size)
    check_consistency(old.size, new.size, proof, old.root, new.root)
    return proof


def _check_at_hand(tree: VerifiedTree, state: Checkpoint) -> None:
    if state.origin != tree.head.origin:
        raise IntegrityError(
            f"the log at hand is {tree.head.origin!r}, not {state.origin!r}"
        )
    if state.size > tree.head.size:
        raise IntegrityError(
            f"ROLLBACK: the log at hand has {tree.head.size} entries, and had "
            f"{state.size}",
            hint="Restore it from its newest copy, or name that one with --log.",
        )
    if tree.root_at(state.size) != state.root:
        raise IntegrityError(
            f"FORK: the first {state.size} entries of the log at hand are not those "
            "that were signed",
            hint=_KEEP,
        )
