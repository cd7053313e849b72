"""Which variables no program of a stage may see, whatever its own secrets are."""

from collections.abc import Iterator

from sluicegate.stages.secrets.aws import AwsProvider
from sluicegate.stages.secrets.plain import EnvironmentProvider, GithubProvider
from sluicegate.stages.secrets.settings import Provider, Secrets
from sluicegate.stages.secrets.vault import AppRoleAuth, VaultProvider

_VAULT_TOKENS = ("VAULT_TOKEN", "BAO_TOKEN")
_ASKING_FOR_IDENTITY = frozenset(
    ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL")
)


def stripped_variables(secrets: Secrets) -> frozenset[str]:
    """The variables to keep from every program, before any is given its secrets.

    They hold a secret, or a login to who keeps them; or they would stand in for a
    secret that a stage is not given: those are the names under ``use:``.
    """
    return frozenset(_named(secrets))


def _named(secrets: Secrets) -> Iterator[str]:
    for variable, use in secrets.use.items():
        yield variable
        provider = secrets.providers.get(use.from_)
        if isinstance(provider, EnvironmentProvider | GithubProvider):
            yield use.path
    for provider in secrets.providers.values():
        yield from _of_login(provider)


def _of_login(provider: Provider) -> Iterator[str]:
    if isinstance(provider, VaultProvider):
        yield from _VAULT_TOKENS
        if isinstance(provider.auth, AppRoleAuth):
            yield provider.auth.secret_id_env
            return
    if isinstance(provider, AwsProvider | VaultProvider):
        yield from _ASKING_FOR_IDENTITY
