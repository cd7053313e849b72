"""Unit tests of `sluicegate.wiring.leased_target`."""

import pytest
from fakes import FakeClock
from fakes_audit import FACTS, FakeSigner, FakeStore, begin_log, event_ids
from fakes_target import FakeTarget, release

from sluicegate.audit.leases import TERM, Leases
from sluicegate.audit.log import AuditLog
from sluicegate.audit.log_recorder import LogRecorder
from sluicegate.audit.snapshot import read_state
from sluicegate.errors import PermanentError, TransientError
from sluicegate.wiring.leased_target import LeasedTarget

PLACE = "production"
NEW = release("v2")


class World:
    """An environment, a log, and the fences that the environment was told."""

    def __init__(self) -> None:
        self.store = FakeStore()
        begin_log(self.store)
        self.clock = FakeClock()
        self.target = FakeTarget(self.clock)
        self.ids = event_ids()
        self.fences: list[int] = []

    def leases(self, run_id: str) -> Leases:
        log = AuditLog(self.store, FakeSigner())
        recorder = LogRecorder(log, self.clock, self.ids, FACTS.actor, FACTS.tool)
        return Leases(recorder, run_id)

    def open(self, leases: Leases) -> "LeasedTarget":
        lease = leases.take(PLACE, holder_is_gone=False)
        return LeasedTarget(self.target, leases, lease, self.fences.append)


def test_every_change_goes_with_the_fence_of_the_lease_in_force() -> None:
    world = World()
    leased = world.open(world.leases("R1"))
    assert leased.deploy(NEW, timeout_seconds=9) is None
    world.clock.sleep(TERM.total_seconds() * 0.8)

    leased.set_weight(NEW, 100)

    assert leased.stable() == NEW
    assert world.fences == sorted(world.fences)
    assert world.fences[-1] == leased.lease.fence == 2


def test_a_run_that_lost_its_lease_while_it_slept_changes_nothing() -> None:
    world = World()
    leased = world.open(world.leases("R1"))
    leased.deploy(NEW, timeout_seconds=9)
    world.clock.sleep(TERM.total_seconds() + 1)
    world.leases("R2").take(PLACE, holder_is_gone=False)

    with pytest.raises(PermanentError, match="is over: run R2 took it"):
        leased.set_weight(NEW, 100)
    with pytest.raises(PermanentError, match="is over"):
        leased.retire(NEW)
    assert world.target.weight(NEW) == 0


def test_a_lease_that_was_taken_over_early_changes_nothing_either() -> None:
    world = World()
    leased = world.open(world.leases("R1"))
    leased.deploy(NEW, timeout_seconds=9)
    world.leases("R2").take(PLACE, holder_is_gone=True)

    with pytest.raises(PermanentError, match="is over: run R2 took it"):
        leased.set_weight(NEW, 100)
    assert world.target.weight(NEW) == 0


@pytest.mark.parametrize("error", [None, TransientError("the engine is away")])
def test_the_lease_is_given_back_however_the_rollout_ends(
    error: Exception | None,
) -> None:
    world = World()
    leases = world.leases("R1")

    def roll_out() -> None:
        with LeasedTarget.of(
            world.target, leases, PLACE, world.fences.append, holder_is_gone=True
        ):
            assert read_state(leases.recorder.log).leases[PLACE].run_id == "R1"
            if error is not None:
                raise error

    if error is None:
        roll_out()
    else:
        with pytest.raises(TransientError, match="away"):
            roll_out()

    assert read_state(leases.recorder.log).leases == {}
