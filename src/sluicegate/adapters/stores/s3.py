"""Opening a log or evidence in S3; boto3 is loaded when one is opened."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from sluicegate.adapters.stores.bucket_control import Control
from sluicegate.adapters.stores.bucket_evidence import BucketEvidence
from sluicegate.adapters.stores.bucket_files import LockedFiles
from sluicegate.adapters.stores.bucket_log import BucketLog
from sluicegate.errors import PermanentError, UsageError
from sluicegate.model.bucket import BucketAddress

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_OWN = "SLUICE_AWS_"
_CREDENTIAL = re.compile(
    r"AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|SECURITY_TOKEN|BEARER_TOKEN_.*"
    r"|(DEFAULT_)?PROFILE|CONFIG_FILE|SHARED_CREDENTIALS_FILE|CREDENTIAL_FILE"
    r"|ROLE_ARN|WEB_IDENTITY_TOKEN_FILE|CONTAINER_(AUTHORIZATION|CREDENTIALS)_.*)"
)
_SECONDS_TO_CONNECT, _SECONDS_TO_READ = 10, 60
_ATTEMPTS = 5


def open_s3_log(
    address: BucketAddress,
    environ: Mapping[str, str],
    client: "S3Client | None" = None,
) -> BucketLog:
    """The log at *address*, for whom *environ* names, see `connect`.

    Raises:
        UsageError: boto3 is not installed.
        PermanentError: the AWS settings of this machine cannot be used.
    """
    client = client or connect(environ)
    from sluicegate.adapters.stores.s3_bucket import S3Bucket  # noqa: PLC0415 - boto3

    files = LockedFiles(S3Bucket(client, address.place), address.locking)
    return BucketLog(files, Control(S3Bucket(client, address.control)))


def open_s3_evidence(
    address: BucketAddress,
    environ: Mapping[str, str],
    client: "S3Client | None" = None,
) -> BucketEvidence:
    """Evidence files of the log at *address*, beside it under ``evidence/``.

    Raises:
        UsageError: boto3 is not installed.
        PermanentError: the AWS settings of this machine cannot be used.
    """
    client = client or connect(environ)
    from sluicegate.adapters.stores.s3_bucket import S3Bucket  # noqa: PLC0415 - boto3

    bucket = S3Bucket(client, address.place.inside("evidence"))
    log = open_s3_log(address, environ, client)
    return BucketEvidence(LockedFiles(bucket, address.locking), log.promised)


def open_s3_evidence_at(
    address: BucketAddress,
    environ: Mapping[str, str],
    promised: Callable[[], timedelta],
    client: "S3Client | None" = None,
) -> BucketEvidence:
    """Evidence files of a log that is elsewhere, right at *address*.

    *promised* is how long the log is to be kept.

    Raises:
        UsageError: boto3 is not installed.
        PermanentError: the AWS settings of this machine cannot be used.
    """
    client = client or connect(environ)
    from sluicegate.adapters.stores.s3_bucket import S3Bucket  # noqa: PLC0415 - boto3

    bucket = S3Bucket(client, address.place)
    return BucketEvidence(LockedFiles(bucket, address.locking), promised)


def credential_variables(environ: Mapping[str, str]) -> frozenset[str]:
    """The variables of *environ* that let a program write to the log.

    None where the log has credentials of its own: then the usual ones are not its.
    """
    if _OWN + "ACCESS_KEY_ID" in environ:
        return frozenset()
    return frozenset(name for name in environ if _CREDENTIAL.fullmatch(name))


def connect(environ: Mapping[str, str]) -> "S3Client":
    """A client with the AWS settings of the environment and of ``~/.aws``.

    ``SLUICE_AWS_ACCESS_KEY_ID``, ``SLUICE_AWS_SECRET_ACCESS_KEY`` and
    ``SLUICE_AWS_SESSION_TOKEN`` in *environ* go before all others.

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
            aws_access_key_id=environ.get(_OWN + "ACCESS_KEY_ID"),
            aws_secret_access_key=environ.get(_OWN + "SECRET_ACCESS_KEY"),
            aws_session_token=environ.get(_OWN + "SESSION_TOKEN"),
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
