"""Building what reads AWS Secrets Manager, as the pipeline file says."""

from collections.abc import Mapping
from pathlib import Path

from sluicegate.adapters.secrets.aws import AwsSecrets
from sluicegate.adapters.secrets.aws_client import AwsClients
from sluicegate.adapters.secrets.oidc import Hide, identity_reader
from sluicegate.stages.secrets.aws import AwsProvider


def build_aws(
    settings: AwsProvider,
    environ: Mapping[str, str],
    folder: Path,
    certificates: str | None,
    hide: Hide,
) -> AwsSecrets:
    """The provider of *settings*. Nobody is asked yet.

    Args:
        settings: as the pipeline file has them.
        environ: the environment of this process, before anything is stripped.
        folder: what ``token_file:`` is relative to.
        certificates: a file of CA certificates to trust, None for the usual ones.
        hide: is told tokens and keys before they are used.

    Raises:
        UsageError: boto3 is not installed, or an address of AWS cannot be used.
    """
    AwsClients(settings.region, environ, certificates).check()
    file = settings.token_file
    token_file = None if file is None else folder / Path(file).expanduser()
    return AwsSecrets(
        role=settings.role,
        region=settings.region,
        duration=settings.duration,
        identity=identity_reader(
            environ, settings.audience, token_file, certificates=certificates, hide=hide
        ),
        environ=environ,
        kms_key=settings.kms_key,
        certificates=certificates,
        hide=hide,
    )
