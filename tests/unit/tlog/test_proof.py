"""Unit tests of `sluicegate.tlog.proof`: the vectors, and every change to them."""

import base64
import json
import os
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import IntegrityError
from sluicegate.tlog.checkpoint import check_cosigned, open_checkpoint
from sluicegate.tlog.fetch import fetch_entries
from sluicegate.tlog.note import parse_note, parse_vkey
from sluicegate.tlog.proof import Proof, check_proof, format_proof, parse_proof
from sluicegate.tlog.tiles import ENTRIES, Tile
from sluicegate.tlog.tree import VerifiedTree

VECTORS = Path(__file__).parents[2] / "vectors" / "tlog"
KEYS = json.loads((VECTORS / "keys.json").read_bytes())
LOG = parse_vkey(KEYS["log_vkey"])
WITNESSES = [parse_vkey(witness["vkey"]) for witness in KEYS["witnesses"]]
FULL = bool(os.environ.get("SLUICE_FULL"))
CASES = [("log3", 1), ("log600", 300)]


def read(log: str, name: str) -> bytes | None:
    path = VECTORS / log / name
    return path.read_bytes() if path.is_file() else None


def read_vector(log: str, index: int) -> tuple[bytes, bytes]:
    """A proof of the vectors, and the entry it is of."""
    size = int(log.removeprefix("log"))
    place = index // 256
    bundle = Tile(ENTRIES, place, min(256, size - 256 * place))
    entries = fetch_entries(lambda name: read(log, name), bundle)
    return (VECTORS / log / f"entry{index}.tlog-proof").read_bytes(), entries[
        index % 256
    ]


def check(data: bytes, entry: bytes | None = None) -> None:
    """Check a proof as a stranger would: signature, witnesses, the entry in it."""
    proof = parse_proof(data)
    head = open_checkpoint(proof.checkpoint, LOG)
    check_cosigned(parse_note(proof.checkpoint), WITNESSES, quorum=2)
    entry = proof.extra if entry is None else entry
    assert entry is not None
    check_proof(proof, entry, head)


def carry(data: bytes, entry: bytes) -> bytes:
    """The same proof with its entry in it."""
    proof = parse_proof(data)
    return format_proof(Proof(proof.index, proof.hashes, proof.checkpoint, entry))


@pytest.mark.parametrize(("log", "index"), CASES)
def test_the_proofs_of_the_vectors_hold_and_are_written_alike(
    log: str, index: int
) -> None:
    data, entry = read_vector(log, index)

    check(data, entry)
    assert parse_proof(data).index == index
    assert format_proof(parse_proof(data)) == data


@pytest.mark.parametrize(("log", "index"), CASES)
def test_the_tree_makes_the_proofs_of_the_vectors(log: str, index: int) -> None:
    data, _ = read_vector(log, index)
    raw = read(log, "checkpoint")
    assert raw is not None
    tree = VerifiedTree(lambda name: read(log, name), open_checkpoint(raw, LOG))

    proof = Proof(index, tree.prove_inclusion(index), raw)

    assert format_proof(proof) == data


def test_a_proof_with_its_entry_needs_nothing_else() -> None:
    data, entry = read_vector("log3", 1)
    whole = carry(data, entry)

    check(whole)
    assert parse_proof(whole).extra == entry
    assert whole.split(b"\n")[1] == b"extra " + base64.b64encode(entry)


@pytest.mark.parametrize(("log", "index"), CASES)
def test_every_single_byte_change_of_a_proof_is_found(log: str, index: int) -> None:
    data = carry(*read_vector(log, index))
    rng = random.Random(0)
    missed = []
    for at in range(len(data)):
        for mask in range(1, 256) if FULL else [rng.randrange(1, 256)]:
            changed = bytearray(data)
            changed[at] ^= mask
            try:
                check(bytes(changed))
            except IntegrityError:
                continue
            missed.append((at, mask))

    assert missed == []


@pytest.mark.parametrize(("log", "index"), CASES)
def test_another_entry_or_index_is_not_proven(log: str, index: int) -> None:
    data, entry = read_vector(log, index)
    proof = parse_proof(data)
    for wrong in (index - 1, index + 1, 0, 599, 600):
        if wrong == index:
            continue
        with pytest.raises(IntegrityError):
            check(format_proof(Proof(wrong, proof.hashes, proof.checkpoint, entry)))
    with pytest.raises(IntegrityError):
        check(data, entry + b" ")


def test_a_proof_cut_short_or_lengthened_is_refused() -> None:
    data, entry = read_vector("log600", 300)
    proof = parse_proof(data)
    for hashes in (
        proof.hashes[1:],
        proof.hashes[:-1],
        (*proof.hashes, bytes(32)),
        (),
        tuple(reversed(proof.hashes)),
    ):
        with pytest.raises(IntegrityError):
            check(format_proof(Proof(300, hashes, proof.checkpoint, entry)))
    whole = carry(data, entry)
    for cut in range(len(whole)):
        with pytest.raises(IntegrityError):
            check(whole[:cut])
    with pytest.raises(IntegrityError):
        check(whole + b"\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"tlog-proof@v1", b"tlog-proof@v2"),
        (b"index 300", b"index 0300"),
        (b"index 300", b"index +300"),
        (b"index 300", b"index 300 "),
        (b"index 300", "index \uff13\uff10\uff10".encode()),
        (b"index 300", b"index 99999999999999999999"),
        (b"index 300\n", b""),
        (b"index 300\n", b"index 300\r\n"),
        (b"index 300\n", b"index 300\nindex 300\n"),
        (b"@v1\n", b"@v1\n\n"),
        (b"@v1\n", b"@v1\nextra\n"),
        (b"@v1\n", b"@v1\nextra  QQ==\n"),
        (b"@v1\n", b"@v1\nextra QR==\n"),
        (b"@v1\n", b"@v1\nextra QQ==\nextra QQ==\n"),
        (b"OptwB7tNOtJ53O7u3s0AI0MG29g6k/5AcNrLXEKkbiw=", b"QQ=="),
        (b"EKkbiw=", b"EKkbix="),
    ],
)
def test_a_proof_written_in_another_way_is_refused(before: bytes, after: bytes) -> None:
    data, entry = read_vector("log600", 300)
    assert before in data

    with pytest.raises(IntegrityError):
        check(data.replace(before, after, 1), entry)


def test_a_proof_that_never_ends_is_refused_unread() -> None:
    with pytest.raises(IntegrityError):
        parse_proof(b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + bytes(10_000_000))
    with pytest.raises(IntegrityError, match="of 64 hashes"):
        parse_proof(format_proof(Proof(0, (bytes(32),) * 64, b"")))


@given(st.binary(max_size=200))
def test_garbage_is_refused_and_nothing_else_happens(data: bytes) -> None:
    with pytest.raises(IntegrityError):
        parse_proof(data)


@given(
    st.integers(0, 2**62),
    st.lists(st.binary(min_size=32, max_size=32), max_size=63),
    st.none() | st.binary(max_size=100),
    st.binary(max_size=100),
)
def test_a_proof_reads_back(
    index: int, hashes: list[bytes], extra: bytes | None, checkpoint: bytes
) -> None:
    proof = Proof(index, tuple(hashes), checkpoint, extra)

    assert parse_proof(format_proof(proof)) == proof
