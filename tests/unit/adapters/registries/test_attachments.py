"""Unit tests of documents beside an image, in registries old and new."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from evidence_homes import OciHome, OneLogin, open_repository
from published_release import put_image
from referring_registry import NAME, ReferringRegistry
from typing_extensions import override

from sluicegate.adapters.registries.artifact import referrers_tag
from sluicegate.adapters.registries.attachments import OciAttachments
from sluicegate.adapters.registries.repository import (
    INDEX,
    MANIFEST,
    RegistryAccess,
    Repository,
)
from sluicegate.errors import IntegrityError, PermanentError, TransientError
from sluicegate.model.digest import Digest
from sluicegate.model.publication import Attachment, PublishedImage, ServedManifest

KIND = "application/vnd.dev.sigstore.bundle.v0.3+json"
SOME = tuple(
    Attachment(
        f"{number}.json", KIND, b'{"number": %d}' % number, {"about": str(number)}
    )
    for number in range(3)
)


def access(login: str = "pw") -> RegistryAccess:
    return RegistryAccess(OneLogin(login), lambda _: True, lambda _: None)


class Cut(Repository):
    """A repository that takes *writes* more, and then nothing."""

    def __init__(self, name: str, writes: int, login: str = "pw") -> None:
        super().__init__(name, access(login))
        self.writes = writes

    def _count(self) -> None:
        self.writes -= 1
        if self.writes < 0:
            raise TransientError("cut off")

    @override
    def put_blob(self, data: bytes) -> Digest:
        self._count()
        return super().put_blob(data)

    @override
    def put_manifest(self, reference: str, manifest: ServedManifest) -> str:
        self._count()
        return super().put_manifest(reference, manifest)


@pytest.fixture
def registry() -> Iterator[ReferringRegistry]:
    with ReferringRegistry().listening() as registry:
        yield registry


@pytest.fixture
def here(registry: ReferringRegistry) -> Repository:
    return Repository(f"{registry.host}/{NAME}", access())


def image(repository: Repository) -> PublishedImage:
    digest = put_image(repository)
    size = len((repository.manifest(str(digest)) or ServedManifest("", b"")).data)
    return PublishedImage(f"{repository.name}:v1.0.0", digest, MANIFEST, size)


def test_each_document_is_an_artifact_about_the_image(
    registry: ReferringRegistry, here: Repository
) -> None:
    it = image(here)

    attached = OciAttachments(here).attach(it, SOME)

    assert [each.was_there for each in attached] == [False] * 3
    assert set(registry.referrers(str(it.digest))) == {str(x.digest) for x in attached}
    assert referrers_tag(it.digest) not in registry.manifests
    for each, place in zip(SOME, attached, strict=True):
        media_type, data = registry.manifests[str(place.digest)]
        document = json.loads(data)
        assert media_type == MANIFEST
        assert document["artifactType"] == KIND
        assert document["annotations"] == each.annotations
        assert document["subject"] == {
            "mediaType": MANIFEST,
            "digest": str(it.digest),
            "size": it.size,
        }
        (layer,) = document["layers"]
        assert layer["mediaType"] == KIND
        assert layer["annotations"] == {"org.opencontainers.image.title": each.name}
        assert registry.blobs[layer["digest"]] == each.data


def test_attaching_again_changes_nothing_and_says_so(
    registry: ReferringRegistry, here: Repository
) -> None:
    it = image(here)
    first = OciAttachments(here).attach(it, SOME[:2])
    before = dict(registry.manifests)

    again = OciAttachments(here).attach(it, SOME[:2])

    assert registry.manifests == before
    assert [each.digest for each in again] == [each.digest for each in first]
    assert all(each.was_there for each in again)


def test_nothing_is_attached_to_an_image_that_is_not_served(
    registry: ReferringRegistry, here: Repository
) -> None:
    it = PublishedImage(f"{here.name}:v1", Digest.of(b"gone"), MANIFEST, 4)

    with pytest.raises(PermanentError, match="does not serve") as caught:
        OciAttachments(here).attach(it, SOME)

    assert caught.value.hint
    assert registry.manifests == {}


def test_a_registry_that_serves_another_image_by_the_digest_is_not_believed(
    registry: ReferringRegistry, here: Repository
) -> None:
    it = image(here)
    registry.manifests[str(it.digest)] = MANIFEST, b"{}"

    with pytest.raises(IntegrityError, match="other bytes"):
        OciAttachments(here).attach(it, SOME)

    assert registry.referrers(str(it.digest)) == []


def test_without_documents_nothing_is_sent(
    registry: ReferringRegistry, here: Repository
) -> None:
    it = image(here)
    registry.seen.clear()

    assert list(OciAttachments(here).attach(it, ())) == []
    assert {method for method, _, _ in registry.seen} == {"GET"}


def test_what_was_cut_off_anywhere_is_completed(
    registry: ReferringRegistry, here: Repository
) -> None:
    it = image(here)
    wanted = OciAttachments(here).attach(it, SOME[:2])
    whole, image_only = dict(registry.manifests), dict(registry.manifests)
    for each in wanted:
        del image_only[str(each.digest)]
    for writes in range(5):
        registry.manifests = dict(image_only)
        with pytest.raises(TransientError, match="cut off"):
            OciAttachments(Cut(here.name, writes)).attach(it, SOME[:2])

        OciAttachments(here).attach(it, SOME[:2])

        assert registry.manifests == whole


def test_a_real_registry_without_the_api_gets_the_list_that_clients_look_for(
    tmp_path: Path,
) -> None:
    home = OciHome(tmp_path)
    try:
        here = open_repository(home.registry)
        it = image(here)
        # All but the list itself.
        cut = Cut(here.name, 7, home.registry.password)
        with pytest.raises(TransientError, match="cut off"):
            OciAttachments(cut).attach(it, SOME)
        assert here.manifest(referrers_tag(it.digest)) is None

        attached = OciAttachments(here).attach(it, SOME)
        first = here.manifest(referrers_tag(it.digest))
        again = OciAttachments(here).attach(it, SOME)

        assert first is not None
        assert first == here.manifest(referrers_tag(it.digest))
        assert first.media_type == INDEX
        assert all(each.was_there for each in (*attached, *again))
        listed = json.loads(first.data)["manifests"]
        assert [(x["digest"], x["artifactType"], x["annotations"]) for x in listed] == [
            (str(place.digest), KIND, each.annotations)
            for each, place in zip(SOME, attached, strict=True)
        ]
        for each in listed:
            named = here.manifest(each["digest"])
            assert named is not None
            assert len(named.data) == each["size"]
    finally:
        home.close()


def test_a_list_that_others_change_all_the_time_is_given_up(here: Repository) -> None:
    class Forgetful(Repository):
        """Knows nothing of subjects, and loses every list that is written."""

        @override
        def put_manifest(self, reference: str, manifest: ServedManifest) -> str:
            if reference.startswith("sha256:"):
                super().put_manifest(reference, manifest)
            return ""

    it = image(here)

    with pytest.raises(TransientError, match="others change the list"):
        OciAttachments(Forgetful(here.name, access())).attach(it, SOME)
