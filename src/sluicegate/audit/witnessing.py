"""Asking a witness to cosign a log, and what its answer says of the log.

Source:
    https://c2sp.org/tlog-witness, "add-checkpoint".
"""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sluicegate.errors import ExternalError, IntegrityError
from sluicegate.model.witness import Answer, Conflict, Cosignatures, Refusal, Refused
from sluicegate.ports.witness import CheckpointWitness
from sluicegate.tlog.checkpoint import Checkpoint, parse_checkpoint
from sluicegate.tlog.note import Note, Signature, format_note, parse_note
from sluicegate.tlog.policy import Witness
from sluicegate.tlog.quorum import Cosigned, check_cosignature

MAX_PROOF_LINES = 63

ProveConsistency = Callable[[int], Sequence[bytes]]
"""Proves that the log of the given size is the beginning of what is submitted."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of asking a witness.

    ``line`` is its valid cosignature, with its time in ``cosigned``, or ``why`` says in
    a sentence why there is none. ``alarm`` means that the log contradicts what the
    witness has seen of it: not a failure but evidence.
    """

    witness: Witness
    line: Signature | None = None
    cosigned: Cosigned | None = None
    why: str = ""
    alarm: bool = False


def ask(
    witness: Witness,
    client: CheckpointWitness,
    note: Note,
    prove: ProveConsistency,
    known_size: int = 0,
) -> Reply:
    """Ask *witness*, through *client*, to cosign the checkpoint in *note*.

    Args:
        witness: who is asked; nobody else's signature is taken.
        client: how to reach it.
        note: the checkpoint, signed by the log.
        prove: makes proofs for that checkpoint, within its size.
        known_size: what the witness is thought to have cosigned last. A wrong guess
            costs a second request.

    Returns:
        Its cosignature or the reason why there is none; being out of reach is one.

    Raises:
        IntegrityError: the log's own files are not what was committed.
    """
    head = parse_checkpoint(note.text)
    old = known_size if known_size <= head.size else 0
    for _ in range(2):
        request = build_request(old, prove(old), note)
        try:
            answer = client.add_checkpoint(request)
        except ExternalError as error:
            return Reply(witness, why=str(error))
        if not isinstance(answer, Conflict) or answer.size > head.size:
            return _conclude(witness, note, head, answer)
        if answer.size == old:
            break
        old = answer.size
    return Reply(
        witness, why="it names a different size each time: is the log growing just now?"
    )


def build_request(old_size: int, proof: Sequence[bytes], note: Note) -> bytes:
    """The body of add-checkpoint.

    Raises:
        ValueError: the proof is longer than the protocol has room for, which takes a
            log of 2 to the 62nd entries.
    """
    if len(proof) > MAX_PROOF_LINES:
        raise ValueError(f"{len(proof)} hashes in a consistency proof")
    lines = [f"old {old_size}", *(base64.b64encode(node).decode() for node in proof)]
    return "\n".join([*lines, "", ""]).encode() + format_note(note)


def _conclude(witness: Witness, note: Note, head: Checkpoint, answer: Answer) -> Reply:
    match answer:
        case Cosignatures():
            return _accept(witness, note, answer.lines)
        case Conflict():
            return Reply(
                witness,
                why=f"it has seen {answer.size} entries of this log, which has only "
                f"{head.size}: this log was rolled back, or is a copy that is not the "
                "newest",
                alarm=True,
            )
        case Refused():
            told = f" ({answer.detail})" if answer.detail else ""
            return Reply(
                witness,
                why=_REFUSALS[answer.refusal] + told,
                alarm=answer.refusal is Refusal.FORK,
            )


_REFUSALS = {
    Refusal.FORK: "it has seen other entries in this log: this is a fork of what it "
    "cosigned before",
    Refusal.UNKNOWN_LOG: "it does not know this log: give its operator the log's key, "
    "which `sluice audit keys show` prints",
    Refusal.NOT_SIGNED: "it does not accept the log's key: give its operator the "
    "newest one, which `sluice audit keys show` prints",
    Refusal.MALFORMED: "it does not understand the request",
}


def _accept(witness: Witness, note: Note, lines: bytes) -> Reply:
    """Take its own cosignature, once verified, out of what a witness answered.

    Source:
        tlog-witness: "the client MAY concatenate it to the checkpoint".
    """
    try:
        answered = parse_note(note.text.encode() + b"\n" + lines)
        if answered.text == note.text:
            for line in answered.signatures:
                if (line.name, line.key_id) == (witness.key.name, witness.key.key_id):
                    cosigned = check_cosignature(witness, note.text, line)
                    return Reply(witness, line, cosigned)
    except IntegrityError as error:
        return Reply(witness, why=f"its answer is worth nothing: {error}")
    return Reply(
        witness, why="it answered, but not with a signature of the key in the policy"
    )
