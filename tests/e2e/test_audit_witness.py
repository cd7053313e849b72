"""A real witness over loopback: it cosigns growth, and refuses rollback and fork.

The witness is PyPI's ``aics-witness``, the verifier beside ours golang.org/x/mod: they
share no code with each other nor with us.
"""

import base64
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from audit_writer import build_recorder, open_here
from e2e.test_audit_independent import GO, GOPATH
from fakes_audit import log_envelope
from fakes_witness import FakeWitness
from witness_service import Service, needs_witness, serve

from sluicegate.adapters.keys import KeyDirectory
from sluicegate.adapters.stores.directory_log import DirectoryLog
from sluicegate.adapters.witness import HttpWitness
from sluicegate.audit.succession import rotate_key
from sluicegate.audit.verify import verify
from sluicegate.audit.witnessed import WITNESSED
from sluicegate.audit.witnessing import build_request
from sluicegate.model.address import Address
from sluicegate.model.event import StageSkipped
from sluicegate.model.witness import Answer, Conflict, Cosignatures, Refusal, Refused
from sluicegate.ports.witness import CheckpointWitness
from sluicegate.report.anchor import Anchor
from sluicegate.tlog.note import (
    MAX_SIGNATURES,
    Note,
    format_vkey,
    parse_note,
    parse_vkey,
)
from sluicegate.tlog.policy import Policy, Witness, require_all
from sluicegate.wiring.anchoring import Anchoring
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.machine import Machine

pytestmark = needs_witness
CHECKER = Path(__file__).parent / "tlog_checker" / "main.go"


@dataclass
class World:
    """A log, and two witnesses of it."""

    root: Path
    vkey: str
    services: tuple[Service, Service]

    @property
    def audit(self) -> Path:
        return self.root / "audit"

    @property
    def policy(self) -> Policy:
        return require_all(
            tuple(
                Witness(f"w{number}", parse_vkey(each.vkey), each.url)
                for number, each in enumerate(self.services, 1)
            )
        )

    def grow(self, count: int) -> None:
        recorder = build_recorder(self.root, "R1")
        for number in range(count):
            recorder.note(StageSkipped("canary", str(number)))
        recorder.commit()
        recorder.close()

    def attempt(self, audit: Path | None = None, vkey: str | None = None) -> Anchor:
        # A machine that has seen nothing, so that the witnesses alone can notice.
        machine = Machine({"HOME": str(self.root / "nobody")})
        address = Address("dir", str(audit or self.audit))
        place = LogPlace(machine, address, self.root, vkey or self.vkey)
        return Anchoring(place, self.policy).attempt(10)


@pytest.fixture(scope="module")
def services(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Path, str, tuple[Service, Service]]]:
    root = tmp_path_factory.mktemp("world")
    vkey = format_vkey(open_here(root).key)
    with (
        serve(root / "w1", "witness.test/w1", log=vkey) as one,
        serve(root / "w2", "witness.test/w2", log=vkey) as two,
    ):
        yield root, vkey, (one, two)


@pytest.fixture
def world(services: tuple[Path, str, tuple[Service, Service]]) -> World:
    """The tests share witnesses, which forget nothing, and so the log grows on."""
    return World(*services)


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if GO is None or not (GOPATH / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.skip("needs golang-go and golang-golang-x-mod-dev")
    binary = tmp_path_factory.mktemp("checker") / "checker"
    subprocess.run(
        [GO, "build", "-o", str(binary), str(CHECKER)],
        env={
            **dict(Machine().environ),
            "GO111MODULE": "off",
            "GOPATH": str(GOPATH),
            "GOFLAGS": "",
            "GOTOOLCHAIN": "local",
        },
        check=True,
    )
    return binary


def accepts(checker: Path, file: Path, *vkeys: str) -> bool:
    command = [str(checker), "cosigned", str(file), *vkeys]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def test_it_cosigns_a_log_that_grows_and_others_accept_that(
    world: World, checker: Path, tmp_path: Path
) -> None:
    keys = [each.vkey for each in world.services]
    for count in (1, 2, 250, 3, 256, 1):
        world.grow(count)
        anchor = world.attempt()
        assert anchor.reached, anchor
        assert [each.size for each in anchor.witnesses] == [anchor.size] * 2
        assert accepts(checker, world.audit / WITNESSED, world.vkey, *keys)

    for line in (world.audit / WITNESSED).read_bytes().splitlines()[-2:]:
        stripped = (world.audit / WITNESSED).read_bytes().replace(line + b"\n", b"")
        (tmp_path / "stripped").write_bytes(stripped)
        assert not accepts(checker, tmp_path / "stripped", world.vkey, *keys)


def test_it_cosigns_the_same_state_again(world: World) -> None:
    before = world.attempt()

    anchor = world.attempt()

    assert anchor.reached
    assert anchor.size == before.size


def test_verify_notices_a_stripped_cosignature_by_the_quorum(
    world: World, tmp_path: Path
) -> None:
    world.attempt()
    copy = tmp_path / "audit"
    shutil.copytree(world.audit, copy)
    whole = verify(DirectoryLog(copy), world.vkey, policy=world.policy)
    assert whole.ok
    assert whole.anchors.witnesses is not None
    assert whole.anchors.witnesses.reached

    lines = (copy / WITNESSED).read_bytes().splitlines(keepends=True)
    (copy / WITNESSED).write_bytes(b"".join(lines[:-1]))

    report = verify(DirectoryLog(copy), world.vkey, policy=world.policy)
    assert report.anchors.witnesses is not None
    assert not report.anchors.witnesses.reached


def test_it_refuses_a_log_that_was_rolled_back(world: World, tmp_path: Path) -> None:
    copy = tmp_path / "audit"
    shutil.copytree(world.audit, copy)
    world.grow(3)
    assert world.attempt().reached
    (copy / WITNESSED).unlink()

    anchor = world.attempt(copy)

    assert not anchor.reached
    assert len(anchor.alarms) == 2
    assert "which has only" in anchor.alarms[0]
    assert "rolled back" in anchor.alarms[0]


def test_it_refuses_a_log_that_was_forked_and_keeps_evidence(
    world: World, tmp_path: Path
) -> None:
    shutil.copytree(world.audit, tmp_path / "audit")
    shutil.copytree(world.root / "keys", tmp_path / "keys")
    (tmp_path / "audit" / WITNESSED).unlink()
    world.grow(1)
    assert world.attempt().reached
    fork = replace(world, root=tmp_path)
    fork.grow(4)

    anchor = fork.attempt()

    assert len(anchor.alarms) == 2
    assert all("this is a fork" in each for each in anchor.alarms)
    assert not anchor.reached
    for service in world.services:
        assert parse_vkey(world.vkey).name in service.evidence()


def test_it_keeps_watching_over_an_overlap_of_keys(tmp_path: Path) -> None:
    vkey = format_vkey(open_here(tmp_path).key)
    with (
        serve(tmp_path / "w1", "witness.test/w1", log=vkey) as one,
        serve(tmp_path / "w2", "witness.test/w2", log=vkey) as two,
    ):
        world = World(tmp_path, vkey, (one, two))
        world.grow(2)
        assert world.attempt().reached
        rotate = partial(
            rotate_key,
            keys=KeyDirectory(tmp_path / "keys"),
            envelope=log_envelope,
            reason="a test",
        )
        rotate(
            open_here(tmp_path),
            overlap_until=log_envelope().recorded_ts + timedelta(days=1),
        )
        assert world.attempt().reached
        rotate(open_here(tmp_path), overlap_until=None)
        anchor = world.attempt()

    assert not anchor.reached
    assert anchor.alarms == ()
    assert "does not accept the log's key" in anchor.witnesses[0].why


def test_our_fake_answers_as_the_real_one_does(world: World, tmp_path: Path) -> None:
    """Every kind of request, the malformed ones too, in the same order to both."""
    log = open_here(tmp_path)
    origin_key = log.key
    raw = log.store.load() or b""
    first = parse_note(raw)
    state = log.tree()
    grown = replace(world, root=tmp_path)
    grown.grow(5)
    later = parse_note(open_here(tmp_path).store.load() or b"")
    tree = open_here(tmp_path).tree()
    proof = tree.prove_consistency(1)
    wrong = [base64.b64decode("A" * 43 + "="), *proof[1:]]
    unsigned = Note(later.text, (replace(later.signatures[0], blob=bytes(64)),))
    assert state.head.size == 1
    assert len(later.signatures) < MAX_SIGNATURES
    requests = [
        build_request(1, (), first),
        build_request(0, (), unsigned),
        build_request(0, (), first),
        build_request(0, (), first),
        build_request(1, (), first),
        build_request(1, (), later),
        build_request(1, wrong, later),
        build_request(1, proof, unsigned),
        build_request(1, proof, later),
        build_request(1, proof, later),
        build_request(tree.head.size, (), first),
        build_request(tree.head.size, (), later),
    ]

    with serve(tmp_path / "w", "w", log=format_vkey(origin_key)) as service:
        real = [kind(HttpWitness(service.url, None), each) for each in requests]
    fake_witness = FakeWitness("w", [origin_key])
    fake = [kind(fake_witness, each) for each in requests]

    assert fake == real
    assert set(real) >= {
        "cosigned",
        "conflict 1",
        Refusal.FORK.name,
        Refusal.NOT_SIGNED.name,
        Refusal.MALFORMED.name,
    }


def kind(client: CheckpointWitness, request: bytes) -> str:
    answer: Answer = client.add_checkpoint(request)
    match answer:
        case Cosignatures():
            return "cosigned"
        case Conflict():
            return f"conflict {answer.size}"
        case Refused():
            return answer.refusal.name


def test_a_log_that_it_does_not_know_is_not_cosigned(
    world: World, tmp_path: Path
) -> None:
    with serve(tmp_path / "w", "witness.test/other") as service:
        other = Witness("w", parse_vkey(service.vkey), service.url)
        stranger = Anchoring(
            LogPlace(
                Machine({"HOME": str(tmp_path)}),
                Address("dir", str(world.audit)),
                tmp_path,
                world.vkey,
            ),
            require_all((other,)),
        )
        anchor = stranger.attempt(10)

    assert not anchor.reached
    assert "does not know this log" in anchor.witnesses[0].why
