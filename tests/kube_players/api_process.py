"""The API server of a test of traffic: the stand-in as a process, or a real one.

Where ``KUBECONFIG`` is set, its context in use is taken, and nothing is started. Pods
are processes of this machine; a real API server lets no Service lead to a loopback
address, so that ``SLUICE_POD_ADDRESSES`` says which other addresses of this machine
they take: ``10.244.1`` for 10.244.1.2 and so on (tests/README.md).
"""

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kube_players.cluster import Cluster
from kube_players.processes import loopback_addresses
from prometheus_service import await_until

_TESTS = Path(__file__).parents[1]


@dataclass(frozen=True)
class ApiProcess:
    """Where the server is, and the addresses for pods."""

    kubeconfig: Path
    addresses: Iterator[str]

    @property
    def context(self) -> str:
        return str(Cluster.config(self.kubeconfig)["current-context"])

    @contextmanager
    def connect(self) -> Iterator[Cluster]:
        """A connection of one's own, to be used by one thread."""
        cluster = Cluster.of(self.kubeconfig)
        try:
            yield cluster
        finally:
            cluster.close()


@contextmanager
def api_server(folder: Path) -> Iterator[ApiProcess]:
    """An API server while in the context."""
    given = os.environ.get("KUBECONFIG")
    if given:
        network = os.environ.get("SLUICE_POD_ADDRESSES")
        assert network, "say in SLUICE_POD_ADDRESSES which addresses pods may take"
        addresses = (f"{network}.{last}" for last in itertools.count(2))
        yield ApiProcess(Path(given), addresses)
        return
    kubeconfig = folder / "kubeconfig"
    log = folder / "api.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "kube_api", "--kubeconfig", str(kubeconfig)],
            env={**os.environ, "PYTHONPATH": str(_TESTS)},
            stdout=out,
            stderr=out,
        )
    try:
        await_until(  # it says so once the file is whole
            lambda: process.poll() is not None or "KUBECONFIG=" in log.read_text(),
            "the stand-in",
        )
        assert process.poll() is None, log.read_text()
        yield ApiProcess(kubeconfig, loopback_addresses())
    finally:
        process.kill()
        process.wait()
