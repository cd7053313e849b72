"""Which stages log in with the identity of a workflow, and where to. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.pipeline import Pipeline
from sluicegate.stages.secrets.identity import identity_login


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
        login = identity_login(provider)
        uses = [u for u in pipeline.secrets.use.values() if u.from_ == name]
        if login is None or not uses:
            continue
        stages = dict.fromkeys(stage for use in uses for stage in use.stages)
        limits = [use.environments for use in uses]
        limited = dict.fromkeys(each for limit in limits for each in limit)
        yield IdentityUse(
            name,
            provider.uses,
            login.role,
            login.audience,
            tuple((stage, stage in rollouts) for stage in stages),
            tuple(limited) if all(limits) else (),
        )
