"""Installing what a project needs into an environment made for it.

Whatever the installer, the project's folder is left as it is: environments, build
folders and metadata lie elsewhere.
"""

import os
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

from sluicegate.adapters.credentials import Credentials
from sluicegate.adapters.dependencies import Dependencies, Manner
from sluicegate.adapters.lock_file import locked
from sluicegate.adapters.search import find_programs
from sluicegate.errors import PermanentError
from sluicegate.model.command import Command, CommandResult
from sluicegate.ports.process import OnLine, ProcessRunner

_INSTALL_TIME = timedelta(minutes=30)
_MAX_WORDS = 600  # characters of what an installer said last

# What is installed where a lock file needs a program that is not on PATH.
_WANTED = {"uv": "uv>=0.5,<1", "poetry": "poetry>=1.8,<3"}

# Where pip was told of other places than PyPI; uv would not go there.
_PIP_PLACES = {
    "PIP_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS",
    "PIP_INDEX_URL",
    "PIP_NO_INDEX",
}
_PIP_FILES = ("/etc/pip.conf", "~/.config/pip/pip.conf", "~/.pip/pip.conf")

# setuptools writes both of these beside the sources otherwise. The file is read by
# distutils, whoever starts the build.
_BUILD_ELSEWHERE = "[build]\nbuild_base={0}/build\n[egg_info]\negg_base={0}\n"


class Installer:
    """Installs with uv, Poetry or pip, as the project's own files ask for.

    Programs that a lock file needs and PATH lacks are installed under *programs*.
    """

    def __init__(
        self,
        project: Path,
        programs: Path,
        runner: ProcessRunner,
        environ: Mapping[str, str],
        on_line: OnLine,
        sleep: Callable[[float], None],
    ) -> None:
        self._project = project
        self._programs = programs
        self._runner = runner
        self._environ = environ
        self._credentials = Credentials(environ)
        self._on_line = on_line
        self._sleep = sleep

    def make(self, needs: Dependencies, environment: Path) -> None:
        """Make *environment*, which must not exist, and install *needs*.

        Raises:
            PermanentError: an installer failed; the message ends with what it said.
            Interrupted: asked to stop while installing.
            OSError: a folder cannot be made.
        """
        match needs.manner:
            case Manner.UV:
                self._sync(needs, environment)
            case Manner.POETRY:
                self._install_with_poetry(needs, environment)
            case _:
                self._install_with_pip(needs, environment)

    def _sync(self, needs: Dependencies, environment: Path) -> None:
        chosen = [f"--extra={extra}" for extra in needs.extras]
        chosen += [f"--group={group}" for group in needs.groups]
        self._install(
            (self._program("uv"), "sync", "--frozen", "--compile-bytecode", *chosen),
            {
                "UV_PROJECT_ENVIRONMENT": str(environment),
                **_build_elsewhere(environment),
            },
        )

    def _install_with_poetry(self, needs: Dependencies, environment: Path) -> None:
        poetry = self._program("poetry")
        self._install((sys.executable, "-m", "venv", str(environment)))
        chosen = [f"--extras={extra}" for extra in needs.extras]
        chosen += [f"--with={group}" for group in needs.groups]
        self._install(
            (poetry, "install", "--no-interaction", "--no-ansi", *chosen),
            {  # Poetry installs into the environment that is active.
                "VIRTUAL_ENV": str(environment),
                "PATH": f"{environment}/bin:{self._environ.get('PATH', os.defpath)}",
                "POETRY_VIRTUALENVS_IN_PROJECT": "false",
                **_build_elsewhere(environment),
            },
        )

    def _install_with_pip(self, needs: Dependencies, environment: Path) -> None:
        python = f"{environment}/bin/python"
        uv = next(find_programs("uv", self._environ), None)
        if uv is not None and not self._is_pip_configured():
            base = ("--python", sys.executable, str(environment))
            self._install((str(uv), "venv", "--no-project", *base))
            options = ("--compile-bytecode", "--python", python)
            install: tuple[str, ...] = (str(uv), "pip", "install", *options)
        else:
            self._install((sys.executable, "-m", "venv", str(environment)))
            pip = (python, "-m", "pip", "--no-input", "--disable-pip-version-check")
            install = (*pip, "install", "--progress-bar=off")
        self._install((*install, *needs.arguments), _build_elsewhere(environment))

    def _is_pip_configured(self) -> bool:
        if not _PIP_PLACES.isdisjoint(self._environ):
            return True
        file = self._environ.get("PIP_CONFIG_FILE")
        if file is not None:
            return file != os.devnull  # pip's way to say: no file at all
        home = self._environ.get("HOME", "")
        return any(Path(name.replace("~", home, 1)).exists() for name in _PIP_FILES)

    def _program(self, name: str) -> str:
        """The program *name* on PATH, else one of our own, made where it is missing."""
        program = next(find_programs(name, self._environ), None)
        if program is not None:
            return str(program)
        folder = self._programs / name
        marker = folder / ".sluicegate-complete"
        self._programs.mkdir(parents=True, exist_ok=True)
        lock = folder.with_suffix(".lock")
        with locked(lock, sleep=self._sleep, on_wait=lambda: None):
            if not marker.exists():
                self._on_line(f"installing {name}, which the project's lock file needs")
                self._install_program(name, folder)
                marker.touch()
        return str(folder / "bin" / name)

    def _install_program(self, name: str, folder: Path) -> None:
        try:
            self._install((sys.executable, "-m", "venv", "--clear", str(folder)))
            pip = (str(folder / "bin" / "python"), "-m", "pip", "--no-input")
            self._install((*pip, "install", _WANTED[name]))
        except PermanentError as error:
            raise PermanentError(
                f"the project's lock file needs {name}, which is not on PATH; {error}",
                hint=f"install {name}, or make a .venv in the project",
            ) from error

    def _install(
        self, argv: tuple[str, ...], env: Mapping[str, str] | None = None
    ) -> None:
        command = Command(argv, str(self._project), _INSTALL_TIME, env or {})
        result = self._runner.run(
            command, lambda line: self._on_line(self._credentials.hide(line))
        )
        if result.exit_code != 0 or result.timed_out:
            said = self._credentials.hide(end_of_output(result))
            raise PermanentError(
                "cannot make the project's environment:"
                f" {self._credentials.hide(' '.join(argv[:4]))} ... failed: {said}",
                hint="make a .venv in the project, or mend what the message names",
            )


def end_of_output(result: CommandResult) -> str:
    """What a program said last, for an error message."""
    text = (result.stderr.strip() or result.stdout.strip()).decode(errors="replace")
    return text[-_MAX_WORDS:] or f"exit code {result.exit_code}"


def _build_elsewhere(environment: Path) -> Mapping[str, str]:
    """Have setuptools build beside *environment*, not among the project's sources.

    Source:
        setuptools, ``DIST_EXTRA_CONFIG``: one more file of settings for distutils.
    """
    folder = environment.with_suffix(".build")
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "distutils.cfg"
    settings.write_text(_BUILD_ELSEWHERE.format(folder), encoding="utf-8")
    return {"DIST_EXTRA_CONFIG": str(settings)}
