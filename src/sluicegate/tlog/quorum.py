"""Whether enough witnesses cosigned a checkpoint.

Source:
    https://c2sp.org/tlog-policy, https://c2sp.org/tlog-cosignature.
"""

from dataclasses import dataclass

from sluicegate.errors import IntegrityError
from sluicegate.tlog.note import Note, Signature, verify_note
from sluicegate.tlog.policy import Policy, Witness
from sluicegate.tlog.signature import read_time, verify_signature


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A cosignature that is valid. ``at`` is in seconds since 1970, by its witness."""

    witness: Witness
    at: int


@dataclass(frozen=True, slots=True)
class Quorum:
    """Who of a policy signed a checkpoint, who did not, and whether it suffices."""

    reached: bool
    signed: tuple[Cosigned, ...]
    missing: tuple[Witness, ...]


def evaluate(policy: Policy, note: Note) -> Quorum:
    """Hold the signatures of *note*, a checkpoint's, against *policy*.

    The caller has verified the log's own signature, unless the policy names logs: then
    one of those must have signed. Signatures of others are ignored.

    Raises:
        IntegrityError: no log of the policy signed, or a signature of one of the
            policy's keys is wrong: the whole note is then worth nothing.
    """
    if policy.logs:
        origin = note.text.partition("\n")[0]
        keys = [log.key for log in policy.logs if log.key.name == origin]
        verify_note(note, keys, verify_signature)
    lines = {(line.name, line.key_id): line for line in note.signatures}
    signed: list[Cosigned] = []
    missing: list[Witness] = []
    for witness in policy.witnesses:
        line = lines.get((witness.key.name, witness.key.key_id))
        if line is None:
            missing.append(witness)
        else:
            signed.append(check_cosignature(witness, note.text, line))
    reached = policy.is_met(frozenset(each.witness.name for each in signed))
    return Quorum(reached, tuple(signed), tuple(missing))


def check_cosignature(witness: Witness, text: str, line: Signature) -> Cosigned:
    """Verify the cosignature *line* of a checkpoint's *text*.

    Raises:
        IntegrityError: it is not valid, or names no time.
    """
    if not verify_signature(witness.key, text.encode(), line.blob):
        raise IntegrityError(
            f"the cosignature of the witness {witness.key.name} is not valid"
        )
    at = read_time(line.blob)
    if at == 0:
        raise IntegrityError(
            f"the cosignature of the witness {witness.key.name} names no time"
        )
    return Cosigned(witness, at)


def merge_cosignatures(note: Note, other: Note, witnesses: tuple[Witness, ...]) -> Note:
    """*note* with the cosignatures of *other*, the newer one of each witness.

    Both are of the same checkpoint, and verified. Lines of unknown keys stay those of
    *note*.

    Raises:
        ValueError: they are of different checkpoints.
    """
    if note.text != other.text:
        raise ValueError("cosignatures of another checkpoint")
    known = {(each.key.name, each.key.key_id) for each in witnesses}
    lines = {(line.name, line.key_id): line for line in note.signatures}
    for line in other.signatures:
        name = (line.name, line.key_id)
        here = lines.get(name)
        if name in known and (
            here is None or read_time(line.blob) > read_time(here.blob)
        ):
            lines[name] = line
    return Note(note.text, tuple(lines.values()))
