"""What AWS refuses about a secret, and what goes wrong on the way, as errors of ours.

What the service writes is shown, as it says who may not do what; a secret or a token is
never in it, and what was sent is taken out all the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sluicegate.adapters.secrets.said import say
from sluicegate.errors import ExternalError, PermanentError, TransientError

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError

_SERVER_ERROR = 500
_LATER = {
    "IDPCommunicationError",
    "InternalFailure",
    "InternalServiceError",
    "RequestTimeout",
    "RequestTimeoutException",
    "ServiceUnavailable",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
}
_OF_ROLE: Mapping[str, str] = {
    "AccessDenied": (
        "the role's trust policy must allow this token's `sub` and `aud`:"
        " `sluice secrets doctor --github` shows both"
    ),
    "InvalidIdentityToken": (
        "the account needs an OIDC provider for the token's issuer, with this audience:"
        " see docs/secrets-aws.md"
    ),
    "ExpiredToken": "the token is too old: is this machine's clock right?",
    "IDPRejectedClaim": "the token's issuer does not vouch for it any more",
    "RegionDisabledException": "switch on STS in this region, or name another one",
    "ValidationError": (
        "`duration:` must not be over the role's maximum session duration"
    ),
    "PackedPolicyTooLarge": "the name of the secret is too long for a session policy",
    "MalformedPolicyDocument": "look at the path of the secret, and at `kms_key:`",
}
_OF_SECRET: Mapping[str, str] = {
    "AccessDenied": (
        "either the role may not read it, or there is no secret of this name, or it has"
        " a KMS key of its own, to be named as `kms_key:`;"
        " `sluice secrets check --policy` shows the policy it takes"
    ),
    "ResourceNotFound": "look at path:, version: and region: in the pipeline file",
    "DecryptionFailure": (
        "the KMS key of the secret is switched off, or may not be used: name it as"
        " `kms_key:`, and let the role use it"
    ),
    "InvalidRequest": "is it to be deleted? `aws secretsmanager restore-secret`",
    "InvalidParameter": "look at path: and version: in the pipeline file",
    "ExpiredToken": "is this machine's clock right?",
}


def code_of(error: "ClientError") -> str:
    """The service's word for what it refused; ``...Exception`` is left out."""
    return error.response.get("Error", {}).get("Code", "").removesuffix("Exception")


@contextmanager
def taking_role(role: str, sent: Sequence[str] = ()) -> Iterator[None]:
    """Say why *role* is not taken on; *sent* is never shown.

    Raises:
        ExternalError: it is not.
    """
    with _saying(f"cannot take on the role {role}", _OF_ROLE, sent):
        yield


@contextmanager
def reading(path: str, region: str, sent: Sequence[str] = ()) -> Iterator[None]:
    """Say why the secret at *path* is not read; *sent* is never shown.

    Raises:
        ExternalError: it is not.
    """
    doing = f"cannot read {path} in AWS Secrets Manager ({region})"
    with _saying(doing, _OF_SECRET, sent):
        yield


@contextmanager
def _saying(
    doing: str, hints: Mapping[str, str], sent: Sequence[str]
) -> Iterator[None]:
    from botocore.exceptions import (  # noqa: PLC0415 - it is there when a client is
        BotoCoreError,
        ClientError,
    )
    from botocore.parsers import ResponseParserError  # noqa: PLC0415

    try:
        yield
    except ClientError as error:
        raise _refused(error, doing, hints, sent) from None
    except BotoCoreError as error:
        raise _unreached(error, doing, sent) from None
    except (ResponseParserError, KeyError, ValueError, TypeError):
        # What was said is not shown: a secret may be in the midst of it.
        raise TransientError(
            f"{doing}: the answer cannot be understood",
            hint="is it AWS that answers? AWS_ENDPOINT_URL, HTTPS_PROXY",
        ) from None


def _unreached(
    error: "BotoCoreError", doing: str, sent: Sequence[str]
) -> ExternalError:
    """Nothing came back, or nothing could be sent."""
    from botocore import exceptions  # noqa: PLC0415 - it is there if this is called

    message = f"{doing}: {say(str(error), sent)}"
    if isinstance(error, exceptions.SSLError):
        return PermanentError(
            message, hint="name the CA certificates to trust: AWS_CA_BUNDLE"
        )
    if isinstance(error, exceptions.HTTPClientError | exceptions.ConnectionError):
        return TransientError(message, hint="is the network up? AWS_ENDPOINT_URL?")
    return PermanentError(message)


def _refused(
    error: "ClientError", doing: str, hints: Mapping[str, str], sent: Sequence[str]
) -> ExternalError:
    full_code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    words = error.response.get("Error", {}).get("Message", "")
    message = f"{doing}: {say(f'{full_code} {words}', sent)}"
    if status >= _SERVER_ERROR or full_code in _LATER:
        return TransientError(message, hint="try again later")
    return PermanentError(message, hint=hints.get(code_of(error)))
