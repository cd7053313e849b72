"""Unit tests of `sluicegate.adapters.stores.bucket_keeping`, through a log."""

from datetime import timedelta

import pytest
from fakes_audit import FakeSigner
from fakes_bucket import Line
from fakes_s3 import COMPLIANCE, GOVERNANCE, START, FakeBucket
from s3_logs import PREFIX, RETENTION, World

from sluicegate.audit.log import AuditLog
from sluicegate.errors import PermanentError
from sluicegate.model.retention import Keeping

DAY = timedelta(days=1)
BUCKET = "acme-audit"
PARTIAL = "tile/0/000.p/2"
GOVERNED = f"{BUCKET}/churn?mode=governance"
PLAIN = f"{BUCKET}/churn?mode=none"


def test_compliance_mode_enforces() -> None:
    world = World()
    world.begin(2)
    promise = world.store().promise()

    assert promise.keeping is Keeping.ENFORCED
    assert "compliance" in promise.statement


def test_governance_mode_guards() -> None:
    world = World(address=GOVERNED)
    world.begin(2)
    promise = world.store().promise()

    assert promise.keeping is Keeping.GUARDED
    assert "s3:BypassGovernanceRetention" in promise.statement


def test_one_checkpoint_in_governance_mode_is_no_compliance() -> None:
    world = World(address=GOVERNED)
    world.begin(2)
    world.bucket.objects[PREFIX + world.names("checkpoints/")[0]][0].mode = COMPLIANCE

    assert world.store().promise().keeping is Keeping.GUARDED


def test_without_a_lock_it_is_kept() -> None:
    world = World(FakeBucket(can_lock=False), PLAIN)
    world.begin(2)
    promise = world.store().promise()

    assert promise.keeping is Keeping.KEPT
    assert world.store().expiry(PARTIAL) is None


def test_what_a_lifecycle_rule_deletes_without_a_lock_expires() -> None:
    world = World(FakeBucket(can_lock=False, expiring=(("churn/", 90),)), PLAIN)
    world.begin(2)
    promise = world.store().promise()

    assert promise.keeping is Keeping.EXPIRES
    assert "after 90 days" in promise.statement


def test_a_lifecycle_rule_over_locked_files_is_told() -> None:
    world = World(FakeBucket(expiring=(("churn/", 90),)))
    world.begin(2)
    promise = world.store().promise()

    assert promise.keeping is Keeping.ENFORCED
    assert "after 90 days, not before that date" in promise.statement


def test_the_expiry_of_a_file_is_the_date_of_its_first_version() -> None:
    world = World()
    world.begin(2)
    world.s3.put(BUCKET, PREFIX + PARTIAL, b"evil")

    assert world.store().expiry(PARTIAL) == START + RETENTION + DAY
    assert world.store().expiry("tile/0/999") is None


def test_a_legal_hold_is_on_every_version_until_it_is_lifted() -> None:
    world = World()
    world.begin(2)
    world.s3.put(BUCKET, PREFIX + PARTIAL, b"evil")
    versions = world.bucket.objects[PREFIX + PARTIAL]

    assert world.store().hold([PARTIAL], on=True)
    assert [version.held for version in versions] == [True, True]
    assert world.store().hold([PARTIAL], on=False)
    assert [version.held for version in versions] == [False, False]


def test_a_hold_on_what_is_not_there_is_an_error() -> None:
    world = World()
    world.begin(2)

    with pytest.raises(PermanentError, match="not in the bucket"):
        world.store().hold(["tile/0/999"], on=True)


def test_a_bucket_without_object_lock_has_no_holds() -> None:
    world = World(FakeBucket(can_lock=False), PLAIN)
    world.begin(2)

    assert world.store().hold([PARTIAL], on=True) is False


def test_what_is_locked_stays_when_it_is_dropped_and_no_marker_hides_it() -> None:
    world = World()
    world.begin(300)
    before = dict(world.bucket.objects)
    world.store().drop(["tile/entries/000"])

    assert world.bucket.objects == before
    assert all(
        one.data is not None for one in world.bucket.objects[f"{PREFIX}tile/0/000"]
    )


def test_what_is_not_locked_any_more_is_deleted_with_all_its_versions() -> None:
    world = World()
    world.begin(300)
    key = f"{PREFIX}tile/entries/000"
    world.s3.put(BUCKET, key, b"evil")
    world.s3.delete(BUCKET, key)
    world.s3.now += RETENTION + 2 * DAY
    world.store().drop(["tile/entries/000", "tile/entries/000.p/1"])

    assert key not in world.bucket.objects
    assert f"{key}.p/1" not in world.bucket.objects
    assert world.store().get("tile/entries/000") is None
    assert world.store().get("tile/entries/001.p/44") is not None


def test_what_is_held_stays_though_its_date_is_over() -> None:
    world = World()
    world.begin(300)
    world.store().hold(["tile/entries/000"], on=True)
    world.s3.now += RETENTION + 2 * DAY
    world.store().drop(["tile/entries/000"])

    assert world.store().get("tile/entries/000") is not None


@pytest.mark.parametrize("days", [180, 2192])
def test_every_writer_keeps_what_it_commits_for_as_long_as_the_log_promises(
    days: int,
) -> None:
    world = World()
    world.begin_with(Line(world.s3), days)
    world.s3.now += 3 * DAY
    world.log().append([b"{}"])

    kept = START + (days + 4) * DAY
    assert world.store().expiry(PARTIAL) == kept
    assert world.store().promised() == days * DAY
    assert list(world.store().inspect(2)) == []


def test_a_longer_promise_holds_for_every_writer_that_comes_after() -> None:
    world = World()
    world.begin(2)
    store = world.store()
    store.keep_for(500)
    AuditLog(store, FakeSigner()).append([b"{}"])
    world.log().append([b"{}"])

    assert world.store().expiry("tile/0/000.p/4") == START + 501 * DAY
    assert list(world.store().inspect(4)) == []


def test_a_date_that_was_cut_short_is_reported() -> None:
    world = World(address=GOVERNED)
    world.begin(300)
    world.s3.may_bypass = True
    key = f"{PREFIX}tile/entries/000"
    world.s3.retain(BUCKET, key, None, GOVERNANCE, START + 10 * DAY, bypass=True)
    [finding] = world.store().inspect(300)

    assert finding == (
        "tile/entries/000: is not locked for 400 days from 2026-11-22 12:00:00 UTC:"
        " GOVERNANCE until 2026-12-02 12:00:00 UTC"
    )


def test_a_file_whose_lock_was_taken_off_is_reported() -> None:
    world = World(address=GOVERNED)
    world.begin(2)
    world.s3.may_bypass = True
    world.s3.retain(BUCKET, PREFIX + PARTIAL, None, None, None, bypass=True)
    [finding] = world.store().inspect(2)

    assert finding == f"{PARTIAL}: is not locked: it has no date"


def test_files_in_governance_mode_are_reported_where_compliance_is_expected() -> None:
    world = World(address=GOVERNED)
    world.begin(2)
    world.address = World().address

    findings = list(world.store().inspect(2))
    assert len(findings) == 6
    assert all("not locked in compliance mode" in finding for finding in findings)


def test_a_name_that_somebody_chose_cannot_draw_on_a_terminal() -> None:
    world = World()
    world.begin(2)
    key = f"{PREFIX}tile/\x1b[2J\u202e"
    world.s3.put(BUCKET, key, b"evil")
    world.s3.put(BUCKET, key, b"evil")

    findings = list(world.store().inspect(2))
    assert findings
    assert all(finding.isascii() and finding.isprintable() for finding in findings)


def test_many_files_are_all_inspected_in_order() -> None:
    world = World()
    log = world.begin(2)
    for _ in range(140):
        log.append([b"{}"])
    for key, history in world.bucket.objects.items():
        if "/tile/" in key:
            history[0].until = None
    findings = list(world.store().inspect(142))

    assert len(findings) == len(world.names("tile/")) > 256
    names = [finding.partition(":")[0] for finding in findings]
    assert names == sorted(names)
