"""The demo on this machine: wired up, and told to the terminal."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from sluicegate.adapters.lock_file import try_lock
from sluicegate.demo.machinery import Machinery
from sluicegate.demo.play import Demo, Wishes
from sluicegate.demo.result import Shown
from sluicegate.demo.show import Screen
from sluicegate.errors import UsageError
from sluicegate.wiring import demo as wired
from sluicegate.wiring.machine import Machine


def perform(folder: Path | None, *, port: int, keep: bool) -> Shown:
    """Perform the demo in *folder*, or in a new one.

    Raises:
        UsageError: *folder* is not empty, or *port* not free, or this is Windows.
        ExternalError: something failed, or did not do what it should.
        Interrupted: the user has seen enough.
    """
    machine = Machine()
    machine.check_runs_stages()
    if folder is None:
        folder = Path(tempfile.mkdtemp(prefix="sluicegate-demo-"))
    elif folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty", hint="name a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    machinery = Machinery(
        process=machine.process,
        foreground=wired.build_foreground(machine),
        tools=wired.build_tools(machine, folder),
        remove=wired.remove_environment,
        remove_images=wired.remove_images,
    )
    screen = Screen(Console(stderr=True, highlight=False))
    with machine.stop.install(), _alone(machine.cache_folder, port):
        return Demo(Wishes(folder, port, keep), machinery, screen).play()


@contextmanager
def _alone(cache: Path, port: int) -> Iterator[None]:
    """Keep other demos off *port*: each begins by removing what a killed one left.

    Raises:
        UsageError: one is under way there.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"demo-{port}.lock").open("w") as file:
        if not try_lock(file.fileno()):
            raise UsageError(
                f"another demo is under way on port {port}",
                hint="name another one: sluice demo --port N",
            )
        yield
