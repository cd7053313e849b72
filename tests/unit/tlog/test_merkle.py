"""Unit tests of `sluicegate.tlog.merkle`."""

import json
from base64 import b64decode
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from sluicegate.errors import IntegrityError
from sluicegate.tlog.hashes import EMPTY_ROOT, hash_leaf
from sluicegate.tlog.merkle import (
    Frontier,
    check_consistency,
    check_inclusion,
    compute_root,
    prove_consistency,
    prove_inclusion,
    roots_over,
)

VECTORS = Path(__file__).parents[2] / "vectors" / "tlog"
SIZE = 130
LEAVES = [hash_leaf(str(i).encode()) for i in range(SIZE)]
ROOTS = [compute_root(LEAVES[:size]) for size in range(SIZE + 1)]


def vector_leaf(index: int) -> bytes:
    return hash_leaf(b'{"i":%d,"v":"sluicegate/test"}' % index)


@cache
def vector_root(size: int) -> bytes:
    return compute_root(vector_leaf(index) for index in range(size))


def test_the_classic_eight_leaves_have_their_published_roots() -> None:
    classic = json.loads((VECTORS / "ct8.json").read_bytes())
    leaves = [hash_leaf(bytes.fromhex(entry)) for entry in classic["leaves_hex"]]

    roots = {str(size): compute_root(leaves[:size]).hex() for size in range(9)}

    assert roots == classic["roots"]
    for case in classic["inclusion"]:
        proof = prove_inclusion(roots_over(leaves), case["index"], case["size"])
        assert [node.hex() for node in proof] == case["proof"]
    for case in classic["consistency"]:
        proof = prove_consistency(roots_over(leaves), case["old"], case["new"])
        assert [node.hex() for node in proof] == case["proof"]


def test_roots_of_the_vectors_at_every_published_size() -> None:
    published = json.loads((VECTORS / "sizes.json").read_bytes())["roots"]
    frontier = Frontier()
    roots = {"0": frontier.root().hex()}
    for index in range(max(map(int, published))):
        frontier.push(vector_leaf(index))
        if str(index + 1) in published:
            roots[str(index + 1)] = frontier.root().hex()

    assert roots == {size: root["hex"] for size, root in published.items()}


def test_proofs_of_the_vectors_verify() -> None:
    proofs = json.loads((VECTORS / "proofs.json").read_bytes())
    assert len(proofs["inclusion"]) == len(proofs["consistency"]) == 12

    for case in proofs["inclusion"]:
        proof = [b64decode(text) for text in case["proof_b64"]]
        leaf = bytes.fromhex(case["leaf"])
        root = vector_root(case["size"])
        check_inclusion(leaf, case["index"], case["size"], proof, root)
    for case in proofs["consistency"]:
        proof = [b64decode(text) for text in case["proof_b64"]]
        roots = vector_root(case["old"]), vector_root(case["new"])
        check_consistency(case["old"], case["new"], proof, *roots)


@pytest.mark.parametrize("size", range(1, SIZE + 1))
def test_every_inclusion_proof_verifies_and_no_changed_one_does(size: int) -> None:
    for index in range(size):
        leaf, root = LEAVES[index], ROOTS[size]
        proof = prove_inclusion(roots_over(LEAVES), index, size)
        check_inclusion(leaf, index, size, proof, root)
        for changed in changes(proof):
            with pytest.raises(IntegrityError):
                check_inclusion(leaf, index, size, changed, root)
        with pytest.raises(IntegrityError):
            check_inclusion(flip(leaf), index, size, proof, root)
        with pytest.raises(IntegrityError):
            check_inclusion(leaf, index, size, proof, flip(root))


@pytest.mark.parametrize("size", range(1, SIZE + 1))
def test_every_consistency_proof_verifies_and_no_changed_one_does(size: int) -> None:
    for old in range(size + 1):
        roots = ROOTS[old], ROOTS[size]
        proof = prove_consistency(roots_over(LEAVES), old, size)
        check_consistency(old, size, proof, *roots)
        for changed in changes(proof):
            with pytest.raises(IntegrityError):
                check_consistency(old, size, changed, *roots)
        with pytest.raises(IntegrityError):
            check_consistency(old, size, proof, flip(roots[0]), roots[1])
        if old:
            with pytest.raises(IntegrityError):
                check_consistency(old, size, proof, roots[0], flip(roots[1]))


def test_proofs_do_not_hold_at_another_index_or_size() -> None:
    size = 21
    for index in range(size):
        proof = prove_inclusion(roots_over(LEAVES), index, size)
        for other in set(range(size)) - {index}:
            with pytest.raises(IntegrityError):
                check_inclusion(LEAVES[index], other, size, proof, ROOTS[size])


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_an_index_outside_the_log_is_refused(index: int, size: int) -> None:
    with pytest.raises(IntegrityError, match="no entry"):
        check_inclusion(LEAVES[0], index, size, (), ROOTS[size])
    with pytest.raises(ValueError, match="no leaf"):
        prove_inclusion(roots_over(LEAVES), index, size)


def test_a_log_that_shrank_is_refused() -> None:
    with pytest.raises(IntegrityError, match="shrank"):
        check_consistency(5, 4, (), ROOTS[5], ROOTS[4])


def test_two_logs_of_one_size_are_refused_without_a_proof() -> None:
    with pytest.raises(IntegrityError, match="two different logs"):
        check_consistency(5, 5, (), ROOTS[5], ROOTS[4])


def test_a_proof_of_something_else_than_hashes_is_refused() -> None:
    with pytest.raises(IntegrityError, match="not a SHA-256 hash"):
        check_inclusion(LEAVES[0], 0, 2, [LEAVES[1][:31]], ROOTS[2])


def test_subtrees_can_be_pushed_whole_and_only_where_they_fit() -> None:
    frontier = Frontier()
    frontier.push(compute_root(LEAVES[:64]), height=6)
    frontier.push(LEAVES[64])

    assert frontier.root() == ROOTS[65]
    with pytest.raises(ValueError, match="cannot start"):
        frontier.push(LEAVES[0], height=1)


def test_the_empty_tree_has_the_root_of_nothing() -> None:
    assert Frontier().root() == compute_root([]) == EMPTY_ROOT


def flip(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:]


def changes(proof: tuple[bytes, ...]) -> list[tuple[bytes, ...]]:
    """A bit of each hash flipped, one left out, two swapped, one too many."""
    flipped = [
        (*proof[:i], flip(node), *proof[i + 1 :]) for i, node in enumerate(proof)
    ]
    shorter = [proof[:-1]] if proof else []
    swapped = [
        (*proof[:i], b, a, *proof[i + 2 :]) for i, (a, b) in enumerate(pairwise(proof))
    ]
    return [*flipped, *shorter, *swapped, (*proof, EMPTY_ROOT)]
