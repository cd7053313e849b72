"""Secrets of AWS Secrets Manager by name, and the least that one may do to read them.

Source:
    AWS Secrets Manager, API reference: CreateSecret (names), GetSecretValue; IAM user
    guide: "Policy elements"; STS: AssumeRoleWithWebIdentity (RoleSessionName, Policy).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from sluicegate.model.secret import Purpose

READ = "secretsmanager:GetSecretValue"
MAX_POLICY = 2048  # characters of a session policy
_MAX_SESSION = 64
_NAME = r"[A-Za-z0-9/_+=.@-]{1,512}"
_ANY_SUFFIX = "-??????"  # a hyphen and six characters, which AWS puts behind a name
_SECRET_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):secretsmanager:(?P<region>[a-z0-9-]+)"
    rf":(?P<account>[0-9]{{12}}):secret:(?P<name>{_NAME})"
)
_WITH_SUFFIX = re.compile(r".-[A-Za-z0-9]{6}$")
_ROLE_ARN = re.compile(r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>[0-9]{12}):.+")
_NO_SESSION = re.compile(r"[^A-Za-z0-9_+=,.@-]")
_VERSION_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class AwsPlace:
    """Where a role reads secrets: ``partition`` like aws or aws-cn."""

    partition: str
    account: str
    region: str

    @staticmethod
    def of(role: str, region: str) -> "AwsPlace":
        """Where *role*, an ARN, reads those of *region*.

        Raises:
            ValueError: *role* is no ARN of a role.
        """
        found = _ROLE_ARN.fullmatch(role)
        if found is None:
            raise ValueError(f"{role!r} is not the ARN of a role")
        return AwsPlace(found["partition"], found["account"], region)

    def arn_of(self, name: str) -> str:
        """The ARN of what is called *name*, with its suffix, or of a pattern."""
        start = f"arn:{self.partition}:secretsmanager:{self.region}:{self.account}"
        return f"{start}:secret:{name}"


def resource_of(path: str, place: AwsPlace) -> str:
    """The ARN of the secret at *path*, a name or an ARN, for a policy.

    AWS puts a hyphen and six characters of its own behind a name. In a policy six
    question marks stand for them, and match no other secret: not even one whose name
    begins alike, as behind it there are seven characters more.

    Raises:
        ValueError: there can be no such secret in *place*; says why.
    """
    if not path.startswith("arn:"):
        if re.fullmatch(_NAME, path) is None:
            raise ValueError(
                f"{path!r} is no name of a secret: letters, digits and /_+=.@- only"
            )
        return place.arn_of(path + _ANY_SUFFIX)
    found = _SECRET_ARN.fullmatch(path)
    if found is None:
        raise ValueError(f"{path!r} is not the ARN of a secret")
    if found["region"] != place.region:
        raise ValueError(
            f"the secret {path} is in {found['region']}, and its provider reads"
            f" {place.region}"
        )
    is_whole = _WITH_SUFFIX.search(found["name"]) is not None
    return path if is_whole else path + _ANY_SUFFIX


def siblings_of(path: str, place: AwsPlace) -> Iterator[str]:
    """Patterns of other secrets that too wide a policy would allow; the widest first.

    They are all of the account and region, those in each folder above the secret, and
    those whose name begins with its name and a hyphen, as ``NAME-*`` says.

    Raises:
        ValueError: there can be no such secret in *place*.
    """
    start, _, name = resource_of(path, place).rpartition(":")
    name = name[: -len(_ANY_SUFFIX)]
    folders = name.split("/")[:-1]
    for depth in range(len(folders) + 1):
        yield f"{start}:{''.join(f'{each}/' for each in folders[:depth])}*"
    yield f"{start}:{name}-*"


def reading_policy(
    resources: list[str], region: str, kms_key: str | None
) -> dict[str, object]:
    """An IAM policy to read *resources* and nothing else.

    *kms_key* is the ARN of the customer's own key they are encrypted with: it may be
    used for them alone, and through Secrets Manager alone. With the key of AWS
    (``aws/secretsmanager``) no such permission is needed.

    Source:
        Secrets Manager user guide, "Permissions for the KMS key", "Secrets Manager
        encryption context" (SecretARN).
    """
    statements: list[dict[str, object]] = [
        {
            "Sid": "ReadTheNamedSecrets",
            "Effect": "Allow",
            "Action": READ,
            "Resource": resources,
        }
    ]
    if kms_key is not None:
        suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        statements.append(
            {
                "Sid": "DecryptThem",
                "Effect": "Allow",
                "Action": "kms:Decrypt",
                "Resource": kms_key,
                "Condition": {
                    "StringEquals": {
                        "kms:ViaService": f"secretsmanager.{region}.{suffix}"
                    },
                    "StringLike": {"kms:EncryptionContext:SecretARN": resources},
                },
            }
        )
    return {"Version": "2012-10-17", "Statement": statements}


def session_policy(path: str, place: AwsPlace, kms_key: str | None) -> str:
    """What a session may do to read the one secret at *path*: at most `MAX_POLICY`.

    Raises:
        ValueError: there can be no such secret; or its name is too long for a policy.
    """
    policy = reading_policy([resource_of(path, place)], place.region, kms_key)
    text = json.dumps(policy, separators=(",", ":"))
    if len(text) > MAX_POLICY:
        raise ValueError(f"the name of the secret {path} is too long for a policy")
    return text


def session_name(purpose: Purpose) -> str:
    """What the trail of AWS calls the session: 2 to 64 of ``A-Za-z0-9_+=,.@-``.

    The run's id is always whole in it.
    """
    words = ("sluice", purpose.run_id, purpose.environment or "", purpose.stage)
    name = ".".join(_NO_SESSION.sub("-", word) for word in words if word)
    return name[:_MAX_SESSION]


def is_version_id(version: str) -> bool:
    """Whether *version* is the id of a version; otherwise it is a staging label."""
    return _VERSION_ID.fullmatch(version) is not None
