"""Documents that are kept beside an image in its registry."""

from collections.abc import Sequence
from typing import Protocol

from sluicegate.model.publication import Attached, Attachment, PublishedImage


class Attachments(Protocol):
    """Documents about the images of one repository."""

    def attach(
        self, image: PublishedImage, attachments: Sequence[Attachment]
    ) -> Sequence[Attached]:
        """Keep *attachments* where whoever asks for *image* by its digest finds them.

        Doing it again changes nothing, and completes what was cut off.

        Returns:
            Where each is, in their order.

        Raises:
            ExternalError: the registry does not have the image, refuses, or does not
                answer; what was attached before that stays.
            IntegrityError: it serves something else by the image's digest.
        """
        ...
