"""Whether a role may do more than read the secrets that the file names.

Only calls that change nothing are made, with all that the role may do: to list secrets,
to read what is written about one, and to read secrets that do not exist. Where the role
may read one, AWS says that it is not there (ResourceNotFound); otherwise that access is
denied. What would need more than to read is not tried, and said so.
"""

import secrets
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from sluicegate.adapters.secrets import aws_errors
from sluicegate.errors import ExternalError
from sluicegate.model.aws_secret import READ, AwsPlace, resource_of, siblings_of
from sluicegate.model.secret_access import Excess, SecretPlace, Survey

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient

_NOTES = (
    "not tried: whether the role may write or delete secrets, as that could change one",
    (
        "not looked at: what the role may do outside of Secrets Manager, and who may"
        " take it on; compare its policies with those that `--policy` shows"
    ),
    (
        "in a run each secret is read by a session that can read it alone, whatever the"
        " role may do besides"
    ),
)


def survey_role(
    client: "SecretsManagerClient",
    place: AwsPlace,
    places: Sequence[SecretPlace],
    *,
    identity: str,
) -> Survey:
    """What *client*, who is the role *identity*, may do beside reading *places*."""
    trials = _Trials(client, place)
    trials.list_secrets()
    for path in dict.fromkeys(each.path for each in places):
        try:
            trials.describe(path)
            trials.read_siblings(path)
        except ValueError as error:  # there can be no such secret
            trials.unknown.append(str(error))
    return Survey(
        identity, tuple(dict.fromkeys(trials.excess)), tuple(trials.unknown), _NOTES
    )


class _Trials:
    """What was tried, and what came of it."""

    def __init__(self, client: "SecretsManagerClient", place: AwsPlace) -> None:
        self._client = client
        self._place = place
        self._random = secrets.token_hex(8)
        self._readable: dict[str, bool] = {}  # by pattern
        self.excess: list[Excess] = []
        self.unknown: list[str] = []

    def list_secrets(self) -> None:
        everything = self._place.arn_of("*")
        if self._may(everything, lambda: self._client.list_secrets(MaxResults=1)):
            allows = "secretsmanager:ListSecrets: the names of all secrets"
            self.excess.append(Excess(everything, allows))

    def describe(self, path: str) -> None:
        resource = resource_of(path, self._place)
        if self._may(path, lambda: self._client.describe_secret(SecretId=path)):
            allows = "secretsmanager:DescribeSecret: what is written about it"
            self.excess.append(Excess(resource, allows))

    def read_siblings(self, path: str) -> None:
        """The widest that may be read is said; what is in it goes without saying."""
        for pattern in siblings_of(path, self._place):
            if pattern not in self._readable:
                arn = pattern.replace("*", f"{self._random}-AbCdEf")
                read = partial(self._client.get_secret_value, SecretId=arn)
                self._readable[pattern] = self._may(arn, read)
            if self._readable[pattern]:
                self.excess.append(Excess(pattern, f"{READ}: all secrets that match"))
                return

    def _may(self, place: str, call: Callable[[], object]) -> bool:
        """Whether *call* is allowed; what nobody could find out is kept."""
        try:
            with aws_errors.reading(place, self._place.region):
                try:
                    call()
                except ClientError as error:
                    if aws_errors.code_of(error) == "AccessDenied":
                        return False
                    if aws_errors.code_of(error) != "ResourceNotFound":
                        raise
        except ExternalError as error:
            self.unknown.append(str(error))
            return False
        return True
