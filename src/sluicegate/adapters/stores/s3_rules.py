"""What a bucket does on its own: versions, default locks, lifecycle rules.

Source:
    https://docs.aws.amazon.com/AmazonS3/latest/API/ API_GetBucketVersioning,
    API_GetObjectLockConfiguration, API_GetBucketLifecycleConfiguration.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from sluicegate.adapters.stores.bucket import BucketRules
from sluicegate.adapters.stores.s3_errors import code_of
from sluicegate.model.bucket import BucketPlace

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import LifecycleRuleOutputTypeDef

_NONE = {
    "ObjectLockConfigurationNotFoundError",
    "NoSuchObjectLockConfiguration",
    "NoSuchLifecycleConfiguration",
    "NotImplemented",
}
_DAYS_OF_YEAR = 365


def read_rules(client: "S3Client", place: BucketPlace) -> BucketRules:
    """The settings of the bucket that say something of *place*.

    Raises:
        ClientError, BotoCoreError: it cannot be asked.
    """
    versioning = client.get_bucket_versioning(Bucket=place.bucket)
    can_lock, default = _read_lock(client, place.bucket)
    return BucketRules(
        is_versioned=versioning.get("Status") == "Enabled",
        can_lock=can_lock,
        default=default,
        expiring=tuple(_list_expiring(client, place)),
    )


def _read_lock(
    client: "S3Client", bucket: str
) -> tuple[bool, tuple[str, timedelta] | None]:
    try:
        reply = client.get_object_lock_configuration(Bucket=bucket)
    except ClientError as error:
        if code_of(error) in _NONE:
            return False, None
        raise
    settings = reply.get("ObjectLockConfiguration", {})
    default = settings.get("Rule", {}).get("DefaultRetention", {})
    days = default.get("Days", 0) + default.get("Years", 0) * _DAYS_OF_YEAR
    found = (default["Mode"], timedelta(days=days)) if "Mode" in default else None
    return settings.get("ObjectLockEnabled") == "Enabled", found


def _list_expiring(client: "S3Client", place: BucketPlace) -> Iterator[str]:
    try:
        reply = client.get_bucket_lifecycle_configuration(Bucket=place.bucket)
    except ClientError as error:
        if code_of(error) in _NONE:
            return
        raise
    for rule in reply.get("Rules", []):
        if rule["Status"] == "Enabled" and _concerns(rule, place):
            gone = rule.get("Expiration", {})
            older = rule.get("NoncurrentVersionExpiration", {})
            days = gone.get("Days") or older.get("NoncurrentDays")
            if days or gone.get("Date"):
                when = f"after {days} days" if days else f"on {gone.get('Date')}"
                yield f"the lifecycle rule {rule.get('ID', '')!r} deletes {when}"


def _concerns(rule: "LifecycleRuleOutputTypeDef", place: BucketPlace) -> bool:
    """Whether a rule touches files of the log; control objects may well expire."""
    some = rule.get("Filter", {})
    both = some.get("And", {})
    prefix = some.get("Prefix") or both.get("Prefix") or rule.get("Prefix") or ""
    if prefix.startswith(f"{place.prefix}ctl/"):
        return False
    return prefix.startswith(place.prefix) or place.prefix.startswith(prefix)
