"""Unit tests of `sluicegate.audit.pruning`: what goes, what stays, what crashes do."""

import json
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256

import pytest
import s3_logs
from fakes import FakeEvidence
from fakes_audit import FACTS, FakeJournal, FakeSigner, FakeStore, event_ids
from fakes_target import release
from hypothesis import given, settings
from hypothesis import strategies as st
from log_world import START, Step, Ticking, World, finished, histories, play, started
from run_events import end
from typing_extensions import override

from sluicegate.audit.history import history, newest_runs, read_entries
from sluicegate.audit.jcs import MAX_INTEGER
from sluicegate.audit.log_recorder import LogRecorder
from sluicegate.audit.pruning import announce, plan_pruning, remove
from sluicegate.audit.reader import LogReader
from sluicegate.audit.record import Entry
from sluicegate.audit.releases import read_deployments
from sluicegate.audit.snapshot import read_state
from sluicegate.audit.statements.predicates import KINDS
from sluicegate.audit.verify import verify
from sluicegate.errors import IntegrityError, PermanentError, UsageError
from sluicegate.model.digest import Digest
from sluicegate.model.event import RolloutFinished, RolloutStarted, StageSkipped
from sluicegate.model.evidence import OUTPUTS, Evidence, EvidenceFile
from sluicegate.model.hold import HoldScope
from sluicegate.model.log_event import (
    HoldPlaced,
    LeaseTaken,
    LogPruned,
    RetentionChanged,
)
from sluicegate.model.log_state import LogState
from sluicegate.model.retention import MIN_RETENTION_DAYS
from sluicegate.model.rollout import RolloutResult
from sluicegate.tlog.hashes import hash_leaf
from sluicegate.tlog.merkle import check_consistency, check_inclusion

DAYS = 180
LONG_AGO = START - timedelta(days=1000)
VKEY = FakeSigner().vkey()
FULL = os.environ.get("SLUICE_FULL") == "1"


def old_world(*, store: FakeStore | None = None) -> World:
    """A log of long ago."""
    return World.begin(LONG_AGO, retention_days=DAYS, store=store)


def now_of(world: World) -> datetime:
    """START at least, and from now on the log's time."""
    world.clock.at = max(world.clock.at, START)
    return world.clock.at


def prune(world: World, evidence: FakeEvidence | None = None) -> LogPruned | None:
    now = now_of(world)
    event = announce(world.recorder, now)
    remove(world.log, evidence or FakeEvidence(), now)
    return event


def bundles(world: World) -> set[int]:
    names = [name for name in world.store.names("tile/entries/") if ".p/" not in name]
    return {int(name[-3:]) for name in names}


def kept_over(state: LogState) -> tuple[object, ...]:
    """What pruning must not change of a state."""
    return (
        state.created,
        state.retention_days,
        state.rotations,
        state.holds,
        state.leases,
        state.stable,
        state.rollouts,
        state.definitions,
    )


def check_proofs(world: World, roots: dict[int, bytes]) -> None:
    """Check every kept entry's inclusion, and growth from every state there was."""
    tree = world.log.tree()
    for index, data in [*world.log.entries()][::11]:
        proof = tree.prove_inclusion(index)
        check_inclusion(hash_leaf(data), index, tree.head.size, proof, tree.head.root)
    for size, root in roots.items():
        proof = tree.prove_consistency(size)
        check_consistency(size, tree.head.size, proof, root, tree.head.root)


def parts() -> st.SearchStrategy[list[tuple[int, int, list[Step]]]]:
    """Stretches of a history: days that pass, entries that come, what happens then."""
    stretch = st.tuples(st.integers(0, 150), st.integers(100, 400), histories(5))
    return st.lists(stretch, min_size=2, max_size=3)


@settings(max_examples=200 if FULL else 10, deadline=None)
@given(parts(), st.integers(0, 400))
def test_nothing_young_held_or_open_ever_goes_and_everything_is_still_proved(
    stretches: list[tuple[int, int, list[Step]]], later: int
) -> None:
    world = old_world()
    roots = {}
    for days, count, steps in stretches:
        world.clock.at += timedelta(days=days)
        world.fill(world.log.head().size + count)
        play(world, steps)
        roots[world.log.head().size] = world.log.head().root
    before = read_state(world.log)
    entries: list[tuple[int, Entry]] = list(read_entries(world.log))
    world.clock.at += timedelta(days=later)
    now = world.clock.at

    plan = plan_pruning(world.log, None, now)
    event = announce(world.recorder, now)
    remove(world.log, FakeEvidence(), now)

    kept_from = world.log.min_index()
    assert kept_from % 256 == 0
    assert kept_from == (0 if event is None else event.min_index)
    assert event == plan.pruned
    for index, entry in entries[:kept_from]:
        age = now - entry.envelope.recorded_ts
        assert age >= timedelta(days=before.retention_days)
        run_id = getattr(entry.envelope, "run_id", None)
        assert not any(h.scope.covers(index, run_id) for h in before.holds.values())
    for run in before.runs.values():
        assert run.first >= kept_from or run.last < kept_from
    assert kept_over(read_state(world.log)) == kept_over(before)
    assert min(bundles(world), default=kept_from) >= kept_from // 256
    assert verify(world.store, VKEY).problems == ()
    check_proofs(world, roots)


def test_what_went_is_announced_to_the_byte() -> None:
    world = old_world()
    world.fill(600)
    files = [world.store.objects[f"tile/entries/00{place}"] for place in range(2)]

    event = prune(world)

    listing = "".join(
        f"{sha256(data).hexdigest()}  tile/entries/00{place}\n"
        for place, data in enumerate(files)
    )
    assert event is not None
    assert event.bundles == Digest.of(listing.encode())  # sha256sum FILES | sha256sum
    assert (event.min_index, event.entries, event.retention_days) == (512, 512, DAYS)
    policy = json.loads(world.store.objects["retention.json"])
    assert policy["min_index"] == 512
    index, entry = next(
        (index, entry)
        for index, entry in read_entries(world.log)
        if entry.kind == "log.pruned"
    )
    assert (policy["entry"], entry.event) == (index, event)


def test_a_log_is_written_and_pruned_again_after_it_was_pruned() -> None:
    world = old_world()
    world.fill(600)
    prune(world)
    world.append("R1", started(), finished())
    world.fill(1300)
    world.clock.at += timedelta(days=DAYS + 1)
    world.record(LeaseTaken("production", "R9", START))
    before = read_state(world.log)

    event = prune(world)

    assert event is not None
    assert (event.min_index, event.entries) == (1280, 768)
    assert kept_over(read_state(world.log)) == kept_over(before)
    report = verify(world.store, VKEY)
    assert (report.problems, report.min_index) == ((), 1280)
    assert next(index for index, _ in world.log.entries()) == 1280


def test_entries_that_were_pruned_are_said_to_be() -> None:
    world = old_world()
    world.fill(300)
    prune(world)

    with pytest.raises(UsageError, match="entry 3 was pruned: the log keeps those fro"):
        world.log.entry(3)
    with pytest.raises(UsageError, match="the log has no entry 9999"):
        world.log.entry(9999)


def test_an_entry_is_no_older_than_those_before_it_whatever_its_clock_says() -> None:
    world = old_world()
    world.clock.at = START - timedelta(days=10)  # a clock that ran ahead, or was right
    world.record(LeaseTaken("production", "R1", START))
    world.clock.at = LONG_AGO
    world.fill(600)

    assert prune(world) is None


def held_by(world: World, scope: HoldScope) -> str:
    world.record(HoldPlaced(scope, "case 12"))
    return plan_pruning(world.log, None, now_of(world)).choice.reason


@pytest.mark.parametrize(
    ("scope", "goes"),
    [
        (HoldScope(), 0),
        (HoldScope(first=300, last=301), 1),
        (HoldScope(first=256, last=256), 1),
        (HoldScope(first=255, last=255), 0),
        (HoldScope(run_id="R1"), 0),
        (HoldScope(run_id="R2"), 2),
    ],
    ids=str,
)
def test_what_is_held_stays_and_all_that_comes_after_it(
    scope: HoldScope, goes: int
) -> None:
    world = old_world()
    world.append("R1", started(), finished())
    world.fill(600)

    reason = held_by(world, scope)
    prune(world)

    assert bundles(world) == set(range(goes, 2))
    assert ("hold " in reason) == (goes < 2)


def test_a_hold_that_is_placed_meanwhile_holds() -> None:
    world = old_world()
    world.fill(600)
    other = world.beside()
    now = now_of(world)
    world.store.races = 1  # of the snapshot that comes first
    world.store.on_race = lambda: other.record(HoldPlaced(HoldScope(), "case 12"))

    assert plan_pruning(world.log, None, now).pruned is not None
    assert announce(world.recorder, now) is None
    remove(world.log, FakeEvidence(), now)

    assert bundles(world) == {0, 1}


def test_a_run_that_may_go_on_is_never_cut_in_two() -> None:
    world = old_world()
    world.fill(505)
    world.append("R1", started(), *[StageSkipped("a", "no")] * 9)
    world.fill(600)

    plan = plan_pruning(world.log, None, now_of(world))
    event = prune(world)

    assert plan.choice.reason == "run R1, from entry 505 on, has not finished"
    assert event is not None
    assert (event.min_index, event.cut) == (256, ())
    assert len(history(world.log, FakeJournal(), "R1")) == 10


def test_a_run_that_ended_is_cut_and_the_rest_of_it_is_no_gap() -> None:
    world = old_world()
    world.fill(250)
    world.append("R1", started(), *[StageSkipped("a", "no")] * 9, finished())
    world.append("R2", started(), finished())
    world.fill(300)

    event = prune(world)

    assert event is not None
    assert [(run.run_id, run.next_seq) for run in event.cut] == [("R1", 6)]
    assert verify(world.store, VKEY).problems == ()
    assert [run.run_id for run in newest_runs(world.log)] == ["R2"]
    assert history(world.log, FakeJournal(), "R1") == []


def test_a_run_that_nobody_went_on_with_goes_when_all_of_it_is_old() -> None:
    world = old_world()
    world.append("R1", started(), StageSkipped("a", "no"))
    world.fill(300)

    assert prune(world) is not None
    assert read_state(world.log).runs == {}


def test_a_run_that_left_an_environment_between_two_releases_stays() -> None:
    world = old_world()
    turning = RolloutStarted("canary", "production", release("v2"), None, START)
    world.append("R1", started(), turning)
    world.fill(300)

    assert prune(world) is None

    world.append("R1", RolloutFinished("canary", RolloutResult.DEPLOYED, "", START))
    world.append("R1", finished())
    world.fill(600)
    world.clock.at += timedelta(days=DAYS + 1)
    world.record(LeaseTaken("production", "R9", START))
    event = prune(world)
    assert event is not None
    assert event.min_index == 512


def test_what_is_live_since_before_the_log_begins_is_still_known() -> None:
    world = old_world()
    turning = RolloutStarted("canary", "production", release("v2"), None, START)
    arrived = RolloutFinished("canary", RolloutResult.DEPLOYED, "", START)
    world.append("R1", started(), turning, arrived, finished())
    world.fill(300)

    prune(world)

    (row,) = read_deployments(world.log)
    assert (row.environment, row.release, row.live) == (
        "production",
        release("v2"),
        True,
    )
    assert (row.run, row.run_id) == (None, "R1")


def test_a_lease_that_lasts_keeps_the_entry_that_says_so() -> None:
    world = old_world()
    world.record(LeaseTaken("production", "R1", START + timedelta(days=1)))
    world.fill(300)

    assert prune(world) is None


def test_nothing_goes_that_is_kept_beyond_all_dates() -> None:
    worlds = [old_world(), old_world()]
    worlds[0].record(RetentionChanged(MAX_INTEGER, DAYS))
    worlds[1].clock.at = datetime.max.replace(tzinfo=UTC, microsecond=0)
    worlds[1].clock.tick = timedelta(0)
    for world in worlds:
        world.fill(300)

        plan = plan_pruning(world.log, FakeEvidence(), START)

        assert plan.pruned is None
        assert "younger than" in plan.choice.reason


def test_entries_of_an_unknown_type_let_nothing_go() -> None:
    world = old_world()
    world.fill(2)
    entry = world.log.entry(1)
    future = entry.replace(b'"lease.taken"', b'"lease.lent"').replace(
        b'"event_id":"0', b'"event_id":"1'
    )
    world.log.append([future])
    world.fill(600)

    assert prune(world) is None
    assert "a newer one wrote them" in (
        plan_pruning(world.log, None, now_of(world)).choice.reason
    )


class DatedStore(FakeStore):
    """Keeps every file until a date of its own, like a bucket with locks."""

    until: datetime | None = None

    @override
    def expiry(self, name: str) -> datetime | None:
        return self.until

    @override
    def drop(self, names: Sequence[str]) -> None:
        if self.until is None or self.until <= START:
            super().drop(names)


def test_the_store_has_its_own_say() -> None:
    store = DatedStore()
    world = old_world(store=store)
    world.fill(300)
    store.until = START + timedelta(days=1)

    assert prune(world) is None

    store.until = START
    assert prune(world) is not None
    assert bundles(world) == set()


def test_what_the_store_does_not_give_up_is_left_over_and_does_no_harm() -> None:
    store = DatedStore()
    world = old_world(store=store)
    world.fill(600)
    now = now_of(world)
    announce(world.recorder, now)
    store.until = START + timedelta(days=1)

    done = remove(world.log, FakeEvidence(), now)

    assert done.refused == ("tile/entries/000", "tile/entries/001")
    assert next(world.log.entries())[0] == 512
    assert verify(store, VKEY).problems == ()
    store.until = None
    assert remove(world.log, FakeEvidence(), now).bundles == 2
    assert bundles(world) == set()


def test_a_bucket_lets_go_once_its_locks_have_ended() -> None:
    bucket = s3_logs.World()
    log = bucket.begin()
    clock = Ticking(START)
    recorder = LogRecorder(log, clock, event_ids(), FACTS.actor, FACTS.tool)
    recorder.record(*[LeaseTaken("production", "R1", START)] * 300)
    world = World(FakeStore(), log, clock, recorder)
    for days, goes in ((401, False), (402, True)):
        clock.at = bucket.s3.now = START + timedelta(days=days)

        event = announce(world.recorder, clock.at)
        done = remove(log, None, clock.at)

        assert (event is not None, done.bundles, done.refused) == (goes, goes, ())
    assert verify(bucket.store(), VKEY).problems == ()
    assert LogReader(bucket.store(), log.key).min_index() == 256
    assert "tile/entries/000" not in bucket.names("tile/entries/")


class FailingStore(FakeStore):
    """Fails at its operation number *fail*, once, before or after it is done."""

    fail = -1
    late = False
    count = 0

    def _strike(self, do: Callable[[], object]) -> None:
        self.count += 1
        strikes = self.count == self.fail
        if not strikes or self.late:
            do()
        if strikes:
            raise PermanentError("the power went off")

    @override
    def put(self, name: str, data: bytes) -> None:
        self._strike(lambda: super(FailingStore, self).put(name, data))

    @override
    def attach(self, name: str, data: bytes) -> None:
        self._strike(lambda: super(FailingStore, self).attach(name, data))

    @override
    def drop(self, names: Sequence[str]) -> None:
        for name in names:
            self._strike(partial(super().drop, [name]))


@pytest.mark.parametrize("late", [False, True])
def test_a_crash_anywhere_leaves_a_sound_log_that_the_next_pruning_finishes(
    *, late: bool
) -> None:
    for fail in range(1, 100):
        store = FailingStore()
        world = old_world(store=store)
        world.fill(520)
        before = read_state(world.log)
        store.count, store.fail, store.late = 0, fail, late
        with suppress(PermanentError):
            prune(world)
        if store.count < fail:
            break
        assert verify(store, VKEY).problems == (), fail
        assert kept_over(read_state(world.log)) == kept_over(before)
        world.recorder = world.beside()
        world.log = world.recorder.log
        prune(world)
        assert bundles(world) == set(), fail
        assert verify(store, VKEY).min_index == 512
    assert fail == 10  # six files of two appends, the policy, two bundles: all tried


def test_a_bundle_that_is_gone_unannounced_is_damage() -> None:
    world = old_world()
    world.fill(600)
    del world.store.objects["tile/entries/000"]

    with pytest.raises(IntegrityError, match="tile/entries/000"):
        list(world.log.entries())
    assert "tile/entries/000: missing" in verify(world.store, VKEY).problems


def test_more_than_was_announced_is_damage() -> None:
    world = old_world()
    world.fill(600)
    prune(world)
    world.fill(1100)
    del world.store.objects["tile/entries/003"]

    with pytest.raises(IntegrityError, match="tile/entries/003"):
        list(world.log.entries())
    assert "tile/entries/003: missing" in verify(world.store, VKEY).problems


@pytest.mark.parametrize(
    "policy",
    [
        None,
        b"",
        b"{}",
        b"[]\n",
        b'{"entry":601,"min_index":0,"origin":"x","retention_days":1,"schema":"x"}\n',
        b'{"entry":9999,"min_index":0,"origin":"x","retention_days":1,"schema":"x"}\n',
        b'{"entry":-1,"min_index":0,"origin":"x","retention_days":1,"schema":"x"}\n',
    ],
)
def test_the_published_policy_is_believed_in_nothing(policy: bytes | None) -> None:
    world = old_world()
    world.fill(600)
    prune(world)
    if policy is None:
        del world.store.objects["retention.json"]
    else:
        world.store.objects["retention.json"] = policy
    log = LogReader(world.store, world.log.key)

    assert log.min_index() == 512
    assert next(log.entries())[0] == 512
    assert read_state(log).size == log.head().size


def test_a_policy_without_a_pruning_hides_nothing() -> None:
    world = old_world()
    world.fill(600)
    world.store.objects["retention.json"] = (
        b'{"entry":5,"min_index":512,"origin":"x","retention_days":1,"schema":"x"}\n'
    )

    assert LogReader(world.store, world.log.key).min_index() == 0
    assert next(world.log.entries())[0] == 0


def result(evidence: FakeEvidence, *contents: bytes, listed: bytes = b"") -> Evidence:
    files = [
        EvidenceFile("report", "text/plain", 1, evidence.keep(c)) for c in contents
    ]
    if listed:
        data = json.dumps([{"digest": str(evidence.keep(listed))}]).encode()
        digest = evidence.keep(data)
        files.append(EvidenceFile(OUTPUTS, "application/json", len(data), digest))
    return Evidence({}, tuple(files))


class PrunedMeanwhile(FakeStore):
    """Calls *prune* before the file *name* is read for the first time."""

    name = ""
    prune: Callable[[], object] = staticmethod(lambda: None)

    @override
    def get(self, name: str) -> bytes | None:
        if name == self.name:
            self.name = ""
            self.prune()
        return super().get(name)


@pytest.mark.parametrize("vkey", [VKEY, None])
@pytest.mark.parametrize("name", ["tile/0/000", "tile/entries/000", "tile/entries/001"])
def test_a_pruning_beside_a_verification_is_no_damage(
    name: str, vkey: str | None
) -> None:
    store, evidence = PrunedMeanwhile(), FakeEvidence()
    world = old_world(store=store)
    evidence.at = LONG_AGO
    found = result(evidence, b"m")
    world.append("R1", started(), end("test", evidence=found), finished())
    world.fill(600)
    store.name, store.prune = name, lambda: prune(world, evidence)

    report = verify(store, vkey, evidence)

    assert not evidence.kept
    assert report.problems == ()
    assert report.min_index == 512


def test_a_bundle_that_is_lost_beside_a_verification_is_missed() -> None:
    store = PrunedMeanwhile()
    world = old_world(store=store)
    world.fill(600)

    def lose() -> None:
        world.fill(700)
        del store.objects["tile/entries/001"]

    store.name, store.prune = "tile/entries/000", lose

    assert verify(store, VKEY).problems == ("tile/entries/001: missing",)


def test_evidence_of_bundles_that_the_store_does_not_give_up_is_not_missed() -> None:
    store, evidence = DatedStore(), FakeEvidence()
    world = old_world(store=store)
    evidence.at = LONG_AGO
    found = result(evidence, b"m")
    world.append("R1", started(), end("test", evidence=found), finished())
    world.fill(600)
    now = now_of(world)
    announce(world.recorder, now)
    store.until = START + timedelta(days=1)
    remove(world.log, evidence, now)

    assert bundles(world) == {0, 1}
    assert not evidence.kept
    assert verify(store, VKEY, evidence).problems == ()


def test_evidence_goes_with_the_last_entry_that_names_it() -> None:
    world, evidence = old_world(), FakeEvidence()
    evidence.at = LONG_AGO
    old = result(evidence, b"mine", b"ours", b"output of another", listed=b"output")
    new = result(evidence, b"ours", listed=b"output of another")
    for run_id, found in (("R1", old), ("R2", new)):
        world.append(run_id, started())
        world.append(run_id, end("test", evidence=found), finished())
        world.fill(300)

    plan = plan_pruning(world.log, evidence, now_of(world))
    prune(world, evidence)

    gone = {Digest.of(data) for data in (b"mine", b"output")}
    listing = next(f.digest for f in old.files if f.name == OUTPUTS)
    assert plan.evidence == gone | {listing}
    assert not evidence.kept.keys() & plan.evidence
    assert {Digest.of(b"ours"), Digest.of(b"output of another")} <= evidence.kept.keys()


def test_no_evidence_goes_while_a_list_that_stays_cannot_be_read() -> None:
    world, evidence = old_world(), FakeEvidence()
    evidence.at = LONG_AGO
    world.append("R1", started())
    found = result(evidence, b"mine")
    world.append("R1", end("a", evidence=found), finished())
    world.fill(256)
    world.append("R2", started())
    found = result(evidence, listed=b"output")
    world.append("R2", end("a", evidence=found), finished())
    del evidence.kept[found.files[0].digest]

    assert prune(world, evidence) is not None

    assert Digest.of(b"mine") in evidence.kept


def test_statements_expire_long_before_the_memory_of_them_may_go() -> None:
    assert max(kind.lasts for kind in KINDS) < timedelta(days=MIN_RETENTION_DAYS)


def test_a_published_policy_that_cannot_be_read_is_none() -> None:
    class Linked(FakeStore):
        @override
        def get(self, name: str) -> bytes | None:
            if name == "retention.json":
                raise IntegrityError("retention.json: a link")
            return super().get(name)

    store = Linked()
    world = old_world(store=store)
    world.fill(600)
    assert LogReader(store, world.log.key).min_index() == 0
    announce(world.recorder, now_of(world))
    for name in ("tile/entries/000", "tile/entries/001"):
        del store.objects[name]

    assert LogReader(store, world.log.key).min_index() == 512


def test_the_first_bundle_that_is_not_full_is_called_the_oldest() -> None:
    world = old_world()
    world.fill(100)
    assert plan_pruning(world.log, None, START).choice.reason.startswith("the oldest")

    world.fill(300)
    assert plan_pruning(world.log, None, START).choice.reason.startswith("the next")
