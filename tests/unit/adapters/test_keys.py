"""Unit tests of `sluicegate.adapters.keys`."""

import json
import stat
from pathlib import Path

import pytest

from sluicegate.adapters.keys import FileSigner, KeyDirectory
from sluicegate.errors import (
    IntegrityError,
    PermanentError,
    TransientError,
    UsageError,
)
from sluicegate.tlog.note import parse_note, parse_vkey
from sluicegate.tlog.signature import verify_signature

VECTORS = Path(__file__).parents[2] / "vectors" / "tlog"
KEYS = json.loads((VECTORS / "keys.json").read_bytes())
NAME = "github.com/Acme/churn model"


def test_a_new_key_signs_and_is_found_again(tmp_path: Path) -> None:
    keys = KeyDirectory(tmp_path / "keys")
    assert keys.find("log.example/x") is None
    created = keys.create("log.example/x")

    found = KeyDirectory(tmp_path / "keys").find("log.example/x")

    assert found is not None
    assert found.vkey() == created.vkey()
    key = parse_vkey(found.vkey())
    assert key.name == "log.example/x"
    assert verify_signature(key, b"text\n", found.sign(b"text\n"))


def test_the_key_of_the_vectors_signs_as_they_say(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(KEYS["log_skey_go"] + "\n")
    path.chmod(0o600)
    note = parse_note((VECTORS / "log600/checkpoint").read_bytes())

    signer = FileSigner.load(path)

    assert signer.vkey() == KEYS["log_vkey"]
    assert signer.sign(note.text.encode()) == note.signatures[0].blob


def test_only_its_owner_can_read_a_new_key(tmp_path: Path) -> None:
    keys = KeyDirectory(tmp_path / "a" / "keys")
    keys.create("log.example/x")

    path = Path(keys.where("log.example/x"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o601])
def test_a_key_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    keys = KeyDirectory(tmp_path)
    keys.create("log.example/x")
    path = Path(keys.where("log.example/x"))
    path.chmod(mode)

    with pytest.raises(UsageError, match="others can read") as caught:
        keys.find("log.example/x")
    assert f"chmod 600 {path}" in str(caught.value.hint)


def test_a_key_is_never_replaced(tmp_path: Path) -> None:
    keys = KeyDirectory(tmp_path)
    vkey = keys.create("log.example/x").vkey()

    with pytest.raises(TransientError):
        keys.create("log.example/x")

    found = keys.find("log.example/x")
    assert found is not None
    assert found.vkey() == vkey


def test_names_alike_have_files_of_their_own(tmp_path: Path) -> None:
    keys = KeyDirectory(tmp_path)
    names = [NAME, NAME.lower(), "github.com/acme/churn-model", "../../etc/passwd"]

    places = {Path(keys.where(name)) for name in names}

    assert len(places) == len(names)
    assert {place.parent for place in places} == {tmp_path}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PRIVATE+KEY+",
        KEYS["log_vkey"],
        KEYS["log_skey_go"][:-4],
        KEYS["log_skey_go"].replace("+6a8124fd+", "+6a8124fe+"),
        KEYS["log_skey_go"].replace("sluicegate.example", "other.example"),
        KEYS["log_skey_go"].replace("+AQ", "+Ag"),
        "\udcff",
    ],
)
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "key"
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    path.chmod(0o600)

    with pytest.raises(IntegrityError, match="not a signing key"):
        FileSigner.load(path)


def test_the_key_of_another_log_is_refused(tmp_path: Path) -> None:
    keys = KeyDirectory(tmp_path)
    keys.create("log.example/x")
    Path(keys.where("log.example/x")).rename(keys.where("log.example/y"))

    with pytest.raises(IntegrityError, match="another log"):
        keys.find("log.example/y")


def test_a_link_in_place_of_a_key_is_refused(tmp_path: Path) -> None:
    keys = KeyDirectory(tmp_path)
    keys.create("log.example/x")
    path = Path(keys.where("log.example/x"))
    path.rename(tmp_path / "real")
    path.symlink_to(tmp_path / "real")

    with pytest.raises(PermanentError):
        keys.find("log.example/x")


def test_neither_the_key_nor_its_repr_shows_the_seed(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(KEYS["log_skey_go"])
    path.chmod(0o600)
    signer = FileSigner.load(path)

    shown = repr(signer) + str(vars(signer))
    assert KEYS["log_seed_hex"] not in shown
    assert KEYS["log_skey_go"].rpartition("+")[2] not in shown


def test_a_prepared_key_is_the_same_until_it_takes_over(tmp_path: Path) -> None:
    keys = KeyDirectory(tmp_path)
    old = keys.create("log.example/x").vkey()

    new = keys.prepare("log.example/x").vkey()

    assert keys.prepare("log.example/x").vkey() == new != old
    found = keys.find("log.example/x")
    assert found is not None
    assert found.vkey() == old, "it is not in use yet"
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_a_key_that_takes_over_is_found_and_the_old_one_is_kept(tmp_path: Path) -> None:
    keys = KeyDirectory(tmp_path)
    old = keys.create("log.example/x").vkey()
    new = keys.prepare("log.example/x").vkey()

    keys.advance(new)
    keys.advance(new)

    found = keys.find("log.example/x")
    assert found is not None
    assert found.vkey() == new
    for vkey in (old, new):
        signer, where = keys.find_key(vkey), keys.where_key(vkey)
        assert signer is not None
        assert where is not None
        assert signer.vkey() == FileSigner.load(Path(where)).vkey() == vkey
    third = keys.prepare("log.example/x").vkey()
    keys.advance(third)
    assert all(keys.find_key(vkey) for vkey in (old, new, third))
    assert len(list(tmp_path.iterdir())) == 3


def test_taking_over_that_was_cut_off_is_carried_on(tmp_path: Path) -> None:
    keys = KeyDirectory(tmp_path)
    old = keys.create("log.example/x").vkey()
    new = keys.prepare("log.example/x").vkey()
    path = Path(keys.where("log.example/x"))
    left = path.with_name(f"{path.stem}.{old.split('+')[1]}.key")
    left.hardlink_to(path)  # and no further
    assert keys.find_key(old)
    assert keys.find_key(new)

    keys.advance(new)

    found = keys.find("log.example/x")
    assert found is not None
    assert found.vkey() == new
    assert keys.where_key(old) == str(left)


def test_only_the_prepared_key_takes_over(tmp_path: Path) -> None:
    keys = KeyDirectory(tmp_path)
    old = keys.create("log.example/x").vkey()
    keys.prepare("log.example/x")
    other = KeyDirectory(tmp_path / "other").create("log.example/x").vkey()

    with pytest.raises(IntegrityError, match="another key than"):
        keys.advance(other)

    found = keys.find("log.example/x")
    assert found is not None
    assert found.vkey() == old
    assert keys.find_key(other) is None
    assert keys.where_key(other) is None


def test_a_key_that_is_not_prepared_cannot_take_over(tmp_path: Path) -> None:
    keys = KeyDirectory(tmp_path)
    keys.create("log.example/x")
    other = KeyDirectory(tmp_path / "other").create("log.example/x").vkey()

    with pytest.raises(PermanentError):
        keys.advance(other)


def test_a_log_begins_with_the_key_that_was_prepared_for_it(tmp_path: Path) -> None:
    keys = KeyDirectory(tmp_path)
    prepared = keys.prepare("log.example/x").vkey()
    assert keys.find("log.example/x") is None

    assert keys.create("log.example/x").vkey() == prepared

    assert [str(path) for path in tmp_path.iterdir()] == [keys.where("log.example/x")]
    with pytest.raises(TransientError):
        keys.create("log.example/x")
