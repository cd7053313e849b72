"""Unit tests of `sluicegate.adapters.existing_workspace`."""

from pathlib import Path

from sluicegate.adapters.existing_workspace import ExistingWorkspace


def workspace(root: Path) -> ExistingWorkspace:
    return ExistingWorkspace(root / "p", root / "s", root / "cache" / "tools", root)


def test_a_cache_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    assert workspace(tmp_path).cache() == str(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_is_there_is_used(tmp_path: Path) -> None:
    (tmp_path / "cache" / "tools").mkdir(parents=True)

    assert workspace(tmp_path).cache() == str(tmp_path / "cache" / "tools")
