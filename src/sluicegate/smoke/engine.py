"""The Docker engine, through the client that built the image."""

import re
import subprocess  # noqa: TID251 - a program of its own, with no port to go through
from collections.abc import Sequence

_SECONDS = 120  # an engine under load takes its time
_LOCAL = re.compile(
    r"(unix|npipe)://.*|(tcp|https?)://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?/?"
)
_WORDS = 400


class Broken(Exception):  # noqa: N818 - becomes an exit code
    """Nothing can be found out."""


class Engine:
    """Runs the client *docker*."""

    def __init__(self, docker: Sequence[str]) -> None:
        self._docker = tuple(docker)

    @property
    def client(self) -> tuple[str, ...]:
        """The client's argv."""
        return self._docker

    def run(self, *arguments: str) -> str:
        """What the client answers.

        Raises:
            Broken: it fails.
        """
        code, said, words = self.call(*arguments)
        if code != 0:
            raise Broken(f"docker {arguments[0]} failed: {words[-_WORDS:]}")
        return said

    def call(self, *arguments: str) -> tuple[int, str, str]:
        """Its exit code, its output, and what it says besides.

        Raises:
            Broken: it does not start, or takes too long.
        """
        try:
            done = subprocess.run(  # noqa: S603 - the client that was found
                (*self._docker, *arguments),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Broken(f"docker {arguments[0]} failed: {error}") from error
        return (
            done.returncode,
            done.stdout.decode(errors="replace").strip(),
            done.stderr.decode(errors="replace").strip(),
        )

    def check_is_here(self) -> None:
        """See to it that what the engine publishes can be reached.

        Raises:
            Broken: the engine is on another host.
        """
        asked = ("context", "inspect", "--format", "{{.Endpoints.docker.Host}}")
        code, host, _ = self.call(*asked)
        if code == 0 and host and not _LOCAL.fullmatch(host):
            raise Broken(
                f"the Docker engine is on another host ({host[:200]}), where the"
                " container cannot be reached: run the stage where the engine is"
            )
