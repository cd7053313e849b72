"""AWS Secrets Manager, as the pipeline file names it."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from sluicegate.stages.stage import Duration, Settings

_ROLE = r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+$"
_KEY = r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$"
_REGION = r"^[a-z]{2}(-[a-z]+)+-[0-9]$"
_SHORTEST, _LONGEST = timedelta(minutes=15), timedelta(hours=1)


def _check_duration(value: timedelta) -> timedelta:
    """AssumeRoleWithWebIdentity takes no less than 900 seconds."""
    if not _SHORTEST <= value <= _LONGEST:
        raise ValueError("must be from 15m to 1h: AWS gives out nothing shorter")
    return value


class AwsProvider(Settings):
    """Secrets in AWS Secrets Manager, read as a role that a web identity takes on."""

    uses: Literal["aws-secrets-manager"] = Field(description="Who keeps them.")
    region: str = Field(pattern=_REGION, description="Like eu-central-1.")
    role: str = Field(
        pattern=_ROLE, max_length=600, description="The ARN of the role to take on."
    )
    audience: str = Field(
        "sts.amazonaws.com", min_length=1, description="The audience of the token."
    )
    token_file: str | None = Field(
        None,
        min_length=1,
        description="File that holds a token of another issuer. Default: asked of"
        " GitHub Actions.",
    )
    kms_key: str | None = Field(
        None,
        pattern=_KEY,
        max_length=200,
        description="The ARN of your own KMS key that the secrets are encrypted with:"
        " allowed for them alone. Default: the key of AWS, which needs no permission.",
    )
    duration: Annotated[Duration, AfterValidator(_check_duration)] = Field(
        timedelta(minutes=15), description="How long the role's credentials last."
    )
