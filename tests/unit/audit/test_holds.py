from collections.abc import Sequence

import pytest
from fakes import FakeClock
from fakes_audit import (
    FACTS,
    FakeJournal,
    FakeSigner,
    FakeStore,
    begin_log,
    event_ids,
)
from run_events import started
from typing_extensions import override

from sluicegate.audit.holds import (
    apply_holds,
    check_scope,
    covered_files,
    find_hold,
    place_hold,
    release_hold,
)
from sluicegate.audit.log import AuditLog
from sluicegate.audit.log_recorder import LogRecorder
from sluicegate.audit.published import Policy, format_policy
from sluicegate.audit.recorder import Recorder
from sluicegate.audit.snapshot import read_state
from sluicegate.errors import UsageError
from sluicegate.model.digest import Digest
from sluicegate.model.hold import HoldScope
from sluicegate.model.log_event import LogPruned, RetentionChanged


class HoldingStore(FakeStore):
    """A store with holds of its own; ``held`` are the files under one."""

    def __init__(self) -> None:
        super().__init__()
        self.held: set[str] = set()

    @override
    def hold(self, names: Sequence[str], *, on: bool) -> bool:
        assert set(names) <= set(self.objects), "there is no such file"
        if on:
            self.held |= set(names)
        else:
            self.held -= set(names)
        return True


class World:
    """A log, and runs that record in it."""

    def __init__(self, store: FakeStore | None = None) -> None:
        self.store = store or FakeStore()
        begin_log(self.store)
        self.clock, self.ids = FakeClock(), event_ids()
        self.log = AuditLog(self.store, FakeSigner())
        self.recorder = LogRecorder(
            self.log, self.clock, self.ids, FACTS.actor, FACTS.tool
        )

    def run(self, run_id: str) -> None:
        """Record the first event of a run."""
        Recorder(
            self.log,
            FakeJournal(),
            run_id,
            clock=self.clock,
            new_event_id=self.ids,
            facts=FACTS,
        ).record(started())

    def fill(self, entries: int) -> None:
        """Let others record *entries*."""
        event = RetentionChanged(400, 400)
        self.recorder.record(*(event for _ in range(entries)))

    def files(self, *scopes: str) -> list[str]:
        return list(covered_files(self.log, map(HoldScope.parse, scopes)))


def test_a_hold_is_in_force_until_it_is_released() -> None:
    world = World()

    hold = place_hold(world.recorder, HoldScope(), "case 7")

    assert (hold.scope, hold.reason, hold.index) == (HoldScope(), "case 7", 1)
    assert hold.by == "user:1000"
    assert read_state(world.log).holds == {hold.hold: hold}
    assert release_hold(world.recorder, hold.hold[-8:].lower(), "over") == hold
    assert read_state(world.log).holds == {}
    with pytest.raises(UsageError, match="no hold in force is meant"):
        release_hold(world.recorder, hold.hold, "again")


def test_a_hold_is_named_by_so_much_of_its_id_that_no_other_is_meant() -> None:
    world = World()
    first, second = (
        place_hold(world.recorder, HoldScope(), why) for why in ("one", "two")
    )
    holds = read_state(world.log).holds.values()

    assert find_hold(holds, second.hold) == second
    assert first.hold[:4] == second.hold[:4]
    with pytest.raises(UsageError, match="more than one hold"):
        find_hold(holds, first.hold[:4])
    for text in ("", "X", f"{first.hold}0"):
        with pytest.raises(UsageError, match="no hold in force is meant"):
            find_hold(holds, text)


def test_a_hold_on_nothing_is_refused() -> None:
    world = World()
    world.run("R1")

    for scope in ("all", "run:R1", "entries:0-1", "entries:1-1"):
        check_scope(world.log, HoldScope.parse(scope))
    for scope in ("run:R", "run:r1", "run:R12", "entries:0-2", "entries:2-2"):
        with pytest.raises(UsageError, match=r"holds no run|reaches beyond it"):
            place_hold(world.recorder, HoldScope.parse(scope), "case 7")
    assert world.log.head().size == 2


def test_a_run_that_a_text_only_mentions_is_not_held() -> None:
    world = World()
    place_hold(world.recorder, HoldScope(), 'see "run_id":"R9"')

    with pytest.raises(UsageError, match="the log holds no run R9"):
        check_scope(world.log, HoldScope.parse("run:R9"))


def test_covered_are_the_bundles_in_range_and_all_tiles_over_them() -> None:
    world = World()
    world.fill(254)
    world.run("R1")  # entry 255
    world.fill(300)
    world.run("R2")  # entry 556
    world.fill(600)  # 1157 in all

    entries = [f"tile/entries/00{at}" for at in range(4)]
    hashes = [f"tile/0/00{at}" for at in range(4)]
    top = "tile/1/000.p/4"
    assert world.files("all") == [
        *(*entries, "tile/entries/004.p/133"),
        *(*hashes, "tile/0/004.p/133", top),
    ]
    assert set(world.files("all")) <= set(world.store.objects)
    assert world.files("run:R1") == [entries[0], hashes[0], top]
    assert world.files("run:R2") == [entries[2], hashes[2], top]
    assert world.files("entries:255-256") == [*entries[:2], *hashes[:2], top]
    assert world.files("entries:0-0", "run:R2") == [
        *(entries[0], entries[2], hashes[0], hashes[2], top)
    ]
    # A tile of level 1 covers none of the entries that no full tile holds yet.
    assert world.files("entries:1156-1156") == [
        *("tile/entries/004.p/133", "tile/0/004.p/133")
    ]
    assert world.files() == []


def test_a_store_holds_what_is_in_force_and_frees_what_no_other_hold_covers() -> None:
    store = HoldingStore()
    world = World(store)
    world.fill(600)
    first, both = HoldScope.parse("entries:0-300"), HoldScope.parse("entries:255-600")

    assert apply_holds(world.log, [first, both])
    everything = set(world.files("all"))
    assert store.held == everything
    assert "checkpoint" not in store.held

    apply_holds(world.log, [both], [first])
    assert store.held == everything  # one entry of the first bundle is held still

    apply_holds(world.log, [], [both])
    assert store.held == set()


def test_what_was_pruned_can_be_held_no_more() -> None:
    store = HoldingStore()
    world = World(store)
    world.fill(600)
    at = world.clock.now()
    entry = world.recorder.record(LogPruned(256, 256, at, at, Digest.of(b""), 400))
    policy = Policy(FakeSigner().name, 400, 256, entry)
    store.attach("retention.json", format_policy(policy))
    del store.objects["tile/entries/000"]

    assert apply_holds(world.log, [HoldScope()])

    assert "tile/entries/001" in store.held
    assert "tile/0/000" in store.held, "it proves what is there"
    assert "tile/entries/000" not in store.held
    check_scope(world.log, HoldScope.parse("entries:0-256"))
    with pytest.raises(UsageError, match="the entries before 256 were pruned"):
        check_scope(world.log, HoldScope.parse("entries:0-255"))


class OutgrownStore(HoldingStore):
    """A store that may not delete: what the log has outgrown stays."""

    @override
    def drop(self, names: Sequence[str]) -> None:
        pass


def test_files_that_the_log_has_outgrown_are_freed_with_the_rest() -> None:
    store = OutgrownStore()
    world = World(store)
    world.fill(99)
    scope = HoldScope.parse("entries:0-50")
    apply_holds(world.log, [scope])
    world.fill(500)
    store.objects["tile/stray"] = b""
    assert store.held == {"tile/entries/000.p/100", "tile/0/000.p/100"}

    apply_holds(world.log, [scope])
    assert len(store.held) == 5
    apply_holds(world.log, [], [scope])

    assert store.held == set()


def test_a_store_without_holds_says_so() -> None:
    world = World()

    assert not apply_holds(world.log, [HoldScope()])
