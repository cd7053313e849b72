"""Which stages log in with the identity of a workflow, and where to. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.pipeline import Pipeline
from sluicegate.stages.secrets.aws import AwsProvider
from sluicegate.stages.secrets.settings import Provider
from sluicegate.stages.secrets.vault import JwtAuth, VaultProvider


@dataclass(frozen=True, slots=True)
class IdentityUse:
    """A provider that takes a token of GitHub, and who needs it.

    ``role`` is the role that is asked for there, ``audience`` the token's; ``stages``
    has the names of stages and whether each is a rollout's.
    """

    provider: str
    uses: str
    role: str
    audience: str
    stages: tuple[tuple[str, bool], ...]
    environments: tuple[str, ...]


def identity_uses(pipeline: Pipeline) -> Iterator[IdentityUse]:
    """The providers of *pipeline* that GitHub's tokens are for, in the file's order."""
    rollouts = {
        each.name for each in pipeline.stages if isinstance(each.stage, CanaryStage)
    }
    for name, provider in pipeline.secrets.providers.items():
        asked = _asked(provider)
        uses = [u for u in pipeline.secrets.use.values() if u.from_ == name]
        if asked is None or not uses:
            continue
        stages = dict.fromkeys(stage for use in uses for stage in use.stages)
        limits = [use.environments for use in uses]
        limited = dict.fromkeys(each for limit in limits for each in limit)
        yield IdentityUse(
            name,
            provider.uses,
            *asked,
            tuple((stage, stage in rollouts) for stage in stages),
            tuple(limited) if all(limits) else (),
        )


def _asked(provider: Provider) -> tuple[str, str] | None:
    """The role and the audience; None where no token of GitHub is asked for."""
    match provider:
        case AwsProvider(token_file=None):
            return provider.role, provider.audience
        case VaultProvider(auth=JwtAuth(token_file=None) as auth):
            return auth.role, auth.audience or provider.address
        case _:
            return None
