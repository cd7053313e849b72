"""Unit tests of `sluicegate.audit.delivery.rollouts`."""

import pytest
from delivery_log import DEPLOYED, HELD, PROMOTED, ROLLED_BACK, Script, moment

from sluicegate.model.delivery import Fate, PastRollout
from sluicegate.model.event import WeightRequested
from sluicegate.model.rollout import RolloutResult


def rows(script: Script) -> dict[str, PastRollout]:
    return {row.run_id: row for row in script.facts().rollouts}


def with_stable() -> Script:
    """v1 is live since minute 10."""
    script = Script()
    script.run("R1", 0, "v1")
    script.rollout("R1", (5, 6, 10), DEPLOYED, name="v1")
    return script


def release(
    script: Script,
    run_id: str,
    begin: float,
    result: RolloutResult | None,
    before: str | None = "v1",
    *,
    cause: str = "evidence",
    rollback: str | None = None,
    name: str | None = None,
) -> None:
    """A run that begins a rollout after 1 minute, gives traffic after 2, ends by 10."""
    name = name or run_id
    script.run(run_id, begin, name, rollback=rollback)
    times = (begin + 1, begin + 2, None if result is None else begin + 10)
    script.rollout(run_id, times, result, name=name, before=before, cause=cause)


def test_the_first_release_arrives_and_is_good() -> None:
    row = rows(with_stable())["R1"]

    assert (row.fate, row.has_arrived, row.traffic_at) == (Fate.GOOD, True, moment(6))


def test_a_canary_that_is_taken_back_has_failed_and_is_restored_by_that() -> None:
    script = with_stable()
    release(script, "v2", 100, ROLLED_BACK)

    row = rows(script)["v2"]

    assert row.fate is Fate.ABORTED
    assert (row.traffic_at, row.sign_at) == (moment(102), moment(110))
    assert row.restored_at == moment(110)


def test_a_canary_that_never_took_traffic_has_no_time_of_traffic() -> None:
    script = with_stable()
    script.run("v2", 100)
    script.rollout("v2", (101, None, 103), ROLLED_BACK, before="v1", cause="unhealthy")

    assert rows(script)["v2"].traffic_at is None


def test_a_weight_of_nothing_is_no_traffic() -> None:
    script = with_stable()
    script.run("v2", 100)
    script.rollout("v2", (101, None, 105), ROLLED_BACK, before="v1")
    script.happen(102, "v2", WeightRequested("canary", 0))

    assert rows(script)["v2"].traffic_at is None


@pytest.mark.parametrize("result", [HELD, None])
def test_what_is_held_or_under_way_is_not_decided(
    result: RolloutResult | None,
) -> None:
    script = with_stable()
    release(script, "v2", 100, result)

    row = rows(script)["v2"]

    assert (row.fate, row.restored_at) == (Fate.UNDECIDED, None)


def test_a_rollout_that_made_room_for_a_newer_one_is_not_decided() -> None:
    script = with_stable()
    release(script, "v2", 100, ROLLED_BACK, cause="superseded")

    assert rows(script)["v2"].fate is Fate.UNDECIDED


def test_a_rollout_that_a_later_one_overtook_is_decided_by_nothing_that_follows() -> (
    None
):
    script = with_stable()
    script.run("v2", 100)
    script.rollout("v2", (101, 102, 300), ROLLED_BACK, before="v1")
    release(script, "v3", 200, PROMOTED)

    found = rows(script)

    assert (found["v2"].fate, found["v2"].ended_at) == (Fate.UNDECIDED, None)
    assert found["v3"].fate is Fate.GOOD
    assert script.facts().aborts == ()


def test_a_release_that_was_live_already_is_no_rollout() -> None:
    script = with_stable()
    release(script, "v1b", 100, RolloutResult.UNCHANGED, name="v1")
    release(script, "v2", 200, PROMOTED)

    assert list(rows(script)) == ["R1", "v2"]


def test_going_back_makes_what_was_live_a_failure_until_the_older_one_is_back() -> None:
    script = with_stable()
    release(script, "v2", 100, PROMOTED)
    release(script, "back", 500, PROMOTED, "v2", rollback="R1", name="v1")

    found = rows(script)

    assert found["v2"].fate is Fate.GONE_BACK
    assert (found["v2"].traffic_at, found["v2"].sign_at) == (moment(102), moment(500))
    assert found["v2"].restored_at == moment(510)
    assert (found["R1"].fate, found["back"].fate) == (Fate.GOOD, Fate.GOOD)
    assert found["back"].is_rollback


def test_a_failed_rollback_restores_nothing_and_the_next_good_release_does() -> None:
    script = with_stable()
    release(script, "v2", 100, PROMOTED)
    release(script, "back", 500, ROLLED_BACK, "v2", rollback="R1", name="v1")
    assert rows(script)["v2"].restored_at is None

    release(script, "v3", 600, PROMOTED, "v2")

    assert rows(script)["v2"].restored_at == moment(610)
    assert rows(script)["v3"].fate is Fate.GOOD


def test_a_first_release_that_is_taken_back_is_restored_by_the_next_that_comes() -> (
    None
):
    script = Script()
    release(script, "v1", 0, ROLLED_BACK, None)
    assert rows(script)["v1"].restored_at is None

    release(script, "v2", 100, DEPLOYED, None)

    assert rows(script)["v1"].restored_at == moment(110)


def test_going_back_twice_is_one_failure_of_what_was_released() -> None:
    script = with_stable()
    release(script, "v2", 100, PROMOTED)
    release(script, "back", 500, PROMOTED, "v2", rollback="R1", name="v1")
    release(script, "more", 700, PROMOTED, "v1", rollback="R0", name="v0")

    fates = [row.fate for row in script.facts().rollouts]

    assert fates.count(Fate.GONE_BACK) == 1


def test_what_another_environment_does_is_no_failure_here() -> None:
    script = with_stable()
    script.run("S1", 20, "v1")
    script.rollout("S1", (21, 22, 25), DEPLOYED, name="v1", environment="staging")
    script.run("S2", 30, "v0", rollback="S0")
    script.rollout("S2", (31, 32, 35), name="v0", before="v1", environment="staging")

    found = rows(script)

    assert (found["R1"].fate, found["S1"].fate) == (Fate.GOOD, Fate.GONE_BACK)


def test_a_release_behind_an_override_is_known_as_one() -> None:
    script = with_stable()
    script.run("v2", 100)
    script.ask("v2", 101, 102, override=True)
    script.rollout("v2", (103, 104, 110), ROLLED_BACK, before="v1")

    assert rows(script)["v2"].overridden
    assert not rows(script)["R1"].overridden


def test_time_runs_from_the_first_run_of_a_commit_and_not_from_a_rollback() -> None:
    script = Script()
    script.run("back", 1, "v2", rollback="R0")
    script.run("first", 50, "v2")
    script.run("other", 60, "v2", service="fraud")
    release(script, "second", 100, DEPLOYED, None, name="v2")

    assert rows(script)["second"].run_at == moment(50)


def test_every_abort_is_kept_with_its_cause() -> None:
    script = with_stable()
    release(script, "v2", 100, ROLLED_BACK, cause="crashed")
    release(script, "v3", 200, PROMOTED)
    release(script, "v4", 300, ROLLED_BACK, "v3", cause="deadline")

    aborts = script.facts().aborts

    assert [(each.cause, each.at) for each in aborts] == [
        ("crashed", moment(110)),
        ("deadline", moment(310)),
    ]
