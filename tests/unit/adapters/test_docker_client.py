"""Unit tests of `sluicegate.adapters.docker_client`, with small programs on a PATH."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from sluicegate.adapters.docker_client import find_docker
from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.errors import PermanentError
from sluicegate.model.command import Command, CommandResult
from sluicegate.model.digest import Digest
from sluicegate.model.tool import DOCKER_CLASSIC, Tool

OLD_CLIENT = """
case "$1" in
  --version) echo "Docker version 20.10.24+dfsg1, build 297e128" ;;
  version) echo 20.10.24 ;;
  *) exit 1 ;;
esac
"""
NEW_CLIENT = """
case "$1" in
  --version) echo "Docker version 28.2.2, build e6534b4" ;;
  version) echo 20.10.24 ;;
  buildx) exit {buildx} ;;
  *) exit 1 ;;
esac
"""
WITHOUT_ENGINE = """
case "$1" in
  --version) echo "Docker version {version}, build 297e128" ;;
  *) echo "{words}" >&2; exit 1 ;;
esac
"""


def put(folder: Path, script: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "docker"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def find(*folders: Path) -> Tool:
    """Find it on a PATH of nothing but *folders*."""
    runner = SubprocessRunner(StopRequest(), {"PATH": "/usr/bin:/bin"})

    def ask(*argv: str) -> CommandResult:
        return runner.run(Command(argv, "/", timedelta(minutes=1)), lambda _line: None)

    return find_docker({"PATH": os.pathsep.join(map(str, folders))}, ask)


def test_a_client_without_buildx_first_on_path_is_passed_over(tmp_path: Path) -> None:
    put(tmp_path / "new", NEW_CLIENT.format(buildx=1))
    old = put(tmp_path / "old", OLD_CLIENT)

    docker = find(tmp_path / "new", tmp_path / "old")

    assert (docker.name, docker.argv) == ("docker", (str(old),))
    assert docker.version == "20.10.24+dfsg1"
    assert docker.digest == Digest.of(old.read_bytes())


def test_a_new_client_with_buildx_will_do(tmp_path: Path) -> None:
    new = put(tmp_path / "new", NEW_CLIENT.format(buildx=0))
    put(tmp_path / "old", OLD_CLIENT)

    docker = find(tmp_path / "new", tmp_path / "old")

    assert (docker.name, docker.argv) == ("docker", (str(new),))


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (NEW_CLIENT.format(buildx=1), "(28.2.2) has no buildx plugin"),
        (
            OLD_CLIENT.replace("20.10.24+dfsg1", "17.05.0-ce"),
            "(17.05.0-ce) is too old for BuildKit",
        ),
    ],
)
def test_without_buildkit_the_classic_builder_is_left_and_the_reason_is_kept(
    tmp_path: Path, script: str, reason: str
) -> None:
    path = put(tmp_path / "bin", script)

    docker = find(tmp_path / "bin")

    assert (docker.name, docker.argv) == (DOCKER_CLASSIC, (str(path),))
    assert docker.origin == f"{path} {reason}"


@pytest.mark.parametrize("script", ["echo podman version 4.3.1", "exit 127"])
def test_what_is_not_docker_is_refused_by_name(tmp_path: Path, script: str) -> None:
    path = put(tmp_path / "bin", script)

    with pytest.raises(PermanentError, match="is not Docker") as caught:
        find(tmp_path / "bin")

    assert str(path) in str(caught.value)


def test_no_docker_at_all_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="not on PATH") as caught:
        find(tmp_path)

    assert caught.value.hint is not None
    assert "docker.io" in caught.value.hint


@pytest.mark.parametrize("version", ["20.10.24", "28.2.2"])
@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("Cannot connect to the Docker daemon", "start it"),
        ("Got permission denied while trying to connect", "group docker"),
    ],
)
def test_an_engine_that_does_not_answer_says_what_to_do(
    tmp_path: Path, version: str, words: str, hint: str
) -> None:
    put(tmp_path / "bin", WITHOUT_ENGINE.format(version=version, words=words))

    with pytest.raises(PermanentError, match=words) as caught:
        find(tmp_path / "bin")

    assert caught.value.hint is not None
    assert hint in caught.value.hint
