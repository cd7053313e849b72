"""Cosigned checkpoints, kept beside a log, and what they prove of it.

Two are kept: the newest that a quorum cosigned, and the newest that anybody did. They
are no part of the log; without them, or with cosignatures stripped, a quorum is missing
and nothing else is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sluicegate.errors import IntegrityError
from sluicegate.ports.store import LogStore
from sluicegate.tlog.checkpoint import Checkpoint, parse_checkpoint
from sluicegate.tlog.note import Note, format_note, parse_note
from sluicegate.tlog.policy import Policy, Witness
from sluicegate.tlog.quorum import Cosigned, Quorum, evaluate, merge_cosignatures
from sluicegate.tlog.tree import VerifiedTree

WITNESSED = "witnessed"
"""The newest checkpoint that a quorum cosigned, with all that is known of it."""
PARTLY_WITNESSED = "witnessed.part"
"""A newer one that only some have cosigned yet."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The newest state of the log that a witness cosigned, and when it says so."""

    witness: Witness
    size: int
    at: int


@dataclass(frozen=True, slots=True)
class Witnessing:
    """What the witnesses of a policy say of a log.

    ``reached`` is whether a quorum cosigned any state of it, ``size`` the newest such
    state, 0 if there is none: it vouches for the entries before. ``seen`` is in the
    order of the policy, ``missing`` are those of whom nothing is known. ``problems``
    contradict the log.
    """

    quorum: str
    reached: bool
    size: int
    seen: tuple[Seen, ...]
    missing: tuple[Witness, ...]
    problems: tuple[str, ...] = ()


def read_notes(store: LogStore) -> tuple[list[tuple[str, Note]], list[str]]:
    """The cosigned checkpoints kept beside the log, by name, verified by nobody yet.

    Returns:
        Those that can be read, and what is wrong with the others.
    """
    found: list[tuple[str, Note]] = []
    problems: list[str] = []
    for name in (WITNESSED, PARTLY_WITNESSED):
        raw = store.get(name)
        try:
            if raw is not None:
                note = parse_note(raw)
                parse_checkpoint(note.text)
                found.append((name, note))
        except IntegrityError as error:
            problems.append(f"{name}: {error}. {_REMOVE}")
    return found, problems


_REMOVE = (
    "It is no part of the log: remove it, and let `sluice audit witness` write it anew."
)


def check_witnessed(
    store: LogStore, raw: bytes, tree: VerifiedTree, policy: Policy
) -> Witnessing:
    """Hold the log against what witnesses cosigned of it.

    Args:
        store: what is kept beside the log.
        raw: the checkpoint of *tree*; it may be cosigned itself.
        tree: the log, its signature verified.
        policy: whom to believe.

    Returns:
        What they say; that they say nothing is no problem, only no quorum.

    Raises:
        IntegrityError: the log's own tiles are not what was committed.
        ExternalError: the store cannot be read.
    """
    kept, problems = read_notes(store)
    notes = [("checkpoint", parse_note(raw)), *kept]
    found: list[tuple[Checkpoint, Quorum]] = []
    for name, note in notes:
        state = parse_checkpoint(note.text)
        try:
            quorum = evaluate(policy, note)
            if quorum.signed:
                _check_extends(tree, state, quorum.signed)
        except IntegrityError as error:
            problems.append(f"{name}: {error}")
        else:
            found.append((state, quorum))
    return _sum_up(policy, found, tuple(problems))


def _check_extends(
    tree: VerifiedTree, state: Checkpoint, signed: Sequence[Cosigned]
) -> None:
    """Check that the log is *state*, which *signed* vouch for, grown or unchanged.

    Raises:
        IntegrityError: it is another log, was rolled back or rewritten.
    """
    head = tree.head
    who = ", ".join(each.witness.key.name for each in signed)
    if state.origin != head.origin:
        raise IntegrityError(f"it is of the log {state.origin!r}, not of this one")
    if state.size > head.size:
        raise IntegrityError(
            f"{who} cosigned {state.size} entries, the log has {head.size}: it was "
            "rolled back, or is not its newest copy"
        )
    if tree.root_at(state.size) != state.root:
        raise IntegrityError(
            f"{who} cosigned other {state.size} entries than these: the log was "
            "rewritten or forked"
        )


def keep(store: LogStore, tree: VerifiedTree, note: Note, policy: Policy) -> Witnessing:
    """Keep the cosignatures in *note*, of any state of the log, beside the log.

    Those kept before of the same state are kept as well; what is older than what is
    known already is left out. The caller holds ``store.exclusive()``, as does nobody
    who reads, so that the order of writing matters: the better one first.

    Returns:
        What the witnesses say of the log now.

    Raises:
        IntegrityError: what was cosigned before contradicts the log.
        ExternalError: it cannot be kept.
    """
    states = [note]
    for known in _believed(store, tree, policy):
        if known.text == note.text:
            states[0] = merge_cosignatures(states[0], known, policy.witnesses)
        else:
            states.append(known)
    complete = _newest([one for one in states if evaluate(policy, one).reached])
    newest = _newest(states)
    if complete is not None:
        _attach(store, WITNESSED, complete)
    if newest is not None and newest is not complete:
        _attach(store, PARTLY_WITNESSED, newest)
    return _sum_up(
        policy,
        [(parse_checkpoint(one.text), evaluate(policy, one)) for one in states],
        (),
    )


def _believed(store: LogStore, tree: VerifiedTree, policy: Policy) -> list[Note]:
    """What is kept and valid; anything else is evidence of nothing, and is replaced.

    Raises:
        IntegrityError: it is valid and contradicts the log.
    """
    found = []
    for _, note in read_notes(store)[0]:
        try:
            signed = evaluate(policy, note).signed
        except IntegrityError:
            continue
        if signed:
            _check_extends(tree, parse_checkpoint(note.text), signed)
            found.append(note)
    return found


def _attach(store: LogStore, name: str, note: Note) -> None:
    data = format_note(note)
    if store.get(name) != data:
        store.attach(name, data)


def _newest(notes: Sequence[Note]) -> Note | None:
    return max(notes, key=lambda note: parse_checkpoint(note.text).size, default=None)


def known_sizes(store: LogStore) -> dict[tuple[str, bytes], int]:
    """What each key is thought to have cosigned last; a guess that saves a request."""
    sizes: dict[tuple[str, bytes], int] = {}
    for _, note in read_notes(store)[0]:
        size = parse_checkpoint(note.text).size
        for line in note.signatures:
            name = (line.name, line.key_id)
            sizes[name] = max(size, sizes.get(name, 0))
    return sizes


def _sum_up(
    policy: Policy,
    found: Sequence[tuple[Checkpoint, Quorum]],
    problems: tuple[str, ...],
) -> Witnessing:
    newest: dict[str, Seen] = {}
    for state, quorum in found:
        for each in quorum.signed:
            seen = Seen(each.witness, state.size, each.at)
            known = newest.get(each.witness.name, seen)
            newest[each.witness.name] = max(
                seen, known, key=lambda one: (one.size, one.at)
            )
    sizes = [state.size for state, quorum in found if quorum.reached]
    names = [each.name for each in policy.witnesses]
    return Witnessing(
        quorum=policy.describe(),
        reached=bool(sizes),
        size=max(sizes, default=0),
        seen=tuple(newest[name] for name in names if name in newest),
        missing=tuple(each for each in policy.witnesses if each.name not in newest),
        problems=problems,
    )
