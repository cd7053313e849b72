"""Secrets in AWS Secrets Manager, read as a role that a web identity takes on.

Each secret is read with credentials of its own, which can read that one and nothing
else, whatever the role may do besides: AWS narrows them by a session policy. They are
dropped as soon as the secret is there.

Source:
    STS API reference, AssumeRoleWithWebIdentity; Secrets Manager API reference,
    GetSecretValue.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from typing_extensions import override

from sluicegate.adapters.secrets import aws_errors
from sluicegate.adapters.secrets.aws_client import AwsClients, AwsKeys
from sluicegate.adapters.secrets.aws_value import check_answer, value_of
from sluicegate.adapters.secrets.oidc import Hide, ReadIdentity, hide_nothing
from sluicegate.errors import PermanentError
from sluicegate.model.aws_secret import (
    AwsPlace,
    is_version_id,
    session_name,
    session_policy,
)
from sluicegate.model.secret import FetchedSecret, Purpose
from sluicegate.model.secret_access import SecretPlace, Survey
from sluicegate.ports.secrets import SecretProvider
from sluicegate.ports.secrets_survey import SurveyedLogin

if TYPE_CHECKING:
    from types_boto3_secretsmanager.type_defs import (
        GetSecretValueRequestTypeDef,
        GetSecretValueResponseTypeDef,
    )
    from types_boto3_sts import STSClient
    from types_boto3_sts.type_defs import AssumeRoleWithWebIdentityRequestTypeDef


@dataclass(frozen=True, repr=False)
class AwsSecrets(SecretProvider):
    """The secrets in *region* that *role*, an ARN, may read.

    *identity* gets a token for each login. The credentials last for *duration*: 15
    minutes to an hour. *hide* is told them before they are used. *kms_key* is the ARN
    of the customer's own key. Of *environ* and *certificates* see `AwsClients`.
    """

    role: str
    region: str
    duration: timedelta
    identity: ReadIdentity
    environ: Mapping[str, str]
    kms_key: str | None = None
    certificates: str | None = None
    hide: Hide = hide_nothing

    @override
    def login(self, purpose: Purpose) -> "AwsLogin":
        """Get the token; the role is taken on for each secret.

        Raises:
            UsageError: boto3 is not installed, or an address cannot be used.
            ExternalError: there is no token.
        """
        clients = AwsClients(self.region, self.environ, self.certificates)
        # boto3 may be missing: that is told before a token is asked for.
        sts = clients.sts()
        return AwsLogin(self, clients, sts, session_name(purpose), self.identity())

    @override
    def __repr__(self) -> str:
        return f"AwsSecrets({self.role!r}, {self.region!r})"


@dataclass(repr=False)
class AwsLogin(SurveyedLogin):
    """A token, with which the role is taken on for one secret after another."""

    _settings: AwsSecrets
    _clients: AwsClients
    _sts: "STSClient"
    _session: str
    _token: str
    _answers: dict[tuple[str, str | None], "GetSecretValueResponseTypeDef"] = field(
        default_factory=dict
    )
    _until: datetime | None = None
    _who: str = ""
    _is_whole: bool = False

    @override
    def fetch(self, path: str, field: str | None, version: str | None) -> FetchedSecret:
        # All fields of a secret are of one version, though it may be renewed meanwhile.
        answer = self._answers.get((path, version))
        if answer is None:
            answer = self._read(path, version)
            self._answers[path, version] = answer
        return FetchedSecret(value_of(answer, path, field), answer["VersionId"])

    @override
    def end(self) -> str | None:
        self._answers.clear()
        self._token = ""
        if self._until is None:
            return None
        until = self._until.astimezone(UTC)
        what = "all that the role may do" if self._is_whole else "one secret each"
        return (
            f"AWS knows no revoking; the credentials, for {what}, are dropped, and last"
            f" until {until:%Y-%m-%dT%H:%M:%SZ}"
        )

    @override
    def survey(self, places: Sequence[SecretPlace]) -> Survey:
        from sluicegate.adapters.secrets.aws_survey import (  # noqa: PLC0415 - boto3
            survey_role,
        )

        settings = self._settings
        keys = self.keys_for(None)
        return survey_role(
            self._clients.secrets_manager(keys),
            AwsPlace.of(settings.role, settings.region),
            places,
            identity=f"{self._who}; credentials for {_in_words(settings.duration)}",
        )

    def keys_for(self, policy: str | None) -> AwsKeys:
        """Credentials of the role, narrowed by *policy*; None for all that it may do.

        Raises:
            ExternalError: the role cannot be taken on; says why.
        """
        role = self._settings.role
        asked: AssumeRoleWithWebIdentityRequestTypeDef = {
            "RoleArn": role,
            "RoleSessionName": self._session,
            "WebIdentityToken": self._token,
            "DurationSeconds": int(self._settings.duration.total_seconds()),
        }
        if policy is not None:
            asked["Policy"] = policy
        with aws_errors.taking_role(role, [self._token]):
            answer = self._sts.assume_role_with_web_identity(**asked)
            found = answer["Credentials"]
            keys = AwsKeys(
                found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"]
            )
            who, until = answer["AssumedRoleUser"]["Arn"], found["Expiration"]
        self._settings.hide((keys.secret, keys.token))
        self._who = who
        self._is_whole = self._is_whole or policy is None
        self._until = until if self._until is None else max(self._until, until)
        return keys

    def _read(self, path: str, version: str | None) -> "GetSecretValueResponseTypeDef":
        settings = self._settings
        try:
            place = AwsPlace.of(settings.role, settings.region)
            policy = session_policy(path, place, settings.kms_key)
        except ValueError as error:
            raise PermanentError(
                str(error), hint="look at path: of the secret"
            ) from None
        return self.get_value(self.keys_for(policy), path, version)

    def get_value(
        self, keys: AwsKeys, path: str, version: str | None
    ) -> "GetSecretValueResponseTypeDef":
        """What is kept at *path*, read with *keys*.

        Raises:
            ExternalError: it cannot be read; says why.
        """
        asked: GetSecretValueRequestTypeDef = {"SecretId": path}
        if version is not None and is_version_id(version):
            asked["VersionId"] = version
        elif version is not None:
            asked["VersionStage"] = version
        with aws_errors.reading(path, self._settings.region, (keys.secret, keys.token)):
            answer = self._clients.secrets_manager(keys).get_secret_value(**asked)
            check_answer(answer)
        return answer


def _in_words(duration: timedelta) -> str:
    return f"{int(duration.total_seconds()) // 60}m"
