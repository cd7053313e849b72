"""A process that records in a ref: `python git_writer.py ROOT MACHINE RUN LABEL...`.

ROOT holds a clone, and the keys that all machines share; MACHINE is a folder in it with
what only one machine has. It says what `audit_writer` says.
"""

import random
import sys
import time
from pathlib import Path

from audit_writer import build_recorder, write
from fakes_audit import log_envelope
from log_stores import open_git

from sluicegate.adapters.keys import KeyDirectory
from sluicegate.adapters.stores.pins import PinFile
from sluicegate.audit import open_log
from sluicegate.audit.log import AuditLog


def wait(attempt: int) -> None:
    """Give way to another writer."""
    time.sleep(random.uniform(0, min(1.0, 0.05 * 2**attempt)))


def open_there(root: Path, machine: str) -> AuditLog:
    """The log in the ref, as *machine* sees it."""
    return open_log(
        open_git(root / "project", root / machine / "cache"),
        KeyDirectory(root / "keys"),
        PinFile(root / machine / "pins", "the ref"),
        wait=wait,
        origin="log.example/git",
        envelope=log_envelope,
    )


def main() -> None:
    root, machine, run_id, *labels = sys.argv[1:]
    log = open_there(Path(root), machine)
    write(build_recorder(Path(root) / machine, run_id, log), labels)


if __name__ == "__main__":
    main()
