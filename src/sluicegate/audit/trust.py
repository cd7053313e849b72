"""Finding out which keys sign a log, from one that is trusted.

The log's own entries say who took over from whom, and each says so with the signature
of the key before it. So they are read before the newest key is known, and believed
because of where their signatures lead.
"""

from collections.abc import Sequence

from typing_extensions import override

from sluicegate.audit.keychain import Keychain, build_keychain
from sluicegate.audit.reader import LogReader
from sluicegate.audit.snapshot import read_state
from sluicegate.errors import IntegrityError
from sluicegate.ports.store import LogStore
from sluicegate.tlog.checkpoint import Checkpoint, parse_checkpoint
from sluicegate.tlog.note import VerifierKey, parse_note


class UnprovenLog(LogReader):
    """The log that *raw* commits to, whoever signed that.

    What it yields is consistent, and nobody's until its keys are resolved.
    """

    def __init__(self, store: LogStore, raw: bytes) -> None:
        self._state = parse_checkpoint(parse_note(raw).text)
        super().__init__(store, VerifierKey(self._state.origin, 0, b""))

    @override
    def head(self) -> Checkpoint:
        return self._state


def trust(
    store: LogStore,
    raw: bytes,
    trusted: Sequence[VerifierKey],
    seen: Sequence[bytes] = (),
) -> Keychain:
    """The keys of the log with the checkpoint *raw*, if one of them is *trusted*.

    Args:
        store: the log's files.
        raw: its checkpoint.
        trusted: keys of this log, in use or left; at least one.
        seen: other checkpoints of this log. Where neither they nor *raw* are signed by
            a key that is not trusted yet, the log's entries are not asked; whether one
            was left behind by an old key is then for `resolve` to find.

    Raises:
        IntegrityError: it is not signed by one of them or by one that these handed
            over to, or cannot be read.
    """
    for chain in _open_with(raw, trusted):
        if not any(map(chain.has_strange_signature, (raw, *seen))):
            return chain
    return resolve(store, raw, trusted)


def resolve(store: LogStore, raw: bytes, trusted: Sequence[VerifierKey]) -> Keychain:
    """Like `trust`, having read what the log itself says of its keys.

    Raises:
        IntegrityError: as for `trust`.
    """
    _open_with(raw, trusted)
    log = UnprovenLog(store, raw)
    chain = read_keychain(log)
    chain.check_trusts(trusted)
    chain.open(raw)
    return chain


def _open_with(raw: bytes, trusted: Sequence[VerifierKey]) -> list[Keychain]:
    """Those of *trusted* that signed *raw*; a wrong signature is worse than none.

    Raises:
        IntegrityError: one of them is wrong.
    """
    signed = {(line.name, line.key_id) for line in parse_note(raw).signatures}
    chains = [Keychain(key) for key in trusted if (key.name, key.key_id) in signed]
    for chain in chains:
        chain.open(raw)
    return chains


def read_keychain(log: LogReader) -> Keychain:
    """The keys of *log*, as its entries hand over from one to the next.

    Raises:
        IntegrityError: they do not, or cannot be read.
    """
    state = read_state(log)
    if state.created is None:
        raise IntegrityError("the log is empty; entry 0 must say whose it is")
    rotations = [(event.size, event) for event in state.rotations]
    chain = build_keychain(state.created.vkey, rotations)
    if rotations:
        chain.check_roots(log.tree().root_at)
    return chain
