"""Finding the proxy's program. Its container is tried in the contract tests."""

from pathlib import Path

import pytest

from sluicegate.adapters.targets.traefik_proxy import find_traefik
from sluicegate.errors import PermanentError


def program(folder: Path) -> Path:
    folder.mkdir()
    made = folder / "traefik"
    made.write_text("#!/bin/sh\n")
    made.chmod(0o755)
    return made


def test_the_traefik_on_path_comes_first(tmp_path: Path) -> None:
    made = program(tmp_path / "path")
    program(tmp_path / "scripts")
    found = find_traefik(path=str(made.parent), scripts=str(tmp_path / "scripts"))
    assert found == made


def test_else_the_one_that_was_installed_beside_this_python(tmp_path: Path) -> None:
    made = program(tmp_path / "scripts")
    assert find_traefik(path=str(tmp_path), scripts=str(made.parent)) == made


def test_without_any_the_message_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(PermanentError) as caught:
        find_traefik(path=str(tmp_path), scripts=str(tmp_path))
    assert caught.value.hint == "pip install 'sluicegate[traefik]'"
