"""Unit tests of what an image says of its evidence, in registries old and new."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from evidence_homes import PATH, OciHome, OneLogin, open_repository
from fakes import FakeEvidence
from referring_registry import NAME, ReferringRegistry

from sluicegate.adapters.registries.artifact import add_referrer, referrers_tag
from sluicegate.adapters.registries.referrers import OciReferrers
from sluicegate.adapters.registries.repository import (
    INDEX,
    MANIFEST,
    RegistryAccess,
    Repository,
)
from sluicegate.errors import MissingError, PermanentError
from sluicegate.model.digest import Digest
from sluicegate.model.evidence import EvidenceFile
from sluicegate.model.publication import PublishedImage, ServedManifest

REPORT, SBOM = b"<testsuite/>", b"{}\n"
ABOUT = {"dev.sluicegate.run": "R"}


def files(*contents: bytes) -> list[EvidenceFile]:
    return [
        EvidenceFile(f"scan/{number}", "text/plain", len(data), Digest.of(data))
        for number, data in enumerate(contents)
    ]


def image(host: str, path: str = NAME) -> PublishedImage:
    digest = Digest.of(b"manifest of the image")
    return PublishedImage(f"{host}/{path}:v1", digest, MANIFEST, 21)


def referrers(registry: ReferringRegistry, evidence: FakeEvidence) -> OciReferrers:
    access = RegistryAccess(OneLogin("pw"), lambda _: True, lambda _: None)
    return OciReferrers(Repository(f"{registry.host}/{NAME}", access), evidence)


@pytest.fixture
def registry() -> Iterator[ReferringRegistry]:
    with ReferringRegistry().listening() as registry:
        yield registry


@pytest.fixture
def evidence() -> FakeEvidence:
    evidence = FakeEvidence()
    for data in (REPORT, SBOM):
        evidence.keep(data)
    return evidence


def test_a_registry_that_takes_note_of_subjects_needs_no_list(
    registry: ReferringRegistry, evidence: FakeEvidence
) -> None:
    it = image(registry.host)

    assert referrers(registry, evidence).attach(it, files(REPORT, SBOM), ABOUT)

    (name,) = registry.referrers(str(it.digest))
    assert set(registry.manifests) == {name}
    document = json.loads(registry.manifests[name][1])
    assert document["subject"] == {
        "mediaType": MANIFEST,
        "digest": str(it.digest),
        "size": 21,
    }
    assert document["annotations"] == ABOUT
    titles = [layer["annotations"] for layer in document["layers"]]
    assert titles == [
        {"org.opencontainers.image.title": "scan/0"},
        {"org.opencontainers.image.title": "scan/1"},
    ]
    assert [registry.blobs[layer["digest"]] for layer in document["layers"]] == [
        REPORT,
        SBOM,
    ]


def test_doing_it_again_changes_nothing(
    registry: ReferringRegistry, evidence: FakeEvidence
) -> None:
    attach = referrers(registry, evidence).attach
    attach(image(registry.host), files(REPORT), ABOUT)
    before = dict(registry.manifests)

    assert attach(image(registry.host), files(REPORT), ABOUT)

    assert registry.manifests == before


def test_an_image_elsewhere_and_one_without_evidence_name_none(
    registry: ReferringRegistry, evidence: FakeEvidence
) -> None:
    attach = referrers(registry, evidence).attach

    assert not attach(image(registry.host, "acme/other"), files(REPORT), ABOUT)
    assert not attach(image("registry.example"), files(REPORT), ABOUT)
    assert not attach(image(registry.host), [], ABOUT)
    assert registry.seen == []


def test_a_file_that_is_nowhere_is_no_evidence(
    registry: ReferringRegistry, evidence: FakeEvidence
) -> None:
    with pytest.raises(MissingError):
        referrers(registry, evidence).attach(
            image(registry.host), files(b"never kept"), ABOUT
        )
    assert registry.manifests == {}


def test_a_registry_that_does_not_gets_the_list_that_clients_look_for(
    tmp_path: Path, evidence: FakeEvidence
) -> None:
    home = OciHome(tmp_path)
    try:
        here = open_repository(home.registry)
        attach = OciReferrers(here, evidence).attach
        it = image(home.registry.host, PATH)
        for run in ("R1", "R2", "R1"):
            assert attach(it, files(REPORT), {"dev.sluicegate.run": run})

        found = here.manifest(referrers_tag(it.digest))
        assert found is not None
        assert found.media_type == INDEX
        listed = json.loads(found.data)["manifests"]
        runs = [each["annotations"]["dev.sluicegate.run"] for each in listed]
        assert runs == ["R1", "R2"]
        for each in listed:
            named = here.manifest(each["digest"])
            assert named is not None
            assert len(named.data) == each["size"]
    finally:
        home.close()


MINE = ServedManifest(MANIFEST, b"{}")


def test_what_others_say_of_the_image_stays_in_the_list() -> None:
    other = {"mediaType": MANIFEST, "digest": "sha256:1", "size": 1, "platform": {}}
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [other]}

    more = add_referrer(ServedManifest(INDEX, json.dumps(index).encode()), MINE, ABOUT)

    assert more is not None
    kept, mine = json.loads(more.data)["manifests"]
    assert kept == other
    assert mine["digest"] == str(Digest.of(MINE.data))
    assert add_referrer(more, MINE, ABOUT) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"mediaType": "application/vnd.oci.image.manifest.v1+json"}',
        b'{"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": 1}',
        b'{"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [1]}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_list_is_not_overwritten(data: bytes) -> None:
    with pytest.raises(PermanentError, match="is something else"):
        add_referrer(ServedManifest(INDEX, data), MINE, ABOUT)
