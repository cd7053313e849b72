"""What the demo needs of this machine before it can begin."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from sluicegate.demo.project import run_checked
from sluicegate.errors import PermanentError
from sluicegate.model.command import Command
from sluicegate.ports.process import ProcessRunner
from sluicegate.ports.tools import ToolFinder
from sluicegate.wiring.templates import templates

DOCUMENTED_BASE = "python:3.12-slim"
_LOCAL_BASE = "sluicegate-base"
_PULL = timedelta(minutes=3)
_DOWNLOAD = timedelta(minutes=3)
_BUILD = timedelta(minutes=10)
_QUICK = timedelta(seconds=30)


class Foreground(Protocol):
    """Runs a program whose progress the user watches; its standard output is kept."""

    def run(
        self, argv: tuple[str, ...], *, cwd: str, env: Mapping[str, str]
    ) -> tuple[int, bytes]:
        """Run to the end; the exit code and standard output.

        Raises:
            PermanentError: the program cannot be started.
            Interrupted: asked to stop, and the program has ended.
        """
        ...


@dataclass(frozen=True, slots=True)
class Machinery:
    """The ports of the demo.

    Attributes:
        process: for programs whose output only matters if they fail.
        foreground: for `sluice run`.
        tools: finds the programs that stages use.
        remove: takes project, environment and state folder, and the environment off
            the engine; also when the user has asked to stop.
        remove_images: removes all images of a repository, also then.
    """

    process: ProcessRunner
    foreground: Foreground
    tools: ToolFinder
    remove: Callable[[str, str, Path], None]
    remove_images: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Base:
    """An image to build on, and how it was come by."""

    image: str
    note: str | None


class Engine:
    """The Docker engine, through the client that builds."""

    def __init__(self, machinery: Machinery, folder: Path) -> None:
        self._process = machinery.process
        self._docker = machinery.tools.find("docker").argv
        self._folder = str(folder)

    def base(self, say: Callable[[str], None]) -> Base:
        """Find, pull or build an image with Python 3.

        Raises:
            PermanentError: neither a registry nor debootstrap gave one.
        """
        if self._has(DOCUMENTED_BASE):
            return Base(DOCUMENTED_BASE, None)
        say(f"pulling {DOCUMENTED_BASE}")
        pull = self._command("pull", "--quiet", DOCUMENTED_BASE, timeout=_PULL)
        if self._process.run(pull, _ignore).exit_code == 0:
            return Base(DOCUMENTED_BASE, None)
        image = f"{_LOCAL_BASE}:{_codename()}"
        note = (
            f"No image registry gave {DOCUMENTED_BASE}; built on {image} instead, made"
            " of this machine's own distribution with debootstrap."
        )
        if not self._has(image):
            say(
                f"no registry gave it: building {image} with debootstrap (about 80 s,"
                " kept for the next time)"
            )
            script = str(templates() / "base-image" / "build.sh")
            argv = ("bash", script, image, *self._docker)
            run_checked(self._process, Command(argv, self._folder, _BUILD))
        return Base(image, note)

    def _has(self, image: str) -> bool:
        inspect = self._command("image", "inspect", image)
        return self._process.run(inspect, _ignore).exit_code == 0

    def _command(self, *arguments: str, timeout: timedelta = _QUICK) -> Command:
        return Command((*self._docker, *arguments), self._folder, timeout)


def can_find_vulnerabilities(machinery: Machinery, folder: Path) -> bool:
    """Whether Trivy can have an up-to-date vulnerability database."""
    trivy = machinery.tools.find("trivy").argv
    argv = (*trivy, "image", "--download-db-only", "--no-progress")
    result = machinery.process.run(Command(argv, str(folder), _DOWNLOAD), _ignore)
    return result.exit_code == 0


def _ignore(_line: str) -> None:
    """Take no notice of a line of output."""


def _codename() -> str:
    """The name of this distribution's release.

    Raises:
        PermanentError: it has none, so there is nothing to build a base image from.
    """
    try:
        text = Path("/etc/os-release").read_text(encoding="utf-8")
    except OSError:
        text = ""
    for line in text.splitlines():
        key, _, value = line.partition("=")
        if key == "VERSION_CODENAME":
            return value.strip('"')
    raise PermanentError(
        f"{DOCUMENTED_BASE} cannot be pulled, and this is neither Debian nor Ubuntu",
        hint=f"see why `docker pull {DOCUMENTED_BASE}` fails",
    )
