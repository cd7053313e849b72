"""Unit tests of `sluicegate.adapters.stores.evidence`."""

from pathlib import Path

import pytest

from sluicegate.adapters.stores.evidence import EvidenceDirectory
from sluicegate.errors import IntegrityError
from sluicegate.model.digest import Digest

DATA = b"<testsuite/>"


def place(root: Path) -> Path:
    digest = Digest.of(DATA).hex
    return root / "sha256" / digest[:2] / digest


def test_a_file_is_kept_by_its_digest(tmp_path: Path) -> None:
    evidence = EvidenceDirectory(tmp_path)

    digest = evidence.keep(DATA)

    assert digest == Digest.of(DATA)
    assert evidence.load(digest) == DATA
    assert place(tmp_path).read_bytes() == DATA


def test_keeping_the_same_bytes_again_changes_nothing(tmp_path: Path) -> None:
    EvidenceDirectory(tmp_path).keep(DATA)
    before = place(tmp_path).stat()

    EvidenceDirectory(tmp_path).keep(DATA)

    after = place(tmp_path).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert place(tmp_path).read_bytes() == DATA


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
