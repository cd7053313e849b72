"""Unit tests of `sluicegate.smoke.engine`."""

from pathlib import Path

import pytest

from sluicegate.smoke.engine import Broken, Engine


def client(folder: Path, script: str) -> Engine:
    path = folder / "docker"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return Engine([str(path)])


def test_what_the_client_says_is_told_apart(tmp_path: Path) -> None:
    engine = client(tmp_path, 'echo "$2"; echo no >&2; exit 3')

    assert engine.call("rm", "it") == (3, "it", "no")


def test_a_client_that_fails_has_found_nothing_out(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="docker ps failed: is it there"):
        client(tmp_path, "echo is it there >&2; exit 1").run("ps", "--all")


def test_a_client_that_is_not_there_has_found_nothing_out(tmp_path: Path) -> None:
    with pytest.raises(Broken, match=r"docker ps failed: .*No such file"):
        Engine([str(tmp_path / "docker")]).run("ps")


@pytest.mark.parametrize(
    "host",
    [
        "unix:///var/run/docker.sock",
        "npipe:////./pipe/docker_engine",
        "tcp://127.0.0.1:2375",
        "tcp://localhost:2375",
        "tcp://[::1]:2375",
        "",
    ],
)
def test_an_engine_of_this_machine_can_be_used(host: str, tmp_path: Path) -> None:
    client(tmp_path, f"echo '{host}'").check_is_here()


def test_a_client_without_contexts_can_be_used(tmp_path: Path) -> None:
    client(tmp_path, "echo ssh://elsewhere; exit 1").check_is_here()


@pytest.mark.parametrize(
    "host",
    [
        *("ssh://ann@build.acme.example", "tcp://docker:2375", "tcp://127.0.0.1.x:1"),
        *("tcp://10.0.0.1:2375", "https://engine.acme.example", "tcp://localhost.x"),
    ],
)
def test_an_engine_elsewhere_is_refused_before_anything_is_started(
    host: str, tmp_path: Path
) -> None:
    with pytest.raises(Broken, match="is on another host"):
        client(tmp_path, f"echo '{host}'").check_is_here()
