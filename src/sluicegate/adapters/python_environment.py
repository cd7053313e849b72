"""The project's Python: its own ``.venv``, or a cached environment made for it.

An environment is named by the content of everything that decides what is in it, made
under a lock, and counts only once its last file, a marker, is there: one that was cut
short is made anew. It is never moved, since its scripts hold absolute paths.
"""

import fcntl
import hashlib
import os
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from sluicegate.adapters.dependencies import Dependencies, Manner, read_dependencies
from sluicegate.adapters.search import find_programs
from sluicegate.errors import PermanentError
from sluicegate.model.command import Command, CommandResult
from sluicegate.model.tool import Tool
from sluicegate.ports.process import OnLine, ProcessRunner

_INSTALL_TIME = timedelta(minutes=30)
_PROBE_TIME = timedelta(minutes=1)
_MARKER = ".sluicegate-complete"
_RECIPE = "1"  # raise it when environments are made differently

_PROBE = (
    "import importlib.util as u, platform;"
    "print(platform.python_version(), u.find_spec('pytest') is not None)"
)
# Where pip was told of other places than PyPI; uv would not go there.
_PIP_PLACES = {
    "PIP_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS",
    "PIP_INDEX_URL",
    "PIP_NO_INDEX",
}
_PIP_FILES = ("/etc/pip.conf", "~/.config/pip/pip.conf", "~/.pip/pip.conf")


class PythonEnvironments:
    """Finds or makes the environment of the project in *project*."""

    def __init__(
        self,
        project: Path,
        cache: Path,
        runner: ProcessRunner,
        environ: Mapping[str, str],
        on_line: OnLine,
    ) -> None:
        self._project = project
        self._cache = cache / "environments"
        self._runner = runner
        self._environ = environ
        self._on_line = on_line

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
        try:
            self._cache.mkdir(parents=True, exist_ok=True)
            with _locked(environment.with_suffix(".lock")):
                if not self._is_complete(environment):
                    self._on_line(
                        f"installing the project's needs ({needs.manner.value})"
                    )
                    shutil.rmtree(environment, ignore_errors=True)
                    self._make(needs, environment)
                    (environment / _MARKER).touch()
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
        result = self._run((str(python), "-c", _PROBE), _PROBE_TIME, lambda _: None)
        words = result.stdout.decode(errors="replace").split()
        if result.exit_code != 0 or len(words) != 2:  # noqa: PLR2004 - two are printed
            raise PermanentError(
                f"{python} does not work: {_end(result)}", hint=f"remove {environment}"
            )
        if words[1] != "True":
            raise PermanentError(
                f"pytest is not installed in the project's environment ({environment})",
                hint=self._hint_for_pytest(),
            )
        return Tool("project-python", (str(python),), words[0], None, self._origin())

    def _origin(self) -> str:
        if self.own() is not None:
            return "the project's .venv"
        manner = self.dependencies().manner
        if manner is Manner.NOTHING:
            return "made with pytest alone: the project declares no dependencies"
        return f"made from the project's {manner.value}"

    def _hint_for_pytest(self) -> str:
        if self.own() is not None:
            return "install it there: .venv/bin/python -m pip install pytest"
        return f"add pytest to the project's {self.dependencies().manner.value}"

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

    def _make(self, needs: Dependencies, environment: Path) -> None:
        match needs.manner:
            case Manner.UV:
                self._make_with_uv_sync(needs, environment)
            case Manner.POETRY:
                self._make_with_poetry(environment)
            case Manner.REQUIREMENTS | Manner.PYPROJECT | Manner.NOTHING:
                self._make_with_pip(needs, environment)

    def _make_with_uv_sync(self, needs: Dependencies, environment: Path) -> None:
        uv = self._program("uv", "install uv, or make a .venv in the project")
        chosen = [f"--extra={extra}" for extra in needs.extras]
        chosen += [f"--group={group}" for group in needs.groups]
        self._install(
            (uv, "sync", "--frozen", "--compile-bytecode", *chosen),
            {"UV_PROJECT_ENVIRONMENT": str(environment)},
        )

    def _make_with_poetry(self, environment: Path) -> None:
        poetry = self._program(
            "poetry", "install Poetry, or make a .venv in the project"
        )
        self._install((sys.executable, "-m", "venv", str(environment)))
        self._install(
            (poetry, "install", "--no-interaction", "--no-ansi"),
            {  # Poetry installs into the environment that is active.
                "VIRTUAL_ENV": str(environment),
                "PATH": f"{environment}/bin:{self._environ.get('PATH', os.defpath)}",
            },
        )

    def _make_with_pip(self, needs: Dependencies, environment: Path) -> None:
        python = f"{environment}/bin/python"
        uv = next(find_programs("uv", self._environ), None)
        if uv is not None and not self._is_pip_configured():
            base = ("--python", sys.executable, str(environment))
            self._install((str(uv), "venv", "--no-project", *base))
            options = ("--compile-bytecode", "--python", python)
            self._install((str(uv), "pip", "install", *options, *needs.arguments))
        else:
            self._install((sys.executable, "-m", "venv", str(environment)))
            pip = (python, "-m", "pip", "--no-input", "--disable-pip-version-check")
            self._install((*pip, "install", *needs.arguments))

    def _is_pip_configured(self) -> bool:
        if not _PIP_PLACES.isdisjoint(self._environ):
            return True
        file = self._environ.get("PIP_CONFIG_FILE")
        if file is not None:
            return file != os.devnull  # pip's way to say: no file at all
        home = self._environ.get("HOME", "")
        return any(Path(name.replace("~", home, 1)).exists() for name in _PIP_FILES)

    def _program(self, name: str, hint: str) -> str:
        program = next(find_programs(name, self._environ), None)
        if program is None:
            raise PermanentError(f"the project's lock file needs {name}", hint=hint)
        return str(program)

    def _install(
        self, argv: tuple[str, ...], env: Mapping[str, str] | None = None
    ) -> None:
        result = self._run(argv, _INSTALL_TIME, self._on_line, env)
        if result.exit_code != 0 or result.timed_out:
            raise PermanentError(
                "cannot make the project's environment:"
                f" {' '.join(argv[:4])} ... failed: {_end(result)}",
                hint="make a .venv in the project, or mend what the message names",
            )

    def _run(
        self,
        argv: tuple[str, ...],
        timeout: timedelta,
        on_line: OnLine,
        env: Mapping[str, str] | None = None,
    ) -> CommandResult:
        command = Command(argv, str(self._project), timeout, env or {})
        return self._runner.run(command, on_line)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep other runs on this machine from making the same environment."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _end(result: CommandResult) -> str:
    text = (result.stderr.strip() or result.stdout.strip()).decode(errors="replace")
    return text[-600:] or f"exit code {result.exit_code}"
