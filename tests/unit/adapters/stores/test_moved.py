"""Unit tests of evidence that moved. What every store promises is a contract."""

from datetime import UTC, datetime

import pytest
from fakes import FakeEvidence
from typing_extensions import override

from sluicegate.adapters.stores.moved import MovedEvidence
from sluicegate.errors import IntegrityError, MissingError, TransientError
from sluicegate.model.digest import Digest
from sluicegate.model.retention import Keeping, Promise
from sluicegate.ports.evidence import EvidenceStore

OLD, NEW = b"old", b"new"


class Enforcing(FakeEvidence):
    @override
    def promise(self) -> Promise:
        return Promise(Keeping.ENFORCED, "nobody can")


def never() -> EvidenceStore:
    raise AssertionError("the old place was not needed")


def test_what_is_kept_goes_to_the_new_place_and_the_old_is_not_opened() -> None:
    place = FakeEvidence()
    moved = MovedEvidence(place, never)

    digest = moved.keep(NEW)

    assert place.kept == {digest: NEW}
    assert moved.load(digest) == NEW


def test_what_was_kept_before_is_found_where_it_was() -> None:
    before = FakeEvidence()
    digest = before.keep(OLD)

    assert MovedEvidence(FakeEvidence(), lambda: before).load(digest) == OLD


def test_what_is_in_neither_is_missing() -> None:
    with pytest.raises(MissingError):
        MovedEvidence(FakeEvidence(), FakeEvidence).load(Digest.of(OLD))


def test_what_was_changed_in_the_new_place_is_not_excused_by_the_old() -> None:
    place, before = FakeEvidence(), FakeEvidence()
    digest = place.keep(OLD)
    before.keep(OLD)
    place.kept[digest] = b"other"

    with pytest.raises(IntegrityError, match="was changed"):
        MovedEvidence(place, lambda: before).load(digest)


def test_of_a_place_that_is_away_nothing_is_known() -> None:
    before = FakeEvidence()
    digest = before.keep(OLD)
    place = FakeEvidence(fault=TransientError("it does not answer"))

    with pytest.raises(TransientError):
        MovedEvidence(place, lambda: before).load(digest)


def test_it_promises_what_the_weaker_place_does_that_still_has_something() -> None:
    before = FakeEvidence()
    old = before.keep(OLD)
    moved = MovedEvidence(Enforcing(), lambda: before)
    new = moved.keep(NEW)

    moved.load(new)
    assert moved.promise().keeping is Keeping.ENFORCED
    moved.load(old)
    assert moved.promise() == before.promise()


def test_nothing_is_dropped_that_others_may_name() -> None:
    place = FakeEvidence()
    digest = place.keep(OLD)
    moved = MovedEvidence(place, FakeEvidence)

    assert not moved.drop(digest, datetime(2030, 1, 1, tzinfo=UTC))
    assert moved.load(digest) == OLD
