"""A controller in a cluster is killed, and another machine goes on with its rollout.

The other machine has another clone and another id; the log is in the Git remote of
both. It dies before or after any event that is committed, or while the API server works
on any of its writes, or on a renewal of its lease. A sample with a printed seed by
default; every point of every target with SLUICE_FULL=1, which takes an hour.
"""

import os
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from cluster_place import Place, opened
from cluster_process import Job
from draws import begin_draw
from kube_served import KINDS

from sluicegate.model.rollout import RolloutResult

pytestmark = [pytest.mark.exhaustive, pytest.mark.played]

FULL = os.environ.get("SLUICE_FULL") == "1"
WRITES = ("PATCH", "PUT", "POST", "DELETE")
LEASES = "/leases/"
OTHERS = rf"^(?!.*{LEASES})"  # a renewal comes with the clock: all are alike


def killed_at_a_write(place: Place, job: Job, number: int) -> bool:
    """Let it die while the server works on write *number*; whether it did.

    Below 0 it is a renewal of the lease.
    """
    cluster = place.served.stand_in
    assert cluster is not None
    running: list[subprocess.Popen[str]] = []

    def kill() -> None:
        if running[0].poll() is None:
            os.kill(running[0].pid, signal.SIGKILL)

    fault = cluster.faults.interfere(
        kill, "|".join(WRITES), OTHERS if number >= 0 else LEASES, skip=max(number, 0)
    )
    running.append(place.start(job))
    running[0].communicate(timeout=300)
    fault.times = 0
    return running[0].returncode == -signal.SIGKILL


def ways_to_die(place: Place) -> tuple[int, int]:
    """How many events a whole rollout commits, and how many writes it takes."""
    cluster = place.served.stand_in
    assert cluster is not None
    job = place.job(name="whole")
    before = len(cluster.exchanges)
    code, said = place.run(job)
    assert code == 0, said
    writes = [e for e in cluster.exchanges[before:] if e.method in WRITES]
    others = [each for each in writes if LEASES not in each.target]
    return len(place.events(job)), len(others)


def die_and_go_on(place: Place, job: Job, point: int, write: int | None) -> bool:
    """Die at a *point* of the log, or at a *write*; then go on elsewhere.

    Returns:
        Whether it died: a point that it never came to is passed over.
    """
    if write is None:
        code, said = place.run(replace(job, dies=point))
        died = code == -signal.SIGKILL
    else:
        died, said = killed_at_a_write(place, job, write), ""
    before = place.events(job)
    after = place.elsewhere(job)
    if died:
        code, said = place.run(after)
        assert code == 0, said
    assert place.events(job)[: len(before)] == before  # nothing lost, nothing doubled
    finished = place.check(job)
    expected = RolloutResult.PROMOTED
    if place.served.flow.fails[job.plan.release.name] > 0.1:
        expected = RolloutResult.ROLLED_BACK
    assert finished.result is expected, said
    return died


def try_one(tmp_path: Path) -> None:
    draw = begin_draw()
    kind, point = draw.choice(KINDS), draw.randint(3, 22)
    write = draw.choice([None, draw.randint(-1, 12)])
    fail = draw.choice([0.01, 0.5])
    print(f"{kind}, point {point}, write {write}, fails {fail}")
    with opened(kind, tmp_path) as place:
        die_and_go_on(place, place.job(fail=fail), point, write)


def try_all(kind: str, tmp_path: Path) -> None:
    with opened(kind, tmp_path) as place:
        events, writes = ways_to_die(place)
        points: list[tuple[int, int | None]]
        points = [(point, None) for point in range(1, 2 * events + 1)]
        points += [(0, write) for write in range(-1, writes)]
        died: list[int | None] = []
        for number, (point, write) in enumerate(points):
            job = place.job(name=f"r{number}", fail=0.01)
            if die_and_go_on(place, job, point, write):
                died.append(write)
            print(f"{kind}: {number + 1} of {len(points)}", flush=True)
    assert len(died) > 0.8 * len(points)  # no two rollouts take as many blocks
    assert -1 in died


@pytest.mark.parametrize("kind", KINDS if FULL else [None])
def test_another_machine_goes_on_where_one_was_killed(
    kind: str | None, tmp_path: Path
) -> None:
    if kind is None:
        try_one(tmp_path)
    else:
        try_all(kind, tmp_path)
