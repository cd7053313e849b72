"""Who takes a token of the workflow that runs for a login."""

from dataclasses import dataclass

from sluicegate.stages.secrets.aws import AwsProvider
from sluicegate.stages.secrets.settings import Provider
from sluicegate.stages.secrets.vault import JwtAuth, VaultProvider


@dataclass(frozen=True, slots=True)
class IdentityLogin:
    """The role that is asked for at a provider, and whom the token is for."""

    role: str
    audience: str


def identity_login(provider: Provider) -> IdentityLogin | None:
    """How *provider* is logged in to with a token of GitHub; None if without one."""
    match provider:
        case AwsProvider(token_file=None):
            return IdentityLogin(provider.role, provider.audience)
        case VaultProvider(auth=JwtAuth(token_file=None) as auth):
            return IdentityLogin(auth.role, auth.audience or provider.address)
        case _:
            return None
