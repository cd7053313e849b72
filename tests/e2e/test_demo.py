"""`sluice demo`, as a person runs it."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from cli_project import clean_environment
from docker import DockerClient

pytestmark = [pytest.mark.docker, pytest.mark.trivy]


@pytest.fixture
def engine() -> Iterator[DockerClient]:
    client = docker.from_env()
    yield client
    client.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What demos on one machine share: the environment of the tests, for one."""
    return tmp_path_factory.mktemp("cache")


def demo(home: Path, folder: Path, port: int, cache: Path) -> "subprocess.Popen[str]":
    options = ("--dir", str(folder), "--port", str(port))
    return subprocess.Popen(
        [sys.executable, "-m", "sluicegate", "demo", *options],
        env=clean_environment(home, XDG_CACHE_HOME=str(cache)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def left_behind(engine: DockerClient, port: int) -> list[object]:
    """What the demo on *port* has on the engine."""
    project = f"sluicegate-demo-{port}"
    label: dict[str, str | list[str] | bool] = {
        "label": f"sluicegate.project={project}"
    }
    return [
        *engine.containers.list(all=True, filters=label),
        *engine.networks.list(filters=label),
        *engine.images.list(name=project),
    ]


def test_the_demo_shows_what_it_promises_and_leaves_nothing_behind(
    tmp_path: Path, engine: DockerClient, cache: Path
) -> None:
    port = free_port()
    process = demo(tmp_path, tmp_path / "demo", port, cache)
    output, _ = process.communicate()
    assert process.returncode == 0, output
    summary = output[output.rindex("Three releases") :]
    for release, outcome in (
        ("v1", "deployed"),
        ("v2", "promoted"),
        ("v3", "rolled back"),
    ):
        assert re.search(rf"{release} .* {outcome}", summary), summary
    assert re.search(r"lost on the way +0 ", summary), summary
    assert re.search(r"entries, verified", summary), summary
    for stage in ("train", "compare", "modelscan", "docs", "smoke"):
        assert len(re.findall(rf"^{stage}: open", output, re.MULTILINE)) == 3, output
    assert "found" in summary[summary.index("one byte changed") :]
    assert left_behind(engine, port) == []
    assert (tmp_path / "demo" / "penguins" / ".sluicegate" / "audit").is_dir()


def test_an_interrupted_demo_leaves_nothing_behind(
    tmp_path: Path, engine: DockerClient, cache: Path
) -> None:
    port = free_port()
    process = demo(tmp_path, tmp_path / "demo", port, cache)
    assert process.stdout is not None
    for line in process.stdout:
        if "canary: starting v1" in line:
            break
    else:
        pytest.fail(f"the demo ended with {process.wait()} before its canary")
    process.terminate()
    output, _ = process.communicate()
    assert process.returncode == 130, output
    assert left_behind(engine, port) == []


def test_a_folder_in_use_is_refused_before_anything_happens(
    tmp_path: Path, cache: Path
) -> None:
    (tmp_path / "mine").write_text("precious")
    process = demo(tmp_path / "home", tmp_path, free_port(), cache)
    output, _ = process.communicate()
    assert process.returncode == 2, output
    assert "is not empty" in output
    assert list(tmp_path.iterdir()) == [tmp_path / "mine"]
