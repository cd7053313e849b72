"""Unit tests of `sluicegate.adapters.stores.evidence`."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sluicegate.adapters.stores.evidence import EvidenceDirectory
from sluicegate.errors import IntegrityError
from sluicegate.model.digest import Digest

DATA = b"<testsuite/>"
OLD = datetime(2025, 1, 1, tzinfo=UTC)


def place(root: Path) -> Path:
    digest = Digest.of(DATA).hex
    return root / "sha256" / digest[:2] / digest


def age(root: Path) -> None:
    os.utime(place(root), (OLD.timestamp(), OLD.timestamp()))


def test_a_file_is_kept_by_its_digest(tmp_path: Path) -> None:
    evidence = EvidenceDirectory(tmp_path)

    digest = evidence.keep(DATA)

    assert digest == Digest.of(DATA)
    assert evidence.load(digest) == DATA
    assert place(tmp_path).read_bytes() == DATA


def test_keeping_the_same_bytes_again_only_lets_their_time_begin_anew(
    tmp_path: Path,
) -> None:
    EvidenceDirectory(tmp_path).keep(DATA)
    before = place(tmp_path).stat()
    age(tmp_path)

    EvidenceDirectory(tmp_path).keep(DATA)

    after = place(tmp_path).stat()
    assert after.st_ino == before.st_ino
    assert after.st_mtime >= before.st_mtime
    assert place(tmp_path).read_bytes() == DATA


def test_a_file_goes_once_nobody_has_kept_it_for_so_long(tmp_path: Path) -> None:
    evidence = EvidenceDirectory(tmp_path)
    digest = evidence.keep(DATA)
    age(tmp_path)

    assert not evidence.drop(digest, OLD)
    assert evidence.load(digest) == DATA

    assert evidence.drop(digest, OLD + timedelta(seconds=1))
    assert list(place(tmp_path).parent.iterdir()) == []
    assert evidence.drop(digest, OLD)


def test_a_file_that_is_kept_while_it_is_being_removed_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = EvidenceDirectory(tmp_path)
    digest = evidence.keep(DATA)
    age(tmp_path)
    rename = os.rename

    def keep_and_rename(old: str, new: str, **folders: int) -> None:
        monkeypatch.setattr(os, "rename", rename)
        EvidenceDirectory(tmp_path).keep(DATA)
        rename(old, new, **folders)

    monkeypatch.setattr(os, "rename", keep_and_rename)

    assert not evidence.drop(digest, OLD + timedelta(days=1))
    assert evidence.load(digest) == DATA


@pytest.mark.parametrize("data", [b"", DATA + b" ", b"<testsuiteX>"])
def test_changed_evidence_is_noticed_on_reading_and_on_keeping(
    tmp_path: Path, data: bytes
) -> None:
    evidence = EvidenceDirectory(tmp_path)
    digest = evidence.keep(DATA)
    place(tmp_path).write_bytes(data)

    with pytest.raises(IntegrityError, match="was changed"):
        evidence.load(digest)
    with pytest.raises(IntegrityError, match="was changed"):
        evidence.keep(DATA)


def test_missing_evidence_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match="is missing"):
        EvidenceDirectory(tmp_path / "none").load(Digest.of(DATA))
