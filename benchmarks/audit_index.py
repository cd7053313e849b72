"""A run out of a large log: looked up in the index, and by reading all of it.

    python benchmarks/audit_index.py [--size 1000000] [--log FOLDER] [--out FILE]

Both are `sluice audit log --run RUN --json`, as processes, in turns; the second with
`--no-index`. What they print must be the same. Then the index is made anew, timed
beside reading the same log from end to end without looking at what is in it.
"""

import argparse
import gc
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from audit_logs import MILLION, build_log, make_run_id, make_vkey
from measure import (
    ROOT,
    describe_commit,
    describe_place,
    format_table,
    interleave,
    publish,
)
from measure import run as run_program

from sluicegate.adapters.sqlite_index import SqliteIndex
from sluicegate.adapters.stores.directory_log import DirectoryLog
from sluicegate.audit.indexing import update_index
from sluicegate.audit.reader import LogReader
from sluicegate.tlog.note import parse_vkey

_ROUNDS = 3
_RUN = 20_000
"""The run that is asked for; each has some 27 entries."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=MILLION)
    parser.add_argument("--log", type=Path, help="a log that audit_logs.py built")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    place = describe_place()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        log = arguments.log or root / "log"
        if arguments.log is None:
            build_log(log, arguments.size)
        document = {**place, "size": arguments.size, **_measure(root, log)}
    publish(arguments.out, document, _report(document))


def _measure(root: Path, log: Path) -> dict[str, object]:
    making = [_make_index(root / "made", log) for _ in range(_ROUNDS)]
    reading = [_clock(lambda: _read(log)) for _ in range(_ROUNDS)]
    size = next((root / "made").rglob("*.sqlite")).stat().st_size
    found = interleave(
        {
            "indexed": lambda: _ask(root, log),
            "whole": lambda: _ask(root, log, "--no-index"),
        },
        rounds=_ROUNDS,
    )
    if _ask(root, log) != _ask(root, log, "--no-index"):
        sys.exit("error: the answers differ")
    return {
        "indexed_seconds": found["indexed"].median,
        "whole_seconds": found["whole"].median,
        "ratio": found["whole"].ratio(found["indexed"]),
        "index_seconds": sorted(making)[_ROUNDS // 2],
        "read_seconds": sorted(reading)[_ROUNDS // 2],
        "index_bytes": size,
    }


def _ask(root: Path, log: Path, *more: str) -> bytes:
    """What the command prints; the first time it makes the index."""
    run = make_run_id(_RUN)
    argv = [sys.executable, "-m", "sluicegate", "audit", "log", "--run", run, "--json"]
    env = {"PATH": "/usr/bin:/bin", "HOME": str(root)}
    argv += ["--log", str(log.absolute()), *more]
    return run_program(argv, cwd=ROOT / "src", env=env)


def _open(log: Path) -> LogReader:
    return LogReader(DirectoryLog(log), parse_vkey(make_vkey()))


def _make_index(folder: Path, log: Path) -> float:
    shutil.rmtree(folder, ignore_errors=True)
    index = SqliteIndex(folder / "index.sqlite", make_vkey())
    return _clock(lambda: update_index(_open(log), index))


def _read(log: Path) -> None:
    for _ in _open(log).entries():
        pass


def _clock(action: Callable[[], None]) -> float:
    """CPU seconds, without looking for garbage, as the command does."""
    gc.disable()
    start = time.process_time()
    action()
    taken = time.process_time() - start
    gc.enable()
    return taken


def _report(document: dict[str, object]) -> str:
    values = {key: value for key, value in document.items() if isinstance(value, float)}
    size, octets = int(str(document["size"])), int(str(document["index_bytes"]))
    rows = [
        [
            "one run, by the index",
            f"{values['indexed_seconds']:.2f} s",
            f"{1 / values['ratio']:.3f}",
        ],
        ["one run, by reading all", f"{values['whole_seconds']:.2f} s", "1"],
    ]
    per_entry = values["index_seconds"] / size * 1e6
    times = values["index_seconds"] / values["read_seconds"]
    made = (
        f"Making the index took {per_entry:.1f} µs of CPU an entry"
        f" ({size / values['index_seconds']:,.0f} entries a second), {times:.1f} times"
        " as much as reading and verifying the log from end to end."
        f" It has {octets / size:.0f} bytes an entry."
    )
    title = f"# A run out of {size:,} entries".replace(",", " ")
    header = ["`sluice audit log --run`", "time", "ratio"]
    return "\n\n".join(
        [title, format_table(header, rows), made, describe_commit(document)]
    )


if __name__ == "__main__":
    main()
