"""Unit tests of `sluicegate.audit.stable`: what was found for the stable release."""

from dataclasses import replace
from datetime import timedelta

from fakes import FakeEvidence
from log_world import START, World, finished, started
from run_events import end

from sluicegate.audit.pruning import announce, remove
from sluicegate.audit.snapshot import write_snapshot
from sluicegate.audit.stable import LoggedStable, others_of, read_stable
from sluicegate.model.digest import Digest
from sluicegate.model.event import Event, RolloutFinished, RolloutStarted
from sluicegate.model.evidence import Evidence, Value
from sluicegate.model.rollout import Release, RolloutResult

PRODUCTION = "production"


def image(name: str) -> Release:
    return Release(Digest.of(name.encode()), name, "a" * 40)


def scan(critical: int, attempt: int = 1, stage: str = "scan") -> Event:
    return end(stage, attempt=attempt, evidence=Evidence({"critical": critical}))


def rollout(
    new: str,
    old: str | None,
    result: RolloutResult = RolloutResult.PROMOTED,
    place: str = PRODUCTION,
) -> list[Event]:
    stable = None if old is None else image(old)
    return [
        RolloutStarted("canary", place, image(new), stable, START),
        RolloutFinished("canary", result, "", START),
    ]


def found(world: World, size: int | None = None) -> tuple[str, dict[str, object]]:
    stable = read_stable(world.log, PRODUCTION, size=size)
    assert stable is not None
    fields: dict[str, dict[str, Value]] = {
        stage: dict(fields) for stage, fields in stable.fields.items()
    }
    return stable.release.release.name, dict(fields)


def test_nothing_is_stable_where_nothing_was_released() -> None:
    world = World.begin()
    world.append("R1", started(), scan(1))

    assert read_stable(world.log, PRODUCTION) is None
    assert LoggedStable(lambda: None).of(PRODUCTION) is None


def test_the_evidence_is_that_of_the_run_which_brought_it() -> None:
    world = World.begin()
    world.append("R1", started(), scan(1), *rollout("v1", None, RolloutResult.DEPLOYED))
    world.append("R2", started(), scan(2), *rollout("v2", "v1"))
    world.append("R3", started(), scan(3))

    assert found(world) == ("v2", {"scan": {"critical": 2}})


def test_how_its_stages_ended_is_known_with_the_run_and_its_pipeline() -> None:
    world = World.begin()
    world.append("R1", started(), scan(1), *rollout("v1", None, RolloutResult.DEPLOYED))
    arrived = rollout("v2", "v1")
    world.append("R2", started(), scan(9), scan(2, 2), *arrived, scan(7, 3))

    stable = read_stable(world.log, PRODUCTION)

    assert stable is not None
    assert (stable.run_id, stable.pipeline) == ("R2", started().pipeline)
    assert {name: end.attempt for name, end in stable.ends.items()} == {"scan": 2}


def test_what_another_service_of_the_log_has_released_is_not_ones_own() -> None:
    world = World.begin()
    other = replace(started(), pipeline="fraud_release_v2.0")
    world.append("R1", started(), *rollout("v1", None, RolloutResult.DEPLOYED))
    own = others_of(world.log, PRODUCTION, "churn")
    world.append("R2", other, *rollout("f1", None, RolloutResult.DEPLOYED))

    assert own == frozenset()
    assert others_of(world.log, PRODUCTION, "churn") == {"fraud"}
    assert others_of(world.log, PRODUCTION, "fraud") == frozenset()
    assert others_of(world.log, "staging", "churn") == frozenset()


def test_whose_a_release_is_whose_run_was_pruned_is_told_only_in_a_log_of_one() -> None:
    world = World.begin()
    world.append("R1", started(), *rollout("v1", None, RolloutResult.DEPLOYED))
    world.append("R1", finished())
    world.fill(300)
    world.clock.at += timedelta(days=500)
    announce(world.recorder, world.clock.at)
    remove(world.log, FakeEvidence(), world.clock.at)
    assert world.log.min_index() > 0

    alone = others_of(world.log, PRODUCTION, "churn")
    world.append("R2", replace(started(), pipeline="fraud_release_v2.0"))

    assert alone == frozenset()
    assert others_of(world.log, PRODUCTION, "churn") == {"fraud"}


def test_a_canary_that_was_rolled_back_leaves_the_evidence_of_the_release() -> None:
    world = World.begin()
    world.append("R1", started(), scan(1), *rollout("v1", None, RolloutResult.DEPLOYED))
    back = rollout("v2", "v1", RolloutResult.ROLLED_BACK)
    world.append("R2", started(), scan(2), *back)

    assert found(world) == ("v1", {"scan": {"critical": 1}})


def test_a_rollback_that_waited_for_its_entry_gate_has_measured_nothing() -> None:
    world = World.begin()
    world.append("R1", started(), scan(1), *rollout("v1", None, RolloutResult.DEPLOYED))
    world.append("R2", started(), scan(2), *rollout("v2", "v1"))
    world.append("R3", started(), end("canary"), *rollout("v1", "v2"))

    assert found(world) == ("v1", {"scan": {"critical": 1}})


def test_the_last_attempt_counts() -> None:
    world = World.begin()
    arrived = rollout("v1", None, RolloutResult.DEPLOYED)
    world.append("R1", started(), scan(9), scan(1, 2), *arrived)

    assert found(world) == ("v1", {"scan": {"critical": 1}})


def test_what_was_found_there_has_no_evidence_of_the_run_that_found_it() -> None:
    world = World.begin()
    back = rollout("v2", "by hand", RolloutResult.ROLLED_BACK)
    world.append("R1", started(), scan(2), *back)

    assert found(world) == ("by hand", {})


def test_what_was_found_there_again_has_the_evidence_it_came_with() -> None:
    world = World.begin()
    world.append("R1", started(), scan(1), *rollout("v1", None, RolloutResult.DEPLOYED))
    world.append("R2", started(), scan(2), *rollout("v2", "v1"))
    # Somebody put v1 back by hand.
    back = rollout("v3", "v1", RolloutResult.ROLLED_BACK)
    world.append("R3", started(), scan(3), *back)

    assert found(world) == ("v1", {"scan": {"critical": 1}})


def test_a_run_that_went_back_to_it_and_measured_nothing_takes_nothing_away() -> None:
    world = World.begin()
    world.append("R1", started(), scan(1), *rollout("v1", None, RolloutResult.DEPLOYED))
    world.append("R2", started(), scan(2), *rollout("v2", "v1"))
    world.append("R3", started(), *rollout("v1", "v2"))

    assert found(world) == ("v1", {"scan": {"critical": 1}})


def test_other_environments_say_nothing_of_this_one() -> None:
    world = World.begin()
    world.append("R1", started(), scan(1), *rollout("v1", None, RolloutResult.DEPLOYED))
    staging = rollout("v2", None, RolloutResult.DEPLOYED, "staging")
    world.append("R2", started(), scan(2), *staging)

    assert found(world) == ("v1", {"scan": {"critical": 1}})


def test_runs_that_go_on_side_by_side_are_told_apart() -> None:
    world = World.begin()
    world.append("R1", started(), scan(1))
    world.append("R2", started(), scan(2))
    world.append("R1", *rollout("v1", None, RolloutResult.DEPLOYED))
    world.append("R2", scan(3, stage="late"))

    assert found(world) == ("v1", {"scan": {"critical": 1}})


def test_it_can_be_asked_for_an_earlier_time() -> None:
    world = World.begin()
    world.append("R1", started(), scan(1), *rollout("v1", None, RolloutResult.DEPLOYED))
    size = world.log.head().size
    world.append("R2", started(), scan(2), *rollout("v2", "v1"))

    assert found(world, size) == ("v1", {"scan": {"critical": 1}})


def test_a_snapshot_in_between_changes_nothing() -> None:
    world = World.begin()
    world.append("R1", started(), scan(1), *rollout("v1", None, RolloutResult.DEPLOYED))
    write_snapshot(world.recorder, always=True)
    world.fill(300)

    assert found(world) == ("v1", {"scan": {"critical": 1}})


def test_the_log_is_read_whenever_it_is_asked() -> None:
    world = World.begin()
    world.append("R1", started(), scan(1), *rollout("v1", None, RolloutResult.DEPLOYED))
    stable = LoggedStable(lambda: world.log)
    before = stable.of(PRODUCTION)
    world.append("R2", started(), scan(2), *rollout("v2", "v1"))
    after = stable.of(PRODUCTION)

    assert before is not None
    assert after is not None
    assert (before.release.release.name, after.release.release.name) == ("v1", "v2")
