"""Finding a Docker client that can build, and an engine behind it."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from sluicegate.adapters.search import digest_file, find_programs
from sluicegate.errors import PermanentError
from sluicegate.model.command import CommandResult
from sluicegate.model.tool import DOCKER_CLASSIC, Tool

_VERSION = re.compile(r"Docker version (\d+)([^\s,]*)")
_FIRST_WITHOUT_BUILDKIT = 23  # the client from which BuildKit is a plugin, buildx
_FIRST_WITH_BUILDKIT = 18

Ask = Callable[..., CommandResult]
"""Runs a program to its end."""


class _Client(NamedTuple):
    """A client; ``lacks`` says why it cannot build with BuildKit, None if it can."""

    path: Path
    version: str
    lacks: str | None


def find_docker(environ: Mapping[str, str], ask: Ask) -> Tool:
    """The first client on PATH that can build with BuildKit, and has an engine.

    A client before 23 has BuildKit in it; since then it needs the buildx plugin. Where
    no client has it, the first that has the classic builder is taken, under the name
    `DOCKER_CLASSIC`: whether that is enough, the Dockerfile decides.

    Raises:
        PermanentError: there is none, or no engine.
    """
    refused, classic = [], []
    for path in find_programs("docker", environ):
        judged = _judge(path, ask)
        if isinstance(judged, str):
            refused.append(f"{path} {judged}")
        elif judged.lacks is None:
            _check_engine(path, ask)
            return _tool("docker", judged, f"{path} on PATH")
        else:
            classic.append(judged)
    if classic:
        _check_engine(classic[0].path, ask)
        lacking = "; ".join(f"{each.path} {each.lacks}" for each in classic)
        return _tool(DOCKER_CLASSIC, classic[0], lacking)
    if refused:
        raise PermanentError(
            f"no Docker client can build: {'; '.join(refused)}",
            hint="install Docker, on Debian and Ubuntu: apt-get install docker.io",
        )
    raise PermanentError(
        "docker is not on PATH",
        hint="install Docker, on Debian and Ubuntu: apt-get install docker.io",
    )


def _tool(name: str, client: _Client, origin: str) -> Tool:
    argv, digest = (str(client.path),), digest_file(client.path)
    return Tool(name, argv, client.version, digest, origin)


def _judge(path: Path, ask: Ask) -> _Client | str:
    """What the client at *path* is, or why it will not do."""
    try:
        said = ask(str(path), "--version").stdout.decode(errors="replace")
    except PermanentError as error:
        return f"does not start ({error})"
    found = _VERSION.match(said)
    if found is None:
        return f"is not Docker ({said.strip()[:60] or 'it says nothing'})"
    version, major = found[1] + found[2], int(found[1])
    if major < _FIRST_WITH_BUILDKIT:
        return _Client(path, version, f"({version}) is too old for BuildKit")
    if (
        major >= _FIRST_WITHOUT_BUILDKIT
        and ask(str(path), "buildx", "version").exit_code != 0
    ):
        return _Client(path, version, f"({version}) has no buildx plugin")
    return _Client(path, version, None)


def _check_engine(path: Path, ask: Ask) -> None:
    said = ask(str(path), "version", "--format", "{{.Server.Version}}")
    if said.exit_code != 0:
        words = said.stderr.decode(errors="replace").strip()
        raise PermanentError(
            f"the Docker engine does not answer: {words[-300:]}",
            hint=(
                "add this user to the group docker and log in again"
                if "permission denied" in words
                else "start it (systemctl start docker), or check DOCKER_HOST"
            ),
        )
