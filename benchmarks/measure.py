"""What the benchmarks share: interleaved runs, where they ran, and their report."""

import json
import os
import platform
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Timing:
    """Wall-clock and CPU seconds of one contestant, one a round, in their order.

    CPU is what its processes used together, and hardly depends on what else runs.
    """

    name: str
    seconds: tuple[float, ...]
    cpu: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def ratio(self, reference: "Timing") -> float:
        """The median over the rounds of this time by *reference*'s in the same round.

        A machine that gets slower for a while slows both, so this wavers less than the
        ratio of two medians.
        """
        return _paired_ratio(self.seconds, reference.seconds)

    def cpu_ratio(self, reference: "Timing") -> float:
        """The same for CPU seconds."""
        return _paired_ratio(self.cpu, reference.cpu)


def _paired_ratio(mine: Sequence[float], others: Sequence[float]) -> float:
    return statistics.median(a / b for a, b in zip(mine, others, strict=True))


def interleave(
    contestants: Mapping[str, Callable[[], object]], *, rounds: int
) -> dict[str, Timing]:
    """Time every contestant once a round, each round starting with another one.

    One round before the first warms caches and byte code and is not counted.
    """
    names = list(contestants)
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for number in range(rounds + 1):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            start, cpu = time.perf_counter(), _children_cpu()
            contestants[name]()
            if number > 0:
                elapsed = time.perf_counter() - start
                taken[name].append((elapsed, _children_cpu() - cpu))
    return {
        name: Timing(name, *zip(*pairs, strict=True)) for name, pairs in taken.items()
    }


def _children_cpu() -> float:
    """CPU seconds of all child processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run(
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> bytes:
    """Run a program, which must succeed; return its standard output."""
    done = subprocess.run(argv, cwd=cwd, env=env, capture_output=True, check=False)
    if done.returncode != 0:
        raise SystemExit(
            f"{' '.join(argv)} ended with {done.returncode}:\n"
            f"{done.stdout.decode()}{done.stderr.decode()}"
        )
    return done.stdout


def describe_place(source: str = "src") -> dict[str, object]:
    """The commit whose *source* is measured, and the machine it is measured on."""
    changes = run(["git", "status", "--porcelain", "--", source], cwd=ROOT)
    return {
        "commit": run(["git", "rev-parse", "HEAD"], cwd=ROOT).decode().strip(),
        "uncommitted_changes": bool(changes.strip()),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpus": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def describe_commit(place: Mapping[str, object]) -> str:
    """One line under a table: what was measured, and where."""
    dirty = " with uncommitted changes" if place["uncommitted_changes"] else ""
    text = f"Commit {str(place['commit'])[:12]}{dirty}, Python {place['python']}"
    if "cpus" in place:
        text += f", {place['system']}, {place['cpus']} CPUs"
        text += f", load {place['load_before']} before"
    return f"{text}."


def format_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; every column but the first is aligned to the right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def publish(out: Path | None, document: Mapping[str, object], text: str) -> None:
    """Print *text*; with *out*, write *document* there and the text beside it."""
    print(text)
    if out is not None:
        out.write_text(json.dumps(document, indent=2) + "\n")
        out.with_suffix(".md").write_text(text + "\n")
