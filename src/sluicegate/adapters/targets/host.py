"""The host that serves: its Docker engine, its loopback address, its files."""

import os
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from docker import DockerClient
from typing_extensions import override

from sluicegate.adapters.targets.docker_engine import connect
from sluicegate.adapters.targets.state_files import LocalFiles, StateFiles


class Host(Protocol):
    """Where a target is.

    ``user`` is who uses it, as the numbers ``UID:GID``. ``is_here``: it is this
    machine.
    """

    user: str
    is_here: bool

    def connect(self) -> DockerClient:
        """Reach its engine.

        Raises:
            PermanentError: none answers.
            TransientError: the host cannot be reached.
        """
        ...

    def dial(
        self, port: int, *, timeout_seconds: float
    ) -> AbstractContextManager[socket.socket]:
        """A connection to *port* of its loopback address, closed at the end.

        Raises:
            OSError: none.
            TransientError: the host cannot be reached.
        """
        ...

    def files(self, path: Path) -> StateFiles:
        """The files in its folder *path*, which need not exist."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class LocalHost(Host):
    """This machine."""

    def __init__(self) -> None:
        self.user = f"{os.getuid()}:{os.getgid()}" if hasattr(os, "getuid") else "0:0"
        self.is_here = True

    @override
    def connect(self) -> DockerClient:
        return connect()

    @override
    @contextmanager
    def dial(self, port: int, *, timeout_seconds: float) -> Iterator[socket.socket]:
        address = ("127.0.0.1", port)
        with socket.create_connection(address, timeout=timeout_seconds) as connection:
            yield connection

    @override
    def files(self, path: Path) -> StateFiles:
        return LocalFiles(path)

    @override
    def close(self) -> None:
        pass
