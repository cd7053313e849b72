"""Unit tests of `sluicegate.audit.locks`."""

from fakes import FakeClock
from fakes_audit import FACTS, FakeSigner, FakeStore, begin_log, event_ids

from sluicegate.audit.locks import lock_environment, unlock_environment
from sluicegate.audit.log import AuditLog
from sluicegate.audit.log_recorder import LogRecorder
from sluicegate.audit.snapshot import read_state


class World:
    """A log, and two who record in it."""

    def __init__(self) -> None:
        self.store, self.ids = FakeStore(), event_ids()
        begin_log(self.store)
        self.ann, self.bob = self._recorder(), self._recorder()

    def _recorder(self) -> LogRecorder:
        log = AuditLog(self.store, FakeSigner())
        return LogRecorder(log, FakeClock(), self.ids, FACTS.actor, FACTS.tool)

    @property
    def size(self) -> int:
        return self.ann.log.head().size


def test_a_lock_is_in_force_until_it_is_ended_by_anybody() -> None:
    world = World()

    lock, changed = lock_environment(world.ann, "production", "moving")

    assert changed
    assert (lock.environment, lock.reason, lock.by) == (
        "production",
        "moving",
        "user:1000",
    )
    assert read_state(world.bob.log).locks == {"production": lock}
    assert unlock_environment(world.bob, "production", "moved") == (lock, True)
    assert read_state(world.ann.log).locks == {}


def test_what_is_locked_is_not_locked_again_and_nothing_is_recorded() -> None:
    world = World()
    first, _ = lock_environment(world.ann, "production", "moving")
    size = world.size

    assert lock_environment(world.bob, "production", "I, too") == (first, False)
    assert world.size == size


def test_what_is_not_locked_is_not_unlocked_and_nothing_is_recorded() -> None:
    world = World()
    lock_environment(world.ann, "staging", "another one")
    size = world.size

    assert unlock_environment(world.ann, "production", "done") == (None, False)
    assert world.size == size


def test_another_lock_than_the_one_that_is_meant_stays() -> None:
    world = World()
    old, _ = lock_environment(world.ann, "production", "moving")
    unlock_environment(world.ann, "production", "moved")
    new, _ = lock_environment(world.bob, "production", "burning")

    assert unlock_environment(world.ann, "production", "moved", old.lock) == (
        new,
        False,
    )
    assert read_state(world.ann.log).locks == {"production": new}
    assert unlock_environment(world.ann, "production", "out", new.lock) == (new, True)


def test_of_two_who_lock_at_once_the_second_is_told_of_the_first() -> None:
    world = World()
    world.store.races = 1
    world.store.on_race = lambda: lock_environment(world.bob, "production", "faster")

    lock, changed = lock_environment(world.ann, "production", "slower")

    assert (lock.reason, changed) == ("faster", False)
    assert [lock] == list(read_state(world.ann.log).locks.values())
