"""Unit tests of `sluicegate.tlog.quorum`."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sluicegate.errors import IntegrityError
from sluicegate.tlog.note import Note, Signature, parse_note, parse_vkey
from sluicegate.tlog.policy import Log, Policy, Witness, require_all
from sluicegate.tlog.quorum import evaluate, merge_cosignatures

VECTORS = Path(__file__).parents[2] / "vectors" / "tlog"
KEYS = json.loads((VECTORS / "keys.json").read_bytes())
NOTE = parse_note((VECTORS / "log3/checkpoint").read_bytes())
OTHER = parse_note((VECTORS / "log600/checkpoint").read_bytes())
W1, W2 = (
    Witness(f"w{number}", parse_vkey(each["vkey"]))
    for number, each in enumerate(KEYS["witnesses"], 1)
)
BOTH = require_all((W1, W2))
AT = 1795305600


def cosign(number: int, text: str, at: int) -> Signature:
    seed = bytes.fromhex(KEYS["witnesses"][number]["seed_hex"])
    message = f"cosignature/v1\ntime {at}\n{text}".encode()
    blob = at.to_bytes(8, "big") + Ed25519PrivateKey.from_private_bytes(seed).sign(
        message
    )
    witness = (W1, W2)[number]
    return Signature(witness.key.name, witness.key.key_id, blob)


def without(note: Note, name: str) -> Note:
    lines = tuple(line for line in note.signatures if line.name != name)
    return Note(note.text, lines)


def test_the_cosignatures_of_the_vectors_make_a_quorum() -> None:
    quorum = evaluate(BOTH, NOTE)

    assert quorum.reached
    assert [(each.witness, each.at) for each in quorum.signed] == [
        (W1, AT),
        (W2, AT + 1),
    ]
    assert quorum.missing == ()


def test_we_cosign_as_the_vectors_do() -> None:
    assert cosign(0, NOTE.text, AT) == NOTE.signatures[1]


@pytest.mark.parametrize("witness", [W1, W2])
def test_a_stripped_cosignature_is_noticed_by_the_quorum(witness: Witness) -> None:
    quorum = evaluate(BOTH, without(NOTE, witness.key.name))

    assert not quorum.reached
    assert quorum.missing == (witness,)
    assert evaluate(Policy((), (W1, W2), (), "none"), without(NOTE, "w")).reached


def test_a_cosignature_of_another_checkpoint_is_worth_nothing() -> None:
    replayed = Note(NOTE.text, (NOTE.signatures[0], *OTHER.signatures[1:]))

    with pytest.raises(IntegrityError, match=r"witness\.example/w1 is not valid"):
        evaluate(BOTH, replayed)


def test_a_cosignature_with_another_time_is_worth_nothing() -> None:
    line = NOTE.signatures[1]
    later = Signature(
        line.name, line.key_id, (AT + 9).to_bytes(8, "big") + line.blob[8:]
    )

    with pytest.raises(IntegrityError, match="is not valid"):
        evaluate(BOTH, Note(NOTE.text, (later,)))


@pytest.mark.parametrize("at", [0, 1 << 63, (1 << 64) - 1])
def test_a_cosignature_of_no_time_is_refused(at: int) -> None:
    with pytest.raises(IntegrityError):
        evaluate(BOTH, Note(NOTE.text, (cosign(0, NOTE.text, at),)))


def test_cosignatures_of_strangers_count_for_nothing() -> None:
    only_w1 = require_all((W1,))

    assert evaluate(only_w1, NOTE).reached
    assert not evaluate(only_w1, without(NOTE, W1.key.name)).reached


def test_a_policy_that_names_logs_believes_those_alone() -> None:
    log = Log(parse_vkey(KEYS["log_vkey"]))
    other = Log(parse_vkey(KEYS["spec_example_vkey"]))
    named = Policy((other, log), (), (), "none")

    assert evaluate(named, NOTE).reached
    with pytest.raises(IntegrityError, match="0 of the 1 signatures"):
        evaluate(named, without(NOTE, log.key.name))
    with pytest.raises(IntegrityError, match="0 of the 1 signatures"):
        evaluate(Policy((other,), (), (), "none"), NOTE)


def test_cosignatures_are_merged_and_the_newer_ones_kept() -> None:
    ours = NOTE.signatures[0]
    older = Note(NOTE.text, (ours, cosign(0, NOTE.text, AT - 5), NOTE.signatures[2]))
    newer = Note(NOTE.text, (ours, cosign(0, NOTE.text, AT)))

    for first, second in ((older, newer), (newer, older)):
        merged = evaluate(BOTH, merge_cosignatures(first, second, (W1, W2)))
        assert [each.at for each in merged.signed] == [AT, AT + 1]


def test_merging_takes_over_nothing_of_strangers_and_no_other_checkpoint() -> None:
    assert merge_cosignatures(without(NOTE, W2.key.name), NOTE, (W1,)) == without(
        NOTE, W2.key.name
    )
    with pytest.raises(ValueError, match="another checkpoint"):
        merge_cosignatures(NOTE, OTHER, (W1, W2))
