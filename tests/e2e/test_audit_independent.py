"""The log as golang.org/x/mod/sumdb sees it: another implementation, in Go.

Only `tlog_checker/main.go` is ours; x/mod comes from the distribution's package
``golang-golang-x-mod-dev``.
"""

import json
import shutil
from base64 import b64decode, b64encode
from pathlib import Path

import pytest
from audit_writer import build_recorder, open_here
from go_checker import GO, GOPATH, Checker, build, needs_go

from sluicegate.audit.proofs import build_proof
from sluicegate.errors import IntegrityError
from sluicegate.model.event import StageSkipped
from sluicegate.tlog.hashes import hash_leaf
from sluicegate.tlog.merkle import (
    check_consistency,
    check_inclusion,
    compute_root,
    prove_consistency,
    prove_inclusion,
    roots_over,
)
from sluicegate.tlog.note import format_vkey
from sluicegate.tlog.proof import format_proof

__all__ = ["GO", "GOPATH"]

VECTORS = Path(__file__).parents[1] / "vectors" / "tlog"
BATCHES = (0, 2, 250, 3, 1, 255, 256, 257, 600)

pytestmark = [pytest.mark.go, needs_go]


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Checker:
    return build(tmp_path_factory.mktemp("checker"))


def test_it_accepts_the_vectors(checker: Checker) -> None:
    vkey = json.loads((VECTORS / "keys.json").read_bytes())["log_vkey"]
    for size in (0, 1, 3, 256, 600):
        checker.run("verify", vkey, VECTORS / f"log{size}")


def test_it_refuses_what_it_should(checker: Checker, tmp_path: Path) -> None:
    vkey = json.loads((VECTORS / "keys.json").read_bytes())["log_vkey"]
    for name in ("checkpoint", "tile/0/000.p/3", "tile/entries/000.p/3"):
        copy = tmp_path / name.replace("/", "-")
        shutil.copytree(VECTORS / "log3", copy)
        data = (copy / name).read_bytes()
        (copy / name).write_bytes(data[:50] + bytes([data[50] ^ 1]) + data[51:])
        assert checker.refuses("verify", vkey, copy)


def test_it_accepts_our_log_at_every_growth_and_that_it_only_grew(
    checker: Checker, tmp_path: Path
) -> None:
    recorder = build_recorder(tmp_path, "R1")
    vkey = format_vkey(open_here(tmp_path).key)
    previous: list[Path] = []
    for batch in BATCHES:
        for number in range(batch):
            recorder.note(StageSkipped("canary", f"{batch} {number}"))
        recorder.commit()
        checker.run("verify", vkey, tmp_path / "audit")
        for old in previous:
            checker.run("verify", vkey, tmp_path / "audit", old)
        kept = tmp_path / f"checkpoint.{len(previous)}"
        shutil.copy(tmp_path / "audit/checkpoint", kept)
        previous.append(kept)
    recorder.close()

    assert open_here(tmp_path).head().size == 2 + sum(BATCHES)


def test_its_proofs_convince_us(checker: Checker) -> None:
    proofs = json.loads(checker.run("prove", VECTORS / "log600"))
    assert len(proofs["Inclusion"]) == len(proofs["Consistency"]) == 600

    for case in proofs["Inclusion"]:
        proof = [b64decode(text) for text in case["Proof"]]
        leaf, root = b64decode(case["Leaf"]), b64decode(case["Root"])
        check_inclusion(leaf, case["Index"], case["Size"], proof, root)
        with pytest.raises(IntegrityError):
            check_inclusion(leaf, case["Index"], case["Size"], proof[1:], root)
    for case in proofs["Consistency"]:
        proof = [b64decode(text) for text in case["Proof"]]
        roots = b64decode(case["OldRoot"]), b64decode(case["NewRoot"])
        check_consistency(case["Old"], case["New"], proof, *roots)


def test_our_proofs_convince_it(checker: Checker) -> None:
    leaves = [hash_leaf(b"%d" % index) for index in range(70)]
    roots = [write_hash(compute_root(leaves[:size])) for size in range(71)]
    document = {
        "Inclusion": [
            {
                "Index": index,
                "Size": size,
                "Leaf": write_hash(leaves[index]),
                "Root": roots[size],
                "Proof": [
                    write_hash(node)
                    for node in prove_inclusion(roots_over(leaves), index, size)
                ],
            }
            for size in range(1, 71)
            for index in range(size)
        ],
        "Consistency": [
            {
                "Old": old,
                "New": size,
                "OldRoot": roots[old],
                "NewRoot": roots[size],
                "Proof": [
                    write_hash(node)
                    for node in prove_consistency(roots_over(leaves), old, size)
                ],
            }
            for size in range(1, 71)
            for old in range(1, size + 1)
        ],
    }

    assert checker.run("check", stdin=json.dumps(document)) == "2485 2485\n"


def write_hash(node: bytes) -> str:
    return b64encode(node).decode()


def test_it_reads_the_proofs_of_the_vectors(checker: Checker, tmp_path: Path) -> None:
    vkey = json.loads((VECTORS / "keys.json").read_bytes())["log_vkey"]
    for log, index in (("log3", 1), ("log600", 300)):
        entry = tmp_path / "entry"
        entry.write_bytes(b'{"i":%d,"v":"sluicegate/test"}' % index)
        file = VECTORS / log / f"entry{index}.tlog-proof"
        checker.run("proof", file, vkey, entry)
        assert checker.refuses("proof", file, vkey)


def test_it_reads_our_proofs_and_finds_the_entry_in_them(
    checker: Checker, tmp_path: Path
) -> None:
    recorder = build_recorder(tmp_path, "R1")
    for number in range(300):
        recorder.note(StageSkipped("canary", f"é {number}"))
    recorder.commit()
    recorder.close()
    log = open_here(tmp_path)
    vkey, file = format_vkey(log.key), tmp_path / "p.tlog-proof"

    for index in (0, 1, 255, 256, 301):
        data = format_proof(build_proof(log, index))
        file.write_bytes(data)
        assert checker.run("proof", file, vkey) == log.entry(index).decode()
        file.write_bytes(data.replace(b"extra ", b"extra QUJD", 1))
        assert checker.refuses("proof", file, vkey)
