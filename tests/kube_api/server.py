"""The cluster on a port of this machine."""

import json
import shutil
import socket
import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from typing_extensions import override

from kube_api.app import App
from kube_api.connection import Connection, Exchange
from kube_api.faults import Faults
from kube_api.hand import Hand
from kube_api.kubeconfig import Login, kubeconfig
from kube_api.state import ADMIN_TOKEN, State
from kube_api.tls import Authority, server_context
from kube_api.users import User


class Cluster:
    """A cluster that runs.

    Attributes:
        url: its address.
        state: all it knows.
        faults: what shall go wrong.
        exchanges: what was asked and answered, oldest first.
        authority: its certificates; None without TLS.
        folder: of this cluster, while it runs.
    """

    def __init__(self, state: State, port: int = 0, *, tls: bool = True) -> None:
        self.state = state
        self.faults = Faults()
        self.exchanges: list[Exchange] = []
        self.authority = Authority() if tls else None
        self.folder = Path(tempfile.mkdtemp(prefix="kube-api-"))
        self.app = App(state)
        self._server = _Server(("127.0.0.1", port))
        self._server.world = self.app, self.faults, self.exchanges
        if self.authority is not None:
            self._server.context = server_context(self.authority, self.folder)
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def hand(self, manager: str, user: User | None = None) -> Hand:
        """Someone else in the cluster, by the name of their field manager."""
        return Hand(self.app, manager, user)

    def kubeconfig(
        self,
        path: Path,
        *,
        context: str = "test",
        namespace: str | None = None,
        login: Login | None = None,
    ) -> Path:
        """Write a kubeconfig to *path*: of the administrator, or for *login*."""
        ca = "" if self.authority is None else self.authority.certificate
        found = kubeconfig(
            self.url,
            ca,
            login or Login(ADMIN_TOKEN),
            context=context,
            namespace=namespace,
        )
        path.write_text(json.dumps(found, indent=2))  # JSON is YAML
        path.chmod(0o600)
        return path

    def login(
        self,
        user: str,
        groups: tuple[str, ...] = (),
        *,
        lasts: timedelta | None = None,
    ) -> Login:
        """A login for *user* with a new token."""
        return Login(self.state.tokens.issue(user, groups, lasts=lasts))

    def certificate(
        self,
        user: str,
        groups: tuple[str, ...] = (),
        *,
        lasts: timedelta | None = None,
    ) -> Login:
        """A login for *user* with a new client certificate."""
        if self.authority is None:
            raise LookupError("without TLS there are no certificates")
        return Login(identity=self.authority.client(user, groups, lasts))

    def cut_connections(self) -> None:
        """End every connection there is, as a restart of the server does."""
        self._server.cut()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.faults.ended.set()
        self.state.stopping = True
        self.state.store.wake()
        self._server.shutdown()
        self._thread.join()
        self._server.cut()
        self._server.server_close()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def serve(
    state: State | None = None, *, port: int = 0, tls: bool = True
) -> Iterator[Cluster]:
    """A cluster while in the context.

    Raises:
        Exception: at the end: what the stand-in itself did wrong.
    """
    cluster = Cluster(state or State(), port, tls=tls)
    cluster.start()
    try:
        yield cluster
        if cluster.app.crashes:
            raise cluster.app.crashes[0]
    finally:
        cluster.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    world: tuple[App, Faults, list[Exchange]]
    context: ssl.SSLContext | None = None

    def __init__(self, place: tuple[str, int]) -> None:
        super().__init__(place, Connection)
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()

    @override
    def finish_request(self, request: Any, client_address: Any) -> None:
        """In the thread of the connection: a slow handshake keeps nobody waiting."""
        if self.context is not None:
            request = self.context.wrap_socket(request, server_side=True)
        with self._guard:
            self._open.add(request)
        try:
            super().finish_request(request, client_address)
        finally:
            with self._guard:
                self._open.discard(request)
            close(request)

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that goes away is a thing that happens."""

    def cut(self) -> None:
        with self._guard:
            found = list(self._open)
        for each in found:
            shut(each)


def shut(connection: socket.socket) -> None:
    """End it at once, whoever is reading or writing; TLS says no good-bye."""
    try:
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
    except OSError:
        return


def close(connection: socket.socket) -> None:
    shut(connection)
    connection.close()
