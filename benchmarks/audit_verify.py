"""Verifying a log of a million entries, against the cost of its hashes alone.

    python benchmarks/audit_verify.py [--rounds 3] [--out FILE]

The limit is what cannot be left out: a hash of every entry and of every node above, of
which there are as many. *Tree* is the whole check of the files: every bundle and tile
read, hashed and compared, and the root. *Everything* is what `sluice audit verify` does
of a log without evidence files: besides, every entry is parsed, held against RFC 8785
and its schema, and its event id, its place in its run, results taken over and snapshots
are checked. Each runs in a process of its own, whose peak memory is reported; the files
are in the page cache.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from audit_logs import MILLION, build_log
from measure import describe_commit, describe_place, format_table, publish, run

TENTH = MILLION // 10
HASHES, TREE, EVERYTHING = "hashes", "tree", "everything"
GOALS = {"ratio": 2.5, "memory_mib": 400, "growth": 11}

CHILD = """
import json, re, sys, time
from itertools import cycle, islice
from pathlib import Path
from hashlib import sha256
from sluicegate.adapters.stores.directory_log import DirectoryLog
from sluicegate.audit.verify import verify
from sluicegate.tlog.check import check_tree
from sluicegate.tlog.checkpoint import parse_checkpoint
from sluicegate.tlog.fetch import fetch_entries
from sluicegate.tlog.note import parse_note
from sluicegate.tlog.tiles import ENTRIES, Tile

what, folder = sys.argv[1], Path(sys.argv[2])
store = DirectoryLog(folder)
head = parse_checkpoint(parse_note(store.load()).text)

def hashes():
    sample = [
        b"\\x00" + entry
        for index in range(64)
        for entry in fetch_entries(store.get, Tile(ENTRIES, index))
    ]
    nodes = [sha256(entry).digest() for entry in sample]
    nodes = [b"\\x01" + left + right for left, right in zip(nodes, nodes[::-1])]
    begin = time.perf_counter(), time.process_time()
    for entry in islice(cycle(sample), head.size):
        sha256(entry).digest()
    for node in islice(cycle(nodes), head.size):
        sha256(node).digest()
    return begin

def tree():
    begin = time.perf_counter(), time.process_time()
    assert check_tree(store, head, lambda start, entries: None) == ()
    return begin

def everything():
    begin = time.perf_counter(), time.process_time()
    report = verify(store)
    assert (report.problems, report.size) == ((), head.size)
    return begin

wall, cpu = globals()[what]()
status = Path("/proc/self/status").read_text()
print(json.dumps({
    "seconds": time.perf_counter() - wall,
    "cpu": time.process_time() - cpu,
    # Not getrusage: its peak is inherited from the process that started this one.
    "memory_mib": int(re.search("VmHWM:\\s+([0-9]+)", status)[1]) / 1024,
}))
"""

Sample = dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--logs", type=Path, help="where to build the logs, or to keep")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()

    place = describe_place()
    with tempfile.TemporaryDirectory() as name:
        folder = arguments.logs or Path(name)
        logs = {size: folder / str(size) for size in (TENTH, MILLION)}
        for size, log in logs.items():
            if not log.exists():
                build_log(log, size)
        taken = measure(logs, arguments.rounds)
    found = summarize(taken)
    document = {**place, "goals": GOALS, **found}
    publish(arguments.out, document, render(found, place))


def measure(logs: dict[int, Path], rounds: int) -> dict[tuple[str, int], list[Sample]]:
    """Every contestant once a round; one round before warms the page cache."""
    contestants = [(what, size) for size in logs for what in (HASHES, TREE, EVERYTHING)]
    taken: dict[tuple[str, int], list[Sample]] = {each: [] for each in contestants}
    for number in range(rounds + 1):
        for what, size in contestants:
            if number == 0 and what != TREE:
                continue
            argv = [sys.executable, "-c", CHILD, what, str(logs[size])]
            sample = json.loads(run(argv))
            if number > 0:
                taken[what, size].append(sample)
    return taken


def summarize(taken: dict[tuple[str, int], list[Sample]]) -> dict[str, object]:
    return {
        "rounds": len(taken[TREE, MILLION]),
        "rows": [
            {
                "what": what,
                "entries": size,
                "seconds": median(samples, "seconds"),
                "cpu": median(samples, "cpu"),
                "memory_mib": max(each["memory_mib"] for each in samples),
                "ratio": paired(samples, taken[HASHES, size], "seconds"),
                "cpu_ratio": paired(samples, taken[HASHES, size], "cpu"),
            }
            for (what, size), samples in taken.items()
        ],
        "growth": {
            what: paired(taken[what, MILLION], taken[what, TENTH], "cpu")
            for what in (TREE, EVERYTHING)
        },
    }


def median(samples: Sequence[Sample], key: str) -> float:
    return statistics.median(each[key] for each in samples)


def paired(mine: Sequence[Sample], others: Sequence[Sample], key: str) -> float:
    """The median, over the rounds, of the ratio within a round."""
    return statistics.median(a[key] / b[key] for a, b in zip(mine, others, strict=True))


def render(found: dict[str, object], place: dict[str, object]) -> str:
    rows = found["rows"]
    growth = found["growth"]
    assert isinstance(rows, list)
    assert isinstance(growth, dict)
    table = format_table(
        ["", "entries", "time", "CPU time", "by the hashes", "by CPU", "memory"],
        [
            [
                row["what"],
                f"{row['entries']:,}".replace(",", " "),
                f"{row['seconds']:.2f} s",
                f"{row['cpu']:.2f} s",
                f"{row['ratio']:.2f}",
                f"{row['cpu_ratio']:.2f}",
                f"{row['memory_mib']:.0f} MiB",
            ]
            for row in rows
        ],
    )
    tree = next(r for r in rows if (r["what"], r["entries"]) == (TREE, MILLION))
    summary = (
        f"Ten times the entries take {growth[TREE]:.1f} times the CPU time for the "
        f"tree, {growth[EVERYTHING]:.1f} times for everything (goal: "
        f"{GOALS['growth']}). The tree takes {tree['ratio']:.2f} times its hashes "
        f"(goal: {GOALS['ratio']}) and {tree['memory_mib']:.0f} MiB (goal: "
        f"{GOALS['memory_mib']}, for everything as well)."
    )
    return f"{table}\n\n{summary}\n\n{found['rounds']} rounds. {describe_commit(place)}"


if __name__ == "__main__":
    main()
