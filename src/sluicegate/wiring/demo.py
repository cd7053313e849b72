"""What `sluice demo` needs of this machine, beyond what a run needs."""

from collections.abc import Mapping
from pathlib import Path

from sluicegate.adapters.foreground import ForegroundRunner
from sluicegate.adapters.targets.docker_traefik import remove_environment
from sluicegate.adapters.targets.images import remove_images
from sluicegate.adapters.tools import Tools
from sluicegate.wiring.machine import Machine

__all__ = ["build_foreground", "build_tools", "remove_environment", "remove_images"]


def build_foreground(machine: Machine) -> ForegroundRunner:
    """Runs our own commands, whose progress the user watches."""
    return ForegroundRunner(machine.stop, build_environ(machine.environ))


def build_tools(machine: Machine, folder: Path) -> Tools:
    """Finds programs for what is in *folder*."""
    return Tools(folder, machine.cache_folder, machine.process, machine.environ)


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
    found = {name: str(path) for name, path in theirs.items() if path.is_file()}
    kept = {name: value for name, value in environ.items() if name != "CI"}
    return {**found, **kept}
