"""A process that hands a log over to a new key: `python rotation_writer.py ROOT`.

It says the new key once the log has it. Accesses to /BEGIN and /END mark the rotation
in a trace.
"""

import os
import sys
from pathlib import Path

from audit_writer import new_id, open_here
from fakes_audit import log_envelope

from sluicegate.adapters.keys import KeyDirectory
from sluicegate.audit.succession import rotate_key


def rotate(root: Path) -> str:
    """Rotate; the new key."""
    return rotate_key(
        open_here(root),
        KeyDirectory(root / "keys"),
        lambda: log_envelope(new_id()),
        reason="a test",
        overlap_until=None,
    ).new_vkey


def main() -> None:
    root = Path(sys.argv[1])
    open_here(root)  # what is loaded late is loaded now
    os.access("/BEGIN", os.F_OK)
    vkey = rotate(root)
    os.write(1, f"{vkey}\n".encode())
    os.access("/END", os.F_OK)


if __name__ == "__main__":
    main()
