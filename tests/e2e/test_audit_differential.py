"""Our logs as two other implementations see them, and theirs as we do.

Logs of random sizes, grown in random batches, go to golang.org/x/mod and to PyPI's
``aics-tlog``; proofs go both ways. They share no code with each other nor with us.
Without SLUICE_FULL=1 a few logs are made, with it many; the seed is printed.
"""

import json
import os
import random
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from draws import begin_draw
from fakes_audit import FakeSigner, FakeStore, begin_log
from fakes_witness import FakeWitness
from go_checker import Checker, build, needs_go
from witness_service import PACKAGES, needs_witness

from sluicegate.audit.log import AuditLog
from sluicegate.audit.verify import verify
from sluicegate.errors import IntegrityError
from sluicegate.tlog.check import check_tree
from sluicegate.tlog.checkpoint import Checkpoint, check_cosigned, open_checkpoint
from sluicegate.tlog.hashes import hash_leaf
from sluicegate.tlog.merkle import check_consistency, check_inclusion
from sluicegate.tlog.note import (
    Note,
    format_note,
    format_vkey,
    parse_note,
    parse_vkey,
)
from sluicegate.tlog.tree import VerifiedTree

VECTORS = Path(__file__).parents[1] / "vectors" / "tlog"
KEYS = json.loads((VECTORS / "keys.json").read_bytes())
FULL = bool(os.environ.get("SLUICE_FULL"))
LOGS = 150 if FULL else 8
EDGES = (1, 2, 255, 256, 257, 511, 512, 513)
LARGE = 65_537
PROOFS = 60 if FULL else 12
VKEY = FakeSigner().vkey()

pytestmark = [pytest.mark.go, needs_go, needs_witness, pytest.mark.exhaustive]


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Checker:
    return build(tmp_path_factory.mktemp("checker"))


@pytest.fixture(scope="module")
def aics() -> ModuleType:
    sys.path.insert(0, PACKAGES)
    try:
        return import_module("aics_tlog")
    finally:
        sys.path.remove(PACKAGES)


@pytest.fixture
def rng() -> random.Random:
    return begin_draw()


@dataclass
class Grown:
    """A log in a folder, cosigned by two witnesses, and its older checkpoints."""

    log: AuditLog
    folder: Path
    olds: list[Path]

    @property
    def tree(self) -> VerifiedTree:
        return self.log.tree()


WITNESSES = [FakeWitness(name, [parse_vkey(VKEY)]) for name in ("w1", "w2")]
WITNESS_KEYS = [format_vkey(each.key) for each in WITNESSES]


def grow(folder: Path, rng: random.Random, size: int) -> Grown:
    """Write a log of *size* entries in batches, as it is written everywhere."""
    store = FakeStore()
    log = begin_log(store)
    olds = []
    while (have := log.head().size) < size:
        count = min(size - have, rng.choice((1, 2, 7, 100, 256, 700)))
        log.append([make_entry(rng) for _ in range(count)])
        if rng.random() < 0.3:
            olds.append(folder / f"old.{log.head().size}")
            olds[-1].parent.mkdir(parents=True, exist_ok=True)
            olds[-1].write_bytes(store.objects["checkpoint"])
    cosign(store)
    save(store.objects, folder / "log")
    return Grown(log, folder / "log", olds)


def make_entry(rng: random.Random) -> bytes:
    length = rng.choice((0, 1, 29, 300, 1500)) if rng.random() < 0.99 else 32 * 1024
    return rng.randbytes(length)


def cosign(store: FakeStore) -> None:
    note = parse_note(store.objects["checkpoint"])
    lines = tuple(witness.cosign(note.text) for witness in WITNESSES)
    store.objects["checkpoint"] = format_note(Note(note.text, note.signatures + lines))


def save(objects: dict[str, bytes], folder: Path) -> None:
    for name, data in objects.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def draw_sizes(rng: random.Random) -> Iterator[int]:
    """Sizes about the edges of tiles, and others."""
    yield from rng.sample(EDGES, min(len(EDGES), LOGS // 2))
    for _ in range(LOGS - LOGS // 2):
        yield rng.randrange(1, 1500)


def check_by_aics(aics: ModuleType, folder: Path, key: str, keys: list[str]) -> int:
    """Verify all of a log with its quorum of two; return its size."""
    note = aics.parse_note((folder / "checkpoint").read_bytes())
    found = aics.verify_checkpoint(
        note,
        aics.parse_vkey(key),
        [aics.parse_vkey(each) for each in keys],
        quorum=2,
        expected_origin=key.partition("+")[0],
    )
    assert found.ok, found.error
    assert found.cosignature_count == 2
    report = aics.audit_tiles(aics.FileSystemTileReader(folder), found.size, found.root)
    assert report.size == found.size
    return int(found.size)


@pytest.mark.parametrize("size", [0, 1, 3, 256, 600])
def test_all_agree_on_the_vectors(aics: ModuleType, size: int) -> None:
    folder = VECTORS / f"log{size}"
    keys = [witness["vkey"] for witness in KEYS["witnesses"]]

    assert check_by_aics(aics, folder, KEYS["log_vkey"], keys) == size
    raw = (folder / "checkpoint").read_bytes()
    head = open_checkpoint(raw, parse_vkey(KEYS["log_vkey"]))
    check_cosigned(parse_note(raw), [parse_vkey(key) for key in keys], quorum=2)
    assert head.size == size


def test_logs_of_all_sizes_are_the_same_to_all(
    checker: Checker, aics: ModuleType, rng: random.Random, tmp_path: Path
) -> None:
    for number, size in enumerate(draw_sizes(rng)):
        grown = grow(tmp_path / str(number), rng, size)

        assert check_by_aics(aics, grown.folder, VKEY, WITNESS_KEYS) == size
        for old in (None, *grown.olds):
            checker.run("verify", VKEY, grown.folder, *filter(None, [old]))
        # Its entries are random bytes, so all that is wrong is said of entries.
        assert all(p.startswith("entry") for p in verify(grown.log.store).problems)


def test_proofs_of_all_sizes_convince_everybody(
    checker: Checker, aics: ModuleType, rng: random.Random, tmp_path: Path
) -> None:
    size = rng.randrange(300, 1500)
    grown = grow(tmp_path, rng, size)
    tree, root = grown.tree, grown.log.head().root
    reader = aics.FileSystemTileReader(grown.folder)

    theirs = json.loads(checker.run("prove", grown.folder))
    for index in rng.sample(range(size), PROOFS):
        entry = grown.log.entry(index)
        ours = tree.prove_inclusion(index)
        assert tuple(map(b64decode, theirs["Inclusion"][index]["Proof"])) == ours
        assert tuple(aics.inclusion_proof_from_tiles(reader, index, size)) == ours
        assert aics.verify_leaf_inclusion(entry, index, size, list(ours), root)
        check_inclusion(hash_leaf(entry), index, size, ours, root)
    for old in rng.sample(range(1, size + 1), PROOFS):
        old_root = tree.root_at(old)
        ours = tree.prove_consistency(old)
        case = theirs["Consistency"][old - 1]
        assert (case["Old"], b64decode(case["OldRoot"])) == (old, old_root)
        assert tuple(map(b64decode, case["Proof"])) == ours
        assert tuple(aics.consistency_proof_from_tiles(reader, old, size)) == ours
        assert aics.verify_consistency(old, size, old_root, root, list(ours))
        check_consistency(old, size, ours, old_root, root)


def test_proofs_by_our_tiles_convince_x_mod(
    checker: Checker, rng: random.Random, tmp_path: Path
) -> None:
    size = rng.randrange(300, 1500)
    tree = grow(tmp_path, rng, size).tree
    root = write(tree.head.root)
    document = {
        "Inclusion": [
            {
                "Index": index,
                "Size": size,
                "Leaf": write(tree.root_of(index, index + 1)),
                "Root": root,
                "Proof": list(map(write, tree.prove_inclusion(index))),
            }
            for index in range(size)
        ],
        "Consistency": [
            {
                "Old": old,
                "New": size,
                "OldRoot": write(tree.root_at(old)),
                "NewRoot": root,
                "Proof": list(map(write, tree.prove_consistency(old))),
            }
            for old in range(1, size + 1)
        ],
    }

    assert checker.run("check", stdin=json.dumps(document)) == f"{size} {size}\n"


def write(node: bytes) -> str:
    return b64encode(node).decode()


def test_logs_that_others_wrote_are_sound_to_us(
    aics: ModuleType, rng: random.Random
) -> None:
    key = FakeSigner()
    for size in draw_sizes(rng):
        entries = [make_entry(rng) for _ in range(size)]
        store = aics.MemoryTileStore()
        writer = aics.IncrementalTileWriter(store, prune_partials=False)
        at = 0
        while at < size:
            count = rng.choice((1, 7, 256, 700))
            writer.append(entries[at : at + count])
            at += count
        head = Checkpoint(key.name, size, writer.root())

        assert read_all(FakeStore(dict(store.tiles)), head) == entries


def read_all(store: FakeStore, head: Checkpoint) -> list[bytes]:
    """The entries of a log that is sound."""
    seen: list[bytes] = []
    problems = check_tree(store, head, lambda _, entries: seen.extend(entries))
    assert problems == ()
    return seen


def test_a_log_of_three_levels_is_the_same_to_all(
    checker: Checker, aics: ModuleType, rng: random.Random, tmp_path: Path
) -> None:
    store = FakeStore()
    log = begin_log(store)
    while (have := log.head().size) < LARGE:
        log.append([b"%d" % number for number in range(have, min(have + 9999, LARGE))])
    cosign(store)
    save(store.objects, tmp_path)

    assert check_by_aics(aics, tmp_path, VKEY, WITNESS_KEYS) == LARGE
    checker.run("verify", VKEY, tmp_path)
    for index in rng.sample(range(LARGE), PROOFS):
        proof = list(log.tree().prove_inclusion(index))
        assert aics.verify_leaf_inclusion(
            log.entry(index), index, LARGE, proof, log.head().root
        )


def test_what_one_refuses_all_refuse(
    checker: Checker, aics: ModuleType, rng: random.Random, tmp_path: Path
) -> None:
    grown = grow(tmp_path, rng, 300)
    names = sorted(
        path.relative_to(grown.folder).as_posix()
        for path in grown.folder.rglob("*")
        if path.is_file()
    )
    needed = [name for name in names if is_needed(name, 300)]
    for name in needed:
        path = grown.folder / name
        data = path.read_bytes()
        at = rng.randrange(len(data))
        if name == "checkpoint":
            at = rng.randrange(data.index(b"\n\n"))  # of what the log signed
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x11]) + data[at + 1 :])

        assert checker.refuses("verify", VKEY, grown.folder), name
        with pytest.raises(Exception):  # noqa: B017, PT011 - whatever it raises
            check_by_aics(aics, grown.folder, VKEY, WITNESS_KEYS)
        assert refuse(grown.folder), name
        path.write_bytes(data)
    checker.run("verify", VKEY, grown.folder)


def is_needed(name: str, size: int) -> bool:
    """Whether a file is one of the log at *size*, not one of before."""
    parts = name.split("/")
    if ".p/" in name:
        level = -1 if parts[1] == "entries" else int(parts[1])
        return int(parts[-1]) == (size >> (8 * max(level, 0))) % 256
    return True


def refuse(folder: Path) -> bool:
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    with suppress(IntegrityError):
        head = open_checkpoint(files["checkpoint"], parse_vkey(VKEY))
        return bool(check_tree(FakeStore(files), head, lambda _, __: None))
    return True
