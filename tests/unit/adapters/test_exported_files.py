"""Unit tests of `sluicegate.adapters.exported_files`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sluicegate.adapters.exported_files import fill_folder, write_lines_to
from sluicegate.errors import IntegrityError, PermanentError


def test_lines_are_written_as_they_are(tmp_path: Path) -> None:
    assert write_lines_to(tmp_path / "a.csv", ["a\r\n", "b\n"]) == 2

    assert (tmp_path / "a.csv").read_bytes() == b"a\r\nb\n"


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("before")

    def lines() -> Iterator[str]:
        yield "half"
        raise IntegrityError("the log is broken here")

    with pytest.raises(IntegrityError):
        write_lines_to(path, lines())

    assert path.read_text() == "before"
    assert [each.name for each in tmp_path.iterdir()] == ["a.csv"]


def test_a_folder_gets_a_file_each(tmp_path: Path) -> None:
    assert fill_folder(tmp_path / "x/y", [("1.json", "{}\n"), ("2.json", "[]\n")]) == 2

    assert (tmp_path / "x/y/2.json").read_text() == "[]\n"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(PermanentError, match="cannot make"):
        fill_folder(tmp_path / "file", [])
    with pytest.raises(PermanentError, match="cannot write"):
        write_lines_to(tmp_path / "gone/a", [])
