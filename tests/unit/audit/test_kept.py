"""Unit tests of `sluicegate.audit.kept`: what is kept, computed."""

from datetime import datetime, timedelta

from fakes import FakeEvidence
from fakes_audit import FakeStore
from log_world import START, World, finished, started
from run_events import end
from typing_extensions import override

from sluicegate.audit.kept import look_at_retention
from sluicegate.audit.snapshot import write_snapshot
from sluicegate.model.digest import Digest
from sluicegate.model.evidence import Evidence, EvidenceFile
from sluicegate.model.hold import HoldScope
from sluicegate.model.log_event import HoldPlaced, RetentionChanged
from sluicegate.model.retention import Keeping, Promise

DAY = timedelta(days=1)


class LockedStore(FakeStore):
    """Locks every file until a date."""

    until: datetime | None = None

    @override
    def expiry(self, name: str) -> datetime | None:
        return self.until

    @override
    def promise(self) -> Promise:
        return Promise(Keeping.ENFORCED, "locked")


def test_ages_and_silence_are_those_of_the_entries() -> None:
    world = World.begin()
    world.clock.at += 30 * DAY
    world.fill(3)

    found = look_at_retention(world.log, None, START + 40 * DAY)

    assert (found.promised_days, found.size, found.min_index) == (400, 3, 0)
    assert (found.oldest_ts, found.age_days) == (START, 40)
    assert found.silence // DAY == 30
    assert found.silent_since == START
    assert found.problems == ()


def test_the_silence_since_the_last_entry_counts() -> None:
    found = look_at_retention(World.begin().log, None, START + 99 * DAY)

    assert (found.silence, found.silent_since) == (99 * DAY, START)


def test_the_promise_and_the_holds_are_those_that_the_log_says_now() -> None:
    world = World.begin()
    world.record(RetentionChanged(2192, 400), HoldPlaced(HoldScope(), "case 12"))

    found = look_at_retention(world.log, None, START)

    assert found.promised_days == 2192
    assert [hold.split(" on ")[1] for hold in found.holds] == ["all"]


def test_the_first_date_and_the_shortest_time_are_those_of_the_stores_files() -> None:
    store = LockedStore()
    world = World.begin(store=store)
    world.fill(300)
    store.until = START + 400 * DAY

    found = look_at_retention(world.log, None, START)

    assert (found.log.earliest, found.log.undated) == (store.until, 0)
    assert found.log.least_days == 399  # the newest entry is some minutes younger
    assert found.problems == (
        "the store of the log keeps a file for 399 days only, and 400 are promised",
    )


def test_a_store_that_enforces_without_dates_is_not_believed() -> None:
    found = look_at_retention(World.begin(store=LockedStore()).log, None, START)

    assert found.problems == (
        "2 files of the log have no date, so that nothing enforces that they are kept",
    )


def test_what_is_missing_is_counted_and_everything_else_is_still_looked_at() -> None:
    world, evidence = World.begin(), FakeEvidence()
    files = tuple(
        EvidenceFile(name, "text/plain", 1, evidence.keep(name.encode()))
        for name in ("a", "b")
    )
    world.fill(300)
    world.append("R1", started(), end("x", evidence=Evidence({}, files)), finished())
    write_snapshot(world.recorder)
    del evidence.kept[Digest.of(b"a")]
    del world.store.objects["tile/entries/000"]

    found = look_at_retention(world.log, evidence, START)

    assert found.is_damaged
    assert (found.log.missing, found.evidence and found.evidence.missing) == (1, 1)
    assert found.evidence is not None
    assert found.evidence.files == 1
    assert found.problems == (
        "1 bundle of the log is missing",
        "1 file of the evidence is missing",
    )
