"""The smoke test with real containers."""

import io
import json
import os
import signal
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import docker
import pytest
import smoke_service
from docker import DockerClient
from docker_service import BASE, LABEL, ensure_base
from stage_harness import make_context, run_stage

from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.adapters.tools import Tools
from sluicegate.model.digest import Digest
from sluicegate.model.tool import Tool
from sluicegate.smoke.engine import Engine
from sluicegate.smoke.leftovers import Place, remove
from sluicegate.stages.smoke import SmokeStage
from sluicegate.stages.stage import Report, StageContext

pytestmark = pytest.mark.docker

SERVICE = Path(smoke_service.__file__)
BIRDS = [{"mass": n / 4, "length": 50 + 10 * n, "sex": n % 2} for n in range(6)]


@pytest.fixture(scope="module")
def client() -> Iterator[DockerClient]:
    client = docker.from_env()
    yield client
    client.close()


@cache
def image() -> Digest:
    """One image for all; what is wrong with it, a variable of the container says."""
    client = docker.from_env()
    ensure_base(client)
    lines = [f"FROM {BASE}", "COPY smoke_service.py /service.py", f"LABEL {LABEL}=1"]
    text = "\n".join([*lines, 'CMD ["python3", "/service.py", "8000"]'])
    files = {"Dockerfile": text.encode(), SERVICE.name: SERVICE.read_bytes()}
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    context.seek(0)
    built, _ = client.images.build(fileobj=context, custom_context=True, rm=True)
    client.close()
    assert built.id is not None
    return Digest.parse(built.id)


@cache
def tools() -> dict[str, Tool]:
    runner = SubprocessRunner(StopRequest(), os.environ)
    found = Tools(Path("/"), Path("/nowhere"), runner, os.environ)
    return {name: found.find(name) for name in ("smoke-runner", "docker")}


def mine(folder: Path) -> dict[str, str | list[str] | bool]:
    """The filter that finds what was started for *folder*, and nobody else's."""
    place = Place(folder / "out-cache").labels(0)["sluicegate.place"]
    return {"label": f"sluicegate.place={place}"}


def left(folder: Path, client: DockerClient) -> list[str]:
    """Containers and networks of smoke tests."""
    containers = client.containers.list(
        all=True, filters=mine(folder), ignore_removed=True
    )
    return [
        *(str(each.name) for each in containers),
        *(str(each.name) for each in client.networks.list(filters=mine(folder))),
    ]


def stage(fault: str = "", **more: object) -> SmokeStage:
    settings: dict[str, object] = {
        "uses": "smoke",
        "golden": "golden.jsonl",
        "port": 8000,
        "ignore": ["$.model"],
        "tolerances": [{"path": "$.score", "absolute": 1e-9}],
        "batch": {"path": "/batch"},
        "service_env": {"FAULT": fault},
        **more,
    }
    return SmokeStage.model_validate(settings)


def context(folder: Path) -> StageContext:
    rows = [
        {"id": n, "request": bird, "expected": smoke_service.predict(bird)}
        for n, bird in enumerate(BIRDS)
    ]
    (folder / "golden.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (folder / "out").mkdir(exist_ok=True)
    return make_context(
        str(folder), str(folder / "out"), tools=tools(), images=[image()]
    )


def run(fault: str, folder: Path, **more: object) -> Report:
    runner = SubprocessRunner(StopRequest(), os.environ)
    return run_stage(stage(fault, **more), context(folder), runner)


@contextmanager
def asking(folder: Path, client: DockerClient) -> Iterator[subprocess.Popen[bytes]]:
    """The program, in a group of its own, while it waits for an answer."""
    (step,) = stage("hangs").plan(context(folder))
    with subprocess.Popen(step.command.argv, start_new_session=True) as process:
        await_that(lambda: is_asked(folder, client))
        yield process


def is_asked(folder: Path, client: DockerClient) -> bool:
    """Whether a container runs, and has a connection to its port open."""
    found = client.containers.list(filters=mine(folder))
    answers = [each.exec_run(["cat", "/proc/net/tcp"]).output for each in found]
    return any(
        b":1F40 " in line and b" 01 " in line
        for each in answers
        if isinstance(each, bytes)
        for line in each.splitlines()
    )


def await_that(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)


@pytest.fixture(autouse=True)
def nothing_left(tmp_path: Path, client: DockerClient) -> Iterator[None]:
    """Also a test that fails leaves nothing."""
    yield
    for name in {*left(tmp_path, client)}:
        remove(Engine(tools()["docker"].argv), name)


def watchers(folder: Path, client: DockerClient) -> list[int]:
    """The shells that wait to remove what runs, by their number."""
    (name, *_) = left(folder, client)
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if name.encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    return found


def test_what_even_a_killed_watcher_has_left_the_next_start_removes(
    tmp_path: Path, client: DockerClient
) -> None:
    with asking(tmp_path, client) as process:
        for number in watchers(tmp_path, client):
            os.kill(number, signal.SIGKILL)
        os.killpg(process.pid, signal.SIGKILL)
    assert len(left(tmp_path, client)) == 2

    report = run("", tmp_path)

    assert report.fields["mismatches"] == report.fields["batch_mismatches"] == 0
    assert report.fields["values"] == 12
    assert left(tmp_path, client) == []


def test_an_image_that_does_not_start_says_why(
    tmp_path: Path, client: DockerClient
) -> None:
    report = run("broken", tmp_path)

    assert report.fields["ready"] is False
    assert report.summary == (
        "not ready: the container ended with exit code 1; its last words: no model file"
    )
    assert b"no model file" in report.files[1].data
    assert left(tmp_path, client) == []
