"""Durable appends: entries a second by batch, and what one append costs the disk.

All write entries of the same 900 bytes and are durable when an append returns. Ours
signs a checkpoint each time and keeps two pins; aics-tlog's writer makes tiles and
neither signs nor commits; pymerkle keeps leaves in SQLite. The reference is what six
flushes of small files cost in the same round.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from measure import describe_commit, describe_place, format_table, publish
from peers import provide

from sluicegate.adapters.keys import KeyDirectory
from sluicegate.adapters.stores.directory_log import DirectoryLog
from sluicegate.adapters.stores.pins import PinFile
from sluicegate.audit.envelope import Actor, LogEnvelope, Recording
from sluicegate.audit.log import AuditLog

BATCHES = (1, 16, 256)
ENTRY_BYTES = 900
ROUNDS = 5
SECONDS = 1.5  # how long a contestant appends in a round
FLUSHES = 6

Append = Callable[[list[bytes]], object]


def entries(number: int, batch: int) -> list[bytes]:
    """*batch* entries, none of which was there before."""
    return [
        f"{number}/{place}".encode().ljust(ENTRY_BYTES, b".") for place in range(batch)
    ]


@contextmanager
def ours(folder: Path) -> Iterator[Append]:
    """Our log in a folder, its key and its pins."""
    signer = KeyDirectory(folder / "keys").create("log.example/bench")
    pin = PinFile(folder / "pins", str(folder / "log"))
    store = DirectoryLog(folder / "log")
    actor, tool = Actor("user", "1000"), Recording("sluicegate", "0")
    envelope = LogEnvelope("0" * 26, datetime(2026, 11, 22, tzinfo=UTC), actor, tool)
    with store.exclusive():
        log = AuditLog.create(store, signer, pin, envelope=envelope)
    yield log.append


@contextmanager
def aics(folder: Path) -> Iterator[Append]:
    """The incremental tile writer of aics-tlog, with fsync."""
    from aics_tlog.writer import (  # noqa: PLC0415 - provided by now
        DirectoryTileStore,
        IncrementalTileWriter,
    )

    yield IncrementalTileWriter(DirectoryTileStore(folder, fsync=True)).append


@contextmanager
def pymerkle(folder: Path) -> Iterator[Append]:
    """pymerkle on SQLite, one transaction a batch."""
    from pymerkle import SqliteTree  # noqa: PLC0415 - provided by now

    with SqliteTree(str(folder / "tree.db")) as tree:
        yield (
            lambda batch: (
                tree.append_entry(batch[0])
                if len(batch) == 1
                else tree.append_entries(batch)
            )
        )


@contextmanager
def flushes(folder: Path) -> Iterator[Append]:
    """Six flushes: three small files, each renamed into place, and their folder."""

    def append(batch: list[bytes]) -> None:
        for place in range(FLUSHES // 2):
            new = folder / f".{place}"
            with new.open("wb") as file:
                file.write(batch[0])
                file.flush()
                os.fsync(file.fileno())
            new.replace(folder / str(place))
            directory = os.open(folder, os.O_RDONLY)
            os.fsync(directory)
            os.close(directory)

    yield append


CONTESTANTS = {
    "sluicegate": ours,
    "aics-tlog writer": aics,
    "pymerkle on SQLite": pymerkle,
    "six flushes": flushes,
}


def rate(name: str, batch: int, root: Path) -> float:
    """Entries a second of one contestant, appended for a while in a new folder."""
    folder = Path(tempfile.mkdtemp(dir=root))
    with CONTESTANTS[name](folder) as append:
        append(entries(0, batch))
        start = time.perf_counter()
        count = 0
        while time.perf_counter() - start < SECONDS:
            count += 1
            append(entries(count, batch))
        taken = time.perf_counter() - start
    shutil.rmtree(folder)
    return count * batch / taken


def count_flushes(root: Path) -> list[int]:
    """The flushes of each of ten steady appends, counted by strace; it is exact."""
    trace = root / "trace"
    program = (
        "import os, sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path;"
        "from audit_append import ours, entries\n"
        "with ours(Path(sys.argv[2])) as append:\n"
        "  append(entries(0, 1))\n"
        "  for n in range(10):\n"
        "    os.access('/MARK', 0); append(entries(n + 1, 1))\n"
        "  os.access('/MARK', 0)\n"
    )
    subprocess.run(
        [
            *("strace", "-f", "-o", str(trace), "-e", "trace=fsync,fdatasync,access"),
            *("-e", "signal=none"),
            *(sys.executable, "-c", program, str(Path(__file__).parent), str(root)),
        ],
        check=True,
    )
    parts = re.split(r".*/MARK.*", trace.read_text())[1:-1]
    return [len(re.findall(r"\b(?:fsync|fdatasync)\(", part)) for part in parts]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    place = describe_place()
    with tempfile.TemporaryDirectory(dir=".") as name:
        root = Path(name).absolute()
        provide(root)
        counted = count_flushes(root)
        rates: dict[str, dict[int, list[float]]] = {
            each: {batch: [] for batch in BATCHES} for each in CONTESTANTS
        }
        for number in range(ROUNDS):
            names = list(CONTESTANTS)
            for batch in BATCHES:
                for each in names[number % 4 :] + names[: number % 4]:
                    rates[each][batch].append(rate(each, batch, root))
    mine = rates["sluicegate"]
    gain = median(b / a for a, b in zip(mine[1], mine[256], strict=True))
    pairs = zip(rates["six flushes"][1], mine[1], strict=True)
    price = median(flush / own for flush, own in pairs)
    rows = [
        [each, *(f"{median(found[batch]):,.0f}" for batch in BATCHES)]
        for each, found in rates.items()
    ]
    rows[-1] = [*rows[-1][:2], "", ""]
    text = "\n\n".join(
        (
            "# Durable appends",
            describe_commit(place),
            format_table(["entries a second, batch of", "1", "16", "256"], rows),
            (
                f"A batch of 256 gives {gain:.0f} times the entries a second of a batch"
                f" of 1. A steady append flushes {max(counted)} times (strace, each of"
                f" ten: {', '.join(map(str, counted))}) and takes {price:.2f} times as"
                " long as six flushes of small files."
            ),
        )
    )
    document = {**place, "rates": rates, "gain_256": gain, "flushes": counted}
    publish(arguments.out, {**document, "by_six_flushes": price}, text)


if __name__ == "__main__":
    main()
