"""Another host that serves, reached by ssh."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from socket import socket

from docker import DockerClient
from typing_extensions import override

from sluicegate.adapters.targets.docker_engine import connect_to, engine_errors
from sluicegate.adapters.targets.host import Host
from sluicegate.adapters.targets.ssh_connection import SshConnection
from sluicegate.adapters.targets.ssh_files import SshFiles
from sluicegate.adapters.targets.state_files import StateFiles


class SshHost(Host):
    """The host at *address*, ``ssh://USER@HOST:PORT``; close it after use.

    ``engine`` is where its Docker engine is reached on this machine, as DOCKER_HOST.

    Raises:
        ExternalError: it cannot be reached, or has not what a target needs.
    """

    def __init__(self, address: str, environ: Mapping[str, str]) -> None:
        self._connection = SshConnection(address, environ)
        try:
            survey = self._connection.survey
            self.user, self.is_here = survey.user, False
            self.state_folder = Path(survey.state) / "sluicegate"
            survey.check(self._connection.name)
            self.engine = f"unix://{self._connection.forward(survey.docker)}"
        except BaseException:
            self._connection.close()
            raise

    @override
    def connect(self) -> DockerClient:
        return connect_to(self.engine, self._connection.name)

    def engine_version(self) -> str:
        """The version of its Docker engine.

        Raises:
            ExternalError: it does not answer.
        """
        client = self.connect()
        try:
            with engine_errors("say its version"):
                return str(client.version()["Version"])
        finally:
            client.close()

    @override
    def dial(
        self, port: int, *, timeout_seconds: float
    ) -> AbstractContextManager[socket]:
        return self._connection.dial(port, timeout_seconds=timeout_seconds)

    @override
    def files(self, path: Path) -> StateFiles:
        return SshFiles(self._connection, path)

    @override
    def close(self) -> None:
        self._connection.close()
