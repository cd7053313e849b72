"""What `sluice run` adds to lint and test, against the same commands by hand.

    python benchmarks/overhead.py [--rounds 10] [--out benchmarks/results/overhead.json]

Two Git repositories are made in a temporary folder, each with its own virtual
environment in ``.venv``, and thrown away:

- *service*: the sample service of ``templates/`` with its tests, and a cross-validation
  that trains its classifier anew for each of several folds: seconds of real work.
- *tiny*: one function and one test. Here next to all the time is overhead.

By hand is ``ruff check``, ``ruff format --check`` and ``pytest``, one after the other,
as one would type them. `sluice run` does the same and gates, records and keeps the
reports as evidence. Both use the same ruff and the same Python. *Unchanged* is another
run of the same commit, which takes both results over: all of its time is its own.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from measure import (
    ROOT,
    Timing,
    describe_commit,
    describe_place,
    format_table,
    interleave,
    publish,
    run,
)
from projects import commit_all, make_environment

GOAL = 1.05
FOLDS = 24

PIPELINE = """\
schema: sluicegate/v1
name: benchmark_overhead_v1.0
stages:
  lint: {uses: ruff}
  test: {uses: pytest}
"""

CROSS_VALIDATION = '''\
"""Train on all folds but one, be right about that one."""

import statistics
from pathlib import Path

import pytest

import classifier
import train
from features import vector

FOLDS = %d
BIRDS = train.read_birds(Path(train.__file__).parent / "data" / "penguins.csv")


@pytest.mark.parametrize("fold", range(FOLDS))
def test_a_fold_that_was_not_learnt_is_recognised(fold: int) -> None:
    learn = [bird for row, bird in enumerate(BIRDS) if row %% FOLDS != fold]
    test = [bird for row, bird in enumerate(BIRDS) if row %% FOLDS == fold]
    vectors = [vector(bird) for bird in learn]
    columns = list(zip(*vectors, strict=True))
    model = classifier.train(
        vectors,
        [str(bird["species"]) for bird in learn],
        mean=[statistics.fmean(column) for column in columns],
        scale=[1.0 for _ in columns],
        steps=train.STEPS,
        rate=train.RATE,
    )
    truth = [str(bird["species"]) for bird in test]
    assert model.accuracy([vector(bird) for bird in test], truth) >= 0.7
'''

TINY = {
    "tiny.py": '"""Doubles."""\n\n\ndef double(x: int) -> int:\n    return x * 2\n',
    "test_tiny.py": "import tiny\n\n\ndef test_double() -> None:\n"
    "    assert tiny.double(2) == 4\n",
    ".gitignore": "__pycache__/\n.pytest_cache/\n.ruff_cache/\n.venv/\n",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()

    place = describe_place()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        env = make_environment(folder)
        timings = {
            project.name: compare(project, env, rounds=arguments.rounds)
            for project in (make_service(folder, env), make_tiny(folder, env))
        }
    report(place, arguments.rounds, timings, arguments.out)


def make_service(folder: Path, env: Mapping[str, str]) -> Path:
    project = folder / "service"
    shutil.copytree(ROOT / "templates" / "sample-service", project)
    text = CROSS_VALIDATION % FOLDS
    (project / "tests" / "test_cross_validation.py").write_text(text)
    return finish_project(project, env)


def make_tiny(folder: Path, env: Mapping[str, str]) -> Path:
    project = folder / "tiny"
    project.mkdir()
    for name, text in TINY.items():
        (project / name).write_text(text)
    return finish_project(project, env)


def finish_project(project: Path, env: Mapping[str, str]) -> Path:
    """Give *project* its pipeline, its environment and its first commit."""
    (project / "sluicegate.yaml").write_text(PIPELINE)
    run([sys.executable, "-m", "venv", ".venv"], cwd=project, env=env)
    install = [".venv/bin/pip", "install", "--quiet", "pytest==9.2.0"]
    run(install, cwd=project, env=env)
    commit_all(project, env)
    return project


def compare(project: Path, env: Mapping[str, str], *, rounds: int) -> dict[str, Timing]:
    contestants: dict[str, Callable[[], object]] = {
        "by hand": lambda: run_by_hand(project, env),
        "sluice run": lambda: run_sluice(project, env),
        "unchanged": lambda: run_unchanged(project, env),
    }
    return interleave(contestants, rounds=rounds)


def run_by_hand(project: Path, env: Mapping[str, str]) -> None:
    run(["ruff", "check"], cwd=project, env=env)
    run(["ruff", "format", "--check"], cwd=project, env=env)
    run([".venv/bin/python", "-m", "pytest"], cwd=project, env=env)


def run_sluice(project: Path, env: Mapping[str, str]) -> None:
    """Run the pipeline, and make sure that it did run."""
    document = json.loads(
        run(["sluice", "run", "--force", "--json"], cwd=project, env=env)
    )
    ran = [(stage["name"], stage["verdict"]) for stage in document["stages"]]
    if ran != [("lint", "open"), ("test", "open")]:
        raise SystemExit(f"sluice run did not pass both stages: {document}")
    if any(stage["cached"] for stage in document["stages"]):
        raise SystemExit("sluice run took a stage from its cache")


def run_unchanged(project: Path, env: Mapping[str, str]) -> None:
    """Run the pipeline again, and make sure that it took both results over."""
    document = json.loads(run(["sluice", "run", "--json"], cwd=project, env=env))
    if not all(stage["cached"] for stage in document["stages"]):
        raise SystemExit(f"sluice run did not take its results over: {document}")


def report(
    place: dict[str, object],
    rounds: int,
    timings: Mapping[str, Mapping[str, Timing]],
    out: Path | None,
) -> None:
    rows, summary = [], {}
    for name, pair in timings.items():
        hand, sluice, again = (
            pair["by hand"],
            pair["sluice run"],
            pair["unchanged"],
        )
        ratio, added = sluice.ratio(hand), sluice.median - hand.median
        summary[name] = {
            "ratio": round(ratio, 3),
            "cpu_ratio": round(sluice.cpu_ratio(hand), 3),
            "added_ms": round(added * 1000),
            "unchanged_ms": round(again.median * 1000),
        }
        rows.append(
            [
                name,
                f"{hand.median:.2f} s",
                f"{sluice.median:.2f} s",
                f"{added * 1000:.0f} ms",
                f"{ratio:.2f}",
                f"{sluice.cpu_ratio(hand):.2f}",
                f"{again.median:.2f} s",
            ]
        )
    met = (
        "met"
        if timings["service"]["sluice run"].ratio(timings["service"]["by hand"]) <= GOAL
        else "missed"
    )
    goal = f"Goal, for the service: a ratio of at most {GOAL:.2f}; {met}."
    document = {
        "benchmark": "overhead",
        "place": place,
        "rounds": rounds,
        "folds": FOLDS,
        "goal": GOAL,
        "summary": summary,
        "seconds": {
            name: {who: timing.seconds for who, timing in pair.items()}
            for name, pair in timings.items()
        },
        "cpu_seconds": {
            name: {who: timing.cpu for who, timing in pair.items()}
            for name, pair in timings.items()
        },
    }
    header = [
        *("", "by hand", "`sluice run`", "added", "ratio", "ratio of CPU time"),
        "unchanged",
    ]
    text = f"{format_table(header, rows)}\n\n{goal} {describe_commit(place)}"
    publish(out, document, text)


if __name__ == "__main__":
    main()
