"""Unit tests of `sluicegate.audit.releases`: what environments run, from the log."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from fakes import START
from fakes_audit import FACTS
from fakes_target import Behaviour, release
from hypothesis import given
from hypothesis import strategies as st
from rollouts import NEW, OLD, under_way, world

from sluicegate.audit.envelope import Envelope
from sluicegate.audit.releases import fold_deployments
from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome
from sluicegate.model.deployment import Deployment, Entrance, Standing
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    CountedApproval,
    EnvironmentEntered,
    Event,
    RolloutFinished,
    RolloutStarted,
    RunStarted,
    StageFinished,
)
from sluicegate.model.evidence import Evidence
from sluicegate.model.rollout import Release, RolloutResult

Logged = list[tuple[str, Event]]


def fold(events: Iterable[tuple[str, Event]]) -> list[Deployment]:
    """The fold of entries that are numbered, and recorded a second apart."""
    return fold_deployments(
        (index, envelope(run_id, index), event)
        for index, (run_id, event) in enumerate(events)
    )


def envelope(run_id: str, index: int) -> Envelope:
    at = START + timedelta(seconds=index)
    facts = FACTS
    return Envelope(
        f"E{index}", run_id, index, at, facts.source, facts.actor, facts.tool
    )


def begin(run_id: str) -> tuple[str, RunStarted]:
    started = RunStarted(
        pipeline="churn_release_v1.0",
        definition=Digest.of(b""),
        commit="a" * 40,
        branch="main",
        dirty=False,
        stages=(),
        start_ts=START,
    )
    return run_id, started


def stage(name: str, reason: str = "", attempt: int = 1) -> StageFinished:
    return StageFinished(
        stage=name,
        attempt=attempt,
        outcome=Outcome.OPEN,
        reason=reason,
        gate=None,
        evidence=Evidence(),
        tools=(),
        subjects=(),
        usage=ResourceUsage(1),
        start_ts=START,
        end_ts=START,
    )


def rollout(
    run_id: str,
    canary: Release,
    stable: Release | None,
    result: RolloutResult | None,
    environment: str = "production",
) -> Logged:
    """A run with one rollout, which has not ended if there is no result."""
    events: Logged = [
        begin(run_id),
        (run_id, RolloutStarted("canary", environment, canary, stable, START)),
    ]
    if result is not None:
        events.append((run_id, RolloutFinished("canary", result, "why", START)))
    return events


def told(events: Iterable[tuple[str, Event]]) -> list[tuple[str, str, bool]]:
    return [(row.release.name, row.standing.value, row.live) for row in fold(events)]


DEPLOYED, PROMOTED = RolloutResult.DEPLOYED, RolloutResult.PROMOTED
BACK, HELD = RolloutResult.ROLLED_BACK, RolloutResult.HELD


def test_a_log_without_a_rollout_has_no_release() -> None:
    assert fold([begin("R1"), ("R1", stage("lint"))]) == []


def test_the_first_release_is_deployed_and_live() -> None:
    here = world(stable=False)
    here.conduct()

    (row,) = fold([begin("R1"), *(("R1", e) for e in here.log.events)])

    finished = here.finished()
    assert row == Deployment(
        environment="production",
        release=NEW,
        before=None,
        standing=Standing.DEPLOYED,
        reason=finished.reason,
        run_id="R1",
        run=begin("R1")[1],
        stages=(),
        start_ts=START,
        end_ts=finished.end_ts,
        live=True,
        index=len(here.log.events),
    )


def test_a_promoted_release_takes_the_place_of_the_one_before() -> None:
    here = world()
    here.conduct()
    events = [
        *rollout("R1", OLD, None, DEPLOYED),
        begin("R2"),
        *(("R2", event) for event in here.log.events),
    ]

    first, second = fold(events)

    assert told(events) == [("old", "deployed", False), ("new", "promoted", True)]
    assert (first.before, second.before) == (None, OLD)
    assert [row.run_id for row in (first, second)] == ["R1", "R2"]


def test_a_release_that_was_rolled_back_leaves_the_one_before_live() -> None:
    here = world(canary=Behaviour(fails=0.3))
    here.conduct()
    events = [
        *rollout("R1", OLD, None, DEPLOYED),
        begin("R2"),
        *(("R2", event) for event in here.log.events),
    ]

    assert told(events) == [("old", "deployed", True), ("new", "rolled_back", False)]
    assert "error rate" in fold(events)[1].reason


def test_a_release_that_is_held_serves_beside_the_live_one_and_may_begin_anew() -> None:
    events = [
        *rollout("R1", OLD, None, DEPLOYED),
        *rollout("R2", NEW, OLD, HELD),
        *rollout("R2", NEW, OLD, PROMOTED)[1:],
    ]

    assert told(events) == [
        ("old", "deployed", False),
        ("new", "held", False),
        ("new", "promoted", True),
    ]


def test_a_rollout_under_way_is_not_live_yet() -> None:
    events = [
        *rollout("R1", OLD, None, DEPLOYED),
        begin("R2"),
        *(("R2", event) for event in under_way(at=START)),
    ]

    assert told(events) == [("old", "deployed", True), ("new", "under_way", False)]
    assert fold(events)[1].end_ts is None


def test_a_rollout_that_a_later_one_overtook_is_unfinished() -> None:
    events = [
        *rollout("R1", OLD, None, DEPLOYED),
        *rollout("R2", NEW, OLD, None),
        *rollout("R3", release("newer"), OLD, PROMOTED),
    ]

    assert told(events) == [
        ("old", "deployed", False),
        ("new", "unfinished", False),
        ("newer", "promoted", True),
    ]


def test_a_release_that_was_live_already_is_no_news() -> None:
    events = [
        *rollout("R1", OLD, None, DEPLOYED),
        *rollout("R2", OLD, OLD, RolloutResult.UNCHANGED),
    ]

    assert told(events) == [("old", "deployed", True)]


def test_what_this_log_did_not_put_there_is_said_to_have_been_found() -> None:
    other = release("other")
    events = [
        *rollout("R1", OLD, None, DEPLOYED),
        *rollout("R2", NEW, other, BACK),
        *rollout("R3", other, other, RolloutResult.UNCHANGED),
    ]

    assert told(events) == [
        ("old", "deployed", False),
        ("other", "found", True),
        ("new", "rolled_back", False),
    ]
    assert fold(events)[1].run_id == "R2"


def test_an_environment_that_was_emptied_has_nothing_live() -> None:
    events = [
        *rollout("R1", OLD, None, DEPLOYED),
        *rollout("R2", NEW, None, None),
    ]

    assert told(events) == [("old", "deployed", False), ("new", "under_way", False)]


def test_environments_are_told_apart() -> None:
    events = [
        *rollout("R1", OLD, None, DEPLOYED, "staging"),
        *rollout("R2", NEW, None, DEPLOYED),
    ]

    assert [(row.environment, row.live) for row in fold(events)] == [
        ("staging", True),
        ("production", True),
    ]


def test_the_last_attempts_of_the_run_are_its_evidence_even_after_the_rollout() -> None:
    events: Logged = [
        begin("R1"),
        ("R1", stage("lint", "broken", attempt=1)),
        ("R1", stage("test")),
        ("R1", stage("lint", "fine", attempt=2)),
        ("R2", stage("lint", "of a run that never began")),
        *rollout("R1", NEW, None, DEPLOYED)[1:],
        ("R1", stage("canary")),
    ]

    (row,) = fold(events)

    assert [(end.stage, end.reason) for end in row.stages] == [
        ("test", ""),
        ("lint", "fine"),
        ("canary", ""),
    ]


def entered(environment: str = "production", **more: object) -> EnvironmentEntered:
    values: dict[str, object] = {
        "stage": "canary",
        "environment": environment,
        "policy": Digest.of(b"policy"),
        "branch": "refs/heads/main",
        "commit": "b" * 40,
        "conditions": (),
        "approvals": (CountedApproval(Digest.of(b"yes"), "ann", "SHA256:k"),),
        "override": False,
        "size": 7,
        **more,
    }
    return EnvironmentEntered(**values)  # type: ignore[arg-type]


def test_a_release_names_the_entry_by_which_its_environment_was_entered() -> None:
    run, (run_id, rolled), *rest = rollout("R1", NEW, None, DEPLOYED)

    (row,) = fold([run, ("R1", entered()), (run_id, rolled), *rest])

    at = START + timedelta(seconds=1)
    assert row.entrance == Entrance(entered(), 1, "E1", at)
    assert row.index == 3


def test_a_held_release_that_begins_anew_has_an_entrance_of_its_own() -> None:
    first, second = entered(), entered(size=20)
    run, began, ended = rollout("R2", NEW, OLD, HELD)
    again = rollout("R2", NEW, OLD, PROMOTED)[1:]

    rows = fold([run, ("R2", first), began, ended, ("R2", second), *again])

    assert [row.release for row in rows] == [OLD, NEW, NEW]  # OLD was found
    assert [row.entrance and row.entrance.entered for row in rows] == [
        None,
        first,
        second,
    ]


def later(events: Logged, hours: int) -> Logged:
    """Rollouts that begin *hours* later, and end half an hour after they began."""
    at = START + timedelta(hours=hours)
    changed: Logged = []
    for run_id, event in events:
        match event:
            case RolloutStarted():
                changed.append((run_id, replace(event, start_ts=at)))
            case RolloutFinished():
                end = at + timedelta(minutes=30)
                changed.append((run_id, replace(event, end_ts=end)))
            case _:
                changed.append((run_id, event))
    return changed


def hours_until(row: Deployment) -> float | None:
    if row.until_ts is None:
        return None
    return (row.until_ts - START) / timedelta(hours=1)


def test_every_release_says_until_when_it_served() -> None:
    other = release("other")
    events = [
        *later(rollout("R1", OLD, None, DEPLOYED), 1),
        *later(rollout("R2", NEW, OLD, BACK), 2),
        *later(rollout("R3", NEW, OLD, HELD), 3),
        *later(rollout("R4", NEW, OLD, None), 4),
        *later(rollout("R5", NEW, OLD, PROMOTED), 5),
        *later(rollout("R6", OLD, other, PROMOTED), 6),
    ]

    rows = fold(events)

    assert [(row.standing.value, hours_until(row)) for row in rows] == [
        ("deployed", 5.5),
        ("rolled_back", 2.5),
        ("held", 4),  # the next rollout took its traffic away
        ("unfinished", 5),
        ("promoted", 6),  # by then another one was found there
        ("found", 6.5),
        ("promoted", None),
    ]


def test_what_was_removed_from_its_environment_serves_no_more() -> None:
    events = [
        *later(rollout("R1", OLD, None, DEPLOYED), 1),
        *later(rollout("R2", NEW, None, HELD), 2),
    ]

    assert [hours_until(row) for row in fold(events)] == [2, None]


def test_a_rollback_has_the_evidence_of_the_run_that_it_goes_back_to() -> None:
    first = rollout("R1", OLD, None, DEPLOYED)
    (_, began), *rest = rollout("R3", OLD, NEW, PROMOTED)
    assert isinstance(began, RunStarted)
    back = replace(began, rollback="R1", reason="it is slow")
    events = [
        first[0],
        ("R1", stage("test", "212 passed")),
        *first[1:],
        *rollout("R2", NEW, OLD, PROMOTED),
        ("R3", back),
        *rest,
        ("R3", stage("canary")),
    ]

    original, _, row = fold(events)

    assert (original.rollback, row.rollback) == (None, "R1")
    assert [end.reason for end in row.earlier] == ["212 passed"]
    assert [end.stage for end in row.stages] == ["canary"]
    assert told(events)[-1] == ("old", "promoted", True)
    assert fold(events[4:])[-1].earlier == ()  # its run is not known


def test_what_a_rollback_found_was_not_gone_back_to() -> None:
    (_, began), *rest = rollout("R3", OLD, NEW, PROMOTED)
    assert isinstance(began, RunStarted)

    found, row = fold([("R3", replace(began, rollback="R1")), *rest])

    assert (found.standing, found.rollback) == (Standing.FOUND, None)
    assert row.rollback == "R1"


names = st.sampled_from([OLD, NEW, release("other")])


@given(
    st.lists(
        st.tuples(names, st.sampled_from([PROMOTED, BACK, HELD, None])), max_size=12
    )
)
def test_one_release_is_live_and_it_is_the_last_that_took_over(
    rollouts: list[tuple[Release, RolloutResult | None]],
) -> None:
    stable = OLD
    events = rollout("R0", OLD, None, DEPLOYED)
    for number, (canary, result) in enumerate(rollouts, 1):
        ended = RolloutResult.UNCHANGED if canary == stable else result
        events += rollout(f"R{number}", canary, stable, ended)
        stable = canary if ended is PROMOTED else stable

    rows = fold(events)

    (live,) = [row for row in rows if row.live]
    assert live.release == stable
    assert live.standing in {Standing.DEPLOYED, Standing.PROMOTED}
    begun = [row for row in rows if row.standing is Standing.UNDER_WAY]
    assert begun == [rows[-1]] or begun == []
