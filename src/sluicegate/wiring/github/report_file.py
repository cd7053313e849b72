"""The file that holds the whole of a run, for steps and jobs that follow."""

import os
import secrets
from pathlib import Path

from sluicegate.errors import UsageError
from sluicegate.wiring.machine import Machine

_FOLDER = "sluicegate"


def write_report(machine: Machine, run_id: str, document: str) -> Path:
    """Write *document* into the runner's folder of temporary files.

    The name is put in place at once and follows no link: programs of the pipeline
    could have made one.

    Raises:
        UsageError: the runner names no such folder.
        OSError: it cannot be written.
    """
    named = machine.environ.get("RUNNER_TEMP")
    if not named:
        raise UsageError("RUNNER_TEMP is not set: this is a step of GitHub Actions")
    folder = Path(named) / _FOLDER
    folder.mkdir(exist_ok=True)
    file = folder / f"run-{run_id}.json"
    new = folder / f".{secrets.token_hex(8)}"
    with new.open("x", encoding="utf-8") as stream:
        stream.write(f"{document}\n")
    os.replace(new, file)  # noqa: PTH105 - of a folder it says what is wrong
    return file
