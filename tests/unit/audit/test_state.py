"""Unit tests of `sluicegate.audit.state` and its snapshots: laws over any history."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from fakes_audit import FakeStore
from hypothesis import given, settings
from hypothesis import strategies as st
from log_world import (
    START,
    Step,
    World,
    finished,
    fold,
    histories,
    play,
    sign,
    started,
)
from typing_extensions import override

from sluicegate.audit.history import read_entries
from sluicegate.audit.log import MAX_ENTRY_BYTES
from sluicegate.audit.snapshot import SnapshotCheck, read_state, write_snapshot
from sluicegate.audit.snapshot_form import COVERS, join, split
from sluicegate.audit.state import advance
from sluicegate.errors import IntegrityError
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    CountedApproval,
    EnvironmentEntered,
    ReleaseRequested,
    RunResumed,
    StageSkipped,
)
from sluicegate.model.hold import HoldScope
from sluicegate.model.log_event import (
    EnvironmentLocked,
    EnvironmentUnlocked,
    HoldPlaced,
    HoldReleased,
    LeaseReleased,
    LeaseTaken,
    OverrideClosed,
    RequestAnswered,
    RetentionChanged,
    StateSnapshot,
)
from sluicegate.model.log_state import LogState
from sluicegate.model.release_request import Answer
from sluicegate.model.state_item import Absorbed


class CountingStore(FakeStore):
    """Remembers what was read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[str] = []

    @override
    def get(self, name: str) -> bytes | None:
        self.reads.append(name)
        return super().get(name)


@settings(max_examples=60, deadline=None)
@given(histories())
def test_the_state_is_the_fold_of_everything_wherever_snapshots_are(
    history: Sequence[Step],
) -> None:
    world = World.begin()

    play(world, history)

    assert read_state(world.log) == fold(world.log)


@settings(max_examples=40, deadline=None)
@given(histories(), st.integers(0, 60))
def test_a_state_can_be_gone_on_from_at_any_size(
    history: Sequence[Step], size: int
) -> None:
    world = World.begin()
    play(world, history)
    size = min(size, world.log.head().size)

    early = read_state(world.log, size=size)

    assert early.size == size
    assert read_state(world.log, early) == fold(world.log)


@settings(max_examples=40, deadline=None)
@given(histories())
def test_a_snapshot_says_what_the_entries_before_it_say(
    history: Sequence[Step],
) -> None:
    world = World.begin()
    play(world, [*history, ("snapshot", 0)])
    check = SnapshotCheck()

    for index, entry in read_entries(world.log):
        assert check.add(index, entry) == []


def test_one_entry_after_another_gives_the_same_state() -> None:
    world = World.begin()
    world.append("R1", started(), finished())
    state = LogState()

    for index, entry in read_entries(world.log):
        state = advance(state, index, entry)

    assert state == read_state(world.log)
    with pytest.raises(IntegrityError, match="entry 9 where entry 3 should be"):
        advance(state, 9, entry)


def test_an_open_run_is_one_whose_end_is_not_its_last_word() -> None:
    world = World.begin()
    world.append("R1", started(), StageSkipped("a", "no"))
    world.append("R2", started(), finished())
    world.append("R3", started(), finished(), RunResumed())

    runs = read_state(world.log).runs

    assert {run.run_id: run.next_seq for run in runs.values()} == {"R1": 2, "R3": 3}
    assert (runs["R1"].first, runs["R1"].last) == (1, 2)


def test_the_first_clean_run_of_a_name_on_a_branch_defines_it() -> None:
    world = World.begin()
    world.append("R1", started(b"dirty", dirty=True))
    world.append("R2", started(b"first"))
    world.append("R3", started(b"second"))

    found = read_state(world.log).definitions

    assert [(key, item.digest, item.index) for key, item in found.items()] == [
        (("churn_release_v1.0", "main"), Digest.of(b"first"), 2)
    ]


def test_retention_is_never_shortened_whatever_an_entry_says() -> None:
    world = World.begin()
    world.record(RetentionChanged(2192, 400))
    world.record(RetentionChanged(180, 2192))

    assert read_state(world.log).retention_days == 2192


def test_a_statement_is_known_by_the_entry_that_was_made_of_it_first() -> None:
    world = World.begin()
    for _ in range(2):
        world.record(HoldPlaced(HoldScope(), "case"), statement=Digest.of(b"s"))

    found = read_state(world.log).statements

    assert found == {Digest.of(b"s"): Absorbed(Digest.of(b"s"), 1)}


def test_a_large_state_is_written_in_parts_that_fit_and_is_read_back() -> None:
    world = World.begin()
    for number in range(700):
        world.record(LeaseTaken(f"environment-{number}", "R1", START))

    write_snapshot(world.recorder, always=True)

    parts = [
        entry.event
        for _, entry in read_entries(world.log)
        if isinstance(entry.event, StateSnapshot)
    ]
    sizes = [len(data) for _, data in world.log.entries(701)]
    assert len(parts) == len(sizes) > 2
    assert max(sizes) <= MAX_ENTRY_BYTES
    assert join(parts).leases == read_state(world.log).leases
    assert len(join(parts).leases) == 700


def test_a_snapshot_is_due_after_256_entries_and_not_again_at_once() -> None:
    world = World.begin()
    for number in range(254):
        world.record(LeaseTaken("production", f"R{number}", START))

    assert write_snapshot(world.recorder).size == 255
    world.record(LeaseTaken("production", "R", START))
    assert write_snapshot(world.recorder).size == 257
    assert write_snapshot(world.recorder).size == 257


def test_a_snapshot_describes_what_it_comes_after_though_others_append() -> None:
    world = World.begin()
    late = world.beside()
    world.store.races = 1
    world.store.on_race = lambda: late.record(LeaseTaken("staging", "R9", START))

    size = write_snapshot(world.recorder, always=True).size

    assert size == 3
    assert read_state(world.log) == fold(world.log)
    assert "staging" in read_state(world.log).leases


def test_what_is_read_for_the_state_does_not_grow_with_the_log() -> None:
    store = CountingStore()
    world = World.begin(store=store)
    for size in (600, 1200, 1800):
        world.fill(size)
        write_snapshot(world.recorder)
        world.record(LeaseReleased("production", "", 0))
        store.reads.clear()

        read_state(world.log)

        bundles = [name for name in store.reads if name.startswith("tile/entries/")]
        assert len(set(bundles) - {"tile/entries/000"}) <= 2, bundles


def lying(world: World, **changes: object) -> list[str]:
    """What the check says of a snapshot with *changes* as the log's next entry."""
    state = read_state(world.log)
    world.record(*(replace(part, **changes) for part in split(state)))  # type: ignore[arg-type]
    check = SnapshotCheck()
    return [
        problem
        for index, entry in read_entries(world.log)
        for problem in check.add(index, entry)
    ]


def test_a_snapshot_that_says_something_else_is_found() -> None:
    worlds = [World.begin(), World.begin()]
    for world in worlds:
        hold = HoldPlaced(HoldScope(), "x")
        world.record(LeaseTaken("production", "R1", START), hold)
    log = split(read_state(worlds[0].log))[0].log
    assert log is not None

    assert lying(worlds[0], holds=()) == [
        "the snapshot of the first 3 entries says otherwise of holds"
    ]
    assert lying(worlds[1], leases=(), log=replace(log, retention_days=9)) == [
        "the snapshot of the first 3 entries says otherwise of log",
        "the snapshot of the first 3 entries says otherwise of leases",
    ]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"size": 0}, "not in its place"),
        ({"part": 1}, "not in its place"),
        ({"log": None}, "do not fit together"),
    ],
)
def test_a_snapshot_that_is_none_is_found_and_never_read(
    changes: dict[str, object], problem: str
) -> None:
    world = World.begin()

    problems = lying(world, **changes)

    assert problem in problems[0]
    assert read_state(world.log) == fold(world.log)


def test_half_a_snapshot_is_found_and_never_read() -> None:
    world = World.begin()
    problems = lying(world, parts=2)
    world.record(LeaseTaken("production", "R1", START))

    check = SnapshotCheck()
    problems = [
        problem
        for index, entry in read_entries(world.log)
        for problem in check.add(index, entry)
    ]

    assert problems == ["a snapshot is not whole: it is followed by something else"]
    assert read_state(world.log) == fold(world.log)


def test_a_snapshot_of_an_older_version_is_not_enough_to_begin_with() -> None:
    world = World.begin()
    world.record(HoldPlaced(HoldScope(), "x"))
    covers = tuple(kind for kind in COVERS if kind != "holds")

    assert lying(world, covers=covers, holds=()) == []

    assert read_state(world.log) == fold(world.log)
    assert len(read_state(world.log).holds) == 1


def test_no_snapshot_is_written_over_what_this_version_does_not_know() -> None:
    world = World.begin()
    world.record(HoldReleased("none", "x"))
    entry = next(data for _, data in world.log.entries(1))
    future = entry.replace(b'"hold.released"', b'"hold.revived"').replace(
        b'"event_id":"0', b'"event_id":"1'
    )
    world.log.append([future] * 300)

    assert read_state(world.log).unknown == 300
    assert write_snapshot(world.recorder).size == 302
    with pytest.raises(IntegrityError, match="300 entries are of types"):
        write_snapshot(world.recorder, always=True)


def test_an_unknown_entry_lets_no_snapshot_lie_of_what_it_cannot_have_changed() -> None:
    world = World.begin()
    world.record(HoldPlaced(HoldScope(), "x"), LeaseTaken("production", "R1", START))
    state = read_state(world.log)
    future = next(data for _, data in world.log.entries(2)).replace(b"taken", b"lent")
    world.log.append([future])
    (part,) = split(replace(state, size=4))
    assert part.log is not None

    world.record(replace(part, leases=()))
    world.record(
        replace(part, size=5, holds=(), log=replace(part.log, retention_days=1))
    )

    check = SnapshotCheck()
    problems = [check.add(index, entry) for index, entry in read_entries(world.log)]
    assert problems[4:] == [
        [],
        [
            "the snapshot of the first 5 entries says otherwise of log",
            "the snapshot of the first 5 entries says otherwise of holds",
        ],
    ]


def test_a_snapshot_of_more_parts_than_there_can_be_is_none() -> None:
    world = World.begin()
    (part,) = split(read_state(world.log))

    world.record(replace(part, parts=2**53 - 1), replace(part, part=1, parts=2))

    assert read_state(world.log) == fold(world.log)
    check = SnapshotCheck()
    problems = [check.add(index, entry) for index, entry in read_entries(world.log)]
    assert problems[2] == ["a snapshot is not whole: its parts do not fit together"]


REQUEST = Digest.of(b"request")
ASKED = ReleaseRequested(
    "canary", "production", REQUEST, Digest.of(b"rules"), START, START
)
ENTERED = EnvironmentEntered(
    *("canary", "production", Digest.of(b"rules"), "refs/heads/main", "f" * 40, ()),
    (CountedApproval(Digest.of(b"yes"), "ann", "SHA256:ann"),),
    override=True,
    size=1,
    request=REQUEST,
)


def test_a_request_is_open_until_an_entry_uses_it() -> None:
    world = World.begin()
    world.append("R", started(), ASKED)
    asked = read_state(world.log).requests[REQUEST]

    world.append("R", ENTERED)

    assert (asked.run_id, asked.entered) == ("R", None)
    assert read_state(world.log).requests[REQUEST].entered == 3


def test_the_same_request_made_again_is_still_used() -> None:
    world = World.begin()
    world.append("R", started(), ASKED, ENTERED)

    world.append("S", started(), ASKED)

    assert read_state(world.log).requests[REQUEST].entered == 3


def test_an_answer_that_nobody_signed_is_none() -> None:
    world = World.begin()
    event = RequestAnswered(REQUEST, "production", Answer.APPROVE, "")

    world.record(event)
    unsigned = read_state(world.log).answers
    sign(world, event)

    assert not unsigned
    (answer,) = read_state(world.log).answers.values()
    assert (answer.request, answer.answer, answer.index) == (REQUEST, Answer.APPROVE, 2)


def test_of_two_locks_the_first_counts_and_only_its_own_release_ends_it() -> None:
    world = World.begin()
    world.record(EnvironmentLocked("production", "first"))
    world.record(EnvironmentLocked("production", "second"))
    lock = read_state(world.log).locks["production"]

    world.record(EnvironmentUnlocked("0" * 26, "production", "of another"))
    still = read_state(world.log).locks
    world.record(EnvironmentUnlocked(lock.lock, "production", "done"))

    assert lock.reason == "first"
    assert still == {"production": lock}
    assert not read_state(world.log).locks


def test_an_override_stays_until_somebody_closes_it() -> None:
    world = World.begin()
    world.append("R", started(), ASKED, ENTERED)
    (override,) = read_state(world.log).overrides.values()

    world.record(OverrideClosed(override.override, "it was the outage"))

    assert (override.by, override.environment) == (("ann",), "production")
    assert not read_state(world.log).overrides
