"""Unit tests of how evidence is held in a registry. What it promises is a contract."""

import json
from collections.abc import Iterator

import pytest
from evidence_homes import OneLogin
from referring_registry import NAME, ReferringRegistry

from sluicegate.adapters.registries.artifact import ARTIFACT, EMPTY, referrers_tag
from sluicegate.adapters.registries.evidence import OciEvidence
from sluicegate.adapters.registries.repository import RegistryAccess, Repository
from sluicegate.errors import PermanentError
from sluicegate.model.digest import Digest
from sluicegate.model.retention import Keeping

REPORT = b"<testsuite/>"
TAG = f"evidence-sha256-{Digest.of(REPORT).hex}"


@pytest.fixture
def registry() -> Iterator[ReferringRegistry]:
    with ReferringRegistry().listening() as registry:
        yield registry


def evidence(registry: ReferringRegistry) -> OciEvidence:
    access = RegistryAccess(OneLogin("pw"), lambda _: True, lambda _: None)
    return OciEvidence(Repository(f"{registry.host}/{NAME}", access))


def test_each_file_has_an_artifact_that_holds_it(registry: ReferringRegistry) -> None:
    digest = evidence(registry).keep(REPORT)

    assert registry.blobs == {str(digest): REPORT, str(Digest.of(EMPTY)): EMPTY}
    media_type, data = registry.manifests[TAG]
    assert json.loads(data) == {
        "schemaVersion": 2,
        "mediaType": media_type,
        "artifactType": ARTIFACT,
        "config": {
            "mediaType": "application/vnd.oci.empty.v1+json",
            "digest": "sha256:"
            "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
            "size": 2,
        },
        "layers": [
            {
                "mediaType": "application/octet-stream",
                "digest": str(digest),
                "size": len(REPORT),
            }
        ],
    }


def test_a_tag_that_somebody_moved_is_put_right(registry: ReferringRegistry) -> None:
    evidence(registry).keep(REPORT)
    right = registry.manifests[TAG]
    evidence(registry).keep(b"another")
    other = f"evidence-sha256-{Digest.of(b'another').hex}"
    registry.manifests[TAG] = registry.manifests[other]

    evidence(registry).keep(REPORT)

    assert registry.manifests[TAG] == right


def test_the_tag_is_never_that_of_the_referrers_of_an_image() -> None:
    """The manifest of a published image is evidence, and has the image's digest."""
    assert referrers_tag(Digest.of(REPORT)) == f"sha256-{Digest.of(REPORT).hex}"
    assert referrers_tag(Digest.of(REPORT)) != TAG


def test_a_registry_promises_no_more_than_it_can(registry: ReferringRegistry) -> None:
    promise = evidence(registry).promise()

    assert promise.keeping is Keeping.KEPT
    assert "retention policy of its own" in promise.statement


def test_a_registry_that_fails_is_said_to_have_failed_the_evidence(
    registry: ReferringRegistry,
) -> None:
    registry.uses = 0

    with pytest.raises(PermanentError, match=r"cannot be kept: .* refuses") as kept:
        evidence(registry).keep(REPORT)
    with pytest.raises(PermanentError, match=r"cannot be read: .* refuses") as read:
        evidence(registry).load(Digest.of(REPORT))

    assert str(kept.value.hint).endswith("as somebody who may push")
    assert str(read.value.hint).endswith("as somebody who may pull")
