"""What S3 refuses, and what goes wrong on the way to it, as errors of ours."""

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConfigParseError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)
from botocore.exceptions import ConnectionError as EndpointError

from sluicegate.errors import ExternalError, PermanentError, TransientError

_ABSENT = {"NoSuchKey", "NoSuchVersion", "404"}
_DENIED = {"AccessDenied", "403", "AllAccessDisabled"}
_NOBODY = {
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
}
_LATER = {"SlowDown", "RequestTimeout", "RequestTimeTooSkewed", "Throttling"}
_SERVER_ERROR = 500
_NOT_SET_UP = (
    NoCredentialsError,
    PartialCredentialsError,
    NoRegionError,
    ProfileNotFound,
    ConfigParseError,
)
_ON_THE_WAY = (HTTPClientError, EndpointError, IncompleteReadError)
_LOGIN = (
    "the usual AWS variables and files are used: AWS_PROFILE, AWS_ACCESS_KEY_ID,"
    " AWS_REGION, ~/.aws/config"
)


def code_of(error: ClientError) -> str:
    """The service's word for what it refused."""
    return error.response.get("Error", {}).get("Code", "")


def is_absent(error: ClientError) -> bool:
    """Whether there is no such object or version. A missing bucket is no answer."""
    return code_of(error) in _ABSENT


def report_client(error: ClientError, place: str, doing: str) -> ExternalError:
    """A refusal. What the service writes about it is shown, but not trusted."""
    code = code_of(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    words = error.response.get("Error", {}).get("Message", "")
    message = f"s3://{place}: cannot {doing}: {code} {words}".rstrip()
    if status >= _SERVER_ERROR or code in _LATER:
        return TransientError(message, hint="try again later")
    if code == "NoSuchBucket":
        return PermanentError(message, hint="docs/stores.md says how to make a bucket")
    if code in _NOBODY:
        return PermanentError(message, hint=_LOGIN)
    if code in _DENIED:
        return PermanentError(
            message, hint="docs/stores.md has the policy with the permissions it takes"
        )
    return PermanentError(message)


def report_transport(error: BotoCoreError, place: str, doing: str) -> ExternalError:
    """Nothing came back, or nothing could be sent."""
    message = f"s3://{place}: cannot {doing}: {error}"
    if isinstance(error, _NOT_SET_UP):
        return PermanentError(message, hint=_LOGIN)
    if isinstance(error, _ON_THE_WAY):
        return TransientError(message, hint="is the network up? AWS_ENDPOINT_URL_S3?")
    return PermanentError(message)
