"""Who keeps secrets, built from the pipeline file. Asks nobody yet."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sluicegate.stages.secrets.aws import AwsProvider
from sluicegate.stages.secrets.plain import EnvironmentProvider
from sluicegate.stages.secrets.settings import Provider
from sluicegate.stages.secrets.vault import VaultProvider
from sluicegate.wiring.project import Project

if TYPE_CHECKING:
    from sluicegate.ports.secrets import SecretProvider


def build_provider(
    name: str, settings: Provider, project: Project, environ: Mapping[str, str]
) -> "SecretProvider":
    """The provider *name*. Build one for the whole of a process, for any thread.

    Args:
        name: its name in the pipeline file.
        settings: what stands there.
        project: what paths are relative to, and who is told what to hide.
        environ: the environment of this process, before anything is stripped.

    Raises:
        UsageError: a client that it needs is not installed, or a file is not there.
    """
    machine = project.machine
    match settings:
        case VaultProvider():
            from sluicegate.wiring.secrets_vault import (  # noqa: PLC0415 - needs hvac
                build_vault,
            )

            return build_vault(
                name,
                settings,
                environ,
                folder=project.home_folder,
                certificates=machine.ca_bundle,
                clock=machine.clock,
                hide=machine.learned.add,
            )
        case AwsProvider():
            from sluicegate.wiring.secrets_aws import (  # noqa: PLC0415 - needs boto3
                build_aws,
            )

            return build_aws(
                settings,
                environ,
                project.home_folder,
                machine.ca_bundle,
                machine.learned.add,
            )
        case EnvironmentProvider():
            from sluicegate.adapters.secrets.environment import (  # noqa: PLC0415
                EnvironmentSecrets,
            )

            return EnvironmentSecrets(environ)
        case _:
            from sluicegate.adapters.secrets.github import (  # noqa: PLC0415
                GithubSecrets,
            )

            return GithubSecrets(environ)
