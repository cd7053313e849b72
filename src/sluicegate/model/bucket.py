"""Places in object storage, as a person writes them."""

import enum
import re
from dataclasses import dataclass

from typing_extensions import override

from sluicegate.errors import UsageError

_BUCKET = re.compile(
    r"(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]"
)
_PART = re.compile(r"[A-Za-z0-9_=-][A-Za-z0-9._=-]*")
_EXAMPLE = "s3://BUCKET/PREFIX, like s3://acme-audit/churn-model"


class Locking(enum.Enum):
    """What keeps the objects of a log from being deleted before their date."""

    COMPLIANCE = "compliance"
    """Nobody may delete them or shorten the date, the owner of the account included."""
    GOVERNANCE = "governance"
    """As above, but for those with the permission to bypass it."""
    BUCKET_DEFAULT = "bucket-default"
    """Mode and date are those that the bucket gives to whatever is written to it."""
    NONE = "none"
    """Nothing does."""


@dataclass(frozen=True, slots=True)
class BucketPlace:
    """Keys of ``bucket`` that start with ``prefix``, which is empty or ends with /.

    Source:
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    """

    bucket: str
    prefix: str

    @classmethod
    def parse(cls, text: str) -> "BucketPlace":
        """Read ``BUCKET`` or ``BUCKET/PREFIX``.

        Raises:
            UsageError: it is neither.
        """
        bucket, _, path = text.partition("/")
        parts = path.strip("/").split("/") if path.strip("/") else []
        if not _BUCKET.fullmatch(bucket):
            raise UsageError(f"not the name of a bucket: {bucket!r}", hint=_EXAMPLE)
        if not all(map(_PART.fullmatch, parts)):
            raise UsageError(
                f"not a prefix of keys: {path!r}",
                hint="letters, digits, and . _ = - between slashes",
            )
        return cls(bucket, "".join(f"{part}/" for part in parts))

    def inside(self, folder: str) -> "BucketPlace":
        """The keys of *folder* in this place."""
        return BucketPlace(self.bucket, f"{self.prefix}{folder}/")

    @override
    def __str__(self) -> str:
        return f"{self.bucket}/{self.prefix}".removesuffix("/")


@dataclass(frozen=True, slots=True)
class BucketAddress:
    """Where a log is, where its control objects are, and how its objects are locked.

    Control objects are replaced and deleted while the log grows: they are in a place
    that no lock covers.
    """

    place: BucketPlace
    control: BucketPlace
    locking: Locking

    @classmethod
    def parse(cls, text: str) -> "BucketAddress":
        """Read ``BUCKET/PREFIX?mode=MODE&control=BUCKET/PREFIX``, without the scheme.

        Raises:
            UsageError: it says something else.
        """
        path, _, query = text.partition("?")
        place = BucketPlace.parse(path)
        pairs = [pair.partition("=") for pair in query.split("&") if pair]
        settings = {name: value for name, _, value in pairs}
        if settings.keys() - {"mode", "control"} or len(settings) != len(pairs):
            raise UsageError(
                f"not the settings of a bucket: {query!r}",
                hint="mode=compliance (governance, bucket-default, none) and"
                " control=BUCKET/PREFIX, each once, with & between them",
            )
        control = settings.get("control")
        return cls(
            place,
            place.inside("ctl") if control is None else BucketPlace.parse(control),
            _parse_locking(settings.get("mode", Locking.COMPLIANCE.value)),
        )


def _parse_locking(text: str) -> Locking:
    try:
        return Locking(text)
    except ValueError:
        raise UsageError(
            f"not a mode of retention: {text!r}",
            hint=", ".join(locking.value for locking in Locking),
        ) from None
