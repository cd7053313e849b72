"""Unit tests of `sluicegate.engine.schedule`."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.engine.machine import RunStage
from sluicegate.engine.schedule import choose
from sluicegate.gates.gate import Gate
from sluicegate.model.digest import Digest
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.command import ShellStage
from sluicegate.stages.pipeline import AuditSettings, NamedStage, Pipeline


def command(name: str, **pools: int) -> NamedStage:
    stage = ShellStage(uses="command", run="true", pools=pools)
    return NamedStage(name, stage, (), Gate(()))


def canary(name: str) -> NamedStage:
    stage = CanaryStage(uses="canary", environment="production")
    return NamedStage(name, stage, (), Gate(()))


def pipeline(*stages: NamedStage, **pools: int) -> Pipeline:
    return Pipeline(
        name="p_release_v1.0",
        stages=stages,
        environments={},
        audit=AuditSettings("dir:audit", timedelta(days=400)),
        definition=Digest.of(b""),
        pools=pools,
    )


def chosen(what: Pipeline, *running: str, jobs: int = 9) -> list[str]:
    ready = [RunStage(s.name, 1) for s in what.stages if s.name not in running]
    return [effect.stage for effect in choose(ready, running, what, jobs)]


def test_as_many_stages_start_as_there_are_jobs_in_the_order_of_the_file() -> None:
    what = pipeline(command("a"), command("b"), command("c"))

    assert chosen(what, jobs=2) == ["a", "b"]
    assert chosen(what, "b", jobs=2) == ["a"]
    assert chosen(what, "a", "b", jobs=2) == []


def test_a_stage_that_only_waits_takes_no_job() -> None:
    what = pipeline(canary("x"), command("a"), canary("y"))

    assert chosen(what, jobs=1) == ["x", "a", "y"]


def test_a_stage_waits_for_all_its_slots_and_one_behind_it_goes_first() -> None:
    what = pipeline(
        command("a", gpu=2), command("b", gpu=2), command("c", gpu=1), gpu=3
    )

    assert chosen(what) == ["a", "c"]
    assert chosen(what, "a", "c") == []
    assert chosen(what, "c") == ["a"]


@pytest.mark.parametrize("jobs", [0, 1])
def test_one_stage_always_runs(jobs: int) -> None:
    assert chosen(pipeline(command("a"), command("b")), jobs=jobs) == ["a"]


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["gpu", "ram"]), st.integers(1, 3), max_size=2),
        min_size=1,
        max_size=8,
    ),
    st.dictionaries(
        st.sampled_from(["gpu", "ram"]), st.integers(3, 6), min_size=2, max_size=2
    ),
    st.integers(1, 4),
    st.data(),
)
def test_no_pool_is_ever_overdrawn_and_something_always_runs(
    wants: list[dict[str, int]], sizes: dict[str, int], jobs: int, data: st.DataObject
) -> None:
    stages = [command(f"s{i}", **pools) for i, pools in enumerate(wants)]
    what = pipeline(*stages, **sizes)
    left, running = [s.name for s in stages], list[str]()
    while left or running:
        ready = [RunStage(name, 1) for name in left]
        for effect in choose(ready, running, what, jobs):
            left.remove(effect.stage)
            running.append(effect.stage)
        assert 0 < len(running) <= jobs
        for pool, size in sizes.items():
            assert sum(what.stage(n).stage.pools.get(pool, 0) for n in running) <= size
        running.remove(data.draw(st.sampled_from(running)))
