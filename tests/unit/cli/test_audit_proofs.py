"""Unit tests of ``sluice audit prove``, ``consistency`` and ``verify --proof``."""

import json
import shutil
from base64 import b64decode
from functools import cached_property
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fakes_audit import log_envelope

from sluicegate.adapters.keys import KeyDirectory
from sluicegate.adapters.stores.directory_log import DirectoryLog
from sluicegate.adapters.stores.pins import PinFile
from sluicegate.audit import open_log
from sluicegate.audit.log import AuditLog
from sluicegate.cli import main
from sluicegate.tlog.merkle import check_consistency
from sluicegate.tlog.note import format_vkey
from sluicegate.tlog.proof import Proof, format_proof, parse_proof

VECTORS = Path(__file__).parents[2] / "vectors" / "tlog"
KEYS = json.loads((VECTORS / "keys.json").read_bytes())
ORIGIN = "log.example/churn"
HOSTILE = '{"type":"\\u001b[2J\u202e"}'.encode()


class Place:
    """A project's folder with a log, and this user's home."""

    def __init__(self, root: Path) -> None:
        self.home = root / "home"
        self.folder = root / "project"
        self.folder.mkdir()

    @cached_property
    def log(self) -> AuditLog:
        folder = self.folder / ".sluicegate/audit"
        return open_log(
            DirectoryLog(folder),
            KeyDirectory(self.home / "config/sluicegate/keys"),
            PinFile(self.home / "state/sluicegate/pins", str(folder)),
            wait=lambda _attempt: None,
            origin=ORIGIN,
            envelope=log_envelope,
        )

    def grow(self, size: int) -> Path:
        """Let the log grow to *size*; return a copy of its checkpoint."""
        log = self.log
        have = log.head().size
        log.append([b'{"n":%d}' % number for number in range(have, size)])
        kept = self.folder / f"checkpoint.{size}"
        shutil.copy(self.folder / ".sluicegate/audit/checkpoint", kept)
        return kept


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    place = Place(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(place.home / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(place.home / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(place.home / "cache"))
    monkeypatch.chdir(place.folder)
    return place


@pytest.fixture
def elsewhere(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Another machine, later: no keys, no pins, no log."""
    for name in ("CONFIG", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(place.home / "elsewhere"))
    (place.folder / "away").mkdir()
    monkeypatch.chdir(place.folder / "away")
    return place


def sluice(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["audit", *map(str, arguments)])


def test_an_entry_is_proven_by_one_file_that_says_how_to_check_it(place: Place) -> None:
    place.grow(300)

    done = sluice("prove", "7")

    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("✓ entry-7.tlog-proof proves entry 7 of log.example/")
    command = done.stdout.splitlines()[1].partition("sluice audit ")[2]
    checked = sluice(*command.replace("'", "").split())
    assert checked.exit_code == 0, checked.output
    assert checked.stdout.startswith(
        "✓ this entry is in the log of log.example/churn\n"
    )


def test_a_proof_is_checked_where_there_is_no_log(
    place: Place, elsewhere: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place.folder)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(place.home / "config"))
    place.grow(300)
    vkey = format_vkey(place.log.key)
    sluice("prove", "-2", "-o", "p")
    shutil.rmtree(place.folder / ".sluicegate")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(elsewhere.home / "elsewhere"))

    unknown = sluice("verify", "--proof", "p")
    assert unknown.exit_code == 2
    assert "name it with --key" in unknown.stderr

    known = sluice("verify", "--proof", "p", "--key", vkey, "--json")
    document = json.loads(known.stdout)
    assert (known.exit_code, document["ok"], document["index"]) == (0, True, 298)
    assert b64decode(document["entry_base64"]) == b'{"n":298}'


def test_a_proof_goes_to_standard_output_and_never_over_a_file(place: Place) -> None:
    place.grow(3)

    piped = sluice("prove", "1", "-o", "-")
    assert parse_proof(piped.stdout_bytes).extra == b'{"n":1}'

    assert sluice("prove", "1", "-o", "p").exit_code == 0
    again = sluice("prove", "2", "-o", "p")
    assert again.exit_code == 2
    assert "p is there already" in again.stderr
    assert (place.folder / "p").read_bytes() == piped.stdout_bytes
    assert sluice("prove", "2", "-o", "no/such/p").exit_code == 2


def test_what_is_no_entry_is_refused(place: Place) -> None:
    place.grow(3)

    for text in ("3", "-4", "nonsense"):
        assert sluice("prove", text).exit_code == 2
    assert list(place.folder.glob("*.tlog-proof")) == []


def test_the_proofs_of_the_vectors_are_checked_with_their_witnesses(
    elsewhere: Place,
) -> None:
    policy = Path("policy")
    lines = [
        f"log {KEYS['log_vkey']}\n",
        *(f"witness {w['name'][-2:]} {w['vkey']}\n" for w in KEYS["witnesses"]),
        "group both all w1 w2\nquorum both\n",
    ]
    policy.write_text("".join(lines))
    entry = Path("entry")
    entry.write_bytes(b'{"i":1,"v":"sluicegate/test"}')
    proof = VECTORS / "log3/entry1.tlog-proof"

    done = sluice("verify", "--proof", proof, "--entry", entry, "--policy", policy)

    assert done.exit_code == 0, done.output
    assert "from a log line of the policy" in done.stdout
    assert "witnesses 2 of w1, w2 vouch for all of it" in done.stdout
    assert elsewhere.folder.is_dir()

    bare = sluice("verify", "--proof", proof, "--policy", policy)
    assert bare.exit_code == 2
    assert "--entry FILE" in bare.stderr

    entry.write_bytes(b"another")
    wrong = sluice(
        "verify", "--proof", proof, "--entry", entry, "--policy", policy, "--json"
    )
    document = json.loads(wrong.stdout)
    assert (wrong.exit_code, document["ok"]) == (5, False)
    assert document["problems"]


def test_a_quorum_that_is_missing_is_a_refusal(place: Place) -> None:
    place.grow(3)
    sluice("prove", "1", "-o", "p")
    witness = KEYS["witnesses"][0]
    Path("policy").write_text(f"witness w1 {witness['vkey']}\nquorum w1\n")

    done = sluice("verify", "--proof", "p", "--policy", "policy")

    assert done.exit_code == 5
    assert "✗ the proof does not hold: the state in the proof was not" in done.stdout


@pytest.mark.parametrize("entry", [HOSTILE, b"\x00\xff no JSON", b"[" * 100_000])
def test_whatever_the_entry_is_it_is_shown_harmlessly(
    place: Place, entry: bytes
) -> None:
    log = place.log
    log.append([entry[: 32 * 1024]])
    sluice("prove", "1", "-o", "p")

    done = sluice("verify", "--proof", "p")

    assert done.exit_code == 0, done.output
    assert all(line.isprintable() for line in done.stdout.splitlines())
    assert json.loads(sluice("verify", "--proof", "p", "--json").stdout)["ok"]


def test_options_that_do_not_go_together_are_refused(place: Place) -> None:
    place.grow(3)
    sluice("prove", "1", "-o", "p")

    assert sluice("verify", "--proof", "p", "--no-evidence").exit_code == 2
    assert sluice("verify", "--proof", "p", "--log", "x").exit_code == 2
    assert sluice("verify", "--entry", "p").exit_code == 2
    assert sluice("verify", "--proof", "gone").exit_code == 2
    assert sluice("verify", "--proof", "p", "--key", "none").exit_code == 2


def test_a_damaged_proof_is_evidence_of_tampering(place: Place) -> None:
    place.grow(3)
    sluice("prove", "1", "-o", "p")
    data = Path("p").read_bytes()
    proof = parse_proof(data)
    other = Proof(proof.index, proof.hashes, proof.checkpoint, b'{"n":2}')
    for damaged in (b"", data[:-1], format_proof(other), data.replace(b"index 1", b"")):
        Path("p").write_bytes(damaged)
        done = sluice("verify", "--proof", "p")
        assert done.exit_code == 5
        assert done.stdout.startswith("✗ the proof does not hold: ")


def test_a_log_that_grew_is_consistent_by_files_sizes_pin_and_log(place: Place) -> None:
    old, new = place.grow(250), place.grow(600)

    for first in (old, "250", "0", "pin"):
        for second in (new, "600", "log", "pin"):
            done = sluice("consistency", first, second)
            assert done.exit_code == 0, done.output
    assert sluice("consistency", old).exit_code == 0
    assert "only grew: the first 250 entries" in sluice("consistency", old).stdout
    assert "the same state" in sluice("consistency", new, "log").stdout


def test_the_proof_of_growth_can_be_checked_by_others(place: Place) -> None:
    old = place.grow(250)
    place.grow(600)

    document = json.loads(sluice("consistency", old, "--json").stdout)

    check_consistency(
        250,
        600,
        [b64decode(node) for node in document["proof"]],
        b64decode(document["old"]["root"]),
        b64decode(document["new"]["root"]),
    )


def test_a_rolled_back_log_is_called_that(place: Place) -> None:
    place.grow(250)
    shutil.copytree(".sluicegate/audit", "older")
    new = place.grow(600)

    for arguments in [(new, "log", "--log", "older"), (new, "250"), ("pin", "250")]:
        done = sluice("consistency", *arguments)
        assert done.exit_code == 5
        assert "ROLLBACK: " in done.stderr
    done = sluice("consistency", "100", new, "--log", "older")
    assert "ROLLBACK: the log at hand has 250 entries, and had 600" in done.stderr


def test_two_sizes_in_the_wrong_order_accuse_nobody(place: Place) -> None:
    place.grow(600)

    done = sluice("consistency", "600", "250")

    assert done.exit_code == 2
    assert "OLD has 600 entries, and NEW only 250" in done.stderr
    assert "ROLLBACK" not in done.stderr


def test_a_forked_log_is_called_that(place: Place) -> None:
    place.grow(250)
    shutil.copytree(".sluicegate", "fork")
    seen = place.grow(600)
    AuditLog(DirectoryLog(place.folder / "fork/audit"), place.log.authority).append(
        [b'{"other":%d}' % number for number in range(500)]
    )

    done = sluice("consistency", seen, "--log", "fork/audit")

    assert done.exit_code == 5
    assert "FORK: the first 600 entries of the log at hand are not" in done.stderr
    assert "they are the evidence" in done.stderr


def test_a_file_without_an_end_is_no_checkpoint(place: Place) -> None:
    place.grow(3)

    done = sluice("consistency", "/dev/zero")

    assert done.exit_code == 2
    assert "this is no checkpoint" in done.stderr


def test_what_names_no_state_is_a_mistake(place: Place) -> None:
    place.grow(3)

    assert "has 3 entries, not 4" in sluice("consistency", "4").stderr
    assert "cannot read the checkpoint gone" in sluice("consistency", "gone").stderr
    shutil.rmtree(place.home / "state")
    assert "has never seen the log" in sluice("consistency", "pin").stderr
    Path("junk").write_bytes(b"junk")
    done = sluice("consistency", "junk")
    assert (done.exit_code, "junk: " in done.stderr) == (5, True)
