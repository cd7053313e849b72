"""S3, and what speaks its protocol, as a `Bucket`.

Source:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html and
    .../object-lock.html. Every object is sent with its SHA-256, which the service
    checks and which Object Lock demands.
"""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from typing_extensions import override

from sluicegate.adapters.stores.bucket import (
    MODES,
    Bucket,
    BucketRules,
    Content,
    Kept,
    Lock,
    Version,
)
from sluicegate.adapters.stores.s3_errors import (
    code_of,
    is_absent,
    report_client,
    report_transport,
)
from sluicegate.adapters.stores.s3_rules import read_rules
from sluicegate.errors import PermanentError, TransientError
from sluicegate.model.bucket import BucketPlace

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import ResponseMetadataTypeDef

_EXISTS = {"PreconditionFailed", "412"}
_BUSY = {"ConditionalRequestConflict", "OperationAborted", "409"}
_LOCKED = {"AccessDenied", "ObjectLocked", "403"}
_ATTEMPTS = 5


class S3Bucket(Bucket):
    """The objects of *place*, through *client*."""

    def __init__(self, client: "S3Client", place: BucketPlace) -> None:
        self._client, self._place = client, place
        self._name, self._prefix = place.bucket, place.prefix
        self._now: datetime | None = None

    @override
    def get(self, name: str, version: str | None = None) -> Content | None:
        wanted = {"Bucket": self._name, "Key": self._prefix + name}
        if version is not None:
            wanted["VersionId"] = version
        with self._reporting(f"read {name}"):
            try:
                reply = self._client.get_object(**wanted)  # type: ignore[arg-type]
                data = reply["Body"].read()
            except ClientError as error:
                if is_absent(error):
                    return None
                raise
        self._hear(reply["ResponseMetadata"])
        return Content(data, reply["ETag"])

    @override
    def create(self, name: str, data: bytes, lock: Lock | None = None) -> str | None:
        conditions: dict[str, Any] = {"IfNoneMatch": "*"}
        if lock is not None:
            conditions["ObjectLockMode"] = lock.mode
            conditions["ObjectLockRetainUntilDate"] = lock.until
        return self._put(name, data, conditions)

    @override
    def replace(self, name: str, data: bytes, tag: str) -> bool:
        return self._put(name, data, {"IfMatch": tag}) is not None

    @override
    def overwrite(self, name: str, data: bytes) -> None:
        self._put(name, data, {})

    def _put(self, name: str, data: bytes, conditions: dict[str, Any]) -> str | None:
        """Write an object; its version, or None if the conditions do not hold."""
        digest = base64.b64encode(sha256(data).digest()).decode()
        for _ in range(_ATTEMPTS):
            with self._reporting(f"write {name}"):
                try:
                    reply = self._client.put_object(
                        Bucket=self._name,
                        Key=self._prefix + name,
                        Body=data,
                        ChecksumAlgorithm="SHA256",
                        ChecksumSHA256=digest,
                        **conditions,
                    )
                except ClientError as error:
                    if code_of(error) in _BUSY:
                        continue  # another request for the same name is under way
                    if code_of(error) in _EXISTS or is_absent(error):
                        return None
                    raise
            self._hear(reply["ResponseMetadata"])
            return reply.get("VersionId", "null")
        raise TransientError(f"{self._place}: another writer is at {name}")

    @override
    def versions(
        self, prefix: str, after: str = "", page: int = 1000
    ) -> Iterator[Version]:
        marks = {"KeyMarker": self._prefix + after} if after else {}
        while True:
            with self._reporting("list versions"):
                reply = self._client.list_object_versions(
                    Bucket=self._name,
                    Prefix=self._prefix + prefix,
                    MaxKeys=page,
                    **marks,  # type: ignore[arg-type]
                )
            self._hear(reply["ResponseMetadata"])
            found = [
                (one["Key"], one["VersionId"], one["LastModified"], is_marker)
                for is_marker, some in (
                    (False, reply.get("Versions", [])),
                    (True, reply.get("DeleteMarkers", [])),
                )
                for one in some
            ]
            for key, version, modified, is_marker in sorted(
                found, key=lambda one: one[0]
            ):
                name = key.removeprefix(self._prefix)
                yield Version(name, version, modified, is_marker)
            if not reply["IsTruncated"]:
                return
            marks = {"KeyMarker": reply["NextKeyMarker"]}
            if reply.get("NextVersionIdMarker"):
                marks["VersionIdMarker"] = reply["NextVersionIdMarker"]

    @override
    def look(self, name: str, version: str) -> Kept | None:
        with self._reporting(f"look at {name}"):
            try:
                reply = self._client.head_object(
                    Bucket=self._name, Key=self._prefix + name, VersionId=version
                )
            except ClientError as error:
                if is_absent(error):
                    return None
                raise
        self._hear(reply["ResponseMetadata"])
        mode, until = (
            reply.get("ObjectLockMode"),
            reply.get("ObjectLockRetainUntilDate"),
        )
        lock = Lock(mode, until) if mode in MODES and until is not None else None
        held = reply.get("ObjectLockLegalHoldStatus") == "ON"
        return Kept(reply["LastModified"], lock, held)

    @override
    def lock(self, name: str, version: str, lock: Lock) -> None:
        with self._reporting(f"lock {name}"):
            self._client.put_object_retention(
                Bucket=self._name,
                Key=self._prefix + name,
                VersionId=version,
                Retention={
                    "Mode": "COMPLIANCE" if lock.mode == "COMPLIANCE" else "GOVERNANCE",
                    "RetainUntilDate": lock.until,
                },
            )

    @override
    def hold(self, name: str, version: str, *, on: bool) -> None:
        with self._reporting(f"hold {name}"):
            self._client.put_object_legal_hold(
                Bucket=self._name,
                Key=self._prefix + name,
                VersionId=version,
                LegalHold={"Status": "ON" if on else "OFF"},
            )

    @override
    def delete(self, name: str, version: str) -> bool:
        with self._reporting(f"delete {name}"):
            try:
                self._client.delete_object(
                    Bucket=self._name, Key=self._prefix + name, VersionId=version
                )
            except ClientError as error:
                if code_of(error) in _LOCKED:
                    return False
                if not is_absent(error):
                    raise
        return True

    @override
    def rules(self) -> BucketRules:
        with self._reporting("ask for its settings"):
            return read_rules(self._client, self._place)

    @override
    def now(self) -> datetime:
        if self._now is None:
            with self._reporting("ask for the time"):
                reply = self._client.get_bucket_versioning(Bucket=self._name)
            self._hear(reply["ResponseMetadata"])
        if self._now is None:
            raise PermanentError(f"{self._place}: the service does not tell its time")
        return self._now

    def _hear(self, reply: "ResponseMetadataTypeDef") -> None:
        """Take note of the service's time."""
        date = reply["HTTPHeaders"].get("date")
        if date is not None:
            self._now = parsedate_to_datetime(date)

    @contextmanager
    def _reporting(self, doing: str) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            raise report_client(error, str(self._place), doing) from error
        except BotoCoreError as error:
            raise report_transport(error, str(self._place), doing) from error
