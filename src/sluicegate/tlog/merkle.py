"""Roots and proofs of a Merkle tree, and their verification.

Proofs are made from roots over parts of the tree, by the recursive definitions. They
are verified by the iterative algorithms of RFC 9162, which is other code on purpose: a
mistake in one does not hide in the other.

Source:
    RFC 9162 sections 2.1.1 to 2.1.4. A proof lists the hash nearest the leaf first.
"""

from collections.abc import Callable, Iterable, Sequence

from sluicegate.errors import IntegrityError
from sluicegate.tlog.hashes import EMPTY_ROOT, HASH_SIZE, hash_node


class Frontier:
    """The complete subtrees that cover a growing tree, largest first.

    Holds one hash a set bit of the size, so a root over millions of leaves takes a few
    dozen hashes of memory.
    """

    def __init__(self) -> None:
        self.size = 0
        self._subtrees: list[tuple[int, bytes]] = []

    def push(self, node: bytes, *, height: int = 0) -> None:
        """Add the complete subtree of ``2 ** height`` leaves that comes next."""
        if self.size % (1 << height):
            raise ValueError(
                f"a subtree of height {height} cannot start at {self.size}"
            )
        self.size += 1 << height
        while self._subtrees and self._subtrees[-1][0] == height:
            node = hash_node(self._subtrees.pop()[1], node)
            height += 1
        self._subtrees.append((height, node))

    def root(self) -> bytes:
        """The root of the tree so far."""
        if not self._subtrees:
            return EMPTY_ROOT
        *lefts, (_, right) = self._subtrees
        for _, left in reversed(lefts):
            right = hash_node(left, right)
        return right


def compute_root(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.push(leaf)
    return frontier.root()


RootOf = Callable[[int, int], bytes]
"""The root over the leaves from the first index up to the second, without it."""


def roots_over(leaves: Sequence[bytes]) -> RootOf:
    """The roots over parts of *leaves*."""
    return lambda start, stop: compute_root(leaves[start:stop])


def prove_inclusion(root_of: RootOf, index: int, size: int) -> tuple[bytes, ...]:
    """Prove that the leaf at *index* is in the tree of *size*."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} among {size}")
    proof = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            proof.append(root_of(middle, stop))
            stop = middle
        else:
            proof.append(root_of(start, middle))
            start = middle
    return tuple(reversed(proof))


def prove_consistency(root_of: RootOf, old_size: int, size: int) -> tuple[bytes, ...]:
    """Prove that the tree over the first *old_size* leaves is a prefix of this one."""
    if not 0 <= old_size <= size:
        raise ValueError(f"no tree of size {old_size} within {size}")
    if old_size in {0, size}:
        return ()
    proof = []
    start, stop = 0, size
    while old_size != stop:
        middle = start + _split(stop - start)
        if old_size <= middle:
            proof.append(root_of(middle, stop))
            stop = middle
        else:
            proof.append(root_of(start, middle))
            start = middle
    if start:  # otherwise the old tree is a whole subtree: its root is known
        proof.append(root_of(start, stop))
    return tuple(reversed(proof))


def _split(size: int) -> int:
    """The largest power of two below *size*, which is at least 2."""
    return 1 << ((size - 1).bit_length() - 1)


def check_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that *leaf* is entry *index* of the tree of *size* with *root*.

    Raises:
        IntegrityError: it is not, or the proof has another length or shape.

    Source:
        RFC 9162 section 2.1.3.2.
    """
    if not 0 <= index < size:
        raise IntegrityError(f"no entry {index} in a log of {size}")
    _check_sizes((leaf, root, *proof))
    fn, sn, node = index, size - 1, leaf
    for sibling in proof:
        if sn == 0:
            raise IntegrityError("inclusion proof is too long")
        if fn & 1 or fn == sn:
            node = hash_node(sibling, node)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = hash_node(node, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise IntegrityError("inclusion proof is too short")
    if node != root:
        raise IntegrityError(f"entry {index} is not in the log of {size}")


def check_consistency(
    old_size: int,
    new_size: int,
    proof: Sequence[bytes],
    old_root: bytes,
    new_root: bytes,
) -> None:
    """Check that the tree (*old_size*, *old_root*) is a prefix of the new one.

    Raises:
        IntegrityError: it is not, or the proof has another length or shape.

    Source:
        RFC 9162 section 2.1.4.2, with the cases of an empty and of an equal tree.
    """
    _check_sizes((old_root, new_root, *proof))
    if not 0 <= old_size <= new_size:
        raise IntegrityError(f"the log shrank from {old_size} to {new_size} entries")
    if old_size in {0, new_size}:
        _check_trivial(old_size, new_size, proof, old_root, new_root)
        return
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)  # a whole subtree: its root is not repeated
    if _fold_both(old_size - 1, new_size - 1, path) != (old_root, new_root):
        raise IntegrityError(
            f"the log of {new_size} does not extend that of {old_size}"
        )


def _fold_both(fn: int, sn: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The roots of the old and the new tree, by their last leaves and a proof."""
    if not path:
        raise IntegrityError("consistency proof is too short")
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    old_node = new_node = path[0]
    for sibling in path[1:]:
        if sn == 0:
            raise IntegrityError("consistency proof is too long")
        if fn & 1 or fn == sn:
            old_node = hash_node(sibling, old_node)
            new_node = hash_node(sibling, new_node)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            new_node = hash_node(new_node, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise IntegrityError("consistency proof is too short")
    return old_node, new_node


def _check_trivial(
    old_size: int,
    new_size: int,
    proof: Sequence[bytes],
    old_root: bytes,
    new_root: bytes,
) -> None:
    if proof:
        raise IntegrityError("consistency proof must be empty here")
    if old_size == 0 and old_root != EMPTY_ROOT:
        raise IntegrityError("an empty log has another root")
    if old_size == new_size and old_root != new_root:
        raise IntegrityError(f"two different logs of {new_size} entries")


def _check_sizes(hashes: Iterable[bytes]) -> None:
    if any(len(node) != HASH_SIZE for node in hashes):
        raise IntegrityError("a proof holds something that is not a SHA-256 hash")
