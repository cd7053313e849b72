"""Deployments of the host that follow the rollouts of a run."""

from itertools import islice

from sluicegate.model.code_host import DeploymentState, HostedDeployment
from sluicegate.ports.code_host import Feedback
from sluicegate.report.github.deployments import Standing, is_ours, standings
from sluicegate.report.github.shown import Shown

_NEWEST = 30  # deployments of one commit to one environment that are looked at


def show_deployments(host: Feedback, shown: Shown) -> None:
    """Say of each release of a run how it stands.

    Raises:
        as `Feedback`.
    """
    for standing in standings(shown):
        show_standing(host, standing, shown.links.run)


def show_standing(host: Feedback, standing: Standing, url: str) -> None:
    """Say how a release stands, of the one deployment that its rollout has.

    Once it has taken the place of another, that one is said to be inactive.

    Raises:
        as `Feedback`.
    """
    found = _find(host, standing) or host.create_deployment(
        standing.commit, standing.environment, standing.payload, standing.description
    )
    host.set_deployment_state(
        found.number,
        standing.state,
        description=standing.description,
        log_url=url,
        environment_url=standing.site,
    )
    if standing.replaces is not None:
        _retire(host, standing.replaces, standing.environment, found.number)


def _find(host: Feedback, standing: Standing) -> HostedDeployment | None:
    there = host.deployments(standing.commit, standing.environment)
    return next(filter(standing.is_of, islice(there, _NEWEST)), None)


def _retire(host: Feedback, commit: str, environment: str, but: int) -> None:
    """Say of what was live before that it is no more, *but* for this one."""
    there = host.deployments(commit, environment)
    for each in islice(there, _NEWEST):
        is_live = each.state is DeploymentState.SUCCESS and each.number != but
        if is_ours(each) and is_live:
            host.set_deployment_state(
                each.number,
                DeploymentState.INACTIVE,
                description="another release has taken its place",
            )
