"""A tiny HTTP service in images of its own, to release for real.

The base image is named by SLUICE_TEST_BASE (``sluicegate-base:test``): any image with
`python3`. Where it is missing it is made with debootstrap.
"""

import http.client
import io
import os
import socket
import subprocess
import tarfile
import tempfile
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import docker
from docker import DockerClient
from docker.errors import ImageNotFound
from docker.models.containers import Container

from sluicegate.adapters.clock import SystemClock
from sluicegate.adapters.targets.docker_traefik import DockerTarget, remove_environment
from sluicegate.adapters.targets.host import Host
from sluicegate.adapters.targets.traefik_proxy import ANSWER_TIMEOUT
from sluicegate.model.digest import Digest
from sluicegate.model.rollout import Release
from sluicegate.ports.clock import Clock

BASE = os.environ.get("SLUICE_TEST_BASE", "sluicegate-base:test")
LABEL = "sluicegate.test"
ENVIRONMENT = "production"

_SERVER = b"""\
import http.server, os, random, signal, sys, threading, time

FAIL = float(os.environ.get("FAIL", "0"))
HANG = int(os.environ.get("HANG", "0"))
CRASH_AFTER = int(os.environ.get("CRASH_AFTER", "0"))
served = 0

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one segment a reply: else the client's delayed ACK costs 40 ms

    def do_GET(self):
        global served
        health = self.path == "/healthz"
        if not health:
            served += 1
            if CRASH_AFTER and served > CRASH_AFTER:
                print("crashing now", flush=True)
                os._exit(7)
            if HANG and served % HANG == 0:
                threading.Event().wait()
            time.sleep(0.3 if self.path == "/slow" else 0.002)
        ill = os.environ.get("ILL") if health else random.random() < FAIL
        body = (os.environ["NAME"] + "\\n").encode()
        self.send_response(500 if ill else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.path == "/halting":  # the head at once, the body in its time
            self.wfile.flush()
            time.sleep(2)
        self.wfile.write(body)

    def log_message(self, *args):
        pass

class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 256

if os.environ.get("BROKEN"):
    sys.exit("no model file")
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
Server(("", 8000), Handler).serve_forever()
"""


@dataclass(frozen=True, slots=True)
class Service:
    """How a release behaves.

    ``fail`` is the fraction of requests answered with 500; ``crash_after`` the number
    of requests after which it ends; ``ill`` fails its health checks; ``broken`` ends at
    once. Of *hang* requests one is never answered (0: all are).
    """

    name: str
    fail: float = 0.0
    crash_after: int = 0
    ill: bool = False
    broken: bool = False
    hang: int = 0

    def env(self) -> dict[str, str]:
        return {
            "NAME": self.name,
            "FAIL": str(self.fail),
            "CRASH_AFTER": str(self.crash_after),
            "ILL": "1" if self.ill else "",
            "BROKEN": "1" if self.broken else "",
            "HANG": str(self.hang),
        }


def files(service: Service) -> dict[str, str]:
    """The Dockerfile of *service* and what it copies."""
    lines = [f"FROM {BASE}", "COPY server.py /server.py"]
    lines += [f'ENV {key}="{value}"' for key, value in service.env().items()]
    lines += [f"LABEL {LABEL}=1", 'CMD ["python3", "/server.py"]']
    return {"Dockerfile": "\n".join(lines), "server.py": _SERVER.decode()}


def build(client: DockerClient, service: Service) -> Release:
    """An image of *service*; the engine's cache makes the second time cheap."""
    ensure_base(client)
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        for name, text in files(service).items():
            data = text.encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    context.seek(0)
    image, _ = client.images.build(fileobj=context, custom_context=True, rm=True)
    assert image.id is not None
    return Release(Digest.parse(image.id), service.name, "0" * 40)


def ensure_base(client: DockerClient) -> None:
    """Have the base image; made with debootstrap where no registry gave it."""
    try:
        client.images.get(BASE)
    except ImageNotFound:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(
                ["debootstrap", "--variant=minbase", "--include=python3", "bookworm",
                 f"{folder}/root"],
                check=True,
            )  # fmt: skip
            packed = subprocess.Popen(
                ["tar", "-C", f"{folder}/root", "-c", "."], stdout=subprocess.PIPE
            )
            subprocess.run(
                ["docker", "import", "-", BASE], stdin=packed.stdout, check=True
            )
            assert packed.wait() == 0


@dataclass
class DockerEnvironment:
    """An environment of its own on the engine, for one test."""

    project: str
    publish: int
    state_dir: Path
    client: DockerClient
    target: DockerTarget

    def build(self, service: Service) -> Release:
        return build(self.client, service)

    def get(self, path: str = "/") -> str:
        """The name of the release that answers, over a new connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.publish, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode().strip()
        finally:
            connection.close()

    def containers(self) -> dict[str, str]:
        """What is on the engine: role or release name, and status."""
        return {name: each.status for name, each in self._containers().items()}

    def networks(self) -> list[str]:
        """The environment's networks."""
        mine = {"label": f"sluicegate.project={self.project}"}
        return [str(each.name) for each in self.client.networks.list(filters=mine)]

    def proxy(self) -> Container:
        return self._containers()["proxy"]

    def container(self, release: Release) -> Container:
        return self._containers()[release.name]

    def _containers(self) -> dict[str, Container]:
        found = self.client.containers.list(
            all=True, filters={"label": f"sluicegate.project={self.project}"}
        )
        return {
            each.labels.get("sluicegate.release", each.labels["sluicegate.role"]): each
            for each in found
        }


def open_target(
    project: str,
    publish: int,
    state_dir: Path,
    clock: Clock,
    *,
    drain: timedelta = timedelta(seconds=1),
    cookie: str | None = None,
    host: Host | None = None,
    latency_edges: Sequence[timedelta] = (),
    answer_timeout: timedelta = ANSWER_TIMEOUT,
) -> DockerTarget:
    """The target of a test's environment, also for another process."""
    return DockerTarget(
        environment=ENVIRONMENT,
        project=project,
        port=8000,
        publish=publish,
        bind="127.0.0.1",
        health="/healthz",
        drain=drain,
        env={},
        state_dir=state_dir,
        clock=clock,
        cookie=cookie,
        host=host,
        latency_edges=latency_edges,
        answer_timeout=answer_timeout,
    )


@contextmanager
def docker_environment(
    folder: Path, cookie: str | None = None, host: Host | None = None
) -> Iterator[DockerEnvironment]:
    """An empty environment, removed afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        publish = int(probe.getsockname()[1])
    project, client = f"test-{uuid.uuid4().hex[:8]}", docker.from_env()
    try:
        clock = SystemClock(threading.Event())
        target = open_target(
            project, publish, folder / "state", clock, cookie=cookie, host=host
        )
        yield DockerEnvironment(project, publish, folder / "state", client, target)
    finally:
        remove_environment(project, ENVIRONMENT, folder / "state")
        client.close()
