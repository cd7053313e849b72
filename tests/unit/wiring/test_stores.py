"""Unit tests of `sluicegate.wiring.stores`."""

from pathlib import Path

import pytest

from sluicegate.adapters.stores.directory_log import DirectoryLog
from sluicegate.model.address import Address
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.stores import name_place, open_store


@pytest.mark.parametrize(
    "spelling",
    [
        "log",
        "./log",
        "sub/../log",
        "sub//../log/",
        "link/log",
        "sub/up/log",
    ],
)
def test_a_place_is_the_same_however_it_is_spelt(
    spelling: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    (project / "sub").mkdir(parents=True)
    (project / "link").symlink_to(project)
    (project / "sub/up").symlink_to("..")
    monkeypatch.chdir(project)
    place = name_place(Machine({}), Address.parse(f"dir:{project / 'log'}"), Path())

    assert name_place(Machine({}), Address.parse(f"dir:{spelling}"), Path()) == place
    assert name_place(Machine({}), Address.parse(spelling), project) == place


def test_a_plain_path_is_a_folder_from_where_it_is_named(tmp_path: Path) -> None:
    store = open_store(Machine({}), Address.parse("a/b"), tmp_path)

    assert isinstance(store, DirectoryLog)
    assert store.root == tmp_path / "a/b"
