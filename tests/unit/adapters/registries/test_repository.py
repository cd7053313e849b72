"""Unit tests of what is sent to a registry, against one that is strict."""

from collections.abc import Iterator

import pytest
from evidence_homes import OneLogin
from referring_registry import NAME, ReferringRegistry

from sluicegate.adapters.registries.evidence import OciEvidence
from sluicegate.adapters.registries.repository import RegistryAccess, Repository
from sluicegate.errors import MissingError, PermanentError, TransientError
from sluicegate.model.digest import Digest
from sluicegate.model.publication import ServedManifest

REPORT = b"<testsuite/>"


@pytest.fixture
def registry() -> Iterator[ReferringRegistry]:
    with ReferringRegistry().listening() as registry:
        yield registry


def repository(registry: ReferringRegistry, name: str = NAME) -> Repository:
    access = RegistryAccess(OneLogin("pw"), lambda _: True, lambda _: None)
    return Repository(f"{registry.host}/{name}", access)


def test_what_is_sent_is_served_under_its_digest(registry: ReferringRegistry) -> None:
    here = repository(registry)

    digest = here.put_blob(REPORT)

    assert here.blob(digest) == REPORT
    assert here.has_blob(digest)
    assert registry.blobs == {str(digest): REPORT}


def test_nothing_is_sent_that_is_there(registry: ReferringRegistry) -> None:
    repository(registry).put_blob(REPORT)
    registry.seen.clear()

    repository(registry).put_blob(REPORT)

    assert {method for method, _, _ in registry.seen} == {"GET", "HEAD"}


def test_one_token_is_asked_for_and_used_until_it_is_refused(
    registry: ReferringRegistry,
) -> None:
    registry.uses = 3
    here = repository(registry)
    for number in range(4):
        here.put_blob(b"%d" % number)

    assert len(registry.blobs) == 4
    assert len(registry.scopes) == 4  # of 12 requests
    assert set(registry.scopes) == {f"repository:{NAME}:pull,push"}


def test_who_reads_asks_for_no_more_than_that(registry: ReferringRegistry) -> None:
    assert repository(registry).blob(Digest.of(REPORT)) is None

    assert registry.scopes == [f"repository:{NAME}:pull"]


@pytest.mark.parametrize("doing", ["pull", "push"])
def test_who_is_refused_is_told_what_they_must_be_allowed(
    registry: ReferringRegistry, doing: str
) -> None:
    registry.uses = 0
    here = repository(registry)

    with pytest.raises(PermanentError, match=r"refuses access \(401\)") as caught:
        here.put_blob(REPORT) if doing == "push" else here.blob(Digest.of(REPORT))
    assert str(caught.value.hint).endswith(f"as somebody who may {doing}")


def test_a_login_is_given_to_nobody_else(registry: ReferringRegistry) -> None:
    """A registry may want data to be sent to a store of its own: without the login."""
    with ReferringRegistry().listening() as other:
        registry.uploads_to = f"http://{other.host}/v2/{NAME}/"

        with pytest.raises(PermanentError, match="refuses access"):
            repository(registry).put_blob(REPORT)

        assert [login for _, _, login in other.seen] == [""]


def test_data_is_not_sent_to_where_nobody_said_that_encryption_is_not_needed(
    registry: ReferringRegistry,
) -> None:
    registry.uploads_to = "ftp://files.example/"

    with pytest.raises(PermanentError, match="without encryption"):
        repository(registry).put_blob(REPORT)


def test_a_repository_that_is_not_there_has_no_place_for_anything(
    registry: ReferringRegistry,
) -> None:
    with pytest.raises(PermanentError, match="has no place for") as caught:
        repository(registry, "acme/other").put_blob(REPORT)
    assert "made before" in str(caught.value.hint)
    with pytest.raises(MissingError):
        OciEvidence(repository(registry, "acme/other")).load(Digest.of(REPORT))


def test_what_a_registry_says_is_wrong_is_told(registry: ReferringRegistry) -> None:
    data = (
        b'{"mediaType": "a/b", "config": {"digest": "sha256:0", "size": 0},'
        b' "layers": []}'
    )
    with pytest.raises(PermanentError, match="MANIFEST_BLOB_UNKNOWN blob unknown"):
        repository(registry).put_manifest("tag", ServedManifest("a/b", data))


def test_a_registry_that_does_not_answer_is_asked_again_for_a_while() -> None:
    waits: list[float] = []
    access = RegistryAccess(OneLogin("pw"), lambda _: True, waits.append)
    with ReferringRegistry().listening() as registry:
        here = Repository(f"{registry.host}/{NAME}", access)

    with pytest.raises(TransientError, match="does not answer"):
        here.blob(Digest.of(REPORT))
    assert waits == [0.5, 1.0, 2.0]


@pytest.mark.parametrize("name", ["acme/model", "model", "host:1"])
def test_what_is_no_repository_of_a_registry_is_refused(name: str) -> None:
    access = RegistryAccess(OneLogin("pw"), lambda _: True, lambda _: None)
    with pytest.raises(PermanentError, match="not a whole reference"):
        Repository(name, access)
