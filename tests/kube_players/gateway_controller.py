"""The real Traefik as the controller of a cluster's GatewayClass, and as its proxy.

It has the cluster from a kubeconfig, watches it as every controller does (client-go's
informers), writes the statuses of GatewayClass, Gateway and HTTPRoute, and moves the
traffic: nothing of it is played.
"""

import http.client
import os
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_service import await_until, free_port

CONTROLLER = "traefik.io/gateway-controller"


@dataclass
class GatewayController:
    """Traefik beside a cluster; ``port`` is the one that a Gateway listens on.

    ``throttle`` is the least time between two configurations, 2 s unless told: how
    long a weight may take to get from the HTTPRoute into the traffic.
    """

    kubeconfig: Path
    folder: Path
    throttle: str = "2s"
    port: int = field(default_factory=free_port)
    page_port: int = field(default_factory=free_port)
    address: str = "127.0.0.1"
    _process: subprocess.Popen[bytes] | None = None

    @property
    def metrics(self) -> str:
        """Where Prometheus scrapes it."""
        return f"127.0.0.1:{self.page_port}"

    def start(self) -> None:
        binary = shutil.which("traefik") or shutil.which(
            "traefik", path=sysconfig.get_path("scripts")
        )
        assert binary is not None
        argv = [
            binary,
            f"--entryPoints.web.address={self.address}:{self.port}",
            f"--entryPoints.traefik.address=127.0.0.1:{self.page_port}",
            "--providers.kubernetesGateway=true",
            f"--providers.providersThrottleDuration={self.throttle}",
            "--api.insecure=true",
            "--metrics.prometheus.entryPoint=traefik",
            "--metrics.prometheus.addRoutersLabels=true",
            "--metrics.prometheus.buckets=0.005,0.1,0.25,1,2.5,10",
            "--global.checkNewVersion=false",
            "--global.sendAnonymousUsage=false",
            "--ping=true",
        ]
        kept = {k: v for k, v in os.environ.items() if not k.startswith("KUBE")}
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                argv,
                env={**kept, "KUBECONFIG": str(self.kubeconfig)},
                stdout=log,
                stderr=log,
            )
        await_until(self._answers, "Traefik")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def page(self, path: str) -> bytes:
        """A page of its own, such as ``/metrics`` or ``/api/http/services``."""
        connection = http.client.HTTPConnection("127.0.0.1", self.page_port)
        with closing(connection):
            connection.request("GET", path)
            return connection.getresponse().read()

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log
        try:
            return self.page("/ping") == b"OK"
        except (OSError, http.client.HTTPException):
            return False


@contextmanager
def gateway_controller(
    kubeconfig: Path, folder: Path, throttle: str = "2s"
) -> Iterator[GatewayController]:
    """Traefik beside the cluster of *kubeconfig*, while in the context."""
    made = GatewayController(kubeconfig, folder, throttle)
    made.start()
    try:
        yield made
    finally:
        made.kill()
