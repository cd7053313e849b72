"""What every store of evidence promises: run on the fake and on every real one."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from evidence_homes import HOMES, EvidenceHome

from sluicegate.errors import ExternalError, IntegrityError, MissingError
from sluicegate.model.digest import Digest
from sluicegate.model.retention import Keeping
from sluicegate.ports.evidence import EvidenceStore

REPORT = b"<testsuite/>"
NEVER_KEPT = Digest.of(b"never kept")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(params=HOMES)
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EvidenceHome]:
    home = HOMES[request.param](tmp_path)
    try:
        yield home
    finally:
        home.close()


def keep_and_settle(home: EvidenceHome, evidence: EvidenceStore, data: bytes) -> None:
    evidence.keep(data)
    home.settle()


def test_what_is_kept_is_found_by_everybody_by_its_digest(home: EvidenceHome) -> None:
    files = [b"", b"\n", REPORT, bytes(range(256)) * 100, b"\0" * (1 << 20)]
    evidence = home.open()
    digests = [evidence.keep(data) for data in files]
    home.settle()

    assert digests == [Digest.of(data) for data in files]
    assert [home.open().load(digest) for digest in digests] == files


def test_whoever_has_kept_a_file_has_it_at_once(home: EvidenceHome) -> None:
    evidence = home.open()

    assert evidence.load(evidence.keep(REPORT)) == REPORT


def test_the_same_bytes_again_change_nothing(home: EvidenceHome) -> None:
    home.open().keep(REPORT)
    home.settle()
    before = home.content()

    evidence = home.open()
    digests = {evidence.keep(REPORT), evidence.keep(REPORT), home.open().keep(REPORT)}
    home.settle()

    assert digests == {Digest.of(REPORT)}
    assert home.content() == before
    assert home.open().load(Digest.of(REPORT)) == REPORT


def test_files_may_be_kept_at_once(home: EvidenceHome) -> None:
    evidence, failed = home.open(), []
    files = [REPORT, *(b"%d" % number for number in range(5)), REPORT]

    def keep(data: bytes) -> None:
        try:
            evidence.keep(data)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is shown
            failed.append(error)

    threads = [threading.Thread(target=keep, args=(data,)) for data in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    home.settle()

    assert failed == []
    assert [home.open().load(Digest.of(data)) for data in files] == files


def test_what_was_never_kept_is_missing(home: EvidenceHome) -> None:
    with pytest.raises(MissingError, match=f"{NEVER_KEPT} is missing"):
        home.open().load(NEVER_KEPT)
    home.open().keep(REPORT)
    home.settle()
    with pytest.raises(MissingError, match=f"{NEVER_KEPT} is missing"):
        home.open().load(NEVER_KEPT)


def test_what_was_changed_is_noticed(home: EvidenceHome) -> None:
    evidence = home.open()
    changes = {REPORT: REPORT + b" ", b"a": b"A", b"much": b"", b"": b"more"}
    digests = {evidence.keep(data): other for data, other in changes.items()}
    home.settle()
    home.change(digests)

    for digest in digests:
        with pytest.raises(IntegrityError, match=f"{digest} was changed") as caught:
            home.open().load(digest)
        assert not isinstance(caught.value, MissingError)


def test_what_is_lost_is_missing_and_can_be_kept_anew(home: EvidenceHome) -> None:
    digest = home.open().keep(REPORT)
    other = home.open().keep(b"another")
    home.settle()
    home.lose(digest)

    with pytest.raises(MissingError, match=f"{digest} is missing"):
        home.open().load(digest)
    assert home.open().load(other) == b"another"

    home.open().keep(REPORT)
    home.settle()
    assert home.open().load(digest) == REPORT


def test_what_was_kept_since_is_not_dropped(home: EvidenceHome) -> None:
    digest = home.open().keep(REPORT)
    home.settle()

    assert not home.open().drop(digest, LONG_AGO)
    assert home.open().load(digest) == REPORT


def test_a_store_says_how_it_keeps_things_and_until_when(home: EvidenceHome) -> None:
    evidence = home.open()
    digest = evidence.keep(REPORT)
    home.settle()

    promise = home.open().promise()
    assert promise.statement
    assert (home.open().expiry(digest) is not None) == (
        promise.keeping in {Keeping.ENFORCED, Keeping.GUARDED}
    )


def test_a_store_that_is_away_has_lost_nothing(home: EvidenceHome) -> None:
    digest = home.open().keep(REPORT)
    home.settle()
    with home.away():
        evidence = home.open()
        with pytest.raises(ExternalError):
            evidence.load(digest)
        with pytest.raises(ExternalError):
            keep_and_settle(home, evidence, b"another")

    assert home.open().load(digest) == REPORT
    home.open().keep(b"another")
    home.settle()
    assert home.open().load(Digest.of(b"another")) == b"another"
