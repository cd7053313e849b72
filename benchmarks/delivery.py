"""Counting what `sluice metrics` shows of a log, against verifying all of it.

    python benchmarks/delivery.py [--rounds 3] [--size 100000] [--out FILE]

*Figures* is what `sluice metrics` does of a log without a clone: it reads every bundle
and tile, checks them, decodes the entries that matter, and counts, for all of the log
by week. *Costs* is the same for `sluice metrics cost`. *Everything* is what `sluice
audit verify` does of a log without evidence files. Each runs in a process of its own,
whose peak memory is reported; the files are in the page cache.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from audit_logs import build_log
from audit_verify import Sample, median, paired
from measure import describe_commit, describe_place, format_table, publish, run

FIGURES, COSTS, EVERYTHING = "figures", "costs", "everything"
GOALS = {"ratio": 1}

CHILD = """
import json, re, sys, time
from datetime import UTC, datetime
from pathlib import Path
from sluicegate.audit.delivery.reading import read_facts
from sluicegate.audit.verify import verify
from sluicegate.adapters.stores.directory_log import DirectoryLog
from sluicegate.model.budget import Period
from sluicegate.model.delivery_figures import Window
from sluicegate.wiring.deliveries import Asked, Deliveries
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.machine import Machine
from sluicegate.audit.delivery.costs import By

what, folder = sys.argv[1], Path(sys.argv[2])
window = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))

def deliveries():
    machine = Machine()
    return Deliveries(machine, LogPlace.of(machine, str(folder)), folder)

def figures():
    begin = time.perf_counter(), time.process_time()
    found = deliveries()
    found.facts
    newest = max(row.at for row in found.facts.rollouts)
    assert len(found.figures(Asked(Window(window.start, newest)), Period.WEEK).groups)
    return begin

def costs():
    begin = time.perf_counter(), time.process_time()
    assert deliveries().costs(Asked(window), By.RUN).rows
    return begin

def everything():
    begin = time.perf_counter(), time.process_time()
    assert verify(DirectoryLog(folder)).problems == ()
    return begin

wall, cpu = globals()[what]()
status = Path("/proc/self/status").read_text()
print(json.dumps({
    "seconds": time.perf_counter() - wall,
    "cpu": time.process_time() - cpu,
    "memory_mib": int(re.search("VmHWM:\\s+([0-9]+)", status)[1]) / 1024,
}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()

    place = describe_place()
    with tempfile.TemporaryDirectory() as name:
        log = Path(name) / "log"
        build_log(log, arguments.size)
        taken = measure(log, arguments.rounds)
    rows = [
        {
            "what": what,
            "entries": arguments.size,
            "seconds": median(samples, "seconds"),
            "cpu": median(samples, "cpu"),
            "memory_mib": max(each["memory_mib"] for each in samples),
            "ratio": paired(samples, taken[EVERYTHING], "cpu"),
        }
        for what, samples in taken.items()
    ]
    document = {**place, "goals": GOALS, "rounds": arguments.rounds, "rows": rows}
    publish(arguments.out, document, render(rows, arguments.rounds, place))


def measure(log: Path, rounds: int) -> dict[str, list[Sample]]:
    """Every contestant once a round; one round before warms the page cache."""
    taken: dict[str, list[Sample]] = {FIGURES: [], COSTS: [], EVERYTHING: []}
    for number in range(rounds + 1):
        for what, samples in taken.items():
            if number == 0 and what != FIGURES:
                continue
            sample = json.loads(run([sys.executable, "-c", CHILD, what, str(log)]))
            if number > 0:
                samples.append(sample)
    return taken


def render(rows: list[dict[str, object]], rounds: int, place: dict[str, object]) -> str:
    table = format_table(
        ["", "entries", "time", "CPU time", "by verifying", "memory"],
        [
            [
                row["what"],
                f"{row['entries']:,}".replace(",", " "),
                f"{row['seconds']:.2f} s",
                f"{row['cpu']:.2f} s",
                f"{row['ratio']:.2f}",
                f"{row['memory_mib']:.0f} MiB",
            ]
            for row in rows
        ],
    )
    goal = f"By verifying: the ratio of CPU time (goal: below {GOALS['ratio']})."
    return f"{table}\n\n{goal}\n\n{rounds} rounds. {describe_commit(place)}"


if __name__ == "__main__":
    main()
