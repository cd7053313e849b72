"""Unit tests of `sluicegate.adapters.search`."""

import os
from pathlib import Path

import pytest

from sluicegate.adapters.search import find_programs


def put(folder: Path) -> Path:
    folder.mkdir(parents=True)
    path = folder / "docker"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_programs_are_found_in_the_order_of_path(tmp_path: Path) -> None:
    paths = [put(tmp_path / name) for name in "ba"]
    environ = {"PATH": os.pathsep.join(str(path.parent) for path in paths)}
    assert list(find_programs("docker", environ)) == paths


@pytest.mark.parametrize("entry", ["", ".", "bin", "../project/bin"])
def test_no_program_of_the_folder_one_is_in_is_found_by_accident(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    put(tmp_path / "project" / "bin")
    (tmp_path / "project" / "docker").symlink_to("bin/docker")
    monkeypatch.chdir(tmp_path / "project")
    environ = {"PATH": os.pathsep.join([entry, str(tmp_path)])}
    assert list(find_programs("docker", environ)) == []
