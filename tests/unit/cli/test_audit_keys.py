"""Unit tests of `sluice audit` keys, checkpoint, pin and witness."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fakes_audit import event_ids, log_envelope
from fakes_witness import FakeWitness

from sluicegate.adapters.keys import KeyDirectory
from sluicegate.adapters.stores.directory_log import DirectoryLog
from sluicegate.adapters.stores.pins import PinFile
from sluicegate.audit import open_log
from sluicegate.audit.log import AuditLog
from sluicegate.audit.record import encode_log
from sluicegate.cli import main
from sluicegate.model.log_event import RetentionChanged
from sluicegate.tlog.note import Note, format_note, format_vkey, parse_note

ORIGIN = "log.example/churn"


class Place:
    """A project folder with a log, and this user's home."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = root / "home"
        self.folder = root / "project"
        self.audit = self.folder / ".sluicegate/audit"
        self.folder.mkdir()
        self._ids = event_ids()

    def open(self) -> AuditLog:
        return open_log(
            DirectoryLog(self.audit),
            KeyDirectory(self.home / "config/sluicegate/keys"),
            PinFile(self.home / "state/sluicegate/pins", str(self.audit)),
            wait=lambda _attempt: None,
            origin=ORIGIN,
            envelope=lambda: log_envelope(self._ids()),
        )

    def grow(self) -> None:
        entry = encode_log(log_envelope(self._ids()), RetentionChanged(500, 400))
        self.open().append([entry])

    def forget(self) -> None:
        """Be a machine that has seen nothing."""
        shutil.rmtree(self.home / "state")

    @property
    def checkpoint(self) -> bytes:
        return (self.audit / "checkpoint").read_bytes()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    place = Place(tmp_path)
    monkeypatch.chdir(place.folder)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(place.home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(place.home / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(place.home / "state"))
    place.grow()
    return place


def audit(*arguments: str, code: int = 0, given: bytes = b"") -> Result:
    result = CliRunner().invoke(main, ["audit", *arguments], input=given)
    assert result.exit_code == code, result.output
    return result


def shown() -> dict[str, object]:
    found = json.loads(audit("keys", "show", "--json").stdout)
    assert isinstance(found, dict)
    return found


def test_the_keys_of_a_log_are_shown_without_their_private_halves(
    place: Place,
) -> None:
    result = audit("keys", "show")

    [path] = (place.home / "config/sluicegate/keys").iterdir()
    assert "signs the log since entry 0, 2026-11-22 00:00:00" in result.stdout
    assert f"private half: {path}" in result.stdout
    secret = path.read_text().strip().split("+", 4)[4]
    assert secret not in result.output
    document = shown()
    assert document["origin"] == ORIGIN
    assert secret not in json.dumps(document)
    assert [*document] == ["origin", "current", "keys"]


def test_a_log_is_handed_over_and_both_keys_are_told(place: Place) -> None:
    old = shown()["current"]

    result = audit("keys", "rotate", "--reason", "a drill\x1b[31m", "--overlap", "30d")

    new = shown()["current"]
    assert isinstance(new, str)
    assert new != old
    assert result.stdout.startswith(
        f"{new}\nsigns the log from entry 2 on; the old key"
    )
    assert "signs as well until" in result.stdout
    text = audit("keys", "show").stdout
    assert text.index(str(new)) < text.index(str(old))
    assert "handed over in entry 2, and signs as well until" in text
    assert "a drill\\x1b[31m" in text
    assert "\x1b" not in text
    assert len(parse_note(place.checkpoint).signatures) == 2
    audit("verify", "--no-evidence")
    for vkey in (str(old), str(new)):
        audit("verify", "--no-evidence", "--key", vkey)
        audit("log", "--key", vkey)


def test_after_a_theft_the_old_key_signs_no_more(place: Place) -> None:
    old = shown()["current"]

    result = audit("keys", "rotate", "--reason", "stolen", "--overlap", "0")

    assert "the old key signs no more" in result.stdout
    assert len(parse_note(place.checkpoint).signatures) == 1
    audit("verify", "--no-evidence", "--key", str(old))
    place.grow()
    audit("verify", "--no-evidence", "--key", str(old))


@pytest.mark.usefixtures("place")
def test_a_proof_names_the_key_that_has_not_signed_it() -> None:
    audit("prove", "1", "-o", "proof")
    audit("keys", "rotate", "--reason", "yearly")
    new = str(shown()["current"])

    done = audit("verify", "--proof", "proof", "--key", new, code=5)

    assert f"not signed by {ORIGIN}+{new.split('+')[1]} (0 of the 1" in done.stdout


@pytest.mark.usefixtures("place")
def test_no_older_key_than_the_last_is_said_to_sign_as_well() -> None:
    audit("keys", "rotate", "--reason", "yearly", "--overlap", "30d")
    audit("keys", "rotate", "--reason", "stolen", "--overlap", "0")

    assert "signs as well" not in audit("keys", "show").stdout
    keys = shown()["keys"]
    assert isinstance(keys, list)
    assert [key["signs"] for key in keys] == [False, False, True]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), "Missing option '--reason'"),
        (("--reason", " "), "must say why"),
        (("--reason", "x" * 1001), "a reason of 1001 characters"),
        (("--reason", "x", "--overlap", "soon"), "--overlap: write a time as a whole"),
        (("--reason", "x", "--overlap", "99999d"), "--overlap must be at most 3660d"),
    ],
)
def test_a_rotation_that_says_too_little_changes_nothing(
    place: Place, arguments: tuple[str, ...], expected: str
) -> None:
    before = place.checkpoint

    assert expected in audit("keys", "rotate", *arguments, code=2).output
    assert place.checkpoint == before


def test_no_credential_gets_into_a_reason(place: Place) -> None:
    token = "ghp_" + "a1B2c3D4" * 4 + "e5F6"
    audit("keys", "rotate", "--reason", f"found {token} in a log")

    assert token not in audit("keys", "show").stdout
    bundle = place.audit / "tile/entries/000.p/3"
    assert token.encode() not in bundle.read_bytes()
    assert b"in a log" in bundle.read_bytes()


def test_without_its_key_a_log_is_not_handed_over(place: Place) -> None:
    shutil.rmtree(place.home / "config")

    assert (
        "not on this machine" in audit("keys", "rotate", "--reason", "x", code=2).output
    )


@pytest.mark.usefixtures("place")
def test_a_key_is_made_before_its_log_and_once() -> None:
    result = audit("keys", "create", "--name", "log.example/new")

    vkey, told = result.stdout.splitlines()
    assert vkey.startswith("log.example/new+")
    assert "its private half is in" in told
    again = audit("keys", "create", "--name", "log.example/new")
    assert again.stdout == result.stdout, "it is not in use yet"
    assert (
        "has a key already" in audit("keys", "create", "--name", ORIGIN, code=2).output
    )
    assert (
        "not a name for a log"
        in audit("keys", "create", "--name", "a b", code=2).output
    )


@pytest.mark.usefixtures("place")
def test_a_key_is_lent_through_a_pipe_and_the_same_again() -> None:
    result = audit("keys", "create", "--name", "log.example/new", "--secret")

    (line,) = result.stdout.splitlines()
    assert line.startswith("PRIVATE+KEY+log.example/new+")
    (told, where) = result.stderr.splitlines()
    assert told.startswith("log.example/new+")
    assert (
        line == Path(where.split("is in ")[1].split(" as well")[0]).read_text().strip()
    )
    again = audit("keys", "create", "--name", "log.example/new", "--secret")
    assert again.stdout == result.stdout


def test_the_key_of_a_log_that_has_begun_can_be_lent(place: Place) -> None:
    place.grow()

    line = audit("keys", "create", "--name", ORIGIN, "--secret").stdout

    assert line.startswith(f"PRIVATE+KEY+{ORIGIN}+")
    assert any(
        line == each.read_text()
        for each in (place.home / "config/sluicegate/keys").iterdir()
    )


def test_without_a_log_there_is_nothing_to_show(place: Place) -> None:
    shutil.rmtree(place.folder / ".sluicegate")
    place.forget()
    for command in (
        ("keys", "show"),
        ("keys", "rotate", "--reason", "x"),
        ("checkpoint",),
        ("checkpoint", "--sign"),
        ("pin",),
        ("witness", "--witness", fake().vkey, "http://127.0.0.1:9"),
    ):
        assert "there is no log" in audit(*command, code=2).output


class _Known:
    def __init__(self) -> None:
        self.witness = FakeWitness("w1", [])
        self.vkey = format_vkey(self.witness.key)


def fake() -> _Known:
    return _Known()


def test_the_checkpoint_is_shown_as_it_is(place: Place) -> None:
    assert audit("checkpoint").stdout.encode() == place.checkpoint
    document = json.loads(audit("checkpoint", "--json").stdout)
    assert document["checkpoint"].encode() == place.checkpoint
    assert (document["origin"], document["size"]) == (ORIGIN, 2)


def test_signing_again_keeps_the_cosignatures_that_hold(place: Place) -> None:
    known = fake()
    (place.folder / "policy").write_text(
        f"witness w1 {known.vkey}\nquorum w1\n", encoding="utf-8"
    )
    (place.folder / "sluicegate.yaml").write_text("audit: {witnesses: policy}\n")
    note = parse_note(place.checkpoint)
    cosigned = Note(note.text, (*note.signatures, known.witness.cosign(note.text)))
    (place.audit / "witnessed").write_bytes(format_note(cosigned))

    shown = audit("checkpoint").stdout
    result = audit("checkpoint", "--sign")

    assert result.stdout == shown
    assert place.checkpoint == format_note(cosigned)
    audit("verify", "--no-evidence", "--policy", "policy")
    place.grow()
    assert len(parse_note(place.checkpoint).signatures) == 1
    audit("checkpoint", "--sign")
    assert len(parse_note(place.checkpoint).signatures) == 1


def test_a_checkpoint_given_by_somebody_else_is_pinned(place: Place) -> None:
    given = place.root / "given"
    given.write_bytes(place.checkpoint)
    older = place.root / "older"
    shutil.copytree(place.audit, older)
    place.grow()
    place.forget()

    result = audit("pin", "--from", str(given))

    assert "with 3 entries; it extends the 2 entries you were given" in result.stdout
    assert "rolled back" in audit("log", "--log", str(older), code=5).output


def test_a_checkpoint_from_standard_input_is_pinned(place: Place) -> None:
    raw = place.checkpoint
    assert "you were given" in audit("pin", "--from", "-", given=raw).stdout


def test_a_log_that_does_not_extend_what_was_given_is_not_pinned(
    place: Place,
) -> None:
    behind = place.root / "behind"
    shutil.copytree(place.audit, behind)
    place.grow()
    given = place.root / "given"
    given.write_bytes(place.checkpoint)
    place.forget()

    result = audit("pin", "--from", str(given), "--log", str(behind), code=5)

    assert "disagree: the log was rolled back" in result.output
    assert not (place.home / "state").exists()


@pytest.mark.parametrize("data", [b"", b"rubbish", b"\xff" * 200_000])
def test_what_is_no_checkpoint_is_not_pinned(place: Place, data: bytes) -> None:
    place.forget()
    audit("pin", "--from", "-", given=data, code=5)
    assert not (place.home / "state").exists()


@pytest.mark.usefixtures("place")
def test_a_file_that_is_not_there_is_not_pinned() -> None:
    assert "cannot read nowhere" in audit("pin", "--from", "nowhere", code=2).output


def test_a_log_is_held_against_its_pin(place: Place) -> None:
    place.forget()
    audit("pin")
    older = place.root / "older"
    shutil.copytree(place.audit, older)
    place.grow()
    audit("pin")

    assert "rolled back" in audit("pin", "--log", str(older), code=5).output


def test_witnesses_that_are_not_there_leave_the_anchor_pending(place: Place) -> None:
    known = fake()

    result = audit(
        *("witness", "--witness", known.vkey, "http://127.0.0.1:9"),
        *("--timeout", "5"),
        code=4,
    )

    assert (
        "-- w1.example: no cosignature of it is known here; it cannot be reached"
        in result.stdout
    )
    assert "quorum: not reached, since 2026-11-22 00:00:00" in result.stdout
    assert not (place.audit / "witnessed").exists()


def test_what_is_known_of_witnesses_is_told_without_asking(place: Place) -> None:
    known = fake()
    note = parse_note(place.checkpoint)
    cosigned = Note(note.text, (*note.signatures, known.witness.cosign(note.text)))
    (place.audit / "witnessed").write_bytes(format_note(cosigned))
    asked = ("witness", "--witness", known.vkey, "http://127.0.0.1:9", "--dry-run")

    assert "ok w1.example: cosigned at 2026-" in audit(*asked).stdout
    place.grow()
    result = audit(*asked, code=4)
    assert "reached for the first 2 entries" in result.stdout
    document = json.loads(audit(*asked, "--json", code=4).stdout)
    assert document["covered"] == 2
    assert not document["reached"]
    assert document["witnesses"][0]["size"] == 2


def test_a_log_that_its_witnesses_contradict_is_tampered_with(place: Place) -> None:
    known = fake()
    note = parse_note(place.checkpoint)
    text = note.text.replace("\n2\n", "\n7\n")
    lines = (known.witness.cosign(text),)
    (place.audit / "witnessed").write_bytes(format_note(Note(text, lines)))

    result = audit(
        *("witness", "--witness", known.vkey, "http://127.0.0.1:9", "--dry-run"), code=5
    )

    assert "ALARM: witnessed: w1.example cosigned 7 entries" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), "no witnesses are known"),
        (("--policy", "nowhere"), "cannot read the witness policy nowhere"),
        (("--policy", "/dev/zero"), "a witness policy of more than 1 MiB"),
        (("--witness", "rubbish", "http://x"), "not a verifier key"),
        (("--policy", "p", "--witness", "a", "b"), "leave --witness out"),
    ],
)
def test_witnesses_that_are_not_named_rightly_are_a_mistake(
    place: Place, arguments: tuple[str, ...], expected: str
) -> None:
    assert expected in audit("witness", *arguments, code=2).output
    assert place.checkpoint


def test_the_log_is_no_witness_of_itself(place: Place) -> None:
    key = place.open().key
    own = format_vkey(type(key)(key.name, 4, key.public))

    result = audit("witness", "--witness", own, "http://127.0.0.1:9", code=2)

    assert "has the key of the log itself" in result.output
