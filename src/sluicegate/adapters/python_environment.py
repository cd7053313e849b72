"""The project's Python: its own ``.venv``, or a cached environment made for it.

An environment is named by the content of everything that decides what is in it, made
under a lock, and counts only once its last file, a marker, is there: one that was cut
short is made anew. It is never moved, since its scripts hold absolute paths.
"""

import hashlib
import os
import platform
import shutil
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

from sluicegate.adapters.dependencies import Dependencies, Manner, read_dependencies
from sluicegate.adapters.environment_digest import digest_environment
from sluicegate.adapters.installer import Installer, end_of_output
from sluicegate.adapters.lock_file import locked
from sluicegate.errors import PermanentError
from sluicegate.model.command import Command
from sluicegate.model.tool import Tool
from sluicegate.ports.process import OnLine, ProcessRunner

_PROBE_TIME = timedelta(minutes=1)
_MARKER = ".sluicegate-complete"
_RECIPE = "2"  # raise it when environments are made differently

# First version and whether pytest is there, then where distributions are installed.
_PROBE = """\
import importlib.util, platform, sys
print(platform.python_version(), importlib.util.find_spec("pytest") is not None)
ends = "site-packages", "dist-packages"
print(*(path for path in sys.path if path.endswith(ends)), sep="\\n")
"""
_HINTS = {
    Manner.UV: "add it to the group dev: uv add --dev pytest",
    Manner.POETRY: "add it to the group dev: poetry add --group dev pytest",
    Manner.REQUIREMENTS: "add pytest to requirements-dev.txt",
    Manner.PYPROJECT: 'in pyproject.toml, under [dependency-groups]: dev = ["pytest"]',
    Manner.SETUP: "add pytest to requirements-dev.txt",
    Manner.NOTHING: "write pytest into requirements-dev.txt",
}


class PythonEnvironments:
    """Finds or makes the environment of the project in *project*."""

    def __init__(
        self,
        project: Path,
        cache: Path,
        runner: ProcessRunner,
        environ: Mapping[str, str],
        on_line: OnLine,
        sleep: Callable[[float], None],
    ) -> None:
        self._project = project
        self._cache = cache / "environments"
        self._runner = runner
        self._on_line = on_line
        self._sleep = sleep
        self._installer = Installer(
            project, cache / "installers", runner, environ, on_line, sleep
        )

    def dependencies(self) -> Dependencies:
        """What the project declares."""
        return read_dependencies(self._project)

    def own(self) -> Path | None:
        """The project's ``.venv``, if there is one."""
        environment = self._project / ".venv"
        return environment if (environment / "bin" / "python").exists() else None

    def find(self) -> Path:
        """The project's environment, made first if it must be.

        Raises:
            PermanentError: it cannot be made; the message ends with the installer's.
            Interrupted: asked to stop while installing.
        """
        own = self.own()
        if own is not None:
            return own
        needs = self.dependencies()
        environment = self._cache / self._key(needs)
        if self._is_complete(environment):
            return environment
        try:
            self._cache.mkdir(parents=True, exist_ok=True)
            lock = environment.with_suffix(".lock")
            with locked(lock, sleep=self._sleep, on_wait=self._say_wait):
                if not self._is_complete(environment):
                    self._make(needs, environment)
        except OSError as error:
            raise PermanentError(f"cannot make an environment: {error}") from error
        return environment

    def python(self) -> Tool:
        """The interpreter of the project's environment, which has pytest.

        Raises:
            PermanentError: as `find`; or pytest is missing there.
            Interrupted: asked to stop while installing.
        """
        environment = self.find()
        python = environment / "bin" / "python"
        command = Command((str(python), "-c", _PROBE), str(self._project), _PROBE_TIME)
        result = self._runner.run(command, lambda _line: None)
        first, *sites = result.stdout.decode(errors="replace").splitlines() or [""]
        words = first.split()
        if result.exit_code != 0 or len(words) != 2:  # noqa: PLR2004 - two are printed
            raise PermanentError(
                f"{python} does not work: {end_of_output(result)}",
                hint=f"remove {environment}",
            )
        if words[1] != "True":
            raise PermanentError(
                f"pytest is not installed in the project's environment ({environment})",
                hint=self._hint_for_pytest(),
            )
        digest = digest_environment(map(Path, sites), self._project)
        return Tool("project-python", (str(python),), words[0], digest, self._origin())

    def _make(self, needs: Dependencies, environment: Path) -> None:
        self._on_line(f"installing the project's needs ({needs.manner.value})")
        shutil.rmtree(environment, ignore_errors=True)
        self._installer.make(needs, environment)
        (environment / _MARKER).touch()

    def _say_wait(self) -> None:
        self._on_line("waiting for another run that installs the project's needs")

    def _origin(self) -> str:
        if self.own() is not None:
            return "the project's .venv"
        manner = self.dependencies().manner
        if manner is Manner.NOTHING:
            return "made with pytest alone: the project declares no dependencies"
        return f"made from the project's {manner.value}"

    def _hint_for_pytest(self) -> str:
        own, manner = self.own(), self.dependencies().manner
        if own is not None and (own / "bin" / "pip").exists():
            return "install it there: .venv/bin/python -m pip install pytest"
        if own is not None and manner is not Manner.UV:
            return "install it there: uv pip install pytest"
        return _HINTS[manner]

    def _key(self, needs: Dependencies) -> str:
        parts = [_RECIPE, sys.version, platform.machine(), needs.manner.value]
        if needs.is_local:
            parts.append(str(self._project))
        state = hashlib.sha256(repr((parts, needs.arguments)).encode())
        for path in needs.files:
            content = path.read_bytes() if path.is_file() else b""
            state.update(
                repr((path.name, hashlib.sha256(content).hexdigest())).encode()
            )
        return state.hexdigest()[:32]

    def _is_complete(self, environment: Path) -> bool:
        marker, python = environment / _MARKER, environment / "bin" / "python"
        return marker.exists() and os.access(python, os.X_OK)  # its base may have gone
