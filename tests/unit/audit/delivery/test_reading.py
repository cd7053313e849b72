"""Unit tests of `sluicegate.audit.delivery.reading`."""

from datetime import timedelta

import pytest
from delivery_log import (
    DEPLOYED,
    FOREVER,
    MONDAY,
    PROMOTED,
    ROLLED_BACK,
    Script,
    moment,
)
from fakes import FakeEvidence
from fakes_audit import FakeSigner, FakeStore
from log_world import World

from sluicegate.audit.delivery.reading import read_facts
from sluicegate.audit.jcs import format_json, parse_json
from sluicegate.audit.log import AuditLog
from sluicegate.audit.pruning import announce, remove
from sluicegate.audit.snapshot import write_snapshot
from sluicegate.errors import IntegrityError
from sluicegate.model.delivery import Fate
from sluicegate.model.event import CanaryReady


def script() -> Script:
    found = Script()
    found.run("R1", 0, "v1")
    found.stage("R1", 1, 2)
    found.rollout("R1", (5, 6, 10), DEPLOYED, name="v1")
    found.run("R2", 100, "v2")
    found.rollout("R2", (101, 102, 110), ROLLED_BACK, name="v2", before="v1")
    return found


def world_of(found: Script) -> World:
    world = World.begin(MONDAY, tick=timedelta(0), retention_days=180)
    found.append_to(world.log)
    return world


def test_an_empty_log_says_when_it_begins_and_nothing_else() -> None:
    facts = Script().facts()

    assert (facts.begins_at, facts.entries, facts.pruned) == (MONDAY, 1, 0)
    found = facts.rollouts, facts.gates, facts.asked, facts.spent
    assert not any(found)


def test_runs_are_known_with_where_they_released_and_what_became_of_them() -> None:
    found = script()
    found.end("R1", 11)

    one, other = found.facts().runs

    assert (one.environments, one.service) == (("production",), "churn")
    assert (one.outcome is None, other.outcome) == (False, None)


def test_an_entry_that_was_changed_is_noticed() -> None:
    store = world_of(script()).store
    for name, data in store.objects.items():
        if "entries" in name:
            store.objects[name] = data.replace(b"rolled_back", b"promoted_it")

    with pytest.raises(IntegrityError, match="not what was committed"):
        read_facts(AuditLog(store, FakeSigner()), FOREVER.end)


def test_an_entry_that_was_changed_is_noticed_though_nothing_is_counted_of_it() -> None:
    found = script()
    found.happen(103, "R2", CanaryReady("canary"))
    store = world_of(found).store
    for name, data in store.objects.items():
        if "entries" in name:
            store.objects[name] = data.replace(b"canary.ready", b"canary.reada")

    with pytest.raises(IntegrityError, match="not what was committed"):
        read_facts(AuditLog(store, FakeSigner()), FOREVER.end)


def _append(world: World, **changed: str) -> None:
    """An entry like the last one, with what *changed*."""
    *_, (_, last) = world.log.entries()
    world.log.append([format_json({**parse_json(last), **changed})])


def test_entries_of_a_newer_version_are_passed_over_where_they_do_not_matter() -> None:
    world = world_of(script())
    before = read_facts(world.log, FOREVER.end)

    _append(world, type="canary.dreamt")

    after = read_facts(world.log, FOREVER.end)
    assert after.rollouts == before.rollouts
    assert after.entries == before.entries + 1


def test_a_word_that_this_version_does_not_know_is_not_guessed_at() -> None:
    world = world_of(script())
    _append(world, result="teleported")

    with pytest.raises(IntegrityError, match=r"entry 13: an entry of the unknown type"):
        read_facts(world.log, FOREVER.end)


def test_what_was_pruned_is_not_counted_and_said_to_be_missing() -> None:
    year = 525_600
    old = Script()
    old.run("R1", 0, "v1")
    old.stage("R1", 1, 2)
    old.rollout("R1", (5, 6, 10), DEPLOYED, name="v1")
    old.run("R2", 20, "v2")
    for attempt in range(130):
        old.stage("R2", 30, 1, attempt=attempt + 1)
    old.end("R1", 40)
    old.end("R2", 40)
    world = world_of(old)
    world.clock.at = moment(year)
    late = Script()
    late.run("R3", year, "v3")
    late.rollout("R3", (year, year + 1, year + 9), PROMOTED, before="v1")
    world.fill(512)
    write_snapshot(world.recorder, always=True)
    late.append_to(world.log)
    world.clock.at = moment(year + 100)
    now = world.clock.now()
    announce(world.recorder, now)
    remove(world.log, FakeEvidence(), now)

    facts = read_facts(AuditLog(world.store, FakeSigner()), moment(year + 200))

    assert facts.pruned > 0
    assert [(row.run_id, row.fate) for row in facts.rollouts] == [("R3", Fate.GOOD)]
    assert facts.begins_at is not None
    assert facts.begins_at > moment(20)


def test_a_rollout_that_began_in_what_is_gone_is_counted_as_such() -> None:
    found = Script()
    found.rollout("gone", (5, 6, 10), PROMOTED)
    found.events = found.events[-1:]

    facts = found.facts()

    assert (facts.cut_rollouts, facts.rollouts) == (1, ())


def test_progress_is_told_of_long_logs() -> None:
    world = world_of(script())
    world.fill(2100)
    seen: list[tuple[int, int]] = []

    read_facts(world.log, FOREVER.end, lambda done, of: seen.append((done, of)))

    assert seen == [(0, 2100), (1024, 2100), (2048, 2100)]
    assert isinstance(world.store, FakeStore)
