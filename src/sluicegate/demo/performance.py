"""The demo on this machine: wired up, and told to the terminal."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from sluicegate.adapters.foreground import ForegroundRunner
from sluicegate.adapters.targets.docker_traefik import remove_environment
from sluicegate.adapters.targets.images import remove_images
from sluicegate.adapters.tools import Tools
from sluicegate.demo.machinery import Machinery
from sluicegate.demo.play import Demo, Wishes
from sluicegate.demo.result import Shown
from sluicegate.demo.show import Screen
from sluicegate.errors import UsageError
from sluicegate.wiring import Machine


def perform(folder: Path | None, *, port: int, keep: bool) -> Shown:
    """Perform the demo in *folder*, or in a new one.

    Raises:
        UsageError: *folder* is not empty, or *port* not free.
        ExternalError: something failed, or did not do what it should.
        Interrupted: the user has seen enough.
    """
    if folder is None:
        folder = Path(tempfile.mkdtemp(prefix="sluicegate-demo-"))
    elif folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty", hint="name a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    machine = Machine()
    machinery = Machinery(
        process=machine.process,
        foreground=ForegroundRunner(machine.stop, build_environ(machine.environ)),
        tools=Tools(folder, machine.cache_folder, machine.process, machine.environ),
        remove=remove_environment,
        remove_images=remove_images,
    )
    screen = Screen(Console(stderr=True, highlight=False))
    with machine.stop.install():
        return Demo(Wishes(folder, port, keep), machinery, screen).play()


def build_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of the demo's commands.

    The demo has a configuration folder of its own, for its keys, where pip and uv
    would miss what their user told them; and it is nobody's CI.
    """
    home = Path(environ.get("HOME") or Path.home())
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    theirs = {
        "PIP_CONFIG_FILE": config / "pip" / "pip.conf",
        "UV_CONFIG_FILE": config / "uv" / "uv.toml",
    }
    kept = {name: value for name, value in environ.items() if name != "CI"}
    found = {name: str(path) for name, path in theirs.items() if path.is_file()}
    return {**found, **kept}
