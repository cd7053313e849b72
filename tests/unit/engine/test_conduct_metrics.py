"""Rollouts that are judged by several metrics, some of which cannot be read."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from fakes_metrics import LaggingSource, LyingSource
from fakes_target import Behaviour, Fuse, Killed
from rollouts import (
    LATENCY,
    MEMORY,
    METRICS,
    PLAN,
    REFUSALS,
    TOKENS,
    World,
    measured_world,
    serving,
)

from sluicegate.model.event import (
    MetricObserved,
    WeightConfirmed,
)
from sluicegate.model.metric import Pair, Tally
from sluicegate.model.rollout import CanaryVerdict, DeadlinePolicy, RolloutResult

NEVER_MS = range(10**9)


def seen(it: World, metric: str) -> list[MetricObserved]:
    """What the blocks hold of *metric*."""
    return [m for block in it.blocks() for m in block.metrics if m.metric == metric]


def weighed(it: World) -> list[WeightConfirmed]:
    return [e for e in it.log.events if isinstance(e, WeightConfirmed)]


def test_every_block_holds_all_metrics_and_the_totals_it_counts_from() -> None:
    it = measured_world()
    it.conduct()
    names = [metric.name for metric in METRICS]
    assert all([m.metric for m in block.metrics] == names for block in it.blocks())
    first, block = weighed(it)[0], it.blocks()[0]
    for total, shown in zip(first.metrics, block.metrics, strict=True):
        assert total.metric == shown.metric
        assert total.canary + shown.canary == shown.canary_total
        assert total.stable + shown.stable == shown.stable_total
    assert it.finished().result is RolloutResult.PROMOTED
    assert weighed(it)[-1].percent == 100
    assert weighed(it)[-1].metrics == ()  # nothing is counted from there


@pytest.mark.parametrize(
    "it",
    [measured_world(refused=0.2), measured_world(slow=0.2)],
    ids=["refusals", "latency"],
)
def test_one_bad_metric_is_enough_to_roll_back(it: World) -> None:
    it.conduct()
    assert (it.judged().verdict, it.judged().cause) == (CanaryVerdict.ABORT, "evidence")
    assert serving(it.target) == {"old": 100}


def test_a_required_metric_that_is_never_read_keeps_from_promoting() -> None:
    it = measured_world(REFUSALS)
    it.source("refusals").dark_ms = NEVER_MS
    it.conduct()
    assert seen(it, "refusals") == []
    assert it.judged().cause == "deadline"
    assert serving(it.target) == {"old": 100}
    assert sum("cannot be read" in line for line in it.said) == 1


def test_a_metric_that_is_not_required_is_not_waited_for() -> None:
    it = measured_world(MEMORY)
    it.source("memory").dark_ms = NEVER_MS
    it.conduct()
    assert it.finished().result is RolloutResult.PROMOTED


def test_without_sources_a_release_is_held_and_nothing_breaks() -> None:
    it = measured_world(REFUSALS, TOKENS)
    it.sources = {}
    it.conduct()
    assert it.judged().cause == "deadline"
    assert any("nothing says where" in line for line in it.said)


def test_a_metric_not_read_at_a_weight_first_sets_its_mark_there() -> None:
    it = measured_world(REFUSALS)
    it.source("refusals").dark_ms = range(50_000)  # from before the first weight
    it.conduct()
    assert weighed(it)[0].metrics == ()
    first, second = seen(it, "refusals")[:2]
    assert (first.stable.n, first.canary.n) == (0, 0)
    assert (first.abort_micronats, first.promote_micronats) == (0, 0)
    assert first.canary_total.n > 0
    assert second.canary.n > 0
    assert it.finished().result is RolloutResult.PROMOTED


def test_an_outage_of_one_source_loses_nothing_of_the_time_at_one_weight() -> None:
    patient = replace(PLAN, steps=(25,), step_blocks=8)
    it = measured_world(REFUSALS, TOKENS, plan=patient)
    it.source("refusals").dark_ms = range(100_000, 200_000)
    it.conduct()
    dark = [b for b in it.blocks() if [m.metric for m in b.metrics] == ["tokens"]]
    assert len(dark) == 2
    [weight] = [w for w in weighed(it) if w.percent == 25]
    last = seen(it, "refusals")[-1]
    counted = sum(m.canary.n for m in seen(it, "refusals"))
    assert counted == last.canary_total.n - weight.metrics[0].canary.n
    said = [line for line in it.said if line.startswith("refusals")]
    assert ["cannot be read" in said[0], "again" in said[1]] == [True, True]
    assert len(said) == 2


PATIENT = replace(PLAN, steps=(25,), step_blocks=8, deadline=timedelta(minutes=10))


def test_a_source_that_has_counted_less_than_before_is_held_for() -> None:
    it = measured_world(REFUSALS, TOKENS, plan=PATIENT)
    it.source("refusals").began_again_ms = 100_000
    it.conduct()
    told = [[m.metric for m in block.metrics] for block in it.blocks()]
    assert told[:2] == [["refusals", "tokens"], ["tokens"]]
    before, caught_up = seen(it, "refusals")[:2]
    assert caught_up.canary_total == before.canary_total + caught_up.canary
    said = next(line for line in it.said if line.startswith("refusals"))
    why = "its source has counted less than before, so it is behind"
    assert said == f"refusals cannot be read, and is held for: {why}"


@pytest.mark.parametrize("refused", [0.01, 0.2])
def test_a_replica_that_lags_behind_makes_nothing_count_twice(refused: float) -> None:
    it = measured_world(REFUSALS, refused=refused)
    source = it.source("refusals")
    it.sources["refusals"] = LaggingSource(source)
    it.conduct()
    shown = seen(it, "refusals")
    for before, after in pairwise(shown):
        assert after.stable_total.n >= before.stable_total.n
        assert after.canary_total.n >= before.canary_total.n
    for arm in ("stable", "canary"):
        counted = sum(getattr(m, arm).n for m in shown)
        assert 0 < counted <= getattr(shown[-1], f"{arm}_total").n
    good = refused == 0.01
    result = RolloutResult.PROMOTED if good else RolloutResult.ROLLED_BACK
    assert it.finished().result is result


def test_at_another_weight_a_source_that_is_behind_has_to_catch_up_first() -> None:
    it = measured_world(REFUSALS)
    it.sources["refusals"] = LaggingSource(it.source("refusals"))
    it.conduct()
    first, second = weighed(it)[:2]
    assert (len(first.metrics), len(second.metrics)) == (1, 0)
    before, after = seen(it, "refusals")[:2]
    assert after.canary.n == 0  # it is marked where it has caught up
    assert after.canary_total.n > before.canary_total.n


def test_a_command_that_began_again_is_not_counted_with_until_the_next_weight() -> None:
    plan = replace(PLAN, steps=(5, 25), step_blocks=4)
    it = measured_world(REFUSALS, plan=plan)
    it.plan = replace(it.plan, printed=frozenset({"refusals"}))
    it.source("refusals").began_again_ms = 100_000
    it.conduct()
    at = {
        percent: [m for b in it.blocks() if b.percent == percent for m in b.metrics]
        for percent in (5, 25)
    }
    assert [m.canary.n > 0 for m in at[5]] == [True, False]
    fell = at[5][-1]
    assert fell.stable.n == 0  # and nothing of the other release, either
    assert fell.canary_total.n < at[5][0].canary_total.n
    assert len([b for b in it.blocks() if b.percent == 5]) == 4
    assert len(at[25]) == len([b for b in it.blocks() if b.percent == 25])
    assert all(m.canary.n > 0 for m in at[25])
    assert it.finished().result is RolloutResult.PROMOTED
    said = [line for line in it.said if line.startswith("refusals")]
    assert said[1:] == ["refusals can be read again"]
    assert "may have begun again since this weight" in said[0]


def test_what_a_command_says_after_a_fall_is_forgotten_by_no_tick() -> None:
    it = measured_world(REFUSALS, plan=PATIENT)
    it.plan = replace(it.plan, printed=frozenset({"refusals"}))
    it.source("refusals").began_again_ms = 100_000
    it.tick_to_the_end()
    assert [m.canary.n > 0 for m in seen(it, "refusals")] == [True, False]
    assert it.judged().cause == "deadline"


def test_the_counters_of_the_target_begin_again_for_both_releases() -> None:
    it = measured_world(LATENCY, plan=PATIENT)
    while len(it.blocks()) < 2:
        it.tick()
    it.target.restart_proxy()
    it.tick_to_the_end()
    again = seen(it, "latency")[2]
    assert again.canary == again.canary_total
    assert again.stable == again.stable_total
    assert it.finished().result is RolloutResult.PROMOTED


def test_edges_that_the_target_does_not_count_by_are_held_for() -> None:
    it = measured_world(LATENCY)
    it.target.edges = (100,)
    it.conduct()
    assert seen(it, "latency") == []
    assert it.judged().cause == "deadline"
    assert any("does not count by 500 ms" in line for line in it.said)


LIES = [
    Pair(Tally(-1, (0,)), Tally(5, (1,))),
    Pair(Tally(5, (6,)), Tally(5, (1,))),
    Pair(Tally(5, (1, 1)), Tally(5, (1,))),
    Pair(Tally(2**60, (1,)), Tally(5, (1,))),
    Pair(Tally(10**9, (0,)), Tally(10**9, (0,))),
    Pair(Tally(3, (3,)), Tally(1, (0,))),
]


def broken_sources(it: World, how: str) -> None:
    for name in list(it.sources):
        source = it.source(name)
        match how:
            case "fails":
                source.dark_ms = NEVER_MS
            case "hangs":
                source.takes_ms, source.hangs = 10_000, True
            case "fails later":
                source.dark_ms = range(70_000, 10**9)
            case "lies":
                it.sources[name] = LyingSource(it.target, LIES)
            case _:
                raise ValueError(how)


BAD = {
    "errors": Behaviour(fails=0.3),
    "crash": Behaviour(crash_ms=100_000),
    "unhealthy": Behaviour(fault="it never answered"),
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("how", ["fails", "hangs", "fails later", "lies"])
def test_a_rollback_does_not_depend_on_any_source(how: str, bad: str) -> None:
    it = measured_world(REFUSALS, TOKENS, canary=BAD[bad])
    broken_sources(it, how)
    it.conduct()
    assert it.finished().result is RolloutResult.ROLLED_BACK
    assert it.judged().cause != "deadline"
    assert serving(it.target) == {"old": 100}


def test_failed_requests_abort_without_waiting_for_a_source_that_hangs() -> None:
    it = measured_world(REFUSALS, canary=Behaviour(fails=0.3))
    it.source("refusals").takes_ms, it.source("refusals").hangs = 120_000, True
    it.conduct()
    assert it.source("refusals").asked == 1  # at the first weight
    [block] = it.blocks()
    assert it.finished().end_ts - block.end_ts < timedelta(seconds=1)


@pytest.mark.parametrize("how", ["fails", "hangs", "fails later", "lies"])
def test_an_outage_of_the_metrics_aborts_no_good_release(how: str) -> None:
    it = measured_world(REFUSALS, plan=replace(PLAN, on_deadline=DeadlinePolicy.HOLD))
    broken_sources(it, how)
    it.conduct()
    assert it.judged().verdict is not CanaryVerdict.ABORT


def test_after_the_verdict_no_source_is_asked_any_more() -> None:
    it = measured_world(REFUSALS)
    it.conduct()
    read = [w for w in weighed(it) if 0 < w.percent < 100]
    assert it.source("refusals").asked == len(read) + len(it.blocks())


def test_killed_at_any_point_the_evidence_is_that_of_the_blocks() -> None:
    whole = measured_world()
    counting = Fuse()
    whole.target.fuse = whole.log.fuse = counting
    whole.conduct()
    compared = 0
    for point in range(counting.ticks):
        it = measured_world()
        it.target.fuse = it.log.fuse = Fuse(at=point)
        with pytest.raises(Killed):
            it.conduct()
        it.target.fuse = it.log.fuse = Fuse()
        it.conduct()
        assert it.finished().result is RolloutResult.PROMOTED
        assert serving(it.target) == {"new": 100}
        if weighed(it)[0] == weighed(whole)[0]:  # it was not started twice
            assert it.blocks() == whole.blocks()
            compared += 1
    assert compared > 20
