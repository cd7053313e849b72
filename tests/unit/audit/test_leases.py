"""Unit tests of `sluicegate.audit.leases`."""

from datetime import timedelta

import pytest
from fakes import FakeClock
from fakes_audit import FACTS, FakeSigner, FakeStore, begin_log, event_ids

from sluicegate.audit.leases import TERM, Leases
from sluicegate.audit.log import AuditLog
from sluicegate.audit.log_recorder import LogRecorder
from sluicegate.audit.snapshot import read_state
from sluicegate.errors import PermanentError, TransientError

PLACE = "production"


class World:
    """A log, and runs that share its clock."""

    def __init__(self) -> None:
        self.store = FakeStore()
        self.log = begin_log(self.store)
        self.clock = FakeClock()
        self.ids = event_ids()
        self.waits: list[int] = []

    def run(self, run_id: str, machine: str = "a" * 32) -> Leases:
        log = AuditLog(self.store, FakeSigner(), wait=self.waits.append)
        recorder = LogRecorder(
            log, self.clock, self.ids, FACTS.actor, FACTS.tool, machine
        )
        return Leases(recorder, run_id)


def test_a_lease_keeps_other_runs_out_until_it_is_given_back() -> None:
    world = World()
    mine, theirs = world.run("R1"), world.run("R2")
    lease = mine.take(PLACE, holder_is_gone=False)
    with pytest.raises(TransientError, match="run R1 is changing production"):
        theirs.take(PLACE, holder_is_gone=False)
    assert world.waits == [], "who is refused is told so at once"
    assert theirs.take("staging", holder_is_gone=False).fence > lease.fence

    mine.give_back(lease)

    assert theirs.take(PLACE, holder_is_gone=False).run_id == "R2"


def test_a_lease_expires_unless_it_is_renewed() -> None:
    world = World()
    mine, theirs = world.run("R1"), world.run("R2")
    lease = mine.take(PLACE, holder_is_gone=False)
    world.clock.sleep(TERM.total_seconds() * 0.6)
    renewed = mine.keep(lease)
    assert renewed.fence > lease.fence
    world.clock.sleep(TERM.total_seconds() * 0.6)
    with pytest.raises(TransientError):
        theirs.take(PLACE, holder_is_gone=False)

    world.clock.sleep(TERM.total_seconds() * 0.4)

    assert theirs.take(PLACE, holder_is_gone=False).fence > renewed.fence
    with pytest.raises(PermanentError, match="is over: run R2 took it"):
        mine.keep(renewed)


def test_a_young_lease_is_not_renewed() -> None:
    world = World()
    mine = world.run("R1")
    lease = mine.take(PLACE, holder_is_gone=False)
    world.clock.sleep(TERM.total_seconds() * 0.4)

    assert mine.keep(lease) == lease
    assert mine.recorder.log.head().size == lease.fence + 1


def test_a_lease_whose_holder_is_gone_is_taken_over_with_a_higher_fence() -> None:
    world = World()
    dead = world.run("R1").take(PLACE, holder_is_gone=False)
    again = world.run("R1").take(PLACE, holder_is_gone=False)

    taken = world.run("R2").take(PLACE, holder_is_gone=True)

    assert dead.fence < again.fence < taken.fence
    assert taken.expires == world.clock.now() + TERM


def test_a_lease_from_another_machine_lasts_until_it_expires() -> None:
    world = World()
    world.run("R1").take(PLACE, holder_is_gone=True)
    there = world.run("R2", "b" * 32)

    for run in (there, world.run("R1", "b" * 32)):
        with pytest.raises(TransientError, match="run R1 is changing production"):
            run.take(PLACE, holder_is_gone=True)
    world.clock.sleep(TERM.total_seconds() + 1)

    assert there.take(PLACE, holder_is_gone=True).run_id == "R2"


def test_giving_back_what_another_run_has_changes_nothing() -> None:
    world = World()
    mine, theirs = world.run("R1"), world.run("R2")
    old = mine.take(PLACE, holder_is_gone=False)
    new = theirs.take(PLACE, holder_is_gone=True)

    mine.give_back(old)

    assert read_state(mine.recorder.log).leases == {PLACE: new}


def test_of_two_that_take_at_once_one_gets_it() -> None:
    world = World()
    mine, theirs = world.run("R1"), world.run("R2")
    world.store.races = 1
    world.store.on_race = lambda: theirs.take(PLACE, holder_is_gone=False)

    with pytest.raises(TransientError, match="run R2 is changing production"):
        mine.take(PLACE, holder_is_gone=False)
    world.clock.sleep((TERM + timedelta(seconds=1)).total_seconds())
    assert mine.take(PLACE, holder_is_gone=False).run_id == "R1"
