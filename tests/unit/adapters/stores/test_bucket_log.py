"""Unit tests of `sluicegate.adapters.stores.bucket_log`: crashes, races, attacks.

Every request of an append is the last one of its process once, and another writer comes
in between every two. Two writers at once that both end anywhere are a sample with a
printed seed; all of them with SLUICE_FULL=1.
"""

import os
from collections.abc import Callable

import pytest
from botocore.exceptions import ConnectionClosedError
from draws import begin_draw
from fakes_bucket import Line
from fakes_s3 import COMPLIANCE, FakeBucket
from s3_logs import PREFIX, World, entry
from s3_wire import Killed, Wire

from sluicegate.audit.log import AuditLog
from sluicegate.errors import (
    ExternalError,
    IntegrityError,
    PermanentError,
    TransientError,
    UsageError,
)
from sluicegate.tlog.check import check_tree
from sluicegate.tlog.tiles import parse_path

FULL = bool(os.environ.get("SLUICE_FULL"))
SAMPLE = 40
BUCKET = "acme-audit"
COMMIT = f"PUT /{BUCKET}/{PREFIX}ctl/checkpoint"

OLD, NEW, LATE = entry(1), entry(2), entry(3)


def check(world: World, size: int) -> None:
    """See that the log verifies and that only what is committed was locked."""
    store = world.store()
    head = world.log().head()
    assert head.size == size
    assert check_tree(store, head, lambda *_: None) == ()
    assert list(store.inspect(size)) == []
    locked = [parse_path(name) for name in world.names("tile/")]
    assert max(tile.end for tile in locked) == size
    stored = [one for key in world.bucket.objects for one in world.bucket.objects[key]]
    assert sum(one.mode == COMPLIANCE for one in stored) == len(
        world.names("tile/") + world.names("checkpoints/")
    )


def count_requests(base: int, act: Callable[[AuditLog], object]) -> int:
    world = World()
    world.begin(base)
    line = Line(world.s3)
    act(world.log(line))
    return len(line.requests)


def end_at(line: Line, number: int, how: BaseException, *, done: bool) -> None:
    """Raise *how* at the request *number*, before it or when it is *done*."""

    def hook(_: str) -> None:
        if len(line.requests) == number:
            raise how

    if done:
        line.after = hook
    else:
        line.before = hook


@pytest.mark.parametrize("base", [2, 256])
@pytest.mark.parametrize("done", [False, True])
def test_a_writer_may_end_at_any_request_of_an_append(base: int, done: bool) -> None:  # noqa: FBT001
    requests = count_requests(base, lambda log: log.append([NEW]))
    assert requests > 10
    outcomes = set()
    for number in range(1, requests + 1):
        world = World()
        world.begin(base)
        line = Line(world.s3)
        end_at(line, number, Killed(), done=done)
        with pytest.raises(Killed):
            world.log(line).append([NEW])

        before = world.entries()
        world.log().append([LATE])

        assert before[base:] in ([], [NEW])
        assert world.entries() == [*before, LATE]
        check(world, len(before) + 1)
        outcomes.add(len(before))
    assert outcomes == {base, base + 1}


@pytest.mark.parametrize("done", [False, True])
def test_a_writer_may_end_at_any_request_that_begins_a_log(done: bool) -> None:  # noqa: FBT001
    fresh = World()
    line = Line(fresh.s3)
    fresh.begin_with(line)
    for number in range(1, len(line.requests) + 1):
        world = World()
        line = Line(world.s3)
        end_at(line, number, Killed(), done=done)
        with pytest.raises(Killed):
            world.begin_with(line)

        if world.store().load() is None:
            world.begin()
        world.log().append([LATE])

        assert world.entries()[1:] == [LATE]
        check(world, 2)


def test_a_lost_reply_never_loses_or_doubles_an_entry() -> None:
    requests = count_requests(2, lambda log: log.append([NEW]))
    for number in range(1, requests + 1):
        world = World()
        world.begin(2)
        line = Line(world.s3)
        end_at(line, number, TransientError("nothing came back"), done=True)
        try:
            world.log(line).append([NEW])
            acknowledged = True
        except ExternalError:
            acknowledged = False

        found = world.entries()[2:]
        assert found == [NEW] or (found == [] and not acknowledged)
        world.log().append([LATE])
        assert world.entries()[2:] == [*found, LATE]
        check(world, 3 + len(found))


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_request_that_the_client_repeats_is_no_lost_race(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    world = World()
    world.begin(2)
    line, lost = Wire(world.s3, attempts=2), set[str]()

    def lose_once(said: str) -> None:
        if said.startswith(method) and said not in lost:
            lost.add(said)
            raise ConnectionClosedError(endpoint_url="http://s3.invalid")

    line.after = lose_once
    world.log(line).append([NEW])

    assert len(lost) == (6 if method == "PUT" else 1)
    assert world.entries()[2:] == [NEW]
    check(world, 3)


def test_another_writer_may_come_in_before_any_request() -> None:
    requests = count_requests(2, lambda log: log.append([NEW]))
    for number in range(1, requests + 1):
        world = World()
        world.begin(2)
        line = Line(world.s3)

        def other(
            _: str, world: World = world, line: Line = line, at: int = number
        ) -> None:
            if len(line.requests) == at:
                world.log().append([LATE])

        line.before = other
        world.log(line).append([NEW])

        assert sorted(world.entries()[2:]) == [NEW, LATE]
        check(world, 4)


@pytest.mark.exhaustive
def test_two_writers_may_both_end_anywhere() -> None:
    requests = count_requests(2, lambda log: log.append([NEW]))
    cases = [
        (one, two) for one in range(1, requests + 1) for two in range(1, requests + 1)
    ]
    if not FULL:
        cases = begin_draw().sample(cases, SAMPLE)
    for number, inner in cases:
        world = World()
        world.begin(2)
        line, second = Line(world.s3), Line(world.s3)
        end_at(second, inner, Killed(), done=False)

        def other(
            _: str,
            world: World = world,
            line: Line = line,
            second: Line = second,
            at: int = number,
        ) -> None:
            if len(line.requests) == at:
                with pytest.raises(Killed):
                    world.log(second).append([LATE])

        line.before = other
        end_at(line, number + 4, Killed(), done=True)
        try:
            world.log(line).append([NEW])
            acknowledged = True
        except Killed:
            acknowledged = False

        found = world.entries()[2:]
        assert sorted(found) in ([], [NEW], [LATE], [NEW, LATE]), (number, inner)
        assert not acknowledged or NEW in found
        world.log().append([OLD])
        assert world.entries()[2:] == [*found, OLD]
        check(world, 3 + len(found))


def test_a_commit_whose_reply_is_lost_and_that_others_built_on_is_no_lost_race() -> (
    None
):
    world = World()
    world.begin(2)
    line = Line(world.s3)

    def lose(said: str) -> None:
        if said == COMMIT:
            line.after = lambda _: None
            world.log().append([LATE])
            raise TransientError("nothing came back")

    line.after = lose
    world.log(line).append([NEW])

    assert world.entries()[2:] == [NEW, LATE]
    check(world, 4)


def test_a_commit_that_may_still_be_carried_out_is_not_tried_again() -> None:
    world = World()
    world.begin(2)
    line = Line(world.s3)

    def lose(said: str) -> None:
        if said == COMMIT:
            raise TransientError("nothing came back")

    line.before = lose
    with pytest.raises(PermanentError, match="is unknown"):
        world.log(line).append([NEW])

    assert line.requests.count(COMMIT) == 1
    assert len(world.names("ctl/staging/")) == 1  # it may be needed yet


def test_what_is_not_committed_never_reaches_the_locked_place() -> None:
    world = World()
    world.begin(2)
    line = Line(world.s3)
    line.before = lambda said: (
        (_ for _ in ()).throw(Killed()) if said == COMMIT else None
    )
    before = world.names("tile/")
    with pytest.raises(Killed):
        world.log(line).append([NEW])

    assert world.names("tile/") == before
    assert len(world.names("ctl/staging/")) == 1


def test_the_commit_comes_after_staging_and_before_everything_that_is_locked() -> None:
    world = World()
    world.begin(2)
    line = Line(world.s3)
    world.log(line).append([NEW])

    writes = [said.split(" ")[1] for said in line.requests if said.startswith("PUT")]
    kinds = [path.removeprefix(f"/{BUCKET}/{PREFIX}").split("/0")[0] for path in writes]
    assert kinds == [
        "ctl/staging",
        "ctl/checkpoint",
        "tile/entries",
        "tile",
        "checkpoints",
        "checkpoint",
    ]
    assert world.names("ctl/staging/") == []


def test_a_reader_without_the_right_to_write_reads_what_is_not_locked_yet() -> None:
    world = World()
    world.begin(2)
    line = Line(world.s3)
    end_at(line, len(_requests_to_commit()), Killed(), done=True)
    with pytest.raises(Killed):
        world.log(line).append([NEW])
    reading = Line(world.s3)

    assert [data for _, data in world.log(reading).entries(2)] == [NEW]
    assert f"{PREFIX}tile/0/000.p/3" not in world.bucket.objects
    assert {said.split(" ")[0] for said in reading.requests} == {"GET", "LIST"}
    assert "tile/0/000.p/3" in list(world.store(reading).names("tile/0/"))


def _requests_to_commit() -> list[str]:
    world = World()
    world.begin(2)
    line = Line(world.s3)
    world.log(line).append([NEW])
    return line.requests[: line.requests.index(COMMIT) + 1]


def test_a_failed_copy_is_reported_as_committed_and_the_next_writer_goes_on() -> None:
    world = World()
    world.begin(2)
    line = Line(world.s3)
    lost = TransientError("nothing came back")
    end_at(line, len(_requests_to_commit()) + 1, lost, done=False)

    with pytest.raises(PermanentError, match="committed, but not locked yet"):
        world.log(line).append([NEW])

    assert world.entries()[2:] == [NEW]
    world.log().append([LATE])
    check(world, 4)


def test_a_slow_writer_does_not_set_back_what_everybody_reads() -> None:
    world = World()
    world.begin(2)
    line = Line(world.s3)

    def other(said: str) -> None:
        if said == f"GET /{BUCKET}/{PREFIX}checkpoint":
            line.before = lambda _: None
            world.log().append([LATE])

    line.before = other
    world.log(line).append([NEW])

    shown = world.s3.find(BUCKET, f"{PREFIX}checkpoint", None).data
    assert shown == world.store().load()


def test_a_forged_checkpoint_for_everybody_is_replaced_by_the_next_append() -> None:
    world = World()
    log = world.begin(2)
    world.s3.put(BUCKET, f"{PREFIX}checkpoint", b"log.example/churn\n99\nroot\n\nx\n")
    log.append([NEW])

    shown = world.s3.find(BUCKET, f"{PREFIX}checkpoint", None).data
    assert shown == world.store().load()


def test_a_bucket_without_object_lock_is_refused_before_anything_is_written() -> None:
    world = World(FakeBucket(can_lock=False))

    with pytest.raises(UsageError, match="no Object Lock") as caught:
        world.begin()

    assert "?mode=none" in str(caught.value.hint)
    assert world.bucket.objects == {}


# --- attacks --------------------------------------------------------------------------


def test_an_overwritten_tile_is_read_as_it_was_and_reported() -> None:
    world = World()
    world.begin(300)
    before = world.entries()
    for name in ("tile/entries/000", "tile/0/000", "tile/0/001.p/44"):
        world.s3.put(BUCKET, PREFIX + name, b"evil")

    assert world.entries() == before
    findings = list(world.store().inspect(300))
    assert len(findings) == 3
    assert all("somebody wrote it again" in finding for finding in findings)
    world.log().append([NEW])
    assert world.entries() == [*before, NEW]


def test_a_tile_behind_a_delete_marker_is_read_all_the_same_and_reported() -> None:
    world = World()
    world.begin(300)
    before = world.entries()
    world.s3.delete(BUCKET, f"{PREFIX}tile/entries/000")
    world.s3.delete(BUCKET, f"{PREFIX}tile/0/001.p/44")

    assert world.entries() == before
    assert "tile/entries/000" in list(world.store().names())
    findings = list(world.store().inspect(300))
    assert len(findings) == 2
    assert all("somebody deleted it" in finding for finding in findings)


def test_a_delete_marker_with_another_file_over_it_changes_nothing() -> None:
    world = World()
    world.begin(300)
    before = world.entries()
    key = f"{PREFIX}tile/entries/000"
    world.s3.delete(BUCKET, key)
    world.s3.put(BUCKET, key, b"evil", if_none_match=True)

    assert world.entries() == before
    assert len(list(world.store().inspect(300))) == 2


def test_a_checkpoint_rolled_back_in_the_control_place_is_refused() -> None:
    world = World()
    log = world.begin(2)
    old = world.s3.find(BUCKET, f"{PREFIX}ctl/checkpoint", None).data
    assert old is not None
    log.append([NEW])
    for key in ("ctl/checkpoint", "checkpoint"):
        world.s3.put(BUCKET, PREFIX + key, old)

    with pytest.raises(IntegrityError, match=r"rolled back: it says 2 .* one of 3"):
        world.store().load()
    with pytest.raises(IntegrityError, match="rolled back"):
        world.log().append([LATE])


def test_a_rollback_is_seen_though_the_newest_checkpoint_is_deleted() -> None:
    world = World()
    log = world.begin(2)
    old = world.s3.find(BUCKET, f"{PREFIX}ctl/checkpoint", None).data
    assert old is not None
    log.append([NEW])
    world.s3.put(BUCKET, f"{PREFIX}ctl/checkpoint", old)
    for name in world.names("checkpoints/"):
        world.s3.delete(BUCKET, PREFIX + name)

    with pytest.raises(IntegrityError, match="rolled back"):
        world.store().load()


def test_a_delete_marker_for_a_checkpoint_that_never_was_is_no_rollback() -> None:
    world = World()
    log = world.begin(2)
    world.s3.delete(BUCKET, f"{PREFIX}checkpoints/{99:020d}-{'0' * 64}")
    log.append([NEW])

    assert world.entries()[2:] == [NEW]


@pytest.mark.parametrize("version", [False, True])
def test_a_control_place_that_was_emptied_is_no_new_log(version: bool) -> None:  # noqa: FBT001
    world = World()
    world.begin(2)
    key = f"{PREFIX}ctl/checkpoint"
    for one in list(world.bucket.objects[key]) if version else [None]:
        world.s3.delete(BUCKET, key, None if one is None else one.id)

    with pytest.raises(IntegrityError, match="the checkpoint is gone, and 2 locked"):
        world.store().load()
    with pytest.raises(IntegrityError, match="the checkpoint is gone"):
        world.begin()


def test_another_log_of_the_same_size_in_the_control_place_is_refused() -> None:
    world, other = World(), World()
    log, forked = world.begin(2), other.begin(2)
    log.append([NEW])
    forked.append([LATE])
    fork = other.s3.find(BUCKET, f"{PREFIX}ctl/checkpoint", None).data
    assert fork is not None
    world.s3.put(BUCKET, f"{PREFIX}ctl/checkpoint", fork)

    with pytest.raises(IntegrityError, match="two different logs of 3 entries"):
        world.store().load()


def test_staged_files_that_vanish_before_they_are_locked_are_missed() -> None:
    world = World()
    world.begin(2)
    line = Line(world.s3)
    end_at(line, len(_requests_to_commit()), Killed(), done=True)
    with pytest.raises(Killed):
        world.log(line).append([NEW])
    [name] = world.names("ctl/staging/")
    world.s3.delete(BUCKET, PREFIX + name)

    with pytest.raises(IntegrityError, match="neither locked nor staged"):
        world.store().load()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]\nmore",
        b'[["tile/0/000.p/3",9]]\nshort',
        b'[["tile/0/000.p/3",-1]]\n',
        b'[["tile/0/000.p/3","1"]]\n1',
        b'{"tile/0/000.p/3":1}\n1',
        b"[" * 100_000,
        b"\xff\n",
    ],
)
def test_staged_files_that_were_changed_are_refused(data: bytes) -> None:
    world = _stopped_after_commit()
    [name] = world.names("ctl/staging/")
    world.s3.put(BUCKET, PREFIX + name, data)

    with pytest.raises(IntegrityError, match="the staged files"):
        world.log().append([LATE])
    assert "tile/0/000.p/3" not in world.names("tile/")


def test_a_staged_file_with_a_name_outside_the_log_is_not_locked() -> None:
    world = _stopped_after_commit()
    [name] = world.names("ctl/staging/")
    staged = world.s3.find(BUCKET, PREFIX + name, None).data or b""
    evil = staged.replace(b'[["tile/', b'[["evil",0],["tile/', 1)
    world.s3.put(BUCKET, PREFIX + name, evil)

    with pytest.raises(IntegrityError, match="no file of a log"):
        world.log().append([LATE])
    assert f"{PREFIX}evil" not in world.bucket.objects


def _stopped_after_commit() -> World:
    world = World()
    world.begin(2)
    line = Line(world.s3)
    end_at(line, len(_requests_to_commit()), Killed(), done=True)
    with pytest.raises(Killed):
        world.log(line).append([NEW])
    return world


def test_a_file_that_was_there_before_its_entry_stops_the_log() -> None:
    world = World()
    log = world.begin(2)
    world.s3.put(BUCKET, f"{PREFIX}tile/0/000.p/3", b"evil")

    with pytest.raises(IntegrityError, match="not what was committed under this name"):
        log.append([NEW])
    with pytest.raises(IntegrityError):
        world.log().append([LATE])


@pytest.mark.parametrize("name", ["checkpoint", "tile/0/000", "ctl/x", "evidence/x"])
def test_nothing_of_the_log_can_be_attached_to_it(name: str) -> None:
    world = World()
    world.begin()

    with pytest.raises(UsageError):
        world.store().attach(name, b"")


def test_a_checkpoint_signed_again_by_another_key_is_committed() -> None:
    world = World()
    world.begin(2)
    store = world.store()
    old = store.load()
    assert old is not None
    new = old.replace(b" ", b"  ", 1)
    store.commit(old, [], new)

    assert world.store().load() == new
    assert list(world.store().inspect(2)) == []


def test_a_loser_takes_what_it_staged_away() -> None:
    world = World()
    world.begin(2)
    slow = world.store()
    old = slow.load()
    assert old is not None
    world.log().append([NEW])
    late = old.replace(b"\n2\n", b"\n3\n")

    with pytest.raises(TransientError):
        slow.commit(old, [("tile/0/000.p/3", b"x")], late)

    assert world.names("ctl/staging/") == []
