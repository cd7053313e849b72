"""Unit tests of `sluicegate.adapters.machine_id`."""

import re
from pathlib import Path

import pytest

from sluicegate.adapters.machine_id import pseudonym, read_machine_id

ID = "0123456789abcdef" * 2


def test_the_id_is_stable_and_does_not_show_the_machine_s_own(tmp_path: Path) -> None:
    file = tmp_path / "machine-id"
    file.write_text(f"{ID}\n")

    found = read_machine_id([file])

    assert found == read_machine_id([tmp_path / "gone", file])
    assert found is not None
    assert re.fullmatch("[0-9a-f]{32}", found)
    assert found != ID


def test_machines_have_different_ids(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_text(ID)
    second.write_text(ID[::-1])

    assert read_machine_id([first]) != read_machine_id([second])


@pytest.mark.parametrize("text", ["", "uninitialized", "0" * 32, "ab", "\xff" * 32])
def test_a_machine_without_an_id_has_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "machine-id"
    file.write_text(text)

    assert read_machine_id([file, tmp_path]) is None


def test_a_name_is_not_in_its_pseudonym() -> None:
    assert re.fullmatch("[0-9a-f]{32}", pseudonym("jane"))
    assert pseudonym("jane") != pseudonym("john")
