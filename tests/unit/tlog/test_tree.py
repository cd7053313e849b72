"""Unit tests of `sluicegate.tlog.tree`."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.errors import IntegrityError
from sluicegate.tlog.checkpoint import Checkpoint
from sluicegate.tlog.growth import plan_growth
from sluicegate.tlog.hashes import EMPTY_ROOT, HASH_SIZE, hash_leaf
from sluicegate.tlog.merkle import (
    check_consistency,
    check_inclusion,
    compute_root,
    prove_consistency,
    prove_inclusion,
    roots_over,
)
from sluicegate.tlog.tree import VerifiedTree

LARGEST = 66_000  # beyond a full tile of level 1
ENTRIES = [str(number).encode() for number in range(LARGEST)]
LEAVES = [hash_leaf(entry) for entry in ENTRIES]
EMPTY = Checkpoint("log.example/churn", 0, EMPTY_ROOT)


def build(size: int) -> tuple[dict[str, bytes], Checkpoint]:
    growth = plan_growth(lambda _name: None, EMPTY, ENTRIES[:size])
    return dict(growth.files), growth.checkpoint


LARGE = build(LARGEST)
SIZES = st.sampled_from([1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537])


@pytest.mark.parametrize("size", [0, 1, 3, 255, 256, 257, 700])
def test_every_earlier_root_is_found(size: int) -> None:
    files, head = build(size)
    tree = VerifiedTree(files.get, head)

    for old in range(size + 1):
        assert tree.root_at(old) == compute_root(LEAVES[:old])


@settings(max_examples=60)
@given(SIZES | st.integers(1, LARGEST))
def test_an_older_root_of_a_large_log_is_found(old: int) -> None:
    files, head = LARGE

    assert VerifiedTree(files.get, head).root_at(old) == compute_root(LEAVES[:old])


@settings(max_examples=40)
@given(st.integers(1, 1500), st.data())
def test_proofs_are_those_of_the_definition_and_hold(
    size: int, data: st.DataObject
) -> None:
    files, head = build(size)
    tree = VerifiedTree(files.get, head)
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(0, size))
    roots = roots_over(LEAVES[:size])

    inclusion = tree.prove_inclusion(index)
    consistency = tree.prove_consistency(old)

    assert inclusion == prove_inclusion(roots, index, size)
    assert consistency == prove_consistency(roots, old, size)
    check_inclusion(LEAVES[index], index, size, inclusion, head.root)
    check_consistency(old, size, consistency, compute_root(LEAVES[:old]), head.root)


def test_a_proof_reads_a_few_tiles_however_large_the_log() -> None:
    files, head = LARGE
    read: list[str] = []

    def get(name: str) -> bytes | None:
        read.append(name)
        return files.get(name)

    proof = VerifiedTree(get, head).prove_inclusion(40_000)

    check_inclusion(LEAVES[40_000], 40_000, LARGEST, proof, head.root)
    levels = 3
    assert len(read) <= 2 + levels


@pytest.mark.parametrize(
    "name", ["tile/0/156", "tile/1/000", "tile/0/257.p/208", "tile/2/000.p/1"]
)
def test_a_changed_tile_proves_nothing(name: str) -> None:
    files, head = LARGE
    changed = dict(files)
    changed[name] = bytes([files[name][0] ^ 1]) + files[name][1:]

    with pytest.raises(IntegrityError, match=r"not what was committed|not those of"):
        VerifiedTree(changed.get, head).prove_inclusion(40_000)


def test_a_partial_tile_that_is_gone_is_cut_from_the_full_one() -> None:
    files, _ = build(600)
    small, head = build(300)
    small["tile/0/001"] = files["tile/0/001"]
    del small["tile/0/001.p/44"]

    tree = VerifiedTree(small.get, head)

    assert tree.tile(0, 1) == b"".join(LEAVES[256:300])
    assert len(tree.tile(1, 0)) == HASH_SIZE
