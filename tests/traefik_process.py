"""The real Traefik as a process of a test, before two services of the test."""

import contextlib
import http.client
import json
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from prometheus_service import CANARY, STABLE, await_until, free_port, serving
from typing_extensions import override

from sluicegate.adapters.targets.traefik_config import live_service
from sluicegate.model.rollout import Release


class _Service(BaseHTTPRequestHandler):
    """Answers with the status that it is asked for."""

    def do_GET(self) -> None:
        body = b"."
        self.send_response(int(self.path.strip("/") or 200))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: object) -> None:
        pass


@dataclass
class Traefik:
    """A proxy that serves each release by its name as a host."""

    folder: Path
    services: dict[Release, int]
    port: int = field(default_factory=free_port)
    page_port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        binary = shutil.which("traefik") or shutil.which(
            "traefik", path=sysconfig.get_path("scripts")
        )
        assert binary is not None
        (self.folder / "routing.yml").write_text(json.dumps(self._routing()))
        argv = [
            binary,
            f"--entryPoints.live.address=127.0.0.1:{self.port}",
            f"--entryPoints.traefik.address=127.0.0.1:{self.page_port}",
            "--api.insecure=true",
            "--metrics.prometheus.entryPoint=traefik",
            "--metrics.prometheus.buckets=0.005,0.1,0.25,1,2.5,10",
            f"--providers.file.filename={self.folder / 'routing.yml'}",
            "--global.checkNewVersion=false",
            "--global.sendAnonymousUsage=false",
        ]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(argv, stdout=log, stderr=log)
        await_until(lambda: all(map(self._knows, self.services)), "Traefik's routes")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def send(self, release: Release, *codes: int) -> None:
        """Send *release* a request for each status it is to answer with."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        with contextlib.closing(connection):
            for code in codes:
                connection.request("GET", f"/{code}", headers={"Host": release.name})
                answer = connection.getresponse()
                answer.read()
                assert answer.status == code

    def page(self, path: str = "/metrics") -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.page_port)
        with contextlib.closing(connection):
            connection.request("GET", path)
            return connection.getresponse().read()

    def _knows(self, release: Release) -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return live_service(release).encode() in self.page("/api/http/services")
        return False

    def _routing(self) -> object:
        return {
            "http": {
                "routers": {
                    release.name: {
                        "rule": f"Host(`{release.name}`)",
                        "service": live_service(release),
                    }
                    for release in self.services
                },
                "services": {
                    live_service(release): {
                        "loadBalancer": {
                            "servers": [{"url": f"http://127.0.0.1:{port}"}]
                        }
                    }
                    for release, port in self.services.items()
                },
            }
        }


@contextmanager
def traefik(folder: Path) -> Iterator[Traefik]:
    """Traefik before a stable release and a canary."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        services = {
            release: stack.enter_context(serving(_Service))
            for release in (STABLE, CANARY)
        }
        proxy = Traefik(folder, services)
        stack.callback(proxy.kill)
        proxy.start()
        yield proxy
