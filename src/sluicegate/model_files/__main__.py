"""Read model files as a JSON object on the command line orders, and say what they are.

The exit code is 0 if every file was looked at, whatever was found, and 2 otherwise.
Orders with a ``content`` ask whether the files are still just those: 1 if they are not.
Orders with a ``note`` write down what is there before a training, of which orders with
a ``noted`` then let nothing be that it has not written.
"""

import json
import sys
from pathlib import Path
from typing import Any

from sluicegate.model_files.before import find_untouched, note
from sluicegate.model_files.folder import Unreadable
from sluicegate.model_files.left import find_content
from sluicegate.model_files.look import Orders, describe, look

_OTHER, _BROKEN = 1, 2


def main() -> int:
    """Do as the orders say; the exit code."""
    orders = json.loads(sys.argv[1])
    project, paths = Path(orders["project"]), orders["paths"]
    try:
        if "content" in orders:
            return _compare(project, paths, orders["content"])
        if "note" in orders:
            note(project, paths, Path(orders["note"]))
            return 0
        if "noted" in orders:
            _check_written(project, paths, Path(orders["noted"]))
        return _describe(project, paths, orders)
    except Unreadable as error:
        sys.stderr.write(f"{error}\n")
        return _BROKEN


def _describe(project: Path, paths: list[str], orders: dict[str, Any]) -> int:
    pickle = orders["pickle"]
    seen = look(
        Orders(
            project,
            paths,
            frozenset(orders["formats"]),
            None if pickle is None else frozenset(pickle),
            frozenset(orders["unchecked"]),
            orders["max_file"],
        )
    )
    text = json.dumps(describe(seen), indent=1)
    if orders["output"] is None:
        sys.stdout.write(text)
    else:
        Path(orders["output"]).write_text(text, "ascii")
    return 0


def _compare(project: Path, paths: list[str], content: str) -> int:
    if find_content(project, paths) == content:
        return 0
    sys.stderr.write(f"the files of {', '.join(paths)} are not what they were\n")
    return _OTHER


def _check_written(project: Path, paths: list[str], noted: Path) -> None:
    untouched = find_untouched(project, paths, noted)
    if untouched:
        more = f" and {len(untouched) - 1} more" if len(untouched) > 1 else ""
        raise Unreadable(
            f"{untouched[0]}{more} was there before the training began, which has not"
            f" written it: remove it, or let the training begin by that"
        )


if __name__ == "__main__":
    raise SystemExit(main())
