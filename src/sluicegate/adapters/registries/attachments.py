"""Documents beside the images of a repository, for every client of registries.

Source:
    https://github.com/opencontainers/distribution-spec v1.1, "Pushing Manifests with
    Subject" and "Referrers Tag Schema".
"""

from collections.abc import Sequence

from typing_extensions import override

from sluicegate.adapters.registries.artifact import (
    EMPTY,
    add_referrer,
    hold_attachment,
    referrers_tag,
)
from sluicegate.adapters.registries.docker_registry import ACCEPTED
from sluicegate.adapters.registries.repository import Repository
from sluicegate.errors import IntegrityError, PermanentError, TransientError
from sluicegate.model.digest import Digest
from sluicegate.model.publication import (
    Attached,
    Attachment,
    PublishedImage,
    ServedManifest,
)
from sluicegate.ports.attachments import Attachments

_ATTEMPTS = 5

Held = tuple[ServedManifest, Attachment]


class OciAttachments(Attachments):
    """Manifests in *repository* about its images, each with one document."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    @override
    def attach(
        self, image: PublishedImage, attachments: Sequence[Attachment]
    ) -> Sequence[Attached]:
        self._check(image)
        repository, unlisted = self._repository, list[Held]()
        if attachments:
            repository.put_blob(EMPTY)
        attached = []
        for each in attachments:
            manifest = hold_attachment(image, each)
            digest = Digest.of(manifest.data)
            held = repository.manifest(str(digest))
            was_there = held is not None and held.data == manifest.data
            repository.put_blob(each.data)
            # Also if it is there: only the answer says whether the registry lists it.
            if repository.put_manifest(str(digest), manifest) != str(image.digest):
                unlisted.append((manifest, each))
            attached.append(Attached(digest, was_there))
        if unlisted:
            self._list(image.digest, unlisted)
        return attached

    def _check(self, image: PublishedImage) -> None:
        """See to it that the registry serves what the documents are about."""
        served = self._repository.manifest(str(image.digest), ACCEPTED)
        name = f"{self._repository.name}@{image.digest}"
        if served is None:
            raise PermanentError(
                f"the registry does not serve {name} any more",
                hint="was it removed, or are you not allowed to see it? A new run"
                " publishes it again",
            )
        if Digest.of(served.data) != image.digest:
            raise IntegrityError(
                f"the registry serves other bytes as {name}",
                hint="trust nothing it serves, and ask whoever runs it",
            )

    def _list(self, subject: Digest, unlisted: Sequence[Held]) -> None:
        """Keep the list that clients look into where the registry makes none.

        There is no compare-and-swap: whoever writes looks whether it is still there.
        """
        tag = referrers_tag(subject)
        for _ in range(_ATTEMPTS):
            listed = found = self._repository.manifest(tag)
            for manifest, each in unlisted:
                listed = (
                    add_referrer(listed, manifest, each.annotations, each.media_type)
                    or listed
                )
            if listed is None or listed is found:
                return
            self._repository.put_manifest(tag, listed)
        raise TransientError("others change the list of the image's referrers, too")
