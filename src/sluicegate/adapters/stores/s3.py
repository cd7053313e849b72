"""Opening a log or evidence in S3; boto3 is loaded when one is opened."""

from typing import TYPE_CHECKING

from sluicegate.adapters.stores.bucket_control import Control
from sluicegate.adapters.stores.bucket_evidence import BucketEvidence
from sluicegate.adapters.stores.bucket_files import LockedFiles
from sluicegate.adapters.stores.bucket_log import BucketLog
from sluicegate.errors import PermanentError, UsageError
from sluicegate.model.bucket import BucketAddress

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_SECONDS_TO_CONNECT, _SECONDS_TO_READ = 10, 60
_ATTEMPTS = 5


def open_s3_log(address: BucketAddress, client: "S3Client | None" = None) -> BucketLog:
    """The log at *address*.

    Raises:
        UsageError: boto3 is not installed.
        PermanentError: the AWS settings of this machine cannot be used.
    """
    client = client or connect()
    from sluicegate.adapters.stores.s3_bucket import S3Bucket  # noqa: PLC0415 - boto3

    files = LockedFiles(S3Bucket(client, address.place), address.locking)
    return BucketLog(files, Control(S3Bucket(client, address.control)))


def open_s3_evidence(
    address: BucketAddress, client: "S3Client | None" = None
) -> BucketEvidence:
    """Evidence files of the log at *address*, beside it under ``evidence/``.

    Raises:
        UsageError: boto3 is not installed.
        PermanentError: the AWS settings of this machine cannot be used.
    """
    client = client or connect()
    from sluicegate.adapters.stores.s3_bucket import S3Bucket  # noqa: PLC0415 - boto3

    bucket = S3Bucket(client, address.place.inside("evidence"))
    log = open_s3_log(address, client)
    return BucketEvidence(LockedFiles(bucket, address.locking), log.promised)


def connect() -> "S3Client":
    """A client with the AWS settings of the environment and of ``~/.aws``.

    Raises:
        UsageError: boto3 is not installed.
        PermanentError: the settings cannot be used.
    """
    try:
        import boto3  # noqa: PLC0415 - heavy, and an extra
        from botocore.config import Config  # noqa: PLC0415
        from botocore.exceptions import BotoCoreError  # noqa: PLC0415
    except ImportError as error:
        raise UsageError(
            "an audit log in S3 needs boto3, which is not installed",
            hint="pip install 'sluicegate[s3]'",
        ) from error
    try:
        return boto3.client(
            "s3",
            config=Config(
                connect_timeout=_SECONDS_TO_CONNECT,
                read_timeout=_SECONDS_TO_READ,
                retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
                user_agent_extra="sluicegate",
            ),
        )
    except (BotoCoreError, ValueError) as error:
        raise PermanentError(
            f"the AWS settings of this machine cannot be used: {error}",
            hint="AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL_S3 and ~/.aws/config",
        ) from error
