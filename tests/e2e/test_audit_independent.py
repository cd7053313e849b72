"""The log as golang.org/x/mod/sumdb sees it: another implementation, in Go.

Only `tlog_checker/main.go` is ours; x/mod comes from the distribution's package
``golang-golang-x-mod-dev``.
"""

import json
import os
import shutil
import subprocess
from base64 import b64decode, b64encode
from pathlib import Path

import pytest
from audit_writer import build_recorder, open_here

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

HERE = Path(__file__).parent
VECTORS = HERE.parent / "vectors" / "tlog"
GOPATH = Path("/usr/share/gocode")
BATCHES = (0, 2, 250, 3, 1, 255, 256, 257, 600)


def find_go() -> str | None:
    """Debian's own toolchain first: the package beside it is made for it."""
    debian = sorted(Path("/usr/lib").glob("go-*/bin/go"))
    return str(debian[-1]) if debian else shutil.which("go")


GO = find_go()
pytestmark = [
    pytest.mark.go,
    pytest.mark.skipif(
        GO is None or not (GOPATH / "src/golang.org/x/mod/sumdb/tlog").is_dir(),
        reason="needs golang-go and golang-golang-x-mod-dev",
    ),
]


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checker")
    binary = folder / "checker"
    assert GO is not None
    subprocess.run(
        [GO, "build", "-o", str(binary), str(HERE / "tlog_checker" / "main.go")],
        env={
            **os.environ,
            "GO111MODULE": "off",
            "GOPATH": str(GOPATH),
            "GOFLAGS": "",
            "GOTOOLCHAIN": "local",
        },
        check=True,
    )
    return binary


def run(checker: Path, *arguments: str | Path, stdin: str = "") -> str:
    result = subprocess.run(
        [str(checker), *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_it_accepts_the_vectors(checker: Path) -> None:
    vkey = json.loads((VECTORS / "keys.json").read_bytes())["log_vkey"]
    for size in (0, 1, 3, 256, 600):
        run(checker, "verify", vkey, VECTORS / f"log{size}")


def test_it_refuses_what_it_should(checker: Path, tmp_path: Path) -> None:
    vkey = json.loads((VECTORS / "keys.json").read_bytes())["log_vkey"]
    for name in ("checkpoint", "tile/0/000.p/3", "tile/entries/000.p/3"):
        copy = tmp_path / name.replace("/", "-")
        shutil.copytree(VECTORS / "log3", copy)
        data = (copy / name).read_bytes()
        (copy / name).write_bytes(data[:50] + bytes([data[50] ^ 1]) + data[51:])
        with pytest.raises(AssertionError):
            run(checker, "verify", vkey, copy)


def test_it_accepts_our_log_at_every_growth_and_that_it_only_grew(
    checker: Path, tmp_path: Path
) -> None:
    recorder = build_recorder(tmp_path, "R1")
    vkey = format_vkey(open_here(tmp_path).key)
    previous: list[Path] = []
    for batch in BATCHES:
        for number in range(batch):
            recorder.note(StageSkipped("canary", f"{batch} {number}"))
        recorder.commit()
        run(checker, "verify", vkey, tmp_path / "audit")
        for old in previous:
            run(checker, "verify", vkey, tmp_path / "audit", old)
        kept = tmp_path / f"checkpoint.{len(previous)}"
        shutil.copy(tmp_path / "audit/checkpoint", kept)
        previous.append(kept)
    recorder.close()

    assert open_here(tmp_path).head().size == 2 + sum(BATCHES)


def test_its_proofs_convince_us(checker: Path) -> None:
    proofs = json.loads(run(checker, "prove", VECTORS / "log600"))
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


def test_our_proofs_convince_it(checker: Path) -> None:
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
                    write_hash(node) for node in prove_inclusion(roots_over(leaves), index, size)
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
                    write_hash(node) for node in prove_consistency(roots_over(leaves), old, size)
                ],
            }
            for size in range(1, 71)
            for old in range(1, size + 1)
        ],
    }

    assert run(checker, "check", stdin=json.dumps(document)) == "2485 2485\n"


def write_hash(node: bytes) -> str:
    return b64encode(node).decode()
