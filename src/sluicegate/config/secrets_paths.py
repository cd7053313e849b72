"""Whether a path leads to a secret, as far as its provider's rules tell."""

import re
from collections.abc import Iterator, Mapping

from sluicegate.config.secrets_variables import refuse_source
from sluicegate.stages.secrets.aws import AwsProvider
from sluicegate.stages.secrets.settings import (
    VARIABLE_PATTERN,
    Provider,
    SecretUse,
)
from sluicegate.stages.secrets.vault import VaultProvider

# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
_AWS_NAME = re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}")
_ARN = re.compile(
    r"arn:aws[a-z-]*:secretsmanager:(?P<region>[a-z0-9-]+):[0-9]{12}:secret:"
    r"[A-Za-z0-9/_+=.@-]{1,512}"
)
_NO_SEGMENT = frozenset(("", ".", ".."))
_NOT_IN_PATHS = frozenset("?#%\\*+\"'<>{}")  # what a URL or a policy reads otherwise
_AWS_FORM = (
    "must be the name of a secret, like churn/database, or its whole ARN:"
    " arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-XXXXXX"
)
_VARIABLE_FORM = (
    "must be the name of the environment variable that holds it: letters, digits and _,"
    " and no digit first"
)


def problems_of(
    use: SecretUse, provider: Provider, logins: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """The keys of *use* that its provider cannot make sense of, and why.

    *logins* are the variables with which sluicegate itself logs in, and to what. No
    value is repeated, since it may be a secret in the wrong place.
    """
    match provider:
        case VaultProvider():
            yield from _of_vault(use, provider.mount)
        case AwsProvider():
            yield from _of_aws(use, provider.region)
        case _:
            yield from _of_variable(use, logins)


def _of_vault(use: SecretUse, mount: str) -> Iterator[tuple[str, str]]:
    below = f"write it as it stands below the mount {mount}, like churn/database"
    data = re.match(rf"({re.escape(mount)}/)?(data|metadata)/", use.path)
    if data is not None:
        yield (
            "path",
            f"leave {data[0]} out: the API adds it, and a policy names it; {below}",
        )
    elif not _NO_SEGMENT.isdisjoint(use.path.split("/")):
        yield "path", f"has an empty part, or . or .. between slashes: {below}"
    elif not use.path.isascii() or not use.path.isprintable():
        yield "path", f"holds what is no printable ASCII: {below}"
    elif not _NOT_IN_PATHS.isdisjoint(use.path):
        yield "path", f"holds one of {' '.join(sorted(_NOT_IN_PATHS))}: {below}"
    if use.version is not None and not re.fullmatch("[1-9][0-9]{0,8}", use.version):
        yield "version", "must be a number: Vault and OpenBao count versions from 1"


def _of_aws(use: SecretUse, region: str) -> Iterator[tuple[str, str]]:
    arn = _ARN.fullmatch(use.path)
    if arn is not None and arn["region"] != region:
        yield "path", f"is the ARN of a secret in another region than {region}"
    if arn is None and not _AWS_NAME.fullmatch(use.path):
        yield "path", _AWS_FORM


def _of_variable(
    use: SecretUse, logins: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    if not re.fullmatch(VARIABLE_PATTERN, use.path):
        yield "path", _VARIABLE_FORM
    elif refused := refuse_source(use.path, logins):
        yield "path", refused
    if use.field is not None:
        yield "field", "a variable holds one value, and no fields: leave it out"
    if use.version is not None:
        yield "version", "nobody counts versions of a variable: leave it out"
