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
from sluicegate.ports.fence import FencedOffError, OvertakenError
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

    with pytest.raises(OvertakenError, match="is over: run R2 took it"):
        leased.set_weight(NEW, 100)
    with pytest.raises(OvertakenError, match="is over"):
        leased.retire(NEW)
    assert world.target.weight(NEW) == 0


def test_a_run_that_lost_its_lease_finds_no_drift_in_what_another_has_set() -> None:
    world = World()
    leased = world.open(world.leases("R1"))
    leased.deploy(NEW, timeout_seconds=9)
    world.clock.sleep(TERM.total_seconds() + 1)
    world.leases("R2").take(PLACE, holder_is_gone=False)
    world.target.edit_weight(50)

    with pytest.raises(OvertakenError, match="is over: run R2 took it"):
        leased.drift(NEW, 0)


def test_a_lease_that_was_taken_over_early_changes_nothing_either() -> None:
    world = World()
    leased = world.open(world.leases("R1"))
    leased.deploy(NEW, timeout_seconds=9)
    world.leases("R2").take(PLACE, holder_is_gone=True)

    with pytest.raises(OvertakenError, match="is over: run R2 took it"):
        leased.set_weight(NEW, 100)
    assert world.target.weight(NEW) == 0


def forged(number: int) -> FencedOffError:
    removal = "kubectl annotate route shop fence-"
    where = "annotation fence of HTTPRoute shop"
    return FencedOffError(where, number, 1, removal, is_of_this_log=True)


def test_a_fence_of_which_the_log_knows_nothing_is_said_to_be_somebody_elses() -> None:
    world = World()
    leases = world.leases("R1")

    def raise_fence(_number: int) -> None:
        raise forged(10**17)

    leasing = LeasedTarget.of(
        world.target, leases, PLACE, raise_fence, holder_is_gone=True
    )
    with pytest.raises(PermanentError, match="entry 1 gave it to this one") as refused:
        leasing.__enter__()

    assert f"says that entry {10**17} of the log gave a lease" in str(refused.value)
    assert "take it away: kubectl annotate route shop" in str(refused.value.hint)
    assert read_state(leases.recorder.log).leases == {}  # nobody waits for it


def test_a_fence_that_is_raised_meanwhile_keeps_every_change_out() -> None:
    world = World()
    leased = world.open(world.leases("R1"))

    def refuse() -> None:
        raise forged(7)

    world.target.fuse = refuse
    with pytest.raises(PermanentError, match="and nobody has taken it"):
        leased.deploy(NEW, timeout_seconds=9)
    with pytest.raises(PermanentError, match="and nobody has taken it"):
        leased.set_weight(NEW, 5)
    with pytest.raises(PermanentError, match="and nobody has taken it"):
        leased.retire(NEW)


def test_of_a_later_lease_the_log_says_whose_it_is() -> None:
    world = World()
    leased = world.open(world.leases("R1"))

    def overtaken() -> None:
        world.leases("R2").take(PLACE, holder_is_gone=True)
        raise forged(2)

    world.target.fuse = overtaken
    with pytest.raises(OvertakenError, match="is over: run R2 took it"):
        leased.set_weight(NEW, 5)


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
