"""What the image in its registry says of its evidence."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from sluicegate.model.evidence import EvidenceFile
from sluicegate.model.publication import PublishedImage


class Referrers(Protocol):
    """Lets a published image name files of evidence."""

    def attach(
        self,
        image: PublishedImage,
        files: Sequence[EvidenceFile],
        annotations: Mapping[str, str],
    ) -> bool:
        """Let *image* name *files*; doing it again changes nothing.

        Returns:
            Whether it does now. Evidence that is kept elsewhere than the image is not
            named.

        Raises:
            ExternalError: the registry refuses, or does not answer.
            IntegrityError: a file is not what was kept.
        """
        ...
