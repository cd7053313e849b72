"""A real witness on this machine: aics-witness, which shares no code with ours."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGES = os.environ.get("SLUICE_TEST_WITNESS", "")
_READY = re.compile(r"listening on (http://[^ ]+)")
_VKEY = re.compile(r"witness vkey ([^ ]+)")
_START_SECONDS = 30

needs_witness = pytest.mark.skipif(
    not PACKAGES, reason="needs SLUICE_TEST_WITNESS, a folder with aics-witness"
)


@dataclass(frozen=True)
class Service:
    """A running witness. ``log`` is the file of what it says."""

    vkey: str
    url: str
    folder: Path

    def said(self) -> str:
        return (self.folder / "log").read_text()

    def evidence(self) -> str:
        """What it keeps of checkpoints that contradict what it has seen."""
        return run(self.folder, "evidence")


def run(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        [*_command(folder, arguments[0]), *arguments[1:]],
        env=_environ(),
        check=True,
        capture_output=True,
        text=True,
    ).stdout


@contextmanager
def serve(folder: Path, name: str, **logs: str) -> Iterator[Service]:
    """Serve the witness *name* for the logs named by their vkeys."""
    folder.mkdir()
    run(folder, "init", "--name", name, "--listen", "127.0.0.1:0")
    for vkey in logs.values():
        origin = vkey.partition("+")[0]
        run(folder, "add-log", "--origin", origin, "--vkey", vkey)
    with (
        (folder / "log").open("wb") as output,
        subprocess.Popen(
            _command(folder, "serve"), env=_environ(), stdout=output, stderr=output
        ) as process,
    ):
        try:
            yield _await(folder, process)
        finally:
            process.terminate()


def _await(folder: Path, process: subprocess.Popen[bytes]) -> Service:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        said = (folder / "log").read_text()
        ready, vkey = _READY.search(said), _VKEY.search(said)
        if ready and vkey:
            return Service(vkey[1], ready[1], folder)
        time.sleep(0.02)
    raise AssertionError((folder / "log").read_text())


def _command(folder: Path, verb: str) -> list[str]:
    module = [sys.executable, "-m", "aics_witness", verb]
    return [*module, "--config", str(folder / "witness.json")]


def _environ() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": PACKAGES}
