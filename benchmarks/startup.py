"""How long `sluice` takes to start, against its framework alone and against its peers.

    python benchmarks/startup.py [--rounds 30] [--out benchmarks/results/startup.json]

All run with the same interpreter, from the same environment, in turns. `sluice approve
--help` loads the command that a person waits for, and nothing that it needs later.
"""

import argparse
import sys
from functools import partial
from pathlib import Path

from measure import (
    describe_commit,
    describe_place,
    format_table,
    interleave,
    publish,
    run,
)

REFERENCE = 'python -c "import click"'
HELP, APPROVE = "sluice --help", "sluice approve --help"
GOAL = 2.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()

    place = describe_place()
    folder = Path(sys.executable).parent
    commands = {
        REFERENCE: [sys.executable, "-c", "import click"],
        HELP: [str(folder / "sluice"), "--help"],
        APPROVE: [str(folder / "sluice"), "approve", "--help"],
        "nox --help": [str(folder / "nox"), "--help"],
        "pre-commit --help": [str(folder / "pre-commit"), "--help"],
    }
    timings = interleave(
        {name: partial(run, argv) for name, argv in commands.items()},
        rounds=arguments.rounds,
    )
    reference = timings[REFERENCE]
    rows = [
        [
            f"`{name}`",
            f"{timing.median * 1000:.0f} ms",
            f"{timing.ratio(reference):.2f}",
            f"{timing.cpu_ratio(reference):.2f}",
        ]
        for name, timing in timings.items()
    ]
    worst = max(timings[name].ratio(reference) for name in (HELP, APPROVE))
    met = "met" if worst <= GOAL else "missed"
    goal = f"Goal of `sluice`: at most {GOAL:g} times the first; {met}."
    document = {
        "benchmark": "startup",
        "place": place,
        "rounds": arguments.rounds,
        "goal": GOAL,
        "seconds": {name: timing.seconds for name, timing in timings.items()},
        "cpu_seconds": {name: timing.cpu for name, timing in timings.items()},
        "median_ms": {n: round(t.median * 1000, 1) for n, t in timings.items()},
        "ratio": {n: round(t.ratio(reference), 3) for n, t in timings.items()},
    }
    table = format_table(
        ["", "median", "ratio to the first", "ratio of CPU time"], rows
    )
    publish(arguments.out, document, f"{table}\n\n{goal} {describe_commit(place)}")


if __name__ == "__main__":
    main()
