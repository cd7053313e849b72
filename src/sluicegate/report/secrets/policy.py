"""The policies that a provider of secrets needs, whichever it is. Pure."""

from collections.abc import Sequence

from sluicegate.model.secret_access import SecretPlace
from sluicegate.report.secrets.policy_aws import aws_policies
from sluicegate.report.secrets.policy_text import PolicyText, Workload
from sluicegate.report.secrets.policy_vault import vault_policies
from sluicegate.stages.secrets.aws import AwsProvider
from sluicegate.stages.secrets.settings import Provider
from sluicegate.stages.secrets.vault import VaultProvider


def policies(
    name: str,
    settings: Provider,
    places: Sequence[SecretPlace],
    about: Workload,
    environments: Sequence[str] = (),
) -> tuple[PolicyText, ...]:
    """What to paste for the provider *name*; () where there is nothing to allow.

    *environments* are those that all of its secrets are limited to, () if not all are.
    """
    match settings:
        case VaultProvider():
            return vault_policies(name, settings, places, about, environments)
        case AwsProvider():
            return aws_policies(name, settings, places, about, environments)
        case _:
            return ()
