"""200 stages that do next to nothing, against `make` and `nox` doing the same.

    python benchmarks/parallel.py [--rounds 5] [--out benchmarks/results/parallel.json]

What is measured is the machinery around a stage: starting a program, watching it,
deciding, recording. `make -j` starts as many programs at once as there are CPUs, as
`sluice run` does; `nox` runs its sessions one after the other. Only Sluicegate gates,
records every stage durably and signs the log, twice as many times as there are stages.
The second run of an unchanged commit is measured too: it executes nothing.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from measure import (
    Timing,
    describe_commit,
    describe_place,
    format_table,
    interleave,
    publish,
    run,
)
from projects import commit_all, make_environment

STAGES = 200
MAKE, NOX, SLUICE, AGAIN = "make -j", "nox", "sluice run --force", "sluice run"
MEMORY = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()

    place = describe_place()
    with tempfile.TemporaryDirectory() as name:
        env = make_environment(Path(name))
        project = make_project(Path(name) / "many", env)
        commands = {
            MAKE: ["make", "--silent", f"--jobs={os.cpu_count()}"],
            NOX: [sys.executable, "-m", "nox", "--sessions", *names()],
            SLUICE: [sys.executable, "-m", "sluicegate", "run", "--force"],
            AGAIN: [sys.executable, "-m", "sluicegate", "run"],
        }
        run(commands[SLUICE], cwd=project, env=env)
        timings = interleave(
            {
                who: lambda c=argv: run(c, cwd=project, env=env)
                for who, argv in commands.items()
            },  # type: ignore[misc]
            rounds=arguments.rounds,
        )
        check_rerun(project, env)
        memory = {
            who: peak_memory(argv, project, env) for who, argv in commands.items()
        }
    report(place, arguments.rounds, timings, memory, arguments.out)


def names() -> list[str]:
    return [f"s{number}" for number in range(STAGES)]


def make_project(folder: Path, env: Mapping[str, str]) -> Path:
    """The same 200 commands as a pipeline, a Makefile and a noxfile."""
    folder.mkdir()
    stages = "".join(
        f'  {name}: {{uses: command, run: ["true"], needs: []}}\n' for name in names()
    )
    (folder / "sluicegate.yaml").write_text(
        f"schema: sluicegate/v1\nname: many_benchmark_v1.0\nstages:\n{stages}"
    )
    rules = "".join(f"{name}:\n\t@true\n" for name in names())
    targets = " ".join(names())
    (folder / "Makefile").write_text(f"all: {targets}\n.PHONY: all {targets}\n{rules}")
    (folder / "noxfile.py").write_text(
        "import nox\n\n"
        f"for number in range({STAGES}):\n\n"
        "    @nox.session(name=f's{number}', venv_backend='none')\n"
        "    def session(session):\n"
        "        session.run('true', silent=True)\n"
    )
    (folder / ".gitignore").write_text(".nox/\n__pycache__/\n")
    commit_all(folder, env)
    return folder


def check_rerun(project: Path, env: Mapping[str, str]) -> None:
    """Make sure that the second run of a commit executes nothing."""
    argv = [sys.executable, "-m", "sluicegate", "run", "--json"]
    document = json.loads(run(argv, cwd=project, env=env))
    if not all(stage["cached"] for stage in document["stages"]):
        raise SystemExit("an unchanged stage was run again")


def peak_memory(argv: list[str], project: Path, env: Mapping[str, str]) -> int:
    """The largest resident process of a contestant, in MiB."""
    said = run([sys.executable, "-c", MEMORY, *argv], cwd=project, env=env)
    return round(int(said) / 1024)


def report(
    place: dict[str, object],
    rounds: int,
    timings: Mapping[str, Timing],
    memory: Mapping[str, int],
    out: Path | None,
) -> None:
    reference = timings[MAKE]
    rows = [
        [
            f"`{who}`",
            f"{timing.median:.2f} s",
            f"{1000 * timing.median / STAGES:.1f} ms",
            f"{timing.ratio(reference):.2f}",
            f"{timing.cpu_ratio(reference):.2f}",
            f"{memory[who]} MiB",
        ]
        for who, timing in timings.items()
    ]
    header = ["", "time", "a stage", "ratio", "ratio of CPU time", "peak memory"]
    document = {
        "benchmark": "parallel",
        "place": place,
        "rounds": rounds,
        "stages": STAGES,
        "memory_mib": memory,
        "ratio": {who: round(t.ratio(reference), 3) for who, t in timings.items()},
        "seconds": {who: timing.seconds for who, timing in timings.items()},
        "cpu_seconds": {who: timing.cpu for who, timing in timings.items()},
    }
    publish(out, document, f"{format_table(header, rows)}\n\n{describe_commit(place)}")


if __name__ == "__main__":
    main()
