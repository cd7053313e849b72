"""Unit tests of where the evidence of a log is."""

from pathlib import Path

import pytest

from sluicegate.adapters.registries.evidence import OciEvidence
from sluicegate.adapters.stores.bucket_evidence import BucketEvidence
from sluicegate.adapters.stores.evidence import EvidenceDirectory
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.model.address import Address, parse_evidence
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.machine import Machine

LOG = Address.parse("dir:log/audit")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    return tmp_path


def place(evidence: str | None) -> LogPlace:
    return LogPlace(Machine({}), LOG, Path(), evidence_at=evidence)


def test_the_pipeline_file_says_where_evidence_is(here: Path) -> None:
    (here / "sluicegate.yaml").write_text("stages: 1\naudit: {evidence: 'dir:kept'}\n")

    digest = LogPlace.of(Machine({})).evidence.keep(b"report")

    assert EvidenceDirectory(here / "kept").load(digest) == b"report"
    assert not (here / ".sluicegate").exists()


def test_a_log_that_is_named_has_its_evidence_with_it(here: Path) -> None:
    (here / "sluicegate.yaml").write_text("audit: {evidence: 'dir:kept'}\n")

    digest = LogPlace.of(Machine({}), "dir:log/audit").evidence.keep(b"report")

    assert EvidenceDirectory(here / "log/evidence").load(digest) == b"report"


def test_what_was_kept_before_the_move_is_found_but_only_by_default(here: Path) -> None:
    digest = place(None).evidence.keep(b"report")

    moved = place("dir:kept")

    assert moved.evidence.load(digest) == b"report"
    with pytest.raises(IntegrityError, match="is missing"):
        moved.open_evidence(parse_evidence(str(here / "kept"))).load(digest)


def test_evidence_that_other_logs_may_name_is_not_the_logs_own() -> None:
    assert place(None).own_evidence is not None
    assert place("dir:kept").own_evidence is None


def test_each_address_opens_its_store_without_asking_it() -> None:
    log = place(None)

    bucket = log.open_evidence(parse_evidence("s3://acme-audit/kept"))
    registry = log.open_evidence(parse_evidence("oci:registry.invalid/acme/churn"))

    assert isinstance(bucket, BucketEvidence)
    assert isinstance(registry, OciEvidence)
    with pytest.raises(UsageError, match="no store of evidence"):
        log.open_evidence(Address("git", "origin"))


def test_images_name_evidence_only_in_a_registry() -> None:
    assert place(None).referrers is None
    assert place("dir:kept").referrers is None
    assert place("oci:registry.invalid/acme/churn").referrers is not None


def test_a_place_that_is_none_keeps_nobody_from_the_log(here: Path) -> None:
    (here / "sluicegate.yaml").write_text("audit: {evidence: 'oci:nowhere'}\n")

    log = LogPlace.of(Machine({}))

    assert log.store.load() is None
    with pytest.raises(UsageError, match="not a repository of a registry"):
        _ = log.evidence
