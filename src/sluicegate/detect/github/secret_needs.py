"""What jobs of a workflow need so that their stages get their secrets. Pure."""

from collections.abc import Collection
from dataclasses import dataclass

from sluicegate.stages.secrets.aws import AwsProvider
from sluicegate.stages.secrets.identity import identity_login
from sluicegate.stages.secrets.plain import EnvironmentProvider, GithubProvider
from sluicegate.stages.secrets.settings import Provider, Secrets
from sluicegate.stages.secrets.vault import VaultProvider


@dataclass(frozen=True, slots=True)
class SecretNeeds:
    """What the stages named ``stages`` need: none of it where there are none.

    ``has_identity`` is whether one logs in with a token of the workflow, ``given`` are
    the variables that the workflow sets, ``extras`` those of the Action.
    """

    stages: tuple[str, ...] = ()
    has_identity: bool = False
    given: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()


NO_SECRETS = SecretNeeds()
"""Where no stage gets one."""


def secret_needs(
    secrets: Secrets, stages: Collection[str] | None = None
) -> SecretNeeds:
    """What *stages* need, all of them if None."""
    uses = [
        use
        for use in secrets.use.values()
        if stages is None or not set(use.stages).isdisjoint(stages)
    ]
    providers = [secrets.providers[use.from_] for use in uses]
    names = dict.fromkeys(name for use in uses for name in use.stages)
    given = dict.fromkeys(
        use.path
        for use, provider in zip(uses, providers, strict=True)
        if isinstance(provider, EnvironmentProvider | GithubProvider)
    )
    extras = {extra for each in providers if (extra := _extra(each)) is not None}
    return SecretNeeds(
        tuple(name for name in names if stages is None or name in stages),
        any(identity_login(each) is not None for each in providers),
        tuple(given),
        tuple(sorted(extras)),
    )


def _extra(provider: Provider) -> str | None:
    match provider:
        case AwsProvider():
            return "aws"
        case VaultProvider():
            return "vault"
        case _:
            return None
