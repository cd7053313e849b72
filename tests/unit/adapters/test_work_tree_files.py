"""Unit tests of `sluicegate.adapters.work_tree_files`."""

from pathlib import Path

import pytest

from sluicegate.adapters.work_tree_files import WorkTreeFiles
from sluicegate.errors import UsageError


def test_files_are_read_as_they_are_now(tmp_path: Path) -> None:
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy/org.yaml").write_bytes(b"1234")
    files = WorkTreeFiles(tmp_path)

    assert files.read(files.tip(), "policy/org.yaml", 4) == b"1234"
    assert files.read(files.tip(), "policy/other.yaml", 4) is None
    with pytest.raises(UsageError, match="more than 3 bytes"):
        files.read(files.tip(), "policy/org.yaml", 3)
    with pytest.raises(UsageError, match="is not a file"):
        files.read(files.tip(), "policy", 3)
