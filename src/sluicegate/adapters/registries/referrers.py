"""Letting an image in a registry name its evidence, for every client of registries."""

from collections.abc import Mapping, Sequence

from typing_extensions import override

from sluicegate.adapters.registries.artifact import (
    EMPTY,
    add_referrer,
    refer_to,
    referrers_tag,
)
from sluicegate.adapters.registries.docker_registry import split_reference
from sluicegate.adapters.registries.repository import Repository
from sluicegate.errors import TransientError
from sluicegate.model.digest import Digest
from sluicegate.model.evidence import EvidenceFile
from sluicegate.model.publication import PublishedImage, ServedManifest
from sluicegate.ports.evidence import EvidenceStore
from sluicegate.ports.referrers import Referrers

_ATTEMPTS = 5


class OciReferrers(Referrers):
    """Manifests in *repository* about its images; *evidence* has the files."""

    def __init__(self, repository: Repository, evidence: EvidenceStore) -> None:
        self._repository, self._evidence = repository, evidence

    @override
    def attach(
        self,
        image: PublishedImage,
        files: Sequence[EvidenceFile],
        annotations: Mapping[str, str],
    ) -> bool:
        repository = self._repository
        registry, path, _ = split_reference(image.reference)
        if (registry, path) != (repository.registry, repository.path) or not files:
            return False
        for file in files:
            if not repository.has_blob(file.digest):  # kept before it went here
                repository.put_blob(self._evidence.load(file.digest))
        repository.put_blob(EMPTY)
        referrer = refer_to(image, files, annotations)
        digest = Digest.of(referrer.data)
        subject = repository.put_manifest(str(digest), referrer)
        if subject != str(image.digest):
            self._list(image.digest, referrer, annotations)
        return True

    def _list(
        self,
        subject: Digest,
        referrer: ServedManifest,
        annotations: Mapping[str, str],
    ) -> None:
        """Keep the list that clients look into where the registry makes none.

        There is no compare-and-swap: whoever writes looks whether it is still there.
        """
        tag = referrers_tag(subject)
        for _ in range(_ATTEMPTS):
            listed = self._repository.manifest(tag)
            more = add_referrer(listed, referrer, annotations)
            if more is None:
                return
            self._repository.put_manifest(tag, more)
        raise TransientError("others change the list of the image's referrers, too")
