"""How long a step of the Action takes until Sluicegate begins, cold and warm.

    python benchmarks/action_start.py [--rounds 7] [--out benchmarks/results/...json]

Cold: nothing is there but the runner's Python, each round in a new folder and with
empty caches; what is installed comes over the network. Beside it, in turns, `pip
install` of the same set into a new environment, as a step that does it plainly would:
from the same lock with its hashes, and from names and versions alone. Warm: the
environment is there, as in a second step of a job; beside it, the same program loaded
by itself, and Python doing nothing.
"""

import argparse
import os
import shutil
import tempfile
from functools import partial
from itertools import count
from pathlib import Path

from measure import (
    ROOT,
    describe_commit,
    describe_place,
    format_table,
    interleave,
    publish,
    run,
)

COLD = "the Action, cold"
PIP = "`venv` and `pip install`, locked"
NAMES = "`venv` and `pip install`, without hashes"
WARM = "the Action, warm"
LOADED = "`import` of its program alone"
NOTHING = "`python3 -c pass`"
LOADS = "sluicegate.cli.github.stepping"
_KEPT = ("PATH", "LANG", "SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE")
# A step that is told to do what is not there ends right after it has begun.
_BEGINS = {"SLUICE_INPUT_COMMAND": "none", "GITHUB_ACTIONS": "true"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()

    place = describe_place("action")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fresh = partial(new_folder, folder, count())
        cold = interleave(
            {
                COLD: lambda: step(fresh()),
                PIP: lambda: install(fresh(), hashes=True),
                NAMES: lambda: install(fresh(), hashes=False),
            },
            rounds=arguments.rounds,
        )
        lasting = fresh()
        step(lasting)
        warm = interleave(
            {
                WARM: lambda: step(lasting),
                LOADED: lambda: load(lasting),
                NOTHING: lambda: run([python(), "-c", "pass"]),
            },
            rounds=3 * arguments.rounds,
        )
    rows = [
        [
            name,
            f"{timing.median * 1000:.0f} ms",
            f"{timing.ratio(timings[reference]):.2f}",
            f"{timing.cpu_ratio(timings[reference]):.2f}",
        ]
        for timings, reference in ((cold, PIP), (warm, LOADED))
        for name, timing in timings.items()
    ]
    document = {
        "benchmark": "action_start",
        "place": place,
        "rounds": arguments.rounds,
        "seconds": {n: t.seconds for n, t in (cold | warm).items()},
        "cpu_seconds": {n: t.cpu for n, t in (cold | warm).items()},
        "ratio_to_pip": {n: round(t.ratio(cold[PIP]), 3) for n, t in cold.items()},
        "ratio_to_loading": {
            n: round(t.ratio(warm[LOADED]), 3) for n, t in warm.items()
        },
    }
    table = format_table(["", "median", "ratio to its reference", "of CPU time"], rows)
    note = (
        f"References: {PIP} for what is cold, {LOADED} for what is warm. The index is"
        " near: a runner further away takes longer for all that is cold."
    )
    publish(arguments.out, document, f"{table}\n\n{note} {describe_commit(place)}")


def new_folder(parent: Path, numbers: "count[int]") -> Path:
    """A folder that nothing is in; the one before it is removed."""
    number = next(numbers)
    shutil.rmtree(parent / str(number - 1), ignore_errors=True)
    folder = parent / str(number)
    folder.mkdir()
    return folder


def environment(folder: Path) -> dict[str, str]:
    """What a runner has, with no caches and no settings of a user's."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "HOME": str(folder), "PIP_CONFIG_FILE": os.devnull}


def step(folder: Path) -> None:
    """A step from its first line until Sluicegate has read what it is asked to do."""
    environ = environment(folder) | {"RUNNER_TEMP": str(folder), **_BEGINS}
    environ |= {"GITHUB_EVENT_NAME": "push", "GITHUB_REPOSITORY": "acme/churn"}
    script = f'bash "{ROOT}/action/step.sh" > "{folder}/said"; test $? -eq 2'
    run(["bash", "-c", script], cwd=folder, env=environ)
    said = (folder / "said").read_text()
    if "command cannot be" not in said:
        raise SystemExit(f"the step did not begin:\n{said}")


def load(folder: Path) -> None:
    """What a step does after its environment was found: load the program."""
    (place,) = (folder / "sluicegate-action").glob("environment-*")
    source = str(ROOT / "src")
    load = f"import sys; sys.path.insert(0, {source!r}); import {LOADS}"
    run([str(place / "bin" / "python"), "-I", "-c", load], env=environment(folder))


def install(folder: Path, *, hashes: bool) -> None:
    """The same set by the means of Python alone."""
    environ = environment(folder)
    run([python(), "-m", "venv", str(folder / "venv")], env=environ)
    lock = ROOT / "action" / "requirements.lock"
    how: list[str] = ["--require-hashes", "--no-deps", "--requirement", str(lock)]
    if not hashes:
        text = lock.read_text().replace("\\\n", " ")
        lines = (line.partition("--hash")[0] for line in text.splitlines())
        names = folder / "names.txt"
        names.write_text("\n".join(lines))
        how = ["--requirement", str(names)]
    pip = (str(folder / "venv" / "bin" / "python"), "-m", "pip", "install", "--quiet")
    run([*pip, "--only-binary", ":all:", *how], env=environ)


def python() -> str:
    """The Python that the step finds, too."""
    found = shutil.which("python3")
    assert found is not None
    return found


if __name__ == "__main__":
    main()
